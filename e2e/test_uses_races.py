"""Many payers at a link that can be paid more than once, on a real prefork server (D4)."""

from links import AMOUNT, create_links
from races import ROUNDS, finish_at_once, rush

SERVER = {"workers": 4, "cron_threads": 1}

USES = 5


def test_D4_five_uses_and_no_sixth(server, ledger):
    links = create_links(server, ROUNDS, on_orders=False, max_payments=USES)
    for link in links:
        # Who loses a race for the lock too often is told so, and may try again.
        charged = []
        while len(charged) < USES:
            won, _refused = rush(link)
            charged += won
            assert len(charged) <= USES
            assert won
        finish_at_once(charged)
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
        charged, _refused = rush(link)
        finish_at_once(charged)
        paid += len(charged)
    ledger.wait_for_jobs()
    account = ledger.account(link.id)
    assert paid == account.settled == account.payments, account
    assert account.paid == paid * AMOUNT
    assert account.state == "open"
