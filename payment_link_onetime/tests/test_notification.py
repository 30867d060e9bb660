from datetime import timedelta

from freezegun import freeze_time

from odoo import fields
from odoo.tests import tagged

from .message_common import MESSAGES_JOB, PaymentLinkMessageCommon


@tagged("post_install", "-at_install")
class TestNotification(PaymentLinkMessageCommon):
    """The salesperson is told what happened, as she likes it, once each."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.payment_link_receipt = False
        cls.link = cls._create_link()

    def _send_messages(self):
        """Override to wait for what is sent a moment later."""
        with freeze_time(fields.Datetime.now() + timedelta(minutes=1)):
            return super()._send_messages()

    def _fail(self, link, number):
        charge = self._create_transaction(
            "direct",
            amount=10.0,
            reference=f"failed-{number}",
            partner_id=self.customer.id,
            payment_link_id=link.id,
        )
        charge._set_error("The card was declined.")
        return charge

    def test_first_opening(self):
        self.link._record_opening()
        self.link._record_event("opened")  # Somebody else opens it.
        mails = self._send_messages()
        self._assert_to(mails, "sally.seller@example.com")
        self.assertIn("Ada Payer", mails.body_html)
        self.assertIn("opened for the first time", mails.body_html)
        self.assertIn(
            f"/mail/view?model=payment.link&amp;res_id={self.link.id}", mails.body_html
        )
        self.link._record_event("opened")
        self.assertFalse(self._send_messages())

    def test_who_pays_at_once_is_told_of_once(self):
        """The opening waits a moment for the payment."""
        self.link._record_opening()
        self._run_job(MESSAGES_JOB)
        self.assertEqual(self.link.outbox_ids.state, "waiting")
        self._pay(self.link)
        mails = self._send_messages()
        self.assertEqual(mails.subject, f"Paid: {self.link.reference}")
        opened = self._get_messages(self.link, "opened")
        self.assertEqual(opened.state, "skipped")
        self.assertEqual(opened.reason, "The customer has paid in the meantime.")

    def test_the_job_is_woken(self):
        """At once for a failure, a moment later for an opening, and for a payment by
        the job that books it: payers do not wait for mails."""
        job = self.env.ref(MESSAGES_JOB)
        triggers = self.env["ir.cron.trigger"]
        now = fields.Datetime.now()

        def get_new():
            found = triggers.search([("cron_id", "=", job.id)], order="id")
            times = found.mapped("call_at")
            found.unlink()
            return times

        with freeze_time(now):
            get_new()
            self.link._record_opening()
            self.assertEqual(get_new(), [now + timedelta(minutes=1)])
            self._fail(self.link, 1)
            self.assertEqual(get_new(), [now])
            self._send_messages()
            get_new()
            self._pay(self.link)
            self.assertFalse(get_new())
            self._run_job("payment_link_onetime.cron_book")
            self.assertEqual(get_new(), [now])
            self._send_messages()
            self._run_job("payment_link_onetime.cron_book")
            self.assertFalse(get_new())

    def test_each_payment(self):
        link = self._create_standalone_link(max_payments=2, user_id=self.seller.id)
        charges = self._pay(link)
        charges[0]._set_done()  # The provider says it again.
        self.assertEqual(len(self._send_messages()), 1)
        charges += self._pay(link)
        mails = self._send_messages()
        self.assertEqual(mails.subject, f"Paid: {link.reference}")
        self.assertIn("a guest", mails.body_html)
        messages = self._get_messages(link, "paid")
        self.assertEqual(messages.transaction_id, charges)

    def test_failures_are_no_flood(self):
        """Who tries again and again is told of once an hour."""
        self._fail(self.link, 1)
        self._fail(self.link, 2)
        mails = self._send_messages()
        self.assertEqual(len(mails), 1)
        self.assertIn("The card was declined.", mails.body_html)
        with freeze_time(fields.Datetime.now() + timedelta(minutes=61)):
            self._fail(self.link, 3)
            self.assertEqual(len(self._send_messages()), 1)

    def test_what_is_no_failure(self):
        """The payer changed her mind, or the salesperson looks at the page herself."""
        charge = self._create_charge(self.link)
        charge._set_canceled()
        self.link.with_user(self.seller).sudo()._record_opening()
        self.assertFalse(self.link.outbox_ids)

    def test_told_in_the_inbox(self):
        self.seller.notification_type = "inbox"
        self.link._record_opening()
        self.assertFalse(self._send_messages())
        notification = self.env["mail.notification"].search(
            [("res_partner_id", "=", self.seller.partner_id.id)],
            limit=1,
            order="id desc",
        )
        self.assertEqual(notification.notification_type, "inbox")
        self.assertIn("Opened", notification.mail_message_id.subject)

    def test_each_can_be_switched_off_by_oneself(self):
        self.seller.with_user(self.seller).write(
            {
                "payment_link_notify_opened": False,
                "payment_link_notify_paid": False,
                "payment_link_notify_failed": False,
            }
        )
        self.link._record_opening()
        self._fail(self.link, 1)
        self._pay(self.link)
        self.assertFalse(self.link.outbox_ids)

    def test_switched_off_meanwhile(self):
        self.link._record_opening()
        self.seller.payment_link_notify_opened = False
        self.assertFalse(self._send_messages())
        self.assertEqual(self.link.outbox_ids.state, "skipped")

    def test_who_has_left_is_not_told(self):
        self.seller.active = False
        self.link._record_opening()
        self.assertFalse(self.link.outbox_ids)

    def test_nothing_is_made_where_it_happens(self):
        """Rule 9: a payer's request leaves rows behind, and nothing else."""
        last = self.env["mail.mail"].search([], limit=1, order="id desc").id
        self.link._record_opening()
        self._pay(self.link)
        self.assertEqual(set(self.link.outbox_ids.mapped("state")), {"waiting"})
        self.assertFalse(self.env["mail.mail"].search([("id", ">", last)]))
