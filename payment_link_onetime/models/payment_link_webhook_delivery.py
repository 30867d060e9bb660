import json
import time
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..const import WEBHOOK_KEEP_DAYS, WEBHOOK_PRUNE_BATCH, WEBHOOK_TEST_TYPE


class PaymentLinkWebhookDelivery(models.Model):
    """One event for one endpoint, and how far it got. See the job for how it gets there.

    It may arrive more than once, always with the same id and the same body.
    """

    _name = "payment.link.webhook.delivery"
    _description = "Payment Link Webhook Delivery"
    _order = "id desc"
    _rec_name = "message_ref"

    webhook_id = fields.Many2one(
        "payment.link.webhook",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    company_id = fields.Many2one(related="webhook_id.company_id")
    message_ref = fields.Char(
        string="Message ID",
        required=True,
        readonly=True,
        help="The header webhook-id: a receiver recognises a repetition by it.",
    )
    type = fields.Char(string="Event", required=True, readonly=True)
    event_id = fields.Many2one(
        "payment.link.event",
        string="History Entry",
        readonly=True,
        index="btree_not_null",
        ondelete="cascade",
    )
    link_id = fields.Many2one(
        "payment.link", readonly=True, index="btree_not_null", ondelete="cascade"
    )
    body = fields.Text(required=True, readonly=True)
    readable_body = fields.Text(string="Request", compute="_compute_readable_body")

    state = fields.Selection(
        [("waiting", "Waiting"), ("delivered", "Delivered"), ("failed", "Given Up")],
        default="waiting",
        required=True,
        readonly=True,
    )
    attempts = fields.Integer(readonly=True)
    first_attempt_at = fields.Datetime(readonly=True)
    last_attempt_at = fields.Datetime(string="Last Attempt", readonly=True)
    next_attempt_at = fields.Datetime(
        string="Next Attempt",
        default=fields.Datetime.now,
        readonly=True,
        help="Not before the earlier events of the same link.",
    )
    delivered_at = fields.Datetime(string="Delivered on", readonly=True)

    # What became of the last attempt.
    url = fields.Char(string="Sent to", readonly=True)
    failure = fields.Selection(
        [
            ("status", "The receiver refused it"),
            ("redirect", "The receiver redirected it, which is not followed"),
            ("gone", "The receiver says that it is gone"),
            ("timeout", "No whole answer within 10 seconds"),
            ("connection", "No connection"),
            ("tls", "The receiver's certificate is not valid"),
            ("unknown_host", "The host cannot be found"),
            ("address", "The address is none that may be reached"),
        ],
        readonly=True,
    )
    answer_status = fields.Integer(string="Answer's Status", readonly=True)
    answer_body = fields.Text(string="Answer", readonly=True)
    duration = fields.Integer(string="Time (ms)", readonly=True)

    _message_unique = models.Constraint(
        "UNIQUE(webhook_id, message_ref)",
        "This event is there already.",
    )
    # What is due, and whether something of the same link comes first.
    _due_index = models.Index("(webhook_id, next_attempt_at) WHERE state = 'waiting'")
    _order_index = models.Index("(webhook_id, link_id, id) WHERE state = 'waiting'")
    _success_index = models.Index("(webhook_id, delivered_at)")
    _create_date_index = models.Index("(create_date)")

    # === COMPUTE METHODS === #

    @api.depends("body")
    def _compute_readable_body(self):
        for delivery in self:
            content = json.loads(delivery.body or "{}")
            delivery.readable_body = json.dumps(content, indent=2, ensure_ascii=False)

    # === ACTION METHODS === #

    def action_replay(self):
        """Send the events once more, with the ids that they had.

        :return: The client action that says so.
        :rtype: dict
        :raises UserError: for a webhook that is switched off, and for test events.
        """
        self.webhook_id.check_access("write")
        self.webhook_id._check_on()
        if any(not delivery.link_id for delivery in self):
            raise UserError(
                self.env._("A test event is sent once. Send another one instead.")
            )
        self.sudo()._queue_again()  # Managers read deliveries only.
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._(
                    "Events on their way: %(count)s", count=len(self)
                ),
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    # === BUSINESS METHODS === #

    @api.model
    def _queue(self, messages):
        """Write down what is to be delivered, and wake the job.

        :param list messages: Pairs of webhooks' ids, and the values of a delivery.
        :return: The deliveries.
        :rtype: payment.link.webhook.delivery
        """
        deliveries = self.create(
            [
                {"webhook_id": webhook_id, **values}
                for webhook_ids, values in messages
                for webhook_id in webhook_ids
            ]
        )
        self._wake_job()
        return deliveries

    @api.model
    def _queue_test(self, webhook):
        """Write down an event that says nothing.

        :param payment.link.webhook webhook: The webhook that is tried out.
        :rtype: payment.link.webhook.delivery
        """
        events = self.env["payment.link.event"]
        now = fields.Datetime.now()
        message = events._prepare_webhook_message(WEBHOOK_TEST_TYPE, now, {})
        return self._queue([([webhook.id], message)])

    def _queue_again(self):
        """Begin anew with the attempts.

        :return: None
        """
        self.write(
            {
                "state": "waiting",
                "attempts": 0,
                "first_attempt_at": False,
                "next_attempt_at": fields.Datetime.now(),
            }
        )
        self._wake_job()

    @api.model
    def _wake_job(self, at=None):
        """Wake the job that delivers.

        :param datetime at: When; at once if nothing is said.
        """
        cron = self.env.ref(
            "payment_link_onetime.cron_deliver_webhooks", raise_if_not_found=False
        )
        if cron:
            cron.sudo()._trigger(at)  # Whoever pays may wake a job.

    # === GETTERS === #

    def _prepare_request(self):
        """Return the request as it is sent now, see `outbound.post`.

        :rtype: dict
        """
        self.ensure_one()
        timestamp = int(time.time())
        return {
            "url": self.webhook_id.url,
            "body": self.body.encode(),
            "headers": {
                "Content-Type": "application/json",
                "User-Agent": "payment-link-onetime",
                "webhook-id": self.message_ref,
                "webhook-timestamp": str(timestamp),
                "webhook-signature": self.webhook_id._sign(
                    self.message_ref, timestamp, self.body
                ),
            },
            "allowed_hosts": self.webhook_id._get_allowed_hosts(),
        }

    # === CRON METHODS === #

    @api.autovacuum
    def _gc_deliveries(self):
        """Remove what is older than anybody asks for.

        :return: How many were removed, and whether there may be more.
        :rtype: tuple
        """
        limit = fields.Datetime.now() - timedelta(days=WEBHOOK_KEEP_DAYS)
        old = self.search(
            [("create_date", "<", limit)],
            order="create_date",
            limit=WEBHOOK_PRUNE_BATCH,
        )
        old.unlink()
        return len(old), int(len(old) == WEBHOOK_PRUNE_BATCH)
