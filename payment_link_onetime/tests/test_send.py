from datetime import timedelta

from odoo import fields
from odoo.exceptions import UserError, ValidationError
from odoo.tests import Form

from .send_common import PaymentLinkSendCommon


class TestSend(PaymentLinkSendCommon):
    # === WHAT IS ASKED === #

    def test_F1_defaults_send_the_whole_due_by_email(self):
        """One click, a short dialog, done: sent, logged, counted."""
        dialog = self._open_dialog(self.order, self.seller)
        self.assertEqual(dialog.amount_option, "due")
        self.assertEqual(dialog.amount, 100.0)
        self.assertEqual(dialog.partner_id, self.customer)
        with self.mock_mail_gateway():
            action = dialog.save().action_send()
        self.assertEqual(
            action["params"]["next"]["type"], "ir.actions.act_window_close"
        )
        link = self._get_links(self.order)
        self.assertEqual(link.amount, 100.0)
        self.assertEqual(link.user_id, self.seller)
        self.assertEqual(
            link.event_ids.sorted("id").mapped("type"), ["created", "sent"]
        )
        self.assertEqual(self.order.payment_link_count, 1)
        self.assertEqual(self.order.state, "sent")
        subject = f"{self.company.name}: your payment of $\xa0100.00 ({link.reference})"
        self.assertSentEmail(
            self.seller.email_formatted, [self.customer], subject=subject
        )

    def test_B12_url_is_at_hand_without_sending(self):
        """The button "Get link" shows URL and QR code, and sends nothing."""
        dialog = self._open_dialog(self.order, self.seller).save()
        self.assertFalse(dialog.url)
        with self.mock_mail_gateway():
            action = dialog.action_create_link()
        self.assertEqual(
            (action["res_model"], action["res_id"]), (dialog._name, dialog.id)
        )
        link = self._get_links(self.order)
        self.assertEqual(dialog.link_id, link)
        self.assertEqual(dialog.url, link.url)
        self.assertEqual(dialog.qr_code, link.qr_code)
        self.assertEqual(dialog.reference, link.reference)
        self.assertNotSentEmail()
        self.assertEqual(self.order.state, "draft")
        # Changing one's mind sends the same link.
        with self.mock_mail_gateway():
            dialog.action_send()
        self.assertEqual(self._get_links(self.order), link)
        self.assertSentEmail(self.seller.email_formatted, [self.customer])

    def test_F5_prepayment(self):
        """The prepayment is what Odoo's own rule asks for."""
        self.order.write({"require_payment": True, "prepayment_percent": 0.3})
        dialog = self._open_dialog(self.order)
        dialog.amount_option = "prepayment"
        self.assertEqual(dialog.amount, 30.0)
        dialog.save().action_create_link()
        self.assertEqual(self._get_links(self.order).amount, 30.0)

    def test_percentage(self):
        dialog = self._open_dialog(self.order)
        dialog.amount_option = "percentage"
        self.assertEqual(dialog.amount, 50.0)
        dialog.percentage = 33.333
        self.assertEqual(dialog.amount, 33.33)
        dialog.save().action_create_link()
        self.assertEqual(self._get_links(self.order).amount, 33.33)

    def test_percentage_is_a_part(self):
        for percentage in (0.0, -5.0, 100.01):
            dialog = self._open_dialog(self.order)
            dialog.amount_option = "percentage"
            dialog.percentage = percentage
            with self.subTest(percentage=percentage), self.assertRaises(UserError):
                dialog.save()

    def test_fixed_amount(self):
        dialog = self._open_dialog(self.order)
        dialog.amount_option = "fixed"
        dialog.amount = 12.34
        dialog.save().action_create_link()
        self.assertEqual(self._get_links(self.order).amount, 12.34)

    def test_fixed_amount_is_not_above_the_due(self):
        """Rule 13: nobody is asked for more than the order owes."""
        dialog = self._open_dialog(self.order)
        dialog.amount_option = "fixed"
        dialog.amount = 100.01
        with self.assertRaises(ValidationError):
            dialog.save().action_create_link()
        self.assertFalse(self._get_links(self.order))

    def test_rest_of_the_due(self):
        """A second link asks for what the first one leaves."""
        self._create_link(amount=40.0)
        dialog = self._open_dialog(self.order)
        self.assertEqual(dialog.amount, 60.0)
        dialog.save().action_create_link()
        self.assertEqual(sorted(self._get_links(self.order).mapped("amount")), [40, 60])

    def test_description_and_expiry_are_the_users(self):
        tomorrow = fields.Datetime.now().replace(microsecond=0) + timedelta(days=1)
        dialog = self._open_dialog(self.order)
        dialog.description = "Down payment on the chairs"
        dialog.expires_at = tomorrow
        dialog.save().action_create_link()
        link = self._get_links(self.order)
        self.assertEqual(link.description, "Down payment on the chairs")
        self.assertEqual(link.expires_at, tomorrow)

    def test_never_expiring(self):
        dialog = self._open_dialog(self.order)
        dialog.expires_at = False
        dialog.save().action_create_link()
        self.assertFalse(self._get_links(self.order).expires_at)

    # === WHERE IT IS OPENED === #

    def test_open_link_is_sent_again(self):
        """All is asked for already: the dialog shows that link, and makes no other."""
        link = self._create_link()
        dialog = self._open_dialog(self.order, self.seller)
        self.assertEqual(dialog.link_id, link)
        self.assertEqual(dialog.url, link.url)
        self.assertEqual(dialog.amount, 100.0)
        with self.mock_mail_gateway():
            dialog.save().action_send()
        self.assertEqual(self._get_links(self.order), link)
        self.assertSentEmail(self.seller.email_formatted, [self.customer])

    def test_send_from_the_links_own_form(self):
        link = self._create_link(amount=25.0)
        action = link.with_user(self.seller).action_open_send_dialog()
        dialog = self._open_dialog(None, self.seller, **action["context"])
        self.assertEqual((dialog.link_id, dialog.amount), (link, 25.0))
        self.assertEqual(dialog.partner_id, self.customer)
        with self.mock_mail_gateway():
            dialog.save().action_send()
        self.assertSentEmail(self.seller.email_formatted, [self.customer])
        self.assertEqual(self._get_links(self.order), link)

    def test_D6_ad_hoc_amount_for_a_contact(self):
        dialog = self._open_dialog(self.customer, self.seller)
        self.assertEqual(dialog.partner_id, self.customer)
        self.assertEqual(dialog.amount_option, "fixed")
        dialog.amount = 75.0
        dialog.reference = "Spare parts"
        with self.mock_mail_gateway():
            dialog.save().action_send()
        link = self._get_links(self.customer)
        self.assertEqual((link.amount, link.reference), (75.0, "Spare parts"))
        self.assertFalse(link.sale_order_id)
        self.assertEqual(self.customer.payment_link_count, 1)
        self.assertSentEmail(self.seller.email_formatted, [self.customer])
        note = self.customer.message_ids[0]
        self.assertIn(f'data-oe-id="{link.id}"', note.body)
        self.assertIn("$&nbsp;75.00", note.body)

    def test_D6_ad_hoc_amount_from_the_contacts_action_menu(self):
        """The menu's action has no record of its own, only the client's context."""
        action = self.env.ref("payment_link_onetime.action_send_payment_link_partner")
        self.assertEqual(action.binding_model_id.model, "res.partner")
        dialog = self._open_dialog(
            None, active_model="res.partner", active_id=self.customer.id
        )
        self.assertEqual(dialog.partner_id, self.customer)

    def test_A13_standalone(self):
        """From the list: for nobody in particular, with the code as reference."""
        dialog = self._open_dialog(None, self.seller, active_model="payment.link")
        self.assertFalse(dialog.partner_id)
        dialog.amount = 19.9
        wizard = dialog.save()
        with self.assertRaisesRegex(UserError, "Choose how to send"):
            wizard.action_send()
        wizard.action_create_link()
        link = wizard.link_id
        self.assertEqual((link.amount, link.reference), (19.9, link.code))
        self.assertFalse(link.partner_id or link.sale_order_id)

    def test_new_link_from_the_contacts_list_is_for_the_contact(self):
        self._create_standalone_link(partner_id=self.customer.id)
        action = self.customer.action_view_payment_links()
        dialog = self._open_dialog(
            None, **{**action["context"], "active_model": "payment.link"}
        )
        self.assertEqual(dialog.partner_id, self.customer)

    def test_zero_is_nothing_to_ask_for(self):
        dialog = self._open_dialog(self.customer)
        with self.assertRaises(ValidationError):
            dialog.save().action_create_link()

    def test_button_is_there_while_something_is_due(self):
        self.assertTrue(self.order.is_payment_link_payable)
        self._pay(self._create_link())
        self.env.invalidate_all()
        self.assertFalse(self.order.is_payment_link_payable)
        cancelled_order = self._create_order()
        cancelled_order._action_cancel()
        self.assertFalse(cancelled_order.is_payment_link_payable)

    def test_F1_button_and_counter_on_the_order(self):
        form = Form(self.order.with_user(self.seller), "sale.view_order_form")
        self.assertTrue(form.is_payment_link_payable)
        self.assertEqual(form.payment_link_count, 0)
        link = self._create_link()
        action = self.order.with_user(self.seller).action_view_payment_links()
        self.assertEqual(action["res_id"], link.id)

    # === THE MAIL === #

    def test_mail_says_what_for_how_much_until_when_and_where(self):
        link = self._create_link(description="Chairs & more", user_id=self.seller.id)
        link._store({"expires_at": "2030-07-31 21:59:59"})
        with self.mock_mail_gateway():
            link.with_user(self.seller)._send_by_email()
        mail = self._mails[0]
        self.assertEqual(mail["email_from"], self.seller.email_formatted)
        self.assertEqual(mail["email_to"], [self.customer.email_formatted])
        body = mail["body"]
        url = f"{link.url}?via=email"
        self.assertEqual(body.count(f'href="{url}"'), 2)
        self.assertIn(f">{url}<", body)
        self.assertIn("Chairs &amp; more", body)
        self.assertIn(link.reference, body)
        self.assertIn("$&nbsp;100.00", body)
        self.assertIn(self.customer.name, body)
        # 21:59:59 in UTC is the end of the day in the company's time zone.
        self.assertRegex(body, r"\b(11|23):59\b.*\(Europe/Brussels\)")
        self.assertIn("Sally, your contact", body)
        self.assertFalse(mail["attachments"])

    def test_personal_message_is_text(self):
        """It stands above the button, with its lines, and is never read as HTML."""
        link = self._create_link()
        with self.mock_mail_gateway():
            link._send_by_email(message="Dear Ada,\nas <b>agreed</b>")
        body = self._mails[0]["body"]
        self.assertIn(
            "Dear Ada,<br>as &lt;b&gt;agreed&lt;/b&gt;", body.replace("/>", ">")
        )
        self.assertLess(body.index("Dear Ada"), body.index("Pay now"))

    def test_mail_speaks_the_customers_language(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        template = self.env.ref("payment_link_onetime.mail_template_payment_link")
        template.with_context(lang="fr_FR").subject = "Votre paiement"
        self.customer.lang = "fr_FR"
        link = self._create_link()
        self.env.flush_all()  # The layout reads the language by SQL.
        with self.mock_mail_gateway():
            link._send_by_email()
        self.assertEqual(self._mails[0]["subject"], "Votre paiement")
        self.assertIn('<html lang="fr_FR">', self._mails[0]["body"])
        self.assertIn("$&nbsp;100,00", self._mails[0]["body"])

    def test_mail_leaves_after_the_commit(self):
        """Rule 9: what may be retried sends nothing itself."""
        link = self._create_link()
        with self.mock_mail_gateway(mail_unlink_sent=False):
            link.with_context(mail_notify_force_send=False)._send_by_email()
            self.assertFalse(self._mails)
        mail = link.message_ids.mail_ids
        self.assertEqual(mail.state, "outgoing")
        self.assertEqual(mail.recipient_ids, self.customer)

    def test_mail_is_in_the_chatter_and_the_note_on_the_document(self):
        link = self._create_link()
        with self.mock_mail_gateway():
            link._send_by_email()
        self.assertIn(link.url, link.message_ids[0].body)
        note = self.order.message_ids.filtered(
            lambda message: f'data-oe-id="{link.id}"' in (message.body or "")
        )
        self.assertEqual(len(note), 1)
        self.assertTrue(note.is_internal)
        self.assertIn(self.customer.email, note.body)
        self.assertNotIn("/pay/", note.body)

    def test_sent_quote_is_a_sent_quote(self):
        link = self._create_link()
        link._send_by_email()
        self.assertEqual(self.order.state, "sent")

    def test_confirmed_order_stays_confirmed(self):
        self.order.action_confirm()
        self._create_link()._send_by_email()
        self.assertEqual(self.order.state, "sale")

    # === REFUSED === #

    def test_no_email_is_a_clear_error_and_makes_no_link(self):
        self.customer.email = False
        dialog = self._open_dialog(self.order)
        with self.assertRaisesRegex(UserError, "Ada Payer has no e-mail address"):
            dialog.save().action_send()
        self.assertFalse(self._get_links(self.order))
        with self.assertRaisesRegex(UserError, "Ada Payer has no e-mail address"):
            self._create_link()._send_by_email()
        with self.assertRaisesRegex(UserError, "no customer with an e-mail address"):
            self._create_standalone_link()._send_by_email()

    def test_address_that_is_none_is_a_clear_error(self):
        self.customer.email = "ada at example"
        link = self._create_link()
        for method in (link._send_by_email, lambda: link._check_channel("email")):
            with self.assertRaisesRegex(UserError, "ada at example of Ada Payer is no"):
                method()
        self.assertNotIn("sent", link.event_ids.mapped("type"))

    def test_B10_expired_link_is_not_sent(self):
        link = self._create_link()
        link._store({"expires_at": fields.Datetime.now() - timedelta(minutes=1)})
        self._assert_not_sent(link, "it has expired")

    def test_cancelled_link_is_not_sent(self):
        link = self._create_link()
        link.action_cancel()
        self._assert_not_sent(link, "it was cancelled")

    def test_A6_paid_link_is_not_sent(self):
        link = self._create_link()
        self._pay(link)
        self._assert_not_sent(link, "it is paid already")

    def test_link_of_a_cancelled_order_is_not_sent(self):
        link = self._create_link()
        self.order._action_cancel()
        self._assert_not_sent(link, "it was cancelled")

    def _assert_not_sent(self, link, reason):
        with self.mock_mail_gateway(), self.assertRaisesRegex(UserError, reason):
            link._send_by_email()
        self.assertNotSentEmail()
        self.assertNotIn("sent", link.event_ids.mapped("type"))
