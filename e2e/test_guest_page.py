"""The guest page in a real browser, in each of its states.

Everybody can use it: with a screen reader, with the keyboard alone, on a phone.
"""

import pytest
from accessibility import assert_accessible
from playwright.sync_api import expect
from states import DESKTOP, PHONE, STATES, Pages, choose_demo, reach

from odoo import Command

SUBMIT = "[name=o_payment_submit_button]"

# What the charge route answers when it says no.
REFUSAL = {
    "jsonrpc": "2.0",
    "id": 0,
    "error": {
        "code": 0,
        "message": "Odoo Server Error",
        "data": {
            "name": "odoo.exceptions.UserError",
            "message": "The amount to pay is $ 90.00 now. Please reload the page.",
            "arguments": [],
            "context": {},
            "debug": "",
        },
    },
}


def create_page(server, state, **options):
    """Return the address of a link of its own in a state."""
    with server.environment() as env:
        return server.url + Pages(env, **options).create(state)


def get_link(env, url):
    return env["payment.link"].search([("access_token", "=", url.rsplit("/", 1)[1])])


def check_accessibility(page):
    """Check with axe, and that nothing runs over the edge of the screen."""
    assert_accessible(page)
    width = page.evaluate(
        "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"
    )
    assert width[0] <= width[1], "the page is wider than the screen"
    assert page.locator("h1").count() == 1


@pytest.mark.parametrize("state", STATES)
def test_every_state_is_accessible(server, open_tab, state):
    page = open_tab(**PHONE)
    reach(page, state, create_page(server, state))
    check_accessibility(page)
    page.set_viewport_size(DESKTOP["viewport"])
    check_accessibility(page)


def test_long_list_unfolds(server, open_browser):
    """All that is paid for can be read, with the button not far away."""
    page = open_browser(**PHONE)
    reach(page, "long", create_page(server, "long"))
    last_line = page.locator(".o_payment_link_lines tr").last
    expect(last_line).not_to_be_visible()
    page.get_by_text("Show all 19 lines").click()
    expect(last_line).to_be_visible()
    check_accessibility(page)


def test_right_to_left(server, open_browser):
    """A customer who reads Arabic gets the page mirrored, and in her language's form."""
    with server.environment() as env:
        env["res.lang"]._activate_lang("ar_001")
    page = open_browser(**PHONE)
    reach(page, "form", create_page(server, "form", lang="ar_001"))
    assert page.locator("html").get_attribute("dir") == "rtl"
    amount = page.locator(".o_payment_link_lines td").last.bounding_box()
    name = page.locator(".o_payment_link_lines td").first.bounding_box()
    assert amount["x"] < name["x"]
    radio = page.locator("[name=o_payment_radio]").bounding_box()
    label = page.locator(".o_payment_option_label").bounding_box()
    assert radio["x"] >= label["x"] + label["width"]
    options = page.locator("[name=o_payment_option]").bounding_box()
    assert options["width"] == page.locator(SUBMIT).bounding_box()["width"]
    check_accessibility(page)


def test_keyboard_pays(server, open_browser):
    """From the address bar to the confirmation, without a mouse, seeing where one is."""
    page = open_browser(**DESKTOP)
    page.goto(create_page(server, "open"))
    expect(page.locator(SUBMIT)).to_be_enabled()
    order = []
    while not order or order[-1] != "o_payment_submit_button":
        page.keyboard.press("Tab")
        focus = page.evaluate(
            """() => {
                const style = getComputedStyle(document.activeElement);
                return {
                    name: document.activeElement.name || document.activeElement.id,
                    outline: style.outlineStyle === "none" ? 0 : style.outlineWidth,
                };
            }"""
        )
        assert focus["outline"] == "3px", f"the focus on {focus['name']} is not seen"
        order.append(focus["name"])
        assert len(order) < 10, order
    assert order == [
        "o_payment_link_payer_toggle",
        "o_payment_radio",
        "customer_input",
        "simulated_payment_state",
        "o_payment_submit_button",
    ]
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text(
        "We received your payment"
    )


def test_method_is_chosen_with_the_keyboard(server, open_browser):
    page = open_browser(**DESKTOP)
    page.goto(create_page(server, "methods"))
    radios = page.locator("[name=o_payment_radio]")
    expect(radios).to_have_count(3)
    expect(page.locator(SUBMIT)).to_be_disabled()
    page.locator("[name=o_payment_radio]").first.focus()
    page.keyboard.press("ArrowDown")
    expect(radios.nth(1)).to_be_checked()
    expect(page.locator(SUBMIT)).to_be_enabled()


def test_who_is_too_late_learns_it(server, open_browser):
    """Somebody else was faster: the page says so, and offers no form any more."""
    url = create_page(server, "open")
    late = open_browser(**PHONE)
    late.goto(url)
    choose_demo(late, "done")
    early = open_browser(**DESKTOP)
    reach(early, "paid", url)
    late.locator(SUBMIT).click()
    expect(late.get_by_role("heading", level=1)).to_contain_text(
        "This payment has already been completed"
    )
    expect(late.locator(SUBMIT)).to_have_count(0)


def test_refusal_is_read_out(server, open_browser):
    """A refusal that the payer can do something about is an alert beside the form."""
    page = open_browser(**PHONE)
    page.goto(create_page(server, "open"))
    choose_demo(page, "done")
    page.route("**/transaction", lambda route: route.fulfill(json=REFUSAL))
    page.locator(SUBMIT).click()
    alert = page.get_by_role("alert").filter(has_text="Please reload the page.")
    expect(alert).to_be_focused()
    expect(page.locator(SUBMIT)).to_be_enabled()
    check_accessibility(page)


def test_waiting_page_follows_the_provider(server, open_browser):
    """Who waits sees the answer when it comes, without a reload of her own."""
    page = open_browser(**PHONE)
    url = create_page(server, "waiting")
    reach(page, "waiting", url)
    with server.environment() as env:
        token = url.rsplit("/", 1)[1]
        link = env["payment.link"].search([("access_token", "=", token)])
        link.transaction_ids._set_done()
    expect(page.get_by_role("heading", level=1)).to_contain_text(
        "We received your payment", timeout=20_000
    )


def test_back_button_does_not_offer_what_is_paid(server, open_browser):
    page = open_browser(**DESKTOP)
    reach(page, "paid", create_page(server, "paid"))
    page.go_back()
    expect(page.locator(".o_payment_link_outcome_completed")).to_be_visible()
    expect(page.locator(SUBMIT)).to_have_count(0)


def test_F2_who_pays_for_somebody_else_says_so(server, open_browser):
    """What she types in reaches the charge, and a slip is read out beside the form."""
    page = open_browser(**PHONE)
    url = create_page(server, "payer")
    reach(page, "payer", url)
    choose_demo(page, "done")
    page.get_by_label("Your name").fill("Eve Stranger")
    page.get_by_label("Your e-mail address").fill("eve")
    page.locator(SUBMIT).click()
    alert = page.get_by_role("alert").filter(has_text="check your e-mail address")
    expect(alert).to_be_focused()
    page.get_by_label("Your e-mail address").fill("eve@example.com")
    page.locator(SUBMIT).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(
        "received your payment"
    )
    expect(page.get_by_text("Eve Stranger")).to_have_count(0)
    with server.environment() as env:
        charge = get_link(env, url).transaction_ids
        assert (charge.payer_name, charge.payer_email) == (
            "Eve Stranger",
            "eve@example.com",
        )


def test_C4_D8_method_is_saved_and_used_again(server, open_browser):
    """The customer pays once with consent, and the next time with what was saved."""
    with server.environment() as env:
        pages = Pages(env)
        user = env["res.users"].create(
            {
                "name": "Ada Payer",
                "login": "ada",
                "password": "ada-and-her-chairs",
                "partner_id": pages.customer.id,
                "group_ids": [Command.set(env.ref("base.group_portal").ids)],
            }
        )
        first, second = (
            server.url + pages.create("open", save_payment_method=True)
            for _i in range(2)
        )
        customer_id = user.partner_id.id
    page = open_browser(**PHONE)
    page.goto(f"{server.url}/web/login")
    page.fill("#login", "ada")
    page.fill("#password", "ada-and-her-chairs")
    page.click("button[type=submit]")
    page.wait_for_url("**/my**")

    page.goto(first)
    choose_demo(page, "done")
    page.fill("#customer_input", "4242")
    check_accessibility(page)
    page.locator("[name=o_payment_tokenize_checkbox]").check()
    page.locator(SUBMIT).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(
        "received your payment"
    )

    page.goto(second)
    expect(page.get_by_text("Your payment methods")).to_be_visible()
    expect(page.locator(SUBMIT)).to_be_enabled()
    check_accessibility(page)
    page.set_viewport_size(DESKTOP["viewport"])
    check_accessibility(page)
    page.locator(SUBMIT).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(
        "received your payment"
    )
    with server.environment() as env:
        charge = get_link(env, second).transaction_ids
        assert charge.operation == "online_token"
        token = env["payment.token"].search([("partner_id", "=", customer_id)])
        assert charge.token_id == token
        assert len(token) == 1
