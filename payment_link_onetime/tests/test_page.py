import base64
import re
from datetime import timedelta

from freezegun import freeze_time

from odoo import Command, fields
from odoo.tests import tagged
from odoo.tools import file_open, mute_logger

from .common import PaymentLinkHttpCommon


@tagged("post_install", "-at_install")
class TestPage(PaymentLinkHttpCommon):
    """`GET /pay/<token>` in each of its states."""

    def test_A1_page_shows_a_fixed_amount_without_login(self):
        link = self._create_standalone_link(250.0, reference="QUOTE-123")
        response = self._get_page(link, allow_redirects=False)
        self.assertEqual(response.status_code, 200)
        self.assertIn(link._format_amount(250.0), response.text)
        self.assertIn("QUOTE-123", response.text)
        self.assertNotIn('name="amount"', response.text)
        self.assertIn("o_payment_submit_button", response.text)

    def test_E4_page_shows_lines_taxes_and_total(self):
        tax = self.env["account.tax"].create(
            {"name": "Ten", "amount": 10.0, "company_id": self.company.id}
        )
        self.order.order_line.tax_ids = tax
        link = self._create_link(amount=55.0)
        text = self._get_page(link).text
        self.assertIn("Garden chair", text)
        for amount in (100.0, 10.0, 110.0, 55.0):
            self.assertIn(link._format_amount(amount), text)
        for label in ("Subtotal", "Taxes", "Total", "To pay with this link"):
            self.assertIn(label, text)

    def test_A7_page_has_the_companys_logo_name_and_colour(self):
        with file_open("base/static/img/main_partner-image.png", "rb") as picture:
            logo = base64.b64encode(picture.read())
        self.company.write(
            {
                "name": "Chairs & Co",
                "email_secondary_color": "#0a5c36",
                "logo": logo,
            }
        )
        text = self._get_page(self._create_link()).text
        self.assertIn(f"/web/binary/company_logo?company={self.company.id}", text)
        self.assertIn("Chairs &amp; Co", text)
        self.assertIn("--payment-link-accent: #0a5c36", text)

    def test_A7_page_shows_no_placeholder_for_a_logo(self):
        self.company.logo = self.company._get_logo()
        text = self._get_page(self._create_link()).text
        self.assertNotIn("company_logo", text)
        self.assertIn(self.company.name, text)

    def test_A8_page_offers_the_companys_methods_for_this_amount(self):
        link = self._create_link()
        self.assertIn(self.payment_method.name, self._get_page(link).text)
        self.provider.maximum_amount = 99.0
        text = self._get_page(link).text
        self.assertNotIn("o_payment_submit_button", text)
        self.assertIn("cannot be made online at the moment", text)

    def test_A8_page_forgets_a_method_that_changes(self):
        link = self._create_link()
        self.assertIn(self.payment_method.name, self._get_page(link).text)
        self.payment_method.name = "Barter"
        self.assertIn("Barter", self._get_page(link).text)

    def test_A8_page_without_a_method_names_the_contact(self):
        self.company.email = "shop@example.com"
        self.provider.state = "disabled"
        text = self._get_page(self._create_link()).text
        self.assertIn("cannot be made online at the moment", text)
        self.assertIn("mailto:shop@example.com", text)

    def test_A8_only_the_providers_and_methods_that_the_link_allows(self):
        other = self.provider.copy({"state": "test", "is_published": True})
        link = self._create_link(provider_ids=[Command.set(other.ids)])
        providers, _methods = link._get_payment_options(100.0)
        self.assertEqual(providers, other)
        method = self.payment_method.copy({"code": "other", "provider_ids": False})
        link = self._create_standalone_link(
            payment_method_ids=[Command.set(method.ids)]
        )
        self.assertFalse(link._get_payment_options(100.0)[1])

    def test_D1_every_wrong_token_is_the_same_404(self):
        link = self._create_link()
        answers = set()
        for token in ("x", link.code, link.access_token[:-1], "a" * 43, "%00", "é"):
            response = self.url_open(f"/pay/{token}")
            self.assertEqual(response.status_code, 404, token)
            answers.add(re.sub(r'csrf_token: "[^"]*"', "", response.text))
        self.assertEqual(len(answers), 1)
        self.assertIn("This page does not exist", answers.pop())

    def test_A6_page_of_a_paid_link(self):
        link = self._create_link()
        self._pay(link)
        response = self._get_page(link)
        self.assertEqual(response.status_code, 200)
        self.assertIn("This payment has already been completed", response.text)
        self.assertNotIn("o_payment_submit_button", response.text)

    def test_rule_8_what_others_paid_too_much_is_not_on_the_page(self):
        link = self._create_link()
        charges = [self._create_charge(link), self._create_charge(link)]
        for charge in charges:
            charge._set_done()
        text = self._get_page(link).text
        self.assertIn(link._format_amount(100.0), text)
        self.assertNotIn(link._format_amount(200.0), text)

    def test_A9_page_of_a_pending_payment(self):
        link = self._create_link()
        self._create_charge(link)._set_pending()
        response = self._get_page(link)
        self.assertEqual(response.status_code, 200)
        self.assertIn("Your payment is being processed", response.text)
        self.assertNotIn("o_payment_submit_button", response.text)

    def test_page_of_a_cancelled_link_is_gone(self):
        link = self._create_link()
        link.action_cancel()
        response = self._get_page(link)
        self.assertEqual(response.status_code, 410)
        self.assertIn("This payment link was cancelled", response.text)
        self.assertNotIn("o_payment_submit_button", response.text)

    def test_page_of_an_expired_link_is_gone(self):
        link = self._create_link()
        with freeze_time(link.expires_at + timedelta(seconds=1)):
            response = self._get_page(link)
        self.assertEqual(response.status_code, 410)
        self.assertIn("This payment link has expired", response.text)
        self.assertNotIn("o_payment_submit_button", response.text)

    def test_page_while_somebody_else_pays(self):
        link = self._create_link()
        self._create_charge(link, payer_key=self.other_payer_key)
        response = self._get_page(link)
        self.assertIn("Somebody is paying this right now", response.text)
        self.assertNotIn("o_payment_submit_button", response.text)

    def test_page_speaks_the_customers_language(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.customer.lang = "fr_FR"
        link = self._create_link()
        text = self._get_page(link).text
        self.assertIn('lang="fr-FR"', text)
        self.assertIn("100,00", text)

    def test_page_has_no_menu_and_no_footer_of_a_website(self):
        text = self._get_page(self._create_link()).text
        for part in ("navbar", "/web/login", "o_footer_copyright", "Powered by"):
            self.assertNotIn(part, text)

    def test_page_keeps_its_secret(self):
        headers = self._get_page(self._create_link()).headers
        self.assertIn("no-store", headers["Cache-Control"])
        self.assertIn("noindex", headers["X-Robots-Tag"])
        self.assertEqual(headers["Referrer-Policy"], "same-origin")
        self.assertIn("frame-ancestors 'none'", headers["Content-Security-Policy"])

    def test_rule_7_reading_changes_nothing(self):
        """GET and HEAD, by whomever, leave no trace in what is stored."""
        link = self._create_link()
        self.env.flush_all()
        before = link.read()
        events = link.event_ids
        messages = self.order.message_ids
        for _i in range(3):
            self._get_page(link)
            self.url_open(link._get_page_path(), method="HEAD")
        self.env.invalidate_all()
        self.assertEqual(link.read(), before)
        self.assertEqual(link.event_ids, events)
        self.assertEqual(self.order.message_ids, messages)

    def test_opening_is_recorded_off_the_pages_path(self):
        link = self._create_link()
        self._get_page(link)
        self.assertFalse(link.first_opened_at)
        for _i in range(2):
            self._open_page(link)
        self.assertTrue(link.first_opened_at)
        self.assertEqual(link.event_ids.mapped("type").count("opened"), 1)

    def test_page_states_that_a_waiting_payer_asks_for(self):
        link = self._create_link()
        path = f"{link._get_page_path()}/status"
        self.assertEqual(self.make_jsonrpc_request(path)["page_state"], "open")
        self._pay(link)
        self.assertEqual(self.make_jsonrpc_request(path)["page_state"], "completed")

    def test_rule_8_every_door_of_a_wrong_token_is_shut(self):
        for door in ("transaction", "opened", "status"):
            with self.subTest(door=door), self._assertNotFound():
                self.make_jsonrpc_request(
                    f"/pay/wrong/{door}",
                    {
                        "provider_id": self.provider.id,
                        "payment_method_id": self.payment_method_id,
                        "flow": "direct",
                    }
                    if door == "transaction"
                    else {},
                )


@tagged("post_install", "-at_install")
class TestTransactionRoute(PaymentLinkHttpCommon):
    """`POST /pay/<token>/transaction`, by payers and by attackers."""

    def _assert_refused(self, link, message=None, **values):
        """Check that the route says no, why, and has created nothing."""
        charges = link.transaction_ids
        with mute_logger("odoo.http"):
            response = self.url_open(
                f"{link._get_page_path()}/transaction",
                json={"params": self._prepare_transaction_params(link, **values)},
            )
        error = response.json()["error"]["data"]
        link.invalidate_recordset()
        self.assertEqual(link.transaction_ids, charges)
        if message:
            self.assertIn(message, error["message"])

    def test_E5_charge_is_the_links(self):
        link = self._create_link()
        charge = self._get_charge(self._post_transaction(link))
        self.assertEqual(charge.payment_link_id, link)
        self.assertEqual(charge.amount, 100.0)
        self.assertEqual(charge.currency_id, link.currency_id)
        self.assertEqual(charge.partner_id, link.partner_id)
        self.assertEqual(charge.sale_order_ids, self.order)
        self.assertEqual(charge.reference, f"{link.code}-1")
        self.assertEqual(charge.operation, "online_direct")
        self.assertFalse(charge.tokenize)

    def test_D7_redirect_provider(self):
        link = self._create_link()
        values = self._post_transaction(link, flow="redirect")
        self.assertIn("<form", values["redirect_form_html"])
        charge = self._get_charge(values)
        self.assertEqual(charge.operation, "online_redirect")

        response = self.url_open("/payment/status")
        self.assertIn(link._get_page_path(), response.url)
        self.assertIn("waiting for the answer", response.text)
        self.assertNotIn("o_payment_submit_button", response.text)
        self.assertIn("o_payment_submit_button", self._get_page(link).text)

        charge._set_done()
        response = self.url_open("/payment/status")
        self.assertIn("Thank you! We received your payment.", response.text)
        self.assertIn("This payment has already been completed", response.text)

    def test_A16_failure_brings_the_form_back_with_the_providers_message(self):
        link = self._create_link()
        charge = self._get_charge(self._post_transaction(link))
        charge._set_error("Card declined: insufficient funds")
        response = self.url_open("/payment/status")
        self.assertIn("Card declined: insufficient funds", response.text)
        self.assertIn("o_payment_submit_button", response.text)
        charge = self._get_charge(self._post_transaction(link))
        charge._set_done()
        link.invalidate_recordset()
        self.assertEqual(link.state, "completed")

    def test_failure_of_one_payer_is_not_shown_to_another(self):
        link = self._create_link()
        self._create_charge(link)._set_error("Card declined")
        self.assertNotIn("Card declined", self._get_page(link).text)

    def test_A14_forged_amount(self):
        link = self._create_link()
        for amount in (1.0, 0.01, 0, -5, 99.99, 10**400, True, "100", [100.0]):
            with self.subTest(amount=amount):
                self._assert_refused(link, "The amount to pay is", amount=amount)

    def test_rule_1_amount_of_a_page_that_is_out_of_date(self):
        """The payer agreed to what she saw, so that and nothing else is charged."""
        link = self._create_link()
        other = self._create_transaction(
            "direct",
            amount=30.0,
            currency_id=link.currency_id.id,
            partner_id=self.customer.id,
            reference="portal",
            sale_order_ids=[Command.set(self.order.ids)],
        )
        other._set_done()
        self._assert_refused(link, "Please reload the page", amount=100.0)
        charge = self._get_charge(self._post_transaction(link, amount=70.0))
        self.assertEqual(charge.amount, 70.0)

    def test_forged_arguments_that_no_form_sends(self):
        link = self._create_link()
        other = self.env["res.partner"].create({"name": "Somebody else"})
        for values in (
            {"currency_id": self.currency_euro.id},
            {"partner_id": other.id},
            {"reference_prefix": "MINE"},
            {"sale_order_id": self._create_order().id},
            {"custom_create_values": {"amount": 1.0}},
            {"payment_link_id": self._create_standalone_link().id},
            {"reference": "MINE"},
        ):
            with self.subTest(values=values):
                self._assert_refused(link, **values)

    def test_rule_12_landing_address_is_the_servers(self):
        link = self._create_link()
        charge = self._get_charge(
            self._post_transaction(link, landing_route="https://evil.example.com/")
        )
        self.assertEqual(charge.landing_route, link._get_page_path())

    def test_forged_operation(self):
        """A validation would cost nothing; a token would be somebody's card."""
        link = self._create_link()
        charge = self._get_charge(self._post_transaction(link, is_validation=True))
        self.assertEqual((charge.operation, charge.amount), ("online_direct", 100.0))
        token = self._create_token()
        for values in (
            {"flow": "token", "token_id": token.id},
            {"flow": "offline"},
            {"flow": "refund"},
        ):
            with self.subTest(values=values):
                self._assert_refused(link, "not available", **values)
        charge = self._get_charge(
            self._post_transaction(
                self._create_standalone_link(),
                token_id=token.id,
                tokenization_requested=True,
            )
        )
        self.assertFalse(charge.token_id or charge.tokenize)

    def test_forged_provider_and_method(self):
        """Of another company, switched off, unpublished, not there at all."""
        link = self._create_link()
        company = self.env["res.company"].create({"name": "Other"})
        foreign = self.provider.copy(
            {"company_id": company.id, "state": "test", "is_published": True}
        )
        off = self.provider.copy({"state": "disabled"})
        hidden = self.provider.copy({"state": "test", "is_published": False})
        card = self.env.ref("payment.payment_method_card")
        for values in (
            {"provider_id": foreign.id},
            {"provider_id": off.id},
            {"provider_id": hidden.id},
            {"provider_id": 0},
            {"provider_id": 2**31 - 1},
            {"payment_method_id": card.id},
            {"payment_method_id": None},
        ):
            with self.subTest(values=values):
                self._assert_refused(link, "not available", **values)

    def test_A6_A15_paid_link_is_refused(self):
        link = self._create_link()
        self._get_charge(self._post_transaction(link))._set_done()
        self._assert_refused(link, "This payment has already been completed")

    def test_A9_pending_link_is_refused(self):
        link = self._create_link()
        self._get_charge(self._post_transaction(link))._set_pending()
        self._assert_refused(link, "being processed")

    def test_closed_links_are_refused(self):
        cancelled = self._create_link(amount=10)
        cancelled.action_cancel()
        self._assert_refused(cancelled, "cancelled", amount=10)
        expired = self._create_link(amount=10)
        with freeze_time(expired.expires_at + timedelta(seconds=1)):
            self._assert_refused(expired, "expired", amount=10)

    def test_G1_another_browser_is_refused_while_one_pays(self):
        link = self._create_link()
        self._get_page(link)
        self._post_transaction(link)
        self.opener.cookies.clear()
        self._assert_refused(link, "Somebody is paying this right now")

    def test_A15_double_click_is_one_charge(self):
        link = self._create_link()
        self._get_page(link)
        references = {self._post_transaction(link)["reference"] for _i in range(3)}
        self.assertEqual(references, {f"{link.code}-1"})
        self.assertEqual(len(link.transaction_ids), 1)

    def test_A16_the_same_browser_may_try_again_later(self):
        """Back from a provider, to try once more: a charge of its own."""
        link = self._create_link()
        self._get_page(link)
        self._post_transaction(link)
        with freeze_time(fields.Datetime.now() + timedelta(seconds=30)):
            values = self._post_transaction(link)
        self.assertEqual(values["reference"], f"{link.code}-2")

    def test_rule_9_payers_poll_books_nothing(self):
        """Odoo's own status page books in the payer's request; links leave it to jobs."""
        link = self._create_link()
        charge = self._get_charge(self._post_transaction(link))
        charge._set_done()
        answer = self.make_jsonrpc_request("/payment/status/poll")
        self.assertEqual(answer["state"], "done")
        self.assertEqual(answer["landing_route"], link._get_page_path())
        self.assertFalse(charge.is_post_processed)
        self._run_jobs()
        self.assertEqual(self.order.state, "sale")
        self.assertEqual(len(link.payment_ids), 1)

    def test_F2_signed_in_colleague_pays_in_the_customers_name(self):
        link = self._create_link()
        self.authenticate(self.portal_user.login, self.portal_user.login)
        charge = self._get_charge(self._post_transaction(link))
        self.assertEqual(charge.partner_id, link.partner_id)
