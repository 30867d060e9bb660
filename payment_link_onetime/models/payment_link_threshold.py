from odoo import fields, models


class PaymentLinkThreshold(models.Model):
    """Above which amount a link in a currency may be paid in parts."""

    _name = "payment.link.threshold"
    _description = "Payment Link Instalment Threshold"
    _rec_name = "currency_id"
    _order = "currency_id"

    company_id = fields.Many2one(
        "res.company",
        required=True,
        default=lambda self: self.env.company,
        index=True,
        ondelete="cascade",
    )
    currency_id = fields.Many2one("res.currency", required=True, ondelete="cascade")
    amount = fields.Monetary(
        required=True, help="Links above this amount can be paid in parts."
    )

    _currency_unique = models.Constraint(
        "UNIQUE(company_id, currency_id)",
        "There is a threshold for this currency already.",
    )
    _amount_positive = models.Constraint(
        "CHECK(amount >= 0)", "A threshold cannot be negative."
    )
