import time

from odoo import http
from odoo.exceptions import AccessError
from odoo.tests import tagged

from odoo.addons.http_routing.tests.common import MockRequest

from .api_common import PaymentLinkApiCommon


@tagged("post_install", "-at_install")
class TestApiKeys(PaymentLinkApiCommon):
    """Keys that users make in their preferences."""

    def _make_key(self, user, scope):
        wizard = self.env["res.users.apikeys.description"].with_user(user)
        wizard = wizard.create({"name": "Shop", "payment_link_scope": scope})
        with MockRequest(self.env(user=user)) as request:
            request.session["identity-check-last"] = time.time()
            http.request.httprequest.environ = {"REMOTE_ADDR": "127.0.0.1"}
            return wizard.make_key()["context"]["default_key"]

    def test_key_is_for_what_its_user_chose(self):
        for scope, status in (("payment_link", 201), ("payment_link.read", 403)):
            key = self._make_key(self.api_user, scope)
            response = self._call("POST", "/links", {"amount": "1.00"}, key=key)
            self.assertEqual(response.status_code, status, response.text)
            response = self.url_open(
                "/json/2/res.partner/search_read",
                headers={"Authorization": f"Bearer {key}"},
                json={"domain": []},
            )
            self.assertEqual(response.status_code, 401)

    def test_who_may_not_send_links_makes_no_key(self):
        user = self._create_user("clerk")
        with self.assertRaises(AccessError):
            self._make_key(user, "payment_link")
