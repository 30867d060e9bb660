from odoo.tests import JsonRpcException, tagged
from odoo.tools import mute_logger

from .api_common import PaymentLinkApiCommon


@tagged("post_install", "-at_install")
class TestApiRows(PaymentLinkApiCommon):
    """What links can ask for, and what became of it, all the way over HTTP."""

    def _read(self, shown):
        return self._call("GET", f"/links/{shown['id']}").json()

    def _charge(self, shown, **values):
        """Begin to pay on the page, and return the charge."""
        return self._get_charge(self._post_transaction(self._get_link(shown), **values))

    def test_B5_complete_means_all_of_it(self):
        shown = self._create_by_api(
            currency="USD", allow_partial=True, minimum_percent=40.0
        )
        self._charge(shown, amount=100.0)._set_done()
        part = self._read(shown)
        self.assertEqual(part["payment_status"], "partially_paid")
        self.assertEqual(
            (part["amount_paid"], part["amount_due"]), ("100.00", "150.00")
        )
        self.assertIs(part["is_complete"], False)
        rest = self._charge(shown, amount=150.0)
        rest._set_pending()
        self.assertIs(self._read(shown)["is_complete"], False)
        rest._set_done()
        self.assertIs(self._read(shown)["is_complete"], True)

    def test_B9_parts_above_a_threshold_and_a_minimum(self):
        self.env.ref("base.LKR").active = True
        body = {"allow_partial": True}
        for currency, amount, is_taken in (
            ("USD", "100.00", False),
            ("USD", "100.01", True),
            ("LKR", "100000.00", False),
            ("LKR", "100000.01", True),
        ):
            body.update(currency=currency, amount=amount)
            response = self._call("POST", "/links", body)
            if is_taken:
                self.assertEqual(response.status_code, 201, response.text)
                self.assertIs(response.json()["allow_partial"], True)
            else:
                self._assert_problem(response, 422, "refused")
        for percent in (29.99, 100.01):
            response = self._call(
                "POST", "/links", {**body, "minimum_percent": percent}
            )
            self._assert_problem(response, 400, "invalid_request", "minimum_percent")
        for percent in (30.0, 100.0):
            shown = self._create_by_api(**{**body, "minimum_percent": percent})
            self.assertEqual(shown["minimum_percent"], percent)

    def test_C9_statement_descriptor(self):
        lengths = {"name": 22, "phone": 13, "country": 2, "city": 20}
        lengths["sub_merchant_id"] = 15
        longest = {part: "A" * length for part, length in lengths.items()}
        self.assertEqual(self._create_by_api(descriptor=longest)["descriptor"], longest)
        for part, length in lengths.items():
            body = {"amount": "1.00", "descriptor": {part: "A" * (length + 1)}}
            response = self._call("POST", "/links", body)
            self._assert_problem(response, 400, "invalid_request", f"descriptor.{part}")
        response = self._call("POST", "/links", {**body, "descriptor": {"slogan": "A"}})
        self._assert_problem(response, 400, "invalid_request", "descriptor.slogan")

    def test_C11_status_of_the_invoice_and_of_the_attempt(self):
        shown = self._create_by_api(amount="100.00")

        def assert_status(invoice, attempt):
            told = self._read(shown)
            self.assertEqual(
                (told["invoice_status"], told["attempt_status"]), (invoice, attempt)
            )

        assert_status("Unpaid", None)
        self._charge(shown)._set_error("The card was declined.")
        assert_status("Unpaid", "Failed")
        charge = self._charge(shown)
        charge._set_pending()
        assert_status("Pending", "Pending")
        charge._set_done()
        assert_status("Paid", "Success")
        charge._create_child_transaction(40.0, is_refund=True)._set_done()
        assert_status("PartialRefund", "Success")
        charge._create_child_transaction(60.0, is_refund=True)._set_done()
        assert_status("Refunded", "Success")

    def test_D2_amount_is_what_the_document_still_owes(self):
        self.order.user_id = self.api_user
        first = self._create_by_api(amount="30.00", order=self.order.name)
        self._charge(first)._set_done()
        rest = self._create_by_api(
            amount=None, order=self.order.id, description="The rest"
        )
        self.assertEqual(rest["amount"], "70.00")
        self.assertEqual(rest["customer"]["id"], self.customer.id)
        self.assertEqual(self._read(rest)["description"], "The rest")

    def test_D4_so_many_times_and_no_more(self):
        shown = self._create_by_api(amount="10.00", max_payments=2)
        for state in ("open", "completed"):
            self._charge(shown)._set_done()
            self.assertEqual(self._read(shown)["state"], state)
        with self.assertRaises(JsonRpcException), mute_logger("odoo.http"):
            self._charge(shown)
        self.assertEqual(self._read(shown)["amount_paid"], "20.00")

    def test_D8_payment_method_is_saved_for_a_customer(self):
        self.provider.allow_tokenization = True
        self.payment_method.support_tokenization = True
        shown = self._create_by_api(
            save_payment_method=True, customer={"id": self.customer.id}
        )
        self.assertIs(shown["save_payment_method"], True)
        page = self._get_page(self._get_link(shown))
        self.assertIn("o_payment_tokenize_checkbox", page.text)
        self.assertTrue(self._charge(shown, tokenization_requested=True).tokenize)
        body = {"amount": "1.00", "save_payment_method": True}
        self._assert_problem(self._call("POST", "/links", body), 422, "refused")
