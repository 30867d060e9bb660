import logging
import random
from collections import Counter
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from datetime import timedelta

import psycopg2

from odoo import api, fields, models
from odoo.tools import SQL

from .. import outbound
from ..const import (
    WEBHOOK_JITTER,
    WEBHOOK_LEASE,
    WEBHOOK_PAUSES,
    WEBHOOK_POLL_SECONDS,
    WEBHOOK_THREADS,
    WEBHOOK_THREADS_PER_ENDPOINT,
)

_logger = logging.getLogger(__name__)


class PaymentLinkWebhookDelivery(models.Model):
    """How events reach their endpoints: at least once, and in order for each link.

    The job takes what is due, writes down that it does, and lets threads send it. They
    know nothing of the database. An endpoint that hangs holds its own threads only.
    """

    _inherit = "payment.link.webhook.delivery"

    # === CRON METHODS === #

    @api.model
    def _cron_deliver(self):
        """Deliver what is due, and come back when the next attempt is.

        :return: None
        """
        cron = self.env["ir.cron"]
        time_left = cron._commit_progress()
        running = {}
        with ThreadPoolExecutor(max_workers=WEBHOOK_THREADS) as pool:
            while True:
                if time_left:
                    for delivery_id, webhook_id, request in self._take_due(running):
                        future = pool.submit(outbound.post, **request)
                        running[future] = (delivery_id, webhook_id)
                if not running:
                    break
                done, _others = wait(
                    running, WEBHOOK_POLL_SECONDS, return_when=FIRST_COMPLETED
                )
                for future in done:
                    delivery_id, _webhook_id = running.pop(future)
                    self._take_answer(delivery_id, future.result())
                time_left = cron._commit_progress()
        self._schedule_job()
        cron._commit_progress()

    # === BUSINESS METHODS === #

    @api.model
    def _take_due(self, running):
        """Write down that some of the deliveries are tried now, and commit that.

        If the job is killed meanwhile, they are tried again once their lease is over.

        :param dict running: Ids of deliveries and webhooks that are being asked.
        :return: Ids of deliveries and their webhooks, and their requests.
        :rtype: list[tuple]
        """
        busy = Counter(webhook_id for _delivery_id, webhook_id in running.values())
        free = WEBHOOK_THREADS - len(running)
        ids = []
        for delivery_id, webhook_id in self._find_due():
            if free and busy[webhook_id] < WEBHOOK_THREADS_PER_ENDPOINT:
                busy[webhook_id] += 1
                free -= 1
                ids.append(delivery_id)
        try:
            deliveries = self.browse(ids).try_lock_for_update(allow_referencing=True)
            now = fields.Datetime.now()
            taken = []
            for delivery in deliveries:
                delivery.write(
                    {
                        "attempts": delivery.attempts + 1,
                        "first_attempt_at": delivery.first_attempt_at or now,
                        "last_attempt_at": now,
                        "next_attempt_at": now + timedelta(seconds=WEBHOOK_LEASE),
                        "url": delivery.webhook_id.url,
                    }
                )
                taken.append(
                    (delivery.id, delivery.webhook_id.id, delivery._prepare_request())
                )
            # As done: Odoo puts off a job that was killed thrice before it did anything.
            self.env["ir.cron"]._commit_progress(len(taken))
        except psycopg2.OperationalError:
            # Somebody replays or removes some of them: the next look is a fresh one.
            self.env.cr.rollback()
            return []
        return taken

    @api.model
    def _find_due(self):
        """Return what is due, some of each endpoint before more of any.

        What is earlier in a link's life is delivered, or given up, first.

        :return: Ids of deliveries and of their webhooks.
        :rtype: list[tuple]
        """
        self.flush_model()
        return self.env.execute_query(
            SQL(
                """
                SELECT due.id, webhook.id
                  FROM payment_link_webhook webhook
            CROSS JOIN LATERAL (
                       SELECT id, next_attempt_at
                         FROM payment_link_webhook_delivery delivery
                        WHERE webhook_id = webhook.id
                          AND state = 'waiting'
                          AND next_attempt_at <= %(now)s
                          AND %(is_first)s
                     ORDER BY next_attempt_at, id
                        LIMIT %(limit)s
                       ) due
                 WHERE webhook.state = 'on'
              ORDER BY ROW_NUMBER() OVER (
                           PARTITION BY webhook.id ORDER BY due.next_attempt_at, due.id
                       ),
                       due.next_attempt_at, due.id
                """,
                now=fields.Datetime.now(),
                is_first=self._get_first_condition(),
                limit=WEBHOOK_THREADS_PER_ENDPOINT,
            )
        )

    @api.model
    def _get_first_condition(self):
        """Return the condition that nothing of the same link is to be sent before.

        :rtype: SQL
        """
        return SQL(
            """
            NOT EXISTS (
                SELECT 1 FROM payment_link_webhook_delivery earlier
                 WHERE earlier.webhook_id = delivery.webhook_id
                   AND earlier.link_id = delivery.link_id
                   AND earlier.state = 'waiting'
                   AND earlier.id < delivery.id)
            """
        )

    @api.model
    def _take_answer(self, delivery_id, answer):
        """Write down what became of an attempt, and commit that.

        :param int delivery_id: The id of the delivery.
        :param Answer answer: What `outbound.post` returned.
        """
        while True:
            # Of a snapshot that is older, somebody else's changes would be lost.
            self.env.cr.rollback()
            try:
                if delivery := self.browse(delivery_id).exists():
                    delivery._record_answer(answer)
                self.env.cr.commit()  # pylint: disable=invalid-commit
                return
            except psycopg2.errors.SerializationFailure:
                _logger.info("Webhook delivery %s was changed meanwhile", delivery_id)

    def _record_answer(self, answer):
        """Write down what became of an attempt, and decide what is next.

        :param Answer answer: What `outbound.post` returned.
        """
        self.ensure_one()
        now = fields.Datetime.now()
        values = {
            "answer_status": answer.status,
            "answer_body": answer.text,
            "duration": answer.milliseconds,
            "failure": self._get_failure(answer),
        }
        if not values["failure"]:
            values.update(state="delivered", delivered_at=now)
        elif values["failure"] == "gone" or not self._may_try_again():
            values["state"] = "failed"
        else:
            values["next_attempt_at"] = now + self._get_pause()
        self.write(values)
        if values["failure"] == "gone":
            self.webhook_id._on_gone()
        elif values["failure"]:
            self.webhook_id._on_failed_attempt()

    @api.model
    def _schedule_job(self):
        """Wake the job when the next attempt is due.

        :return: None
        """
        self.flush_model()
        ((moment,),) = self.env.execute_query(
            SQL(
                """
                SELECT MIN(delivery.next_attempt_at)
                  FROM payment_link_webhook_delivery delivery
                  JOIN payment_link_webhook webhook ON webhook.id = webhook_id
                 WHERE webhook.state = 'on'
                   AND delivery.state = 'waiting'
                   AND %s
                """,
                self._get_first_condition(),
            )
        )
        if moment:
            self._wake_job(max(moment, fields.Datetime.now()))

    # === GETTERS === #

    @api.model
    def _get_failure(self, answer):
        """Return why an attempt failed, `False` if it did not.

        :param Answer answer: What `outbound.post` returned.
        :rtype: str|bool
        """
        if answer.failure:
            return answer.failure
        if 200 <= answer.status < 300:
            return False
        if answer.status == 410:
            return "gone"
        return "redirect" if 300 <= answer.status < 400 else "status"

    def _may_try_again(self):
        """Return whether there are attempts left. A test event has one.

        :rtype: bool
        """
        self.ensure_one()
        return bool(self.link_id) and self.attempts <= len(WEBHOOK_PAUSES)

    def _get_pause(self):
        """Return how long to wait after an attempt that failed.

        :rtype: timedelta
        """
        self.ensure_one()
        pause = WEBHOOK_PAUSES[self.attempts - 1]
        # In whole seconds, as `now` is: else it is not over yet when the job is woken.
        return timedelta(seconds=round(pause * random.uniform(1, 1 + WEBHOOK_JITTER)))
