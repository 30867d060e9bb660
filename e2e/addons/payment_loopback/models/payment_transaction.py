import json

from odoo import models
from odoo.tools.urls import urljoin

from odoo.addons.payment.logging import get_payment_logger

from ..const import STATES
from ..controllers.gateway import LoopbackGateway
from ..controllers.main import LoopbackController

_logger = get_payment_logger(__name__)


class PaymentTransaction(models.Model):
    _inherit = "payment.transaction"

    # === BUSINESS METHODS - PAYMENT FLOW === #

    def _get_specific_rendering_values(self, processing_values):
        """Override of `payment` to return what the gateway is told, signed."""
        if self.provider_code != "loopback":
            return super()._get_specific_rendering_values(processing_values)
        base_url = self.provider_id.get_base_url()
        order = json.dumps(
            {
                "reference": self.reference,
                "amount": f"{self.amount:.{self.currency_id.decimal_places}f}",
                "currency": self.currency_id.name,
                "capture": not self.provider_id.capture_manually,
                "return_url": urljoin(base_url, LoopbackController._return_url),
            }
        )
        return {
            "api_url": urljoin(base_url, LoopbackGateway._checkout_url),
            "order": order,
            "signature": self.provider_id._loopback_sign(order),
        }

    def _send_capture_request(self):
        """Override of `payment`: the gateway captures what it authorised."""
        if self.provider_code != "loopback":
            return super()._send_capture_request()
        self._loopback_settle("paid")

    def _send_void_request(self):
        """Override of `payment`: the gateway gives up what it authorised."""
        if self.provider_code != "loopback":
            return super()._send_void_request()
        self._loopback_settle("cancelled")

    def _send_refund_request(self):
        """Override of `payment`: the gateway refunds at once."""
        if self.provider_code != "loopback":
            return super()._send_refund_request()
        self._loopback_settle("paid")
        # No payer comes along to have it booked.
        self.env.ref("payment.cron_post_process_payment_tx")._trigger()

    def _loopback_settle(self, status):
        """Process the gateway's answer to a request that Odoo made itself.

        :param str status: The gateway's word for the new state.
        """
        self._process(
            "loopback",
            {
                "reference": self.reference,
                "payment_id": f"loopback-{self.reference}",
                "amount": abs(self.amount),
                "currency": self.currency_id.name,
                "status": status,
            },
        )

    # === BUSINESS METHODS - PROCESSING === #

    def _extract_amount_data(self, payment_data):
        """Override of `payment` to have amount and currency compared."""
        if self.provider_code != "loopback":
            return super()._extract_amount_data(payment_data)
        return {
            "amount": float(payment_data.get("amount") or 0.0),
            "currency_code": payment_data.get("currency"),
        }

    def _apply_updates(self, payment_data):
        """Override of `payment` to follow what the gateway says."""
        if self.provider_code != "loopback":
            return super()._apply_updates(payment_data)
        self.provider_reference = payment_data.get("payment_id")
        status = payment_data.get("status")
        match STATES.get(status):
            case "done":
                self._set_done()
            case "authorized":
                self._set_authorized()
            case "pending":
                self._set_pending()
            case "cancel":
                self._set_canceled()
            case "error":
                message = payment_data.get("message")
                self._set_error(message or self.env._("The payment was refused."))
            case _:
                _logger.warning(
                    "Received the unknown status %s for transaction %s.",
                    status,
                    self.reference,
                )
                self._set_error(self.env._("Unknown status: %s", status))
