import logging
from unittest.mock import patch

from odoo.sql_db import db_connect
from odoo.tests import tagged

from ..logging import PayUrlFilter
from .api_common import PaymentLinkApiCommon

_LIMIT_PARAMETER = "payment_link_onetime.api_requests_per_minute"
_OPERATION_LOGGER = "odoo.addons.payment_link_onetime.controllers.api_operation"


@tagged("post_install", "-at_install")
class TestApiLimits(PaymentLinkApiCommon):
    """What the API never takes in, and how often it may be asked."""

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
