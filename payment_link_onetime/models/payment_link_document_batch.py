from odoo import models


class PaymentLinkDocumentMixin(models.AbstractModel):
    """What a document tells those who send links for many of them."""

    _inherit = "payment.link.document.mixin"

    # The columns that the list of a bulk sending shows: name, and customer.
    _payment_link_batch_columns = ("name", "partner_id")

    # === GETTERS === #

    def _payment_link_get_payables(self):
        """Return the documents to ask money for, where a user chose this one.

        Override for what owes nothing by itself.

        :return: Records of a model that implements the mixin, perhaps none.
        """
        return self

    def _payment_link_get_skip_reason(self):
        """Return why no link can be sent for the document, its open links aside.

        :return: A value of `payment.link.batch.line.reason`, or `None`.
        :rtype: str|None
        """
        closed_state = self._payment_link_get_closed_state(self.env["payment.link"])
        return {
            "cancelled": "cancelled",
            "completed": "nothing_due",
            "expired": "expired",
            "paused": "draft",
            "processing": "processing",
        }.get(closed_state)

    def _payment_link_get_group_key(self):
        """Return what documents have in common that one payment can pay.

        :return: Something that can be compared.
        """
        return self.id

    def _payment_link_get_link_values(self):
        """Return what says to `payment.link.create` which documents a link is for.

        :rtype: dict
        """
        field = self.env["payment.link"]._fields[self._payment_link_field]
        return {field.name: self.ids if field.type == "many2many" else self.id}

    def _payment_link_get_customer(self):
        """Return who is asked to pay.

        :rtype: res.partner
        """
        return self.partner_id

    def _payment_link_read_together(self):
        """Read what links on the documents need, for all of them in a few queries.

        Override to read what only the links on this model need.

        :return: None
        """
        self.mapped("partner_id.commercial_partner_id.email")
