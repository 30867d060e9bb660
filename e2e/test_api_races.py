"""Programs and payers at the same link at the same moment, on a real prefork server."""

from collections import Counter
from contextlib import contextmanager
from functools import partial
from threading import Event

import pytest
from links import AMOUNT, Link
from payers import Browser
from races import FEW_ROUNDS, ROUNDS, at_once
from shops import Shop, make_key

SERVER = {"workers": 4, "cron_threads": 1}
pytestmark = pytest.mark.usefixtures("clean_log")

CALLERS = 8
LATE = ((409, "payment_under_way"), (409, "conflict"), (400, "already_paid"))
REFUSALS = (
    "This payment link was cancelled.",
    "Somebody is paying this right now. Please try again in a few minutes.",
)
NOT_DELETABLE = "Cannot delete a link with successful transactions"


@pytest.fixture(scope="module")
def shop(server):
    return Shop(server, make_key(server))


@pytest.fixture
def sell(server, shop, ledger):
    """Give a function that creates a link by the API, as its payers know it."""

    def create(**body):
        shown = shop.create(**body)
        ((link_id,),) = ledger.rows(
            "SELECT id FROM payment_link WHERE code = %s", shown["id"]
        )
        link = Link(server, link_id, shown["link_url"])
        link.code = shown["id"]
        return link

    return create


@contextmanager
def manual_capture(server):
    """Let the demo provider authorise only, until somebody captures."""
    for is_manual in (True, False):
        with server.environment() as env:
            provider = env.ref("payment.payment_provider_demo")
            provider.capture_manually = is_manual
        if is_manual:
            yield


def pay(link):
    """Do all that a payer does."""
    browser = link.visit()
    answer = browser.pay("demo")
    assert answer.reference, answer
    browser.finish(answer)


def count_statuses(responses):
    return Counter(response.status_code for response in responses)


# === THE MONEY === #


def test_C5_two_captures_of_one_authorization(server, shop, ledger, sell):
    """One is taken, the other is told that the money is gone; it is captured once."""
    links = [sell() for _round in range(ROUNDS)]
    with manual_capture(server):
        for link in links:
            pay(link)
    for link in links:
        path = f"/links/{link.code}/capture"
        capture = partial(shop.ask, "POST", path, {})
        responses = at_once(capture, capture)
        assert count_statuses(responses) == {202: 1, 409: 1}, responses
        (late,) = (answer for answer in responses if answer.status_code == 409)
        assert late.json()["code"] in ("nothing_held", "conflict"), late.text
    ledger.wait_for_requests()
    for link in links:
        account = ledger.account(link.id)
        assert account.states == {"done": 2}, account  # The charge, and its capture.
        assert (account.paid, account.booked, account.payments) == (AMOUNT, AMOUNT, 1)
        shown = shop.read(link.code)
        assert (shown["amount_paid"], shown["amount_authorized"]) == ("100.00", "0.00")
        assert shown["is_complete"] is True


def test_C5_capture_and_void_of_one_authorization(server, shop, ledger, sell):
    """The money is taken or given back, never both."""
    links = [sell() for _round in range(FEW_ROUNDS)]
    with manual_capture(server):
        for link in links:
            pay(link)
    for link in links:
        responses = at_once(
            *(
                partial(shop.ask, "POST", f"/links/{link.code}/{what}", {})
                for what in ("capture", "void")
            )
        )
        assert count_statuses(responses) == {202: 1, 409: 1}, responses
        link.is_captured = responses[0].status_code == 202
    ledger.wait_for_requests()
    for link in links:
        paid = AMOUNT if link.is_captured else 0
        account = ledger.account(link.id)
        assert (account.paid, account.booked) == (paid, paid), account


def test_A12_eight_refunds_never_more_than_was_paid(shop, ledger, sell):
    """Eight times 30.00 of 100.00: three at most, however they come."""
    links = [sell() for _round in range(FEW_ROUNDS)]
    for link in links:
        pay(link)
    ledger.wait_for_jobs()
    body = {"amount": "30.00", "reason": "Broken"}
    for link in links:
        path = f"/links/{link.code}/refund"
        refund = partial(shop.ask, "POST", path, body)
        responses = at_once(*[refund] * CALLERS)
        statuses = count_statuses(responses)
        assert set(statuses) <= {202, 409, 422}, [answer.text for answer in responses]
        link.refunds = statuses[202]
        assert 1 <= link.refunds <= 3, statuses
    ledger.wait_for_requests()
    for link in links:
        ((amount, count),) = ledger.rows(
            "SELECT -SUM(amount), COUNT(*) FROM payment_transaction"
            " WHERE payment_link_id = %s AND operation = 'refund' AND state = 'done'",
            link.id,
        )
        assert (float(amount), count) == (30.0 * link.refunds, link.refunds)
        assert shop.read(link.code)["amount_net"] == f"{100 - amount:.2f}"


# === CLOSING WHILE SOMEBODY PAYS === #


def test_B8_delete_while_somebody_starts_to_pay(shop, ledger, sell):
    """Either the payer is let in or the link is deleted, never both."""
    links = [sell() for _round in range(ROUNDS)]
    winners = Counter()
    for link in links:
        browser = link.visit()
        path = f"/links/{link.code}"
        answer, deletion = at_once(
            partial(browser.pay, "demo"), partial(shop.ask, "DELETE", path)
        )
        link.is_deleted = deletion.status_code == 200
        winners[link.is_deleted] += 1
        if link.is_deleted:
            assert answer.refusal in REFUSALS, answer
        else:
            problem = deletion.json()
            assert (problem["status"], problem["code"]) in LATE, problem
            assert answer.reference, answer
            browser.finish(answer)
            again = shop.ask("DELETE", path).json()
            assert (again["status"], again["message"]) == (400, NOT_DELETABLE), again
    assert winners[True], "the payer won each time"
    ledger.wait_for_jobs()
    for link in links:
        account = ledger.account(link.id)
        paid = 0 if link.is_deleted else AMOUNT
        assert (account.paid, account.booked) == (paid, paid), account
        assert shop.read(link.code)["is_delete"] is link.is_deleted
        assert Browser(link.server.url).open(link.path).status_code == (
            410 if link.is_deleted else 200
        )


def test_B8_delete_while_the_provider_says_it_is_paid(server, shop, ledger, sell):
    """Here the payer's time is over. Before the money: it is deleted, and what arrives
    is kept, and said to be late. After it: it is not, to the letter."""
    links = [sell() for _round in range(ROUNDS)]
    for link in links:
        browser = link.visit()
        answer = browser.pay("demo")
        with server.environment() as env:
            env["payment.link"].browse(link.id)._store({"claimed_until": False})
        _landing, deletion = at_once(
            partial(browser.finish, answer),
            partial(shop.ask, "DELETE", f"/links/{link.code}"),
        )
        link.is_deleted = deletion.status_code == 200
        if not link.is_deleted:
            problem = deletion.json()
            assert problem["status"] in (400, 409), problem
            assert problem["status"] == 409 or problem["message"] == NOT_DELETABLE
    ledger.wait_for_jobs()
    for link in links:
        account = ledger.account(link.id)
        assert (account.paid, account.booked, account.payments) == (AMOUNT, AMOUNT, 1)
        shown = shop.read(link.code)
        state = "cancelled" if link.is_deleted else "completed"
        assert (shown["state"], shown["is_delete"]) == (state, link.is_deleted)
        assert shown["paid_late"] is link.is_deleted
        assert shown["payment_status"] == "paid"


def test_D9_cancel_while_somebody_starts_to_pay(shop, ledger, sell):
    links = [sell() for _round in range(FEW_ROUNDS)]
    for link in links:
        browser = link.visit()
        answer, cancelling = at_once(
            partial(browser.pay, "demo"),
            partial(shop.ask, "POST", f"/links/{link.code}/cancel"),
        )
        assert cancelling.status_code in (200, 409), cancelling.text
        link.is_charged = bool(answer.reference)
        if link.is_charged:
            browser.finish(answer)
        link.is_cancelled = cancelling.status_code == 200
    ledger.wait_for_jobs()
    for link in links:
        paid = AMOUNT if link.is_charged else 0
        account = ledger.account(link.id)
        assert (account.paid, account.booked) == (paid, paid), account
        state = "cancelled" if link.is_cancelled else "completed"
        assert shop.read(link.code)["state"] == state


# === THE LIST === #


def test_list_is_read_to_the_end_while_eight_create_links(shop):
    """What was there at the start is seen once; what is new is seen once or not."""
    before = {shop.create()["id"] for _number in range(60)}
    is_read = Event()

    def go_on_creating():
        made = []
        while not is_read.is_set():
            made.append(shop.create()["id"])
        return made

    def read_to_the_end():
        seen, cursor = [], {}
        try:
            while cursor is not None:
                page = shop.ask("GET", "/links", limit=3, **cursor).json()
                seen += [link["id"] for link in page["data"]]
                cursor = page["next_cursor"] and {"cursor": page["next_cursor"]}
        finally:
            is_read.set()
        return seen

    seen, *made = at_once(read_to_the_end, *[go_on_creating] * CALLERS)
    assert sum(map(len, made)) > CALLERS, "links were created meanwhile"
    counts = Counter(seen)
    assert before <= set(counts)
    assert set(counts.values()) == {1}
