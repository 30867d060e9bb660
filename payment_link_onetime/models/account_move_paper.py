from odoo import models


class AccountMove(models.Model):
    """The QR code on the PDF of customer invoices."""

    _inherit = "account.move"

    _payment_link_paper_switch = "payment_link_on_invoice"

    # === ACTION METHODS === #

    def action_print_pdf(self):
        """Override of `account` to have the QR code on what is about to be printed."""
        self._payment_link_prepare_paper()
        return super().action_print_pdf()

    # === GETTERS === #

    def _payment_link_is_on_paper(self):
        """Override of the mixin: nobody pays bills and credit notes to us."""
        return (
            self.move_type == "out_invoice"
            and self.state == "posted"
            and super()._payment_link_is_on_paper()
        )

    def _payment_link_get_deadline(self):
        """Override of the mixin."""
        return self.invoice_date_due
