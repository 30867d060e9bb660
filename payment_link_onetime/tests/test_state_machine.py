"""Random lives of a deal and its links, checked after every step.

What must hold is computed here once more, from what was done and in decimal numbers,
without asking the link: how much is held, on its way, paid and due, whether a payer may
start to pay, and what the books say. pytest finds this file by its name; Odoo's own
test runner does not need the library that it uses.
"""

import os
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from odoo.exceptions import UserError
from odoo.tests import freeze_time, tagged
from odoo.tools import mute_logger

from .common import PaymentLinkCommon

LIVES, STEPS = (2000, 50) if os.environ.get("TEST_LONG") else (75, 35)
# What ends a deal happens once in so many times: there is more to see before.
LUCK = st.integers(0, 4)
NOW = datetime(2026, 6, 15, 12, 0, 0)
CENT = Decimal("0.01")

# Which states of a charge follow which, whatever order callbacks arrive in.
FOLLOWS = {
    "pending": {"draft"},
    "authorized": {"draft", "pending"},
    "done": {"draft", "pending", "authorized", "error", "cancel"},
    "cancel": {"draft", "pending", "authorized"},
    "error": {"draft", "pending", "authorized"},
}
TELL = {
    "pending": "_set_pending",
    "authorized": "_set_authorized",
    "done": "_set_done",
    "cancel": "_set_canceled",
    "error": "_set_error",
}


def decimal(amount):
    """Return an amount of Odoo's as an exact number of cents."""
    return Decimal(str(amount)).quantize(CENT)


@dataclass(eq=False)
class Request:
    """What a provider is asked to do with a charge, and by which job."""

    kind: str
    amount: Decimal
    is_done: bool = False
    refunds: list = field(default_factory=list)  # of what was captured
    tx: object = None

    @property
    def refundable(self):
        if self.kind != "capture" or not self.is_done:
            return Decimal()
        return self.amount - sum(r.amount for r in self.refunds)


@dataclass(eq=False)
class Charge:
    """What is known of a transaction from what was done with it."""

    tx: object
    link: object
    amount: Decimal
    state: str = "draft"
    was_held: bool = False
    parts: list = field(default_factory=list)  # captures and voids
    refunds: list = field(default_factory=list)

    def worth(self, state):
        """Return how much of the charge is in a state."""
        told = sum((part.amount for part in self.parts if part.is_done), Decimal())
        own = self.amount if self.state == state else Decimal()
        if state == "authorized":
            return own - told if own else own
        if state == "done":
            captured = (
                p.amount for p in self.parts if p.is_done and p.kind == "capture"
            )
            return sum(captured, Decimal()) if told else own
        return own

    @property
    def left(self):
        """What can still be captured or voided."""
        if self.state != "authorized":
            return Decimal()
        return self.amount - sum(part.amount for part in self.parts)

    @property
    def refundable(self):
        if self.state != "done" or self.parts:
            return Decimal()
        return self.amount - sum(refund.amount for refund in self.refunds)

    def get_sources(self):
        """Return what brought money: the charge, or its captures."""
        return [*(p for p in self.parts if p.kind == "capture"), self]

    def hear(self, state):
        """Follow what the provider says, and return whether it was news."""
        allowed = self.state in FOLLOWS[state] or (
            state == "authorized" and self.state == "cancel" and not self.was_held
        )
        if not allowed:
            return False
        self.state = state
        self.was_held |= state == "authorized"
        return True


@dataclass(eq=False)
class Asked:
    """What is known of a link from what was done with it."""

    link: object
    amount: Decimal
    fixed: dict
    order: object
    expires_at: datetime
    total: Decimal = Decimal()  # of the order, when the link was made
    status: str = "unpaid"
    charges: list = field(default_factory=list)
    is_cancelled: bool = False
    is_complete: bool = False
    claimed_by: str | None = None
    claimed_until: datetime = NOW
    events: list = field(default_factory=list)

    def add(self, *states):
        return sum((c.worth(s) for c in self.charges for s in states), Decimal())

    def get_refunds(self):
        return [
            refund
            for charge in self.charges
            for source in charge.get_sources()
            for refund in source.refunds
        ]

    @property
    def refunded(self):
        return sum((r.amount for r in self.get_refunds() if r.is_done), Decimal())

    @property
    def due(self):
        taken = self.add("pending", "authorized", "done")
        return Decimal() if self.is_complete else max(self.amount - taken, Decimal())

    def may_pay(self, payer, now, owed):
        """Tell whether a payer may start to pay now, if the document owes so much."""
        return (
            not self.is_cancelled
            and not self.is_complete
            and now <= self.expires_at
            and self.due > 0
            and owed > 0
            and (
                now >= self.claimed_until
                or self.claimed_by is None
                or self.claimed_by == payer
            )
        )


class Deal(RuleBasedStateMachine):
    """A quotation of 200.00, its links, links on nothing, payers and a provider."""

    links = Bundle("links")
    charges = Bundle("charges")

    def __init__(self, case):
        super().__init__()
        self.case = case
        self.env = case.env
        self.savepoint = self.env.cr.savepoint()
        self.now = NOW
        self.clock = freeze_time(NOW)
        self.frozen = self.clock.start()
        self._move_to(NOW)
        self.order = case._create_order(quantity=4)
        self.asked = []
        self.elsewhere = Decimal()
        self.steps = 0

    def teardown(self):
        try:
            self.run_jobs()
            self.check_books()
        finally:
            self.clock.stop()
            self.env.invalidate_all(flush=False)
            self.savepoint.close(rollback=True)
            self.env.cr._now = None
            self.case.steps += self.steps

    def _move_to(self, now):
        self.now = now
        self.frozen.move_to(now)
        self.env.cr._now = now  # What `create_date` is.
        self.env.invalidate_all()  # Another request has another cache.

    # === WHAT IS KNOWN === #

    @property
    def total(self):
        return decimal(self.order.amount_total)

    def _get_owed(self, asked):
        """Return what the link's document owes, or what the link asks without one."""
        if not asked.order:
            return asked.due
        if self.order.state == "cancel" or self._has_order_lapsed():
            return Decimal()
        if self.total != asked.total:
            return Decimal()  # The link is about to be superseded.
        taken = sum(
            (
                other.add("pending", "authorized", "done")
                for other in self.asked
                if other.order
            ),
            self.elsewhere - self._get_refunded(),
        )
        return max(self.total - taken, Decimal())

    # === WHAT PEOPLE DO === #

    @initialize(target=links)
    def ask_for_half_of_the_order(self):
        return self.ask_for_part_of_the_order(50)

    @initialize(target=links)
    def ask_for_a_hundred(self):
        return self.ask_for_anything(100_00)

    @rule(target=links, percent=st.sampled_from([10, 30, 50, 100]))
    def ask_for_part_of_the_order(self, percent):
        open_links = [
            other
            for other in self.asked
            if other.order and other.link.state == "open" and self._is_running(other)
        ]
        owed = max(self.total - self._get_taken(), Decimal())
        left = owed - sum((other.due for other in open_links), Decimal())
        amount = (self.total * percent / 100).quantize(CENT)
        is_allowed = 0 < amount <= left and self.order.state != "cancel"
        try:
            with self.env.cr.savepoint():
                link = self.case._create_link(
                    sale_order_id=self.order.id, amount=float(amount)
                )
        except UserError:
            assert not is_allowed, (amount, left)
            return multiple()
        assert is_allowed, (amount, left)
        return self._remember(link, amount, self.order)

    @rule(target=links, cents=st.integers(1, 10**7))
    def ask_for_anything(self, cents):
        amount = Decimal(cents) / 100
        link = self.case._create_standalone_link(float(amount))
        return self._remember(link, amount, None)

    @rule(target=charges, asked=links, payer=st.sampled_from(["her", "him"]))
    def click_pay(self, asked, payer):
        owed = self._get_owed(asked)
        is_allowed = asked.may_pay(payer, self.now, owed)
        try:
            with self.env.cr.savepoint():
                tx = self.case._create_charge(asked.link, payer_key=payer)
        except UserError:
            assert not is_allowed, (asked.link._get_page_state(payer), asked, owed)
            return multiple()
        assert is_allowed, (asked, owed)
        minutes = asked.link.company_id.payment_link_claim_minutes
        asked.claimed_by = payer
        asked.claimed_until = self.now + timedelta(minutes=minutes)
        charge = Charge(tx, asked, min(asked.due, owed))
        assert decimal(tx.amount) == charge.amount
        asked.charges.append(charge)
        return charge

    @rule(charge=charges, state=st.sampled_from(sorted(TELL)))
    def hear_from_the_provider(self, charge, state):
        if charge.parts:
            return  # The provider speaks of the parts, and the job listens.
        message = ("It said so.",) if state == "error" else ()
        with mute_logger("odoo.addons.payment.models.payment_transaction"):
            getattr(charge.tx, TELL[state])(*message)
        if charge.hear(state):
            charge.link.claimed_by = None
            self._move_link(charge.link)

    @rule(target=charges, number=st.integers(0, 9))
    def pay_and_book(self, number):
        """What mostly happens, so that what can follow it is tried often."""
        charge = self._start_to_pay(number)
        if isinstance(charge, Charge):
            self.hear_from_the_provider(charge, "done")
            self.run_jobs()
        return charge

    def _start_to_pay(self, number):
        """Click on one of the links that she may pay."""
        payable = [
            asked
            for asked in self.asked
            if asked.may_pay("her", self.now, self._get_owed(asked))
        ]
        if not payable:
            return multiple()
        return self.click_pay(payable[number % len(payable)], "her")

    @rule(
        charge=charges,
        kind=st.sampled_from(["capture", "void"]),
        percent=st.sampled_from([40, 100]),
        is_booked_at_once=st.booleans(),
    )
    def capture_or_void(self, charge, kind, percent, is_booked_at_once):
        amount = (charge.amount * percent / 100).quantize(CENT)
        is_allowed = 0 < amount <= charge.left
        request = {"capture": charge.tx._capture, "void": charge.tx._void}[kind]
        try:
            with self.env.cr.savepoint():
                tx = request(float(amount))
        except UserError:
            assert not is_allowed, charge
            return
        assert is_allowed, charge
        charge.parts.append(Request(kind, amount, tx=tx))
        if is_booked_at_once:
            self.run_jobs()

    @rule(target=charges, number=st.integers(0, 9))
    def hold(self, number):
        """A charge whose money waits to be captured."""
        charge = self._start_to_pay(number)
        if isinstance(charge, Charge):
            self.hear_from_the_provider(charge, "authorized")
        return charge

    @rule(
        number=st.integers(0, 9),
        percent=st.sampled_from([1, 50, 100]),
        is_booked_at_once=st.booleans(),
    )
    def refund(self, number, percent, is_booked_at_once):
        paid = [asked for asked in self.asked if asked.add("done")] or self.asked
        asked = paid[number % len(paid)]
        sources = [s for charge in asked.charges for s in charge.get_sources()]
        left = sum((source.refundable for source in sources), Decimal())
        amount = (left * percent / 100).quantize(CENT)
        is_under_way = any(not refund.is_done for refund in asked.get_refunds())
        is_allowed = amount > 0 and not is_under_way
        try:
            with self.env.cr.savepoint():
                asked.link._refund_charges(float(amount), "It was asked for.")
        except UserError:
            assert not is_allowed, (left, amount)
            return
        assert is_allowed, (left, amount)
        for source in sorted(sources, key=lambda source: source.tx.id, reverse=True):
            if part := min(source.refundable, amount):
                source.refunds.append(Request("refund", part))
                amount -= part
        if is_booked_at_once:
            self.run_jobs()

    @rule(asked=links, luck=LUCK)
    def cancel(self, asked, luck):
        if luck:
            return
        try:
            with self.env.cr.savepoint():
                asked.link.action_cancel()
        except UserError:
            assert asked.is_complete
            return
        assert not asked.is_complete
        if asked.link.state == "cancelled":
            asked.is_cancelled = True

    @rule(percent=st.sampled_from([1, 25, 100]), luck=LUCK)
    def pay_at_another_door(self, percent, luck):
        if luck or self.order.state == "cancel":
            return
        amount = (self.total * percent / 100).quantize(CENT)
        self.case._create_transaction(
            "direct",
            amount=float(amount),
            currency_id=self.order.currency_id.id,
            partner_id=self.order.partner_id.id,
            reference=f"portal-{self.env['payment.transaction'].search_count([])}",
            sale_order_ids=[(6, 0, self.order.ids)],
        )._set_done()
        self.elsewhere += amount

    @rule(quantity=st.integers(1, 6), luck=LUCK)
    def change_the_order(self, quantity, luck):
        if not luck and self.order.state in ("draft", "sent"):
            self.order.order_line.product_uom_qty = quantity

    @rule(luck=LUCK)
    def cancel_the_order(self, luck):
        if not luck:
            self.order._action_cancel()

    @rule()
    def reopen_the_order(self):
        if self.order.state == "cancel":
            self.order.action_draft()

    # === WHAT TIME DOES === #

    @rule(minutes=st.sampled_from([1, 9, 11] * 4 + [60 * 24, 60 * 24 * 31]))
    def wait(self, minutes):
        self._move_to(self.now + timedelta(minutes=minutes))

    @rule()
    def run_jobs(self):
        for name in (
            "cron_expire",
            "cron_book",
            "cron_send_order_mails",
            "cron_send_requests",
            "cron_book",
        ):
            self.case._run_job(f"payment_link_onetime.{name}")
        for asked in self.asked:
            self._do_as_requested(asked)

    def _do_as_requested(self, asked):
        requests = [part for charge in asked.charges for part in charge.parts]
        requests += asked.get_refunds()
        news = [request for request in requests if not request.is_done]
        if not news:
            return
        for request in news:
            request.is_done = True
            if request.kind != "refund":
                asked.claimed_by = None
        for charge in asked.charges:
            is_all = sum(part.amount for part in charge.parts) == charge.amount
            if charge.state == "authorized" and is_all:
                is_captured = any(part.kind == "capture" for part in charge.parts)
                charge.state = "done" if is_captured else "cancel"
        self._move_link(asked)

    def _move_link(self, asked):
        asked.status = self._get_status(asked)
        if self._is_paid(asked) and not asked.is_cancelled:
            asked.is_complete = True

    # === WHAT MUST HOLD === #

    @invariant()
    def check_links(self):
        self.steps += 1
        self.env.cr.flush()  # What every commit does first.
        self._follow_the_order()
        for asked in self.asked:
            self._check_amounts(asked)
            self._check_states(asked)
            self._check_history(asked)

    def _check_amounts(self, asked):
        link = asked.link
        paid = asked.add("done")
        expected = {
            "amount_authorized": asked.add("authorized"),
            "amount_pending": asked.add("pending"),
            "amount_paid": paid,
            "amount_refunded": asked.refunded,
            "amount_net": paid - asked.refunded,
            "amount_due": asked.due,
            "amount_surplus": max(paid - asked.amount, Decimal()),
        }
        for name, amount in expected.items():
            assert decimal(link[name]) == amount, (name, link[name], amount)

    def _check_states(self, asked):
        link = asked.link
        assert (link.state == "completed") == asked.is_complete
        assert (link.state == "cancelled") == asked.is_cancelled
        if link.state == "expired":
            assert not self._is_running(asked)
        assert link.payment_status == asked.status
        for payer in ("her", "him"):
            may_pay = asked.may_pay(payer, self.now, self._get_owed(asked))
            assert (link._get_page_state(payer) == "open") == may_pay, (asked, payer)

    def _check_history(self, asked):
        """Rule 10: nothing that happened is rewritten, and nothing asked is changed."""
        link = asked.link
        events = [(event.id, event.type) for event in link.event_ids.sorted("id")]
        assert events[: len(asked.events)] == asked.events
        asked.events = events
        assert {name: link[name] for name in asked.fixed} == asked.fixed
        types = [event_type for _id, event_type in events]
        assert types.count("completed") == asked.is_complete
        assert types.count("cancelled") == asked.is_cancelled
        assert types.count("paid") == len(list(self._get_settled(asked)))
        assert types.count("refunded") == sum(r.is_done for r in asked.get_refunds())

    def _follow_the_order(self):
        """Close the order's open links as its commit must have done: G4 and rule 13."""
        open_links = [
            asked
            for asked in self.asked
            if asked.order
            and not asked.is_cancelled
            and not asked.is_complete
            and asked.link.state != "expired"
        ]
        for asked in open_links:
            if self.order.state == "cancel":
                asked.is_cancelled = True
            elif self._get_unsettled() <= 0 and asked.add("done"):
                asked.is_complete = True
                asked.status = "paid"
            elif self._get_unsettled() <= 0 or self.total != asked.total:
                asked.is_cancelled = True
        asking = [
            asked
            for asked in open_links
            if not asked.is_cancelled
            and not asked.is_complete
            and self._is_running(asked)
        ]
        asking.sort(key=lambda asked: (not self._is_claimed(asked), asked.link.id))
        owed = max(self.total - self._get_taken(), Decimal())
        while len(asking) > 1 and sum(asked.due for asked in asking) > owed:
            asking.pop().is_cancelled = True

    def check_books(self):
        """Rule 6: one posted payment per settled charge, once the jobs have run."""
        for asked in self.asked:
            payments = self.env["account.payment"].search(
                [("payment_transaction_id.payment_link_id", "=", asked.link.id)]
            )
            booked = sorted(
                decimal(p.amount if p.payment_type == "inbound" else -p.amount)
                for p in payments
            )
            settled = [source.amount for source in self._get_settled(asked)]
            settled += [-refund.amount for refund in asked.get_refunds()]
            assert booked == sorted(settled), asked
            for payment in payments:
                assert payment.state in ("in_process", "paid")
                assert asked.link.reference in payment.memo

    # === BOOKKEEPING OF THE MACHINE === #

    def _get_settled(self, asked):
        """Yield what brought money: charges, and captures of parts."""
        for charge in asked.charges:
            if any(part.is_done for part in charge.parts):
                for part in charge.parts:
                    if part.is_done and part.kind == "capture":
                        yield part
            elif charge.state == "done":
                yield charge

    def _get_refunded(self):
        return sum((a.refunded for a in self.asked if a.order), Decimal())

    def _get_taken(self):
        return sum(
            (a.add("pending", "authorized", "done") for a in self.asked if a.order),
            self.elsewhere - self._get_refunded(),
        )

    def _get_unsettled(self):
        """Return what is left to pay once the money is counted that has arrived."""
        settled = sum((a.add("done") for a in self.asked if a.order), self.elsewhere)
        return self.total - settled + self._get_refunded()

    def _is_paid(self, asked):
        paid = asked.add("done")
        is_settled = asked.order and self._get_unsettled() <= 0
        return paid >= asked.amount or (paid and is_settled)

    def _get_status(self, asked):
        paid = asked.add("done")
        if asked.refunded > max(paid - asked.amount, Decimal()):
            return "refunded" if asked.refunded >= paid else "partially_refunded"
        if self._is_paid(asked):
            return "paid"
        if asked.add("pending", "authorized"):
            return "processing"
        return "partially_paid" if paid else "unpaid"

    def _is_claimed(self, asked):
        return asked.claimed_by is not None and self.now < asked.claimed_until

    def _has_order_lapsed(self):
        is_quote = self.order.state in ("draft", "sent")
        return is_quote and self.order.validity_date < self.now.date()

    def _is_running(self, asked):
        return self.now <= asked.expires_at

    def _remember(self, link, amount, order):
        fixed = {
            name: link[name]
            for name in ("amount", "code", "access_token", "expires_at", "reference")
        }
        asked = Asked(link, amount, fixed, order, link.expires_at, self.total)
        self.asked.append(asked)
        return asked


@tagged("post_install", "-at_install")
class TestStateMachine(PaymentLinkCommon):
    """Rules 1, 3, 4, 5, 6, 10 and 13, under whatever people and providers do."""

    steps = 0

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # The dummy provider of Odoo's tests cannot hold money.
        cls.provider = cls._prepare_provider("demo")
        cls.payment_method = cls.provider.payment_method_ids[:1]
        cls.payment_method_id = cls.payment_method.id

    def test_rules_hold_after_every_step(self):
        run_state_machine_as_test(
            lambda: Deal(self),
            settings=settings(
                max_examples=LIVES,
                stateful_step_count=STEPS,
                derandomize=not os.environ.get("TEST_LONG"),
                deadline=None,
                phases=(Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink),
                report_multiple_bugs=False,
                suppress_health_check=list(HealthCheck),
                print_blob=True,
            ),
        )
        self.assertGreaterEqual(self.steps, 2000)
