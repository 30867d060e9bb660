from odoo import fields, models
from odoo.exceptions import AccessError

from ..const import API_SCOPE, API_SCOPE_READ


class ResUsersApikeysDescription(models.TransientModel):
    _inherit = "res.users.apikeys.description"

    payment_link_scope = fields.Selection(
        [
            (API_SCOPE, "Only the payment link API"),
            (API_SCOPE_READ, "Only the payment link API, and only for reading"),
        ],
        string="Good for",
        help="A key for payment links opens nothing else of Odoo.",
    )

    # === ACTION METHODS === #

    def make_key(self):
        """Override of `base` to make a key that is good for payment links only.

        :raises AccessError: for users who may not send payment links.
        """
        if self.payment_link_scope and not self.env.user.has_group(
            "payment_link_onetime.group_payment_link_user"
        ):
            raise AccessError(
                self.env._(
                    "A key for payment links does what its user may do, and you may not"
                    " send payment links."
                )
            )
        scope = self.payment_link_scope
        wizard = self.with_context(payment_link_scope=scope)
        action = super(ResUsersApikeysDescription, wizard).make_key()
        # What shows the key says what it is good for.
        action["context"]["payment_link_scope"] = scope
        return action
