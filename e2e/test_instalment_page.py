"""Paying in parts, as a payer sees it in a real browser."""

import pytest
from states import DESKTOP, PHONE, Pages, wait_for_scripts
from test_guest_page import SUBMIT, check_accessibility

CHOSEN = "#o_payment_link_chosen"
ERROR = "#o_payment_link_chosen_error"


@pytest.fixture(scope="module")
def new_url(server):
    """Give a function that makes a link of 1,200.00 in parts of 30 % or more."""

    def create(state="instalments", lang="en_US"):
        with server.environment() as env:
            return server.url + Pages(env, lang).create(state)

    return create


def pay(page):
    page.locator(SUBMIT).click()


def check(page):
    """Check the page as it is once all of its scripts have run."""
    wait_for_scripts(page)
    check_accessibility(page)


@pytest.mark.parametrize("screen", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_B9_three_parts(open_browser, new_url, screen):
    page = open_browser(**screen)
    page.goto(new_url())
    check(page)
    assert page.locator(CHOSEN).input_value() == "1200.00"

    # What cannot be paid is said on the page, and nothing typed is lost.
    page.locator(CHOSEN).fill("100")
    assert page.locator(ERROR).is_visible()
    pay(page)
    assert page.locator(CHOSEN).input_value() == "100"
    assert page.evaluate("document.activeElement.id") == CHOSEN[1:]
    assert "360.00" in page.locator(ERROR).inner_text()
    check(page)

    page.get_by_role("button", name="Minimum").click()
    assert page.locator(CHOSEN).input_value() == "360.00"
    assert not page.locator(ERROR).is_visible()
    pay(page)
    page.get_by_text("Thank you! We received $ 360.00").wait_for()
    bar = page.get_by_role("progressbar")
    assert bar.get_attribute("aria-valuenow") == "30"
    check(page)

    page.locator(CHOSEN).fill("500.50")
    pay(page)
    page.get_by_text("Thank you! We received $ 500.50").wait_for()
    # 339.50 are left, which is less than the minimum: no choice any more.
    assert not page.locator(CHOSEN).count()
    pay(page)
    page.locator(".o_payment_link_outcome_completed").wait_for()
    check(page)


def test_progress_of_an_instalment_that_is_on_its_way(open_browser, new_url):
    page = open_browser(**PHONE)
    page.goto(new_url("first_instalment"))
    text = page.locator(".o_payment_link_card").inner_text().replace("\xa0", " ")
    for part in ("$ 400.00", "$ 360.00", "$ 440.00"):
        assert part in text
    check(page)
