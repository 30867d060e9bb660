from odoo import models


class SaleOrder(models.Model):
    """The QR code on the PDF of quotations and orders."""

    _inherit = "sale.order"

    _payment_link_paper_switch = "payment_link_on_quotation"

    # === ACTION METHODS === #

    def action_quotation_send(self):
        """Override of `sale` to have the QR code on the PDF that the dialog attaches."""
        self._payment_link_prepare_paper()
        return super().action_quotation_send()

    def action_quotation_sent(self):
        """Override of `sale`: who says that it was sent is about to print it."""
        result = super().action_quotation_sent()
        self._payment_link_prepare_paper()
        return result

    # === GETTERS === #

    def _payment_link_get_paper_amount(self):
        """Override of the mixin: what confirms a quotation, as Odoo's own page asks."""
        available = super()._payment_link_get_paper_amount()
        prepayment = self._payment_link_get_prepayment_amount()
        is_quotation = self.state in ("draft", "sent")
        return min(prepayment, available) if is_quotation and prepayment else available

    def _payment_link_get_deadline(self):
        """Override of the mixin."""
        return self.state in ("draft", "sent") and self.validity_date
