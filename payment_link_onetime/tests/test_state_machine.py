"""Random lives of a deal and its links, checked after every step.

pytest finds this file by its name; Odoo's own test runner does not need the library
that it uses. What is done is in `state_machine_rules`, what must be true then in
`state_machine_books`. TEST_SEED=1 chooses other lives than those that are always tried.
"""

import os
from contextlib import contextmanager
from datetime import timedelta

import freezegun
from hypothesis import HealthCheck, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from odoo.tests import freeze_time, tagged

from .document_common import PaymentLinkDocumentCommon
from .state_machine import NOW
from .state_machine_rules import STARTS, Deal

IS_LONG = bool(os.environ.get("TEST_LONG"))
SEED = os.environ.get("TEST_SEED")
LIVES, STEPS, AT_LEAST = (2500, 50, 100_000) if IS_LONG else (62, 35, 2000)


@tagged("post_install", "-at_install")
class TestStateMachine(PaymentLinkDocumentCommon):
    """Rules 1, 3, 4, 5, 6, 10 and 13, under whatever people and providers do."""

    steps = 0

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # The dummy provider of Odoo's tests cannot hold money.
        cls.provider = cls._prepare_provider("demo")
        cls.payment_method = cls.provider.payment_method_ids[:1]
        cls.payment_method_id = cls.payment_method.id
        with freeze_time(NOW):
            cls.order = cls._create_order(quantity=4)
            cls.invoices = cls.env["account.move"]
            for amount, age in ((120.0, 20), (80.0, 10)):
                day = NOW.date() - timedelta(days=age)
                cls.invoices |= cls._create_invoice(
                    amount, invoice_date=day, invoice_date_due=day
                )
            moves = cls.env["account.move"]
            for amount in (5.0, 40.0, 150.0):
                moves |= cls._create_invoice(amount, move_type="out_refund")
                moves |= cls._create_wire(amount).move_id
            cls.credits = moves.line_ids.filtered(
                lambda line: line.account_type == "asset_receivable"
            )
            cls._commit()

    @classmethod
    def _create_wire(cls, amount):
        """Create a payment of the customer's that nobody has matched so far."""
        values = {"amount": amount, "partner_id": cls.customer.id}
        journal = cls.company_data["default_journal_bank"]
        payment = cls.env["account.payment"].create(
            {"payment_type": "inbound", "journal_id": journal.id, **values}
        )
        payment.action_post()
        return payment

    def setUp(self):
        super().setUp()
        # Once for all lives, as it takes long; and hypothesis needs the real time.
        freezegun.configure(extend_ignore_list=["hypothesis"])
        self.clock = self.enterContext(freeze_time(NOW))

    @contextmanager
    def run_as_job(self):
        """Give an environment whose cursor may be committed."""
        with self.enter_registry_test_mode(), self.registry.cursor() as cr:
            cr._now = self.env.cr._now
            yield self.env(cr=cr, context={"tracking_disable": True})

    def test_rules_hold_after_every_step(self):

        def begin():
            return Deal(self)

        run_state_machine_as_test(
            seed(int(SEED))(begin) if SEED else begin,
            settings=settings(
                max_examples=LIVES,
                stateful_step_count=STEPS,
                derandomize=not (IS_LONG or SEED),
                database=None,
                deadline=None,
                report_multiple_bugs=False,
                suppress_health_check=list(HealthCheck),
                print_blob=True,
            ),
        )
        self.assertGreaterEqual(self.steps, AT_LEAST)

    def test_rules_hold_when_a_life_begins(self):
        for start in STARTS:
            with self.subTest(start=start), self._begin(start) as deal:
                self.assertTrue(deal.books.links)

    # === WHAT RANDOM LIVES HAVE FOUND === #

    @contextmanager
    def _begin(self, start):
        """Live a life that went wrong once, and let it end with its books checked."""
        deal = Deal(self)
        try:
            deal.do("start", start)
            yield deal
        finally:
            deal.teardown()

    def test_example_refund_of_a_captured_part(self):
        """What is refunded of a partial capture, the order owes again."""
        with self._begin("capture") as deal:
            deal.do("refund", 0, 50, True)

    def test_example_too_much_for_one_of_two_invoices(self):
        """What one invoice was paid too much does not pay the other."""
        with self._begin("both") as deal:
            deal.do("pay_at_another_door", "second", 100, "done")
            deal.do("pay_at_another_door", "second", 50, "done")

    def test_example_part_of_two_invoices(self):
        """What will pay the older invoice does not close the younger one's link."""
        with self._begin("both") as deal:
            [charge] = deal.books.charges
            deal.do("hear_from_the_provider", charge, "done", 1)

    def test_example_new_address_while_a_use_is_being_paid(self):
        """Else there are three payments of a link that can be paid twice."""
        with self._begin("uses") as deal:
            [link] = deal.books.links
            deal.do("reissue", link)
            deal.do("close", link, True)

    def test_example_capture_while_an_invoice_is_worked_on(self):
        """It does not post the invoice, and pays it once somebody posts it."""
        with self._begin("both") as deal:
            [charge] = deal.books.charges
            deal.do("hear_from_the_provider", charge, "authorized", 1)
            deal.do("capture_or_void", 0, "capture", 40, False)
            deal.do("work_on_an_invoice", 0, None, False)
            deal.do("run_jobs")
            deal.do("work_on_an_invoice", 0, None, False)

    def test_example_money_while_an_invoice_is_worked_on(self):
        """An invoice that is worked on is not paid, whatever it owes at the moment."""
        with self._begin("both") as deal:
            [charge] = deal.books.charges
            deal.do("work_on_an_invoice", 0, None, False)
            deal.do("work_on_an_invoice", 1, None, False)
            deal.do("hear_from_the_provider", charge, "done", 1)

    def test_example_capture_after_the_expiry(self):
        """Who paid in time did not pay late, whenever that is captured."""
        with self._begin("capture") as deal:
            deal.do("wait", 60 * 24 * 31)
            deal.do("capture_or_void", 0, "capture", 40, True)
