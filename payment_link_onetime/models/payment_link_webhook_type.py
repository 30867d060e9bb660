from odoo import api, fields, models


class PaymentLinkWebhookType(models.Model):
    """What a webhook can be told of: the names in `WEBHOOK_TYPES`, to choose from."""

    _name = "payment.link.webhook.type"
    _description = "Payment Link Webhook Event"
    _order = "sequence, id"

    name = fields.Char(required=True, readonly=True)
    sequence = fields.Integer(readonly=True)
    description = fields.Char(required=True, readonly=True, translate=True)

    _name_unique = models.Constraint("UNIQUE(name)", "This event exists already.")

    # === COMPUTE METHODS === #

    @api.depends("name", "description")
    def _compute_display_name(self):
        for webhook_type in self:
            webhook_type.display_name = (
                f"{webhook_type.name}: {webhook_type.description}"
            )
