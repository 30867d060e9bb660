from odoo import models


class PaymentLink(models.Model):
    """By which campaign a link earns, and what it earns for it."""

    _inherit = "payment.link"

    # === BUSINESS METHODS === #

    def _hand_on_campaign(self):
        """Give the link's campaign, source and medium to the documents that it paid.

        For the job that books payments. A document that has one of the three has been
        won another way already: it keeps what it has, and gets none of the others.
        """
        self.ensure_one()
        names = [name for _parameter, name, _cookie in self._get_utm_fields()]
        values = {name: self[name].id for name in names if self[name]}
        for record in (values and self._get_document()) or ():
            if not any(record[name] for name in names):
                record.write(values)

    # === GETTERS === #

    def _get_utm_fields(self):
        """Return Odoo's fields for campaigns, as `utm.mixin` lists them.

        :rtype: list[tuple]
        """
        return self.env["utm.mixin"].tracking_fields()
