from datetime import timedelta
from unittest.mock import patch

import psycopg2.errors
import requests
from freezegun import freeze_time

from odoo import Command, fields
from odoo.exceptions import ValidationError
from odoo.tests import Form, tagged, test_cursor
from odoo.tools import mute_logger

from ..models import payment_link_charge
from .common import PaymentLinkHttpCommon

# What providers' code says, which is not ours to translate.
NO_CONNECTION = "Could not establish the connection."


class PayerCommon(PaymentLinkHttpCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.customer = cls.portal_partner
        cls.order = cls._create_order()
        cls.transactions = type(cls.env["payment.transaction"])

    def _sign_in(self, user):
        self.authenticate(user.login, user.login)

    def _assert_refused(self, link, message, **values):
        """Check that the route says no, why, and has created nothing."""
        charges = link.transaction_ids
        with mute_logger("odoo.http"):
            response = self.url_open(
                f"{link._get_page_path()}/transaction",
                json={"params": self._prepare_transaction_params(link, **values)},
            )
        self.assertIn(message, response.json()["error"]["data"]["message"])
        link.invalidate_recordset()
        self.assertEqual(link.transaction_ids, charges)


@tagged("post_install", "-at_install")
class TestPayer(PayerCommon):
    """F2: anybody may pay, and the books stay with the link's customer."""

    def _pay_on_page(self, link, **values):
        charge = self._get_charge(self._post_transaction(link, **values))
        charge._set_done()
        self._run_jobs()
        return charge

    def test_F2_signed_in_colleague(self):
        link = self._create_link()
        self._sign_in(self.internal_user)
        charge = self._pay_on_page(
            link, payer_name="Somebody", payer_email="somebody@example.com"
        )
        user = self.internal_user
        self.assertEqual(
            (charge.payer_name, charge.payer_email), (user.name, user.email)
        )
        self.assertEqual(charge.partner_id, self.customer)
        self.assertEqual(link.payment_ids.partner_id, self.customer)
        self.assertIn(user.name, " ".join(link.message_ids.mapped("body")))

    def test_F2_stranger_who_says_who_she_is(self):
        link = self._create_link()
        charge = self._pay_on_page(
            link, payer_name="  Eve   <b>Stranger</b> ", payer_email="Eve@Example.COM"
        )
        self.assertEqual(charge.payer_name, "Eve <b>Stranger</b>")
        self.assertEqual(charge.payer_email, "eve@example.com")
        self.assertEqual(link.payment_ids.partner_id, self.customer)
        note = link.message_ids.filtered(lambda m: "Paid by" in m.body).body
        self.assertIn("Eve &lt;b&gt;Stranger&lt;/b&gt; (eve@example.com)", note)

    def test_F2_stranger_who_says_nothing(self):
        for values in ({}, {"payer_name": "", "payer_email": "  "}):
            link = self._create_standalone_link(partner_id=self.customer.id)
            charge = self._pay_on_page(link, **values)
            self.assertFalse(charge.payer_name or charge.payer_email)
            self.assertEqual(charge.partner_id, self.customer)
            notes = " ".join(link.message_ids.mapped("body"))
            self.assertNotIn("Paid by", notes)
            self.opener.cookies.clear()

    def test_F2_what_is_too_long_or_no_address(self):
        link = self._create_link()
        for values in (
            {"payer_name": "x" * 151},
            {"payer_name": "Eve\x00"},
            {"payer_name": "Eve\u202e"},
            {"payer_name": ["Eve"]},
        ):
            with self.subTest(values=str(values)[:40]):
                self._assert_refused(link, "at most 150", **values)
        for email in (
            "x" * 89 + "@example.com",
            "eve",
            "eve@",
            "a@example.com, b@example.com",
            "eve@exam\x00ple.com",
            {"eve": 1},
        ):
            with self.subTest(email=str(email)[:40]):
                self._assert_refused(link, "e-mail address", payer_email=email)
        longest = "x" * 88 + "@example.com"
        charge = self._get_charge(
            self._post_transaction(link, payer_name="x" * 150, payer_email=longest)
        )
        self.assertEqual((len(charge.payer_name), len(charge.payer_email)), (150, 100))

    def test_F2_captures_say_who_paid(self):
        self.provider.support_manual_capture = "partial"
        link = self._create_link()
        charge = self._create_charge(link)
        charge.payer_name = "Eve"
        charge._set_authorized()
        charge._create_child_transaction(40.0)._set_done()
        notes = link.message_ids.filtered(lambda m: "Paid by Eve." in m.body)
        self.assertEqual(len(notes), 1)

    def test_rule_8_payer_is_not_shown_on_the_page(self):
        link = self._create_link()
        self._pay_on_page(link, payer_name="Eve Stranger", payer_email="eve@x.example")
        for _visitor in range(2):
            text = self._get_page(link).text
            self.assertNotIn("Eve Stranger", text)
            self.assertNotIn("eve@x.example", text)
            self.opener.cookies.clear()

    def test_F2_only_guests_are_asked(self):
        link = self._create_link()
        self.assertIn("Paying for somebody else?", self._get_page(link).text)
        self._sign_in(self.portal_user)
        self.assertNotIn("Paying for somebody else?", self._get_page(link).text)


@tagged("post_install", "-at_install")
class TestSavedMethods(PayerCommon):
    """C4, D8: a payment method is saved with consent, and used by its owner only."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.token = cls._make_token()

    @classmethod
    def _make_token(cls, **values):
        return cls._create_token(cls, **{"partner_id": cls.customer.id, **values})

    def _get_tokens(self, link):
        return self.env["payment.token"].search(
            [("partner_id", "=", link._get_charge_partner().id)]
        )

    def _prepare_token(self, token):
        return {
            "flow": "token",
            "token_id": token.id,
            "provider_id": token.provider_id.id,
            "payment_method_id": None,
        }

    def _pay_with(self, link, token, send=None):
        """Pay with a saved method at a provider that says yes, and count its charges."""
        charged = []

        def settle(tx):
            charged.append(tx.reference)
            (send or self.transactions._set_done)(tx)

        with patch.object(self.transactions, "_send_payment_request", settle):
            values = self._post_transaction(link, **self._prepare_token(token))
        return self._get_charge(values), charged

    # === SAVE === #

    def test_D8_saving_is_the_links_choice(self):
        link = self._create_link(amount=10)
        self.assertNotIn("o_payment_tokenize_checkbox", self._get_page(link).text)
        link = self._create_link(amount=10, save_payment_method=True)
        self.assertIn("o_payment_tokenize_checkbox", self._get_page(link).text)

    def test_D8_saving_takes_the_payers_consent(self):
        for consent, is_saved in (
            (True, True),
            (False, False),
            (None, False),
            ("false", False),
        ):
            link = self._create_link(amount=5, save_payment_method=True)
            values = {"amount": 5, "tokenization_requested": consent}
            charge = self._get_charge(self._post_transaction(link, **values))
            self.assertEqual(charge.tokenize, is_saved, consent)
            charge._set_done()

    def test_D8_consent_without_the_links_choice(self):
        link = self._create_link()
        values = self._post_transaction(link, tokenization_requested=True)
        self.assertFalse(self._get_charge(values).tokenize)

    def test_D8_others_save_nothing_for_the_customer(self):
        """What a colleague or a stranger saved, the customer could charge."""
        link = self._create_link(amount=10, save_payment_method=True)
        values = self._post_transaction(
            link, amount=10, tokenization_requested=True, payer_name="Eve"
        )
        self.assertFalse(self._get_charge(values).tokenize)

        link = self._create_link(amount=10, save_payment_method=True)
        self._sign_in(self.internal_user)
        self.assertNotIn("o_payment_tokenize_checkbox", self._get_page(link).text)
        values = self._post_transaction(link, amount=10, tokenization_requested=True)
        self.assertFalse(self._get_charge(values).tokenize)

    def test_D8_demo_provider_saves_one_method_for_the_customer(self):
        demo = (
            self.env.ref("payment.payment_provider_demo")
            .sudo()
            .copy(
                {"company_id": self.company.id, "state": "test", "is_published": True}
            )
        )
        link = self._create_link(save_payment_method=True)
        self.token.active = False
        charge = self._get_charge(
            self._post_transaction(
                link,
                provider_id=demo.id,
                payment_method_id=demo.payment_method_ids.id,
                tokenization_requested=True,
            )
        )
        for _callback in range(2):
            self.make_jsonrpc_request(
                "/payment/demo/simulate_payment",
                {
                    "reference": charge.reference,
                    "payment_details": "4242",
                    "simulated_state": "done",
                },
            )
        token = self._get_tokens(link)
        self.assertEqual(len(token), 1)
        self.assertEqual((token.partner_id, token.provider_id), (self.customer, demo))
        self.assertEqual(charge.token_id, token)

    def test_D8_nothing_is_saved_for_guests(self):
        guest = self.env.ref("payment_link_onetime.partner_guest")
        public = self.public_user.sudo().partner_id.sudo(False)
        for partner in (self.env["res.partner"], guest, public):
            with (
                self.subTest(partner=partner.id),
                self.assertRaisesRegex(ValidationError, "saved for a customer"),
                self.cr.savepoint(),
            ):
                self._create_standalone_link(
                    partner_id=partner.id, save_payment_method=True
                )
        link = self._create_standalone_link()
        self._post_transaction(link, tokenization_requested=True)
        self.assertFalse(link.transaction_ids.tokenize)

    def test_D8_option_of_the_dialog(self):
        action = self.order.action_send_payment_link()
        dialogs = self.env["payment.link.send"].with_context(**action["context"])
        dialog = Form(dialogs)
        self.assertFalse(dialog.save_payment_method)
        dialog.save_payment_method = True
        dialog = dialog.save()
        dialog.action_create_link()
        self.assertTrue(dialog.link_id.save_payment_method)
        dialog = dialogs.with_context(active_model=False, active_id=False).create(
            {"amount": 5.0, "save_payment_method": True}
        )
        dialog.action_create_link()
        self.assertFalse(dialog.link_id.save_payment_method)

    # === PAY === #

    def test_C4_customer_pays_with_own_saved_method(self):
        link = self._create_link()
        self._sign_in(self.portal_user)
        self.assertIn(f"o_payment_token_{self.token.id}", self._get_page(link).text)
        charge, charged = self._pay_with(link, self.token)
        self.assertEqual(charged, [f"{link.code}-1"])
        self.assertEqual(charge.operation, "online_token")
        self.assertEqual((charge.token_id, charge.amount), (self.token, 100.0))
        link.invalidate_recordset()
        self.assertEqual((link.state, link.payment_status), ("completed", "paid"))
        self._run_jobs()
        self.assertEqual(link.payment_ids.partner_id, self.customer)

    def _lose_answer(self, _tx):
        try:
            raise requests.exceptions.ReadTimeout()
        except requests.exceptions.RequestException:
            raise ValidationError(NO_CONNECTION)  # noqa: B904

    def test_C4_rule_3_saved_method_whose_answer_is_lost(self):
        """The provider may have charged: nobody pays before somebody knows."""
        link = self._create_link()
        self._sign_in(self.portal_user)
        charge, charged = self._pay_with(link, self.token, send=self._lose_answer)
        self.assertEqual((charge.state, len(charged)), ("draft", 1))
        text = self._get_page(link).text
        self.assertIn("waiting for the answer of the payment provider", text)
        self.assertNotIn("Try again", text)
        self.assertNotIn("o_payment_submit_button", text)
        with freeze_time(fields.Datetime.now() + timedelta(days=1)):
            for flow in (self._prepare_token(self.token), {}):
                self._assert_refused(link, "paying this right now", **flow)
            self._run_job("payment_link_onetime.cron_watch_charges")
            self.assertIn("No answer", link.activity_ids.summary)
            charge.action_payment_link_request_failed()
        self.assertEqual(link._get_page_state(), "open")
        _charge, charged = self._pay_with(link, self.token)
        self.assertEqual(charged, [f"{link.code}-2"])
        self.assertEqual(link.amount_surplus, 0.0)

    def test_C4_saved_method_whose_answer_comes_later(self):
        link = self._create_link()
        self._sign_in(self.portal_user)
        charge, _charged = self._pay_with(link, self.token, send=self._lose_answer)
        charge._set_done()
        self.assertEqual((link.state, link.payment_status), ("completed", "paid"))
        self.assertFalse(link.claimed_by)

    def test_C4_saved_method_of_a_link_for_several_payments(self):
        link = self._create_standalone_link(partner_id=self.customer.id, max_payments=0)
        self._sign_in(self.portal_user)
        charge, _charged = self._pay_with(link, self.token, send=self._lose_answer)
        with freeze_time(fields.Datetime.now() + timedelta(minutes=5)):
            token = self._prepare_token(self.token)
            self._assert_refused(link, "being processed", **token)
        charge._set_error("It did nothing")
        _charge, charged = self._pay_with(link, self.token)
        self.assertEqual(len(charged), 1)

    def test_C4_saved_method_that_is_declined(self):
        link = self._create_link()
        self._sign_in(self.portal_user)

        def decline(tx):
            reason = "Insufficient funds"
            raise ValidationError(reason)

        charge, charged = self._pay_with(link, self.token, send=decline)
        self.assertEqual((charge.state, len(charged)), ("error", 1))
        self.assertIn("Insufficient funds", self._get_page(link).text)
        _charge, charged = self._pay_with(link, self.token)
        self.assertEqual(charged, [f"{link.code}-2"])

    def test_C4_nobody_else_is_offered_it(self):
        link = self._create_link()
        self.assertNotIn("o_payment_token_", self._get_page(link).text)
        self._sign_in(self.internal_user)
        self.assertNotIn("o_payment_token_", self._get_page(link).text)

    def test_C4_forged_saved_method(self):
        """Anybody else's, or the customer's used by anybody else: no charge."""
        link = self._create_link()
        own = self._make_token(partner_id=self.internal_user.partner_id.id)
        colleague = self.env["res.partner"].create(
            {"name": "Colleague", "parent_id": self.customer.id}
        )
        off = self._make_token()
        off.active = False
        other_provider = self.provider.copy({"state": "disabled"})
        tokens = {
            "customer's": self.token,
            "own": own,
            "of a colleague": self._make_token(partner_id=colleague.id),
            "archived": off,
            "of a provider that is off": self._make_token(
                provider_id=other_provider.id
            ),
        }
        for user in (None, self.internal_user, self.portal_user):
            if user:
                self._sign_in(user)
            for name, token in tokens.items():
                if user == self.portal_user and name == "customer's":
                    continue
                with self.subTest(user=user and user.login, token=name):
                    with patch.object(
                        self.transactions, "_send_payment_request"
                    ) as send:
                        self._assert_refused(
                            link, "not available", **self._prepare_token(token)
                        )
                    send.assert_not_called()

    def test_C4_saved_method_at_another_provider(self):
        link = self._create_link()
        self._sign_in(self.portal_user)
        other = self.provider.copy({"state": "test", "is_published": True})
        for values in (
            {"provider_id": other.id},
            {"provider_id": 0},
            {"token_id": None},
            {"token_id": 2**31 - 1},
        ):
            with self.subTest(values=values):
                self._assert_refused(
                    link,
                    "not available",
                    **{**self._prepare_token(self.token), **values},
                )

    def test_C4_only_methods_that_the_link_allows(self):
        method = self.payment_method.copy({"code": "other", "provider_ids": False})
        link = self._create_link(payment_method_ids=[Command.set(method.ids)])
        self._sign_in(self.portal_user)
        self._assert_refused(link, "not available", **self._prepare_token(self.token))

    def test_C4_token_id_of_another_flow_counts_nothing(self):
        link = self._create_link()
        values = self._post_transaction(link, token_id=self.token.id)
        self.assertFalse(self._get_charge(values).token_id)

    def test_rule_9_provider_is_asked_after_the_commit(self):
        """A charge that is only in a transaction could be lost with it."""
        link = self._create_link()
        self._sign_in(self.portal_user)
        order = []
        cursors = test_cursor.TestCursor
        commit = cursors.commit

        def record_commit(cursor):
            order.append("commit")
            commit(cursor)

        def charge(tx):
            order.append("charge")
            tx._set_done()

        with patch.object(cursors, "commit", record_commit):
            self._pay_with(link, self.token, send=charge)
        self.assertEqual(order[:2], ["commit", "charge"])

    def test_rule_9_a_collision_does_not_charge_again(self):
        """Odoo runs a request again that collides; the money is taken already."""
        link = self._create_link()
        self._sign_in(self.portal_user)

        def collide(tx):
            raise psycopg2.errors.SerializationFailure("somebody else was faster")

        # The provider took its time: a second request is no double click any more.
        with patch.object(payment_link_charge, "DOUBLE_CLICK_SECONDS", -1):
            charge, charged = self._pay_with(link, self.token, send=collide)
        self.assertEqual(len(charged), 1)
        self.assertEqual(charge.state, "draft")
        self.assertEqual(len(link.transaction_ids), 1)
        self.assertIn("waiting", self.url_open("/payment/status").text)
        charge._set_done()  # The provider's notification.
        self.assertEqual(link.state, "completed")

    def test_A15_double_click_on_a_saved_method(self):
        link = self._create_link()
        self._sign_in(self.portal_user)

        def stay_draft(tx):
            pass

        first, charged = self._pay_with(link, self.token, send=stay_draft)
        self.assertEqual(len(charged), 1)
        second, charged = self._pay_with(link, self.token, send=stay_draft)
        self.assertEqual((second, charged), (first, []))
        first._set_error("Declined")
        other = self._make_token()
        third, charged = self._pay_with(link, other)
        self.assertNotEqual(third, first)
        self.assertEqual(len(charged), 1)
