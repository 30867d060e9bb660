"""Whose rights a bulk sending has, and who may see and stop it."""

from odoo import Command
from odoo.exceptions import AccessError, ValidationError
from odoo.tools import mute_logger

from .batch_common import PaymentLinkBatchCommon


class TestBatchRights(PaymentLinkBatchCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.seller = cls._create_user("seller", "sales_team.group_sale_salesman")
        cls.colleague = cls._create_user("colleague", "sales_team.group_sale_salesman")
        cls.manager = cls._create_user("manager", "sales_team.group_sale_manager")
        cls.order.user_id = cls.seller

    def _see(self, user, record):
        return record.with_user(user).search([("id", "in", record.ids)])

    def test_links_are_made_by_the_user_who_queued(self):
        batch = self._send(self.order, user=self.seller)
        link = self.order.payment_link_ids
        self.assertEqual(batch.sent_count, 1)
        self.assertEqual(link.create_uid, self.seller)
        (mail,) = self._find_mails(link)
        self.assertEqual(mail.author_id, self.seller.partner_id)

    def test_what_the_user_may_not_read_is_refused(self):
        """At the start; and by the job, where the rights are taken away meanwhile."""
        with self.assertRaises(AccessError):
            self._queue(self.order, user=self.colleague)
        batch = self._queue(self.order, user=self.seller)
        self.order.user_id = self.colleague
        with mute_logger("odoo.addons.base.models.ir_rule"):
            self._run_job("payment_link_onetime.cron_send_batches")
        self.assertEqual((batch.state, batch.line_ids.state), ("done", "failed"))
        self.assertEqual(batch.line_ids.reason, "refused")
        self.assertFalse(self.order.payment_link_ids)

    def test_batch_of_an_archived_user_is_stopped(self):
        batch = self._queue(self.order, user=self.seller)
        self.seller.active = False
        self._run_job("payment_link_onetime.cron_send_batches")
        self.assertEqual((batch.state, batch.waiting_count), ("stopped", 1))
        self.assertFalse(self.order.payment_link_ids)

    def test_own_batches_and_all_for_managers(self):
        batch = self._queue(self.order, user=self.seller)
        for user, is_seen in (
            (self.seller, True),
            (self.colleague, False),
            (self.manager, True),
        ):
            self.assertEqual(bool(self._see(user, batch)), is_seen)
            self.assertEqual(bool(self._see(user, batch.line_ids)), is_seen)
        for method in ("action_stop", "action_continue"):
            with self.assertRaises(AccessError):
                getattr(batch.with_user(self.colleague), method)()
        batch.with_user(self.manager).action_stop()
        self.assertEqual(batch.state, "stopped")

    def test_nobody_writes_batches(self):
        """Who could would act with the rights of any other user."""
        batch = self._queue(self.order, user=self.seller)
        for user in (self.seller, self.manager):
            for records in (batch, batch.line_ids):
                with self.assertRaises(AccessError):
                    records.with_user(user).write({"write_date": False})
                with self.assertRaises(AccessError):
                    records.with_user(user).unlink()
            with self.assertRaises(AccessError):
                batch.with_user(user).create({"user_id": self.env.uid})

    def test_batches_of_other_companies_are_not_seen(self):
        batch = self._queue(self.order, user=self.seller)
        other = self.env["res.company"].create({"name": "Other"})
        self.manager.write(
            {"company_ids": [Command.set(other.ids)], "company_id": other.id}
        )
        self.assertFalse(self._see(self.manager, batch))
        self.assertFalse(self._see(self.manager, batch.line_ids))

    def test_companies_of_the_user(self):
        """The job works in those in which the user worked, and may work still."""
        other = self.env["res.company"].create({"name": "Other"})
        self.seller.company_ids |= other
        orders = self.env["sale.order"].with_user(self.seller)
        orders = orders.with_context(allowed_company_ids=[self.company.id, other.id])
        batch = orders.env["payment.link.batch"]._queue(
            self.order.with_env(orders.env), channels=["email"]
        )
        self.assertEqual(batch.company_ids, self.company | other)
        sender = batch.with_env(self.env)._with_sender()
        self.assertEqual(sender.env.companies, self.company | other)
        self.assertEqual(sender.env.company, self.company)
        self.seller.company_ids -= other
        sender = batch.with_env(self.env)._with_sender()
        self.assertEqual(sender.env.companies, self.company)

    def test_unknown_channel_is_refused(self):
        for channels in ([], ["pigeon"], ["email", "pigeon"]):
            with self.assertRaisesRegex(ValidationError, "by these channels"):
                self._queue(self.order, channels=channels)

    def test_employee_without_payment_links_has_no_dialog(self):
        user = self._create_user("clerk")
        dialogs = self.env["payment.link.batch.send"].with_user(user)
        with self.assertRaises(AccessError):
            dialogs.with_context(
                active_model="sale.order", active_ids=self.order.ids
            ).create({})
