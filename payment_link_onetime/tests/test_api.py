from datetime import timedelta

from odoo import fields
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
        for currency in ("JPY", "ZZZ"):
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

    def test_C10_errors_have_one_shape(self):
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
