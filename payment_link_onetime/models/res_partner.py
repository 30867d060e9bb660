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

    _payment_link_batch_columns = ("complete_name", "id")

    # === ACTION METHODS === #

    def action_view_payment_links(self):
        """Override of the mixin: a new link from that list is for this contact."""
        action = super().action_view_payment_links()
        if len(self) == 1:
            action["context"] = {"default_partner_id": self.id}
        return action

    # === GETTERS === #

    def _payment_link_get_payables(self):
        """Override of the mixin: the open invoices of the contact and those below it.

        :rtype: account.move
        """
        self.ensure_one()
        return self.env["account.move"].search(
            [
                ("partner_id", "child_of", self.ids),
                ("commercial_partner_id", "=", self.commercial_partner_id.id),
                ("move_type", "=", "out_invoice"),
                ("state", "=", "posted"),
                ("payment_state", "in", ("not_paid", "partial")),
                ("company_id", "in", self.env.companies.ids),
            ],
            order="id",
        )
