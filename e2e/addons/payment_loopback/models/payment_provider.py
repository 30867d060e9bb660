import hashlib
import hmac

from odoo import fields, models

from ..const import DEFAULT_PAYMENT_METHOD_CODES


class PaymentProvider(models.Model):
    _inherit = "payment.provider"

    code = fields.Selection(
        selection_add=[("loopback", "Loopback")], ondelete={"loopback": "set default"}
    )
    loopback_secret = fields.Char(
        required_if_provider="loopback",
        copy=False,
        groups="base.group_system",
        help="Shared with the gateway: whoever knows it can say that money arrived.",
    )

    # === COMPUTE METHODS === #

    def _compute_feature_support_fields(self):
        """Override of `payment` to enable what the gateway can do."""
        super()._compute_feature_support_fields()
        self.filtered(lambda provider: provider.code == "loopback").update(
            {"support_manual_capture": "partial", "support_refund": "partial"}
        )

    # === CRUD METHODS === #

    def _get_default_payment_method_codes(self):
        """Override of `payment` to return the gateway's own method."""
        self.ensure_one()
        if self.code != "loopback":
            return super()._get_default_payment_method_codes()
        return DEFAULT_PAYMENT_METHOD_CODES

    # === BUSINESS METHODS === #

    def _loopback_sign(self, text):
        """Return the signature of a message to or from the gateway.

        :param str text: The message.
        :return: Its HMAC-SHA256 with the shared secret, in hexadecimal digits.
        :rtype: str
        """
        self.ensure_one()
        secret = self.sudo().loopback_secret  # Whoever asks does not get to see it.
        return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()
