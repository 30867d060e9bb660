from odoo import models


class PaymentTransaction(models.Model):
    """What a receipt says about a charge."""

    _inherit = "payment.transaction"

    # === GETTERS === #

    def _get_received_amount(self):
        """Return how much money a charge brought, whatever was refunded since.

        :return: The amount in the charge's currency; zero before money was settled.
        :rtype: float
        """
        self.ensure_one()
        return self._get_with_children()._get_payment_link_amounts()["paid"]

    def _get_received_at(self):
        """Return when the money of a charge or a refund was settled.

        :return: The time in UTC; of a charge that was captured in parts, of the last.
        :rtype: datetime
        """
        self.ensure_one()
        parts = self.child_transaction_ids.filtered(
            lambda tx: tx.operation == self.operation and tx.state == "done"
        )
        return max((parts or self).mapped("last_state_change"))

    def _get_method_text(self):
        """Return how a charge was paid, in the language of the context.

        :return: The payment method, and the provider if it has another name.
        :rtype: str
        """
        self.ensure_one()
        names = (self.payment_method_id.name, self.provider_id.name)
        return ", ".join(dict.fromkeys(filter(None, names)))
