from urllib.parse import parse_qs, urlsplit

from lxml import html

from odoo.exceptions import AccessError, UserError

from .common import PaymentLinkCommon


class TestShare(PaymentLinkCommon):
    """D3: what a user hands on herself, by a messenger or on her own website."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.customer.write(
            {"country_id": cls.env.ref("base.be").id, "phone": "0470 12 34 56"}
        )

    # === MESSENGER === #

    def test_D3_whatsapp_opens_with_the_text_and_the_number(self):
        link = self._create_link()
        url = urlsplit(link.whatsapp_url)
        self.assertEqual((url.netloc, url.path), ("wa.me", "/32470123456"))
        (text,) = parse_qs(url.query)["text"]
        self.assertEqual(text, link.share_text)
        self.assertTrue(text.endswith(f"{link.url}?via=share"))
        self.assertIn("please pay $ 100.00", text)

    def test_whatsapp_asks_for_whom_where_there_is_no_number(self):
        for phone in (False, "call me"):
            self.customer.phone = phone
            link = self._create_standalone_link(partner_id=self.customer.id)
            self.assertTrue(link.whatsapp_url.startswith("https://wa.me/?text="))

    def test_text_is_in_the_customers_language(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        template = self.env.ref("payment_link_onetime.sms_template_payment_link")
        template.with_context(lang="fr_FR").body = "Payez {{ object.reference }} & Cie"
        self.customer.lang = "fr_FR"
        link = self._create_link()
        self.assertEqual(link.share_text, f"Payez {link.reference} & Cie")
        self.assertIn("%26%20Cie", link.whatsapp_url)

    def test_D5_shared_is_sent(self):
        link = self._create_link()
        link.action_share()
        event = link.event_ids.sorted("id")[-1]
        self.assertEqual((event.type, event.channel), ("sent", "share"))
        self.assertIn("shared by messenger", link.message_ids[0].body)
        note = self.order.message_ids.filtered(
            lambda message: "shared by messenger" in (message.body or "")
        )
        self.assertIn(f'data-oe-id="{link.id}"', note.body)
        self.assertEqual(self.order.state, "sent")

    def test_closed_link_is_not_shared(self):
        link = self._create_link()
        link.action_cancel()
        with self.assertRaisesRegex(UserError, "it was cancelled"):
            link.action_share()
        self.assertNotIn("sent", link.event_ids.mapped("type"))

    def test_nobody_else_shares_it(self):
        link = self._create_link(user_id=self.env.user.id)
        stranger = self._create_user("stranger", "sales_team.group_sale_salesman")
        self.order.user_id = self.env.user
        with self.assertRaises(AccessError):
            link.with_user(stranger).action_share()
        self.assertNotIn("sent", link.event_ids.mapped("type"))

    # === EMBEDDED === #

    def test_D3_button_is_a_link_that_carries_its_channel(self):
        self.company.email_secondary_color = "#FFEE00"
        link = self._create_link()
        self.assertNotIn("\n", link.embed_code)
        button = html.fromstring(link.embed_code)
        self.assertEqual(button.tag, "a")
        self.assertEqual(button.get("href"), f"{link.url}?via=embed")
        self.assertEqual(button.get("data-channel"), "embed")
        self.assertEqual(button.text.replace("\xa0", " "), "Pay $ 100.00")
        self.assertFalse(list(button))
        # Black on yellow is read, white is not.
        self.assertIn("background:#FFEE00;color:#000000", button.get("style"))

    def test_button_is_no_door_for_markup(self):
        self.company.email_secondary_color = '#000"><script>'
        code = self._create_link().embed_code
        self.assertNotIn("<script", code)
        self.assertEqual(len(html.fragments_fromstring(code)), 1)
