from odoo import models

_ATTEMPT_STATUS = {
    "draft": "Pending",
    "pending": "Pending",
    "authorized": "Pending",
    "done": "Success",
    "cancel": "Failed",
    "error": "Failed",
}


class PaymentTransaction(models.Model):
    """What the API tells of a transaction."""

    _inherit = "payment.transaction"

    # === GETTERS === #

    def _api_get_attempt_status(self):
        """Return what became of the transaction, in one of three words.

        :rtype: str
        """
        self.ensure_one()
        return _ATTEMPT_STATUS[self.state]

    def _api_get_kind(self):
        """Return what the transaction does: `charge`, `capture`, `void` or `refund`.

        :rtype: str
        """
        self.ensure_one()
        if self.operation == "refund":
            return "refund"
        if not self.source_transaction_id:
            return "charge"
        if self.payment_link_request in ("capture", "void"):
            return self.payment_link_request
        return "void" if self.state == "cancel" else "capture"
