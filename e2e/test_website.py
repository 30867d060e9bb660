"""The guest page in a browser, on a database with the module `website`."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from states import PHONE, Pages, reach


@pytest.fixture(scope="module")
def server(start_server):
    """Override: with a website in two languages, the visitor's being the default."""
    with start_server(flavour="website", workers=2) as running:
        with running.environment() as env:
            french = env["res.lang"]._activate_lang("fr_FR")
            website = env["website"].search([], limit=1)
            website.language_ids |= french
            website.default_lang_id = french
            website.cookies_bar = True
        yield running


def test_guest_pays_beside_a_website(server, open_browser):
    """The page speaks the customer's language at the address that was sent, and pays."""
    with server.environment() as env:
        path = Pages(env).create("paid")
    page = open_browser(**PHONE, locale="fr-FR")
    reach(page, "paid", f"{server.url}{path}")
    assert page.url.startswith(f"{server.url}{path}")
    assert page.locator("html").get_attribute("lang") == "en-US"
    page.get_by_text("We received your payment").wait_for()


@pytest.mark.parametrize("state", ["form", "expired", "not_found"])
def test_nothing_of_the_website_is_on_the_page(server, open_browser, state):
    with server.environment() as env:
        path = Pages(env).create(state)
    page = open_browser(**PHONE)
    reach(page, state, f"{server.url}{path}")
    for selector in ("#top_menu", "#footer", "#website_cookies_bar", ".o_main_nav"):
        assert page.locator(selector).count() == 0, selector
    results = Axe().run(page)
    assert not results.violations_count, results.generate_report()


def test_editors_see_no_editor(server, open_browser):
    """Who may edit the website sees the page as everybody does."""
    with server.environment() as env:
        env.user.odoobot_state = "disabled"
        path = Pages(env).create("open")
    page = open_browser()
    page.goto(f"{server.url}/web/login")
    page.fill("#login", "admin")
    page.fill("#password", "admin")
    page.press("#password", "Enter")
    page.wait_for_url("**/odoo**")
    reach(page, "form", f"{server.url}{path}")
    for selector in (
        ".o_frontend_to_backend_nav",
        "html[data-editable]",
        ".o_editable",
    ):
        assert page.locator(selector).count() == 0, selector
