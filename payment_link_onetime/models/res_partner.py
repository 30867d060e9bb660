from odoo import fields, models


class ResPartner(models.Model):
    _name = "res.partner"
    _inherit = ["res.partner", "payment.link.document.mixin"]

    _payment_link_field = "partner_id"

    payment_link_ids = fields.One2many(
        "payment.link",
        "partner_id",
        string="Payment Links",
        groups="payment_link_onetime.group_payment_link_user",
    )
