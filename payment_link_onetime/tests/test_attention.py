from datetime import timedelta

from freezegun import freeze_time

from odoo.tests import tagged

from .common import PaymentLinkCommon


@tagged("post_install", "-at_install")
class TestAttention(PaymentLinkCommon):
    """Money that came late, or that is too much: somebody is told (G1, G3)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.salesperson = cls._create_user("seller", "sales_team.group_sale_salesman")

    def _pay_twice(self, link):
        """Settle two charges, as in two tabs at a redirect provider."""
        charges = [self._create_charge(link), self._create_charge(link)]
        for charge in charges:
            charge._set_done()
        return charges

    def test_G3_late_money_is_put_before_the_salesperson(self):
        link = self._create_link(user_id=self.salesperson.id)
        charge = self._create_charge(link)
        link.action_cancel()
        charge._set_done()
        self.assertTrue(link.paid_late)
        activity = link.activity_ids
        self.assertEqual(activity.user_id, self.salesperson)
        self.assertEqual(activity.summary, "Late payment")
        self.assertIn(charge.reference, activity.note)

    def test_G3_money_for_an_expired_link_is_late(self):
        link = self._create_link()
        with freeze_time(link.expires_at + timedelta(hours=2)):
            self._run_job("payment_link_onetime.cron_expire")
            self.assertEqual(link.state, "expired")
            charge = self._create_transaction(
                "direct",
                amount=100.0,
                currency_id=link.currency_id.id,
                partner_id=self.customer.id,
                reference="late",
                **link._get_charge_values(),
            )
            charge._set_done()
        self.assertTrue(link.paid_late)
        self.assertEqual((link.state, link.payment_status), ("completed", "paid"))
        self.assertEqual(link.activity_ids.mapped("summary"), ["Late payment"])

    def test_G3_a_repeated_callback_asks_once(self):
        link = self._create_link()
        charge = self._create_charge(link)
        link.action_cancel()
        charge._set_done()
        charge._set_done()
        self.assertEqual(len(link.activity_ids), 1)

    def test_G1_surplus_is_put_before_the_salesperson(self):
        link = self._create_link(user_id=self.salesperson.id)
        _first, second = self._pay_twice(link)
        self.assertEqual(link.amount_surplus, 100.0)
        activity = link.activity_ids
        self.assertEqual(activity.user_id, self.salesperson)
        self.assertEqual(activity.summary, "Paid too much")
        self.assertIn(second.reference, activity.note)
        self._run_jobs()
        self.assertEqual(len(link.payment_ids), 2)

    def test_G1_a_provider_that_cannot_refund_leaves_it_to_a_person(self):
        self.company.payment_link_surplus_policy = "refund"
        link = self._create_link()
        self._pay_twice(link)
        self.assertEqual(link.activity_ids.summary, "Paid too much")
        self.assertFalse(
            link.transaction_ids.filtered(lambda tx: tx.operation == "refund")
        )

    def test_somebody_is_asked_when_nobody_is_responsible(self):
        """Links that the API or a job makes belong to nobody who works there."""
        manager = self._create_user(
            "boss", "payment_link_onetime.group_payment_link_manager"
        )
        link = self._create_standalone_link(user_id=False)
        self._pay_twice(link)
        self.assertEqual(link._get_responsible_user(), link.activity_ids.user_id)
        self.salesperson.active = False
        link.user_id = self.salesperson
        self.assertNotEqual(link._get_responsible_user(), self.salesperson)
        self.assertTrue(manager)

    def test_rule_9_nobody_is_mailed_while_an_answer_is_written_down(self):
        link = self._create_link(user_id=self.salesperson.id)
        mails = self.env["mail.mail"].search_count([])
        self._pay_twice(link)
        self.assertEqual(self.env["mail.mail"].search_count([]), mails)
