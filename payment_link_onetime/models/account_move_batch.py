from odoo import models


class AccountMove(models.Model):
    """What invoices tell those who send links for many of them."""

    _inherit = "account.move"

    _payment_link_batch_columns = ("name", "commercial_partner_id")

    # === GETTERS === #

    def _payment_link_get_skip_reason(self):
        """Override of the mixin: customer invoices only."""
        if self.move_type != "out_invoice":
            return "not_invoice"
        return super()._payment_link_get_skip_reason()

    def _payment_link_get_group_key(self):
        """Override of the mixin: as :meth:`_payment_link_check_together` has it."""
        term_lines = self.line_ids.filtered(
            lambda line: line.display_type == "payment_term"
        )
        return (
            self.company_id,
            self.partner_id.commercial_partner_id,
            self.currency_id,
            term_lines.account_id,
        )

    def _payment_link_get_customer(self):
        """Override of the mixin: of several contacts, the company they belong to."""
        partner = self.partner_id
        return partner if len(partner) == 1 else partner.commercial_partner_id

    def _payment_link_read_together(self):  # pylint: disable=missing-return
        """Override of the mixin: also the invoices' lines."""
        super()._payment_link_read_together()
        self.line_ids.mapped("display_type")
        self.invoice_line_ids.mapped("display_type")
