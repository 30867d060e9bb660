from odoo import api, fields, models
from odoo.tools import SQL


class PaymentLinkDocumentMixin(models.AbstractModel):
    """What a document tells its payment links.

    To give another model payment links, inherit from this model, name the field of
    `payment.link` that points to it in `_payment_link_field`, and answer the methods
    under "GETTERS". Documents have `company_id`, `currency_id` and `partner_id`.
    """

    _name = "payment.link.document.mixin"
    _description = "Document with Payment Links"

    _payment_link_field = None

    # What "GETTERS" read when somebody pays, so that it is read in one narrow query.
    _payment_link_due_fields = ()

    payment_link_count = fields.Integer(
        compute="_compute_payment_link_count",
        groups="payment_link_onetime.group_payment_link_user",
    )
    is_payment_link_payable = fields.Boolean(
        compute="_compute_is_payment_link_payable",
        groups="payment_link_onetime.group_payment_link_user",
        help="Whether a payment link on the document could be paid now.",
    )

    # === COMPUTE METHODS === #

    def _compute_payment_link_count(self):
        field_name = self._payment_link_field
        counts = dict(
            self.env["payment.link"]._read_group(
                [(field_name, "in", self.ids)], [field_name], ["__count"]
            )
        )
        for document in self:
            document.payment_link_count = counts.get(document, 0)

    def _compute_is_payment_link_payable(self):
        no_link = self.env["payment.link"]
        for document in self:
            closed_state = document._payment_link_get_closed_state(no_link)
            document.is_payment_link_payable = not closed_state

    # === ACTION METHODS === #

    def action_send_payment_link(self):
        """Open the dialog that sends a payment link for the document.

        :return: The window action.
        :rtype: dict
        """
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Send Payment Link"),
            "res_model": "payment.link.send",
            "view_mode": "form",
            "target": "new",
            "context": {
                **self.env.context,
                "active_model": self._name,
                "active_id": self.id,
                "active_ids": self.ids,
            },
        }

    def action_view_payment_links(self):
        """Open the payment links of the documents.

        :return: The window action.
        :rtype: dict
        """
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "payment_link_onetime.action_payment_link"
        )
        links = self.env["payment.link"].search(
            [(self._payment_link_field, "in", self.ids)]
        )
        action["domain"] = [("id", "in", links.ids)]
        action["context"] = {}
        if len(links) == 1:
            action.update(
                res_id=links.id,
                views=[(False, "form")],
            )
        return action

    # === GETTERS === #

    def _payment_link_prepare_values(self):
        """Return what a link on the document asks for, as values of `payment.link`.

        Override to snapshot the document's lines and totals: later edits of the
        document do not touch them.

        :rtype: dict
        """
        return {
            self._payment_link_field: self.id,
            "company_id": self.company_id.id or self.env.company.id,
            "currency_id": self.currency_id.id,
            "partner_id": self.partner_id.id,
        }

    def _payment_link_get_title(self):
        """Return what the customer knows the document by; links take it as reference.

        :rtype: str
        """
        return ", ".join(self.mapped("display_name"))

    def _payment_link_get_due_amount(self):
        """Return what the document owes beside all money that is with us or on its way.

        Payments that did not come through a link count as well.

        :return: The amount in the document's currency, zero for a model that owes
            nothing by itself.
        :rtype: float
        """
        return 0.0

    def _payment_link_get_prepayment_amount(self):
        """Return the prepayment that Odoo asks for on the document.

        :return: The amount in the document's currency, zero if there is none.
        :rtype: float
        """
        return 0.0

    def _payment_link_get_available_amount(self):
        """Return what another link may ask for: what is due beside the open links.

        :return: The amount in the document's currency.
        :rtype: float
        """
        # Links that the user may not see ask for the document's money as well.
        links_sudo = self.sudo()._payment_link_get_open_links()
        asked = sum(links_sudo.mapped("amount_due"))
        available = self._payment_link_get_due_amount() - asked
        return max(self.currency_id.round(available), 0.0)

    def _payment_link_lock(self):
        """Let nobody else make a link on the documents until the transaction ends.

        The rows are written, not only locked: whoever waited for them looks again with
        what is true then.
        """
        self.env.cr.execute(
            SQL(
                "UPDATE %s SET write_uid = write_uid WHERE id IN %s",
                SQL.identifier(self._table),
                self._ids,
            )
        )

    def _payment_link_get_open_links(self):
        """Return the links on the document that take money at this moment.

        :rtype: payment.link
        """
        links = self.env["payment.link"].search(
            [(self._payment_link_field, "in", self.ids), ("state", "=", "open")]
        )
        return links.filtered(lambda link: not link._is_expired())

    def _payment_link_get_closed_state(self, link):
        """Return why the document takes no money through the link now.

        :param payment.link link: A link on the document.
        :return: `completed`, `cancelled`, `expired`, or `None` if it does take money.
        :rtype: str|None
        """
        currency = self.currency_id
        if currency.compare_amounts(self._payment_link_get_due_amount(), 0.0) <= 0:
            return "completed"
        return None

    def _payment_link_get_transaction_values(self):
        """Return the values by which Odoo knows that a transaction pays the document.

        :return: The values for `payment.transaction`.
        :rtype: dict
        """
        return {}

    def _payment_link_on_sent(self, link):
        """React to a link that was sent to the customer.

        :param payment.link link: The link.
        """

    @api.model
    def _payment_link_get_providers_kwargs(self):
        """Return what modules read when they filter the providers for the document.

        :return: Keyword arguments for `_get_compatible_providers`.
        :rtype: dict
        """
        return {}
