import json
from datetime import timedelta
from unittest.mock import patch

from standardwebhooks import Webhook, WebhookVerificationError

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.modules.neutralize import get_neutralization_queries
from odoo.tests import freeze_time, tagged

from ..const import WEBHOOK_TEST_TYPE, WEBHOOK_TYPES
from .webhook_common import WebhookCommon, receiving


@tagged("post_install", "-at_install")
class TestWebhook(WebhookCommon):
    """Endpoints: what they are told, how it is signed, and who may look after them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.webhook = cls._create_webhook("http://localhost:9/events")

    # === WHAT IS TOLD === #

    def test_G9_every_event_has_a_name_to_choose(self):
        """A new event is told by webhooks, and can be chosen, or this fails."""
        events = dict(self.env["payment.link.event"]._fields["type"].selection)
        self.assertEqual(set(WEBHOOK_TYPES), set(events))
        names = self.env["payment.link.webhook.type"].search([]).mapped("name")
        self.assertEqual(names, list(WEBHOOK_TYPES.values()))

    def test_G9_body_is_the_link_as_the_api_shows_it(self):
        link = self._create_standalone_link(reference="A-1")
        delivery = self._get_deliveries(self.webhook)
        body = json.loads(delivery.body)
        self.assertEqual(body["type"], "link.created")
        self.assertEqual(body["id"], delivery.message_ref)
        self.assertRegex(body["id"], r"^msg_[0-9a-f]{32}$")
        self.assertEqual(body["data"], {"link": link._api_show()[0]})
        self.assertRegex(body["timestamp"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")

    def test_G9_a_payment_is_told_as_it_is_in_the_end(self):
        """The status moves after the event is recorded; the body knows it already."""
        link = self._create_link()
        charge = self._pay(link)
        deliveries = self._get_deliveries(self.webhook)
        self.assertEqual(
            deliveries.mapped("type"),
            ["link.created", "link.payment_started", "link.paid", "link.completed"],
        )
        data = json.loads(deliveries[2].body)["data"]
        self.assertEqual(data["link"]["payment_status"], "paid")
        self.assertEqual(data["link"]["amount_paid"], "100.00")
        self.assertEqual(data["transaction"]["reference"], charge.reference)
        self.assertEqual(data["transaction"]["amount"], "100.00")

    def test_G9_only_what_was_chosen(self):
        other = self._create_webhook("http://localhost:9/", types=["link.completed"])
        self._pay(self._create_link())
        types = self._get_deliveries(other).mapped("type")
        self.assertEqual(types, ["link.completed"])

    def test_G9_only_the_companys_own(self):
        company = self.env["res.company"].create({"name": "Another"})
        other = self._create_webhook("http://localhost:9/", company_id=company.id)
        self._create_standalone_link()
        self.assertFalse(self._get_deliveries(other))
        self.assertTrue(self._get_deliveries(self.webhook))

    def test_G9_what_did_not_happen_is_not_told(self):
        """Written in the same transaction as the change: gone when it is undone."""
        before = self._get_deliveries(self.webhook)
        with self.assertRaises(ZeroDivisionError), self.env.cr.savepoint():
            self._create_standalone_link()
            raise ZeroDivisionError
        self.assertEqual(self._get_deliveries(self.webhook), before)

    def test_G9_one_id_for_all_endpoints(self):
        other = self._create_webhook("http://localhost:9/")
        self._create_standalone_link()
        deliveries = self._get_deliveries(self.webhook + other)
        self.assertEqual(len(set(deliveries.mapped("message_ref"))), 1)

    def _get_deliveries(self, webhooks, *types):
        """Override: of several webhooks, too."""
        if len(webhooks) < 2:
            return super()._get_deliveries(webhooks, *types)
        self._finish_transaction()
        return self.env["payment.link.webhook.delivery"].search(
            [("webhook_id", "in", webhooks.ids)]
        )

    def test_G10_without_endpoints_nobody_waits_for_them(self):
        """A payer's request asks the database nothing about webhooks."""
        self.webhook.action_switch_off()
        link = self._create_standalone_link()
        self._finish_transaction()
        link._record_event("opened")  # Now all of it is remembered.
        self._finish_transaction()
        with self.assertQueryCount(1):  # the event itself
            link._record_event("opened")
            self._finish_transaction()

    # === SIGNATURES === #

    def _verify(self, request, secret):
        return Webhook(secret).verify(request.body, request.headers)

    def test_G9_signature(self):
        with receiving() as receiver:
            self.webhook.url = receiver.url
            self._create_standalone_link(description="Für Gärten, 100 €")
            self._deliver()
        (request,) = receiver.requests
        body = self._verify(request, self.webhook.secret)
        self.assertEqual(body["data"]["link"]["description"], "Für Gärten, 100 €")
        self.assertEqual(request.headers["webhook-id"], body["id"])
        self.assertEqual(request.headers["content-type"], "application/json")
        with self.assertRaises(WebhookVerificationError):
            self._verify(request, self.env["payment.link.webhook"]._generate_secret())

    def test_G9_rotation(self):
        """Both secrets are good for a day, and then the new one only."""
        old = self.webhook.secret
        self.webhook.with_user(self.manager).action_rotate_secret()
        new = self.webhook.secret
        self.assertNotEqual(new, old)
        with receiving() as receiver:
            self.webhook.url = receiver.url
            self._create_standalone_link()
            self._deliver()
            (request,) = receiver.requests
            self.assertEqual(len(request.headers["webhook-signature"].split()), 2)
            for secret in (old, new):
                self.assertTrue(self._verify(request, secret))
            self.webhook.previous_secret_until -= timedelta(hours=25)
            self._create_standalone_link()
            self._deliver()
        request = receiver.requests[1]
        self.assertTrue(self._verify(request, new))
        with self.assertRaises(WebhookVerificationError):
            self._verify(request, old)

    def test_G9_rotation_can_be_ended(self):
        old = self.webhook.secret
        self.webhook.action_rotate_secret()
        self.webhook.action_forget_previous_secret()
        with receiving() as receiver:
            self.webhook.url = receiver.url
            self._create_standalone_link()
            self._deliver()
        with self.assertRaises(WebhookVerificationError):
            self._verify(receiver.requests[0], old)

    def test_G9_secrets_are_strong(self):
        for secret in ("hello", "whsec_", "whsec_c2hvcnQ=", "whsec_???", "sec_" * 20):
            with self.subTest(secret), self.assertRaises(ValidationError):
                self._create_webhook("http://localhost:9/", secret=secret)

    # === RIGHTS === #

    def test_G9_only_managers_see_webhooks(self):
        user = self._create_user(
            "seller",
            "sales_team.group_sale_salesman_all_leads,account.group_account_invoice",
        )
        self._create_standalone_link()
        delivery = self._get_deliveries(self.webhook)
        for record in (self.webhook, delivery):
            with self.assertRaises(AccessError):
                record.with_user(user).read(["display_name"])
            self.assertTrue(record.with_user(self.manager).read())
        self.assertEqual(
            self.webhook.with_user(self.manager).secret, self.webhook.secret
        )
        for action in ("action_send_test", "action_rotate_secret", "action_switch_off"):
            with self.assertRaises(AccessError):
                getattr(self.webhook.with_user(user), action)()
        with self.assertRaises(AccessError):
            delivery.with_user(user).action_replay()

    def test_G9_managers_of_another_company_see_nothing(self):
        company = self.env["res.company"].create({"name": "Another"})
        self.manager.write(
            {"company_ids": [(6, 0, company.ids)], "company_id": company.id}
        )
        self._create_standalone_link()
        delivery = self._get_deliveries(self.webhook)
        for record in (self.webhook, delivery):
            found = record.with_user(self.manager).search([("id", "=", record.id)])
            self.assertFalse(found)

    def test_G9_nobody_changes_what_was_sent(self):
        self._create_standalone_link()
        delivery = self._get_deliveries(self.webhook).with_user(self.manager)
        with self.assertRaises(AccessError):
            delivery.body = "{}"
        with self.assertRaises(AccessError):
            delivery.unlink()

    # === BUTTONS === #

    def test_G9_test_event(self):
        with receiving(statuses=[500]) as receiver:
            self.webhook.url = receiver.url
            webhook = self.webhook.with_user(self.manager)
            for _click in range(2):  # The second does not wait for the first.
                action = webhook.action_send_test()
            self._deliver()
        self.assertEqual(action["res_model"], "payment.link.webhook.delivery")
        bodies = [
            self._verify(request, self.webhook.secret) for request in receiver.requests
        ]
        self.assertEqual([body["type"] for body in bodies], [WEBHOOK_TEST_TYPE] * 2)
        states = self._get_deliveries(self.webhook).mapped("state")
        self.assertEqual(sorted(states), ["delivered", "failed"])

    def test_G9_switched_off_by_hand(self):
        """What happens meanwhile is not kept; what waited is sent afterwards."""
        self._create_standalone_link()
        self._finish_transaction()
        webhook = self.webhook.with_user(self.manager)
        with receiving() as receiver:
            self.webhook.url = receiver.url
            webhook.action_switch_off()
            self._create_standalone_link()
            self._deliver()
            self.assertFalse(receiver.requests)
            webhook.action_switch_on()
            self._deliver()
        self.assertEqual(len(receiver.requests), 1)

    def test_G9_off_does_nothing(self):
        self._create_standalone_link()
        delivery = self._get_deliveries(self.webhook)
        self.webhook.action_switch_off()
        for action in (self.webhook.action_send_test, delivery.action_replay):
            with self.assertRaisesRegex(UserError, "switched off"):
                action()

    def test_G9_what_is_on_is_not_deleted(self):
        """Its row may be referred to at this moment, by a payment under way."""
        with self.assertRaisesRegex(UserError, "off before you delete"):
            self.webhook.with_user(self.manager).unlink()
        self.webhook.action_switch_off()
        self.webhook.with_user(self.manager).unlink()

    def test_G9_nothing_chosen(self):
        with self.assertRaisesRegex(ValidationError, "at least one event"):
            self.webhook.is_for_all = False

    # === REPLAY === #

    def test_G9_replay_of_one(self):
        with receiving() as receiver:
            self.webhook.url = receiver.url
            self._create_standalone_link()
            self._deliver()
            delivery = self._get_deliveries(self.webhook)
            self.assertEqual(delivery.state, "delivered")
            delivery.with_user(self.manager).action_replay()
            self._deliver()
        first, second = receiver.requests
        self.assertEqual(first.headers["webhook-id"], second.headers["webhook-id"])
        self.assertEqual(first.body, second.body)
        self.assertTrue(self._verify(second, self.webhook.secret))

    def test_G9_replay_of_a_range(self):
        link = self._create_standalone_link()
        for _day in range(3):
            link._record_event("opened")
        deliveries = self._get_deliveries(self.webhook, "link.opened")
        moments = [fields.Datetime.now() - timedelta(days=day) for day in (9, 5, 1)]
        for delivery, moment in zip(deliveries, moments, strict=True):
            self.env.cr.execute(
                "UPDATE payment_link_webhook_delivery SET create_date = %s,"
                " state = 'failed' WHERE id = %s",
                (moment, delivery.id),
            )
        deliveries.invalidate_recordset()
        wizard = self.env["payment.link.webhook.replay"].with_user(self.manager)
        wizard = wizard.create(
            {
                "webhook_id": self.webhook.id,
                "date_from": moments[1] - timedelta(hours=1),
                "date_to": moments[2] + timedelta(hours=1),
            }
        )
        self.assertEqual(wizard.count, 2)
        wizard.action_replay()
        self.assertEqual(deliveries.mapped("state"), ["failed", "waiting", "waiting"])
        wizard.date_to = moments[1] - timedelta(minutes=30)
        with self.assertRaisesRegex(UserError, "no such events"):
            wizard.action_replay()
        with self.assertRaisesRegex(ValidationError, "end after it begins"):
            wizard.date_to = moments[0]

    def test_G9_replay_of_what_arrived(self):
        self._create_standalone_link()
        delivery = self._get_deliveries(self.webhook)
        delivery.state = "delivered"
        wizard = self.env["payment.link.webhook.replay"].create(
            {"webhook_id": self.webhook.id, "date_to": fields.Datetime.now()}
        )
        wizard.date_to += timedelta(hours=1)
        self.assertEqual(wizard.count, 0)
        wizard.which = "all"
        wizard.action_replay()
        self.assertEqual(delivery.state, "waiting")

    def test_G9_no_replay_of_a_test(self):
        self.webhook.action_send_test()
        with self.assertRaisesRegex(UserError, "Send another one"):
            self._get_deliveries(self.webhook).action_replay()

    # === HOUSEKEEPING === #

    def test_G9_pruned_after_60_days(self):
        self._create_standalone_link()
        old = self._get_deliveries(self.webhook)
        self.env.cr.execute(
            "UPDATE payment_link_webhook_delivery SET create_date = %s",
            (fields.Datetime.now() - timedelta(days=59),),
        )
        old._gc_deliveries()
        self.assertTrue(old.exists())
        with freeze_time(fields.Datetime.now() + timedelta(days=2)):
            self.assertEqual(old._gc_deliveries(), (1, 0))
        self.assertFalse(old.exists())

    def test_G9_pruned_in_batches(self):
        for _link in range(3):
            self._create_standalone_link()
        deliveries = self._get_deliveries(self.webhook)
        module = "odoo.addons.payment_link_onetime.models.payment_link_webhook_delivery"
        with (
            patch(f"{module}.WEBHOOK_PRUNE_BATCH", 2),
            freeze_time(fields.Datetime.now() + timedelta(days=61)),
        ):
            self.assertEqual(deliveries._gc_deliveries(), (2, 1))
            self.assertEqual(deliveries._gc_deliveries(), (1, 0))

    def test_G9_copies_of_a_database_tell_nobody(self):
        failing = self._create_webhook("http://localhost:9/")
        failing._switch_off("failing")
        self._finish_transaction()
        for query in get_neutralization_queries(["payment_link_onetime"]):
            self.env.cr.execute(query)
        self.env.invalidate_all()
        self.env.registry.clear_cache()
        self.assertEqual((self.webhook + failing).mapped("off_reason"), ["copy"] * 2)
        self._create_standalone_link()
        self.assertFalse(self._get_deliveries(self.webhook))
