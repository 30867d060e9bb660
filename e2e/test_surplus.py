"""Two payers of one link both get through at the provider: what is too much goes back once.

Or it is put before a person, if the company wants that: never both, never neither.
"""

from functools import partial

import pytest
from links import AMOUNT, create_links
from races import at_once

from dev.databases import LOOPBACK
from dev.server import wait_until

SERVER = {"flavour": LOOPBACK, "workers": 4, "cron_threads": 1}
_JOB_SECONDS = 120

# The order in which the gateway says what of whom. Numbers are the two payers.
ORDERS = {
    "in order": [1, 2],
    "the other way round": [2, 1],
    "twice": [1, 1, 2, 2],
    "interleaved": [1, 2, 1, 2, 2, 1],
    "at once": [(1, 2)],
    "at once, twice": [(1, 2, 1, 2)],
}

# What the gateway says of the second payer before it says what is true.
LIES = [{"amount": 1.0}, {"amount": 2 * AMOUNT}, {"currency": "EUR"}]


@pytest.fixture(params=["refund", "person"])
def policy(server, request):
    with server.environment() as env:
        env.company.payment_link_surplus_policy = request.param
    return request.param


def start_two(ledger, link):
    """Let two people go to the provider: the second comes when the first one's time is over."""
    first = link.visit().pay("loopback")
    ledger.rows(
        "UPDATE payment_link SET claimed_until = now() at time zone 'utc'"
        " - interval '1 minute' WHERE id = %s RETURNING id",
        link.id,
    )
    second = link.visit().pay("loopback")
    assert first.reference and second.reference, (first, second)
    return first, second


def tell(gateway, answers, order):
    """Deliver callbacks: one after the other, those in a tuple at the same moment."""
    texts = dict(enumerate(map(gateway.compose, answers), start=1))
    for step in order:
        payers = step if isinstance(step, tuple) else (step,)
        responses = at_once(
            *(partial(gateway.send_webhook, texts[payer]) for payer in payers)
        )
        assert {response.status_code for response in responses} == {200}


def wait_for_refunds(ledger):
    """Wait until every charge is booked, and what went back as well."""
    ledger.wait_for_jobs()
    wait_until(
        lambda: (
            not ledger.rows(
                "SELECT reference FROM payment_transaction WHERE operation = 'refund'"
                " AND payment_link_id IS NOT NULL AND state = 'draft'"
            )
        ),
        _JOB_SECONDS,
        "the job that refunds",
    )
    ledger.wait_for_jobs()


def assert_surplus_settled(ledger, link, policy):
    """Check that who asked for 100.00 has 100.00, or that a person knows of the rest."""
    wait_for_refunds(ledger)
    charges = ledger.rows(
        "SELECT t.operation, t.state, t.amount::float, COUNT(p.id), SUM(p.amount)::float"
        " FROM payment_transaction t LEFT JOIN account_payment p"
        " ON p.payment_transaction_id = t.id AND p.state IN ('in_process', 'paid')"
        " JOIN account_move m ON m.id = p.move_id AND m.state = 'posted'"
        " WHERE t.payment_link_id = %s GROUP BY t.id ORDER BY t.id",
        link.id,
    )
    paid = ("online_redirect", "done", AMOUNT, 1, AMOUNT)
    back = ("refund", "done", -AMOUNT, 1, AMOUNT)
    assert charges == [paid, paid, *([back] if policy == "refund" else [])], charges
    ((net, surplus, state, status),) = ledger.rows(
        "SELECT amount_net::float, amount_surplus::float, state, payment_status"
        " FROM payment_link WHERE id = %s",
        link.id,
    )
    assert surplus == AMOUNT
    assert status == "paid"
    assert net == (AMOUNT if policy == "refund" else 2 * AMOUNT)
    activities = ledger.rows(
        "SELECT summary FROM mail_activity WHERE res_model = 'payment.link'"
        " AND res_id = %s AND summary = 'Paid too much'",
        link.id,
    )
    assert len(activities) == (policy == "person"), activities
    return state


@pytest.mark.parametrize("order", ORDERS.values(), ids=ORDERS)
@pytest.mark.parametrize("on_orders", [True, False], ids=["order", "standalone"])
def test_G1_rule_3_in_every_order(server, ledger, gateway, policy, order, on_orders):
    (link,) = create_links(server, 1, on_orders=on_orders)
    tell(gateway, start_two(ledger, link), order)
    assert assert_surplus_settled(ledger, link, policy) == "completed"


@pytest.mark.parametrize("lie", LIES, ids=str)
def test_G1_a_wrong_callback_is_no_surplus(server, ledger, gateway, policy, lie):
    """What is said wrong settles nothing, before and after, and refunds nothing."""
    (link,) = create_links(server, 1)
    first, second = start_two(ledger, link)
    tell(gateway, (first, second), [1])
    gateway.send_webhook(gateway.compose(second, **lie))
    wait_for_refunds(ledger)
    account = ledger.account(link.id)
    assert account.states == {"done": 1, "error": 1}, account
    assert (account.surplus, account.booked) == (0.0, AMOUNT), account
    tell(gateway, (first, second), [2])
    gateway.send_webhook(gateway.compose(second, **lie))
    assert assert_surplus_settled(ledger, link, policy) == "completed"


def test_G1_G3_both_come_after_the_cancellation(server, ledger, gateway, policy):
    (link,) = create_links(server, 1, on_orders=False)
    answers = start_two(ledger, link)
    with server.environment() as env:
        env["payment.link"].browse(link.id).action_cancel()
    tell(gateway, answers, [2, 1, 1])
    assert assert_surplus_settled(ledger, link, policy) == "cancelled"
    ((late,),) = ledger.rows(
        "SELECT COUNT(*) FROM mail_activity WHERE res_model = 'payment.link'"
        " AND res_id = %s AND summary = 'Late payment'",
        link.id,
    )
    assert late == 2


def test_G1_the_second_one_comes_when_the_first_is_booked(
    server, ledger, gateway, policy
):
    """Much later, and again after the money has gone back."""
    (link,) = create_links(server, 1)
    answers = start_two(ledger, link)
    tell(gateway, answers, [1])
    wait_for_refunds(ledger)
    tell(gateway, answers, [2])
    assert assert_surplus_settled(ledger, link, policy) == "completed"
    tell(gateway, answers, [(1, 2), 2])
    assert assert_surplus_settled(ledger, link, policy) == "completed"
