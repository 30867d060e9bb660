from odoo import api, fields, models
from odoo.exceptions import UserError


class PaymentLinkLine(models.Model):
    """What an amount is made of, as it was when the link was created."""

    _name = "payment.link.line"
    _description = "Payment Link Line"
    _order = "sequence, id"

    link_id = fields.Many2one(
        "payment.link", required=True, index=True, ondelete="cascade"
    )
    sequence = fields.Integer(default=10)
    name = fields.Char(required=True)
    quantity = fields.Float(default=1.0, digits="Product Unit")
    currency_id = fields.Many2one(related="link_id.currency_id")
    amount_untaxed = fields.Monetary(string="Subtotal")
    amount_tax = fields.Monetary(string="Taxes")
    amount_total = fields.Monetary(string="Total")

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        # A link has its first event at the end of its own creation.
        if lines.link_id.event_ids:
            lines._refuse_change()
        return lines

    def write(self, vals):
        """Override of `base`: lines are fixed, as all that a link asks for.

        :raises UserError: always.
        """
        if self:
            self._refuse_change()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        self._refuse_change()

    def _refuse_change(self):
        raise UserError(
            self.env._(
                "The lines of a payment link are fixed when it is created. Create"
                " another link instead."
            )
        )
