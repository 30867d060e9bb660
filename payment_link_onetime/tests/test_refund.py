from datetime import timedelta

import requests
from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, tagged

from .common import PaymentLinkCommon
from .document_common import PaymentLinkDocumentCommon

# What providers' code says, which is not ours to translate.
CLOSED = "Refunds are closed on Sundays"
NO_CONNECTION = "Could not establish the connection."


class RequestsCommon(PaymentLinkCommon):
    """A provider that can hold money and give it back, and who keeps the books."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.provider = cls._prepare_provider("demo")
        cls.payment_method = cls.provider.payment_method_ids[:1]
        cls.payment_method_id = cls.payment_method.id
        cls.accountant = cls._create_user("books", "account.group_account_invoice")
        cls.salesperson = cls._create_user(
            "seller", "sales_team.group_sale_salesman_all_leads"
        )

    def _send_requests(self):
        self._run_job("payment_link_onetime.cron_send_requests")

    def _run_all_jobs(self):
        self._run_jobs()
        self._send_requests()
        self._run_jobs()

    def _patch_request(self, name, function):
        self.patch(self.registry["payment.transaction"], name, function)


@tagged("post_install", "-at_install")
class TestRefund(RequestsCommon):
    """A12, F3, G7: money goes back once, and is counted everywhere."""

    def _create_paid_link(self, **values):
        link = self._create_link(**values)
        self._pay(link)
        self._run_jobs()
        return link

    def _open_wizard(self, link, **values):
        wizard = self.env["payment.link.refund"].with_user(self.accountant)
        return wizard.create({"link_id": link.id, "reason": "other", **values})

    def _get_refunds(self, link):
        return link.transaction_ids.filtered(lambda tx: tx.operation == "refund")

    def test_A12_amount_reason_review_apply(self):
        link = self._create_paid_link()
        action = link.with_user(self.accountant).action_refund()
        model = self.env[action["res_model"]].with_user(self.accountant)
        with Form(model.with_context(**action["context"])) as form:
            self.assertEqual(form.amount, 100.0)
            form.amount = 40.0
            form.reason = "requested_by_customer"
            form.note = "one chair broken"
        wizard = form.record
        self.assertIn(link.transaction_ids.reference, wizard.review)
        wizard.action_refund()
        refund = self._get_refunds(link)
        self.assertEqual((refund.state, refund.amount), ("draft", -40.0))
        self.assertEqual(link.payment_status, "paid")
        self._run_all_jobs()
        self.assertEqual(refund.state, "done")
        self.assertEqual(link.payment_status, "partially_refunded")
        self.assertEqual((link.amount_refunded, link.amount_net), (40.0, 60.0))
        self.assertEqual(link.state, "completed")
        self.assertEqual(
            refund.payment_link_refund_reason,
            "Requested by the customer (one chair broken)",
        )
        notes = " ".join(link.message_ids.mapped("body"))
        self.assertIn("one chair broken", notes)

    def test_rule_6_a_refund_is_one_posted_payment(self):
        link = self._create_paid_link()
        self._open_wizard(link, amount=100.0).action_refund()
        self._run_all_jobs()
        self._run_all_jobs()
        payments = link.payment_ids.sorted("id")
        self.assertEqual(payments.mapped("payment_type"), ["inbound", "outbound"])
        self.assertEqual(payments.mapped("amount"), [100.0, 100.0])
        for payment in payments:
            self.assertIn(payment.state, ("in_process", "paid"))
            self.assertIn(link.reference, payment.memo)
        self.assertEqual(link.payment_status, "refunded")

    def test_G7_the_order_owes_what_was_refunded_and_the_link_stays_closed(self):
        link = self._create_paid_link()
        self._open_wizard(link, amount=40.0).action_refund()
        self._run_all_jobs()
        self.assertEqual(self.order._payment_link_get_due_amount(), 40.0)
        self.assertEqual(link._get_page_state(), "completed")
        with self.assertRaisesRegex(UserError, "already been completed"):
            link._claim(self.payer_key)

    def test_rule_6_a_refund_waits_until_its_charge_is_booked(self):
        """Odoo books no charge that has a settled refund."""
        link = self._create_link()
        charge = self._pay(link)
        link._refund_charges(100.0, "too early")
        self._send_requests()
        self.assertEqual(self._get_refunds(link).state, "draft")
        self._run_all_jobs()
        self.assertEqual(self._get_refunds(link).state, "done")
        self.assertEqual(charge.payment_id.amount, 100.0)
        self.assertEqual(len(link.payment_ids), 2)

    def test_A12_never_more_than_is_left(self):
        link = self._create_paid_link()
        for amount in (100.01, 0.0, -5.0, 1e9):
            with (
                self.subTest(amount=amount),
                self.assertRaisesRegex(UserError, "up to \\$.100.00"),
            ):
                self._open_wizard(link, amount=amount).action_refund()
        self._open_wizard(link, amount=60.0).action_refund()
        self._run_all_jobs()
        with self.assertRaisesRegex(UserError, "up to \\$.40.00"):
            self._open_wizard(link, amount=60.0).action_refund()

    def test_A12_a_refund_under_way_blocks_another(self):
        link = self._create_paid_link()
        wizards = self._open_wizard(link, amount=10.0), self._open_wizard(link)
        wizards[0].action_refund()
        with self.assertRaisesRegex(UserError, "under way"):
            wizards[1].action_refund()
        with self.assertRaisesRegex(UserError, "under way"):
            link.with_user(self.accountant).action_refund()
        self.assertEqual(len(self._get_refunds(link)), 1)

    def test_A12_several_charges_newest_first(self):
        link = self._create_link()
        first, second = self._create_charge(link), self._create_charge(link)
        first._set_done()
        second._set_done()
        self._run_jobs()
        link._refund_charges(130.0, "both")
        self.assertEqual(
            [(tx.source_transaction_id, tx.amount) for tx in self._get_refunds(link)],
            [(first, -30.0), (second, -100.0)],
        )

    def test_A12_provider_that_refunds_whole_payments_only(self):
        link = self._create_paid_link()
        self.payment_method.support_refund = "full_only"
        with self.assertRaisesRegex(UserError, "whole payments only"):
            self._open_wizard(link, amount=40.0).action_refund()
        self._open_wizard(link, amount=100.0).action_refund()
        self._run_all_jobs()
        self.assertEqual(link.payment_status, "refunded")

    def test_A12_provider_that_cannot_refund(self):
        link = self._create_paid_link()
        self.payment_method.support_refund = "none"
        with self.assertRaisesRegex(UserError, "whole payments only, or less"):
            self._open_wizard(link).action_refund()

    def test_A12_only_accountants(self):
        link = self._create_paid_link().with_user(self.salesperson)
        for action in ("action_refund", "action_capture", "action_void"):
            with self.subTest(action=action), self.assertRaises(AccessError):
                getattr(link, action)()
        with self.assertRaises(AccessError):
            link._refund_charges(10.0, "mine")
        wizard = self.env["payment.link.refund"].with_user(self.salesperson)
        with self.assertRaises(AccessError):
            wizard.create({"link_id": link.id, "reason": "other"})

    def test_nothing_to_refund(self):
        with self.assertRaisesRegex(UserError, "nothing to refund"):
            self._create_link().with_user(self.accountant).action_refund()

    # === AT MOST ONCE === #

    def test_rule_9_the_provider_is_asked_once(self):
        """Written down, committed, and only then sent: no retry sends it again."""
        asked = []

        def send(tx):
            asked.append((tx.reference, bool(tx.payment_link_requested_at)))
            raise KeyError("the network is gone")

        self._patch_request("_send_refund_request", send)
        link = self._create_paid_link()
        link._refund_charges(10.0, "lost")
        self.assertEqual(asked, [])
        refund = self._get_refunds(link)
        logger = "odoo.addons.payment_link_onetime.models.payment_transaction_request"
        with self.assertLogs(logger, "ERROR"):
            self._send_requests()
        self._send_requests()
        self.assertEqual(asked, [(refund.reference, True)])
        self.assertEqual(refund.state, "draft")

    def test_a_refusal_of_the_provider_frees_the_money(self):
        def refuse(tx):
            raise ValidationError(CLOSED)

        self._patch_request("_send_refund_request", refuse)
        link = self._create_paid_link()
        link._refund_charges(10.0, "Sunday")
        self._send_requests()
        refund = self._get_refunds(link)
        self.assertEqual(refund.state, "error")
        self.assertIn("closed on Sundays", refund.state_message)
        self.assertEqual(link.activity_ids.summary, "Refused by the payment provider")
        self.assertIn("closed on Sundays", link.activity_ids.note)
        self.assertEqual(link.amount_refundable, 100.0)
        self.assertEqual(link.payment_status, "paid")

    def test_no_answer_is_put_before_a_person_and_never_sent_again(self):
        """Odoo calls a timeout an error. The provider may have acted on it."""
        asked = []

        def time_out(tx):
            asked.append(tx)
            try:
                raise requests.exceptions.ReadTimeout()
            except requests.exceptions.RequestException:
                raise ValidationError(NO_CONNECTION)  # noqa: B904

        self._patch_request("_send_refund_request", time_out)
        link = self._create_paid_link()
        link._refund_charges(10.0, "lost")
        self._send_requests()
        refund = self._get_refunds(link)
        self.assertEqual(refund.state, "draft")
        watch = "payment_link_onetime.cron_watch_charges"
        self._run_job(watch)
        self.assertFalse(link.activity_ids)
        with self.assertRaisesRegex(UserError, "is not lost"):
            refund.action_payment_link_request_failed()
        with freeze_time(fields.Datetime.now() + timedelta(hours=2)):
            self._run_job(watch)
            self._run_job(watch)
            self._send_requests()
            self.assertEqual(
                link.activity_ids.mapped("summary"),
                ["No answer from the payment provider"],
            )
            self.assertEqual(len(asked), 1)
            refund.invalidate_recordset()
            refund.with_user(self.accountant).action_payment_link_request_failed()
        self.assertEqual(refund.state, "error")
        self.assertEqual(link.amount_refundable, 100.0)

    def test_odoos_own_refund_dialog_goes_the_same_way(self):
        link = self._create_paid_link()
        wizard = self.env["payment.refund.wizard"].create(
            {"payment_id": link.payment_ids.id, "amount_to_refund": 25.0}
        )
        wizard.action_refund()
        refund = self._get_refunds(link)
        self.assertEqual((refund.state, refund.amount), ("draft", -25.0))
        self._run_all_jobs()
        self.assertEqual(link.amount_refunded, 25.0)

    def test_payments_without_a_link_are_refunded_as_odoo_does(self):
        charge = self._create_transaction("direct", reference="portal", amount=50.0)
        charge._set_done()
        refund = charge._refund(20.0)
        self.assertEqual(refund.state, "done")

    # === SURPLUS === #

    def test_G1_surplus_is_refunded_where_the_company_says_so(self):
        self.company.payment_link_surplus_policy = "refund"
        link = self._create_link()
        first, second = self._create_charge(link), self._create_charge(link)
        first._set_done()
        second._set_done()
        self.assertEqual(link.amount_surplus, 100.0)
        self._run_all_jobs()
        refund = self._get_refunds(link)
        self.assertEqual(refund.source_transaction_id, second)
        self.assertEqual((refund.state, refund.amount), ("done", -100.0))
        self.assertEqual((link.amount_net, link.state), (100.0, "completed"))
        self.assertEqual(link.payment_status, "paid")
        self.assertFalse(link.activity_ids)
        self.assertEqual(len(link.payment_ids), 3)
        link._refund_charges(30.0, "of what was asked")
        self._run_all_jobs()
        self.assertEqual(link.payment_status, "partially_refunded")
        link._refund_charges(70.0, "the rest")
        self._run_all_jobs()
        self.assertEqual(link.payment_status, "refunded")


@tagged("post_install", "-at_install")
class TestCapture(RequestsCommon, PaymentLinkDocumentCommon):
    """C1, C2, C5: what is authorised is captured and voided once."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.provider.capture_manually = True

    def test_G1_surplus_of_captures_is_refunded_once(self):
        """A capture settles its charge as well, which is no payment of its own."""
        self.company.payment_link_surplus_policy = "refund"
        link = self._create_link()
        charges = self._create_charge(link) | self._create_charge(link)
        for charge in charges:
            charge._set_authorized()
        for charge in charges:
            charge._capture()
        self._send_requests()
        self.provider.capture_manually = False  # Odoo's demo would hold refunds, too.
        self._run_all_jobs()
        self.assertEqual(charges.mapped("state"), ["done", "done"])
        refund = link.transaction_ids.filtered(lambda tx: tx.operation == "refund")
        self.assertEqual((len(refund), refund.state), (1, "done"))
        self.assertEqual((link.amount_net, link.payment_status), (100.0, "paid"))
        self.assertFalse(link.activity_ids)

    def _create_held_link(self):
        link = self._create_link()
        charge = self._create_charge(link)
        charge._set_authorized()
        return link, charge

    def test_C1_without_manual_capture_it_is_done_at_once(self):
        self.provider.capture_manually = False
        link = self._create_link()
        charge = self._create_charge(link)
        charge._process(
            "demo", {"reference": charge.reference, "simulated_state": "done"}
        )
        self.assertEqual((charge.state, link.state), ("done", "completed"))

    def test_C2_forty_of_a_hundred_and_the_rest_is_voided(self):
        link, charge = self._create_held_link()
        charge._capture(40.0)
        self.assertEqual(charge._get_amount_left("capture"), 60.0)
        self._run_all_jobs()
        self.assertEqual((link.amount_paid, link.amount_authorized), (40.0, 60.0))
        self.assertEqual(link.payment_status, "processing")
        with self.assertRaisesRegex(UserError, "60.00 of the transaction"):
            charge._capture(60.01)
        link.with_user(self.accountant).action_void()
        self._run_all_jobs()
        self.assertEqual((link.amount_paid, link.amount_authorized), (40.0, 0.0))
        self.assertEqual(link.payment_status, "partially_paid")
        self.assertEqual(link.payment_ids.mapped("amount"), [40.0])
        self.assertEqual(link.event_ids.mapped("type").count("voided"), 1)

    def test_C2_101_is_refused(self):
        _link, charge = self._create_held_link()
        for amount in (101.0, -1.0, 0.0, 10.001, float("nan"), float("inf")):
            with self.subTest(amount=amount), self.assertRaises(UserError):
                charge._capture(amount)
        self.assertFalse(charge.child_transaction_ids)

    def test_C2_all_of_it_through_odoos_dialog(self):
        link, charge = self._create_held_link()
        action = link.with_user(self.accountant).action_capture()
        self.assertEqual(action["res_model"], "payment.capture.wizard")
        wizard = (
            self.env[action["res_model"]]
            .with_context(**action["context"])
            .create({"amount_to_capture": 100.0})
        )
        wizard.action_capture()
        self.assertEqual(charge.state, "authorized")
        self._run_all_jobs()
        self.assertEqual((charge.state, link.state), ("done", "completed"))
        self.assertEqual(link.payment_ids.mapped("amount"), [100.0])

    def test_C5_the_second_capture_is_told_so(self):
        _link, charge = self._create_held_link()
        charge._capture(100.0)
        with self.assertRaisesRegex(UserError, "requests under way are counted"):
            charge._capture(100.0)
        with self.assertRaisesRegex(UserError, "requests under way are counted"):
            charge._void(100.0)
        self.assertEqual(len(charge.child_transaction_ids), 1)

    def test_C5_who_comes_too_late_is_told_so(self):
        """Odoo's dialog passes over what was captured meanwhile, and reports success."""
        link, charge = self._create_held_link()
        action = link.with_user(self.accountant).action_capture()
        wizard = (
            self.env[action["res_model"]]
            .with_context(**action["context"])
            .create({"amount_to_capture": 100.0})
        )
        charge._capture(100.0)
        self._run_all_jobs()
        with self.assertRaisesRegex(UserError, "captured or voided meanwhile"):
            wizard.action_capture()

    def test_nothing_is_held(self):
        link = self._create_link().with_user(self.accountant)
        for action in ("action_capture", "action_void"):
            with (
                self.subTest(action=action),
                self.assertRaisesRegex(UserError, "No money is held"),
            ):
                getattr(link, action)()

    def test_captured_money_is_refunded_from_its_capture(self):
        link, charge = self._create_held_link()
        charge._capture(40.0)
        self._run_all_jobs()
        self.assertEqual(link.amount_refundable, 40.0)
        # Odoo's demo provider calls a refund "authorized" as long as this is on.
        self.provider.capture_manually = False
        link._refund_charges(40.0, "all of it")
        self._run_all_jobs()
        self.assertEqual((link.amount_net, link.amount_authorized), (0.0, 60.0))

    def test_G7_the_order_owes_what_was_refunded_of_a_capture(self):
        link, charge = self._create_held_link()
        charge._capture(40.0)
        self._run_all_jobs()
        self.provider.capture_manually = False
        link._refund_charges(10.0, "a part")
        self._run_all_jobs()
        # 60.00 are held, and 30.00 of 40.00 are left.
        self.assertEqual(self.order._payment_link_get_due_amount(), 10.0)

    def test_G3_capture_after_the_expiry_is_not_late(self):
        """Who paid in time did so, whenever that is captured, and whether in parts."""
        link, charge = self._create_held_link()
        later = link.expires_at + timedelta(days=1)
        self.patch(self.env.cr, "_now", later)  # What `create_date` is.
        with freeze_time(later):
            charge._capture(40.0)
            self._run_all_jobs()
        self.assertEqual((link.amount_paid, link.paid_late), (40.0, False))

    def test_rule_4_capture_leaves_an_invoice_in_draft_alone(self):
        """The charge has the invoices, and its captures have the money."""
        invoice = self._create_invoice()
        link = self._create_invoice_link(invoice)
        charge = self._create_charge(link)
        charge._set_authorized()
        charge._capture(40.0)
        invoice.button_draft()
        self._commit()
        self._run_all_jobs()
        self.assertEqual(invoice.state, "draft")
        self.assertEqual(link.payment_ids.mapped("amount"), [40.0])
        invoice.action_post()
        self.assertEqual(invoice.amount_residual, 60.0)

    def test_an_authorization_about_to_lapse_is_said_once(self):
        link, _charge = self._create_held_link()
        job = "payment_link_onetime.cron_watch_charges"
        with freeze_time(fields.Datetime.now() + timedelta(days=5)):
            self._run_job(job)
            self.assertFalse(link.activity_ids)
        with freeze_time(fields.Datetime.now() + timedelta(days=6, minutes=1)):
            self._run_job(job)
            self._run_job(job)
        self.assertEqual(
            link.activity_ids.mapped("summary"), ["Authorization about to lapse"]
        )
