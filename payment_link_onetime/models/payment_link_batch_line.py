from odoo import fields, models


class PaymentLinkBatchLine(models.Model):
    """One record of a bulk sending, and what became of it.

    How its links are made and sent is in `payment_link_batch_send`.
    """

    _name = "payment.link.batch.line"
    _description = "Record of a Bulk Sending"
    _order = "id"

    batch_id = fields.Many2one(
        "payment.link.batch", required=True, readonly=True, ondelete="cascade"
    )
    res_model = fields.Selection(related="batch_id.res_model")
    res_id = fields.Many2oneReference(
        string="Record", model_field="res_model", required=True, readonly=True
    )
    name = fields.Char(readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    partner_id = fields.Many2one(
        "res.partner", string="Customer", readonly=True, ondelete="set null"
    )
    state = fields.Selection(
        [
            ("waiting", "Waiting"),
            ("sent", "Sent"),
            ("skipped", "Skipped"),
            ("failed", "Failed"),
        ],
        default="waiting",
        required=True,
        readonly=True,
    )
    reason = fields.Selection(
        [
            ("unreachable", "The customer has no address or number to send it to"),
            ("nothing_due", "Nothing is due"),
            ("processing", "A payment is on its way"),
            ("already_sent", "An open link was sent already"),
            ("draft", "Not confirmed yet"),
            ("cancelled", "Cancelled"),
            ("expired", "The quotation has expired"),
            ("not_invoice", "Not a customer invoice"),
            ("deleted", "Deleted meanwhile"),
            ("busy", "Somebody else was working on it"),
            ("refused", "Refused"),
            ("error", "An error, see the server's log"),
        ],
        readonly=True,
        help="Why no link was sent.",
    )
    note = fields.Char(string="Details", readonly=True)
    link_ids = fields.Many2many(
        "payment.link",
        "payment_link_batch_line_rel",
        "line_id",
        "link_id",
        string="Payment Links",
        readonly=True,
    )

    _waiting = models.Index("(batch_id, id) WHERE state = 'waiting'")
    _states = models.Index("(batch_id, state)")

    # === ACTION METHODS === #

    def action_open_record(self):
        """Open the document or contact.

        :return: The window action.
        :rtype: dict
        """
        self.ensure_one()
        return self.env[self.res_model].browse(self.res_id).get_formview_action()
