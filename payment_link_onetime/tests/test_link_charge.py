from datetime import timedelta

from freezegun import freeze_time

from odoo import Command, fields
from odoo.exceptions import UserError

from .common import PaymentLinkCommon

NO_PDF = "Unable to find Wkhtmltopdf on this system."


class TestLinkCharge(PaymentLinkCommon):
    # === WHO MAY PAY === #

    def test_G1_the_first_payer_has_the_claim(self):
        link = self._create_link()
        self.assertEqual(link._claim(self.payer_key), 100.0)
        with self.assertRaisesRegex(UserError, "Somebody is paying this right now"):
            link._claim(self.other_payer_key)
        self.assertEqual(link._get_page_state(self.payer_key), "open")
        self.assertEqual(link._get_page_state(self.other_payer_key), "busy")
        self.assertEqual(link._get_page_state(None), "busy")

    def test_G1_the_same_browser_may_try_again_at_once(self):
        link = self._create_link()
        link._claim(self.payer_key)
        self.assertEqual(link._claim(self.payer_key), 100.0)
        self.assertEqual(link.charge_count, 2)

    def test_G1_the_claim_ends_by_itself(self):
        link = self._create_link()
        link._claim(self.payer_key)
        minutes = self.company.payment_link_claim_minutes
        with freeze_time(fields.Datetime.now() + timedelta(minutes=minutes, seconds=1)):
            self.assertEqual(link._claim(self.other_payer_key), 100.0)

    def test_A16_failure_frees_the_claim(self):
        """Error and cancellation bring the form back, for everybody."""
        for state in ("_set_error", "_set_canceled"):
            with self.subTest(state=state):
                link = self._create_link(amount=10)
                charge = self._create_charge(link)
                getattr(charge, state)("Card declined")
                self.assertEqual(link.state, "open")
                self.assertEqual(link.payment_status, "unpaid")
                self.assertEqual(link._get_page_state(self.other_payer_key), "open")
                self._pay(link, payer_key=self.other_payer_key)
                self.assertEqual(link.state, "completed")

    def test_rule_11_reference_of_a_charge_comes_from_its_link(self):
        link = self._create_link()
        first = self._create_charge(link)
        first._set_error("Card declined")
        second = self._create_charge(link)
        self.assertEqual(first.reference, f"{link.code}-1")
        self.assertEqual(second.reference, f"{link.code}-2")

    # === HOW MUCH === #

    def test_rule_1_amount_comes_from_the_document_too(self):
        """What is paid at another door of Odoo is not asked for again."""
        link = self._create_link()
        other = self._create_transaction(
            "direct",
            amount=30.0,
            currency_id=link.currency_id.id,
            partner_id=self.customer.id,
            reference="portal",
            sale_order_ids=[Command.set(self.order.ids)],
        )
        other._set_done()
        self.assertEqual(link._get_amount_to_pay(), 70.0)
        self.assertEqual(self._create_charge(link).amount, 70.0)

    def test_rule_1_settled_elsewhere(self):
        link = self._create_link()
        other = self._create_transaction(
            "direct",
            amount=100.0,
            currency_id=link.currency_id.id,
            partner_id=self.customer.id,
            reference="portal",
            sale_order_ids=[Command.set(self.order.ids)],
        )
        other._set_done()
        self.assertEqual(link._get_page_state(), "completed")
        with self.assertRaisesRegex(UserError, "already been completed"):
            link._claim(self.payer_key)

    def test_rule_1_the_payer_is_charged_what_the_page_showed(self):
        link = self._create_link()
        for displayed in (99.99, 100.01, 1.0, 0.0, -100.0, float("nan")):
            with self.subTest(displayed=displayed), self.assertRaises(UserError):
                link._claim(self.payer_key, displayed_amount=displayed)
        self.assertEqual(link.charge_count, 0)
        self.assertEqual(link._claim(self.payer_key, displayed_amount=100.0), 100.0)

    # === PAID === #

    def test_E5_paid_link_confirms_the_order_and_is_booked(self):
        """Rule 6, F3: one posted payment with the link's reference."""
        link = self._create_link()
        charge = self._pay(link)
        self.assertEqual((link.state, link.payment_status), ("completed", "paid"))
        self.assertEqual((link.amount_paid, link.amount_due), (100.0, 0.0))
        self.assertTrue(link.completed_at)
        self._run_jobs()
        self.assertEqual(self.order.state, "sale")
        payment = link.payment_ids
        self.assertEqual(len(payment), 1)
        self.assertEqual(payment, charge.payment_id)
        self.assertIn(payment.state, ("in_process", "paid"))
        self.assertEqual(payment.amount, 100.0)
        self.assertIn(link.reference, payment.memo)
        self.assertEqual(payment.partner_id, self.customer)
        self.assertEqual(payment.journal_id, self.provider.journal_id)

    def test_rule_6_the_job_books_once(self):
        link = self._create_link()
        self._pay(link)
        self._run_jobs()
        self._run_jobs()
        link.transaction_ids._post_process()
        payments = self.env["account.payment"].search(
            [("payment_transaction_id", "in", link.transaction_ids.ids)]
        )
        self.assertEqual(len(payments), 1)

    def test_A13_standalone_payment_is_booked_on_the_guest_contact(self):
        link = self._create_standalone_link(42.0)
        self._pay(link)
        self._run_jobs()
        guest = self.env.ref("payment_link_onetime.partner_guest")
        self.assertEqual(link.payment_ids.partner_id, guest)
        self.assertEqual(link.state, "completed")
        invoices = self.env["account.move"].search(
            [("partner_id", "=", guest.id), ("move_type", "!=", "entry")]
        )
        self.assertFalse(invoices)

    def test_A13_guest_contact_of_the_company(self):
        guest = self.env["res.partner"].create({"name": "Walk-in"})
        self.company.payment_link_guest_partner_id = guest
        link = self._create_standalone_link(42.0)
        self.assertEqual(self._create_charge(link).partner_id, guest)

    def test_A15_a_paid_link_is_not_paid_again(self):
        link = self._create_link()
        self._pay(link)
        for payer_key in (self.payer_key, self.other_payer_key, None):
            with self.assertRaisesRegex(UserError, "already been completed"):
                link._claim(payer_key)

    def test_A15_replayed_callback_changes_nothing(self):
        link = self._create_link()
        charge = self._pay(link)
        events = link.event_ids
        completed_at = link.completed_at
        with freeze_time(fields.Datetime.now() + timedelta(days=1)):
            charge._set_done()
            charge._set_done()
        self.assertEqual(link.event_ids, events)
        self.assertEqual(link.completed_at, completed_at)
        self.assertEqual(link.amount_paid, 100.0)

    def test_rule_3_second_success_is_counted_as_surplus(self):
        """Two tabs at a redirect provider: nothing is dropped, nothing is hidden."""
        link = self._create_link()
        charges = [self._create_charge(link), self._create_charge(link)]
        for charge in charges:
            charge._set_done()
        self.assertEqual(link.amount_paid, 200.0)
        self.assertEqual(link.amount_surplus, 100.0)
        self.assertEqual(link.amount_due, 0.0)
        self._run_jobs()
        self.assertEqual(len(link.payment_ids), 2)

    def test_rule_10_what_happened_is_in_the_history_and_the_chatter(self):
        link = self._create_link()
        self._create_charge(link)._set_error("Card declined")
        self._pay(link)
        self.assertEqual(
            link.event_ids.sorted("id").mapped("type"),
            ["created", "attempted", "failed", "attempted", "paid", "completed"],
        )
        notes = " ".join(link.message_ids.mapped("body"))
        self.assertIn("Payment status: Paid", notes)
        self.assertIn("Completed", notes)

    # === PENDING === #

    def test_A9_pending_payment_holds_the_link(self):
        """A bank transfer: no second payment, no confirmed order, no booking yet."""
        link = self._create_link()
        charge = self._create_charge(link)
        charge._set_pending()
        self._run_jobs()
        self.assertEqual((link.state, link.payment_status), ("open", "processing"))
        self.assertEqual((link.amount_pending, link.amount_due), (100.0, 0.0))
        self.assertEqual(link._get_page_state(self.payer_key), "processing")
        self.assertNotEqual(self.order.state, "sale")
        self.assertFalse(link.payment_ids)
        for payer_key in (self.payer_key, self.other_payer_key):
            with self.assertRaisesRegex(UserError, "being processed"):
                link._claim(payer_key)

        charge._set_done()
        self._run_jobs()
        self.assertEqual((link.state, link.payment_status), ("completed", "paid"))
        self.assertEqual(self.order.state, "sale")
        self.assertEqual(len(link.payment_ids), 1)

    def test_A9_pending_payment_that_fails_brings_the_form_back(self):
        link = self._create_link()
        charge = self._create_charge(link)
        charge._set_pending()
        charge._set_error("The bank refused")
        self.assertEqual((link.state, link.payment_status), ("open", "unpaid"))
        self.assertEqual(link._get_page_state(self.other_payer_key), "open")

    # === AUTHORISED, REFUNDED === #

    def test_amounts_follow_authorisation_capture_and_void(self):
        self.provider.support_manual_capture = "partial"
        link = self._create_link()
        charge = self._create_charge(link)
        charge._set_authorized()
        self.assertEqual((link.amount_authorized, link.amount_due), (100.0, 0.0))
        self.assertEqual(link.payment_status, "processing")

        capture = charge._create_child_transaction(40.0)
        self.assertEqual(capture.payment_link_id, link)
        capture._set_done()
        self.assertEqual((link.amount_authorized, link.amount_paid), (60.0, 40.0))

        void = charge._create_child_transaction(60.0)
        void._set_canceled()
        self.assertEqual(charge.state, "done")
        self.assertEqual((link.amount_authorized, link.amount_paid), (0.0, 40.0))
        self.assertEqual(link.payment_status, "partially_paid")
        self.assertEqual(
            link.event_ids.sorted("id").mapped("type"),
            ["created", "attempted", "authorized", "paid", "voided"],
        )

    def test_G7_B8_refunds_count_and_reopen_nothing(self):
        link = self._create_link()
        charge = self._pay(link)
        refund = charge._create_child_transaction(30.0, is_refund=True)
        refund._set_done()
        self.assertEqual(link.payment_status, "partially_refunded")
        self.assertEqual((link.amount_refunded, link.amount_net), (30.0, 70.0))
        self.assertEqual((link.state, link.amount_due), ("completed", 0.0))

        charge._create_child_transaction(70.0, is_refund=True)._set_done()
        self.assertEqual(link.payment_status, "refunded")
        self.assertEqual(link.amount_net, 0.0)
        self.assertEqual(link.state, "completed")
        with self.assertRaises(UserError, msg="B8: nor is it closed afterwards"):
            link.action_cancel()

    # === CLOSED === #

    def test_cancelled_link_takes_no_payment(self):
        link = self._create_link()
        link.action_cancel()
        self.assertEqual((link.state, link.close_reason), ("cancelled", "manual"))
        with self.assertRaisesRegex(UserError, "was cancelled"):
            link._claim(self.payer_key)
        link.action_cancel()  # Again: nothing happens.
        self.assertEqual(link.event_ids.mapped("type").count("cancelled"), 1)

    def test_D9_a_paid_link_is_not_cancelled(self):
        link = self._create_link()
        self._pay(link)
        with self.assertRaises(UserError):
            link.action_cancel()
        self.assertEqual(link.state, "completed")

    def test_rule_4_a_hold_after_a_cancellation_is_seen(self):
        self.provider.support_manual_capture = "partial"
        link = self._create_link()
        charge = self._create_charge(link)
        charge._set_canceled()
        self.assertEqual(link._get_page_state(), "open")
        charge._set_authorized()
        self.assertEqual((charge.state, link.amount_authorized), ("authorized", 100.0))
        self.assertEqual(link._get_page_state(), "processing")

    def test_rule_4_a_voided_hold_does_not_come_back(self):
        """The provider repeats what it said before: the money is not held any more."""
        self.provider.support_manual_capture = "partial"
        link = self._create_link()
        charge = self._create_charge(link)
        charge._set_authorized()
        charge._set_canceled()
        with self.assertLogs("odoo.addons.payment", "WARNING"):
            charge._set_authorized()
        self.assertEqual((charge.state, link.amount_authorized), ("cancel", 0.0))
        self.assertEqual(link._get_page_state(), "open")

    def test_rule_4_money_for_a_cancelled_link_is_kept_and_said(self):
        link = self._create_link()
        charge = self._create_charge(link)
        link.action_cancel()
        charge._set_done()
        self._run_jobs()
        self.assertTrue(link.paid_late)
        self.assertEqual((link.state, link.payment_status), ("cancelled", "paid"))
        self.assertEqual(len(link.payment_ids), 1)
        notes = " ".join(link.message_ids.mapped("body"))
        self.assertIn("after this link had closed", notes)

    def test_rule_5_expiry_holds_at_reading(self):
        link = self._create_link()
        with freeze_time(link.expires_at):
            self.assertEqual(link._get_page_state(), "open")
        with freeze_time(link.expires_at + timedelta(seconds=1)):
            self.assertEqual(link.state, "open")
            self.assertEqual(link._get_page_state(), "expired")
            with self.assertRaisesRegex(UserError, "has expired"):
                link._claim(self.payer_key)

    def test_rule_5_a_payment_under_way_completes(self):
        link = self._create_link()
        charge = self._create_charge(link)
        charge._set_pending()
        with freeze_time(link.expires_at + timedelta(days=2)):
            self._run_job("payment_link_onetime.cron_expire")
            self.assertEqual(link.state, "open")
            charge._set_done()
        self.assertEqual(link.state, "completed")
        self.assertFalse(link.paid_late)

    def test_E6_activation_time_runs_from_the_first_opening(self):
        link = self._create_link(activation_minutes=15, expires_at=False)
        self.assertEqual(link._get_page_state(), "open")
        charge = self._create_charge(link)
        link._record_opening()
        with freeze_time(link.first_opened_at + timedelta(minutes=16)):
            self.assertEqual(link._get_page_state(self.payer_key), "expired")
            charge._set_done()
        self.assertFalse(link.paid_late)

    def test_rule_4_payment_that_was_started_too_late_is_said(self):
        """Odoo's own door stays open when ours is shut: a transaction by hand."""
        link = self._create_link()
        with freeze_time(link.expires_at + timedelta(minutes=1)):
            charge = self._create_transaction(
                "direct",
                amount=100.0,
                currency_id=link.currency_id.id,
                partner_id=link.partner_id.id,
                reference="by hand",
                payment_link_id=link.id,
            )
            # PostgreSQL's clock is not frozen.
            self.env.cr.execute(
                "UPDATE payment_transaction SET create_date = %s WHERE id = %s",
                [fields.Datetime.now(), charge.id],
            )
            charge.invalidate_recordset()
            charge._set_done()
        self.assertTrue(link.paid_late)
        self.assertEqual(link.state, "completed")

    def test_expiry_is_written_down_by_the_job(self):
        link = self._create_link(amount=10)
        other = self._create_link(amount=10, expires_at=False)
        with freeze_time(link.expires_at + timedelta(days=1)):
            self._run_job("payment_link_onetime.cron_expire")
        self.assertEqual((link.state, other.state), ("expired", "open"))
        self.assertIn("expired", link.event_ids.mapped("type"))

    def test_rule_1_cancelled_order_and_lapsed_quote_take_no_payment(self):
        link = self._create_link()
        self.order.validity_date = fields.Date.today() - timedelta(days=1)
        self.assertEqual(link._get_page_state(), "expired")
        with self.assertRaises(UserError):
            link._claim(self.payer_key)
        self.order.validity_date = False
        self.order._action_cancel()
        self.assertEqual(link._get_page_state(), "cancelled")
        with self.assertRaises(UserError):
            link._claim(self.payer_key)

    # === ODOO'S OWN RULES === #

    def test_F5_down_payment_confirms_by_odoos_rule(self):
        self.order.write({"require_payment": True, "prepayment_percent": 0.3})
        link = self._create_link(amount=29.99)
        self._pay(link)
        self._run_jobs()
        self.assertNotEqual(self.order.state, "sale")
        self._pay(self._create_link(amount=0.01))
        self._run_jobs()
        self.assertEqual(self.order.state, "sale")

    def test_F5_automatic_invoice(self):
        self.env["ir.config_parameter"].set_param("sale.automatic_invoice", "True")
        self.product.invoice_policy = "order"
        link = self._create_link()
        self._pay(link)
        self._run_jobs()
        invoice = self.order.invoice_ids
        self.assertEqual(invoice.state, "posted")
        self.assertIn(invoice.payment_state, ("in_payment", "paid"))
        self.assertEqual(len(link.payment_ids), 1)

    def test_invoice_link_reconciles(self):
        self.order.action_confirm()
        self.order.order_line.qty_delivered = 2
        invoice = self.order._create_invoices()
        invoice.action_post()
        link = self.env["payment.link"].create(
            {"invoice_ids": [Command.set(invoice.ids)]}
        )
        self.assertEqual((link.amount, link.reference), (100.0, invoice.name))
        self._pay(link)
        self._run_jobs()
        self.assertIn(invoice.payment_state, ("in_payment", "paid"))

    # === JOBS === #

    def test_rule_9_nothing_is_mailed_while_a_payment_is_booked(self):
        """The mail waits for its job: one that cannot be made undoes no booking."""
        link = self._create_link()
        self._pay(link)
        self._run_job("payment_link_onetime.cron_book")
        self.assertEqual(self.order.state, "sale")
        self.assertTrue(self.order.pending_email_template_id)
        mails = self.order.message_ids.filtered("mail_ids")
        self.assertFalse(mails)
        self._run_job("payment_link_onetime.cron_send_order_mails")
        self.assertFalse(self.order.pending_email_template_id)
        self.assertTrue(
            self.order.message_ids.filtered(
                lambda m: self.customer in m.notified_partner_ids
            )
        )

    def test_rule_9_mail_goes_out_without_its_pdf(self):
        """No wkhtmltopdf: the customer still gets the confirmation."""
        link = self._create_link()
        self._pay(link)
        self._run_job("payment_link_onetime.cron_book")

        def cannot_render(*_args, **_kwargs):
            raise UserError(NO_PDF)

        self.patch(
            self.registry["ir.actions.report"], "_render_qweb_pdf", cannot_render
        )
        self._run_job("payment_link_onetime.cron_send_order_mails")
        message = self.order.message_ids.filtered(
            lambda m: self.customer in m.notified_partner_ids
        )
        self.assertTrue(message)
        self.assertFalse(message.attachment_ids)
        self.assertFalse(self.order.pending_email_template_id)

    def test_rule_9_a_mail_that_cannot_be_written_stops_no_other(self):
        orders = self.order | self._create_order()
        template = self.env.ref("sale.mail_template_sale_confirmation")
        # Odoo tries a template on one order when it is saved, and not on this one.
        subject = f"{{{{ 1 / (object.id - {orders[0].id}) }}}}"
        broken = template.copy({"subject": subject})
        orders[0].pending_email_template_id = broken
        orders[1].pending_email_template_id = template
        self._run_job("payment_link_onetime.cron_send_order_mails")
        self.assertFalse(orders.pending_email_template_id)
        self.assertIn("send it by hand", orders[0].message_ids[0].body)
        self.assertIn(self.customer, orders[1].message_ids.notified_partner_ids)

    def test_payments_at_odoos_own_doors_are_untouched(self):
        """A transaction without a link is processed as Odoo does it."""
        transaction = self._create_transaction(
            "direct",
            amount=100.0,
            currency_id=self.order.currency_id.id,
            partner_id=self.customer.id,
            reference="portal",
            sale_order_ids=[Command.set(self.order.ids)],
        )
        transaction._set_done()
        transaction._post_process()
        self.assertEqual(self.order.state, "sale")
        self.assertFalse(self.order.pending_email_template_id)
        self.assertNotIn(self.order.name + " - ", transaction.payment_id.memo)
