"""From the salesperson's quotation to her customer's money, and what she sees of it.

Nothing is handed over behind the scenes: the customer opens what a camera reads from the
salesperson's screen.
"""

import io

import pytest
import zxingcpp
from links import create_links
from PIL import Image
from playwright.sync_api import expect
from states import DESKTOP, PHONE, Pages, choose_demo

from dev.server import wait_until

SERVER = {"workers": 4, "cron_threads": 1}
PHONE_NUMBER = "+32470123456"
LOGIN = "sally"
STEPS = ("sent", "opened", "attempted", "paid")

_SECONDS = 60


@pytest.fixture(scope="module")
def order_id(server):
    """A quotation of a salesperson who may do no more than that."""
    with server.environment() as env:
        seller = env["res.users"].create(
            {
                "name": "Sally Seller",
                "login": LOGIN,
                "password": LOGIN,
                "email": "sally@example.com",
                "group_ids": [(6, 0, env.ref("sales_team.group_sale_salesman").ids)],
                "odoobot_state": "disabled",  # It would open a chat over the page.
            }
        )
        pages = Pages(env)
        pages.customer.write(
            {"phone": "0470 12 34 56", "country_id": env.ref("base.be").id}
        )
        order = pages.create_order()
        order.user_id = seller
        return order.id


@pytest.fixture(scope="module")
def earlier_link(server, order_id):
    """Another customer, who did not open what she was sent: the funnel begins with her."""
    (link,) = create_links(server, 1, on_orders=False)
    with server.environment() as env:
        record = env["payment.link"].browse(link.id)
        record.user_id = env["sale.order"].browse(order_id).user_id
        record._record_event("sent", channel="email")
    return link


@pytest.fixture
def office(server, open_browser, order_id):
    """The salesperson's browser."""
    page = open_browser(**DESKTOP)
    page.goto(f"{server.url}/web/login?redirect=/odoo/sales/{order_id}")
    page.fill("#login", LOGIN)
    page.fill("#password", LOGIN)
    page.click("button[type=submit]")
    page.wait_for_selector(".o_form_view")
    return page


def read_funnel(server, page):
    """Open the dashboard, and return what it shows of each step."""
    page.goto(f"{server.url}/odoo/payment-links-dashboard")
    counts = page.locator(".o_payment_link_step .o_payment_link_count")
    expect(counts).to_have_count(len(STEPS))
    return {
        name: int(
            page.locator(
                f".o_payment_link_step[name={name}] .o_payment_link_count"
            ).inner_text()
        )
        for name in STEPS
    }


def scan(page):
    """Return what a camera reads from a screen, once it has come to rest."""

    def read():
        return zxingcpp.read_barcodes(Image.open(io.BytesIO(page.screenshot())))

    (barcode,) = wait_until(read, _SECONDS, "a code that can be read")
    return barcode.text


def test_sent_scanned_paid_and_seen(
    server, ledger, office, open_browser, order_id, earlier_link
):
    """B12, B13, D1, D3, D5, E1, E5, F1: the whole way, each step through the door its user takes."""
    before = read_funnel(server, office)
    assert before == {"sent": 1, "opened": 0, "attempted": 0, "paid": 0}

    # She sends it both ways at once.
    office.goto(f"{server.url}/odoo/sales/{order_id}")
    office.click("button[name=action_send_payment_link]")
    boxes = office.locator(".modal [name=channel_checkboxes]")
    expect(boxes.get_by_label("E-mail")).to_be_checked()
    boxes.get_by_label("SMS").check()
    office.click(".modal button[name=action_send]")
    expect(office.locator(".o_notification")).to_contain_text(
        f"sent to ada@example.com and {PHONE_NUMBER}"
    )
    with server.environment() as env:
        (link,) = env["sale.order"].browse(order_id).payment_link_ids
        link_id, url, path = link.id, link.url, link._get_page_path()
        assert url == server.url + path
        (mail,) = env["mail.mail"].search(
            [("model", "=", "payment.link"), ("res_id", "=", link_id)]
        )
        assert mail.recipient_ids == link.partner_id
        assert f'href="{url}?via=email"' in mail.body_html
        body = mail.body_html
        sms = env["sms.sms"].search([("number", "=", PHONE_NUMBER)])
        assert len(sms) == 1
        assert f"{url}?via=sms" in sms.body.split()

    # The mail's picture is there for whoever reads it, outside of Odoo.
    reader = open_browser()
    reader.set_content(body)
    code = reader.get_by_alt_text("QR code of the payment page")
    assert code.get_attribute("src") == f"{url}/qr.png"
    code.evaluate("image => image.decode()")
    assert code.evaluate("image => image.naturalWidth") > 0
    assert scan(reader) == url

    # At the counter, her customer points a phone at her screen.
    office.click("button[name=action_view_payment_links]")
    shown = office.locator(".o_form_view [name=qr_code] img")
    shown.scroll_into_view_if_needed()
    expect(shown).to_be_in_viewport(ratio=1)
    scanned = scan(office)
    assert scanned == url

    customer = open_browser(**PHONE)
    with customer.expect_response("**/opened"):
        customer.goto(scanned)
    expect(customer.locator(".o_payment_link_card")).to_contain_text("110.00")
    choose_demo(customer, "done")
    customer.click("[name=o_payment_submit_button]")
    customer.wait_for_selector(".o_payment_link_outcome_completed")
    ledger.wait_for_jobs()

    # The deal is closed, and she sees how far each link came.
    account = ledger.account(link_id)
    assert (account.payment_status, account.paid, account.payments) == (
        "paid",
        110.0,
        1,
    )
    assert ledger.rows("SELECT state FROM sale_order WHERE id = %s", order_id) == [
        ("sale",)
    ]
    assert read_funnel(server, office) == {
        "sent": 2,
        "opened": 1,
        "attempted": 1,
        "paid": 1,
    }
    assert ledger.account(earlier_link.id).events.get("opened") is None
