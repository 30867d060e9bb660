import hmac
import json
import secrets
from urllib.parse import urlencode

from werkzeug.exceptions import Forbidden

from odoo import http
from odoo.http import request

# What the payer can choose on the gateway's page, and what the gateway calls it.
ANSWERS = {
    "paid": "Pay",
    "failed": "Fail",
    "cancelled": "Cancel",
    "pending": "Pending",
}


class LoopbackGateway(http.Controller):
    """The stand-in for a payment company's site.

    It knows what Odoo's form brings along and the secret that both share. It sends no
    webhooks: the tests do, at the moment at which they shall arrive.
    """

    _checkout_url = "/payment/loopback/gateway/checkout"
    _answer_url = "/payment/loopback/gateway/answer"

    @http.route(
        _checkout_url,
        type="http",
        auth="public",
        methods=["POST"],
        csrf=False,
        save_session=False,
    )
    def loopback_checkout(self, order="", signature="", **_kwargs):
        """Show the page on which the payer decides how the payment goes.

        :param str order: What Odoo wants to be paid, as JSON.
        :param str signature: Odoo's signature of it.
        """
        self._get_provider(order, signature)
        return request.render(
            "payment_loopback.checkout",
            {
                "order": json.loads(order),
                "order_text": order,
                "signature": signature,
                "answers": ANSWERS,
                "answer_url": self._answer_url,
            },
        )

    @http.route(
        _answer_url,
        type="http",
        auth="public",
        methods=["POST"],
        csrf=False,
        save_session=False,
    )
    def loopback_answer(self, status, order="", signature="", **_kwargs):
        """Send the payer back to the shop with a signed answer.

        :param str status: The button that the payer clicked.
        :param str order: What Odoo wants to be paid, as JSON.
        :param str signature: Odoo's signature of it.
        """
        provider_sudo = self._get_provider(order, signature)
        values = json.loads(order)
        if status == "paid" and not values["capture"]:
            status = "authorized"
        data = json.dumps(
            {
                "reference": values["reference"],
                "payment_id": f"loopback-{secrets.token_hex(8)}",
                "amount": values["amount"],
                "currency": values["currency"],
                "status": status,
            }
        )
        query = urlencode(
            {"data": data, "signature": provider_sudo._loopback_sign(data)}
        )
        return request.redirect(f"{values['return_url']}?{query}", local=False)

    @staticmethod
    def _get_provider(order, signature):
        """Return the merchant's account that an order was signed with.

        :param str order: What Odoo wants to be paid, as JSON.
        :param str signature: Odoo's signature of it.
        :return: The provider, in sudo as the gateway is nobody here.
        :rtype: payment.provider
        :raise Forbidden: If no merchant has signed it.
        """
        providers_sudo = request.env["payment.provider"].sudo()
        for provider_sudo in providers_sudo.search([("code", "=", "loopback")]):
            if provider_sudo.loopback_secret and hmac.compare_digest(
                signature.encode(), provider_sudo._loopback_sign(order).encode()
            ):
                return provider_sudo
        raise Forbidden()
