from odoo import api, models


class PaymentLinkRememberedMixin(models.AbstractModel):
    """Records that pages remember: whoever changes them makes all processes forget.

    What is remembered is in `payment.provider`'s `_get_remembered_settings`.
    """

    _name = "payment.link.remembered.mixin"
    _description = "Settings That Payment Pages Remember"

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """Override of `base` to forget the remembered settings."""
        self.env.registry.clear_cache()
        return super().create(vals_list)

    def write(self, vals):
        """Override of `base` to forget the remembered settings."""
        self.env.registry.clear_cache()
        return super().write(vals)

    def unlink(self):
        """Override of `base` to forget the remembered settings."""
        self.env.registry.clear_cache()
        return super().unlink()
