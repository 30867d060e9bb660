import json
import time
from datetime import timedelta
from functools import partial
from unittest.mock import patch

from odoo import fields
from odoo.tests import freeze_time, tagged
from odoo.tools import mute_logger

from .. import outbound
from ..const import (
    WEBHOOK_FAILURE_HOURS,
    WEBHOOK_JITTER,
    WEBHOOK_PAUSES,
    WEBHOOK_THREADS,
    WEBHOOK_THREADS_PER_ENDPOINT,
)
from ..outbound import Answer
from .webhook_common import WebhookCommon, receiving, silent_listener

_RENDERING = "odoo.addons.mail.models.mail_render_mixin"


@tagged("post_install", "-at_install")
class TestWebhookJob(WebhookCommon):
    """How events are delivered: order, retries, and those who are hard to reach."""

    def _types(self, receiver):
        return [json.loads(request.body)["type"] for request in receiver.requests]

    # === ORDER === #

    def test_G9_in_order_for_each_link(self):
        """A later event waits for an earlier one; other links don't."""
        with receiving(statuses=[500]) as receiver:
            webhook = self._create_webhook(receiver.url)
            link = self._create_standalone_link()
            link._record_event("opened")
            self._deliver()
            self.assertEqual(self._types(receiver), ["link.created"])
            other = self._create_standalone_link()
            other._record_event("opened")
            self._deliver()
            self.assertEqual(len(receiver.requests), 3)
            self.assertEqual(
                [
                    json.loads(request.body)["data"]["link"]["id"]
                    for request in receiver.requests[1:]
                ],
                [other.code] * 2,
            )
            with freeze_time(fields.Datetime.now() + timedelta(minutes=2)):
                self._deliver()
        self.assertEqual(self._types(receiver)[3:], ["link.created", "link.opened"])
        states = set(self._get_deliveries(webhook).mapped("state"))
        self.assertEqual(states, {"delivered"})

    def test_G9_what_is_given_up_lets_others_pass(self):
        with receiving(statuses=[500]) as receiver:
            webhook = self._create_webhook(receiver.url)
            link = self._create_standalone_link()
            link._record_event("opened")
            first = self._get_deliveries(webhook)[0]
            first.attempts = len(WEBHOOK_PAUSES)
            self._deliver()
        self.assertEqual(first.state, "failed")
        self.assertEqual(self._types(receiver), ["link.created", "link.opened"])

    # === WAKING === #

    def _deliver_and_get_wakings(self):
        """Let the job run, and return for when it has itself woken."""
        cron = self.env.ref("payment_link_onetime.cron_deliver_webhooks")
        triggers = self.env["ir.cron.trigger"].search([("cron_id", "=", cron.id)])
        triggers.unlink()
        self._deliver()
        triggers = triggers.search([("cron_id", "=", cron.id)])
        return triggers.mapped("call_at")

    def test_G9_job_is_not_woken_for_what_is_off(self):
        """It would find nothing to do, and have itself woken again at once."""
        webhook = self._create_webhook("http://localhost:9/")
        self._create_standalone_link()
        self._finish_transaction()
        webhook.action_switch_off()
        self.assertEqual(self._get_deliveries(webhook).state, "waiting")
        self.assertEqual(self._deliver_and_get_wakings(), [])

    def test_G9_job_is_not_woken_for_what_waits_for_an_earlier_event(self):
        self._create_webhook("http://localhost:9/")
        link = self._create_standalone_link()
        link._record_event("opened")
        self._finish_transaction()
        now = fields.Datetime.now() + timedelta(seconds=1)
        failing = patch.object(outbound, "post", lambda **_request: Answer(status=500))
        with freeze_time(now), failing:
            (moment,) = self._deliver_and_get_wakings()
        self.assertGreaterEqual(moment, now + timedelta(seconds=WEBHOOK_PAUSES[0]))

    # === RETRIES === #

    def _run_ladder(self, webhook, answer):
        """Let the job run whenever it is woken, and return when it tried."""
        tries = []

        def post(**_request):
            tries.append(fields.Datetime.now())
            return answer

        cron = self.env.ref("payment_link_onetime.cron_deliver_webhooks")
        triggers = self.env["ir.cron.trigger"]
        moment = fields.Datetime.now()
        with patch.object(outbound, "post", post):
            while True:
                with freeze_time(moment):
                    self._deliver()
                later = triggers.search(
                    [("cron_id", "=", cron.id), ("call_at", ">", moment)],
                    order="call_at desc",
                    limit=1,
                )
                if not later:
                    return tries
                moment = later.call_at

    def test_G9_retries_over_three_days_with_growing_pauses(self):
        """The job comes back by itself, later each time, and gives up after 3 days."""
        webhook = self._create_webhook("http://localhost:9/")
        self._create_standalone_link()
        tries = self._run_ladder(webhook, Answer(status=500))
        pauses = [
            (after - before).total_seconds()
            for before, after in zip(tries, tries[1:], strict=False)
        ]
        self.assertEqual(len(pauses), len(WEBHOOK_PAUSES))
        for pause, expected in zip(pauses, WEBHOOK_PAUSES, strict=True):
            self.assertGreaterEqual(pause, expected - 1)
            self.assertLessEqual(pause, expected * (1 + WEBHOOK_JITTER) + 1)
        self.assertEqual(sorted(pauses), pauses)
        self.assertGreaterEqual(sum(pauses), WEBHOOK_FAILURE_HOURS * 3600)
        self.assertEqual(self._get_deliveries(webhook).state, "failed")

    def test_G9_repetition_is_signed_when_it_is_sent(self):
        """Receivers refuse what was signed more than some minutes ago."""
        with receiving(statuses=[500]) as receiver:
            self._create_webhook(receiver.url)
            self._create_standalone_link()
            self._deliver()
            with freeze_time(fields.Datetime.now() + timedelta(hours=1)):
                self._deliver()
        first, second = receiver.requests
        self.assertEqual(first.headers["webhook-id"], second.headers["webhook-id"])
        self.assertEqual(first.body, second.body)
        moments = [
            int(request.headers["webhook-timestamp"]) for request in receiver.requests
        ]
        self.assertGreaterEqual(moments[1] - moments[0], 3590)

    def test_G9_replay_has_all_attempts_and_three_days_again(self):
        webhook = self._create_webhook("http://localhost:9/")
        self._create_standalone_link()
        delivery = self._get_deliveries(webhook)
        now = fields.Datetime.now()
        delivery.write(
            {
                "state": "failed",
                "attempts": len(WEBHOOK_PAUSES) + 1,
                "first_attempt_at": now - timedelta(days=4),
                "last_attempt_at": now - timedelta(days=1),
            }
        )
        delivery.with_user(self.manager).action_replay()
        with patch.object(outbound, "post", lambda **_request: Answer(status=500)):
            self._deliver()
        self.assertEqual((delivery.state, delivery.attempts), ("waiting", 1))
        self.assertEqual(webhook.state, "on")

    def test_G9_jitter(self):
        """Those that failed at one moment don't come back at one moment."""
        webhook = self._create_webhook("http://localhost:9/")
        for _link in range(8):
            self._create_standalone_link()
        with freeze_time(fields.Datetime.now() + timedelta(seconds=1)):
            with patch.object(outbound, "post", lambda **_request: Answer(status=500)):
                self._deliver()
        moments = self._get_deliveries(webhook).mapped("next_attempt_at")
        self.assertGreater(len(set(moments)), 1)

    # === SWITCHED OFF === #

    def _get_mails(self):
        return self.env["mail.mail"].search([("subject", "like", "was switched off")])

    def test_G9_off_after_three_days_of_failure(self):
        """The managers get a mail. What happens meanwhile is kept, and sent later."""
        webhook = self._create_webhook("http://localhost:9/")
        link = self._create_standalone_link()
        self._run_ladder(webhook, Answer(failure="connection"))
        self.assertEqual((webhook.state, webhook.off_reason), ("off", "failing"))
        mail = self._get_mails()
        self.assertEqual(mail.state, "outgoing")  # queued, as all mails of jobs
        self.assertIn(self.manager.partner_id, mail.recipient_ids)
        self.assertIn("For three days", mail.body_html)

        link._record_event("opened")
        self.assertEqual(self._get_deliveries(webhook)[-1].state, "waiting")
        with receiving() as receiver:
            webhook.url = receiver.url
            self._deliver()
            self.assertFalse(receiver.requests)
            webhook.with_user(self.manager).action_switch_on()
            self._deliver()
        self.assertEqual(self._types(receiver), ["link.opened"])

    def test_G9_switched_on_again_it_has_three_days_again(self):
        webhook = self._create_webhook("http://localhost:9/")
        self._create_standalone_link()
        self._run_ladder(webhook, Answer(status=500))
        with freeze_time(fields.Datetime.now() + timedelta(days=5)):
            webhook.action_switch_on()
            self._create_standalone_link()
            with patch.object(outbound, "post", lambda **_request: Answer(status=500)):
                self._deliver()
        self.assertEqual(webhook.state, "on")

    def test_G9_one_event_that_fails_switches_nothing_off(self):
        """The receiver cannot digest one event, and takes the others."""
        webhook = self._create_webhook("http://localhost:9/")
        self._create_standalone_link()
        poison = self._get_deliveries(webhook)
        poison.write(
            {
                "attempts": len(WEBHOOK_PAUSES),
                "first_attempt_at": fields.Datetime.now() - timedelta(days=4),
            }
        )
        self._create_standalone_link()
        other = self._get_deliveries(webhook)[-1]
        other.write(
            {
                "state": "delivered",
                "delivered_at": fields.Datetime.now() - timedelta(hours=1),
            }
        )
        with patch.object(outbound, "post", lambda **_request: Answer(status=500)):
            self._deliver()
        self.assertEqual(poison.state, "failed")
        self.assertEqual(webhook.state, "on")

    def test_G9_gone(self):
        with receiving(statuses=[410]) as receiver:
            webhook = self._create_webhook(receiver.url)
            self._create_standalone_link()
            self._deliver()
        self.assertEqual((webhook.state, webhook.off_reason), ("off", "gone"))
        self.assertIn("(410)", self._get_mails().body_html)
        self.assertEqual(self._get_deliveries(webhook).failure, "gone")

    def test_G9_managers_of_other_companies_are_not_told(self):
        """They may not see the webhook, and need not know of it."""
        company = self.env["res.company"].create({"name": "Another"})
        stranger = self._create_user(
            "stranger",
            "payment_link_onetime.group_payment_link_manager",
            email="stranger@example.com",
        )
        stranger.write({"company_ids": [(6, 0, company.ids)], "company_id": company.id})
        self._create_webhook("http://localhost:9/")._on_gone()
        recipients = self._get_mails().recipient_ids
        self.assertIn(self.manager.partner_id, recipients)
        self.assertNotIn(stranger.partner_id, recipients)

    def test_G9_a_broken_template_keeps_nothing_on(self):
        template = self.env.ref("payment_link_onetime.mail_template_webhook_off")
        template.body_html = "<t t-out='object.nothing'/>"
        webhook = self._create_webhook("http://localhost:9/")
        module = "odoo.addons.payment_link_onetime.models.payment_link_webhook"
        with mute_logger(_RENDERING), self.assertLogs(module, "ERROR") as log:
            webhook._on_gone()
        self.assertIn("Nobody was told", log.output[0])
        self.assertEqual(webhook.state, "off")

    # === ANSWERS === #

    def _get_result(self, **options):
        """Deliver one event to a receiver and return the delivery."""
        with receiving(**options) as receiver:
            webhook = self._create_webhook(receiver.url)
            self._create_standalone_link()
            self._deliver()
        self.assertEqual(len(receiver.requests), 1)
        return self._get_deliveries(webhook)

    def test_G9_any_2xx_is_good(self):
        for status in (200, 202, 204, 299):
            with self.subTest(status):
                delivery = self._get_result(statuses=[status])
                self.assertEqual(delivery.state, "delivered")
                self.assertEqual(delivery.answer_status, status)

    def test_G9_the_answer_is_shown(self):
        delivery = self._get_result(answer=lambda h: h.reply(422, b"no\x00 \xff such"))
        self.assertEqual(delivery.failure, "status")
        self.assertEqual(delivery.answer_status, 422)
        self.assertEqual(
            delivery.answer_body,
            "no\N{REPLACEMENT CHARACTER} \N{REPLACEMENT CHARACTER} such",
        )
        self.assertEqual(delivery.state, "waiting")
        self.assertEqual(delivery.attempts, 1)
        self.assertTrue(delivery.url.startswith("http://localhost:"))

    def test_G9_redirects_are_not_followed(self):
        with receiving() as elsewhere:
            for status in (301, 302, 307, 308):
                with self.subTest(status):
                    delivery = self._get_result(
                        answer=lambda h, status=status: h.reply(
                            status, Location=elsewhere.url
                        )
                    )
                    self.assertEqual(delivery.failure, "redirect")
                    self.assertEqual(delivery.state, "waiting")
        self.assertFalse(elsewhere.requests)

    def test_G9_a_hanging_endpoint_delays_no_other(self):
        """However much there is for it. (On a real server: e2e/test_webhooks.py.)"""
        times = []

        def answer(handler):
            times.append(time.monotonic() - start)
            handler.reply(200)

        post = partial(outbound.post, seconds=2)
        with silent_listener() as port, receiving(answer=answer) as receiver:
            hanging = self._create_webhook(f"http://localhost:{port}/")
            healthy = self._create_webhook(receiver.url)
            for _link in range(4):
                self._create_standalone_link()
            start = time.monotonic()
            with patch.object(outbound, "post", post):
                self._deliver()
        self.assertEqual(len(times), 4)
        self.assertLess(max(times), 2)
        states = self._get_deliveries(healthy).mapped("state")
        self.assertEqual(set(states), {"delivered"})
        failures = self._get_deliveries(hanging).mapped("failure")
        self.assertEqual(set(failures), {"timeout"})

    def test_G9_an_endpoint_that_hangs_holds_its_own_threads_only(self):
        """While it has as many requests as it may, it gets no more, and others do."""
        hanging = self._create_webhook("http://localhost:9/")
        healthy = self._create_webhook("http://localhost:9/")
        self._create_standalone_link()
        self._finish_transaction()
        running = {
            number: (number, hanging.id)
            for number in range(WEBHOOK_THREADS_PER_ENDPOINT)
        }
        now = fields.Datetime.now() + timedelta(seconds=1)
        deliveries = self.env["payment.link.webhook.delivery"].sudo()
        with self.enter_registry_test_mode(), freeze_time(now):
            with self.env.registry.cursor() as cr:
                job = deliveries.with_env(self.env(cr=cr, su=True))
                taken = job._take_due(running)
        self.assertEqual(
            [webhook_id for _delivery_id, webhook_id, _request in taken], [healthy.id]
        )

    def test_G9_nothing_is_taken_while_all_threads_are_busy(self):
        """Else its lease would be over before it is sent, and it would be sent twice."""
        self._create_webhook("http://localhost:9/")
        self._create_standalone_link()
        self._finish_transaction()
        running = {
            number: (number, -number) for number in range(1, WEBHOOK_THREADS + 1)
        }
        now = fields.Datetime.now() + timedelta(seconds=1)
        deliveries = self.env["payment.link.webhook.delivery"].sudo()
        with self.enter_registry_test_mode(), freeze_time(now):
            with self.env.registry.cursor() as cr:
                job = deliveries.with_env(self.env(cr=cr, su=True))
                self.assertEqual(job._take_due(running), [])
                running.popitem()
                self.assertEqual(len(job._take_due(running)), 1)

    def test_G9_taken_means_written_down(self):
        """If the job is killed now, the event is tried again, when its lease is over."""
        webhook = self._create_webhook("http://localhost:9/")
        self._create_standalone_link()
        delivery = self._get_deliveries(webhook)
        now = fields.Datetime.now() + timedelta(seconds=1)
        deliveries = self.env["payment.link.webhook.delivery"].sudo()
        with self.enter_registry_test_mode(), freeze_time(now):
            with self.env.registry.cursor() as cr:
                job = deliveries.with_env(self.env(cr=cr, su=True))
                self.assertEqual(len(job._take_due({})), 1)
                self.assertFalse(job._take_due({}))
        self.env.invalidate_all()
        self.assertEqual(delivery.attempts, 1)
        self.assertEqual(delivery.state, "waiting")
        with receiving() as receiver:
            webhook.url = receiver.url
            with freeze_time(now + timedelta(seconds=31)):
                self._deliver()
        self.assertEqual(len(receiver.requests), 1)
