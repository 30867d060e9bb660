from odoo import models

from ..const import API_SCOPE, API_SCOPE_READ


class ResUsersApikeys(models.Model):
    _inherit = "res.users.apikeys"

    def _generate(self, scope, name, expiration_date):
        """Override of `base` to make the key for payment links that its user chose.

        The choice stands in the context, from where it can only make a key of less use.
        """
        chosen = self.env.context.get("payment_link_scope")
        if scope is None and chosen in (API_SCOPE, API_SCOPE_READ):
            scope = chosen
        return super()._generate(scope, name, expiration_date)
