from odoo import fields, models

from .payment_link_notification import PREFERENCES


class ResUsers(models.Model):
    _inherit = "res.users"

    payment_link_notify_opened = fields.Boolean(
        string="Payment Link Opened",
        default=True,
        help="Tell me when a customer opens one of my payment links for the first time.",
    )
    payment_link_notify_paid = fields.Boolean(
        string="Payment Link Paid",
        default=True,
        help="Tell me when one of my payment links is paid.",
    )
    payment_link_notify_failed = fields.Boolean(
        string="Payment Failed",
        default=True,
        help="Tell me when a customer's payment with one of my links does not go"
        " through.",
    )

    # === GETTERS === #

    @property
    def SELF_READABLE_FIELDS(self):
        """Override of `base`: everybody reads what they are told of."""
        return [*super().SELF_READABLE_FIELDS, *PREFERENCES.values()]

    @property
    def SELF_WRITEABLE_FIELDS(self):
        """Override of `base`: everybody says what they want to be told of."""
        return [*super().SELF_WRITEABLE_FIELDS, *PREFERENCES.values()]
