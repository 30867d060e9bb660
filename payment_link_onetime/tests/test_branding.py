from odoo.exceptions import ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import PaymentLinkHttpCommon

FRAME = """
<t t-name="own.frame">
    <header class="own_header">Welcome to our shop</header>
    <t t-out="0"/>
</t>
"""

REFUSED_URLS = (
    "http://shop.example.com/pay?token={token}",
    "https://shop.example.com/pay",
    "https://shop.example.com/{token}/{token}",
    "https://shop.example.com/{token}/{reference}",
    "https://{token}.example.com/",
    "https://shop.example.com{token}/",
    "https://user@shop.example.com/{token}",
    "https://shop.example.com@evil.example.com\\\\/{token}",
    "https://localhost/{token}",
    "https://[::1]/{token}",
    "https:///{token}",
    "//shop.example.com/{token}",
    "javascript:alert('{token}')",
    "https://shop.example.com/#{token}",
    "https://shop.example.com/ {token}",
)


@tagged("post_install", "-at_install")
class TestBranding(PaymentLinkHttpCommon):
    """A7, E3: the page is the company's."""

    @classmethod
    def _create_view(cls, arch, **values):
        return cls.env["ir.ui.view"].create(
            {"name": "Our frame", "type": "qweb", "arch": arch, **values}
        )

    def _set(self, **values):
        """Do what the settings screen does."""
        settings = self.env["res.config.settings"].with_company(self.company)
        settings.create(values).execute()

    # === Colour and text === #

    def test_A7_own_colour(self):
        self.company.email_secondary_color = "#111111"
        link = self._create_link()
        self.assertIn("--payment-link-accent: #111111", self._get_page(link).text)
        self._set(payment_link_color="#0a5c36")
        self.assertIn("--payment-link-accent: #0a5c36", self._get_page(link).text)

    def test_A7_what_is_no_colour_is_refused(self):
        for color in ("green", "#fff", "#0a5c36; background: url(x)", "#0a5c3g"):
            with self.subTest(color=color), self.assertRaises(ValidationError):
                self.company.payment_link_color = color

    def test_A7_own_text_in_the_customers_language(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        link = self._create_link()
        self.assertNotIn("o_payment_link_text", self._get_page(link).text)
        self._set(payment_link_text="<p>Ships when <b>paid</b>.</p>")
        self.company.update_field_translations(
            "payment_link_text",
            {"fr_FR": {"Ships when <b>paid</b>.": "Part une fois <b>payé</b>."}},
        )
        self.assertIn("Ships when <b>paid</b>", self._get_page(link).text)
        self.customer.lang = "fr_FR"
        self.assertIn("Part une fois <b>payé</b>", self._get_page(link).text)

    def test_A7_text_is_not_a_script(self):
        self.company.payment_link_text = (
            "<p onclick='x()'>Hello</p><script>alert(1)</script>"
        )
        text = self._get_page(self._create_link()).text
        self.assertIn("Hello", text)
        self.assertNotIn("alert(1)", text)
        self.assertNotIn("onclick", text)

    def test_A7_text_of_another_company(self):
        self.env["res.company"].create(
            {"name": "Other", "payment_link_text": "<p>Not ours</p>"}
        )
        self.assertNotIn("Not ours", self._get_page(self._create_link()).text)

    def test_preview(self):
        """An administrator sees the page; nothing is created, and nobody can pay."""
        self._set(payment_link_color="#0a5c36", payment_link_text="<p>Ships soon</p>")
        links = self.env["payment.link"].search_count([])
        action = (
            self.env["res.config.settings"].create({}).action_preview_payment_page()
        )
        manager = self._create_user(
            "manager", "payment_link_onetime.group_payment_link_manager"
        )
        self.authenticate(manager.login, manager.login)
        response = self.url_open(action["url"])
        self.assertEqual(response.status_code, 200)
        self.assertIn("#0a5c36", response.text)
        self.assertIn("Ships soon", response.text)
        self.assertIn('inert="True"', response.text)
        self.assertNotIn("data-page-path", response.text)
        self.assertEqual(self.env["payment.link"].search_count([]), links)

    def test_preview_is_for_administrators(self):
        url = self.company.action_preview_payment_page()["url"]
        clerk = self._create_user("clerk", "sales_team.group_sale_salesman")
        self.authenticate(clerk.login, clerk.login)
        self.assertEqual(self.url_open(url).status_code, 404)
        self.authenticate(self.portal_user.login, self.portal_user.login)
        self.assertEqual(self.url_open(url).status_code, 404)

    def test_preview_of_a_company_that_is_not_the_users(self):
        other = self.env["res.company"].create({"name": "Other"})
        manager = self._create_user(
            "manager", "payment_link_onetime.group_payment_link_manager"
        )
        self.authenticate(manager.login, manager.login)
        for company_id in (other.id, 0, "x", ""):
            response = self.url_open(f"/payment_link/preview?company_id={company_id}")
            self.assertEqual(response.status_code, 404)

    # === A template around the form === #

    def test_E3_template_around_the_form(self):
        view = self._create_view(FRAME)
        self._set(payment_link_landing="view", payment_link_landing_view_id=view.id)
        link = self._create_link()
        text = self._get_page(link).text
        self.assertIn("Welcome to our shop", text)
        self.assertIn("o_payment_submit_button", text)
        self.assertNotIn("o_payment_link_header", text)
        self._get_charge(self._post_transaction(link))._set_done()
        text = self._get_page(link).text
        self.assertIn("Welcome to our shop", text)
        self.assertIn("already been completed", text)
        self.assertNotIn("Welcome to our shop", self.url_open("/pay/wrong").text)

    def test_E3_template_that_cannot_be_one_is_refused(self):
        for arch, reason in (
            ("<t t-name='a'><p>Hello</p></t>", "must contain"),
            ("<t t-name='a'><t t-if='False' t-out='0'/></t>", "must contain"),
            ("<t t-name='a'><t t-out='0'/><t t-out='0'/></t>", "must contain"),
            ("<t t-name='a'><t t-out='0'/><t t-out='nothing.at.all'/></t>", "nothing"),
        ):
            view = self._create_view(arch)
            with (
                self.subTest(arch=arch),
                self.assertRaisesRegex(
                    ValidationError, f"(?s)cannot be used.*{reason}"
                ),
            ):
                self.company.payment_link_landing_view_id = view
        form = self.env.ref("payment_link_onetime.payment_link_view_form")
        with self.assertRaisesRegex(ValidationError, "not a template of web pages"):
            self.company.payment_link_landing_view_id = form

    def test_E3_template_that_breaks_later_keeps_nobody_from_paying(self):
        view = self._create_view(FRAME)
        self.company.write(
            {"payment_link_landing": "view", "payment_link_landing_view_id": view.id}
        )
        link = self._create_link()
        for arch in (
            "<t t-name='a'>Broken <t t-out='0'/><t t-out='1 / 0'/></t>",
            "<t t-name='a'>Broken <t t-out='no.such.thing'/><t t-out='0'/></t>",
            "<t t-name='a'>Broken, without a form</t>",
            "<t t-name='a'>Broken <t t-call='no.such_template'/><t t-out='0'/></t>",
        ):
            view.arch = arch
            self.env.flush_all()
            with (
                self.subTest(arch=arch),
                self.assertLogs(
                    "odoo.addons.payment_link_onetime.controllers.pay", "WARNING"
                ) as logs,
                mute_logger("odoo.addons.base.models.ir_qweb"),
            ):
                response = self._get_page(link)
                self.assertEqual(response.status_code, 200)
                self.assertIn("o_payment_submit_button", response.text)
                self.assertIn("o_payment_link_header", response.text)
                self.assertNotIn("Broken", response.text)
                self.assertIn("is left out", logs.output[0])
        view.unlink()
        self.assertIn("o_payment_submit_button", self._get_page(link).text)

    # === A page of the company's === #

    def test_E3_links_lead_to_the_companys_page(self):
        link = self._create_link()
        own = link.url
        self.assertIn(link._get_page_path(), own)
        self._set(
            payment_link_landing="url",
            payment_link_landing_url="https://shop.example.com/pay?token={token}",
        )
        url = f"https://shop.example.com/pay?token={link.access_token}"
        self.assertEqual(link.url, url)
        self.assertEqual(link._get_channel_url("email"), f"{url}&via=email")
        self.company.payment_link_landing_url = "https://shop.example.com/p/{token}"
        self.assertEqual(
            link._get_channel_url("email"),
            f"https://shop.example.com/p/{link.access_token}?via=email",
        )
        # And the page that it leads payers to is the one that was always there.
        self.assertIn("o_payment_submit_button", self._get_page(link).text)
        self.company.payment_link_landing = "page"
        self.assertEqual(link.url, own)

    def test_E3_rule_12_landing_changes_nothing_after_the_payment(self):
        self.company.write(
            {
                "payment_link_landing": "url",
                "payment_link_landing_url": "https://shop.example.com/{token}",
            }
        )
        link = self._create_link()
        charge = self._get_charge(self._post_transaction(link))
        self.assertEqual(charge.landing_route, link._get_page_path())

    def test_E3_page_is_never_framed(self):
        self.company.write(
            {
                "payment_link_landing": "url",
                "payment_link_landing_url": "https://shop.example.com/{token}",
            }
        )
        headers = self._get_page(self._create_link()).headers
        self.assertIn("frame-ancestors 'none'", headers["Content-Security-Policy"])

    def test_E3_addresses_that_are_refused(self):
        for url in REFUSED_URLS:
            with (
                self.subTest(url=url),
                self.assertRaisesRegex(ValidationError, "Payment links cannot lead to"),
            ):
                self.company.payment_link_landing_url = url

    def test_E3_other_addresses_are_not_used(self):
        """Whatever got into the database, or is missing: links lead to our page."""
        link = self._create_link()
        own = link.url
        self.company.payment_link_landing = "url"
        self.assertEqual(link.url, own)
        for url in REFUSED_URLS:
            with self.subTest(url=url):
                self.env.cr.execute(
                    "UPDATE res_company SET payment_link_landing_url = %s WHERE id = %s",
                    [url, self.company.id],
                )
                self.env.invalidate_all()
                self.assertEqual(link.url, own)
