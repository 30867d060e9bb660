from odoo import models
from odoo.exceptions import UserError


class PaymentCaptureWizard(models.TransientModel):
    _inherit = "payment.capture.wizard"

    # === ACTION METHODS === #

    def action_capture(self):
        """Override of `payment` to tell whoever comes too late.

        Odoo passes over what is not authorised any more, and reports success.

        :raises UserError: if nothing is held any more for the charges of links.
        """
        charges = self.transaction_ids.filtered("payment_link_id")
        if charges and not charges.filtered(lambda tx: tx.state == "authorized"):
            raise UserError(
                self.env._(
                    "Nothing is held any more for %(references)s: it was captured or"
                    " voided meanwhile.",
                    references=", ".join(charges.mapped("reference")),
                )
            )
        return super().action_capture()
