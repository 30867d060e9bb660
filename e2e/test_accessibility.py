"""The guest page in a real browser: axe, the keyboard, and a phone's narrow screen."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright
from states import STATES, Pages, reach

from dev.chromium import ensure_chromium

PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 800}

# Without these, Chromium looks for its maker's services at every start.
CHROMIUM_OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=ensure_chromium(), args=CHROMIUM_OPTIONS
        )
        yield chromium
        chromium.close()


@pytest.fixture
def open_page(server, browser):
    """Give a function that opens the page of a new link in a state, as a new visitor."""
    contexts = []

    def open_state(state, viewport):
        with server.environment() as env:
            path = Pages(env).create(state)
        context = browser.new_context(viewport=viewport)
        contexts.append(context)
        page = context.new_page()
        reach(page, state, f"{server.url}{path}")
        return page

    yield open_state
    for context in contexts:
        context.close()


@pytest.mark.parametrize("state", STATES)
def test_axe_finds_nothing(open_page, state):
    """Every state of the page, on a phone and on a desktop."""
    for viewport in (PHONE, DESKTOP):
        results = Axe().run(open_page(state, viewport))
        assert results.violations_count == 0, results.generate_report()


@pytest.mark.parametrize("state", ("open", "long", "completed"))
def test_phone_scrolls_in_one_direction(open_page, state):
    page = open_page(state, PHONE)
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= PHONE["width"]


def test_keyboard_pays(open_page):
    """From the top of the page to the confirmation without a mouse."""
    page = open_page("open", DESKTOP)
    submit = page.locator("[name=o_payment_submit_button]")
    for _press in range(15):
        page.keyboard.press("Tab")
        if submit.evaluate("button => button === document.activeElement"):
            break
    else:
        pytest.fail("Tab never reaches the button that pays")
    outline = submit.evaluate("button => getComputedStyle(button).outlineStyle")
    shadow = submit.evaluate("button => getComputedStyle(button).boxShadow")
    assert outline != "none" or shadow != "none", "the focus cannot be seen"
    page.keyboard.press("Enter")
    page.locator(".o_payment_link_outcome_completed").wait_for()
