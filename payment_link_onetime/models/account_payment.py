from odoo import api, fields, models


class AccountPayment(models.Model):
    """What accountants read about the payments of links."""

    _inherit = "account.payment"

    payment_link_id = fields.Many2one(
        related="payment_transaction_id.payment_link_id",
        store=True,
        index="btree_not_null",
    )
    payment_link_code = fields.Char(
        string="Payment Link Code", related="payment_link_id.code"
    )
    payment_link_document = fields.Char(
        string="Document", compute="_compute_payment_link_document"
    )
    payment_link_provider_id = fields.Many2one(
        string="Provider", related="payment_transaction_id.provider_id", store=True
    )
    payment_link_provider_reference = fields.Char(
        string="Provider Reference", related="payment_transaction_id.provider_reference"
    )
    payment_link_refund_ids = fields.One2many(
        "account.payment", "source_payment_id", string="Refunds", readonly=True
    )
    payment_link_net_amount = fields.Monetary(
        string="Net Amount",
        compute="_compute_payment_link_net_amount",
        store=True,
        help="What is left of the payment beside its refunds. Refunds themselves count"
        " there, and are zero here.",
    )

    # === COMPUTE METHODS === #

    @api.depends("payment_link_id")
    def _compute_payment_link_document(self):
        for payment in self:
            link = payment.payment_link_id
            document = link and link._get_document()
            payment.payment_link_document = (
                bool(document) and document._payment_link_get_title()
            )

    @api.depends(
        "amount",
        "payment_link_id",
        "payment_link_refund_ids.amount",
        "payment_link_refund_ids.state",
        "source_payment_id",
        "state",
    )
    def _compute_payment_link_net_amount(self):
        booked_states = ("in_process", "paid")
        for payment in self:
            is_charge = payment.payment_link_id and not payment.source_payment_id
            refunds = payment.payment_link_refund_ids.filtered(
                lambda refund: refund.state in booked_states
            )
            payment.payment_link_net_amount = (
                payment.amount - sum(refunds.mapped("amount"))
                if is_charge and payment.state in booked_states
                else 0.0
            )

    # === ACTION METHODS === #

    def action_view_payment_link(self):
        """Open the payment link that brought the payment.

        :return: The window action.
        :rtype: dict
        """
        self.ensure_one()
        return self.payment_link_id.get_formview_action()
