from odoo.exceptions import UserError

from odoo.addons.sms.tests.common import SMSCase

from ..tools import count_sms_parts
from .common import PaymentLinkCommon


class TestSMS(PaymentLinkCommon, SMSCase):
    """B13, D3: a link goes out by SMS, through Odoo's queue."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.customer.write(
            {"country_id": cls.env.ref("base.be").id, "phone": "0470 12 34 56"}
        )
        cls.number = "+32470123456"

    def _assert_refused(self, link, reason):
        """The link is refused with a reason, and nothing is written."""
        for method in (link._send_by_sms, lambda: link._check_channel("sms")):
            with self.assertRaisesRegex(UserError, reason):
                method()
        self.assertFalse(self.env["sms.sms"].search([]))
        self.assertNotIn("sent", link.event_ids.mapped("type"))

    # === SENT === #

    def test_B13_D3_sms_says_who_asks_how_much_and_where(self):
        """It waits in Odoo's queue, with the number in E.164; no gateway is asked."""
        link = self._create_link()
        with self.mockSMSGateway():
            link._send_by_sms()
        self.assertFalse(self._sms)
        (sms,) = self._new_sms
        self.assertEqual((sms.number, sms.state), (self.number, "outgoing"))
        self.assertEqual(sms.partner_id, self.customer)
        self.assertEqual(
            sms.body,
            f"{self.company.name}: please pay $ 100.00 ({link.reference}) here:"
            f" {link.url}?via=sms",
        )

    def test_B13_queue_sends_it_once(self):
        """Rule 9: the job asks the gateway, when the transaction is committed."""
        link = self._create_link()
        link._send_by_sms()
        with self.mockSMSGateway(sms_allow_unlink=True):
            self._run_job("sms.ir_cron_sms_scheduler_action")
            self._run_job("sms.ir_cron_sms_scheduler_action")
        (sms,) = self._sms
        self.assertEqual(sms["number"], self.number)

    def test_sent_event_and_notes(self):
        link = self._create_link()
        link._send_by_sms()
        event = link.event_ids.filtered(lambda event: event.type == "sent")
        self.assertEqual(event.channel, "sms")
        self.assertEqual(link.message_ids[0].message_type, "sms")
        self.assertIn(f"{link.url}?via=sms", link.message_ids[0].body)
        self.assertIn(f"sent to {self.number}", self.order.message_ids[0].body)
        self.assertEqual(self.order.state, "sent")

    def test_sms_holds_no_blank_that_halves_it(self):
        """A blank that does not break is in no GSM alphabet: 70 characters, not 160."""
        self.env["res.lang"]._activate_lang("fr_FR")
        self.customer.lang = "fr_FR"
        link = self._create_standalone_link(
            amount=1234.5, partner_id=self.customer.id, reference="A1"
        )
        text = link._render_sms()
        self.assertRegex(text, "1 234,50")
        self.assertTrue(text.isascii(), text)

    def test_parts_of_an_sms(self):
        for text, parts in (
            ("", 1),
            ("a" * 160, 1),
            ("a" * 161, 2),
            ("a" * 306, 2),
            ("a" * 307, 3),
            ("a" * 158 + "€", 1),  # The euro sign counts twice.
            ("a" * 159 + "€", 2),
            ("ç" * 70, 1),  # The GSM alphabet has the capital one only.
            ("ç" * 71, 2),
            ("a" * 134 + "…", 3),
            ("🙂" * 35, 1),
            ("🙂" * 36, 2),
        ):
            with self.subTest(text=text):
                self.assertEqual(count_sms_parts(text), parts)

    def test_sms_speaks_the_customers_language(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        template = self.env.ref("payment_link_onetime.sms_template_payment_link")
        template.with_context(lang="fr_FR").body = "Payez {{ object.reference }}"
        self.customer.lang = "fr_FR"
        link = self._create_link()
        self.assertEqual(link._render_sms(), f"Payez {link.reference}")

    def test_personal_words_come_first(self):
        link = self._create_link()
        link._send_by_sms(message=" Dear Ada,\nas agreed ")
        body = self.env["sms.sms"].search([]).body
        self.assertTrue(body.startswith(f"Dear Ada,\nas agreed\n{self.company.name}"))

    def test_number_of_the_link_wins(self):
        """What was typed into the dialog, and not the contact's phone."""
        link = self._create_link(phone="+41 78 123 45 67")
        link._send_by_sms()
        sms = self.env["sms.sms"].search([])
        self.assertEqual((sms.number, sms.partner_id), ("+41781234567", self.customer))
        self.assertEqual(self.customer.phone, "0470 12 34 56")

    def test_reissued_link_goes_to_the_same_number(self):
        link = self._create_link(phone="+41781234567")
        link.action_reissue()
        self.assertEqual(link.replaced_by_id._check_channel("sms"), "+41781234567")

    def test_number_without_a_customer(self):
        link = self._create_standalone_link(phone="+41781234567")
        link._send_by_sms()
        sms = self.env["sms.sms"].search([])
        self.assertEqual((sms.number, sms.state), ("+41781234567", "outgoing"))
        self.assertFalse(sms.partner_id)

    # === THE NUMBER === #

    def test_B13_number_is_of_the_contacts_country(self):
        link = self._create_link()
        self.assertEqual(link._check_channel("sms"), self.number)
        self.customer.write(
            {"country_id": self.env.ref("base.fr").id, "phone": "06 12 34 56 78"}
        )
        self.assertEqual(link._check_channel("sms"), "+33612345678")

    def test_B13_number_is_of_the_companys_country_else(self):
        self.customer.country_id = False
        self.company.country_id = self.env.ref("base.be")
        self.assertEqual(self._create_link()._check_channel("sms"), self.number)

    # === REFUSED === #

    def test_B13_no_number(self):
        self.customer.phone = False
        self._assert_refused(self._create_link(), "Ada Payer has no phone number")
        self._assert_refused(self._create_standalone_link(), "Write the phone number")

    def test_B13_bad_numbers(self):
        """The error names the number, says what is wrong, and how to write it."""
        link = self._create_link()
        for number, reason in (
            ("12", "not enough digits"),
            ("0470 12 34 56 78 90", "too many digits"),
            ("+999 470 12 34 56", "(?i)unable to parse|country"),
            ("call me", "Unable to parse"),
            ("+32 999 99 99 99", "probably incorrect prefix"),
        ):
            with self.subTest(number=number):
                self.customer.phone = number
                with self.assertRaises(UserError) as caught:
                    link._send_by_sms()
                text = str(caught.exception)
                self.assertIn(f" {number}", text)
                self.assertRegex(text, reason)
                self.assertRegex(text, r"country code, such as \+32 \d")
        self._assert_refused(link, "No SMS can be sent")

    def test_blacklisted_number_is_not_written_to(self):
        self.env["phone.blacklist"].create({"number": self.number})
        link = self._create_link()
        self._assert_refused(link, r"\+32470123456 is on the blacklist")
        self.env["phone.blacklist"].search([]).active = False
        link._send_by_sms()
        self.assertEqual(self.env["sms.sms"].search([]).number, self.number)

    def test_A6_closed_link_is_not_sent(self):
        link = self._create_link()
        link.action_cancel()
        self._assert_refused(link, "it was cancelled")
