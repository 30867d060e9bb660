from odoo import Command, fields, models


class AccountMove(models.Model):
    _name = "account.move"
    _inherit = ["account.move", "payment.link.document.mixin"]

    _payment_link_field = "invoice_ids"

    payment_link_ids = fields.Many2many(
        "payment.link",
        "payment_link_invoice_rel",
        "invoice_id",
        "link_id",
        string="Payment Links",
        copy=False,
        groups="payment_link_onetime.group_payment_link_user",
    )

    # === GETTERS === #

    def _payment_link_prepare_values(self):
        """Override of the mixin to snapshot the invoices' lines and totals."""
        values = super()._payment_link_prepare_values()
        lines = self.invoice_line_ids.filtered(
            lambda line: line.display_type == "product"
        )
        values.update(
            invoice_ids=[Command.set(self.ids)],
            user_id=(self[:1].invoice_user_id or self.env.user).id,
            amount_untaxed=sum(self.mapped("amount_untaxed")),
            amount_tax=sum(self.mapped("amount_tax")),
            amount_total=sum(self.mapped("amount_total")),
            line_ids=[
                Command.create(
                    {
                        "sequence": sequence,
                        "name": (line.name or line.product_id.name or "/").split("\n")[
                            0
                        ],
                        "quantity": line.quantity,
                        "amount_untaxed": line.price_subtotal,
                        "amount_tax": line.price_total - line.price_subtotal,
                        "amount_total": line.price_total,
                    }
                )
                for sequence, line in enumerate(lines)
            ],
        )
        return values

    def _payment_link_get_title(self):
        """Override of the mixin: an invoice is known by its number."""
        return ", ".join(self.filtered("name").mapped("name"))

    def _payment_link_get_due_amount(self):
        """Override of the mixin: what is unreconciled and not yet on its way.

        Money that a provider settled is on its way until it is reconciled.
        """
        due = sum(
            self.filtered(lambda m: m.state == "posted").mapped("amount_residual")
        )
        transactions_sudo = self.sudo().transaction_ids  # Payers have no account.
        amounts = transactions_sudo.filtered(
            lambda tx: not tx.payment_id
        )._get_payment_link_amounts()
        taken = amounts["authorized"] + amounts["pending"] + amounts["paid"]
        return max(self.currency_id.round(due - taken), 0.0)

    def _payment_link_get_closed_state(self, link):
        """Override of the mixin: a cancelled invoice takes no money."""
        if all(move.state == "cancel" for move in self):
            return "cancelled"
        return super()._payment_link_get_closed_state(link)

    def _payment_link_get_transaction_values(self):
        """Override of the mixin: by this, Odoo reconciles the invoices."""
        return {"invoice_ids": [Command.set(self.ids)]}

    def _payment_link_get_providers_kwargs(self):
        """Override of the mixin: as in Odoo's own portal."""
        return {"invoice_id": self[:1].id}
