"""What is known of documents, charges and links from what was done with them.

In decimal numbers, and without asking the addon.
"""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

CENT = Decimal("0.01")
ZERO = Decimal()
TAKEN = ("pending", "authorized", "done")

# Which states of a charge follow which, whatever order callbacks arrive in.
FOLLOWS = {
    "pending": {"draft"},
    "authorized": {"draft", "pending"},
    "done": {"draft", "pending", "authorized", "error"},
    "cancel": {"draft", "pending", "authorized"},
    "error": {"draft", "pending", "authorized"},
}


def decimal(amount):
    """Return an amount of Odoo's as an exact number of cents."""
    return Decimal(str(amount)).quantize(CENT)


def percentage(amount, percent):
    """Return so many percent of an amount, in whole cents."""
    return (amount * percent / 100).quantize(CENT)


@dataclass(eq=False)
class Paper:
    """A document: an order, or an invoice."""

    record: object
    total: Decimal
    is_invoice: bool = False
    state: str = "open"  # or "draft" (an invoice that is worked on), "cancel"
    reconciled: Decimal = ZERO  # of an invoice: what the books say was paid

    def __repr__(self):
        return f"<{self.record._table} {self.state} {self.total}-{self.reconciled}>"


@dataclass(eq=False)
class Money:
    """A charge or a part of one: a capture, a void, a refund."""

    kind: str
    amount: Decimal
    tx: object = None
    is_done: bool = False
    refunds: list = field(default_factory=list)
    unallocated: Decimal | None = None  # None: not booked yet

    @property
    def refundable(self):
        if self.kind != "capture" or not self.is_done:
            return ZERO
        return self.amount - sum(refund.amount for refund in self.refunds)


@dataclass(eq=False)
class Charge(Money):
    """A transaction that a payer started, at a link or at Odoo's own door."""

    link: object = None
    papers: list = field(default_factory=list)
    payer: str = ""
    created: datetime | None = None
    state: str = "draft"
    was_held: bool = False
    parts: list = field(default_factory=list)  # captures and voids

    def worth(self, *states):
        """Return how much of the charge is in some states."""
        return sum((self._worth(state) for state in states), ZERO)

    def _worth(self, state):
        if state == "done":
            return sum((source.amount for source in self.get_settled()), ZERO)
        if state != self.state:
            return ZERO
        return self.amount - sum(part.amount for part in self.parts if part.is_done)

    def get_settled(self):
        """Return what brought money: the charge, or its captures."""
        if any(part.is_done for part in self.parts):
            return [p for p in self.parts if p.is_done and p.kind == "capture"]
        return [self] if self.state == "done" else []

    def get_unbooked(self, *states):
        """Return how much of what is in some states is not in the books."""
        booked = (s.amount for s in self.get_settled() if s.unallocated is not None)
        return self.worth(*states) - sum(booked, ZERO)

    @property
    def left(self):
        """What can still be captured or voided."""
        if self.state != "authorized":
            return ZERO
        return self.amount - sum(part.amount for part in self.parts)

    @property
    def refundable(self):
        if self.state != "done" or self.parts:
            return ZERO
        return self.amount - sum(refund.amount for refund in self.refunds)

    def get_refunds(self):
        return [r for source in (self, *self.parts) for r in source.refunds]

    @property
    def refunded(self):
        return sum((r.amount for r in self.get_refunds() if r.is_done), ZERO)

    def hear(self, state):
        """Follow what the provider says, and return whether it was news."""
        is_revived = self.state == "cancel" and (
            state == "done" or (state == "authorized" and not self.was_held)
        )
        if self.state not in FOLLOWS[state] and not (self.link and is_revived):
            return False
        self.state = state
        self.was_held |= state == "authorized"
        return True


@dataclass(eq=False)
class Asked:
    """A link."""

    link: object
    amount: Decimal
    papers: list
    expires_at: datetime
    fixed: dict  # what nobody may change
    total: Decimal = ZERO  # of the documents, when the link was made
    uses: int = 1  # how often it can be paid, 0: no limit
    minimum: Decimal | None = None  # of a link that can be paid in parts
    state: str = "open"
    reason: str | None = None  # why it was cancelled
    is_replaced: bool = False
    replaces: object = None  # the link that was made anew as this one
    successor: object = None
    is_paid_late: bool = False
    status: str = "unpaid"
    charges: list = field(default_factory=list)
    claimed_by: str | None = None
    claimed_until: datetime = datetime.min
    events: list = field(default_factory=list)
    closings: list = field(default_factory=list)  # the states that it closed with

    def __repr__(self):
        return f"<Link {self.link.id} {self.amount} {self.state} {self.reason}>"

    def close(self, state, reason=None):
        self.state, self.reason = state, reason
        self.closings.append(state)

    def add(self, *states):
        return sum((charge.worth(*states) for charge in self.charges), ZERO)

    def get_refunds(self):
        return [r for charge in self.charges for r in charge.get_refunds()]

    def get_settled(self):
        return [s for charge in self.charges for s in charge.get_settled()]

    @property
    def refunded(self):
        return sum((charge.refunded for charge in self.charges), ZERO)

    @property
    def used(self):
        return sum(charge.state in TAKEN for charge in self.charges)

    @property
    def asked(self):
        """What all payments together may come to."""
        if self.replaces and self.uses == 1:
            return min(self.amount, self.replaces.due)
        return self.amount * (self.uses or 1)

    @property
    def due(self):
        if self.state == "completed":
            return ZERO
        if self.uses == 1:
            return max(self.asked - self.add(*TAKEN), ZERO)
        return ZERO if self.uses and self.used >= self.uses else self.amount

    @property
    def surplus(self):
        return max(self.add("done") - self.asked, ZERO) if self.uses else ZERO
