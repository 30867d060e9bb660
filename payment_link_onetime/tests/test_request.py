import hashlib
import hmac
import time
from unittest.mock import patch
from urllib.parse import urlencode, urlsplit

from freezegun import freeze_time

from odoo.exceptions import AccessError, ValidationError
from odoo.sql_db import db_connect
from odoo.tests import tagged

from .common import PaymentLinkHttpCommon


@tagged("post_install", "-at_install")
class TestRequest(PaymentLinkHttpCommon):
    """`/payment-request`: the creation link."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.payment_link_request_enabled = True

    def setUp(self):
        super().setUp()
        with db_connect(self.env.cr.dbname).cursor() as cr:
            cr.execute("TRUNCATE payment_link_rate")

    def _request(self, method="GET", **parameters):
        parameters = {"amount": "250.00", "referenceId": "QUOTE-123", **parameters}
        query = urlencode({key: val for key, val in parameters.items() if val})
        return self.url_open(
            f"/payment-request?{query}", allow_redirects=False, method=method
        )

    def _assert_refused(self, response, text, status=400):
        self.assertEqual(response.status_code, status)
        self.assertIn(text, response.text)
        self.assertFalse(self.env["payment.link"].search([]))

    def test_A2_address_makes_one_link_and_leads_to_its_page(self):
        response = self._request()
        self.assertEqual(response.status_code, 303)
        link = self.env["payment.link"].search([])
        self.assertEqual((link.amount, link.reference), (250.0, "QUOTE-123"))
        self.assertEqual(link.company_id, self.company)
        self.assertFalse(link.partner_id)
        self.assertEqual(
            urlsplit(response.headers["Location"]).path, link._get_page_path()
        )
        self.assertIn("250.00", self._get_page(link).text)

    def test_A3_reference_is_required(self):
        for reference in ("", " ", "\t"):
            response = self._request(referenceId=reference)
            self._assert_refused(response, "referenceId")
        for reference in ("A\0B", "A\nB", "\u202eA", "x" * 101):
            response = self._request(referenceId=reference)
            self._assert_refused(response, "at most 100 characters")

    def test_A4_another_account_may_use_the_reference(self):
        self._request()
        other = self.env["res.company"].create(
            {"name": "Second shop", "payment_link_request_enabled": True}
        )
        self.assertEqual(self._request(company=other.id).status_code, 303)
        links = self.env["payment.link"].search([("reference", "=", "QUOTE-123")])
        self.assertEqual(links.company_id, self.company | other)

    def test_A5_first_amount_stays(self):
        first = self._request().headers["Location"]
        self.assertEqual(self._request(amount="1.00").headers["Location"], first)
        self.assertEqual(self.env["payment.link"].search([]).amount, 250.0)

    def test_A6_paid_link_says_so(self):
        self._request()
        link = self.env["payment.link"].search([])
        self._pay(link)
        response = self.url_open(self._request().headers["Location"])
        self.assertIn("This payment has already been completed", response.text)
        self.assertNotIn("o_payment_submit_button", response.text)

    def test_A6_cancelled_link_is_not_made_anew(self):
        first = self._request().headers["Location"]
        link = self.env["payment.link"].search([])
        link.action_cancel()
        self.assertEqual(self._request().headers["Location"], first)
        self.assertEqual(self.url_open(first).status_code, 410)
        self.assertEqual(self.env["payment.link"].search([]), link)

    def test_address_leads_to_the_link_that_replaced_the_first(self):
        self._request()
        link = self.env["payment.link"].search([])
        new_link = link._reissue()
        location = self._request().headers["Location"]
        self.assertEqual(urlsplit(location).path, new_link._get_page_path())

    def test_A10_payers_return_to_the_companys_hosts_only(self):
        response = self._request(redirectUrl="https://evil.example.com/")
        self._assert_refused(response, "Payers cannot be sent to")
        self.company.payment_link_redirect_hosts = "shop.example.com"
        self._request(redirectUrl="https://shop.example.com/thanks")
        link = self.env["payment.link"].search([])
        self.assertEqual(link.redirect_url, "https://shop.example.com/thanks")

    def test_amounts_are_never_guessed(self):
        for amount in (
            "",
            "1e3",
            "1,000.00",
            "-1",
            "+1",
            "1.001",
            "1.",
            ".5",
            "x",
            "0",
        ):
            self._assert_refused(self._request(amount=amount), "amount")

    def test_currency_is_one_that_the_company_uses(self):
        currencies = self.env["res.currency"].with_context(active_test=False)
        inactive = currencies.search([("active", "=", False)], limit=1)
        for code in (inactive.name, "ZZZ", "usd", "US"):
            response = self._request(currency=code)
            self._assert_refused(response, f"{code} is not available")
        other = currencies.search(
            [("active", "=", True), ("id", "!=", self.company.currency_id.id)], limit=1
        )
        self._request(currency=other.name)
        self.assertEqual(self.env["payment.link"].search([]).currency_id, other)

    def test_reference_of_another_link_leads_nowhere(self):
        """Who guesses the number of an order must not come to its page."""
        link = self._create_link()
        response = self._request(referenceId=link.reference)
        self.assertEqual(response.status_code, 400)
        self.assertNotIn(link.access_token, response.text)

    def test_it_is_switched_on_per_company(self):
        self.company.payment_link_request_enabled = False
        self._assert_refused(self._request(), "This page does not exist", 404)
        response = self._request(company=self.company.id)
        self._assert_refused(response, "This page does not exist", 404)

    def test_company_is_told_by_its_host(self):
        other = self.env["res.company"].create(
            {
                "name": "Second shop",
                "payment_link_request_enabled": True,
                "payment_link_request_host": "127.0.0.1",
            }
        )
        self._request()
        self.assertEqual(self.env["payment.link"].search([]).company_id, other)

    def test_A4_company_in_the_address_comes_before_its_host(self):
        self.env["res.company"].create(
            {
                "name": "Second shop",
                "payment_link_request_enabled": True,
                "payment_link_request_host": "127.0.0.1",
            }
        )
        self._request(company=self.company.id)
        self.assertEqual(self.env["payment.link"].search([]).company_id, self.company)

    def test_A4_company_is_never_guessed(self):
        """Where several have creation links, the address says whose it is."""
        self.env["res.company"].create(
            {"name": "Second shop", "payment_link_request_enabled": True}
        )
        for company in ("", "0", "x", "999999999"):
            response = self._request(company=company)
            self._assert_refused(response, "This page does not exist", 404)

    def test_host_must_be_one(self):
        for host in ("https://pay.example.com", "PAY.example.com", "a b"):
            with self.assertRaises(ValidationError):
                self.company.payment_link_request_host = host

    def test_rule_7_preview_makes_nothing(self):
        self.assertEqual(self._request("HEAD").status_code, 404)
        self.assertFalse(self.env["payment.link"].search([]))

    def test_signature_covers_all_that_counts(self):
        self.company.action_renew_payment_link_request_secret()
        self.company.payment_link_request_signed = True
        expires = str(int(time.time()) + 600)
        good = {
            "amount": "250.00",
            "referenceId": "QUOTE-123",
            "currency": "USD",
            "expires": expires,
        }
        signature = self.company._sign_payment_link_request(*good.values())
        for change in (
            {"signature": ""},
            {"signature": "0" * 64},
            {"signature": "é"},
            {"amount": "1.00"},
            {"referenceId": "QUOTE-124"},
            {"currency": "EUR"},
            {"expires": str(int(expires) + 1)},
            {"expires": ""},
        ):
            response = self._request(**{**good, "signature": signature, **change})
            self._assert_refused(response, "signature")
        response = self._request(**good, signature=signature)
        self.assertEqual(response.status_code, 303, response.text)

    def test_signature_that_is_there_is_checked(self):
        """Also where none is needed: who signed an address means what it says."""
        self.company.action_renew_payment_link_request_secret()
        good = self.company._sign_payment_link_request("250.00", "QUOTE-123")
        response = self._request(amount="1.00", signature=good)
        self._assert_refused(response, "signature")
        self.assertEqual(self._request(signature=good).status_code, 303)

    def test_without_a_secret_nothing_is_signed(self):
        """No secret is not an empty one, with which everybody could sign."""
        self.company.payment_link_request_signed = True
        self.company.payment_link_request_secret = False
        content = b"250.00\nQUOTE-123\n\n"
        signature = hmac.new(b"", content, hashlib.sha256).hexdigest()
        for signed in (signature, ""):
            response = self._request(signature=signed)
            self._assert_refused(response, "no secret")

    def test_signature_tells_where_one_value_ends(self):
        """What moves from one value to the next one is not signed."""
        self.company.action_renew_payment_link_request_secret()
        signature = self.company._sign_payment_link_request("250.00", "1QUOTE")
        response = self._request(
            amount="250.001", referenceId="QUOTE", signature=signature
        )
        self._assert_refused(response, "signature")

    def test_signed_address_ends(self):
        self.company.action_renew_payment_link_request_secret()
        signature = self.company._sign_payment_link_request(
            "250.00", "QUOTE-123", "", "1795000000"
        )
        for expires in ("1795000000", "-1", "x", "99999999999"):
            with freeze_time("2026-12-01"):
                response = self._request(expires=expires, signature=signature)
            self._assert_refused(response, "This address is not good any more")

    def test_example_of_the_settings_works(self):
        self.company.action_renew_payment_link_request_secret()
        self.company.payment_link_request_signed = True
        example = urlsplit(self.company.payment_link_request_example)
        response = self.url_open(f"{example.path}?{example.query}")
        self.assertEqual(response.status_code, 200)
        self.assertEqual(self.env["payment.link"].search([]).reference, "QUOTE-123")

    def test_who_asks_for_signatures_gets_a_secret(self):
        """From the settings, nothing can be switched on that no address can fulfil."""
        self.assertFalse(self.company.payment_link_request_secret)
        settings = self.env["res.config.settings"].create(
            {"payment_link_request_signed": True}
        )
        settings.execute()
        secret = self.company.payment_link_request_secret
        self.assertGreater(len(secret), 40)
        self.assertIn("signature=", self.company.payment_link_request_example)
        for is_signed in (False, True):
            self.company.payment_link_request_signed = is_signed
            self.assertEqual(self.company.payment_link_request_secret, secret)

    def test_only_managers_make_secrets(self):
        user = self._create_user("seller", "sales_team.group_sale_salesman_all_leads")
        with self.assertRaises(AccessError):
            self.company.with_user(user).action_renew_payment_link_request_secret()

    def test_who_asks_too_often_waits(self):
        name = "odoo.addons.payment_link_onetime.controllers.payment_request"
        with patch(f"{name}.REQUESTS_PER_ADDRESS", 1):
            self._request()
            response = self._request(referenceId="QUOTE-124")
        self.assertEqual(response.status_code, 429)
        self.assertGreater(int(response.headers["Retry-After"]), 0)
        self.assertEqual(self.env["payment.link"].search([]).reference, "QUOTE-123")
        with db_connect(self.env.cr.dbname).cursor() as cr:
            cr.execute("SELECT bucket FROM payment_link_rate")
            # Nobody waits because somebody else asked.
            self.assertEqual(cr.fetchall(), [("request 127.0.0.1",)])
