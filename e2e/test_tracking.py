"""Who counts as a visitor in a real browser, and the dashboard that shows what came of it."""

from functools import partial

import pytest
from axe_playwright_python.sync_playwright import Axe
from links import create_links
from playwright.sync_api import expect
from races import FEW_ROUNDS, at_once
from states import DESKTOP, PHONE, choose_demo

from dev.server import wait_until

SUBMIT = "[name=o_payment_submit_button]"
_SECONDS = 30

# What a page in the background does not do, and what it does when it is shown.
HIDE = """
    Object.defineProperty(Document.prototype, "hidden", {
        get: () => !window.isShown, configurable: true,
    });
"""
SHOW = """
    window.isShown = true;
    document.dispatchEvent(new Event("visibilitychange"));
"""


@pytest.fixture
def link(server):
    (created,) = create_links(server, 1, on_orders=False)
    return created


def visit(page, server, link, via=None):
    """Open a link's page, and wait until its script has said so."""
    with page.expect_response("**/opened") as answer:
        page.goto(f"{server.url}{link.path}" + (f"?via={via}" if via else ""))
    assert "error" not in answer.value.json()


def count_openings(ledger, link):
    return ledger.account(link.id).events.get("opened", 0)


def test_D5_G8_two_people_who_reload_are_two_visitors(
    server, link, ledger, open_browser, clean_log
):
    """Each browser counts once, however often it shows the page, by the way it came."""
    ada, bob = open_browser(**PHONE), open_browser(**DESKTOP)
    visit(ada, server, link, "sms")
    visit(bob, server, link, "email")
    for page in (ada, bob, ada):
        with page.expect_response("**/opened"):
            page.reload()
    assert ledger.rows(
        "SELECT channel, visit FROM payment_link_event"
        " WHERE link_id = %s AND type = 'opened' ORDER BY id",
        link.id,
    ) == [("sms", 1), ("email", 1)]


def test_D5_rule_11_one_visitors_openings_at_once_are_one(
    server, link, ledger, clean_log
):
    """A page that is restored in several tabs at the same moment; no lock, no error."""
    for _round in range(FEW_ROUNDS):
        browser = link.visit()
        before = count_openings(ledger, link)
        report = partial(browser.rpc, f"{link.path}/opened", {"via": "email"})
        for answer in at_once(*[report] * 4):
            assert answer.status_code == 200 and "error" not in answer.json()
        assert count_openings(ledger, link) == before + 1


def test_G8_a_page_in_the_background_counts_when_it_is_shown(
    server, link, ledger, open_browser
):
    page = open_browser()
    page.add_init_script(HIDE)
    page.goto(f"{server.url}{link.path}")
    expect(page.locator(SUBMIT)).to_be_enabled()  # The scripts have run.
    page.wait_for_load_state("networkidle")
    assert count_openings(ledger, link) == 0
    with page.expect_response("**/opened"):
        page.evaluate(SHOW)
    assert count_openings(ledger, link) == 1
    page.evaluate(SHOW)
    assert count_openings(ledger, link) == 1


def test_D5_payment_moves_the_dashboard(server, link, ledger, open_browser):
    """Sent, opened, paid: the salesperson sees it, by the channel that she used."""
    with server.environment() as env:
        env.user.odoobot_state = "disabled"  # It would open a chat over the page.
        env["payment.link"].browse(link.id)._record_event("sent", channel="sms")
    payer = open_browser(**PHONE)
    visit(payer, server, link, "sms")
    choose_demo(payer, "done")
    payer.click(SUBMIT)
    payer.wait_for_selector(".o_payment_link_outcome_completed")
    wait_until(
        lambda: ledger.account(link.id).state == "completed", _SECONDS, "the payment"
    )

    page = open_browser(**DESKTOP)
    sign_in(page, server, "/odoo/payment-links-dashboard")
    row = page.locator("table[name=channels] tr", has_text="SMS")
    expect(row).to_contain_text("100.00")
    expect(page.locator("[name=paid] .o_payment_link_count")).not_to_have_text("0")
    check_accessibility(page)

    # By the keyboard alone: from the funnel's last step to the link.
    page.locator(".o_payment_link_step[name=paid]").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".o_breadcrumb")).to_contain_text("Paid")
    page.locator(".o_data_row .o_data_cell[name=link_id]").first.click()
    expect(page.locator("[name=time_to_pay]")).to_be_visible()
    page.go_back()
    page.go_back()
    expect(page.locator(".o_payment_link_tiles")).to_be_visible()


def test_D5_dashboard_on_a_phone(server, link, open_browser):
    with server.environment() as env:
        env.user.odoobot_state = "disabled"
        env["payment.link"].browse(link.id)._record_event("sent", channel="email")
    page = open_browser(**PHONE)
    sign_in(page, server, "/odoo/payment-links-dashboard")
    expect(page.locator(".o_payment_link_funnel")).to_be_visible()
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= page.viewport_size["width"]
    with page.expect_response("**/get_dashboard"):
        page.select_option("select[name=period]", "year")
    expect(page.locator("select[name=period]")).to_have_value("year")
    check_accessibility(page)


def sign_in(page, server, path):
    page.goto(f"{server.url}/web/login?redirect={path}")
    page.fill("#login", "admin")
    page.fill("#password", "admin")
    page.click("button[type=submit]")
    page.wait_for_selector(".o_payment_link_dashboard")


def check_accessibility(page):
    """Check our own part of the screen with axe; the rest is Odoo's."""
    rules = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21aa"]}}
    result = Axe().run(page, context=".o_payment_link_dashboard_body", options=rules)
    assert not result.violations_count, result.generate_report()
