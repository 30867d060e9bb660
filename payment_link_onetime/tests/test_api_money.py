from odoo.tests import tagged

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
        response = self._call("POST", f"/links/{link.code}/reissue")
        self._assert_problem(response, 409, "not_replaceable")
