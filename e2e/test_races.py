"""Many at once, on a real prefork server: rules 2, 3, 4, 6 and 11 of the design.

Every client is a thread of its own with cookies of its own. The provider's answers are sent by the
tests, so that they arrive exactly when it hurts. Odoo's own payment links charge twice in the
second of these races, every time.
"""

import time
from collections import Counter
from functools import partial

import pytest
from clerks import Clerk
from links import AMOUNT, create_links
from races import (
    FEW_ROUNDS,
    PAYERS,
    ROUNDS,
    at_once,
    finish_at_once,
    rush,
    tell_apart,
)

from dev.databases import LOOPBACK

SERVER = {"flavour": LOOPBACK, "workers": 4, "cron_threads": 1}
pytestmark = pytest.mark.usefixtures("clean_log")

# How long a provider goes on repeating itself, if nothing is booked meanwhile.
REPEATING_SECONDS = 3

# What a payer is told who was not the first.
REFUSALS = (
    "Somebody is paying this right now. Please try again in a few minutes.",
    "This payment has already been completed",
    "Your payment is being processed.",
)
KINDS = ("odoo.exceptions.UserError", "odoo.exceptions.LockError")

both_providers = pytest.mark.parametrize("provider", ["demo", "loopback"])


def assert_refused(answers):
    """Check that each answer is one that a person understands."""
    for answer in answers:
        assert answer.refusal in REFUSALS, answer
        assert answer.kind in KINDS, answer


def assert_paid_once(ledger, links):
    """Check that each link has exactly one settled charge and one posted payment."""
    ledger.wait_for_jobs()
    for link in links:
        account = ledger.account(link.id)
        assert account.settled == 1, account
        assert (account.payments, account.booked) == (1, AMOUNT), account
        assert (account.state, account.payment_status) == ("completed", "paid"), account
        assert (account.paid, account.due, account.surplus) == (AMOUNT, 0, 0), account
        assert account.events["paid"] == account.events["completed"] == 1, account


# === MANY PAYERS, ONE LINK === #


@both_providers
def test_rule_2_sixteen_payers_at_the_same_moment(server, ledger, provider):
    """A13, G1: one pays, fifteen are told so."""
    links = create_links(server, ROUNDS)
    for link in links:
        won, refused = rush(link, provider)
        assert len(won) == 1, Counter(answer.refusal for answer in refused)
        assert_refused(refused)
        ((browser, answer),) = won
        browser.finish(answer)
        assert "We received your payment" in browser.text
    assert_paid_once(ledger, links)


@both_providers
def test_rule_2_second_payer_a_moment_later(server, ledger, gateway, provider):
    """150 ms apart, and whatever charges there are get settled at the same moment."""
    links = create_links(server, ROUNDS)
    for link in links:
        browsers = [link.visit(), link.visit()]

        def pay_late(browser=browsers[1]):
            time.sleep(0.15)
            return browser.pay(provider)

        answers = at_once(partial(browsers[0].pay, provider), pay_late)
        charged, refused = tell_apart(browsers, answers)
        finish_at_once(charged)
        assert len(charged) == 1, answers
        assert_refused(refused)
    assert_paid_once(ledger, links)


def test_rule_11_many_links_on_the_guest_contact(server, ledger):
    """Links of different people share nothing that one of them would wait for."""
    links = create_links(server, PAYERS * 5, on_orders=False)
    for start in range(0, len(links), PAYERS):
        at_once(*(partial(pay_link, link) for link in links[start : start + PAYERS]))
    assert_paid_once(ledger, links)
    # 16 at a time on 4 workers: none of them ran into another and had to start over.
    references = ledger.rows(
        "SELECT reference FROM payment_transaction WHERE payment_link_id IN %s",
        tuple(link.id for link in links),
    )
    assert len(set(references)) == len(links)


def pay_link(link, provider="demo"):
    """Do all that one payer does, from the first look at the page to the confirmation."""
    browser = link.visit()
    answer = browser.pay(provider)
    assert answer.reference, answer
    browser.finish(answer)
    assert "We received your payment" in browser.text
    return answer


# === ONE PAYER, TOO OFTEN === #


@both_providers
def test_A15_double_click(server, ledger, provider):
    """Two requests of one browser at the same moment are one charge."""
    links = create_links(server, FEW_ROUNDS)
    for link in links:
        browser = link.visit()
        answers = at_once(*[partial(browser.pay, provider)] * 2)
        assert answers[0].reference, answers
        assert answers[0].reference == answers[1].reference
        browser.finish(answers[0])
        assert sum(ledger.account(link.id).states.values()) == 1
    assert_paid_once(ledger, links)


@both_providers
def test_A15_reload_and_back(server, ledger, provider):
    """Another look at the page changes nothing, and an old page cannot be used again."""
    (link,) = create_links(server, 1)
    browser = link.visit()
    first = browser.pay(provider)
    browser.open(link.path)
    assert browser.page_state == "open"
    assert browser.pay(provider).reference == first.reference
    old_form, old_page = browser.form, browser.page
    browser.finish(first)
    for _i in range(2):
        browser.open(link.path)
        assert browser.page_state == "completed"
        assert not browser.form
    browser.form, browser.page = old_form, old_page
    assert_refused([browser.pay(provider)])
    assert_paid_once(ledger, [link])
    assert ledger.account(link.id).states == {"done": 1}


def test_A15_replayed_callback(server, ledger, gateway):
    """Through the webhook, twice at the same moment, and again after it was booked."""
    links = create_links(server, FEW_ROUNDS)
    for link in links:
        answer = link.visit().pay("loopback")
        text = gateway.compose(answer)
        for response in at_once(*[partial(gateway.send_webhook, text)] * 2):
            assert response.status_code == 200
    assert_paid_once(ledger, links)
    for response in at_once(*[partial(gateway.send_webhook, text)] * 2):
        assert response.status_code == 200
    assert_paid_once(ledger, links)


def test_A15_callback_storm(server, ledger, gateway):
    """Webhook and return route of one charge, from four clients at the same moment."""
    links = create_links(server, ROUNDS)
    for link in links:
        browser = link.visit()
        text = gateway.compose(browser.pay("loopback"))
        responses = at_once(
            partial(gateway.send_webhook, text),
            partial(gateway.send_back, text, browser),
            partial(gateway.send_webhook, text),
            partial(gateway.send_back, text, browser),
        )
        assert [response.status_code for response in responses] == [200] * 4
    assert_paid_once(ledger, links)


def test_rule_6_callbacks_do_not_keep_the_job_from_booking(server, ledger, gateway):
    """A provider that repeats itself while the job is at work: it is booked all the same."""
    links = create_links(server, FEW_ROUNDS)
    for link in links:
        text = gateway.compose(link.visit().pay("loopback"))

        def repeat(text=text, link=link):
            until = time.monotonic() + REPEATING_SECONDS
            while time.monotonic() < until and not ledger.account(link.id).payments:
                assert gateway.send_webhook(text).status_code == 200

        at_once(repeat, repeat)
        ledger.wait_for_jobs()
    assert_paid_once(ledger, links)


def test_rule_3_two_charges_of_one_browser_are_settled_at_the_same_moment(
    server, ledger, gateway
):
    """It tried again, and both payments went through: both are booked, one is surplus."""
    links = create_links(server, ROUNDS)
    for link in links:
        browser = link.visit()
        first = browser.pay("loopback")
        ledger.rows(  # Later than a double click.
            "UPDATE payment_transaction SET create_date = create_date"
            " - interval '1 minute' WHERE reference = %s RETURNING id",
            first.reference,
        )
        second = browser.pay("loopback")
        assert second.reference not in (None, first.reference)
        at_once(
            *(
                partial(gateway.send_webhook, gateway.compose(answer))
                for answer in (first, second)
            )
        )
    ledger.wait_for_jobs()
    for link in links:
        account = ledger.account(link.id)
        assert account.states == {"done": 2}, account
        assert (account.payments, account.booked) == (2, 2 * AMOUNT), account
        assert (account.state, account.payment_status) == ("completed", "paid"), account
        assert (account.paid, account.surplus) == (2 * AMOUNT, AMOUNT), account
        assert account.events["paid"] == 2, account
        assert account.events["completed"] == 1, account


def test_A15_the_page_is_recorded_while_its_payer_clicks(server, ledger):
    """What the page's script writes down never gets into the way of a quick payer."""
    links = create_links(server, FEW_ROUNDS)
    for link in links:
        browser = link.visit()
        opened, answer = at_once(
            partial(browser.rpc, f"{link.path}/opened", {}),
            partial(browser.pay, "demo"),
        )
        assert opened.status_code == 200 and "error" not in opened.json()
        assert answer.reference, answer
        browser.finish(answer)
        assert ledger.account(link.id).events["opened"] == 1
    assert_paid_once(ledger, links)


# === MANY SALESPEOPLE, ONE LINK === #


def test_E2_two_reissues_at_once_make_one(server, ledger):
    """The second one is told that it was replaced, and no link is asked for twice."""
    links = create_links(server, FEW_ROUNDS) + create_links(
        server, FEW_ROUNDS, on_orders=False
    )
    clerks = [Clerk(server) for _i in range(3)]
    for link in links:
        reissue = ("payment.link", "action_reissue", [link.id])
        answers = at_once(*(partial(clerk.attempt, *reissue) for clerk in clerks))
        refusals = [refusal for refusal in answers if refusal]
        assert len(refusals) == len(clerks) - 1, answers
        for refusal in refusals:
            assert "it was replaced already" in refusal or refusal in REFUSALS, refusal
    rows = ledger.rows(
        "SELECT new.amount, old.state, old.close_reason, new.state,"
        " new.reference = old.reference FROM payment_link old"
        " JOIN payment_link new ON new.id = old.replaced_by_id WHERE old.id IN %s",
        tuple(link.id for link in links),
    )
    expected = (AMOUNT, "cancelled", "reissued", "open", True)
    assert [(float(row[0]), *row[1:]) for row in rows] == [expected] * len(links)


def test_E2_reissued_while_somebody_pays(server, ledger):
    """Either she pays the old link, or she is told; never both links take the money."""
    links = create_links(server, FEW_ROUNDS, on_orders=False)
    clerk = Clerk(server)
    for link in links:
        browser = link.visit()
        paid, refusal = at_once(
            partial(browser.pay, "demo"),
            partial(clerk.attempt, "payment.link", "action_reissue", [link.id]),
        )
        assert bool(paid.reference) == bool(refusal), (paid, refusal)
