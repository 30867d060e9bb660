import json
import secrets

from odoo import api, models

from ..const import WEBHOOK_TYPES
from ..tools import before_commit


class PaymentLinkEvent(models.Model):
    """What webhooks are told: written down with the change that it tells of, or never."""

    _inherit = "payment.link.event"

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """Override to tell the webhooks, if there are any."""
        events = super().create(vals_list)
        if self.env["payment.link.webhook"]._get_subscriptions():
            # Not yet: what goes on is told as it is in the end.
            before_commit(events, "_queue_webhooks")
        return events

    # === BUSINESS METHODS === #

    def _queue_webhooks(self):
        """Write down what the webhooks are told of the events.

        :return: None
        """
        subscriptions = self.env["payment.link.webhook"]._get_subscriptions()
        told = {
            event: webhook_ids
            for event in self.sorted("id")
            if (webhook_ids := event._get_webhook_ids(subscriptions))
        }
        if not told:
            return
        links = self.browse(event.id for event in told).link_id
        shown = dict(zip(links, links._api_show(), strict=True))
        self.env["payment.link.webhook.delivery"]._queue(
            [
                event._prepare_webhook_delivery(webhook_ids, shown[event.link_id])
                for event, webhook_ids in told.items()
            ]
        )

    def _prepare_webhook_delivery(self, webhook_ids, shown_link):
        """Return what webhooks are told of the event.

        :param list webhook_ids: The ids of the webhooks.
        :param dict shown_link: The link as the API shows it.
        :return: Values for deliveries, without the webhook, and the ids.
        :rtype: tuple
        """
        self.ensure_one()
        name = WEBHOOK_TYPES[self.type]
        data = {"link": shown_link}
        if self.transaction_id:
            data["transaction"] = self.link_id._api_show_transaction(
                self.transaction_id
            )
        return webhook_ids, {
            "event_id": self.id,
            "link_id": self.link_id.id,
            **self._prepare_webhook_message(name, self.create_date, data),
        }

    @api.model
    def _prepare_webhook_message(self, name, moment, data):
        """Return a message in the form of Standard Webhooks.

        :param str name: What happened.
        :param datetime moment: When, in UTC.
        :param dict data: What it happened to.
        :return: Values for a delivery.
        :rtype: dict
        """
        message_ref = f"msg_{secrets.token_hex(16)}"
        body = {
            "id": message_ref,
            "type": name,
            "timestamp": self.env["payment.link"]._api_format_time(moment),
            "data": data,
        }
        return {
            "message_ref": message_ref,
            "type": name,
            # As a text: the signature is over each of its characters.
            "body": json.dumps(body, ensure_ascii=False),
        }

    # === GETTERS === #

    def _get_webhook_ids(self, subscriptions):
        """Return the webhooks that are told of the event.

        :param dict subscriptions: See `payment.link.webhook`'s `_get_subscriptions`.
        :rtype: list[int]
        """
        self.ensure_one()
        company = subscriptions.get(self.link_id.company_id.id, {})
        return company.get(WEBHOOK_TYPES.get(self.type), [])
