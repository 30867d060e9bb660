"""An administrator connects a shop as the guides tell it, with nothing but a browser and a shell.

Nothing is made behind the screens but the shop's user.
"""

import json
import os
import re
import socket
import subprocess
from contextlib import contextmanager, suppress

import pytest
import requests
from guide import read_examples, run_example
from playwright.sync_api import expect
from states import DESKTOP, PHONE, choose_demo

from dev.server import free_port, wait_until
from dev.venv import ensure_venv

SERVER = {"workers": 3, "cron_threads": 1}

_SECONDS = 60


@pytest.fixture
def shop_user(server):
    with server.environment() as env:
        users = env["res.users"].create(
            {
                "name": "Web shop",
                "login": "shop",
                "password": "shop",
                "group_ids": [
                    (6, 0, env.ref("sales_team.group_sale_salesman_all_leads").ids)
                ],
            }
        )
        # It would open a chat over the page.
        (users | env.user).odoobot_state = "disabled"
    return "shop"


def sign_in(page, server, login, path):
    page.goto(f"{server.url}/web/login?redirect={path}")
    page.fill("#login", login)
    page.fill("#password", login)
    page.press("#password", "Enter")
    return page


def make_key(page, password):
    """Make a key in the preferences, and return it."""
    page.locator(".o_user_menu button").click()
    page.get_by_role("menuitem", name="My Preferences").click()
    page.get_by_role("tab", name="Security").click()
    page.get_by_role("button", name="Add API Key").click()
    dialog = page.get_by_role("dialog")
    dialog.locator("input[type=password]").fill(password)
    dialog.get_by_role("button", name="Confirm Password").click()
    dialog.locator("[name=name] input").fill("Web shop")
    dialog.locator("[name=payment_link_scope] input").click()
    page.locator(
        ".o_select_menu_item", has_text="Only the payment link API"
    ).first.click()
    dialog.get_by_role("button", name="Generate key").click()
    key = dialog.locator("[name=key]").inner_text()
    expect(dialog).to_contain_text("nothing else of Odoo")
    expect(dialog.get_by_text("full access")).to_be_hidden()
    dialog.get_by_role("button", name="Done!").click()
    return key


def allow(page, host):
    """Set what the guides name in the settings, and return the creation link's secret."""
    page.locator(".settings_tab .tab", has_text="Invoicing").click()
    page.locator("[name=payment_link_webhook_allowed_hosts] input").fill(host)
    page.locator("[name=payment_link_request_enabled] input").check()
    page.locator("[name=payment_link_request_signed] input").check()
    expect(page.get_by_text("made when you save")).to_be_visible()
    expect(page.get_by_role("button", name="New secret")).to_be_hidden()
    page.get_by_role("button", name="Save", exact=True).click()
    shown = page.locator("[name=payment_link_request_secret] span").first
    expect(shown).not_to_be_empty()
    return shown.inner_text()


def create_webhook(page, server, url):
    """Create a webhook, and return its secret."""
    page.goto(f"{server.url}/odoo/payment-links")
    page.get_by_role("button", name="Configuration").click()
    page.get_by_role("menuitem", name="Webhooks", exact=True).click()
    page.get_by_role("button", name="New").click()
    page.get_by_label("Name").fill("Our shop")
    page.get_by_label("URL").fill(url)
    page.get_by_role("button", name="Save manually").click()
    secret = page.locator("[name=secret] span").first
    expect(secret).to_contain_text("whsec_")
    return secret.inner_text()


@contextmanager
def running_receiver(folder, port, secret):
    """Run the guide's receiver; give a function that returns what it has printed."""
    verifiers = read_examples("webhooks.md", "Verify the signature")
    ((_language, receiver),) = read_examples("webhooks.md", "A receiver to try it with")
    (folder / "verify.py").write_text(verifiers[1][1])
    (folder / "receiver.py").write_text(receiver)
    output = folder / "receiver.txt"
    with open(output, "w") as file:
        process = subprocess.Popen(
            [str(ensure_venv().python), str(folder / "receiver.py")],
            env={**os.environ, "SECRET": secret, "PORT": str(port)},
            stdout=file,
            stderr=file,
        )

    def answers():
        with suppress(OSError), socket.create_connection(("localhost", port)):
            return True

    try:
        wait_until(answers, _SECONDS, "the guide's receiver")
        yield output.read_text
    finally:
        process.kill()
        process.wait()


def pay(page, url):
    page.goto(url)
    expect(page.locator(".o_payment_link_card")).to_contain_text("250.00")
    choose_demo(page, "done")
    page.click("[name=o_payment_submit_button]")
    page.wait_for_selector(".o_payment_link_outcome_completed")


def test_guides_lead_from_the_settings_to_paid_links(
    server, open_browser, shop_user, tmp_path
):
    """A2, B1, B2, G9: a key, a paid link, a verified webhook, a signed creation link."""
    port = free_port()
    admin = sign_in(open_browser(**DESKTOP), server, "admin", "/odoo/settings")
    signing_secret = allow(admin, f"localhost:{port}")
    secret = create_webhook(admin, server, f"http://localhost:{port}/events")

    with running_receiver(tmp_path, port, secret) as read_output:

        def wait_for(event, count=1):
            pattern = rf"^verified: msg_\w+ {re.escape(event)}$"
            wait_until(
                lambda: len(re.findall(pattern, read_output(), re.M)) == count,
                _SECONDS,
                f"{event} at the receiver, which says: {read_output()}",
            )

        admin.get_by_role("button", name="Send Test Event").click()
        wait_for("webhook.test")

        shop = sign_in(
            open_browser(**DESKTOP), server, shop_user, "/odoo/payment-links"
        )
        key = make_key(shop, shop_user)
        first, *_others = read_examples("api.md", "Your first link in five minutes")
        answer = run_example(tmp_path, *first, ODOO_URL=server.url, API_KEY=key)
        customer = open_browser(**PHONE)
        pay(customer, json.loads(answer)["link_url"])
        wait_for("link.completed")

        address = f"{server.url}/payment-request?amount=250.00&referenceId=QUOTE-123"
        assert requests.get(address).status_code == 400
        # The first fence there holds the address, and is in no language.
        signer, *_others = read_examples("api.md", "The creation link")
        signature = run_example(tmp_path, *signer, SECRET=signing_secret)
        pay(customer, f"{address}&signature={signature}")
        wait_for("link.completed", 2)
        assert "refused" not in read_output()
