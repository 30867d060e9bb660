import logging
from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.sql_db import db_connect
from odoo.tests import tagged

from ..logging import PayUrlFilter
from ..schemas.link import LinkAnswer
from .api_common import PaymentLinkApiCommon

_LIMIT_PARAMETER = "payment_link_onetime.api_requests_per_minute"
_OPERATION_LOGGER = "odoo.addons.payment_link_onetime.controllers.api_operation"


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

    def test_types_are_never_guessed(self):
        """A text is no number, a number is no text, and neither is a truth value."""
        for field, value in (
            ("activation_minutes", "5"),
            ("allow_partial", 1),
            ("allow_partial", "yes"),
            ("max_payments", "2"),
            ("max_payments", 2.0),
            ("max_payments", True),
            ("minimum_percent", "50"),
            ("reference", 7),
            ("save_payment_method", "true"),
        ):
            response = self._call("POST", "/links", {"amount": "1.00", field: value})
            self._assert_problem(response, 400, "invalid_request", field)
        response = self._call(
            "POST", "/links", {"amount": "1.00", "customer": {"id": "1"}}
        )
        self._assert_problem(response, 400, "invalid_request", "customer.id")
        self.assertFalse(self.env["payment.link"].search([]))

    def test_amounts_are_not_finer_than_their_currency(self):
        self.env.ref("base.JPY").active = True
        for amount, currency in (("1.001", "USD"), ("1.5", "JPY"), ("0.001", "USD")):
            body = {"amount": amount, "currency": currency}
            problem = self._assert_problem(
                self._call("POST", "/links", body), 422, "refused"
            )
            self.assertIn("decimals", problem["message"])
        self.assertEqual(
            self._create_by_api(amount="150", currency="JPY")["amount"], "150"
        )

    def test_rule_13_links_of_an_order_never_ask_for_more_than_it_owes(self):
        self.order.user_id = self.api_user
        for amount, status in (
            ("100.01", 422),
            ("60.00", 201),
            ("40.01", 422),
            ("40.00", 201),
            ("0.01", 422),
        ):
            body = {"amount": amount, "order": self.order.id}
            response = self._call("POST", "/links", body)
            self.assertEqual(response.status_code, status, response.text)

    def test_B4_last_day_is_one_of_the_company(self):
        """The link can be paid until midnight there, and says that day again."""
        self.company.partner_id.tz = "America/Phoenix"  # Seven hours, also in summer.
        day = fields.Date.today() + timedelta(days=30)
        shown = self._create_by_api(expiration_date=day.isoformat())
        self.assertEqual(shown["expiration_date"], day.isoformat())
        end = day + timedelta(days=1)
        self.assertEqual(shown["expires_at"], f"{end.isoformat()}T06:59:59Z")

    def test_A4_reference_of_another_company_is_free(self):
        other = self.env["res.company"].create({"name": "Second shop"})
        self.api_user.company_ids += other
        body = {"amount": "1.00", "reference": "INV-7"}
        for path in ("/links", f"/links?app_id={other.id}"):
            response = self._call("POST", path, body)
            self.assertEqual(response.status_code, 201, response.text)

    def test_currency_is_one_that_is_active(self):
        self.env.ref("base.JPY").active = False
        for currency in ("JPY", "XXX"):
            body = {"amount": "1.00", "currency": currency}
            response = self._call("POST", "/links", body)
            self._assert_problem(response, 422, "currency_not_available", "currency")
        for currency in ("usd", "US", "USDX", ""):
            body = {"amount": "1.00", "currency": currency}
            response = self._call("POST", "/links", body)
            self._assert_problem(response, 400, "invalid_request", "currency")

    def test_link_is_for_one_kind_of_document(self):
        body = {"order": self.order.id, "invoices": ["INV/1"]}
        response = self._call("POST", "/links", body)
        self._assert_problem(response, 400, "invalid_request", "invoices")

    def test_number_of_two_documents_names_neither(self):
        self.order.user_id = self.api_user
        other = self._create_order(user_id=self.api_user.id)
        other.name = self.order.name
        response = self._call("POST", "/links", {"order": self.order.name})
        self._assert_problem(response, 422, "document_not_found", "order")
        self._create_by_api(amount="1.00", order=self.order.id)

    def test_A10_payers_return_to_the_companys_hosts_only(self):
        body = {"amount": "1.00", "redirect_url": "https://evil.example.com/"}
        response = self._call("POST", "/links", body)
        self._assert_problem(response, 422, "refused")
        self.company.payment_link_redirect_hosts = "shop.example.com"
        url = "https://shop.example.com/thanks"
        self.assertEqual(self._create_by_api(redirect_url=url)["redirect_url"], url)

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

    def test_D10_same_key_and_body_give_the_first_answer(self):
        headers = {"Idempotency-Key": "order 7"}
        body = {"amount": "7.00", "reference": "R-7"}
        first = self._call("POST", "/links", body, headers=headers)
        self.assertEqual(first.status_code, 201, first.text)
        second = self._call("POST", "/links", body, headers=headers)
        self.assertEqual(second.status_code, 201)
        self.assertEqual(second.json(), first.json())
        self.assertEqual(second.headers["Idempotent-Replayed"], "true")
        other = self._call("POST", "/links", {"amount": "8.00"}, headers=headers)
        self._assert_problem(other, 409, "idempotency_key_reused")
        self.assertEqual(self.env["payment.link"].search_count([]), 1)

    def test_D10_key_is_forgotten_after_24_hours(self):
        headers = {"Idempotency-Key": "order 7"}
        first = self._call("POST", "/links", {"amount": "7.00"}, headers=headers)
        answers = self.env["payment.link.idempotency"].search([])
        self.env.cr.execute(
            "UPDATE payment_link_idempotency"
            " SET create_date = create_date - INTERVAL '24 hours 1 second'"
        )
        answers.invalidate_recordset()
        second = self._call("POST", "/links", {"amount": "8.00"}, headers=headers)
        self.assertEqual(second.status_code, 201, second.text)
        self.assertNotEqual(second.json()["id"], first.json()["id"])

    def test_D10_request_that_was_refused_may_be_repeated(self):
        headers = {"Idempotency-Key": "order 7"}
        for status in (422, 422):
            response = self._call("POST", "/links", {"amount": "0"}, headers=headers)
            self.assertEqual(response.status_code, status)
        response = self._call("POST", "/links", {"amount": "1.00"}, headers=headers)
        self.assertEqual(response.status_code, 201)

    def test_D10_bad_keys_are_400(self):
        for key in ("", "x" * 257):
            response = self._call(
                "POST", "/links", {"amount": "1.00"}, headers={"Idempotency-Key": key}
            )
            self._assert_problem(response, 400, "invalid_request", "Idempotency-Key")

    def test_C3_card_data_is_refused_and_kept_nowhere(self):
        number = "4242424242424242"
        for body, field in (
            ({"card_number": number}, "card_number"),
            ({"amount": "1.00", "description": f"pay {number}"}, "description"),
            (
                {"amount": "1.00", "metadata": {"x": "4242 4242 4242 4242"}},
                "metadata.x",
            ),
            ({"amount": "1.00", "metadata": {number: "x"}}, "metadata.…"),
            ({"lines": [{"name": number, "value": "1.00"}]}, "lines.0.name"),
            ({"amount": "1.00", "cvv": "123"}, "cvv"),
            ({"amount": "1.00", "description": "GB82 WEST 1234 5698 7654 32"}, None),
        ):
            with self.assertLogs(level="DEBUG") as logs:
                response = self._call("POST", "/links", body)
                logging.getLogger().debug("The log is not empty, which would fail")
            self._assert_problem(response, 400, "card_data_refused", field)
            for text in (response.text, *logs.output):
                self.assertNotIn("4242", text)
        self.assertFalse(self.env["payment.link"].search([]))

    def test_C3_card_data_outside_the_body_is_refused_and_in_no_log(self):
        number = "4242424242424242"
        for method, path, headers, field in (
            ("GET", f"/links/{number}", {}, "link_id"),
            ("GET", f"/links/{number}/qr.png", {}, "link_id"),
            ("GET", f"/links?reference={number}", {}, "reference"),
            ("GET", f"/links?order={number}", {}, "order"),
            ("POST", "/links", {"Idempotency-Key": number}, "Idempotency-Key"),
        ):
            body = {"amount": "1.00"} if method == "POST" else None
            with self.assertLogs(level="DEBUG") as logs:
                response = self._call(method, path, body, headers=headers)
                logging.getLogger().debug("The log is not empty, which would fail")
            self._assert_problem(response, 400, "card_data_refused", field)
            self.assertNotIn("4242", response.text)
            for record in logs.records:
                if not record.name.startswith("urllib3"):  # The shop's own log.
                    self.assertNotIn("4242", record.getMessage(), record.name)
        self.assertFalse(self.env["payment.link"].search([]))
        self.assertFalse(self.env["payment.link.idempotency"].search([]))

    def test_C3_log_has_no_paths_that_name_no_link(self):
        path = "/payment_link/v1/links/%s HTTP/1.1"
        for text, is_kept in (
            ("8IT20WK7", True),
            ("8IT20WK7/qr.png", True),
            ("4242424242424242", False),
            ("4242424242424242/qr.png", False),
            ("4242-4242", False),
        ):
            record = logging.makeLogRecord({"msg": path % text})
            PayUrlFilter().filter(record)
            self.assertEqual(text in record.getMessage(), is_kept, text)

    def test_references_that_look_like_numbers_are_taken(self):
        for reference in ("2026112100000001", "INV/2026/000123", "4242424242424243"):
            self._create_by_api(reference=reference)

    def test_who_asks_too_often_waits(self):
        limit = "odoo.addons.payment_link_onetime.controllers.api_operation.%s"
        with patch(limit % "API_REQUESTS_PER_KEY", 2):
            for _number in range(2):
                self.assertEqual(self._call("GET", "/links").status_code, 200)
            response = self._call("GET", "/links")
        self._assert_problem(response, 429, "too_many_requests")
        self.assertGreater(int(response.headers["Retry-After"]), 0)

    def test_who_asks_too_often_is_one_key(self):
        """Another key of the same user is another program, which goes on."""
        other = self._create_key(self.api_user, "payment_link.read")
        limit = "odoo.addons.payment_link_onetime.controllers.api_operation.%s"
        with patch(limit % "API_REQUESTS_PER_KEY", 1):
            self.assertEqual(self._call("GET", "/links").status_code, 200)
            self.assertEqual(self._call("GET", "/links").status_code, 429)
            self.assertEqual(self._call("GET", "/links", key=other).status_code, 200)
            self.assertEqual(self._call("GET", "/links", key=other).status_code, 429)
        # What is counted is not told in this transaction, which began before.
        with db_connect(self.env.cr.dbname).cursor() as cr:
            cr.execute("SELECT bucket FROM payment_link_rate")
            buckets = cr.fetchall()
        self.assertEqual(len(buckets), 2)
        for (bucket,) in buckets:
            for key in (self.key, other):
                self.assertNotIn(key[:8], bucket)

    def test_limit_is_what_the_administrator_says(self):
        self.env["ir.config_parameter"].set_param(_LIMIT_PARAMETER, " 1 ")
        self.assertEqual(self._call("GET", "/links").status_code, 200)
        self.assertEqual(self._call("GET", "/links").status_code, 429)

    def test_limit_that_is_no_number_is_left_aside_and_said_once(self):
        for text in ("many", "0", "-5", "6e2", "1.5", "9" * 30, "\u00b2"):
            self.env["ir.config_parameter"].set_param(_LIMIT_PARAMETER, text)
            with self.assertLogs(_OPERATION_LOGGER, "WARNING") as logs:
                for _twice in range(2):
                    response = self._call("GET", "/links")
                    self.assertEqual(response.status_code, 200, text)
            self.assertEqual(len(logs.output), 1, text)
            self.assertIn(_LIMIT_PARAMETER, logs.output[0])

    def test_who_tries_keys_waits(self):
        limit = "odoo.addons.payment_link_onetime.models.ir_http.%s"
        with patch(limit % "API_REFUSALS_PER_ADDRESS", 2):
            for _number in range(2):
                self.assertEqual(self._call("GET", "/links", key="x").status_code, 401)
            response = self._call("GET", "/links", key="x")
            self._assert_problem(response, 429, "too_many_requests")
            self.assertGreater(int(response.headers["Retry-After"]), 0)
            self.assertEqual(self._call("GET", "/links").status_code, 200)

    def test_B13_link_is_sent_by_all_channels_or_by_none(self):
        shown = self._create_by_api(customer={"name": "B", "email": "b@example.com"})
        link = self._get_link(shown)
        path = f"/links/{shown['id']}/send"
        response = self._call("POST", path, {"channels": ["email", "sms"]})
        self._assert_problem(response, 422, "not_sendable", "channels")
        self.assertNotIn("sent", link.event_ids.mapped("type"))
        link.partner_id.phone = "+1 202 555 0122"
        response = self._call("POST", path, {"channels": ["email", "sms", "sms"]})
        self.assertEqual(response.status_code, 202, response.text)
        sent = link.event_ids.filtered(lambda event: event.type == "sent")
        self.assertEqual(set(sent.mapped("channel")), {"email", "sms"})
        self.assertEqual(len(sent), 2)

    def test_B13_closed_link_is_not_sent(self):
        shown = self._create_by_api(customer={"name": "B", "email": "b@example.com"})
        self._call("POST", f"/links/{shown['id']}/cancel")
        path = f"/links/{shown['id']}/send"
        response = self._call("POST", path, {"channels": ["email"]})
        self._assert_problem(response, 422, "not_sendable", "channels")
        self.assertNotIn("sent", self._get_link(shown).event_ids.mapped("type"))

    def test_E1_qr_codes(self):
        shown = self._create_by_api()
        for extension, start in (("png", b"\x89PNG"), ("svg", b"<?xml")):
            response = self._call("GET", f"/links/{shown['id']}/qr.{extension}")
            self.assertEqual(response.status_code, 200)
            self.assertTrue(response.content.startswith(start))
            link_qr_code = self._get_link(shown)._get_qr_code_image(extension)
            self.assertEqual(response.content, link_qr_code)
        self.assertEqual(self._call("GET", "/links/AAAAAAAA/qr.png").status_code, 404)
