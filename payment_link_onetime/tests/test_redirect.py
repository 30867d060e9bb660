from odoo.exceptions import ValidationError
from odoo.tests import tagged

from .common import PaymentLinkHttpCommon

URL = "https://shop.example.com/thanks?order=5"

REFUSED = (
    "http://shop.example.com/",
    "javascript:alert(1)",
    "JAVASCRIPT://shop.example.com/%0aalert(1)",
    "data:text/html,hello",
    "//shop.example.com/",
    "//evil.example.com/",
    "/thanks",
    "shop.example.com/thanks",
    "ftp://shop.example.com/",
    "https:shop.example.com/",
    "https:/shop.example.com/",
    "https:///shop.example.com/",
    "https://",
    "https://evil.example.com/",
    "https://shop.example.com.evil.example.com/",
    "https://evil.shop.example.com/",
    "https://shop.example.com@evil.example.com/",
    "https://user:pass@shop.example.com/",
    "https://user@shop.example.com/",
    "https://shop.example.com:8443/",
    "https://shop.example.com./",
    "https://evil.example.com\\@shop.example.com/",
    "https://evil.example.com\\.shop.example.com/",
    "https://shop.example.com\\@evil.example.com/",
    "https://evil.example.com#@shop.example.com/",
    "https://evil.example.com?@shop.example.com/",
    " https://shop.example.com/",
    "https://shop.example.com/ x",
    "https://shop.example.com\t/",
    "https://shop.exa\nmple.com/",
    "https://shop.example.com/\x01",
    "https://ｓhop.example.com/",
    "https://[shop.example.com/",
    "https://[::1]/",
    "https://shop.example.com/" + "x" * 2000,
)


@tagged("post_install", "-at_install")
class TestRedirect(PaymentLinkHttpCommon):
    """A10, rule 12: where a browser is sent after payment."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.payment_link_redirect_hosts = (
            "\n Shop.example.com\n\nb.example:8443"
        )

    def _get_paid_page(self, **values):
        link = self._create_standalone_link(**values)
        self._pay(link)
        return self._get_page(link).text

    def test_A10_confirmation_has_a_button(self):
        text = self._get_paid_page(redirect_url=URL)
        self.assertIn(f"Return to {self.company.name}", text)
        self.assertIn(f'href="{URL}"', text)

    def test_A10_no_url_no_button(self):
        self.assertNotIn("Return to", self._get_paid_page())

    def test_A10_no_button_before_the_payment(self):
        link = self._create_standalone_link(redirect_url=URL)
        self.assertNotIn("Return to", self._get_page(link).text)
        link.action_cancel()
        self.assertNotIn("Return to", self._get_page(link).text)

    def test_A10_confirmation_of_a_bank_transfer_has_it_too(self):
        link = self._create_standalone_link(redirect_url=URL)
        self._create_charge(link)._set_pending()
        self.assertIn("Return to", self._get_page(link).text)

    def test_A10_hosts_on_the_list(self):
        for url in (
            "https://shop.example.com",
            "https://SHOP.example.com/",
            "https://b.example:8443/a/b?c=d&e=https://evil.example.com#f",
        ):
            self.assertEqual(
                self._create_standalone_link(redirect_url=url)._get_redirect_url(), url
            )

    def test_A10_rule_12_other_addresses_are_refused(self):
        for url in REFUSED:
            with (
                self.subTest(url=url[:60]),
                self.assertRaisesRegex(ValidationError, "Payers cannot be sent to"),
                self.cr.savepoint(),
            ):
                self._create_standalone_link(redirect_url=url)

    def test_A10_rule_12_other_addresses_are_not_shown(self):
        """Whatever got into the database: the page checks again."""
        link = self._create_standalone_link(redirect_url=URL)
        self._pay(link)
        for url in REFUSED:
            with self.subTest(url=url[:60]):
                self.env.cr.execute(
                    "UPDATE payment_link SET redirect_url = %s WHERE id = %s",
                    [url, link.id],
                )
                link.invalidate_recordset()
                self.assertFalse(link._get_redirect_url())
        self.assertNotIn("Return to", self._get_page(link).text)

    def test_A10_host_that_was_taken_off_the_list(self):
        link = self._create_standalone_link(redirect_url=URL)
        self._pay(link)
        self.company.payment_link_redirect_hosts = "b.example"
        self.assertNotIn("Return to", self._get_page(link).text)

    def test_A10_list_of_another_company(self):
        other = self.env["res.company"].create({"name": "Other"})
        with self.assertRaisesRegex(ValidationError, "On the list now: nothing"):
            self._create_standalone_link(
                redirect_url=URL,
                company_id=other.id,
                currency_id=other.currency_id.id,
            )

    def test_A10_lists_that_are_no_hosts(self):
        for hosts in ("https://shop.example.com", "shop.example.com/a", "a b.c", "*"):
            with self.subTest(hosts=hosts), self.assertRaises(ValidationError):
                self.company.payment_link_redirect_hosts = hosts
