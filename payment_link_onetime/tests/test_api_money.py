from datetime import timedelta

from odoo import fields
from odoo.tests import freeze_time, tagged

from ..schemas.money import PaymentMethodList
from .api_common import PaymentLinkApiCommon


@tagged("post_install", "-at_install")
class TestApiMoney(PaymentLinkApiCommon):
    """Captures, voids and refunds over HTTP."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.provider = cls._prepare_provider("demo")
        cls.payment_method = cls.provider.payment_method_ids[:1]
        cls.payment_method_id = cls.payment_method.id
        cls.books_key = cls._create_key(
            cls._create_user("books", "account.group_account_invoice")
        )

    def _create_held_link(self):
        """Create a link of which 100.00 are authorised."""
        self.provider.capture_manually = True
        link = self._create_standalone_link()
        charge = self._create_charge(link)
        charge._set_authorized()
        return link

    def _ask(self, link, what, body=None, key=None):
        path = f"/links/{link.code}/{what}"
        return self._call("POST", path, body or {}, key=key or self.books_key)

    def test_C2_capture_in_parts_void_the_rest(self):
        link = self._create_held_link()
        response = self._ask(link, "capture", {"amount": "101.00"})
        self._assert_problem(response, 422, "amount_not_allowed", "amount")
        response = self._ask(link, "capture", {"amount": "40.00"})
        self.assertEqual(response.status_code, 202, response.text)
        [capture] = response.json()["data"]
        self.assertEqual((capture["kind"], capture["amount"]), ("capture", "40.00"))
        response = self._ask(link, "void")
        [void] = response.json()["data"]
        self.assertEqual((void["kind"], void["amount"]), ("void", "60.00"))
        self._run_job("payment_link_onetime.cron_send_requests")
        shown = self._call("GET", f"/links/{link.code}").json()
        self.assertEqual(shown["amount_paid"], "40.00")
        self.assertEqual(shown["amount_authorized"], "0.00")

    def test_C5_second_capture_of_the_same_money_is_409(self):
        link = self._create_held_link()
        self.assertEqual(self._ask(link, "capture").status_code, 202)
        self._assert_problem(self._ask(link, "capture"), 409, "nothing_held")
        other = self._create_held_link()
        self._ask(other, "capture", {"amount": "60.00"})
        response = self._ask(other, "capture", {"amount": "60.00"})
        self._assert_problem(response, 409, "amount_conflict")

    def test_C2_no_more_is_voided_than_is_held(self):
        link = self._create_held_link()
        response = self._ask(link, "void", {"amount": "100.01"})
        self._assert_problem(response, 422, "amount_not_allowed", "amount")
        self.assertEqual(self._ask(link, "void", {"amount": "60.00"}).status_code, 202)
        response = self._ask(link, "void", {"amount": "40.01"})
        self._assert_problem(response, 409, "amount_conflict")
        response = self._ask(link, "capture", {"amount": "40.01"})
        self._assert_problem(response, 409, "amount_conflict")
        voids = link.transaction_ids.child_transaction_ids
        self.assertEqual(voids.mapped("amount"), [60.0])

    def test_B8_link_whose_money_is_held_is_not_deleted(self):
        """Also when nobody is at the provider any more."""
        link = self._create_held_link()
        with freeze_time(fields.Datetime.now() + timedelta(days=1)):
            response = self._call("DELETE", f"/links/{link.code}")
        self._assert_problem(response, 409, "payment_under_way")
        self.assertFalse(link.deleted_at)

    def test_A12_refund(self):
        link = self._create_standalone_link()
        self._pay(link)
        self._run_jobs()
        response = self._ask(link, "refund", {"amount": "100.01", "reason": "Broken"})
        self._assert_problem(response, 422, "amount_not_allowed", "amount")
        response = self._ask(link, "refund", {"amount": "30.00", "reason": "Broken"})
        self.assertEqual(response.status_code, 202, response.text)
        self._run_job("payment_link_onetime.cron_send_requests")
        shown = self._call("GET", f"/links/{link.code}").json()
        self.assertEqual(shown["amount_refunded"], "30.00")
        self.assertEqual(shown["amount_net"], "70.00")
        self.assertEqual(shown["invoice_status"], "PartialRefund")
        data = self._call("GET", f"/links/{link.code}/transactions").json()["data"]
        self.assertEqual([tx["kind"] for tx in data], ["refund", "charge"])

    def test_B8_paid_link_is_not_deleted_even_if_refunded(self):
        shown = self._create_by_api()
        link = self._get_link(shown)
        self._pay(link)
        self._run_jobs()
        path = f"/links/{shown['id']}"
        message = "Cannot delete a link with successful transactions"
        problem = self._assert_problem(self._call("DELETE", path), 400, "already_paid")
        self.assertEqual(problem["message"], message)
        self._ask(link, "refund", {"reason": "Broken"})
        self._run_job("payment_link_onetime.cron_send_requests")
        self.assertEqual(link.payment_status, "refunded")
        self._assert_problem(self._call("DELETE", path), 400, "already_paid")
        self.assertFalse(link.deleted_at)

    def test_B8_open_link_with_a_refunded_payment_is_not_deleted(self):
        """A link that goes on after a payment had one all the same."""
        link = self._create_standalone_link(max_payments=0)
        self._pay(link)
        self._run_jobs()
        self._ask(link, "refund", {"reason": "Broken"})
        self._run_job("payment_link_onetime.cron_send_requests")
        self.assertEqual(link.state, "open")
        response = self._call("DELETE", f"/links/{link.code}")
        self._assert_problem(response, 400, "already_paid")
        self.assertFalse(link.deleted_at)

    def test_who_does_not_keep_the_books_moves_no_money(self):
        link = self._create_held_link()
        for what, body in (
            ("capture", {}),
            ("void", {}),
            ("refund", {"reason": "Broken"}),
        ):
            response = self._ask(link, what, body, key=self.key)
            self._assert_problem(response, 403, "forbidden")
        self.assertFalse(link.transaction_ids.child_transaction_ids)

    def test_reissue_replaces_once(self):
        link = self._create_standalone_link()
        response = self._call("POST", f"/links/{link.code}/reissue")
        self.assertEqual(response.status_code, 201, response.text)
        self.assertEqual(response.json()["reference"], link.reference)
        shown = self._call("GET", f"/links/{link.code}").json()
        self.assertEqual(shown["replaced_by"], response.json()["id"])
        body = {"amount": "1.00", "reference": link.reference}
        taken = self._assert_problem(
            self._call("POST", "/links", body), 409, "reference_in_use", "reference"
        )
        self.assertEqual(taken["errors"][0]["message"], response.json()["id"])
        response = self._call("POST", f"/links/{link.code}/reissue")
        self._assert_problem(response, 409, "not_replaceable")

    def test_link_with_money_is_not_reissued(self):
        """Neither a paid one nor one whose payment is under way."""
        paid = self._create_standalone_link()
        self._pay(paid)
        for link in (paid, self._create_held_link()):
            response = self._call("POST", f"/links/{link.code}/reissue")
            problem = self._assert_problem(response, 409, "not_replaceable")
            reason = "it is paid" if link == paid else "under way"
            self.assertIn(reason, problem["message"])
            self.assertFalse(link.replaced_by_id)
            self.assertNotEqual(link.state, "cancelled")

    def _create_saved_method(self, partner):
        return self._create_token(
            partner_id=partner.id,
            provider_id=self.provider.id,
            demo_simulated_state="done",
        )

    def _create_customer_link(self):
        return self._create_standalone_link(partner_id=self.customer.id)

    def test_C4_saved_method_of_the_customer_pays(self):
        link = self._create_customer_link()
        token = self._create_saved_method(self.customer)
        response = self._ask(link, "charge", {"payment_method_id": token.id})
        self.assertEqual(response.status_code, 202, response.text)
        self.assertEqual(response.json()["data"][0]["state"], "draft")
        again = self._ask(link, "charge", {"payment_method_id": token.id})
        self._assert_problem(again, 409, "payment_under_way")
        self._run_job("payment_link_onetime.cron_send_requests")
        self.assertEqual(link.payment_status, "paid")
        self.assertEqual(len(link.transaction_ids), 1)
        again = self._ask(link, "charge", {"payment_method_id": token.id})
        self._assert_problem(again, 409, "already_paid")

    def test_C4_saved_method_of_somebody_else_does_not_pay(self):
        token = self._create_saved_method(self.env["res.partner"].create({"name": "B"}))
        guest = self.company._get_payment_link_guest_partner()
        guests_token = self._create_saved_method(guest)
        for link, token_id in (
            (self._create_customer_link(), token.id),
            (self._create_customer_link(), 2**31 - 1),
            (self._create_standalone_link(), guests_token.id),
        ):
            response = self._ask(link, "charge", {"payment_method_id": token_id})
            self._assert_problem(
                response, 422, "payment_method_not_available", "payment_method_id"
            )
            self.assertFalse(link.transaction_ids)
            self.assertEqual(link._get_page_state(), "open", "nobody has the claim")

    def test_C4_only_who_keeps_the_books_charges(self):
        link = self._create_customer_link()
        token = self._create_saved_method(self.customer)
        response = self._ask(link, "charge", {"payment_method_id": token.id}, self.key)
        self._assert_problem(response, 403, "forbidden")

    # === SAVED PAYMENT METHODS === #

    def _list_methods(self, link, key=None):
        path = f"/links/{link.code}/payment_methods"
        response = self._call("GET", path, key=key or self.books_key)
        self.assertEqual(response.status_code, 200, response.text)
        PaymentMethodList.model_validate_json(
            response.text, strict=True, extra="forbid"
        )
        return response.json()["data"]

    def test_C4_saved_methods_are_listed_as_odoo_shows_them(self):
        link = self._create_customer_link()
        older = self._create_saved_method(self.customer)
        newer = self._create_saved_method(self.customer)
        newer.payment_details = "9876"
        stranger = self.env["res.partner"].create({"name": "B"})
        self._create_saved_method(stranger)
        shown = self._list_methods(link)
        self.assertEqual([method["id"] for method in shown], [newer.id, older.id])
        self.assertIn("9876", newer.display_name)
        created_at = shown[0].pop("created_at")
        self.assertRegex(created_at, r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
        self.assertEqual(
            shown[0],
            {
                "id": newer.id,
                "provider": "demo",
                "payment_method": self.payment_method.code,
                "display_name": newer.display_name,
            },
        )

    def test_C4_saved_methods_are_listed_to_keys_that_only_read(self):
        link = self._create_customer_link()
        token = self._create_saved_method(self.customer)
        books = self.env["res.users"].search([("login", "=", "books")])
        key = self._create_key(books, "payment_link.read")
        self.assertEqual([token.id], [m["id"] for m in self._list_methods(link, key)])

    def test_C4_only_who_keeps_the_books_sees_saved_methods(self):
        link = self._create_customer_link()
        self._create_saved_method(self.customer)
        response = self._call("GET", f"/links/{link.code}/payment_methods")
        self._assert_problem(response, 403, "forbidden")
        self.assertNotIn("1234", response.text)

    def test_C4_reading_saved_methods_reserves_nothing(self):
        link = self._create_customer_link()
        self._create_saved_method(self.customer)
        before = link.read(["write_date", "charge_count", "claimed_by"])
        self._list_methods(link)
        self.env.invalidate_all()
        after = link.read(["write_date", "charge_count", "claimed_by"])
        self.assertEqual(after, before)
        self.assertFalse(link.event_ids.filtered(lambda e: e.type == "attempted"))

    def test_C4_guests_have_no_saved_methods(self):
        """Neither nobody nor the guest contact itself, on which guests are booked."""
        guest = self.company._get_payment_link_guest_partner()
        token = self._create_saved_method(guest)
        for link in (
            self._create_standalone_link(),
            self._create_standalone_link(partner_id=guest.id),
        ):
            self.assertEqual(self._list_methods(link), [])
            response = self._ask(link, "charge", {"payment_method_id": token.id})
            self._assert_problem(response, 422, "payment_method_not_available")

    def _assert_listed_is_charged(self, link, token, is_listed):
        """Check that the list says what `charge` does."""
        listed = [method["id"] for method in self._list_methods(link)]
        self.assertEqual(listed, [token.id] if is_listed else [])
        response = self._ask(link, "charge", {"payment_method_id": token.id})
        self.assertEqual(response.status_code == 202, is_listed, response.text)

    def test_C4_listed_is_what_can_be_charged(self):
        token = self._create_saved_method(self.customer)
        self._assert_listed_is_charged(self._create_customer_link(), token, True)

    def test_C4_neither_listed_nor_charged_while_the_link_takes_no_payment(self):
        token = self._create_saved_method(self.customer)
        cancelled = self._create_customer_link()
        cancelled._cancel()
        self._assert_listed_is_charged(cancelled, token, False)
        busy = self._create_customer_link()
        busy._claim("somebody's browser")
        self._assert_listed_is_charged(busy, token, False)
        paid = self._create_customer_link()
        self._pay(paid)
        self._assert_listed_is_charged(paid, token, False)

    def test_C4_neither_listed_nor_charged_while_nobody_knows_the_end(self):
        """A link that is paid often goes on with other payment methods meanwhile."""
        link = self._create_standalone_link(partner_id=self.customer.id, max_payments=0)
        token = self._create_saved_method(self.customer)
        self._assert_listed_is_charged(link, token, True)
        self._assert_listed_is_charged(link, token, False)

    def test_C4_neither_listed_nor_charged_with_what_the_link_does_not_take(self):
        token = self._create_saved_method(self.customer)
        methods = self.env["payment.method"].search(
            [("id", "!=", token.payment_method_id.id)], limit=1
        )
        link = self._create_standalone_link(
            partner_id=self.customer.id, payment_method_ids=methods.ids
        )
        self._assert_listed_is_charged(link, token, False)

    def test_C4_neither_listed_nor_charged_above_the_providers_limit(self):
        token = self._create_saved_method(self.customer)
        self.provider.maximum_amount = 99.0
        self._assert_listed_is_charged(self._create_customer_link(), token, False)
