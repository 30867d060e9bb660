import hmac
import json

from werkzeug.exceptions import BadRequest, Forbidden

from odoo import http
from odoo.http import request

from odoo.addons.payment.logging import get_payment_logger

from ..const import SIGNATURE_HEADER

_logger = get_payment_logger(__name__)


class LoopbackController(http.Controller):
    """What the gateway tells Odoo: through the payer's browser, and directly."""

    _return_url = "/payment/loopback/return"
    _webhook_url = "/payment/loopback/webhook"

    @http.route(
        _return_url, type="http", auth="public", methods=["GET"], save_session=False
    )
    def loopback_return(self, data="", signature="", **_kwargs):
        """Take the answer that a payer brings back, and send her on.

        :param str data: The answer, as JSON.
        :param str signature: The gateway's signature of it.
        """
        self._process(data, signature)
        return request.redirect("/payment/status")

    @http.route(
        _webhook_url,
        type="http",
        auth="public",
        methods=["POST"],
        csrf=False,
        save_session=False,
    )
    def loopback_webhook(self):
        """Take an answer from the gateway itself, and acknowledge it."""
        self._process(
            request.httprequest.get_data(as_text=True),
            request.httprequest.headers.get(SIGNATURE_HEADER, ""),
        )
        return request.make_response("")

    @staticmethod
    def _process(text, signature):
        """Hand an answer to its transaction, if it is the gateway's.

        :param str text: The answer, as it was signed.
        :param str signature: The signature that came with it.
        :raise BadRequest: If the text is no answer.
        :raise Forbidden: If it was not the gateway that signed it.
        """
        try:
            payment_data = json.loads(text)
            payment_data["reference"]
        except (KeyError, TypeError, ValueError):
            raise BadRequest() from None
        tx_sudo = (
            request.env["payment.transaction"]
            .sudo()
            ._search_by_reference("loopback", payment_data)
        )
        if not tx_sudo:
            return  # Nothing that the gateway could do about it.
        expected = tx_sudo.provider_id._loopback_sign(text)
        if not hmac.compare_digest(signature.encode(), expected.encode()):
            _logger.warning("Received payment data with an invalid signature.")
            raise Forbidden()
        tx_sudo._process("loopback", payment_data)
