"""The dialog "Send payment link" on a salesperson's phone, and the code that it shows."""

import io

import zxingcpp
from PIL import Image
from playwright.sync_api import expect
from states import PHONE, Pages

from dev.server import wait_until

_SCAN_SECONDS = 20


def test_E1_D3_code_on_the_screen_is_the_link(server, open_browser):
    """The customer's camera sees the address of the link, to the letter."""
    with server.environment() as env:
        env.user.odoobot_state = "disabled"  # It would open a chat over the page.
        order = Pages(env).create_order()
        order_id = order.id
    page = open_browser(**PHONE)
    page.goto(f"{server.url}/web/login?redirect=/odoo/sales/{order_id}")
    page.fill("#login", "admin")
    page.fill("#password", "admin")
    page.click("button[type=submit]")
    # On a narrow screen, the buttons are behind "More".
    page.click(".o_statusbar_buttons .dropdown-toggle")
    page.click("button[name=action_send_payment_link]:visible")
    page.click(".modal button[name=action_create_link]")
    code = page.locator(".modal [name=qr_code] img")
    code.scroll_into_view_if_needed()
    expect(code).to_be_in_viewport(ratio=1)
    with server.environment() as env:
        link = env["sale.order"].browse(order_id).payment_link_ids
        assert len(link) == 1
        url = link.url
    expect(page.locator(".modal [name=url]")).to_contain_text(url)

    def scan():  # until the dialog has come to rest
        return zxingcpp.read_barcodes(Image.open(io.BytesIO(page.screenshot())))

    (barcode,) = wait_until(scan, _SCAN_SECONDS, "a code that can be read")
    assert barcode.text == url

    # She takes it along in every form, and the dialog is still there to send it from.
    with page.expect_download() as download:
        page.click(".modal button[name=action_download_qr_png]")
    (barcode,) = zxingcpp.read_barcodes(Image.open(download.value.path()))
    assert barcode.text == url
    with page.expect_download() as download:
        page.click(".modal button[name=action_download_qr_svg]")
    assert download.value.suggested_filename.endswith(".svg")
    assert b"<svg" in download.value.path().read_bytes()
    with page.expect_popup() as popup:
        page.click(".modal button[name=action_print_poster]")
    poster = popup.value.get_by_role("heading", name="Scan to pay")
    expect(poster).to_be_visible()
    expect(code).to_be_visible()
    expect(page.locator(".modal button[name=action_send]")).to_be_enabled()
