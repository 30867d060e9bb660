from odoo import models


class ResPartner(models.Model):
    """What customers' links hear of an address that takes no mail."""

    _inherit = "res.partner"

    # === BUSINESS METHODS === #

    def _message_receive_bounce(self, email, partner):  # pylint: disable=missing-return
        """Override of `mail`: whatever mail it was that came back."""
        super()._message_receive_bounce(email, partner)
        # In sudo mode because a mail server's answer is nobody's request.
        links_sudo = (
            self.env["payment.link"]
            .sudo()
            .search([("partner_id", "in", self.ids), ("state", "=", "open")])
        )
        links_sudo._on_bounce(email)
