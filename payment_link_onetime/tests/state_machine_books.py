"""The books of a deal, kept once more: what is owed, who may pay, what a link becomes.

They are kept from what was done, in decimal numbers, and without asking the addon.
"""

from datetime import timedelta
from decimal import Decimal

from .state_machine_records import TAKEN, ZERO

CLAIM_TIME = timedelta(minutes=10)
THRESHOLD = Decimal(100)  # Links in dollars above it can be paid in parts.


class Books:
    """A deal as a careful clerk keeps it."""

    def __init__(self, now, order, invoices):
        self.now = now
        self.order = order
        self.invoices = invoices  # oldest first
        self.links = []
        self.charges = []
        self.known = {}  # of documents, when links followed them last

    # === WHAT DOCUMENTS OWE === #

    def get_open_amount(self, papers, *states):
        """Return what documents owe beside the money in some states.

        An order knows nothing but charges: below zero, so much more was paid than it
        is worth. Invoices are paid by what is in the books, and by what will be there.
        """
        if not papers[0].is_invoice:
            [order] = papers
            charges = [c for c in self.charges if order in c.papers]
            return order.total - sum(c.worth(*states) - c.refunded for c in charges)
        left = {p: p.total - p.reconciled for p in self.invoices if p.state == "open"}
        for charge in self.charges:
            amount = charge.get_unbooked(*states)
            for paper in charge.papers:
                part = min(left.get(paper, ZERO), amount)
                left[paper] = left.get(paper, ZERO) - part
                amount -= part
        return sum((left.get(paper, ZERO) for paper in papers), ZERO)

    def get_owed(self, papers):
        """Return what documents owe beside all money that came or is on its way."""
        return max(self.get_open_amount(papers, *TAKEN), ZERO)

    def get_to_pay(self, asked):
        """Return what a payer of the link is asked now."""
        if not asked.papers:
            return asked.due
        return min(asked.due, self.get_owed(asked.papers))

    def get_available(self, papers):
        """Return what another link on the documents may ask for."""
        return max(self._get_unasked(papers), ZERO)

    def can_be_asked(self, papers):
        """Tell whether documents are such that a link can be made on them."""
        return all(paper.state == "open" for paper in papers) and all(
            self.get_owed([paper]) > 0 for paper in papers if paper.is_invoice
        )

    def _is_settled(self, papers):
        return (
            all(paper.state != "draft" for paper in papers)
            and any(paper.state != "cancel" for paper in papers)
            and self.get_open_amount(papers, "done") <= 0
        )

    def _has_lapsed(self, paper):
        order = paper.record
        is_quote = not paper.is_invoice and order.state in ("draft", "sent")
        return is_quote and order.validity_date < self.now.date()

    def is_taking_money(self, asked):
        """Tell whether the link's documents take money through it."""
        papers = asked.papers
        return not papers or (
            any(paper.state != "cancel" for paper in papers)
            and all(paper.state != "draft" for paper in papers)
            and not any(self._has_lapsed(paper) for paper in papers)
            and self.get_total(papers) == asked.total
            and self.get_owed(papers) > 0
        )

    def get_total(self, papers):
        """Return what documents are worth."""
        if len(papers) == 1 and not papers[0].is_invoice:
            return papers[0].total
        return sum((p.total for p in papers if p.state != "cancel"), ZERO)

    # === WHO MAY DO WHAT === #

    def is_running(self, asked):
        return self.now <= asked.expires_at

    def _is_asking(self, asked):
        return asked.state == "open" and self.is_running(asked)

    def _get_drafts(self, asked):
        return [
            charge
            for charge in asked.charges
            if charge.state == "draft" and charge.created > self.now - CLAIM_TIME
        ]

    def is_being_paid(self, asked):
        """Tell whether somebody started to pay just now."""
        if asked.uses == 1:
            return asked.claimed_by is not None and self.now < asked.claimed_until
        return bool(self._get_drafts(asked))

    def is_held_by_others(self, asked, payer):
        """Tell whether others are paying all that there is to pay."""
        if asked.uses == 1:
            return self.is_being_paid(asked) and asked.claimed_by != payer
        others = {c.payer for c in self._get_drafts(asked)} - {payer}
        return asked.uses and asked.used + len(others) >= asked.uses

    def may_pay(self, asked, payer):
        """Tell whether a payer may start to pay now."""
        return (
            self._is_asking(asked)
            and self.get_to_pay(asked) > 0
            and self.is_taking_money(asked)
            and not self.is_held_by_others(asked, payer)
        )

    def may_choose(self, asked, amount):
        """Tell whether a payer may pay an amount, `None` for all that is due."""
        due = self.get_to_pay(asked)
        if amount is None or not asked.minimum:
            return amount in (None, due)
        return min(asked.minimum, due) <= amount <= due

    def may_expire(self, asked):
        """Tell whether a link may be closed as if its time were over: rule 5."""
        is_under_way = asked.add("pending", "authorized") or self.is_being_paid(asked)
        return asked.state in ("open", "expired") and not is_under_way

    def may_replace(self, asked):
        """Tell whether a link can be made anew at another address."""
        papers = asked.papers
        amount = self.get_to_pay(asked)
        own = asked.due if self._is_asking(asked) else ZERO  # It makes way.
        return (
            not asked.is_replaced
            and asked.state != "completed"
            and not asked.add("pending", "authorized")
            and not self.is_being_paid(asked)
            and amount > 0
            and self.is_taking_money(asked)
            and (
                not papers
                or self.can_be_asked(papers)
                and amount <= max(self._get_unasked(papers) + own, ZERO)
            )
        )

    def _get_unasked(self, papers):
        asking = [
            asked
            for asked in self.links
            if self._is_asking(asked) and not set(papers).isdisjoint(asked.papers)
        ]
        return self.get_owed(papers) - sum((asked.due for asked in asking), ZERO)

    # === WHAT HAPPENS === #

    def add_link(self, asked):
        self.links.append(asked)
        for other in self.links:
            is_waiting = other.reason in ("superseded", "document_cancelled")
            if is_waiting and not set(other.papers).isdisjoint(asked.papers):
                other.is_replaced = True

    def add_charge(self, charge):
        self.charges.append(charge)
        if asked := charge.link:
            asked.charges.append(charge)
            if asked.uses == 1:
                asked.claimed_by = charge.payer
                asked.claimed_until = self.now + CLAIM_TIME

    def hear(self, charge, state):
        """Follow a provider's word on a charge."""
        if charge.hear(state) and charge.link:
            charge.link.claimed_by = None
            self.move(charge.link, charge if state == "done" else None)

    def move(self, asked, settled_charge=None):
        """Let a link follow its charges."""
        if settled_charge and (
            asked.state in ("cancelled", "expired")
            or settled_charge.created > asked.expires_at
        ):
            asked.is_paid_late = True
        asked.status = self._get_status(asked)
        is_closable = asked.uses and asked.state in ("open", "expired")
        if is_closable and self._is_paid(asked):
            asked.close("completed")
        if settled_charge and asked.successor:
            self._move_successor(asked)

    def _move_successor(self, asked):
        """Let the link that took over a request follow money of the old one."""
        while asked.successor:
            asked = asked.successor
        if asked.state in ("open", "expired") and not asked.surplus and not asked.due:
            asked.status = self._get_status(asked)
            if self._is_paid(asked):
                asked.close("completed")
            elif not asked.add("pending", "authorized"):
                asked.close("cancelled", "settled_elsewhere")

    def _is_paid(self, asked):
        paid = asked.add("done")
        is_settled = asked.papers and self._is_settled(asked.papers)
        return paid and (paid >= asked.asked or is_settled)

    def _get_status(self, asked):
        paid = asked.add("done")
        if asked.refunded > asked.surplus:
            return "refunded" if asked.refunded >= paid else "partially_refunded"
        if self._is_paid(asked):
            return "paid"
        if asked.add("pending", "authorized"):
            return "processing"
        return "partially_paid" if paid else "unpaid"

    def expire(self):
        """Close the links whose time is over and that nobody is paying: rule 5."""
        for asked in self.links:
            is_waited_for = self._get_drafts(asked) or not self.may_expire(asked)
            if asked.state == "open" and not self.is_running(asked):
                if not is_waited_for:
                    asked.close("expired")

    def get_unbooked(self):
        """Return the charges and captures that a job can book, in its order."""
        return sorted(
            (
                (charge, source)
                for charge in self.charges
                for source in charge.get_settled()
                if source.unallocated is None and self._can_be_booked(charge)
            ),
            key=lambda pair: (bool(pair[0].link), pair[1].tx.id),
        )

    def _can_be_booked(self, charge):
        """Tell whether a job books a charge: Odoo's own posts drafts when it does."""
        return charge.link or all(
            p.is_invoice and p.state == "open" for p in charge.papers
        )

    def book(self):
        """Book what was settled, and let it pay the invoices, oldest first."""
        for charge, source in self.get_unbooked():
            source.unallocated = source.amount
            self.allocate(charge, source)

    def allocate(self, charge, source):
        for paper in charge.papers:
            if paper.is_invoice and paper.state == "open" and source.unallocated:
                part = min(paper.total - paper.reconciled, source.unallocated)
                paper.reconciled += part
                source.unallocated -= part

    def post(self, invoice):
        """Post an invoice that was worked on, and let it have what was paid for it."""
        invoice.state = "open"
        for charge in self.charges:
            if invoice in charge.papers:
                for source in charge.get_settled():
                    self.allocate(charge, source)

    def answer(self, asked):
        """Follow a provider that did all that it was asked."""
        parts = [part for charge in asked.charges for part in charge.parts]
        news = [m for m in (*parts, *asked.get_refunds()) if not m.is_done]
        for money in news:
            money.is_done = True
            if money.kind != "refund":
                asked.claimed_by = None
        for charge in asked.charges:
            is_all = sum(part.amount for part in charge.parts) == charge.amount
            if charge.state == "authorized" and is_all:
                is_captured = any(part.kind == "capture" for part in charge.parts)
                charge.state = "done" if is_captured else "cancel"
        for charge in asked.charges:
            is_captured = any(m in charge.parts and m.kind == "capture" for m in news)
            if is_captured:
                self.move(asked, charge)
        if news:
            self.move(asked)

    # === WHAT DOCUMENTS DO TO THEIR LINKS === #

    def follow(self):
        """Close open links as the commit must have done: G4 and rule 13.

        Only where a document was changed, or where money came for it.
        """
        changed = self._find_changed()
        for asked in self.links:
            if asked.state == "open" and not changed.isdisjoint(asked.papers):
                self._follow(asked)
        asking = [a for a in self.links if a.papers and self._is_asking(a)]
        while asking:  # Some links share some of their documents with each other.
            group = [asking.pop()]
            papers = set(group[0].papers)
            while near := [a for a in asking if not papers.isdisjoint(a.papers)]:
                group += near
                papers.update(*(asked.papers for asked in near))
                asking = [asked for asked in asking if asked not in near]
            is_paused = any(paper.state == "draft" for paper in papers)
            if not changed.isdisjoint(papers) and not is_paused:
                self._fit(group)

    def _find_changed(self):
        """Return the documents to which something happened since it was asked last."""
        changed = set()
        for paper in (self.order, *self.invoices):
            facts = {(paper.state, paper.total, paper.reconciled)}
            facts |= {
                (charge, charge.state)
                for charge in self.charges
                if paper in charge.papers and charge.state in TAKEN
            }
            if facts - self.known.get(paper, set()):
                changed.add(paper)
            self.known[paper] = facts
        return changed

    def _follow(self, asked):
        papers = asked.papers
        if all(paper.state == "cancel" for paper in papers):
            asked.close("cancelled", "document_cancelled")
        elif any(paper.state == "draft" for paper in papers):
            return
        elif self._is_settled(papers) and asked.add("done"):
            asked.close("completed")
            asked.status = self._get_status(asked)
        elif self._is_settled(papers):
            asked.close("cancelled", "settled_elsewhere")
        elif self.get_total(papers) != asked.total:
            asked.close("cancelled", "superseded")

    def _fit(self, asking):
        """Close the newest links, and last those that somebody is paying."""
        asking.sort(key=lambda asked: (not self.is_being_paid(asked), asked.link.id))
        papers = list({paper for asked in asking for paper in asked.papers})
        while len(asking) > 1 and (
            sum(asked.due for asked in asking) > self.get_owed(papers)
        ):
            asked = asking.pop()
            asked.close("cancelled", "superseded")
            asked.is_replaced = True
