from unittest.mock import patch

import psycopg2
from lxml import html

from odoo.exceptions import UserError
from odoo.tools import html2plaintext, mute_logger

from .document_common import PaymentLinkDocumentCommon
from .send_common import PaymentLinkSendCommon

_EMAIL_MODEL = "odoo.addons.payment_link_onetime.models.payment_link_email"


class TestSendChannels(PaymentLinkSendCommon):
    """B13, D3, F1: by one or several channels at once, each seen before it goes."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.customer.write(
            {"country_id": cls.env.ref("base.be").id, "phone": "0470 12 34 56"}
        )
        cls.number = "+32470123456"

    def _count_rows(self):
        """Return how much there is of all that sending writes."""
        self.env.flush_all()
        models = ("payment.link", "payment.link.event", "mail.message", "mail.mail")
        models += ("sms.sms", "mail.notification", "ir.attachment", "utm.campaign")
        return {name: self.env[name].sudo().search_count([]) for name in models}

    def _assert_refused(self, dialog, reason):
        """The dialog is refused with a reason, and nothing is written or sent."""
        wizard = dialog.save()
        before = self._count_rows()
        with self.mock_mail_gateway(), self.assertRaisesRegex(UserError, reason):
            wizard.action_send()
        self.assertEqual(self._count_rows(), before)
        self.assertNotSentEmail()
        self.assertFalse(wizard.link_id)

    # === BY WHICH === #

    def test_B13_D3_email_and_sms_at_once(self):
        dialog = self._open_dialog(self.order, self.seller)
        self._check(dialog, "email", "sms")
        dialog.message = "See you on Monday"
        with self.mock_mail_gateway(), self.mockSMSGateway():
            action = dialog.save().action_send()
        link = self._get_links(self.order)
        self.assertEqual(
            action["params"]["message"],
            f"The payment link was sent to {self.customer.email} and {self.number}.",
        )
        self.assertSentEmail(self.seller.email_formatted, [self.customer])
        (sms,) = self._new_sms
        self.assertEqual((sms.number, sms.state), (self.number, "outgoing"))
        for text in (self._mails[0]["body"], sms.body):
            self.assertIn("See you on Monday", text)
        sent = link.event_ids.filtered(lambda event: event.type == "sent")
        self.assertEqual(set(sent.mapped("channel")), {"email", "sms"})
        self.assertEqual(len(sent), 2)
        notes = "".join(self.order.message_ids.mapped("body"))
        for recipient in (self.customer.email, self.number):
            self.assertEqual(notes.count(f"sent to {recipient}"), 1)
        self.assertEqual(
            set(link.message_ids.mapped("message_type")) & {"comment", "sms"},
            {"comment", "sms"},
        )

    def test_default_is_the_address_else_the_number(self):
        self.assertEqual(self._open_dialog(self.order).channels, ["email"])
        self.customer.email = False
        dialog = self._open_dialog(self.order)
        self.assertEqual((dialog.channels, dialog.phone), (["sms"], self.number))
        self.customer.phone = False
        self.assertEqual(self._open_dialog(self.order).channels, ["email"])
        self.assertFalse(self._open_dialog().channels)

    def test_F1_one_click_where_there_is_only_a_number(self):
        self.customer.email = False
        with self.mock_mail_gateway(), self.mockSMSGateway():
            self._open_dialog(self.order, self.seller).save().action_send()
        self.assertEqual(self._new_sms.number, self.number)
        self.assertNotSentEmail()

    def test_boxes_are_in_order_and_follow_the_customer(self):
        dialog = self._open_dialog(None, self.seller, active_model="payment.link")
        self.assertEqual(list(dialog.channel_checkboxes), ["email", "sms"])
        self.assertEqual(dialog.channel_checkboxes["email"]["label"], "E-mail")
        self.assertFalse(dialog.phone)
        dialog.partner_id = self.customer
        self.assertEqual((dialog.channels, dialog.phone), (["email"], self.number))
        self._check(dialog, "sms")
        self.assertEqual(dialog.channels, ["sms"])
        dialog.amount = 5.0
        wizard = dialog.save()
        wizard.action_create_link()  # What was chosen stays.
        wizard.invalidate_recordset()
        self.assertEqual(wizard.channels, ["sms"])
        self.assertEqual(list(wizard.channel_checkboxes), ["email", "sms"])

    def test_new_channel_is_one_method_and_one_value(self):
        """Whatever the list has a method for is offered, and sent by it."""
        links = self.env.registry["payment.link"]
        sent = []

        def send_by_portal(link, message=None):
            sent.append((link, message))
            link._on_sent("the portal", "portal")

        with patch.object(links, "_send_by_portal", send_by_portal, create=True):
            dialog = self._open_dialog(self.order)
            self.assertEqual(
                dialog.channel_checkboxes["portal"],
                {"label": "Customer Portal", "checked": False},
            )
            self._check(dialog, "portal")
            dialog.show_preview = True
            dialog.message = "Hello"
            dialog.save().action_send()
        link = self._get_links(self.order)
        self.assertEqual(sent, [(link, "Hello")])
        self.assertEqual(link.event_ids.sorted("id")[-1].channel, "portal")

    def test_link_is_sent_again_through_the_same_dialog(self):
        """With the number that it was sent to before."""
        link = self._create_link(phone="+41781234567")
        action = link.with_user(self.seller).action_open_send_dialog()
        dialog = self._open_dialog(None, self.seller, **action["context"])
        self.assertEqual(dialog.phone, "+41781234567")
        self._check(dialog, "sms")
        with self.mockSMSGateway():
            dialog.save().action_send()
        self.assertEqual(self._new_sms.number, "+41781234567")
        self.assertEqual(self._get_links(self.order), link)

    # === THE NUMBER === #

    def test_B13_number_is_shown_in_E164(self):
        dialog = self._open_dialog(self.order)
        self._check(dialog, "sms")
        self.assertEqual(dialog.phone, self.number)
        dialog.phone = "0471/11.22.33"
        self.assertEqual(dialog.phone, "+32471112233")
        dialog.phone = "+41 78 123 45 67"
        self.assertEqual(dialog.phone, "+41781234567")

    def test_another_number_is_for_this_link_only(self):
        dialog = self._open_dialog(self.order, self.seller)
        self._check(dialog, "sms")
        dialog.phone = "0471 11 22 33"
        with self.mockSMSGateway():
            dialog.save().action_send()
        self.assertEqual(self._new_sms.number, "+32471112233")
        self.assertEqual(self._get_links(self.order).phone, "+32471112233")
        self.assertEqual(self.customer.phone, "0470 12 34 56")

    def test_the_contacts_number_is_not_kept(self):
        """Corrected on the contact, it is corrected for the link."""
        dialog = self._open_dialog(self.order)
        self._check(dialog, "sms")
        dialog.save().action_send()
        self.assertFalse(self._get_links(self.order).phone)

    def test_number_without_a_customer(self):
        dialog = self._open_dialog(None, self.seller, active_model="payment.link")
        self._check(dialog, "sms")
        dialog.amount = 19.9
        dialog.phone = "+41 78 123 45 67"
        with self.mockSMSGateway():
            dialog.save().action_send()
        self.assertEqual(self._new_sms.number, "+41781234567")

    # === REFUSED === #

    def test_B13_what_is_wrong_is_said_before_and_refuses_the_whole(self):
        """One channel that cannot be used, and nothing is made or sent by the other."""
        blacklisted = "+32470999999"
        self.env["phone.blacklist"].create({"number": blacklisted})
        for values, channels, reason in (
            ({"email": False}, ("email", "sms"), "has no e-mail address"),
            ({"email": "ada"}, ("email", "sms"), "ada of Ada Payer is no e-mail"),
            ({"phone": False}, ("email", "sms"), "has no phone number"),
            ({"phone": "12"}, ("email", "sms"), "12: not enough digits"),
            ({"phone": "call me"}, ("email", "sms"), "Unable to parse call me"),
            ({"phone": blacklisted}, ("email", "sms"), "99999 is on the blacklist"),
        ):
            with self.subTest(**values):
                self.customer.write(
                    {"email": "ada@example.com", "phone": self.number, **values}
                )
                dialog = self._open_dialog(self.order, self.seller)
                self._check(dialog, *channels)
                self.assertRegex(dialog.channel_problem, reason)
                self._assert_refused(dialog, reason)

    def test_typed_number_that_is_none(self):
        dialog = self._open_dialog(self.order, self.seller)
        self._check(dialog, "email", "sms")
        self.assertFalse(dialog.channel_problem)
        dialog.phone = "0470 12"
        self.assertEqual(dialog.phone, "0470 12")
        self._assert_refused(dialog, r"0470 12: .*country code, such as \+32 \d")

    def test_nobody_to_send_to(self):
        dialog = self._open_dialog(None, self.seller, active_model="payment.link")
        dialog.amount = 19.9
        self._assert_refused(dialog, "check one of E-mail or SMS")
        self._check(dialog, "email")
        self._assert_refused(dialog, "Choose the customer")
        self._check(dialog, "sms")
        self._assert_refused(dialog, "Write the phone number")

    def test_channel_that_there_is_not(self):
        wizard = self._open_dialog(self.order).save()
        wizard.channels = ["email", "pigeon"]
        with self.assertRaisesRegex(UserError, "Choose how to send"):
            wizard.action_send()
        self.assertFalse(self._get_links(self.order))

    def test_A6_closed_link_is_not_sent_by_any(self):
        link = self._create_link()
        dialog = self._open_dialog(None, default_link_id=link.id)
        self._check(dialog, "email", "sms")
        wizard = dialog.save()
        link.action_cancel()
        before = self._count_rows()
        with self.assertRaisesRegex(UserError, "it was cancelled"):
            wizard.action_send()
        self.assertEqual(self._count_rows(), before)

    # === SEEN BEFORE === #

    def _read_preview(self, dialog):
        """Return the texts of what the dialog shows, by their headings."""
        text = html2plaintext(dialog.preview)
        return " ".join(text.replace("\xa0", " ").split())

    def test_preview_is_what_is_sent(self):
        """The same words, amount and expiry; only the address is not made yet."""
        dialog = self._open_dialog(self.order, self.seller)
        self._check(dialog, "email", "sms")
        self.assertFalse(dialog.preview)
        dialog.amount_option = "percentage"
        dialog.percentage = 33.0
        dialog.description = "Down payment"
        dialog.message = "See <you> on Monday"
        dialog.show_preview = True
        preview = html.fromstring(dialog.preview)
        with self.mock_mail_gateway(), self.mockSMSGateway():
            dialog.save().action_send()
        link = self._get_links(self.order)
        (subject,) = preview.find_class("o_payment_link_preview_subject")
        self.assertEqual(subject.text_content().strip(), self._mails[0]["subject"])
        secret = link.access_token
        text = " ".join(html2plaintext(dialog.preview).split())
        self.assertIn(" ".join(self._new_sms.body.replace(secret, "…").split()), text)
        table = html.fromstring(self._mails[0]["body"]).xpath("//table//td/text()")
        words = [" ".join(cell.split()) for cell in table if cell.strip()]
        self.assertIn("$ 33.00", [word.replace("\xa0", " ") for word in words])
        for word in words:
            self.assertIn(word, text)
        self.assertIn("See <you> on Monday", preview.text_content())

    def test_preview_writes_nothing(self):
        """Not even the code of the link, or a number of a sequence."""
        dialog = self._open_dialog(self.order, self.seller)
        self._check(dialog, "email", "sms")
        before = self._count_rows()
        stamp = self.order.write_date
        self.env.flush_all()
        dialog.show_preview = True
        self.assertIn(self.order.name, dialog.preview)
        dialog.message = "Again"
        self.assertIn("Again", dialog.preview)
        dialog.save()
        self.assertEqual(self._count_rows(), before)
        self.assertFalse(self.order.payment_link_ids)
        self.assertEqual(self.order.write_date, stamp)

    def test_preview_has_no_secret_and_a_code_that_is_seen(self):
        dialog = self._open_dialog(self.order, self.seller)
        dialog.show_preview = True
        self.assertIn("/pay/…?via=email", dialog.preview)
        self.assertNotIn("x" * 43, dialog.preview)
        self.assertIn('src="data:image/png;base64,iVBOR', dialog.preview)

    def test_preview_of_a_link_that_is_there(self):
        link = self._create_link()
        dialog = self._open_dialog(None, self.seller, default_link_id=link.id)
        dialog.show_preview = True
        self.assertIn(f"{link.url}?via=email", dialog.preview)

    def test_preview_speaks_the_customers_language(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        template = self.env.ref("payment_link_onetime.sms_template_payment_link")
        template.with_context(
            lang="fr_FR"
        ).body = "Payez {{ format_amount(object.amount, object.currency_id) }}"
        self.customer.lang = "fr_FR"
        dialog = self._open_dialog(self.order, self.seller)
        self._check(dialog, "sms")
        dialog.show_preview = True
        self.assertIn("Payez $ 100,00", self._read_preview(dialog))

    def test_B13_preview_counts_the_parts_of_the_whole_address(self):
        dialog = self._open_dialog(self.order, self.seller)
        self._check(dialog, "sms")
        dialog.show_preview = True
        seen = self._read_preview(dialog)
        with self.mockSMSGateway():
            dialog.save().action_send()
        length = len(self._new_sms.body)
        self.assertIn(f"{length} characters, sent as {1 + (length > 160)} SMS", seen)

    def test_preview_without_a_number(self):
        """What is wrong is said beside it."""
        self.customer.phone = False
        dialog = self._open_dialog(self.order)
        self._check(dialog, "sms")
        dialog.show_preview = True
        self.assertIn("please pay", dialog.preview)

    # === MARKETING === #

    def test_D11_campaign_comes_from_the_document_and_goes_on_the_link(self):
        campaign, other = self.env["utm.campaign"].create(
            [{"name": "spring"}, {"name": "autumn"}]
        )
        medium = self.env["utm.medium"].create({"name": "Counter"})
        source = self.env["utm.source"].create({"name": "Leaflet"})
        self.order.write({"campaign_id": campaign.id, "medium_id": medium.id})
        dialog = self._open_dialog(self.order, self.seller)
        self.assertEqual((dialog.campaign_id, dialog.medium_id), (campaign, medium))
        dialog.campaign_id = other
        dialog.source_id = source
        dialog.save().action_create_link()
        link = self._get_links(self.order)
        self.assertEqual(
            (link.campaign_id, link.medium_id, link.source_id), (other, medium, source)
        )

    def test_D11_nothing_comes_from_the_salespersons_own_cookies(self):
        dialog = self._open_dialog(self.customer, self.seller)
        self.assertFalse(dialog.campaign_id or dialog.medium_id or dialog.source_id)


class TestSendDocument(PaymentLinkSendCommon):
    """The quotation or invoice goes out with the e-mail, if a PDF can be made."""

    def _send(self, record, render):
        """Send with the box "Attach the PDF", with what makes PDFs replaced."""
        reports = self.env.registry["ir.actions.report"]
        dialog = self._open_dialog(record, self.seller)
        dialog.attach_document = True
        with (
            patch.object(reports, "_render_qweb_pdf", render),
            self.mock_mail_gateway(),
        ):
            dialog.save().action_send()
        return record.payment_link_ids

    def test_quotation_is_attached(self):
        link = self._send(self.order, lambda *_args: (b"%PDF-1.4 quotation", "pdf"))
        (attachment,) = self._mails[0]["attachments"]
        name = f"Quotation {self.order.name}.pdf"
        self.assertEqual(attachment[:2], (name, b"%PDF-1.4 quotation"))
        message = link.message_ids.filtered("attachment_ids")
        self.assertEqual(message.attachment_ids.mapped("name"), [name])

    def test_nothing_is_attached_unasked(self):
        with self.mock_mail_gateway():
            self._open_dialog(self.order).save().action_send()
        self.assertFalse(self._mails[0]["attachments"])

    def test_no_pdf_no_attachment_and_the_chatter_says_so(self):
        def fail(*_args):
            raise UserError(self.env._("No Wkhtmltopdf here."))

        link = self._send(self.order, fail)
        self.assertFalse(self._mails[0]["attachments"])
        self.assertIn("asks you to pay", self._mails[0]["body"])
        notes = [html2plaintext(body) for body in link.message_ids.mapped("body")]
        (note,) = [note for note in notes if "without the PDF" in note]
        self.assertIn("No Wkhtmltopdf here.", note)

    def test_report_that_breaks_breaks_no_mail(self):
        def fail(*_args):
            raise ValueError("a template of somebody's own")

        with mute_logger(_EMAIL_MODEL):
            link = self._send(self.order, fail)
        self.assertFalse(self._mails[0]["attachments"])
        self.assertIn("without the PDF", "".join(link.message_ids.mapped("body")))

    def test_html_is_no_pdf(self):
        """What Odoo returns where it was told to make no PDFs."""
        link = self._send(self.order, lambda *_args: (b"<html/>", "html"))
        self.assertFalse(self._mails[0]["attachments"])
        self.assertIn("without the PDF", "".join(link.message_ids.mapped("body")))

    def test_collision_lets_odoo_start_over(self):
        """Rule 9: what is run again has sent nothing."""

        def collide(*_args):
            raise psycopg2.errors.SerializationFailure()

        with self.assertRaises(psycopg2.errors.SerializationFailure):
            self._send(self.order, collide)
        self.assertNotSentEmail()

    def test_contact_has_nothing_to_attach(self):
        dialog = self._open_dialog(self.customer)
        self.assertFalse(dialog.has_document)
        self.assertTrue(self._open_dialog(self.order).has_document)


class TestSendInvoices(PaymentLinkDocumentCommon):
    def test_invoices_are_attached_each(self):
        """One that was sent before goes out as it was."""
        first, second = self._create_invoice(), self._create_invoice()
        first.invoice_pdf_report_file = b"JVBERi0xLjQ="
        names = [first.invoice_pdf_report_id.name]
        names.append(second._get_invoice_report_filename())
        link = self._create_invoice_link(first + second)
        reports = self.env.registry["ir.actions.report"]
        with patch.object(
            reports, "_render_qweb_pdf", lambda *_args: (b"%PDF-1.4 new", "pdf")
        ):
            attachments = link._prepare_document_attachments()
        self.assertEqual(attachments.mapped("name"), names)
        self.assertEqual(attachments.mapped("raw"), [b"%PDF-1.4", b"%PDF-1.4 new"])
