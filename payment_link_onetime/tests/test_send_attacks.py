"""What a clever user, or a text with a plan, may try in the dialog and on what goes out."""

import inspect
from urllib.parse import parse_qs, unquote, urlsplit

from lxml import html

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import PaymentLinkHttpCommon
from .send_common import PaymentLinkSendCommon

ACCESS_LOGGERS = ("odoo.addons.base.models.ir_model", "odoo.addons.base.models.ir_rule")

# What a template would make something of: "{{ }}" in subjects and SMS, QWeb in mails.
CODE = (
    "{{ object.access_token }} ${object.access_token} #{6 * 7} %(amount)s &amp;"
    ' <t t-out="object.access_token"/><img src="x" onerror="x()"/>'
)


class TestTemplateInjection(PaymentLinkSendCommon):
    """Nobody's words are run as the code of a template, or become markup."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.customer.write(
            {
                "name": f"Ada {CODE}",
                "country_id": cls.env.ref("base.be").id,
                "phone": "0470 12 34 56",
            }
        )
        cls.company.name = f"Chairs {CODE}"
        cls.link = cls._create_link(description=f"For {CODE}", reference=f"Nr {CODE}")

    def test_B13_what_goes_out(self):
        with self.mock_mail_gateway(), self.mockSMSGateway(), self.mock_mail_app():
            self.link._send_by_email(message=f"Hello {CODE}")
            self.link._send_by_sms(message=f"Hello {CODE}")
            (mail,), (sms,) = self._new_mails, self._new_sms
        body = html.fromstring(mail.body_html)
        text = " ".join(body.text_content().split())
        for word in ("Ada", "For", "Nr", "Hello", "Chairs"):
            self.assertIn(f"{word} {CODE}", text)
        self.assertFalse(body.xpath("//*[@onerror]"))
        self.assertIn(f"Chairs {CODE}", mail.subject)
        self.assertIn(f"Nr {CODE}", mail.subject)
        for word in ("Nr", "Hello", "Chairs"):
            self.assertIn(f"{word} {CODE}", sms.body)
        # Only the address holds the secret.
        token = self.link.access_token
        for sent in (text, sms.body, mail.subject):
            self.assertNotIn(token, sent.replace(f"/pay/{token}", ""))

    def test_preview(self):
        dialog = self._open_dialog(default_link_id=self.link.id)
        self._check(dialog, "email", "sms")
        dialog.message = f"Hello {CODE}"
        dialog.show_preview = True
        preview = html.fromstring(dialog.preview)
        text = " ".join(preview.text_content().split())
        self.assertEqual(text.count(f"Hello {CODE}"), 2)
        self.assertIn(f"For {CODE}", text)
        self.assertFalse(preview.xpath("//*[@onerror]"))

    def test_what_is_shared_and_printed(self):
        self.assertIn(f"Nr {CODE}", self.link.share_text)
        (text,) = parse_qs(urlsplit(self.link.whatsapp_url).query)["text"]
        self.assertEqual(text, self.link.share_text)
        (button,) = html.fragments_fromstring(self.link.embed_code)
        self.assertFalse(list(button))
        poster, _type = self.env["ir.actions.report"]._render_qweb_html(
            "payment_link_onetime.action_report_poster", self.link.ids
        )
        poster = html.fromstring(poster)
        self.assertIn(f"For {CODE}", poster.text_content())
        self.assertFalse(poster.xpath("//img[@onerror]"))


class TestReference(PaymentLinkSendCommon):
    """It stands in the subject of mails."""

    def _assert_refused(self, function, *args, **kwargs):
        with self.assertRaises(ValidationError) as refusal:  # It rolls back, too.
            function(*args, **kwargs)
        self.assertIn("several lines", str(refusal.exception))

    def test_reference_of_several_lines_is_refused(self):
        for reference in ("A\r\nBcc: eve@example.com", "A\nB", "A\u2028B"):
            with self.subTest(reference=reference):
                self._assert_refused(self._create_standalone_link, reference=reference)
        dialog = self._open_dialog()
        dialog.amount = 5.0
        dialog.reference = "A\nB"
        self._assert_refused(dialog.save().action_create_link)
        link = self._create_standalone_link(reference=" A B\n")
        self.assertEqual(link.reference, "A B")


class TestWords(PaymentLinkSendCommon):
    """Whatever somebody writes arrives as it was written."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.customer.write(
            {"country_id": cls.env.ref("base.be").id, "phone": "0470 12 34 56"}
        )

    def test_sms_arrives_as_it_was_previewed(self):
        """Several lines, and characters that mean something in HTML and to Odoo."""
        message = "Hello Ada,\n\n*5* < 6 & 7 > 3 \N{GRINNING FACE} _now_ [1] <b>x</b>"
        link = self._create_link()
        with self.mockSMSGateway():
            link._send_by_sms(message=message)
        (sms,) = self._new_sms
        self.assertEqual(sms.body, link._preview_by_sms(message=message)["text"])
        self.assertTrue(sms.body.startswith(message))

    def test_blanks_are_no_words(self):
        link = self._create_link()
        self.assertEqual(link._render_sms(message=" \n "), link._render_sms())
        self.assertFalse(link._format_message(" \n "))

    def test_whatsapp_keeps_every_character(self):
        self.company.name = 'Müller & Söhne + "Co" #1 100% \N{GRINNING FACE}'
        link = self._create_link()
        url = urlsplit(link.whatsapp_url)
        self.assertEqual((url.netloc, url.fragment), ("wa.me", ""))
        self.assertEqual(parse_qs(url.query), {"text": [link.share_text]})
        self.assertIn(self.company.name, link.share_text)


class TestForgedDialog(PaymentLinkSendCommon):
    """The dialog of a salesperson who sends what her browser never would."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.colleague = cls._create_user("colleague", "sales_team.group_sale_salesman")
        cls.customer.phone = "+32470123456"
        cls.order.user_id = cls.colleague
        cls.link = cls._create_link(
            user_id=cls.colleague.id, amount=77.0, phone="+32470999999"
        )

    def _create_dialog(self, **values):
        dialogs = self.env["payment.link.send"].with_user(self.seller)
        return dialogs.create(
            {
                "company_id": self.company.id,
                "currency_id": self.company.currency_id.id,
                **values,
            }
        )

    @mute_logger(*ACCESS_LOGGERS)
    def _assert_tells_nothing(self, values, *secrets):
        fields = self.env["payment.link.send"]._fields
        for name in fields:
            self.env.invalidate_all()
            try:
                told = str(self._create_dialog(**values).read([name]))
            except AccessError:
                continue
            for secret in secrets:
                self.assertNotIn(secret, told, name)

    def test_rule_8_foreign_link(self):
        secrets = (
            self.link.access_token,
            "77.0",
            self.link.phone,
            self.customer.phone,
            self.customer.email,
        )
        values = {
            "link_id": self.link.id,
            "show_preview": True,
            "channels": ["email", "sms"],
            "phone": "+32470111111",
        }
        for left_out in ("", "channels", "phone"):
            with self.subTest(left_out=left_out):
                values.pop(left_out, None)
                self._assert_tells_nothing(values, *secrets)
                self._assert_tells_nothing({**values, "amount": 1.0}, *secrets)

    def test_rule_8_contact_of_another_company(self):
        other = self._create_company(name="Another company")
        partner = self.env["res.partner"].create(
            {"name": "Eve", "phone": "+32470888888", "company_id": other.id}
        )
        self._assert_tells_nothing(
            {"partner_id": partner.id, "amount": 1.0, "channels": ["sms"]},
            partner.phone,
        )

    @mute_logger(*ACCESS_LOGGERS)
    def test_rule_8_source(self):
        with self.assertRaises(AccessError):
            self._open_dialog(user=self.seller, payment_link_source_id=self.link.id)

    @mute_logger(*ACCESS_LOGGERS)
    def test_foreign_order(self):
        values = {
            "res_model": "sale.order",
            "res_id": self.order.id,
            "amount": 1.0,
            "channels": ["email"],
            "partner_id": self.customer.id,
        }
        for action in ("action_create_link", "action_send", "action_print_poster"):
            self.env.invalidate_all()
            with self.assertRaises(AccessError):
                getattr(self._create_dialog(**values), action)()
        self.assertEqual(self._get_links(self.order), self.link)

    def test_model_that_is_no_document(self):
        dialog = self._create_dialog(res_model="res.users", res_id=1, amount=5.0)
        dialog.action_create_link()
        self.assertFalse(dialog.link_id._get_document())


class TestDoors(PaymentLinkSendCommon):
    """Every public method is a door of Odoo's: whoever is signed in may call it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.stranger = cls._create_user("stranger", "sales_team.group_sale_salesman")
        cls.employee = cls._create_user("employee")
        cls.link = cls._create_link(user_id=cls.seller.id)
        cls.strangers = cls.stranger + cls.employee + cls.portal_user

    def _get_doors(self, model):
        """Return the addon's public methods that need no argument."""
        own = "odoo.addons.payment_link_onetime."
        for name, method in inspect.getmembers(type(model), inspect.isfunction):
            if name.startswith("_") or not method.__module__.startswith(own):
                continue
            required = [
                parameter
                for parameter in list(inspect.signature(method).parameters.values())[1:]
                if parameter.default is parameter.empty
            ]
            if not required:
                yield name

    @mute_logger(*ACCESS_LOGGERS)
    def test_rule_8_no_action_gives_away_or_changes_a_foreign_link(self):
        doors = list(self._get_doors(self.link))
        self.assertIn("action_download_qr_png", doors)
        self.assertGreater(len(doors), 10)
        events = self.link.event_ids
        messages = self.link.message_ids | self.order.message_ids
        for user in self.strangers:
            for name in doors:
                with self.subTest(user=user.login, door=name):
                    self.env.invalidate_all()
                    link = self.link.with_user(user).with_context(lang="en_US")
                    try:
                        with self.env.cr.savepoint():
                            told = str(getattr(link, name)())
                    except UserError as error:  # An `AccessError` is one.
                        told = str(error)
                    self.assertNotIn(self.link.access_token, told)
                    self.assertNotIn(self.link.reference, told)
                    self.env.invalidate_all()
                    self.assertEqual(self.link.event_ids, events)
                    self.assertEqual(
                        self.link.message_ids | self.order.message_ids, messages
                    )
                    self.assertEqual(self.link.state, "open")

    @mute_logger(*ACCESS_LOGGERS)
    def test_rule_8_reports(self):
        self._pay(self.link)
        charge = self.link.transaction_ids
        for xmlid, records in (
            ("action_report_poster", self.link),
            ("action_report_link_receipt", self.link),
            ("action_report_receipt", charge),
        ):
            for user in self.strangers:
                with self.subTest(report=xmlid, user=user.login):
                    self.env.invalidate_all()
                    reports = self.env["ir.actions.report"].with_user(user)
                    with self.assertRaises(AccessError):
                        reports._render_qweb_html(
                            f"payment_link_onetime.{xmlid}", records.ids
                        )

    @mute_logger(*ACCESS_LOGGERS)
    def test_rule_8_dashboard(self):
        for user in (self.employee, self.portal_user):
            with self.assertRaises(AccessError):
                self.env["payment.link.report"].with_user(user).get_dashboard()
        figures = self.env["payment.link.report"].with_user(self.stranger)
        told = figures.get_dashboard(user_id=self.seller.id)
        self.assertEqual(told["totals"]["paid"], 0)
        self.assertNotIn(self.seller.name, str(told))


@tagged("post_install", "-at_install")
class TestNames(PaymentLinkHttpCommon):
    """What a reference does to the headers that carry it."""

    def test_E1_file_name_is_one_header(self):
        for reference in (
            'A"; filename="x.exe',
            "Ä/€ \N{GRINNING FACE}",
            "../../etc/passwd",
            "A;B,C'D%0d%0aX: y",
        ):
            with self.subTest(reference=reference):
                link = self._create_standalone_link(reference=reference)
                response = self.url_open(f"{link._get_page_path()}/qr.svg?download=1")
                self.assertEqual(response.status_code, 200)
                self.assertNotIn("X", response.headers)
                header = response.headers["Content-Disposition"]
                self.assertRegex(header, r"^attachment; filename\*=UTF-8''[\w.%~-]+$")
                name = unquote(header.partition("''")[2])
                self.assertEqual(
                    name, f"QR code {link.reference.replace('/', '-')}.svg"
                )
