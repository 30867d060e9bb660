from odoo.tests import tagged

from ..schemas.link import LinkAnswer
from .api_common import PaymentLinkApiCommon


@tagged("post_install", "-at_install")
class TestApi(PaymentLinkApiCommon):
    """Links over HTTP: create, read, change, delete."""

    def test_B1_no_key_and_a_wrong_key_are_401(self):
        for header in ("", "Bearer ", "Bearer wrong", "wrong"):
            response = self._call("GET", "/links", headers={"Authorization": header})
            self._assert_problem(response, 401, "unauthorized")

    def test_B1_key_of_another_scope_is_401(self):
        key = self._create_key(self.api_user, "something_else")
        self._assert_problem(self._call("GET", "/links", key=key), 401, "unauthorized")

    def test_B1_key_is_taken_bare_as_well(self):
        response = self._call("GET", "/links", headers={"Authorization": self.key})
        self.assertEqual(response.status_code, 200)

    def test_B1_app_of_somebody_else_is_400(self):
        other = self.env["res.company"].create({"name": "Somebody else"})
        response = self._call("GET", f"/links?app_id={other.id}")
        self._assert_problem(response, 400, "unknown_app", "app_id")

    def test_B1_app_is_one_of_the_users_companies(self):
        other = self.env["res.company"].create({"name": "Second shop"})
        self.api_user.company_ids += other
        response = self._call(
            "POST", f"/links?app_id={other.id}", {"amount": "1.00", "reference": "A"}
        )
        self.assertEqual(response.status_code, 201, response.text)
        self.assertEqual(self._get_link(response.json()).company_id, other)
        self.assertEqual(self._call("GET", "/links").json()["data"], [])

    def test_key_for_reading_writes_nothing(self):
        key = self._create_key(self.api_user, "payment_link.read")
        self.assertEqual(self._call("GET", "/links", key=key).status_code, 200)
        response = self._call("POST", "/links", {"amount": "1.00"}, key=key)
        self._assert_problem(response, 403, "read_only_key")
        self.assertFalse(self.env["payment.link"].search([]))

    def test_key_opens_nothing_else_of_odoo(self):
        response = self.url_open(
            "/json/2/res.partner/search_read",
            headers={"Authorization": f"Bearer {self.key}"},
            json={"domain": []},
        )
        self.assertEqual(response.status_code, 401)

    def test_B2_link_is_active_at_once(self):
        shown = self._create_by_api()
        response = self.url_open(shown["link_url"])
        self.assertEqual(response.status_code, 200)
        self.assertIn("250.00", response.text)

    def test_B3_id_is_no_secret(self):
        shown = self._create_by_api()
        self.assertRegex(shown["id"], r"^[A-Z0-9]{8}$")
        self.assertNotIn(shown["id"], shown["link_url"])
        self.assertEqual(self.url_open(f"/pay/{shown['id']}").status_code, 404)

    def test_B4_reading_gives_what_creation_gave(self):
        shown = self._create_by_api(description="Two chairs", metadata={"cart": "7"})
        self.assertEqual(self._call("GET", f"/links/{shown['id']}").json(), shown)
        LinkAnswer.model_validate(shown, strict=True, extra="forbid")
        self.assertEqual(shown["amount"], "250.00")
        self.assertIs(shown["is_complete"], False)
        self.assertIs(shown["is_delete"], False)
        self.assertRegex(shown["expiration_date"], r"^\d{4}-\d{2}-\d{2}$")
        self.assertRegex(shown["created_at"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")

    def test_B6_only_the_description_changes(self):
        shown = self._create_by_api(description="Chairs")
        path = f"/links/{shown['id']}"
        for method in ("PUT", "PATCH"):
            response = self._call(method, path, {"description": method})
            self.assertEqual(response.json()["description"], method)
            response = self._call(method, path, {"description": "x", "amount": "1.00"})
            self._assert_problem(response, 400, "invalid_request", "amount")
            self.assertEqual(self._call("GET", path).json()["description"], method)

    def test_B7_delete_is_soft_and_closes_the_page(self):
        shown = self._create_by_api()
        path = f"/links/{shown['id']}"
        for _twice in range(2):
            response = self._call("DELETE", path)
            self.assertEqual(response.status_code, 200, response.text)
            self.assertIs(response.json()["is_delete"], True)
        self.assertEqual(self.url_open(shown["link_url"]).status_code, 410)
        self.assertIs(self._call("GET", path).json()["is_delete"], True)

    def test_D9_cancel_twice_is_fine_and_after_payment_409(self):
        shown = self._create_by_api()
        for _twice in range(2):
            response = self._call("POST", f"/links/{shown['id']}/cancel")
            self.assertEqual(response.json()["state"], "cancelled")
        paid = self._create_by_api()
        self._pay(self._get_link(paid))
        response = self._call("POST", f"/links/{paid['id']}/cancel")
        self._assert_problem(response, 409, "already_paid")

    def test_C6_customer_is_found_again(self):
        asked = {"name": "Ada", "email": "Ada@Example.com", "reference": "C-1"}
        first = self._create_by_api(customer=asked)["customer"]
        second = self._create_by_api(customer={"email": "ada@example.com"})["customer"]
        third = self._create_by_api(customer={"reference": "C-1"})["customer"]
        self.assertEqual(first["id"], second["id"])
        self.assertEqual(first["id"], third["id"])
        for field, length in (("name", 151), ("email", 101)):
            response = self._call(
                "POST", "/links", {"amount": "1.00", "customer": {field: "a" * length}}
            )
            self._assert_problem(response, 400, "invalid_request", f"customer.{field}")

    def test_C7_lines_and_C8_sums(self):
        shown = self._create_by_api(
            amount=None,
            tax_amount="0.10",
            lines=[
                {"name": "Chair", "value": "1.09"},
                {"name": "Sale", "value": "19", "value_type": "DiscountPercentage"},
            ],
        )
        self.assertEqual(shown["subtotal"], "0.88")
        self.assertEqual(shown["taxAmount"], "0.10")
        self.assertEqual(shown["total"], "0.98")
        self.assertEqual(shown["amount"], "0.98")

    def test_C7_bad_lines_are_400_naming_the_field(self):
        line = {"name": "Chair", "value": "1.00"}
        for lines, field in (
            ([], "lines"),
            ([line] * 51, "lines"),
            ([{"name": "Chair", "value": "-1"}], "lines.0.value"),
            ([line, {"name": "Chair", "value": "10000000.01"}], "lines.1.value"),
            ([{**line, "description": "x" * 501}], "lines.0.description"),
            ([{**line, "value_type": "Gift"}], "lines.0.value_type"),
        ):
            response = self._call("POST", "/links", {"lines": lines})
            self._assert_problem(response, 400, "invalid_request", field)
        self.assertFalse(self.env["payment.link"].search([]))

    def test_D6_link_on_an_order_by_number_and_by_id(self):
        self.order.user_id = self.api_user
        for name in (self.order.name, self.order.id):
            shown = self._create_by_api(amount="10.00", order=name)
            self.assertEqual(shown["documents"][0]["name"], self.order.name)
        response = self._call("POST", "/links", {"order": "S99999"})
        self._assert_problem(response, 422, "document_not_found", "order")

    def test_amounts_are_never_guessed(self):
        for amount in ("1e3", "1,000.00", " 1", "-1", "+1", "NaN", "1.0000", 1, 1.5):
            response = self._call("POST", "/links", {"amount": amount})
            self._assert_problem(response, 400, "invalid_request", "amount")
        for amount in ("0", "0.00"):
            response = self._call("POST", "/links", {"amount": amount})
            self._assert_problem(response, 422, "refused")

    def test_reference_is_taken_once(self):
        shown = self._create_by_api(reference="INV-7")
        response = self._call(
            "POST", "/links", {"amount": "1.00", "reference": "INV-7"}
        )
        problem = self._assert_problem(response, 409, "reference_in_use", "reference")
        self.assertEqual(problem["errors"][0]["message"], shown["id"])

    def test_errors_have_one_shape(self):
        for method, path, status, code in (
            ("GET", "/links/AAAAAAAA", 404, "not_found"),
            ("GET", "/nothing", 404, "not_found"),
            ("PUT", "/links", 405, "method_not_allowed"),
        ):
            self._assert_problem(self._call(method, path), status, code)
        response = self._call("PUT", "/links")
        self.assertEqual(set(response.headers["Allow"].split(", ")), {"GET", "POST"})
        for body in ("{", "[]", "NaN", '"x"', "[" * 100_000):
            response = self._call("POST", "/links", body)
            self.assertEqual(response.status_code, 400, response.text)
        response = self._call(
            "POST", "/links", "amount=1", headers={"Content-Type": "text/plain"}
        )
        self._assert_problem(response, 415, "unsupported_media_type")
        response = self._call("POST", "/links", '"' + "x" * 300_000 + '"')
        self._assert_problem(response, 413, "body_too_large")

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
        for query in ("state=paid", "limit=0", "limit=101", "page=2", "cursor=%21"):
            response = self._call("GET", f"/links?{query}")
            self._assert_problem(response, 400, "invalid_request")
