"""Two bookkeepers at the same charge, on a real prefork server: C5, A12, rules 3 and 9.

Both want all of the money. One gets it; the other is told what is left. Afterwards the provider was
asked once, and the books say so once.
"""

from functools import partial

import pytest
from clerks import Clerk
from links import create_links
from races import ROUNDS, at_once

SERVER = {"workers": 4, "cron_threads": 1}

LATE = ("requests under way are counted", "captured or voided meanwhile")
UNDER_WAY = "is under way"


@pytest.fixture(scope="module")
def clerks(server):
    return Clerk(server), Clerk(server)


def race(clerks, model, method, values, context=None):
    """Let both click at the same moment, and return what the one who lost was told."""
    ids = [
        clerk.call(model, "create", [values], context=context or {})[0]
        for clerk in clerks
    ]
    refusals = at_once(
        *(
            partial(clerk.attempt, model, method, [wizard_id])
            for clerk, wizard_id in zip(clerks, ids, strict=True)
        )
    )
    assert sorted(refusal is None for refusal in refusals) == [False, True], refusals
    return next(refusal for refusal in refusals if refusal)


def hold_money(server, links):
    """Authorise a charge on each link, and return the charges' ids."""
    with server.environment() as env:
        provider = env.ref("payment.payment_provider_demo")
        charges = env["payment.transaction"]
        for link in env["payment.link"].browse([link.id for link in links]):
            charges |= charges.create(
                {
                    "reference": f"{link.code}-1",
                    "provider_id": provider.id,
                    "payment_method_id": provider.payment_method_ids[:1].id,
                    "operation": "online_direct",
                    "amount": link._claim("her browser"),
                    "currency_id": link.currency_id.id,
                    "partner_id": link._get_charge_partner().id,
                    **link._get_charge_values("her browser"),
                }
            )
        charges._set_authorized()
        return charges.ids


def test_C5_two_captures_of_one_authorization(server, ledger, clerks):
    links = create_links(server, ROUNDS, on_orders=False)
    for charge_id in hold_money(server, links):
        context = {"active_model": "payment.transaction", "active_ids": [charge_id]}
        values = {"amount_to_capture": 100.0}
        told = race(clerks, "payment.capture.wizard", "action_capture", values, context)
        assert any(text in told for text in LATE), told
    ledger.wait_for_requests()
    for link in links:
        account = ledger.account(link.id)
        assert account.states == {"done": 2}, account  # The charge, and its capture.
        assert (account.paid, account.booked, account.payments) == (100.0, 100.0, 1)


def test_A12_two_refunds_of_one_payment(server, ledger, clerks):
    links = create_links(server, ROUNDS, on_orders=False)
    for link in links:
        browser = link.visit()
        browser.finish(browser.pay("demo"))
    ledger.wait_for_jobs()
    for link in links:
        values = {"link_id": link.id, "amount": 100.0, "reason": "duplicate"}
        told = race(clerks, "payment.link.refund", "action_refund", values)
        assert UNDER_WAY in told or "nothing to refund" in told, told
    ledger.wait_for_requests()
    for link in links:
        refunds = ledger.rows(
            "SELECT SUM(amount), COUNT(*) FROM payment_transaction"
            " WHERE payment_link_id = %s AND operation = 'refund' AND state = 'done'",
            link.id,
        )
        assert refunds == [(-100, 1)], refunds
        account = ledger.account(link.id)
        assert (account.payments, account.payment_status) == (2, "refunded"), account
