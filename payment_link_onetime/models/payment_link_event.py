from odoo import api, fields, models
from odoo.exceptions import UserError


class PaymentLinkEvent(models.Model):
    """What happened to a link. It is only ever added to."""

    _name = "payment.link.event"
    _description = "Payment Link Event"
    _order = "id desc"
    _rec_name = "type"

    link_id = fields.Many2one(
        "payment.link", required=True, readonly=True, ondelete="cascade"
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
    visitor = fields.Char(
        readonly=True,
        groups="base.group_system",
        help="What identifies the browser that opened the link or started to pay,"
        " hashed.",
    )
    visit = fields.Integer(
        readonly=True,
        help="Of an opening: the visitor's first, second, and so on.",
    )
    campaign_id = fields.Many2one(related="link_id.campaign_id")
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

    # What reports read of an event is in the index: they need not look at the table.
    _link_index = models.Index("(link_id) INCLUDE (type, create_date, visit)")
    _failed_index = models.Index("(link_id) WHERE type = 'failed'")
    # Two openings of one visitor at the same moment are one.
    _visit_unique = models.UniqueIndex(
        "(link_id, visitor, visit) WHERE type = 'opened'",
        "This opening of the payment link is recorded already.",
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
