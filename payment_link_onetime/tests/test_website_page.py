"""With the module `website`, which is no dependency.

`make test` runs this file on a database of its own; elsewhere the tests would say nothing.
"""

from odoo.tests import tagged

from .common import PaymentLinkHttpCommon


@tagged("post_install", "-at_install")
class TestWebsitePage(PaymentLinkHttpCommon):
    """The page is the company's own, and none of a website's."""

    def test_E3_page_has_nothing_of_the_website(self):
        self.assertEqual(
            self.env["ir.module.module"]._get("website").state, "installed"
        )
        response = self._get_page(self._create_link())
        self.assertEqual(response.status_code, 200)
        self.assertIn("o_payment_submit_button", response.text)
        for part in (
            'id="top_menu"',
            "o_footer",
            "o_main_nav",
            "website_cookies_bar",
            "data-editable",
            "/web/login",
        ):
            self.assertNotIn(part, response.text)

    def test_page_is_not_moved_to_the_websites_languages(self):
        """The page speaks the customer's language at the one address that was sent."""
        french = self.env["res.lang"]._activate_lang("fr_FR")
        website = self.env["website"].get_current_website()
        website.language_ids |= french
        website.default_lang_id = french
        link = self._create_link()
        response = self._get_page(link, allow_redirects=False)
        self.assertEqual(response.status_code, 200)
        self.assertIn('lang="en-US"', response.text)
        self.customer.lang = "fr_FR"
        self.assertIn('lang="fr-FR"', self._get_page(link).text)

    def test_D1_wrong_address_is_our_own_page(self):
        response = self.url_open("/pay/wrong")
        self.assertEqual(response.status_code, 404)
        self.assertIn("This page does not exist", response.text)
        self.assertNotIn("o_footer", response.text)

    def test_E5_paying_works(self):
        link = self._create_link()
        charge = self._get_charge(self._post_transaction(link))
        charge._set_done()
        response = self.url_open("/payment/status")
        self.assertIn(link._get_page_path(), response.url)
        self.assertIn("This payment has already been completed", response.text)
        self._run_jobs()
        self.assertEqual(self.order.state, "sale")
        self.assertEqual(len(link.payment_ids), 1)
