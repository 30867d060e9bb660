"""What people, providers and time do in the random lives of a deal and its links."""

from datetime import timedelta
from decimal import ROUND_UP

from hypothesis import strategies as st
from hypothesis.stateful import initialize, multiple, precondition, rule

from odoo import Command
from odoo.tools import mute_logger

from .state_machine import FIXED, Life
from .state_machine_books import THRESHOLD
from .state_machine_records import CENT, ZERO, Asked, Charge, Money, decimal, percentage

TELL = {
    "pending": "_set_pending",
    "authorized": "_set_authorized",
    "done": "_set_done",
    "cancel": "_set_canceled",
    "error": "_set_error",
}
STARTS = (
    "halves",
    "less",
    "refund",
    "late",
    "surplus",
    "capture",
    "parts",
    "uses",
    "crowd",
    "both",
)
PAYERS = st.sampled_from(["her", "him", "them"])
NUMBERS = st.integers(0, 9)
# What a payer chooses to pay: `None` for all, a percentage of what is due, or the
# minimum, or a cent too little or too much.
CHOICES = st.sampled_from([None, None, 50, 80, 100, "least", "too little", "too much"])


def is_late(deal):
    """Tell whether a deal may end: before, there is more to see."""
    return deal.steps > 8


class Deal(Life):
    """What can be done to an order, two invoices, and links on them or on nothing."""

    links, charges = Life.links, Life.charges

    # === HOW IT BEGINS === #

    @initialize(target=links, start=st.sampled_from(STARTS))
    def start(self, start):
        """Begin where something happened already, so that more can follow it."""
        begin = getattr(self, f"_start_with_{start}")
        return multiple(*begin())

    def _start_with_halves(self):
        """Two links that ask together for all of the order."""
        return [self.do("ask_for_documents", "order", 50, None) for _number in range(2)]

    def _start_with_less(self):
        """Three links ask for more than is owed once money came elsewhere."""
        links = [self.do("ask_for_documents", "order", 30, None) for _number in "123"]
        self.do("pay_at_another_door", "order", 25, "done")
        return links

    def _start_with_refund(self):
        """Half of what was paid for the order was given back."""
        links = self._start_with_halves()
        self.do("pay", 0, None, "done", True)
        self.do("refund", 0, 50, True)
        self.do("refund", 0, "too much", False)
        return links

    def _start_with_late(self):
        """Money came after the link had expired."""
        link = self.do("ask_for_anything", 100_00, 1, None)
        charge = self.do("pay", 0, None, "draft", False)
        self.do("wait", 60 * 24 * 31)
        self.do("run_jobs")
        self.do("hear_from_the_provider", charge, "done", 1)
        return [link]

    def _start_with_surplus(self):
        """Somebody paid twice, in two tabs."""
        link = self.do("ask_for_anything", 100_00, 1, None)
        tabs = [self.do("pay", 0, None, "draft", False) for _number in range(2)]
        for charge in tabs:
            self.do("hear_from_the_provider", charge, "done", 1)
        return [link]

    def _start_with_capture(self):
        """A part of what was held for the order was captured."""
        links = self._start_with_halves()
        self.do("pay", 0, None, "authorized", False)
        self.do("capture_or_void", 0, "capture", 40, True)
        return links

    def _start_with_parts(self):
        """A first instalment."""
        link = self.do("ask_for_documents", "order", 100, 30)
        self.do("pay", 0, "least", "done", False)
        return [link]

    def _start_with_uses(self):
        """Somebody is paying a link for two."""
        link = self.do("ask_for_anything", 100_00, 2, None)
        self.do("pay", 0, None, "draft", False)
        return [link]

    def _start_with_crowd(self):
        """Two are paying a link for two, and a third one is told to wait."""
        link = self.do("ask_for_anything", 100_00, 2, None)
        for payer in ("her", "him", "them"):
            self.do("click_pay", link, payer, None)
        return [link]

    def _start_with_both(self):
        """Two links share an invoice, and somebody is paying both invoices in parts."""
        links = [
            self.do("ask_for_documents", "second", 30, None),
            self.do("ask_for_documents", "both", 80, 30),
        ]
        self.do("pay", 1, 50, "draft", False)
        return links

    # === WHO ASKS === #

    @rule(
        target=links,
        which=st.sampled_from(["order", "order", "first", "second", "both"]),
        percent=st.sampled_from([10, 30, 50, 100]),
        minimum=st.sampled_from([None, None, 30]),
    )
    def ask_for_documents(self, which, percent, minimum):
        papers = self.papers[which]
        amount = percentage(self.books.get_total(papers), percent)
        values = {"sale_order_id": papers[0].record.id}
        if which != "order":
            records = [paper.record.id for paper in papers]
            values = {"invoice_ids": [Command.set(records)]}
        is_allowed = (
            self.books.can_be_asked(papers)
            and 0 < amount <= self.books.get_available(papers)
            and (minimum is None or amount > THRESHOLD)
        )
        return self._ask(is_allowed, amount, papers, minimum, **values)

    @rule(
        target=links,
        cents=st.integers(1, 10**7),
        uses=st.sampled_from([1, 1, 2, 3, 0]),
        minimum=st.sampled_from([None, None, 30, 50]),
    )
    def ask_for_anything(self, cents, uses, minimum):
        amount = decimal(cents) / 100
        is_allowed = minimum is None or (amount > THRESHOLD and uses == 1)
        company = {"company_id": self.case.company.id}
        return self._ask(is_allowed, amount, [], minimum, max_payments=uses, **company)

    def _ask(self, is_allowed, amount, papers, minimum, **values):
        values["amount"] = float(amount)
        if minimum:
            values.update(allow_partial=True, minimum_percent=minimum)
        links = self.env["payment.link"]
        if link := self._try(is_allowed, links.create, values):
            if minimum:
                share = amount * minimum / 100
                minimum = share.quantize(CENT, ROUND_UP)
            return self._remember(link, amount, papers, minimum)
        return multiple()

    def _remember(self, link, amount, papers, minimum, replaces=None):
        fixed = {name: link[name] for name in FIXED}
        asked = Asked(link, amount, papers, link.expires_at, fixed, minimum=minimum)
        asked.uses = link.max_payments
        asked.replaces = replaces
        if papers:
            asked.total = self.books.get_total(papers)
        self.books.add_link(asked)
        return asked

    @rule(target=links, asked=links)
    def reissue(self, asked):
        amount = self.books.get_to_pay(asked)
        is_allowed = self.books.may_replace(asked)
        link = self._try(is_allowed, asked.link._reissue)
        if not link:
            return multiple()
        asked.close("cancelled", "reissued")
        asked.is_replaced = True
        is_partial = asked.minimum and max(asked.minimum, THRESHOLD) < amount
        minimum = asked.minimum if is_partial else None
        new = self._remember(link, amount, asked.papers, minimum, replaces=asked)
        asked.successor = new
        assert link.allow_partial == bool(minimum)
        assert link.reference == asked.link.reference
        assert new.uses == (asked.uses - asked.used if asked.uses > 1 else asked.uses)
        return new

    @precondition(is_late)
    @rule(asked=links, is_time_over=st.booleans())
    def close(self, asked, is_time_over):
        if is_time_over:
            is_allowed = self.books.may_expire(asked)
            self._try(is_allowed, asked.link.action_expire)
        else:
            is_allowed = asked.state != "completed"
            self._try(is_allowed, asked.link.action_cancel)
        if is_allowed and asked.state == "open":
            state, reason = (
                ("expired", None) if is_time_over else ("cancelled", "manual")
            )
            asked.close(state, reason)

    # === WHO PAYS === #

    @rule(target=charges, asked=links, payer=PAYERS, choice=CHOICES)
    def click_pay(self, asked, payer, choice):
        amount = self._choose(asked, choice)
        is_allowed = self.books.may_pay(asked, payer) and self.books.may_choose(
            asked, amount
        )
        link = asked.link
        charged = self._try(
            is_allowed, link._claim, payer, displayed_amount=amount and float(amount)
        )
        if charged is None:
            return multiple()
        amount = amount or self.books.get_to_pay(asked)
        assert decimal(charged) == amount, (charged, amount)
        tx = self.case._create_transaction(
            "direct",
            amount=charged,
            currency_id=link.currency_id.id,
            partner_id=link._get_charge_partner().id,
            reference=f"{link.code}-{link.charge_count}",
            **link._get_charge_values(payer),
        )
        return self._start_charge(tx, amount, asked.papers, asked, payer)

    def _choose(self, asked, choice):
        due = self.books.get_to_pay(asked)
        if not choice:
            return None
        if choice == "too much":
            return due + CENT
        if isinstance(choice, int):
            return percentage(due, choice)
        least = min(asked.minimum or due, due)
        return least if choice == "least" else least - CENT

    def _start_charge(self, tx, amount, papers, asked=None, payer=""):
        charge = Charge("charge", amount, tx, link=asked, papers=papers, payer=payer)
        charge.created = self.books.now
        self.books.add_charge(charge)
        return charge

    @rule(charge=charges, state=st.sampled_from(sorted(TELL)), times=st.integers(1, 2))
    def hear_from_the_provider(self, charge, state, times):
        if charge.parts:
            return  # The provider speaks of the parts, and the job listens.
        message = ("It said so.",) if state == "error" else ()
        with mute_logger("odoo.addons.payment.models.payment_transaction"):
            for _time in range(times):
                getattr(charge.tx, TELL[state])(*message)
        self.books.hear(charge, state)

    @rule(
        target=charges,
        number=NUMBERS,
        choice=CHOICES,
        state=st.sampled_from(["done", "done", "done", "authorized", "draft"]),
        is_booked=st.booleans(),
    )
    def pay(self, number, choice, state, is_booked):
        """What mostly happens, so that what can follow it is tried often."""
        payable = [a for a in self.books.links if self.books.may_pay(a, "her")]
        if not payable:
            return multiple()
        charge = self.click_pay(payable[number % len(payable)], "her", choice)
        if isinstance(charge, Charge):
            if state != "draft":
                self.hear_from_the_provider(charge, state, 1)
            if is_booked:
                self.run_jobs()
        return charge

    @rule(
        target=charges,
        which=st.sampled_from(["order", "order", "first", "second"]),
        percent=st.sampled_from([1, 25, 50, 100]),
        state=st.sampled_from(["pending", "done"]),
    )
    def pay_at_another_door(self, which, percent, state):
        [paper] = self.papers[which]
        if paper.state != "open":
            return multiple()
        field_name = "invoice_ids" if paper.is_invoice else "sale_order_ids"
        amount = percentage(paper.total, percent)
        tx = self.case._create_transaction(
            "direct",
            amount=float(amount),
            currency_id=paper.record.currency_id.id,
            partner_id=paper.record.partner_id.id,
            reference=f"portal-{self.env['payment.transaction'].search_count([])}",
            **{field_name: [Command.set(paper.record.ids)]},
        )
        charge = self._start_charge(tx, amount, [paper])
        self.hear_from_the_provider(charge, state, 1)
        return charge

    # === WHO KEEPS THE BOOKS === #

    @rule(
        number=NUMBERS,
        kind=st.sampled_from(["capture", "capture", "void"]),
        percent=st.sampled_from([40, 100]),
        is_booked=st.booleans(),
    )
    def capture_or_void(self, number, kind, percent, is_booked):
        charges = [c for c in self.books.charges if c.link]
        charges = [c for c in charges if c.left] or charges
        if not charges:
            return
        charge = charges[number % len(charges)]
        amount = percentage(charge.amount, percent)
        request = {"capture": charge.tx._capture, "void": charge.tx._void}[kind]
        tx = self._try(0 < amount <= charge.left, request, float(amount))
        if tx:
            charge.parts.append(Money(kind, amount, tx))
            if is_booked:
                self.run_jobs()

    @rule(
        number=NUMBERS,
        percent=st.sampled_from([1, 50, 100, "too much"]),
        is_booked=st.booleans(),
    )
    def refund(self, number, percent, is_booked):
        paid = [a for a in self.books.links if a.add("done")] or self.books.links
        asked = paid[number % len(paid)]
        sources = [s for charge in asked.charges for s in (charge, *charge.parts)]
        left = sum((source.refundable for source in sources), ZERO)
        is_too_much = percent == "too much"
        amount = left + CENT if is_too_much else percentage(left, percent)
        is_under_way = any(not refund.is_done for refund in asked.get_refunds())
        is_allowed = 0 < amount <= left and not is_under_way
        if not self._try(
            is_allowed, asked.link._refund_charges, float(amount), "It was asked for."
        ):
            return
        for source in sorted(sources, key=lambda source: source.tx.id, reverse=True):
            if part := min(source.refundable, amount):
                source.refunds.append(Money("refund", part))
                amount -= part
        if is_booked:
            self.run_jobs()

    @rule(which=st.sampled_from(["first", "second"]), number=NUMBERS)
    def reconcile(self, which, number):
        """Pay an invoice by a wire that came, or by a credit note."""
        [paper] = self.papers[which]
        left = paper.total - paper.reconciled
        if paper.state != "open" or not left or not self.credits:
            return
        line = self.credits.pop(number % len(self.credits))
        amount = -decimal(line.amount_residual)
        paper.record.js_assign_outstanding_line(line.id)
        paper.reconciled += min(left, amount)

    # === WHO CHANGES DOCUMENTS === #

    @rule(quantity=st.integers(1, 6))
    def change_the_order(self, quantity):
        [order] = self.papers["order"]
        if order.record.state in ("draft", "sent"):
            order.record.order_line.product_uom_qty = quantity
            order.total = decimal(order.record.amount_total)

    @precondition(is_late)
    @rule()
    def cancel_or_reopen_the_order(self):
        [order] = self.papers["order"]
        if order.state == "cancel":
            order.record.action_draft()
            order.state = "open"
        else:
            order.record._action_cancel()
            order.state = "cancel"

    @rule(
        number=NUMBERS,
        price=st.sampled_from([None, None, 60]),
        is_cancelled=st.booleans(),
    )
    def work_on_an_invoice(self, number, price, is_cancelled):
        """Reset an invoice to draft, where nothing paid it yet, and go on with it."""
        invoices = [paper for paper in self.papers["both"] if not paper.reconciled]
        if not invoices:
            return
        paper = invoices[number % len(invoices)]
        invoice = paper.record
        if paper.state != "draft":
            invoice.button_draft()
            paper.state = "draft"
        elif is_cancelled:
            invoice.button_cancel()
            paper.state = "cancel"
        else:
            if price:
                invoice.invoice_line_ids.price_unit = price
                paper.total = decimal(price)
            invoice.action_post()
            self.books.post(paper)

    # === WHAT TIME DOES === #

    @rule(minutes=st.sampled_from([1, 9, 11] * 2 + [60 * 24, 60 * 24 * 31]))
    def wait(self, minutes):
        # One second more, so that nothing ends at this very moment.
        self._move_to(self.books.now + timedelta(minutes=minutes, seconds=1))
