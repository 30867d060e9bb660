"""Links that are sent in bulk: the job is killed, runs several times at once, and is watched.

Whatever happens, a document gets one link and one mail.
"""

import os
import signal
from pathlib import Path

import pytest
from playwright.sync_api import expect
from races import at_once

from dev.server import wait_until

SERVER = {"workers": 2, "cron_threads": 1, "check_log": False}

ORDERS = 120
INVOICES = 20
PATIENCE = 180


def create_orders(server, count, name):
    """Create quotations of one customer each; return their ids."""
    with server.environment() as env:
        env.user.odoobot_state = "disabled"  # It would open a chat over the page.
        product = env["product.product"].create(
            {"name": "Garden chair", "list_price": 100.0, "taxes_id": False}
        )
        customers = env["res.partner"].create(
            [
                {"name": f"{name} {number}", "email": f"{name}.{number}@example.com"}
                for number in range(count)
            ]
        )
        orders = env["sale.order"].create(
            [
                {
                    "partner_id": customer.id,
                    "order_line": [(0, 0, {"product_id": product.id})],
                }
                for customer in customers
            ]
        )
        return orders.ids


def create_invoices(env, count):
    """Create posted invoices of one customer each."""
    product = env["product.product"].create({"name": "Chair", "taxes_id": False})
    invoices = env["account.move"].create(
        [
            {
                "move_type": "out_invoice",
                "partner_id": env["res.partner"]
                .create({"name": f"watched {number}", "email": f"{number}@example.com"})
                .id,
                "invoice_line_ids": [
                    (0, 0, {"product_id": product.id, "price_unit": 100.0})
                ],
            }
            for number in range(count)
        ]
    )
    invoices.action_post()
    return invoices


def queue(server, order_ids):
    """Queue a bulk sending; return its id."""
    with server.environment() as env:
        orders = env["sale.order"].browse(order_ids)
        return env["payment.link.batch"]._queue(orders, channels=["email"]).id


def wait_until_done(server, ledger, batch_ids):
    """Wait for the job; wake it, as what called it may have died unheard."""

    def is_done():
        # A process that has just been started may not listen yet.
        server.odoo.cluster.sql(f"NOTIFY cron_trigger, '{server.database}'")
        query = "SELECT 1 FROM payment_link_batch WHERE state != 'done' AND id IN %s"
        return not ledger.rows(query, tuple(batch_ids))

    wait_until(is_done, PATIENCE, "the job that sends links in bulk")


def read_faults(ledger, order_ids):
    """Return the orders that have not got one link, sent once, in one mail."""
    return ledger.rows(
        """
        SELECT o.id, COUNT(l.id), SUM(sent.count), SUM(mail.count)
          FROM sale_order o
     LEFT JOIN payment_link l ON l.sale_order_id = o.id
     LEFT JOIN LATERAL (
               SELECT COUNT(*) FROM payment_link_event e
                WHERE e.link_id = l.id AND e.type = 'sent'
               ) sent ON TRUE
     LEFT JOIN LATERAL (
               SELECT COUNT(*) FROM mail_message m
                WHERE m.model = 'payment.link' AND m.res_id = l.id
                  AND m.message_type = 'comment'
               ) mail ON TRUE
         WHERE o.id IN %s
      GROUP BY o.id
        HAVING COUNT(l.id) != 1 OR SUM(sent.count) != 1 OR SUM(mail.count) != 1
        """,
        tuple(order_ids),
    )


def is_sending(ledger):
    """Return whether a job is in the middle of a transaction that sends links."""
    return ledger.rows(
        "SELECT 1 FROM pg_locks l JOIN pg_database d ON d.oid = l.database"
        " WHERE l.relation = 'payment_link_batch'::regclass"
        " AND l.mode = 'RowShareLock' AND d.datname = current_database()"
    )


def kill_job(server):
    """Kill the server's process that runs jobs: the one that lets others go first."""
    children = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children")
    pids = [int(pid) for pid in children.read_text().split()]
    nicest = max(pids, key=lambda pid: os.getpriority(os.PRIO_PROCESS, pid))
    os.kill(nicest, signal.SIGKILL)


def count_sent(ledger, batch_id):
    ((count,),) = ledger.rows(
        "SELECT COUNT(*) FROM payment_link_batch_line"
        " WHERE batch_id = %s AND state = 'sent'",
        batch_id,
    )
    return count


@pytest.mark.parametrize("committed", [0, 1])
def test_nothing_is_doubled_when_the_job_is_killed(server, ledger, committed):
    """In its first transaction, and later, when a part was sent."""
    order_ids = create_orders(server, ORDERS, f"killed{committed}")
    batch_id = queue(server, order_ids)

    wait_until(
        lambda: count_sent(ledger, batch_id) >= committed and is_sending(ledger),
        PATIENCE,
        "the job to begin",
    )
    kill_job(server)
    assert count_sent(ledger, batch_id) < ORDERS, "it was killed too late"
    wait_until_done(server, ledger, [batch_id])
    assert count_sent(ledger, batch_id) == ORDERS
    assert not read_faults(ledger, order_ids)


def test_nothing_is_doubled_when_jobs_run_at_the_same_moment(server, ledger):
    """The same selection is queued three times, and three processes are at it."""
    order_ids = create_orders(server, ORDERS, "twice")
    batch_ids = [queue(server, ids) for ids in (order_ids, order_ids[::-1], order_ids)]

    def run():
        with server.environment() as env:
            env["payment.link.batch"].sudo()._cron_send()  # As the job's own user.

    at_once(run, run)
    wait_until_done(server, ledger, batch_ids)
    assert sum(count_sent(ledger, batch_id) for batch_id in batch_ids) == ORDERS
    assert not read_faults(ledger, order_ids)
    assert ledger.rows(
        "SELECT DISTINCT state, reason FROM payment_link_batch_line"
        " WHERE batch_id IN %s ORDER BY state",
        tuple(batch_ids),
    ) == [("sent", None), ("skipped", "already_sent")]


def test_F1_from_the_list_to_the_last_mail(server, open_browser):
    """Select, choose, send, and watch until it is done: the page is never loaded anew."""
    with server.environment() as env:
        env.user.odoobot_state = "disabled"  # It would open a chat over the page.
        invoices = create_invoices(env, INVOICES)
        invoices[0].partner_id.email = False
        invoices[1].button_draft()
        invoice_ids = invoices.ids
        action = env.ref("account.action_move_out_invoice_type").id
    page = open_browser(viewport={"width": 1280, "height": 900})
    page.goto(f"{server.url}/web/login?redirect=/odoo/action-{action}")
    page.fill("#login", "admin")
    page.fill("#password", "admin")
    page.click("button[type=submit]")
    page.locator(".o_list_view .o_searchview_input").fill("watched")
    page.keyboard.press("Enter")
    expect(page.locator(".o_data_row")).to_have_count(INVOICES)
    page.locator("thead .o_list_record_selector input").check()
    page.get_by_role("button", name="Send payment links").click()
    dialog = page.locator(".modal")
    expect(dialog.locator("[name=record_count]")).to_have_text(str(INVOICES))
    shoot(page, "dialog")
    dialog.get_by_role("button", name="Send", exact=True).click()
    expect(page.locator(".o_form_view [name=progress]")).to_be_visible()
    shoot(page, "running")
    expect(page.locator(".o_statusbar_status .o_arrow_button_current")).to_have_text(
        "Done", timeout=PATIENCE * 1000
    )
    expect(page.locator("[name=sent_count] .o_stat_value")).to_have_text(
        str(INVOICES - 2)
    )
    expect(page.locator("[name=summary]")).to_contain_text("1 × Not confirmed yet")
    expect(page.locator("[name=unsent_line_ids] .o_data_row")).to_have_count(2)
    shoot(page, "done")
    page.set_viewport_size({"width": 390, "height": 844})
    shoot(page, "phone")
    with server.environment() as env:
        invoices = env["account.move"].browse(invoice_ids)
        assert [len(invoice.payment_link_ids) for invoice in invoices] == [
            0,
            0,
            *[1] * (INVOICES - 2),
        ]


def shoot(page, name):
    """Keep a picture of the page where somebody wants to look at it."""
    if folder := os.environ.get("TEST_SCREENSHOTS"):
        page.screenshot(path=f"{folder}/bulk-{name}.png")
