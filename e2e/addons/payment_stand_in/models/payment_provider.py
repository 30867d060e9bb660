from urllib.parse import urlsplit

from odoo import models


class PaymentProvider(models.Model):
    _inherit = "payment.provider"

    # === BUSINESS METHODS === #

    def _build_request_url(self, endpoint, **kwargs):
        """Override of `payment` to send to this machine what is for the provider's.

        The stand-in sees the provider's code, and the path as the provider would.
        """
        url = super()._build_request_url(endpoint, **kwargs)
        parameters_sudo = self.env["ir.config_parameter"].sudo()
        stand_in = parameters_sudo.get_param("payment_stand_in.url")
        return f"{stand_in}/{self.code}{urlsplit(url).path}"
