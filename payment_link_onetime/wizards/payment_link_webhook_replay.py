from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError


class PaymentLinkWebhookReplay(models.TransientModel):
    """The dialog behind "Replay" on a webhook."""

    _name = "payment.link.webhook.replay"
    _description = "Replay Webhook Events"

    webhook_id = fields.Many2one("payment.link.webhook", required=True, readonly=True)
    date_from = fields.Datetime(
        string="From",
        required=True,
        default=lambda self: fields.Datetime.now() - timedelta(days=1),
        help="When the events happened.",
    )
    date_to = fields.Datetime(
        string="Until", required=True, default=fields.Datetime.now
    )
    which = fields.Selection(
        [("failed", "Those that were given up"), ("all", "All")],
        required=True,
        default="failed",
        help="The receiver recognises by their ids what it has already.",
    )
    count = fields.Integer(string="Events", compute="_compute_count")

    # === COMPUTE METHODS === #

    @api.depends("webhook_id", "date_from", "date_to", "which")
    def _compute_count(self):
        for wizard in self:
            wizard.count = self.env["payment.link.webhook.delivery"].search_count(
                wizard._get_domain()
            )

    # === CONSTRAINT METHODS === #

    @api.constrains("date_from", "date_to")
    def _check_dates(self):
        for wizard in self:
            if wizard.date_from > wizard.date_to:
                raise ValidationError(
                    self.env._("The replay must end after it begins.")
                )

    # === ACTION METHODS === #

    def action_replay(self):
        """Send the events once more, in the order in which they happened.

        :return: The client action that says so and closes the dialog.
        :rtype: dict
        :raises UserError: if there are none, or if the webhook is switched off.
        """
        self.ensure_one()
        deliveries = self.env["payment.link.webhook.delivery"].search(
            self._get_domain()
        )
        if not deliveries:
            raise UserError(self.env._("There are no such events in this time."))
        action = deliveries.action_replay()
        action["params"]["next"] = {"type": "ir.actions.act_window_close"}
        return action

    # === GETTERS === #

    def _get_domain(self):
        """Return which deliveries are sent once more.

        :rtype: list
        """
        self.ensure_one()
        domain = [
            ("webhook_id", "=", self.webhook_id.id),
            ("link_id", "!=", False),
            ("create_date", ">=", self.date_from),
            ("create_date", "<=", self.date_to),
            ("state", "!=", "waiting"),
        ]
        if self.which == "failed":
            domain.append(("state", "=", "failed"))
        return domain
