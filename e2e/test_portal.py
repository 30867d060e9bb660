"""The customer portal in a browser: from the portal's home to the payment, by a colleague."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect
from states import DESKTOP, PHONE, Pages, choose_demo

from odoo import Command

# The smallest one.
PICTURE = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAA"
    "AABJRU5ErkJggg=="
)

PASSWORD = "grace-and-her-chairs"
SUBMIT = "[name=o_payment_submit_button]"


@pytest.fixture(scope="module")
def order(server):
    """A quotation that was sent, to be signed first and paid to 30 percent."""
    with server.environment() as env:
        pages = Pages(env)
        company = env["res.partner"].create({"name": "The Payers", "is_company": True})
        pages.customer.parent_id = company
        env["res.users"].create(
            {
                "name": "Grace Colleague",
                "login": "grace",
                "password": PASSWORD,
                "parent_id": company.id,
                "group_ids": [Command.set(env.ref("base.group_portal").ids)],
            }
        )
        order = pages.create_order()
        order.write(
            {
                "require_signature": True,
                "require_payment": True,
                "prepayment_percent": 0.3,
            }
        )
        order.action_quotation_sent()
        env["payment.link"].create({"sale_order_id": order.id, "amount": 33.0})
        pages.create("first_instalment")
        return order.id


def sign_in(page, server):
    page.goto(f"{server.url}/web/login?redirect=/my")
    page.fill("#login", "grace")
    page.fill("#password", PASSWORD)
    page.click("button[type=submit]")
    page.wait_for_url("**/my")


def test_F2_F5_colleague_signs_and_pays_by_the_link(server, order, open_browser):
    page = open_browser(**DESKTOP)
    sign_in(page, server)
    expect(page.get_by_text("Payments to make")).to_be_visible()
    page.goto(f"{server.url}/my/orders/{order}")
    page.get_by_role("button", name="Sign & Pay").first.click()
    expect(page.locator("#modalaccept")).to_contain_text("By signing")
    # Odoo makes a PDF of what is signed, for which not every machine has the program.
    with server.environment() as env:
        record = env["sale.order"].browse(order)
        record.write({"signature": PICTURE, "signed_by": "Grace Colleague"})
        url = record.get_portal_url(query_string="&message=sign_ok&allow_payment=yes")
    page.goto(f"{server.url}{url}")
    # Odoo clicks on the way to pay after the signature: it is the link's page.
    page.wait_for_url("**/pay/**")
    expect(page.locator(SUBMIT)).to_contain_text("33.00")
    choose_demo(page, "done")
    page.locator(SUBMIT).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(
        "received your payment"
    )
    page.get_by_role("link", name="Your payment links").click()
    page.wait_for_url("**/my/payment-links")
    expect(page.locator("tbody tr")).to_have_count(2)
    with server.environment() as env:
        record = env["sale.order"].browse(order)
        charge = record.transaction_ids
        assert charge.amount == 33.0
        assert charge.partner_id == record.partner_id
        assert charge.payer_name == "Grace Colleague"


@pytest.mark.parametrize("screen", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_list_is_accessible(server, order, open_browser, screen):
    """What of the page is ours: Odoo's own frame is Odoo's."""
    page = open_browser(**screen)
    sign_in(page, server)
    page.goto(f"{server.url}/my/payment-links")
    page.wait_for_load_state("networkidle")
    result = Axe().run(page, context=".o_portal_my_doc_table")
    assert not result.violations_count, result.generate_report()
