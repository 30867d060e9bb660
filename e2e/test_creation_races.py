"""Callers who ask for a link with the same reference at the same moment (A5)."""

from functools import partial

from clerks import Clerk
from races import ROUNDS, at_once

REFERENCES = 4
CALLERS = 8


def test_A5_one_reference_one_link(server, ledger):
    """All get the same link, which asks for what the first one asked for.

    Four references at a time: who loses a race waits up to two seconds, as Odoo has it.
    """
    clerks = [Clerk(server) for _caller in range(CALLERS)]
    amounts = [100.0 + place for place in range(CALLERS)]
    for number in range(ROUNDS // REFERENCES):
        references = [f"QUOTE-{number}-{place}" for place in range(REFERENCES)]
        found = at_once(
            *(
                partial(ask, clerk, reference, amount)
                for reference in references
                for clerk, amount in zip(clerks, amounts, strict=True)
            )
        )
        links = ledger.rows(
            "SELECT id, amount FROM payment_link WHERE reference IN %s"
            " ORDER BY reference",
            tuple(references),
        )
        assert found == [[link_id] for link_id, _amount in links for _ in clerks]
        assert {amount for _link_id, amount in links} <= set(amounts)


def ask(clerk, reference, amount):
    """Return the ids that somebody gets for a reference."""
    values = {"amount": amount}
    return clerk.call("payment.link", "find_or_create", reference, values)
