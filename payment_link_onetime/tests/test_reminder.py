from datetime import datetime, timedelta
from unittest.mock import patch

from freezegun import freeze_time

from odoo import Command
from odoo.exceptions import AccessError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .message_common import PaymentLinkMessageCommon

# A Friday, at noon in UTC.
START = datetime(2030, 3, 1, 12, 0)


@tagged("post_install", "-at_install")
class TestReminder(PaymentLinkMessageCommon):
    """Customers are reminded in the morning, once per step, until they need not be."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.write(
            {
                "payment_link_reminder_sent_days": "3, 7",
                "payment_link_reminder_expiry_days": "2",
                "payment_link_expiry_days": 30,
                "payment_link_receipt": False,
            }
        )
        cls.seller.payment_link_notify_paid = False

    def _send_link(self, **values):
        """Create a link and send it by e-mail, at `START`."""
        with freeze_time(START):
            link = self._create_link(**values)
            link._send_by_email()
        # The database's clock goes on.
        self.env.flush_all()
        self.cr.execute(
            "UPDATE payment_link_event SET create_date = %s WHERE link_id = %s",
            (START, link.id),
        )
        link.event_ids.invalidate_recordset()
        return link

    def _remind(self, moment):
        """Run the job at a moment, and return the mails that it made."""
        with freeze_time(moment):
            return self._send_messages()

    def _get_plan(self, link):
        """Return which steps still wait, and when they are due."""
        waiting = self._get_messages(link, "reminder").filtered(
            lambda message: message.state == "waiting"
        )
        return {message.key: message.due_at for message in waiting}

    def _assert_skipped(self, link, reason):
        """Check that no reminder is left, and that it says why."""
        self.assertFalse(self._remind(datetime(2030, 3, 4, 10)))
        message = self._get_messages(link, "reminder")[0]
        self.assertEqual(message.state, "skipped")
        self.assertRegex(message.reason, reason)
        self.assertNotIn("reminded", link.event_ids.mapped("type"))

    # === WHEN === #

    def test_steps_are_planned_in_the_morning_of_the_company(self):
        self.company.partner_id.tz = "Asia/Colombo"  # UTC+5:30
        plan = self._get_plan(self._send_link())
        self.assertEqual(
            plan,
            {
                "sent-3": datetime(2030, 3, 4, 3, 30),
                "sent-7": datetime(2030, 3, 8, 3, 30),
                "expiry-2": datetime(2030, 3, 29, 3, 30),
            },
        )

    def test_each_step_is_sent_once(self):
        link = self._send_link()
        self.assertEqual(link.next_reminder_at, datetime(2030, 3, 4, 9))
        self.assertFalse(self._remind(datetime(2030, 3, 4, 8, 59)))
        mails = self._remind(datetime(2030, 3, 4, 10))
        self._assert_to(mails, "ada.payer@example.com")
        self.assertIn("reminder of your payment of $\xa0100.00", mails.subject)
        self.assertIn(link._get_channel_url("reminder"), mails.body_html)
        self.assertFalse(self._remind(datetime(2030, 3, 4, 11)))
        event = link.event_ids[0]
        self.assertEqual((event.type, event.channel), ("reminded", "email"))
        message = self._get_messages(link, "reminder")[0]
        self.assertEqual(message.state, "sent")
        self.assertEqual(message.recipient, "ada.payer@example.com")

    def test_only_the_latest_of_missed_steps_is_sent(self):
        """A job that was off for a month does not make up for all of it at once."""
        link = self._send_link()
        self.assertEqual(len(self._remind(datetime(2030, 3, 30, 10))), 1)
        self.assertEqual(
            self._get_messages(link, "reminder").mapped("state"),
            ["skipped", "skipped", "sent"],
        )

    def test_nobody_is_reminded_at_night(self):
        """Where the company is. It goes out the next morning."""
        self.company.partner_id.tz = "America/New_York"  # UTC-5
        link = self._send_link()
        self.assertFalse(self._remind(datetime(2030, 3, 5, 2)))  # 21 o'clock
        self.assertEqual(self._get_plan(link)["sent-3"], datetime(2030, 3, 5, 14))
        self.assertEqual(len(self._remind(datetime(2030, 3, 5, 14))), 1)

    def test_steps_count_from_the_last_sending(self):
        """And what went out does not go out again."""
        link = self._send_link()
        self._remind(datetime(2030, 3, 4, 10))
        with freeze_time(datetime(2030, 3, 6, 12)):
            link._send_by_email()
        self.assertEqual(
            self._get_plan(link),
            {
                "sent-7": datetime(2030, 3, 13, 9),
                "expiry-2": datetime(2030, 3, 29, 9),
            },
        )

    def test_off_unless_the_company_says_so(self):
        company = self.env["res.company"].create({"name": "Another"})
        self.assertFalse(company.payment_link_reminder_sent_days)
        self.company.write(
            {
                "payment_link_reminder_sent_days": False,
                "payment_link_reminder_expiry_days": " ",
            }
        )
        self.assertFalse(self._send_link().outbox_ids)

    def test_a_link_has_days_of_its_own(self):
        link = self._send_link(reminder_sent_days="1", reminder_expiry_days=False)
        self.assertEqual(list(self._get_plan(link)), ["sent-1"])
        with freeze_time(START + timedelta(days=4)):
            link.with_user(self.seller).write({"reminder_sent_days": "2, 5"})
        self.assertEqual(list(self._get_plan(link)), ["sent-5"])
        link.with_user(self.seller).is_reminded = False
        self.assertFalse(self._get_plan(link))

    def test_a_new_address_keeps_the_days(self):
        link = self._send_link(reminder_sent_days="5", is_reminded=False)
        new = link._replace()
        self.assertEqual(new.reminder_sent_days, "5")
        self.assertFalse(new.is_reminded)

    def test_senseless_days_are_refused(self):
        link = self._create_link()
        for text in ("3; 7", "-1", "0", "366", "3,", "1.5", "soon", ",".join("1" * 11)):
            with self.subTest(text=text):
                with self.assertRaisesRegex(ValidationError, "is no list of days"):
                    self.company.payment_link_reminder_sent_days = text
                with self.assertRaisesRegex(ValidationError, "is no list of days"):
                    link.reminder_expiry_days = text

    # === BY WHICH WAY === #

    def test_reminded_by_text_message(self):
        """By the ways on which the link was sent, and by no others."""
        self.customer.write({"phone": "+1 202 555 0123", "lang": "en_US"})
        with freeze_time(START):
            link = self._create_link()
            link._record_event("sent", channel="sms")
        with self.mockSMSGateway():
            self.assertFalse(self._remind(datetime(2030, 3, 4, 10)))
        sms = self.env["sms.sms"].search([("number", "=", "+12025550123")])
        self.assertIn(link._get_channel_url("reminder"), sms.body)
        event = link.event_ids[0]
        self.assertEqual((event.type, event.channel), ("reminded", "sms"))

    def test_no_valid_number(self):
        with freeze_time(START):
            link = self._create_link()
            link._record_event("sent", channel="sms")
        self._assert_skipped(link, "no valid phone number")

    def test_whom_we_did_not_write_to_is_not_reminded(self):
        with freeze_time(START):
            link = self._create_link()
            link._record_event("sent", channel="share")
        self.assertFalse(link.outbox_ids)

    def test_reminded_in_the_customers_language(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        template = self.env.ref("payment_link_onetime.mail_template_reminder")
        template.with_context(lang="fr_FR").subject = "Rappel"
        self.customer.lang = "fr_FR"
        self._send_link()
        self.assertEqual(self._remind(datetime(2030, 3, 4, 10)).subject, "Rappel")

    def test_reminded_of_the_rest(self):
        """Who paid a part is reminded of what is still due."""
        self.env["payment.link.threshold"].create(
            {
                "company_id": self.company.id,
                "currency_id": self.company.currency_id.id,
                "amount": 50.0,
            }
        )
        link = self._send_link(allow_partial=True, minimum_percent=30.0)
        amount = link._claim(self.payer_key, displayed_amount=40.0)
        self._create_transaction(
            "direct",
            amount=amount,
            reference="part",
            partner_id=self.customer.id,
            **link._get_charge_values(self.payer_key),
        )._set_done()
        mails = self._remind(datetime(2030, 3, 4, 10)).filtered(
            lambda mail: "reminder" in mail.subject
        )
        self.assertIn("$\xa060.00", mails.subject)

    # === UNTIL WHEN === #

    def test_G4_stops_when_paid(self):
        link = self._send_link()
        self._pay(link)
        self.assertFalse(self._get_plan(link))
        self._send_messages()
        self._assert_skipped(link, "It is paid")

    def test_G4_stops_while_money_is_on_its_way(self):
        for index, set_state in enumerate(("_set_pending", "_set_authorized")):
            with self.subTest(set_state=set_state):
                self.provider.support_manual_capture = "partial"
                link = self._send_link(amount=10.0 + index)
                getattr(self._create_charge(link), set_state)()
                self._assert_skipped(link, "on its way")

    def test_G4_stops_when_cancelled(self):
        link = self._send_link()
        link.action_cancel()
        self._assert_skipped(link, "cancelled")

    def test_G4_stops_when_expired(self):
        """Also before the job that closes links has run."""
        link = self._send_link()
        link._store({"expires_at": START + timedelta(days=1)})
        self._assert_skipped(link, "has expired")

    def test_G4_stops_when_replaced(self):
        link = self._send_link()
        link._replace()
        self._assert_skipped(link, "replaced")

    def test_G4_stops_when_settled_elsewhere(self):
        """By wire, booked by an accountant: no door of ours has seen it."""
        self.order.action_confirm()
        invoice = self.order._create_invoices()
        invoice.action_post()
        with freeze_time(START):
            link = self.env["payment.link"].create(
                {"invoice_ids": [Command.set(invoice.ids)]}
            )
            link._send_by_email()
        register = self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=invoice.ids
        )
        register.create({})._create_payments()
        self.cr.precommit.run()
        self.assertFalse(self._get_plan(link))
        self._assert_skipped(link, "another way")

    def test_G4_stops_when_the_amount_has_changed(self):
        link = self._send_link()
        self.order.order_line[0].product_uom_qty = 3
        self.cr.precommit.run()
        self._assert_skipped(link, "amount has changed|cancelled|replaced")

    def test_waits_while_somebody_pays(self):
        link = self._send_link()
        with freeze_time(datetime(2030, 3, 4, 10)):
            link._claim(self.payer_key)
        self.assertFalse(self._remind(datetime(2030, 3, 4, 10)))
        self.assertEqual(self._get_plan(link)["sent-3"], datetime(2030, 3, 4, 11))

    def test_used_link_is_not_chased(self):
        """Of a link for many payments, nobody says how many have to be made."""
        with freeze_time(START):
            link = self._create_standalone_link(
                max_payments=0,
                partner_id=self.customer.id,
                user_id=self.seller.id,
            )
            link._send_by_email()
            self._pay(link)
        self._assert_skipped(link, "It is paid")

    # === WHAT DOES NOT ARRIVE === #

    def _bounce(self, link, partner=None):
        """Do what Odoo does when the mail with the link comes back."""
        partner = partner or self.customer
        message = self.env["mail.message"].search(
            [("model", "=", "payment.link"), ("res_id", "=", link.id)],
            order="id desc",
            limit=1,
        )
        self.env["mail.thread"]._routing_handle_bounce(
            None,
            {
                "bounced_email": partner.email_normalized,
                "bounced_partner": partner,
                "bounced_msg_ids": [message.message_id],
                "bounced_message": message,
                "email_from": "MAILER-DAEMON",
                "to": "bounce@example.com",
                "message_id": "<1@example.com>",
            },
        )

    def test_stops_after_a_bounce_and_somebody_is_told(self):
        link = self._send_link()
        self._bounce(link)
        self.assertEqual(link.event_ids[0].type, "bounced")
        self.assertEqual(link.activity_ids.user_id, self.seller)
        self.assertIn("ada.payer@example.com", link.activity_ids.note)
        self._bounce(link)  # A mail server says it more than once.
        self.assertEqual(len(link.activity_ids), 1)
        self._assert_skipped(link, "not delivered")

    def test_goes_on_once_the_link_is_sent_again(self):
        link = self._send_link()
        self._bounce(link)
        self.customer.email = "ada@example.com"
        with freeze_time(START + timedelta(hours=1)):
            link._send_by_email()
        self._assert_to(self._remind(datetime(2030, 3, 4, 10)), "ada@example.com")

    def test_bounce_of_another_mail_to_the_customer(self):
        link = self._send_link()
        self.customer._message_receive_bounce("ada.payer@example.com", self.customer)
        self._assert_skipped(link, "not delivered")

    def test_bounce_of_somebody_elses_mail(self):
        """The salesperson's own mailbox is full: the customer is reminded."""
        link = self._send_link()
        self._bounce(link, self.seller.partner_id)
        self.assertNotIn("bounced", link.event_ids.mapped("type"))
        self.assertEqual(len(self._remind(datetime(2030, 3, 4, 10))), 1)

    def test_blacklisted_address(self):
        link = self._send_link()
        self.env["mail.blacklist"]._add("ada.payer@example.com")
        self._assert_skipped(link, "blacklist")

    def test_own_mail_server_that_was_down_says_nothing_about_the_customer(self):
        link = self._send_link()
        notifications_sudo = self.env["mail.notification"].sudo()
        notification = notifications_sudo.search(
            [("res_partner_id", "=", self.customer.id)], limit=1, order="id desc"
        )
        notification.write(
            {"notification_status": "exception", "failure_type": "mail_email_invalid"}
        )
        self.assertIn("not delivered", link._get_channel_refusal("email"))
        notification.failure_type = "mail_smtp"
        self.assertFalse(link._get_channel_refusal("email"))

    # === THE JOB === #

    @mute_logger("odoo.addons.payment_link_onetime.models.payment_link_message")
    def test_a_message_that_cannot_be_made_stops_no_other(self):
        first = self._send_link(amount=10.0)
        self._send_link(amount=20.0)
        remind = type(first)._remind_by_email

        def fail(link):
            if link == first:
                raise ZeroDivisionError
            return remind(link)

        with patch.object(type(first), "_remind_by_email", fail):
            self.assertEqual(len(self._remind(datetime(2030, 3, 4, 10))), 1)
        message = self._get_messages(first, "reminder")[0]
        self.assertEqual(message.state, "failed")
        self.assertIn("The log says why", message.reason)
        self.assertNotIn("reminded", first.event_ids.mapped("type"))
        with freeze_time(datetime(2030, 3, 4, 11)):
            message.with_user(self.seller).action_retry()
            self.assertEqual(len(self._send_messages()), 1)
        self.assertEqual(message.state, "sent")

    def test_nobody_writes_messages(self):
        message = self._get_messages(self._send_link(), "reminder")[0]
        message = message.with_user(self.seller)
        self.assertTrue(message.due_at)
        with self.assertRaises(AccessError):
            message.write({"state": "sent"})
        with self.assertRaises(AccessError):
            message.create({"link_id": message.link_id.id, "kind": "receipt"})
        with self.assertRaises(AccessError):
            message.unlink()

    def test_other_peoples_messages(self):
        """Whoever may not see a link may not see what is sent about it."""
        message = self._get_messages(self._send_link(), "reminder")[0]
        other = self._create_user("other", "sales_team.group_sale_salesman")
        with self.assertRaises(AccessError):
            message.with_user(other).read(["recipient"])
        with self.assertRaises(AccessError):
            message.with_user(other).action_retry()
