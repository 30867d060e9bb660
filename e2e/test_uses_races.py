"""Many payers at a link that can be paid more than once, on a real prefork server (D4)."""

import os
from functools import partial

import pytest
from ledger import Ledger
from links import AMOUNT, create_links
from payers import at_once
from test_races import PAYERS, visit_all

ROUNDS = 100 if os.environ.get("TEST_LONG") else 20
USES = 5


@pytest.fixture(scope="module")
def server(start_loopback_server):
    with start_loopback_server(workers=4, cron_threads=1) as running:
        yield running


@pytest.fixture(scope="module")
def ledger(server):
    opened = Ledger(server)
    yield opened
    opened.close()


def rush(link):
    """Let all payers click at the same moment; return those who may pay."""
    browsers = visit_all(link, PAYERS)
    answers = at_once(*(partial(browser.pay, "demo") for browser in browsers))
    pairs = zip(browsers, answers, strict=True)
    return [(browser, answer) for browser, answer in pairs if answer.reference]


def test_D4_five_uses_and_no_sixth(server, ledger):
    links = create_links(server, ROUNDS, on_orders=False, max_payments=USES)
    for link in links:
        # Who loses a race for the lock too often is told so, and may try again.
        charged = []
        while len(charged) < USES:
            won = rush(link)
            charged += won
            assert len(charged) <= USES
            assert won
        at_once(*(partial(browser.finish, answer) for browser, answer in charged))
    ledger.wait_for_jobs()
    for link in links:
        account = ledger.account(link.id)
        assert (account.settled, account.payments) == (USES, USES), account
        assert account.booked == account.paid == USES * AMOUNT, account
        assert (account.state, account.surplus) == ("completed", 0), account


def test_D4_without_limit_nobody_is_refused_for_good(server, ledger):
    (link,) = create_links(server, 1, on_orders=False, max_payments=0)
    paid = 0
    for _round in range(3):
        charged = rush(link)
        at_once(*(partial(browser.finish, answer) for browser, answer in charged))
        paid += len(charged)
    ledger.wait_for_jobs()
    account = ledger.account(link.id)
    assert paid == account.settled == account.payments, account
    assert account.paid == paid * AMOUNT
    assert account.state == "open"
