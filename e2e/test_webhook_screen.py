"""A manager connects a shop, in a real browser, as docs/webhooks.md tells her."""

import pytest
from links import create_links
from playwright.sync_api import expect
from receivers import Receiver
from states import DESKTOP

from dev.server import wait_until

SERVER = {"workers": 2, "cron_threads": 1}

_JOB_SECONDS = 60


@pytest.fixture
def manager(server, open_browser):
    """The browser of a sales manager, who looks after payment links, and not after Odoo."""
    with server.environment() as env:
        env["ir.config_parameter"].set_param(
            "payment_link_onetime.webhook_allowed_hosts", "localhost"
        )
        group = env.ref("sales_team.group_sale_manager")
        env["res.users"].create(
            {
                "name": "Mia Manager",
                "login": "mia",
                "password": "mia",
                "group_ids": [(6, 0, group.ids)],
            }
        ).odoobot_state = "disabled"  # It would open a chat over the page.
    page = open_browser(**DESKTOP)
    page.goto(f"{server.url}/web/login?redirect=/odoo/payment-links")
    page.fill("#login", "mia")
    page.fill("#password", "mia")
    page.press("#password", "Enter")
    return page


def open_menu(page, name):
    page.get_by_role("button", name="Configuration").click()
    page.get_by_role("menuitem", name=name, exact=True).click()


def test_G9_a_manager_connects_a_shop(server, manager):
    page = manager
    dialog = page.get_by_role("dialog")
    with Receiver().running() as receiver:
        open_menu(page, "Webhooks")
        expect(page.get_by_text("Tell your shop or another system")).to_be_visible()
        page.get_by_role("button", name="New").click()

        # What is wrong is said, and nothing is saved.
        page.get_by_label("Name").fill("Our shop")
        page.get_by_label("URL").fill("https://169.254.169.254/latest/meta-data")
        page.get_by_role("button", name="Save manually").click()
        expect(dialog).to_contain_text("private network")
        dialog.get_by_role("button", name="Close").last.click()

        page.get_by_label("URL").fill(receiver.url)
        page.get_by_role("button", name="Save manually").click()
        secret = page.locator("[name=secret] span").first
        expect(secret).to_contain_text("whsec_")
        receiver.secret = secret.inner_text()

        page.get_by_role("button", name="Send Test Event").click()
        event = page.locator(".o_form_view [name=type]")
        expect(event).to_contain_text("webhook.test")
        wait_until(lambda: receiver.received, _JOB_SECONDS, "the test event")

        def is_shown():
            page.reload()
            expect(event).to_be_visible()
            return page.locator("[name=answer_status]").is_visible()

        wait_until(is_shown, _JOB_SECONDS, "the answer on the screen")
        expect(page.locator("[name=answer_status]")).to_have_text("204")

        create_links(server, 2, on_orders=False)
        wait_until(lambda: len(receiver.received) == 3, _JOB_SECONDS, "the events")
        open_menu(page, "Webhook Deliveries")
        rows = page.locator(".o_data_row", has_text="link.created")
        expect(rows).to_have_count(2)
        rows.first.get_by_role("checkbox").click()
        page.get_by_role("button", name="Replay").click()
        wait_until(lambda: len(receiver.received) == 4, _JOB_SECONDS, "the replay")
        assert receiver.received[3][1] in [
            told for _at, told, _body in receiver.received[:3]
        ]

        open_menu(page, "Webhooks")
        page.locator(".o_data_cell[name=name]", has_text="Our shop").click()
        page.get_by_role("button", name="Replay").click()
        dialog.get_by_label("All").check()
        expect(dialog.locator("[name=count]")).to_have_text("2")
        dialog.get_by_role("button", name="Replay").click()
        wait_until(lambda: len(receiver.received) == 6, _JOB_SECONDS, "the replays")
