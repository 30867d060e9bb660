"""What every random life of a deal has: a beginning, an end, and what must hold.

What is done in it is in `state_machine_rules`.
"""

from datetime import datetime

from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule

from odoo.exceptions import UserError

from .state_machine_books import Books
from .state_machine_records import Paper, decimal

NOW = datetime(2026, 6, 15, 12, 0, 0)
FIXED = ("amount", "code", "access_token", "expires_at", "reference", "max_payments")
JOBS = (
    ("payment.link", "_cron_expire"),
    ("payment.transaction", "_cron_book_payment_links"),
    ("payment.transaction", "_cron_send_requests"),
    ("payment.transaction", "_cron_book_payment_links"),
)


class Life(RuleBasedStateMachine):
    """A quotation of 200.00, invoices of 120.00 and 80.00, and what is known of them.

    Each thing is done to Odoo and to the books, and the two are compared after it.
    """

    links = Bundle("links")
    charges = Bundle("charges")

    def __init__(self, case):
        super().__init__()
        self.case = case
        self.env = case.env
        self.savepoint = self.env.cr.savepoint()
        order = Paper(case.order, decimal(case.order.amount_total))
        invoices = [
            Paper(invoice, decimal(invoice.amount_total), is_invoice=True)
            for invoice in case.invoices
        ]
        self.books = Books(NOW, order, invoices)
        self.papers = {"order": [order], "both": invoices}
        self.papers |= {"first": invoices[:1], "second": invoices[1:]}
        self.credits = list(case.credits)  # What no invoice was paid by so far.
        self._move_to(NOW)
        self.steps = 0

    def teardown(self):
        try:
            self.run_jobs()
            self.check_everything()
        finally:
            self.env.invalidate_all(flush=False)
            self.savepoint.close(rollback=True)
            self.env.cr._now = None
            self.case.steps += self.steps

    def _move_to(self, now):
        self.books.now = now
        self.case.clock.move_to(now)
        self.env.cr._now = now  # What `create_date` is.
        self.env.invalidate_all()  # Another request has another cache.

    def do(self, name, *args):
        """Do one thing by the name of its rule, and check what must hold then."""
        result = getattr(self, name)(*args)
        self.check_everything()
        return result

    def _try(self, is_allowed, method, *args, **kwargs):
        """Do what may be refused, and compare the refusal with what the books say.

        :return: What the method returned, `None` if it was refused.
        """
        try:
            with self.env.cr.savepoint():
                result = method(*args, **kwargs)
        except UserError as error:
            assert not is_allowed, error
            return None
        assert is_allowed, (method, args, kwargs)
        return result

    # === WHAT JOBS DO === #

    @rule()
    def run_jobs(self):
        elsewhere = [c.tx.id for c, _source in self.books.get_unbooked() if not c.link]
        with self.case.run_as_job() as env:
            env["payment.transaction"].browse(elsewhere)._post_process()
            for model, job in JOBS:
                getattr(env[model], job)()
        self.books.expire()
        self.books.book()
        for asked in self.books.links:
            self.books.answer(asked)
        self.books.book()
        self._check_books()

    # === WHAT MUST HOLD === #

    @invariant()
    def check_everything(self):
        self.steps += 1
        self.env.cr.flush()  # What every commit does first.
        self.books.follow()
        for name, papers in self.papers.items():
            self._check_documents(name, papers)
        for asked in self.books.links:
            self._check_amounts(asked)
            self._check_states(asked)
            self._check_history(asked)

    def _check_documents(self, name, papers):
        """G5, rule 13: what is owed is known at every moment."""
        documents = papers[0].record.browse([paper.record.id for paper in papers])
        owed = decimal(documents._payment_link_get_due_amount())
        assert owed == self.books.get_owed(papers), (name, owed, papers)

    def _check_amounts(self, asked):
        paid = asked.add("done")
        expected = {
            "amount_authorized": asked.add("authorized"),
            "amount_pending": asked.add("pending"),
            "amount_paid": paid,
            "amount_refunded": asked.refunded,
            "amount_net": paid - asked.refunded,
            "amount_due": asked.due,
            "amount_surplus": asked.surplus,
        }
        actual = {name: decimal(asked.link[name]) for name in expected}
        assert actual == expected, asked
        to_pay = decimal(asked.link._get_amount_to_pay())
        assert to_pay == self.books.get_to_pay(asked), (asked, to_pay)

    def _check_states(self, asked):
        link = asked.link
        actual = (link.state, link.close_reason or None, link.payment_status)
        assert actual == (asked.state, asked.reason, asked.status), (actual, asked)
        assert link.paid_late == asked.is_paid_late, asked
        assert bool(link.replaced_by_id) == asked.is_replaced, asked
        payers = ("her", "him") if self.books.is_being_paid(asked) else ("her",)
        for payer in payers:
            may_pay = self.books.may_pay(asked, payer)
            assert (link._get_page_state(payer) == "open") == may_pay, (asked, payer)

    def _check_history(self, asked):
        """Rule 10: nothing that happened is rewritten, and nothing asked is changed."""
        link = asked.link
        events = [(event.id, event.type) for event in link.event_ids.sorted("id")]
        assert events[: len(asked.events)] == asked.events
        asked.events = events
        assert {name: link[name] for name in asked.fixed} == asked.fixed
        types = [event_type for _id, event_type in events]
        for state in ("completed", "cancelled", "expired"):
            assert types.count(state) == asked.closings.count(state), (state, asked)
        assert types.count("paid") == len(asked.get_settled()), asked
        assert types.count("refunded") == sum(r.is_done for r in asked.get_refunds())

    def _check_books(self):
        """Rule 6: one posted payment per settled charge, once the jobs have run."""
        payments = self.env["account.payment"].search(
            [("payment_link_id", "!=", False)]
        )
        by_link = payments.grouped("payment_link_id")
        for asked in self.books.links:
            booked = by_link.get(asked.link, payments.browse())
            amounts = sorted(
                decimal(p.amount if p.payment_type == "inbound" else -p.amount)
                for p in booked
            )
            settled = [source.amount for source in asked.get_settled()]
            settled += [-refund.amount for refund in asked.get_refunds()]
            assert amounts == sorted(settled), (asked, amounts, settled)
            for payment in booked:
                assert payment.state in ("in_process", "paid")
                assert asked.link.reference in payment.memo
