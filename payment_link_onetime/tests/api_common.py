import json

from .common import PaymentLinkHttpCommon


class PaymentLinkApiCommon(PaymentLinkHttpCommon):
    """Requests to the API, by a salesperson's key."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.api_user = cls._create_user(
            "api",
            "sales_team.group_sale_salesman_all_leads,base.group_partner_manager",
        )
        cls.key = cls._create_key(cls.api_user)

    @classmethod
    def _create_key(cls, user, scope="payment_link"):
        keys = cls.env["res.users.apikeys"].with_user(user).sudo()
        return keys._generate(scope, "Shop", False)

    def _call(self, method, path, body=None, key=None, **options):
        """Make a request, as the shop does, and return the response."""
        headers = {"Authorization": f"Bearer {key or self.key}"}
        headers.update(options.pop("headers", {}))
        if body is not None:
            options["data"] = body if isinstance(body, str) else json.dumps(body)
            headers.setdefault("Content-Type", "application/json")
        return self.url_open(
            f"/payment_link/v1{path}", headers=headers, method=method, **options
        )

    def _create_by_api(self, **body):
        """Create a link by the API and return what it answers."""
        response = self._call("POST", "/links", {"amount": "250.00", **body})
        self.assertEqual(response.status_code, 201, response.text)
        return response.json()

    def _get_link(self, shown):
        return self.env["payment.link"].search([("code", "=", shown["id"])])

    def _assert_problem(self, response, status, code, field=None):
        """Check that a refusal has the one shape, and return it."""
        self.assertEqual(response.status_code, status, response.text)
        self.assertEqual(response.headers["Content-Type"], "application/problem+json")
        problem = response.json()
        self.assertEqual(problem["status"], status)
        self.assertEqual(problem["code"], code)
        self.assertTrue(problem["message"])
        self.assertNotIn("Traceback", response.text)
        if field:
            self.assertIn(field, [error["field"] for error in problem["errors"]])
        return problem
