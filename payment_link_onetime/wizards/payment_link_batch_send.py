from odoo import api, fields, models
from odoo.exceptions import UserError


class PaymentLinkBatchSend(models.TransientModel):
    """The dialog behind "Send payment links", on a list of documents or contacts."""

    _name = "payment.link.batch.send"
    _description = "Send Payment Links"

    res_model = fields.Char(readonly=True)
    res_ids = fields.Json(string="Records", readonly=True)
    record_count = fields.Integer(string="Selected", readonly=True)
    link_per = fields.Selection(
        [
            ("document", "A link per invoice"),
            ("customer", "One link per customer"),
        ],
        string="Send",
        default="document",
        required=True,
        help="One link for several invoices takes one payment, and pays the oldest"
        " first.",
    )
    by_email = fields.Boolean(string="E-mail", default=True)
    by_sms = fields.Boolean(string="SMS")
    expires_at = fields.Datetime(
        string="Expiry", default=lambda self: self._get_default_expiry()
    )
    message = fields.Text(help="It goes into each message, above the link.")

    # === CRUD METHODS === #

    @api.model
    def default_get(self, fields_list):
        """Override of `base` to take over what is selected in the list."""
        values = super().default_get(fields_list)
        model = self.env.context.get("active_model")
        ids = self.env.context.get("active_ids") or []
        known = dict(self.env["payment.link.batch"]._get_document_models())
        if model not in known or not ids:
            raise UserError(
                self.env._(
                    "Select quotations, invoices or contacts in their list, and choose"
                    " what to send there."
                )
            )
        values.update(res_model=model, res_ids=list(ids), record_count=len(ids))
        return {key: value for key, value in values.items() if key in fields_list}

    # === ACTION METHODS === #

    def action_send(self):
        """Queue the sending, and show how it goes on.

        :return: The window action.
        :rtype: dict
        :raises UserError: if no way of sending is chosen, or the expiry is over.
        """
        self.ensure_one()
        if self.expires_at and self.expires_at <= fields.Datetime.now():
            raise UserError(
                self.env._("The expiry of a payment link must be in the future.")
            )
        channels = self._get_channels()
        if not channels:
            raise UserError(
                self.env._("Choose at least one way to send the payment links.")
            )
        batch = self.env["payment.link.batch"]._queue(
            self.env[self.res_model].browse(self.res_ids),
            channels=channels,
            link_per=self.link_per if self.res_model == "account.move" else "document",
            expires_at=self.expires_at,
            message=self.message,
        )
        return {
            **batch.get_formview_action(),
            "name": self.env._("Bulk Sending"),
            "target": "current",
        }

    # === GETTERS === #

    def _get_channels(self):
        """Return the channels that are ticked: each has its field `by_<channel>`.

        :rtype: list[str]
        """
        self.ensure_one()
        return [
            channel
            for channel in self.env["payment.link"]._get_send_channels()
            if f"by_{channel}" in self._fields and self[f"by_{channel}"]
        ]

    @api.model
    def _get_default_expiry(self):
        """Return when the company's links expire.

        :rtype: datetime|bool
        """
        return self.env.company._get_payment_link_expiry()
