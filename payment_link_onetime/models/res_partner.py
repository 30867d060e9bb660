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

    # === ACTION METHODS === #

    def action_view_payment_links(self):
        """Override of the mixin: a new link from that list is for this contact."""
        action = super().action_view_payment_links()
        if len(self) == 1:
            action["context"] = {"default_partner_id": self.id}
        return action
