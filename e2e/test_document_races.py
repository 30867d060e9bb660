"""A document changes while somebody pays: G4, rules 1, 4 and 13 of the design.

On a real prefork server, the seller in a session of her own, at the same moment as the payer.
Afterwards the old amount was paid, is booked, and the document knows it; or the payer was refused.
"""

from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from clerks import Clerk
from ledger import Ledger
from links import AMOUNT, Link, create_links
from races import ROUNDS

from dev.server import wait_until

SERVER = {"workers": 4, "cron_threads": 1}
pytestmark = pytest.mark.usefixtures("clean_log")

WIRE = 40.0

# What a payer is told who was not the first.
REFUSALS = (
    "The amount of this payment has changed.",
    "This payment link was cancelled.",
    "This payment has already been completed",
    "The amount to pay is $ 60.00 now. Please reload the page.",
    "Somebody is paying this right now. Please try again in a few minutes.",
)


@pytest.fixture(scope="module")
def seller(server):
    return Clerk(server)


def race(ledger, link, pay, change, is_payer_first):
    """Let payer and seller meet at the link's row, and return the payer's answer.

    The test holds the row until both wait for it, one behind the other: each has begun, and read
    what was true before the other one wrote anything.
    """
    holder = Ledger(link.server)
    holder.connection.autocommit = False
    holder.rows("SELECT id FROM payment_link WHERE id = %s FOR NO KEY UPDATE", link.id)
    actions = [pay, change] if is_payer_first else [change, pay]
    with ThreadPoolExecutor(2) as pool:
        results = []
        for action in actions:
            results.append(pool.submit(action))
            wait_until(
                lambda: count_waiting(ledger) == len(results), 60, "both at the row"
            )
        holder.connection.rollback()
    holder.close()
    return results[actions.index(pay)].result()


def count_waiting(ledger):
    ((count,),) = ledger.rows(
        "SELECT COUNT(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND wait_event_type = 'Lock'"
        """ AND query LIKE '%UPDATE "payment_link" SET write_uid%'"""
    )
    return count


def finish(browser, answer):
    """Go through with the payment if there is one; otherwise the payer knows why."""
    if answer.reference:
        browser.finish(answer)
    else:
        assert answer.refusal.replace("\xa0", " ") in REFUSALS, answer


def read_order_of_events(ledger, link):
    rows = ledger.rows(
        "SELECT type FROM payment_link_event WHERE link_id = %s ORDER BY id", link.id
    )
    return [event for (event,) in rows]


def assert_kept_or_refused(ledger, link, answer):
    """Check that money is in the books, and was not taken after the link had closed."""
    account = ledger.account(link.id)
    assert account.state == "cancelled", account
    events = read_order_of_events(ledger, link)
    if not answer.reference:
        assert account.states == {}, account
        assert (account.paid, account.booked) == (0, 0), account
        return
    assert account.states == {"done": 1}, account
    assert (account.paid, account.payments, account.booked) == (AMOUNT, 1, AMOUNT)
    assert events.index("attempted") < events.index("cancelled"), events


def read_orders(server, links):
    """Return what each link's order still owes, and its state, by the link's id."""
    with server.environment() as env:
        return {
            link.id: (link.sale_order_id._payment_link_get_due_amount(), link.paid_late)
            for link in env["payment.link"].browse([link.id for link in links])
        }


def get_order_ids(server, links):
    with server.environment() as env:
        records = env["payment.link"].browse([link.id for link in links])
        return [
            (link.sale_order_id.id, link.sale_order_id.order_line.id)
            for link in records
        ]


def race_all(server, ledger, links, prepare_change):
    """Race for each link, the payer first in every other round; return the answers.

    :param callable prepare_change: takes the ids of an order and its line, returns the change
    """
    answers = []
    order_ids = get_order_ids(server, links)
    for number, (link, ids) in enumerate(zip(links, order_ids, strict=True)):
        browser = link.visit()
        is_payer_first = number % 2 == 0
        pay = partial(browser.pay, "demo")
        answer = race(ledger, link, pay, prepare_change(*ids), is_payer_first)
        assert bool(answer.reference) == is_payer_first, answer
        finish(browser, answer)
        answers.append(answer)
    ledger.wait_for_jobs()
    return answers


def test_G4_amount_changes_while_somebody_pays(server, ledger, seller):
    """150.00 instead of 100.00."""
    links = create_links(server, ROUNDS)
    answers = race_all(
        server,
        ledger,
        links,
        lambda _order, line: partial(
            seller.call, "sale.order.line", "write", [line], {"price_unit": 150.0}
        ),
    )
    orders = read_orders(server, links)
    for link, answer in zip(links, answers, strict=True):
        assert_kept_or_refused(ledger, link, answer)
        due, is_paid_late = orders[link.id]
        assert due == (50.0 if answer.reference else 150.0)
        assert is_paid_late == bool(answer.reference)


def test_G4_order_is_cancelled_while_somebody_pays(server, ledger, seller):
    links = create_links(server, ROUNDS)
    answers = race_all(
        server,
        ledger,
        links,
        lambda order, _line: partial(
            seller.call,
            "sale.order",
            "action_cancel",
            [order],
            context={"disable_cancel_warning": True},
        ),
    )
    for link, answer in zip(links, answers, strict=True):
        assert_kept_or_refused(ledger, link, answer)


def create_invoice_links(server, count):
    """Create links over 100.00 on an invoice each."""
    with server.environment() as env:
        customer = env["res.partner"].create({"name": "Ada Payer"})
        invoices = env["account.move"].create(
            [
                {
                    "move_type": "out_invoice",
                    "partner_id": customer.id,
                    "invoice_line_ids": [
                        (
                            0,
                            0,
                            {"name": "Chair", "price_unit": AMOUNT, "tax_ids": False},
                        )
                    ],
                }
                for _i in range(count)
            ]
        )
        invoices.action_post()
        links = env["payment.link"].create(
            [{"invoice_ids": [(6, 0, invoice.ids)]} for invoice in invoices]
        )
        return [
            (Link(server, link.id, link._get_page_path()), link.invoice_ids.id)
            for link in links
        ]


def test_rule_13_wire_is_registered_while_somebody_pays(server, ledger, seller):
    """40.00 by wire: who pays after that is asked for 60.00, who paid before, for 100.00."""
    links = create_invoice_links(server, ROUNDS)
    for number, (link, invoice) in enumerate(links):
        is_payer_first = number % 2 == 0

        def register(invoice=invoice):
            context = {"active_model": "account.move", "active_ids": [invoice]}
            wizard = seller.call(
                "account.payment.register",
                "create",
                [{"amount": WIRE}],
                context=context,
            )
            seller.call(
                "account.payment.register",
                "action_create_payments",
                wizard,
                context=context,
            )

        browser = link.visit()
        pay = partial(browser.pay, "demo")
        answer = race(ledger, link, pay, register, is_payer_first)
        assert bool(answer.reference) == is_payer_first, answer
        finish(browser, answer)
        if not is_payer_first:
            browser.open(link.path)
            answer = browser.pay("demo")
            assert answer.reference, answer
            browser.finish(answer)
        expected = AMOUNT if is_payer_first else AMOUNT - WIRE
        assert answer.values["amount"] == expected
    ledger.wait_for_jobs()
    for link, invoice in links:
        account = ledger.account(link.id)
        assert account.settled == account.payments == 1, account
        assert account.booked == account.paid, account
        assert account.state == "completed", account
        events = read_order_of_events(ledger, link)
        assert events.count("paid") == 1, events
        ((residual,),) = ledger.rows(
            "SELECT amount_residual FROM account_move WHERE id = %s", invoice
        )
        assert residual == 0
