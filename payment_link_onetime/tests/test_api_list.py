from datetime import timedelta

from odoo.tests import tagged

from .api_common import PaymentLinkApiCommon


@tagged("post_install", "-at_install")
class TestApiList(PaymentLinkApiCommon):
    """Links over HTTP: lists, their pages and filters."""

    def test_list_stays_right_while_links_are_created(self):
        for number in range(5):
            self._create_by_api(reference=f"L-{number}")
        first = self._call("GET", "/links?limit=2").json()
        self._create_by_api(reference="L-new")
        seen = [link["reference"] for link in first["data"]]
        cursor = first["next_cursor"]
        while cursor:
            page = self._call("GET", f"/links?limit=2&cursor={cursor}").json()
            seen += [link["reference"] for link in page["data"]]
            cursor = page["next_cursor"]
        self.assertEqual(seen, ["L-4", "L-3", "L-2", "L-1", "L-0"])

    def test_list_is_filtered(self):
        self._create_by_api(reference="A", customer={"email": "ada@example.com"})
        paid = self._create_by_api(reference="B")
        self._pay(self._get_link(paid))
        for query, expected in (
            ("state=open", ["A"]),
            ("payment_status=paid", ["B"]),
            ("reference=A", ["A"]),
            ("customer_email=ADA@example.com", ["A"]),
            ("created_from=2999-01-01", []),
            ("created_to=2999-01-01", ["B", "A"]),
        ):
            data = self._call("GET", f"/links?{query}").json()["data"]
            self.assertEqual([link["reference"] for link in data], expected, query)
        for query in (
            "state=paid",
            "limit=0",
            "limit=101",
            "page=2",
            "cursor=%21",
            "created_to=0.5",
            "created_to=2026-02-30",
        ):
            response = self._call("GET", f"/links?{query}")
            self._assert_problem(response, 400, "invalid_request")

    def test_list_of_days_and_moments(self):
        """A day is a whole one, the last one too; a moment has its offset from UTC."""
        shown = self._create_by_api(reference="A")
        moment = self._get_link(shown).create_date.replace(microsecond=0)
        before, after = moment - timedelta(hours=1), moment + timedelta(hours=1)
        day, second = timedelta(days=1), timedelta(seconds=1)
        for query, expected in (
            (f"created_from={moment:%Y-%m-%d}&created_to={moment:%Y-%m-%d}", ["A"]),
            (f"created_from={moment + day:%Y-%m-%d}", []),
            (f"created_to={moment - day:%Y-%m-%d}", []),
            (f"created_from={moment:%Y-%m-%dT%H:%M:%S}Z", ["A"]),
            (f"created_to={moment + second:%Y-%m-%dT%H:%M:%S}Z", ["A"]),
            (f"created_from={after:%Y-%m-%dT%H:%M:%S}%2B02:00", ["A"]),
            (f"created_to={before:%Y-%m-%dT%H:%M:%S}-02:00", ["A"]),
            (f"created_to={after:%Y-%m-%dT%H:%M:%S}%2B03:00", []),
        ):
            self.assertEqual(self._list_references(query), expected, query)

    def test_list_of_a_customer(self):
        for reference in ("A", "B"):
            customer = {"reference": f"C-{reference}", "name": "Ada"}
            shown = self._create_by_api(reference=reference, customer=customer)
        query = f"customer_id={shown['customer']['id']}"
        self.assertEqual(self._list_references(query), ["B"])

    def test_list_ends_where_nothing_follows(self):
        for number in range(2):
            self._create_by_api(reference=f"L-{number}")
        page = self._call("GET", "/links?limit=2").json()
        self.assertEqual(len(page["data"]), 2)
        self.assertIsNone(page["next_cursor"])

    def _list_references(self, query):
        response = self._call("GET", f"/links?{query}")
        self.assertEqual(response.status_code, 200, response.text)
        return [link["reference"] for link in response.json()["data"]]

    def test_list_of_a_document_by_id_and_by_number(self):
        invoice = self.init_invoice(
            "out_invoice", partner=self.customer, amounts=[70.0], post=True
        )
        self.env["payment.link"].create(
            {"invoice_ids": [(6, 0, invoice.ids)], "reference": "I"}
        )
        other = self._create_order()
        for order, reference in ((self.order, "A"), (other, "B")):
            self._create_link(sale_order_id=order.id, reference=reference)
        for query, expected in (
            (f"order={self.order.id}", ["A"]),
            (f"order={self.order.name}", ["A"]),
            (f"order={other.id}&state=open", ["B"]),
            (f"order={other.id}&state=expired", []),
            (f"invoice={invoice.id}", ["I"]),
            (f"invoice={invoice.name}", ["I"]),
            (f"order={self.order.id}&invoice={invoice.id}", []),
            (f"order=0{self.order.id}", []),
            (f"order=-{self.order.id}", []),
            ("order=0", []),
            ("order=", []),
            (f"order={2**31}", []),
            (f"invoice={'9' * 99}", []),
            ("order=%C2%B2", []),
        ):
            self.assertEqual(self._list_references(query), expected, query)

    def test_list_of_a_document_whose_number_is_digits_only(self):
        """It is found by it, beside the one that has these digits as its id."""
        other = self._create_order()
        other.name = str(self.order.id)
        self._create_link(sale_order_id=other.id, reference="by number")
        self.assertEqual(self._list_references(f"order={other.name}"), ["by number"])
        self._create_link(reference="by id")
        self.assertEqual(
            self._list_references(f"order={other.name}"), ["by id", "by number"]
        )
        other.name = "9" * 12
        self.assertEqual(self._list_references(f"order={other.name}"), ["by number"])

    def test_list_of_a_document_has_pages(self):
        for number in range(5):
            self._create_link(amount=10.0, reference=f"P-{number}")
            self._create_link(sale_order_id=self._create_order().id)
        query = f"order={self.order.id}&limit=2"
        seen, cursor = [], ""
        while cursor is not None:
            page = self._call("GET", f"/links?{query}{cursor and '&cursor='}{cursor}")
            seen += [link["reference"] for link in page.json()["data"]]
            cursor = page.json()["next_cursor"]
        self.assertEqual(seen, ["P-4", "P-3", "P-2", "P-1", "P-0"])
