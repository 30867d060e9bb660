"""Sending many links at once: what is sent, what is not, and why."""

from datetime import timedelta

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import Form
from odoo.tools import mute_logger

from .batch_common import PaymentLinkBatchCommon


class TestBatch(PaymentLinkBatchCommon):
    def test_F1_a_link_per_invoice(self):
        invoices = self._create_invoices(3)
        batch = self._send(invoices)
        self.assertEqual(batch.state, "done")
        self.assertEqual((batch.line_count, batch.sent_count), (3, 3))
        self.assertEqual(batch.progress, 100.0)
        self.assertTrue(batch.finished_at)
        for invoice, line in zip(invoices, batch.line_ids, strict=True):
            link = invoice.payment_link_ids
            self.assertEqual(len(link), 1)
            self.assertEqual((line.res_id, line.link_ids), (invoice.id, link))
            self.assertEqual(line.name, invoice.name)
            self.assertEqual(link.amount, invoice.amount_residual)
            self.assertEqual(link.reference, invoice.name)
            self.assertEqual(link.expires_at, batch.expires_at)
        self.assertEqual(self._count_mails(invoices.payment_link_ids), 3)

    def test_rule_9_mails_wait_in_the_queue(self):
        """None is sent by the job: Odoo's queue does, and is told to."""
        triggers = self.env["ir.cron.trigger"].search([])
        invoices = self._create_invoices(1)
        self._send(invoices)
        mails = self._find_mails(invoices.payment_link_ids)
        self.assertEqual(mails.mapped("state"), ["outgoing"])
        new_triggers = self.env["ir.cron.trigger"].search([]) - triggers
        queue = self.env.ref("mail.ir_cron_mail_scheduler_action")
        self.assertIn(queue, new_triggers.cron_id)

    def test_F1_it_is_told_as_a_single_link_is(self):
        """The chatter of the document, the history of the link, the state of a quote."""
        batch = self._send(self.order, message="Thank you for your order.")
        link = self.order.payment_link_ids
        self.assertEqual(batch.line_ids.link_ids, link)
        self.assertEqual(self.order.state, "sent")
        notes = " ".join(self.order.message_ids.mapped("body"))
        self.assertIn("sent to ada.payer@example.com", notes)
        self.assertEqual(
            link.event_ids.mapped(lambda event: (event.type, event.channel)),
            [("sent", "email"), ("created", False)],
        )
        (mail,) = self._find_mails(link)
        self.assertIn("Thank you for your order.", mail.body_html)

    def test_G5_one_link_per_customer(self):
        """As many links as there are customers and accounts; drafts are left out."""
        invoices = self._create_invoices(2)
        draft = self._create_invoice(post=False)
        other = self._create_invoice(
            partner_id=self._create_partner("Bob").id, amount=30.0
        )
        batch = self._send(invoices | draft | other, link_per="customer")
        link = invoices.payment_link_ids
        self.assertEqual(len(link), 1)
        self.assertEqual(link.amount, sum(invoices.mapped("amount_residual")))
        self.assertEqual(link.invoice_ids, invoices)
        self.assertEqual(other.payment_link_ids.amount, 30.0)
        self.assertEqual(
            batch.line_ids.mapped("state"), ["sent", "sent", "skipped", "sent"]
        )
        self.assertEqual(self._count_mails(link | other.payment_link_ids), 2)

    def test_G5_a_contact_gets_one_link_for_its_open_invoices(self):
        invoices = self._create_invoices(2)
        paid = self._create_invoice()
        self._pay_by_wire(paid)
        branch = self._create_partner("Branch", parent_id=self.customer.id)
        invoices |= self._create_invoice(partner_id=branch.id)
        self._create_invoice(post=False)
        batch = self._send(self.customer)
        link = invoices.payment_link_ids
        self.assertEqual(len(link), 1)
        self.assertEqual(link.invoice_ids, invoices)
        self.assertEqual(link.partner_id, self.customer)
        self.assertFalse(paid.payment_link_ids)
        self.assertEqual(batch.line_ids.link_ids, link)

    def test_G5_a_contact_gets_a_link_for_each_currency(self):
        """One payment is in one currency, so two links are as few as there can be."""
        euro = self.env.ref("base.EUR")
        euro.active = True
        other = euro if self.company.currency_id != euro else self.env.ref("base.USD")
        other.active = True
        invoices = self._create_invoices(2)
        foreign = self._create_invoice(currency_id=other.id)
        batch = self._send(self.customer)
        self.assertEqual(len(batch.line_ids.link_ids), 2)
        self.assertEqual(foreign.payment_link_ids.currency_id, other)
        self.assertEqual(invoices.payment_link_ids.invoice_ids, invoices)

    def test_a_contact_and_its_company_are_asked_once(self):
        """Both are chosen, the invoice is for one of them: one link, one mail."""
        branch = self._create_partner("Branch", parent_id=self.customer.id)
        invoice = self._create_invoice(partner_id=branch.id)
        batch = self._send(self.customer | branch)
        self.assertEqual(len(invoice.payment_link_ids), 1)
        self.assertEqual(batch.line_ids.mapped("state"), ["sent", "skipped"])
        self.assertEqual(batch.line_ids[1].reason, "already_sent")

    def test_sent_by_all_channels_that_reach_the_customer(self):
        self.customer.phone = "+1 202 555 0123"
        reachable = self._create_invoice()
        other = self._create_invoice(partner_id=self._create_partner("Bob").id)
        batch = self._send(reachable | other, channels=["email", "sms"])
        self.assertEqual(batch.sent_count, 2)
        sms = self.env["sms.sms"].search([("number", "=", "+12025550123")])
        self.assertEqual(len(sms), 1)
        self.assertEqual(self._count_mails(reachable.payment_link_ids), 1)
        self.assertEqual(self._count_mails(other.payment_link_ids), 1)
        self.assertFalse(batch.line_ids[0].note)
        self.assertIn("phone", batch.line_ids[1].note)


class TestBatchSkipped(PaymentLinkBatchCommon):
    """Every reason for which a link is not sent, and that it can be mended."""

    def _assert_skipped(self, record, reason, **values):
        batch = self._send(record, **values)
        self.assertEqual(batch.state, "done")
        self.assertEqual(batch.line_ids.mapped("state"), ["skipped"])
        self.assertEqual(batch.line_ids.reason, reason)
        self.assertEqual(batch.skipped_count, 1)
        self.assertIn("1 × ", batch.summary)
        return batch

    def test_no_address(self):
        self.customer.email = False
        invoice = self._create_invoice()
        batch = self._assert_skipped(invoice, "unreachable")
        self.assertIn("Ada Payer has no e-mail address", batch.line_ids.note)
        self.assertFalse(invoice.payment_link_ids)
        self.customer.email = "ada.payer@example.com"
        batch.action_continue()
        self._run_job("payment_link_onetime.cron_send_batches")
        self.assertEqual(batch.line_ids.state, "sent")
        self.assertFalse(batch.line_ids.reason)
        self.assertEqual(self._count_mails(invoice.payment_link_ids), 1)

    def test_no_number_for_an_sms(self):
        self.customer.phone = "12"
        invoice = self._create_invoice()
        self._assert_skipped(invoice, "unreachable", channels=["sms"])
        self.assertFalse(invoice.payment_link_ids)

    def test_nothing_due(self):
        invoice = self._create_invoice()
        self._pay_by_wire(invoice)
        self._assert_skipped(invoice, "nothing_due")

    def test_payment_on_its_way(self):
        invoice = self._create_invoice()
        self._pay_at_odoos_door(100.0, invoice, state="pending")
        self._assert_skipped(invoice, "processing")

    def test_already_sent(self):
        invoice = self._create_invoice()
        self._send(invoice)
        batch = self._assert_skipped(invoice, "already_sent")
        self.assertEqual(batch.line_ids.link_ids, invoice.payment_link_ids)
        self.assertEqual(self._count_mails(invoice.payment_link_ids), 1)

    def test_link_that_was_never_sent_is_sent(self):
        """It was handed over, or somebody closed the dialog: no second one is made."""
        invoice = self._create_invoice()
        link = self._create_invoice_link(invoice)
        batch = self._send(invoice)
        self.assertEqual(invoice.payment_link_ids, link)
        self.assertEqual((batch.sent_count, batch.line_ids.link_ids), (1, link))
        self.assertEqual(self._count_mails(link), 1)

    def test_the_rest_is_asked_for(self):
        """A link that was sent asks for a part: another one asks for what is left."""
        invoice = self._create_invoice()
        self._create_invoice_link(invoice, amount=40.0)._send_by_email()
        self._send(invoice)
        self.assertEqual(
            sorted(invoice.payment_link_ids.mapped("amount")), [40.0, 60.0]
        )

    def test_draft(self):
        self._assert_skipped(self._create_invoice(post=False), "draft")

    def test_cancelled(self):
        invoice = self._create_invoice(post=False)
        invoice.button_cancel()
        self._assert_skipped(invoice, "cancelled")
        self.order._action_cancel()
        self._assert_skipped(self.order, "cancelled")

    def test_expired_quotation(self):
        self.order.validity_date = fields.Date.today() - timedelta(days=1)
        self._assert_skipped(self.order, "expired")

    def test_vendor_bill(self):
        bill = self._create_invoice(post=False, move_type="in_invoice")
        self._assert_skipped(bill, "not_invoice")

    def test_contact_without_open_invoices(self):
        self._assert_skipped(self.customer, "nothing_due")

    def test_deleted(self):
        invoice = self._create_invoice(post=False)
        batch = self._queue(invoice)
        invoice.unlink()
        self._run_job("payment_link_onetime.cron_send_batches")
        self.assertEqual(batch.line_ids.reason, "deleted")


class TestBatchFailures(PaymentLinkBatchCommon):
    def test_one_that_fails_does_not_stop_the_others(self):
        """Neither one that is refused, nor one in which our own code stumbles."""
        invoices = self._create_invoices(4)
        refused, broken = invoices[1], invoices[2]

        refusal = UserError("Not this one.")

        def stumble(link, recipient, channel):
            if link.invoice_ids == refused:
                raise refusal
            if link.invoice_ids == broken:
                raise ValueError("Boom")
            return on_sent(link, recipient, channel)

        on_sent = type(self.env["payment.link"])._on_sent
        self.patch(type(self.env["payment.link"]), "_on_sent", stumble)
        with mute_logger(self.logger):
            batch = self._send(invoices)
        self.assertEqual(batch.state, "done")
        self.assertEqual(
            batch.line_ids.mapped(lambda line: (line.state, line.reason, line.note)),
            [
                ("sent", False, False),
                ("failed", "refused", "Not this one."),
                ("failed", "error", False),
                ("sent", False, False),
            ],
        )
        self.assertFalse((refused | broken).payment_link_ids)
        self.assertEqual(self._count_mails(invoices.payment_link_ids), 2)

    def test_stopped_batch_sends_nothing_and_goes_on_later(self):
        invoices = self._create_invoices(2)
        batch = self._queue(invoices)
        batch.action_stop()
        self._run_job("payment_link_onetime.cron_send_batches")
        self.assertEqual((batch.state, batch.waiting_count), ("stopped", 2))
        self.assertFalse(invoices.payment_link_ids)
        batch.action_continue()
        self._run_job("payment_link_onetime.cron_send_batches")
        self.assertEqual((batch.state, batch.sent_count), ("done", 2))
        with self.assertRaisesRegex(UserError, "were sent already"):
            batch.action_continue()

    def test_nothing_is_sent_twice_by_the_same_selection(self):
        """Queued twice before the job runs, in one order and the other."""
        invoices = self._create_invoices(3)
        batches = self._queue(invoices) | self._queue(invoices[::-1])
        self._run_job("payment_link_onetime.cron_send_batches")
        self.assertEqual(batches.mapped("state"), ["done", "done"])
        self.assertEqual(sum(batches.mapped("sent_count")), 3)
        self.assertEqual(sum(batches.mapped("skipped_count")), 3)
        self.assertEqual(len(invoices.payment_link_ids), 3)
        self.assertEqual(self._count_mails(invoices.payment_link_ids), 3)


class TestBatchDialog(PaymentLinkBatchCommon):
    def _open_batch_dialog(self, records, user=None):
        dialogs = self.env["payment.link.batch.send"].with_user(user or self.env.user)
        return Form(
            dialogs.with_context(active_model=records._name, active_ids=records.ids)
        )

    def test_F1_dialog_queues_what_is_selected(self):
        invoices = self._create_invoices(2)
        with self._open_batch_dialog(invoices) as dialog:
            self.assertEqual(dialog.record_count, 2)
            dialog.link_per = "customer"
            dialog.message = "Thank you."
        action = dialog.record.action_send()
        batch = self.env["payment.link.batch"].browse(action["res_id"])
        self.assertEqual(batch.channels, ["email"])
        self.assertEqual(batch.link_per, "customer")
        self.assertEqual(batch.line_ids.mapped("res_id"), invoices.ids)
        self.assertEqual(batch.user_id, self.env.user)
        self._run_job("payment_link_onetime.cron_send_batches")
        self.assertEqual(batch.sent_count, 2)

    def test_no_channel_is_refused(self):
        dialog = self._open_batch_dialog(self.order)
        dialog.by_email = False
        with self.assertRaisesRegex(UserError, "at least one way"):
            dialog.save().action_send()
        self.assertFalse(self.env["payment.link.batch"].search([]))

    def test_expiry_that_is_over_is_refused(self):
        dialog = self._open_batch_dialog(self.order)
        dialog.expires_at = fields.Datetime.now() - timedelta(minutes=1)
        with self.assertRaisesRegex(UserError, "must be in the future"):
            dialog.save().action_send()
        self.assertFalse(self.env["payment.link.batch"].search([]))

    def test_nothing_selected_is_refused(self):
        with self.assertRaisesRegex(UserError, "Select quotations"):
            Form(self.env["payment.link.batch.send"])
        with self.assertRaisesRegex(UserError, "Select quotations"):
            self._open_batch_dialog(self.env.user)
