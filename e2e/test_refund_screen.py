"""A bookkeeper refunds a part of a paid link, in a real browser, and the job does it."""

import pytest
from links import AMOUNT, create_links
from playwright.sync_api import expect
from states import DESKTOP

from dev.server import wait_until

SERVER = {"workers": 2, "cron_threads": 1}
REASON = "Requested by the customer"

# The job is woken at once; this is for a machine that is busy with other things.
_JOB_SECONDS = 120


@pytest.fixture
def link(server, ledger):
    """A link that is paid and booked."""
    (created,) = create_links(server, 1)
    browser = created.visit()
    browser.finish(browser.pay("demo"))
    ledger.wait_for_jobs()
    return created


@pytest.fixture
def bookkeeper(server, open_browser):
    """The browser of somebody who keeps the books, and sells nothing."""
    with server.environment() as env:
        env["res.users"].create(
            {
                "name": "Bea Books",
                "login": "books",
                "password": "books",
                "group_ids": [(6, 0, env.ref("account.group_account_invoice").ids)],
            }
        ).odoobot_state = "disabled"  # It would open a chat over the page.
    page = open_browser(**DESKTOP)
    page.goto(f"{server.url}/web/login?redirect=/odoo/payment-links")
    page.fill("#login", "books")
    page.fill("#password", "books")
    page.press("#password", "Enter")
    return page


def test_A12_C1_a_part_goes_back(server, ledger, link, bookkeeper):
    with server.environment() as env:
        record = env["payment.link"].browse(link.id)
        order, reference = record.sale_order_id, record.reference
        charge = record.transaction_ids.reference
    page = bookkeeper
    page.locator(".o_data_row", has_text=reference).locator("[name=reference]").click()
    page.click("button[name=action_refund]")
    dialog = page.locator(".modal-content")
    expect(dialog.locator(".modal-title")).to_have_text(f"Refund {reference}")
    review = dialog.locator("[name=review]")
    expect(review).to_contain_text("100.00")

    # What cannot go back is said before she applies it.
    amount = dialog.locator("[name=amount] input")
    amount.fill("100.01")
    amount.press("Tab")
    expect(review).to_contain_text("above zero and up to")

    amount.fill("40")
    amount.press("Tab")
    for text in (charge, "Goes back", "40.00"):
        expect(review).to_contain_text(text)
    dialog.locator("[name=reason] input").click()
    page.locator(".o_select_menu_item", has_text=REASON).click()
    dialog.locator("[name=note] input").fill("one chair broken")
    dialog.locator("button[name=action_refund]").click()
    expect(page.locator(".o_notification")).to_contain_text("40.00 is on its way")
    expect(dialog).to_have_count(0)

    wait_until(
        lambda: ledger.account(link.id).payment_status == "partially_refunded",
        _JOB_SECONDS,
        "the job that refunds",
    )
    ledger.wait_for_jobs()
    page.reload()
    expect(page.locator("[name=amount_refunded]")).to_contain_text("40.00")
    expect(page.locator("[name=amount_net]")).to_contain_text("60.00")
    expect(page.locator(".o-mail-Chatter")).to_contain_text(
        f"{REASON} (one chair broken)"
    )
    with server.environment() as env:
        record = env["payment.link"].browse(link.id)
        assert record.state == "completed"
        payments = record.payment_ids.sorted("id")
        assert payments.mapped("payment_type") == ["inbound", "outbound"]
        assert payments.mapped("amount") == [AMOUNT, 40.0]
        assert set(payments.move_id.mapped("state")) == {"posted"}
        # What the customer has with us: paid 100, got 40 back.
        receivable = payments.move_id.line_ids.filtered(
            lambda line: line.account_id.account_type == "asset_receivable"
        )
        assert sum(receivable.mapped("balance")) == 40.0 - AMOUNT
        assert order.with_env(env)._payment_link_get_due_amount() == 40.0
