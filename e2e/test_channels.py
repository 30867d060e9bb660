"""How a salesperson's link reaches the customer: the dialog, messengers, other websites."""

import http.server
import threading
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest
from links import create_links
from playwright.sync_api import expect
from states import DESKTOP, PHONE, Pages, choose_demo

PHONE_NUMBER = "+32470123456"

# What a phone's browser has, and the tests' browser has not.
SHARE = "navigator.share = async (data) => { window.shared = data; };"


@pytest.fixture(scope="module")
def order_id(server):
    with server.environment() as env:
        env.user.odoobot_state = "disabled"  # It would open a chat over the page.
        pages = Pages(env)
        pages.customer.write(
            {"phone": "0470 12 34 56", "country_id": env.ref("base.be").id}
        )
        return pages.create_order().id


@pytest.fixture
def open_office(server, open_browser):
    """Give a function that opens one of Odoo's own pages, signed in."""

    def open_page(path, script=None, **options):
        page = open_browser(**options)
        if script:
            page.add_init_script(script)
        page.goto(f"{server.url}/web/login?redirect={path}")
        page.fill("#login", "admin")
        page.fill("#password", "admin")
        page.click("button[type=submit]")
        page.wait_for_selector(".o_form_view")
        return page

    return open_page


@contextmanager
def serve(text):
    """Serve a page from an origin, and a site, that is not Odoo's."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            # A shop that lets no script run at all.
            self.send_header("Content-Security-Policy", "script-src 'none'")
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_args):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as shop:
        threading.Thread(target=shop.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{shop.server_port}/"
        shop.shutdown()


def get_sent_channels(env, link):
    sent = link.event_ids.filtered(lambda event: event.type == "sent")
    return sorted(sent.mapped("channel"))


def test_B13_D3_email_and_sms_at_once(server, open_office, order_id):
    """Both are seen before they go, and both leave what they should."""
    page = open_office(f"/odoo/sales/{order_id}", **DESKTOP)
    page.click("button[name=action_send_payment_link]")
    boxes = page.locator(".modal [name=channel_checkboxes]")
    expect(boxes.get_by_label("E-mail")).to_be_checked()
    boxes.get_by_label("SMS").check()
    number = page.locator(".modal [name=phone] input")
    expect(number).to_have_value(PHONE_NUMBER)

    number.fill("0470 12")
    number.press("Tab")
    problem = page.locator(".modal [name=channel_problem]")
    expect(problem).to_contain_text("0470 12")
    page.click(".modal button[name=action_send]")
    expect(page.locator(".modal")).to_have_count(2)
    refusal = page.locator(".modal").last
    expect(refusal).to_contain_text("No SMS can be sent")
    refusal.locator(".btn-primary").click()
    with server.environment() as env:
        assert not env["sale.order"].browse(order_id).payment_link_ids

    number.fill(PHONE_NUMBER)
    number.press("Tab")
    expect(problem).not_to_be_visible()
    page.locator(".modal [name=show_preview] input").check()
    preview = page.frame_locator(".modal [name=preview] iframe")
    body = preview.locator("body")
    expect(body).to_contain_text(f"SMS {PHONE_NUMBER}")
    expect(body).to_contain_text("Pay now")
    expect(body).to_contain_text("please pay $ 110.00")
    code = preview.get_by_alt_text("QR code of the payment page")
    assert code.evaluate("image => image.decode().then(() => image.naturalWidth)")
    with server.environment() as env:
        assert not env["sale.order"].browse(order_id).payment_link_ids

    page.click(".modal button[name=action_send]")
    expect(page.locator(".o_notification")).to_contain_text(
        f"sent to ada@example.com and {PHONE_NUMBER}"
    )
    with server.environment() as env:
        link = env["sale.order"].browse(order_id).payment_link_ids
        assert len(link) == 1
        assert get_sent_channels(env, link) == ["email", "sms"]
        sms = env["sms.sms"].search([("number", "=", PHONE_NUMBER)])
        assert sms.state == "outgoing"
        assert f"{link.url}?via=sms" in sms.body
        mail = env["mail.mail"].search(
            [("model", "=", "payment.link"), ("res_id", "=", link.id)]
        )
        assert mail.recipient_ids == link.partner_id
        assert f"{link.url}?via=email" in mail.body_html


def test_D3_shared_by_messenger(server, open_office):
    """WhatsApp and the phone's own share sheet, each written down once."""
    (link,) = create_links(server, 1)
    page = open_office(f"/odoo/payment-links/{link.id}", script=SHARE, **PHONE)
    page.context.route("https://wa.me/**", lambda route: route.fulfill(body="WhatsApp"))
    with (
        page.context.expect_page() as opened,
        page.expect_response("**/action_share"),
    ):
        page.click(".o_form_view a:has-text('WhatsApp')")
    assert opened.value.url.startswith("https://wa.me/?text=")
    with page.expect_response("**/action_share"):
        page.click(".o_payment_link_share")
    shared = page.evaluate("window.shared")
    with server.environment() as env:
        record = env["payment.link"].browse(link.id)
        assert shared == {"text": record.share_text}
        assert get_sent_channels(env, record) == ["share", "share"]


def test_share_sheet_that_is_closed_shares_nothing(server, open_office):
    (link,) = create_links(server, 1)
    script = """navigator.share = async () => {
        window.asked = true;
        throw new DOMException("closed", "AbortError");
    };"""
    page = open_office(f"/odoo/payment-links/{link.id}", script=script, **PHONE)
    page.click(".o_payment_link_share")
    page.wait_for_function("window.asked")
    page.reload()  # Whatever was on its way has arrived.
    page.wait_for_selector(".o_form_view")
    with server.environment() as env:
        record = env["payment.link"].browse(link.id)
        assert get_sent_channels(env, record) == []


def test_share_is_there_where_the_browser_can(server, open_office):
    (link,) = create_links(server, 1)
    script = "delete Navigator.prototype.share;"
    page = open_office(f"/odoo/payment-links/{link.id}", script=script, **DESKTOP)
    expect(page.locator(".o_form_view a:has-text('WhatsApp')")).to_be_visible()
    expect(page.locator(".o_payment_link_share")).to_have_count(0)


def test_D3_button_on_a_page_of_another_origin(server, open_office, open_browser):
    """Copied from Odoo, put on a shop's page, clicked, and paid."""
    (link,) = create_links(server, 1)
    office = open_office(f"/odoo/payment-links/{link.id}", **DESKTOP)
    office.click("summary:has-text('website')")
    code = office.locator("[name=embed_code]").inner_text().strip()
    shop_page = f"<!DOCTYPE html><title>A shop</title><h1>Your order</h1>{code}"
    with serve(shop_page) as url:
        page = open_browser(**DESKTOP)
        page.goto(url)
        # For what a site is, browsers don't look at ports.
        assert urlsplit(url).hostname != urlsplit(server.url).hostname
        page.get_by_role("link", name="Pay").click()
        page.wait_for_selector("#o_payment_form")
        assert page.url == f"{server.url}{link.path}?via=embed"
        choose_demo(page, "done")
        page.click("[name=o_payment_submit_button]")
        page.wait_for_selector(".o_payment_link_outcome_completed")
    with server.environment() as env:
        assert env["payment.link"].browse(link.id).payment_status == "paid"
