from odoo import api, fields, models
from odoo.exceptions import UserError


class PaymentLinkEvent(models.Model):
    """What happened to a link. It is only ever added to."""

    _name = "payment.link.event"
    _description = "Payment Link Event"
    _order = "id desc"
    _rec_name = "type"

    link_id = fields.Many2one(
        "payment.link", required=True, readonly=True, index=True, ondelete="cascade"
    )
    type = fields.Selection(
        [
            ("created", "Created"),
            ("sent", "Sent"),
            ("reminded", "Reminded"),
            ("bounced", "Not Delivered"),
            ("opened", "Opened"),
            ("attempted", "Payment Started"),
            ("pending", "Payment Pending"),
            ("authorized", "Payment Authorized"),
            ("paid", "Paid"),
            ("failed", "Payment Failed"),
            ("refunded", "Refunded"),
            ("voided", "Authorization Voided"),
            ("completed", "Completed"),
            ("expired", "Expired"),
            ("cancelled", "Cancelled"),
        ],
        required=True,
        readonly=True,
    )
    transaction_id = fields.Many2one(
        "payment.transaction", readonly=True, ondelete="restrict"
    )
    channel = fields.Selection(
        [
            ("direct", "Address or QR Code"),
            ("email", "E-mail"),
            ("sms", "SMS"),
            ("share", "Messenger"),
            ("embed", "Embedded Button"),
            ("portal", "Customer Portal"),
            ("reminder", "Reminder"),
        ],
        readonly=True,
        help="By which way the link reached the customer, or the customer the page.",
    )
    company_id = fields.Many2one(related="link_id.company_id")

    # Salespeople may not read transactions, but they are asked why a payment failed.
    currency_id = fields.Many2one(related="link_id.currency_id")
    transaction_reference = fields.Char(
        string="Transaction Reference", related="transaction_id.reference"
    )
    provider_name = fields.Char(
        string="Provider", related="transaction_id.provider_id.name"
    )
    amount = fields.Monetary(related="transaction_id.amount")
    state_message = fields.Text(
        string="Message", related="transaction_id.state_message"
    )

    # === CRUD METHODS === #

    def write(self, vals):
        """Override of `base`: history is not rewritten.

        :raises UserError: always.
        """
        if self:
            self._refuse_change()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        self._refuse_change()

    def _refuse_change(self):
        raise UserError(self.env._("The history of a payment link cannot be changed."))
