from datetime import timedelta

from freezegun import freeze_time
from psycopg2 import IntegrityError

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from .common import PaymentLinkCommon, PaymentLinkHttpCommon


class InstalmentsCommon(PaymentLinkCommon):
    """Links of 200.00 that can be paid in parts of 30 % or more."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.order = cls._create_order(quantity=4)  # 200.00

    @classmethod
    def _create_partial_link(cls, **values):
        return cls._create_link(
            **{"allow_partial": True, "minimum_percent": 30.0, **values}
        )

    def _pay_part(self, link, amount, state="_set_done"):
        charge_amount = link._claim(self.payer_key, displayed_amount=amount)
        charge = self._create_transaction(
            "direct",
            amount=charge_amount,
            currency_id=link.currency_id.id,
            partner_id=link._get_charge_partner().id,
            reference=f"{link.code}-{link.charge_count}",
            **link._get_charge_values(),
        )
        getattr(charge, state)()
        return charge


@tagged("post_install", "-at_install")
class TestInstalments(InstalmentsCommon):
    """B5, B9, F5, rule 1: in parts, and never less, more or other than allowed."""

    # === WHICH LINKS === #

    def test_B9_strictly_above_the_threshold(self):
        for amount, is_possible in ((100.0, False), (100.01, True)):
            with self.subTest(amount=amount):
                values = {"allow_partial": True, "minimum_percent": 30.0}
                if is_possible:
                    self.assertTrue(self._create_standalone_link(amount, **values))
                    continue
                with self.assertRaisesRegex(ValidationError, "above \\$.100.00 only"):
                    self._create_standalone_link(amount, **values)

    def test_B9_rupees(self):
        rupee = self.env.ref("base.LKR")
        rupee.active = True
        values = {"allow_partial": True, "currency_id": rupee.id}
        with self.assertRaisesRegex(ValidationError, "100,000.00"):
            self._create_standalone_link(100_000.0, **values)
        self.assertTrue(self._create_standalone_link(100_000.01, **values))

    def test_B9_another_currency_needs_a_setting(self):
        values = {"allow_partial": True, "currency_id": self.currency_euro.id}
        with self.assertRaisesRegex(ValidationError, "not set up for EUR"):
            self._create_standalone_link(5000.0, **values)
        self.env["payment.link.threshold"].create(
            {
                "company_id": self.company.id,
                "currency_id": self.currency_euro.id,
                "amount": 500.0,
            }
        )
        with self.assertRaisesRegex(ValidationError, "possible above"):
            self._create_standalone_link(500.0, **values)
        self.assertTrue(self._create_standalone_link(500.01, **values))

    def test_B9_a_setting_wins_over_the_default(self):
        threshold = self.env["payment.link.threshold"].create(
            {
                "company_id": self.company.id,
                "currency_id": self.company.currency_id.id,
                "amount": 300.0,
            }
        )
        with self.assertRaises(ValidationError):
            self._create_partial_link()
        threshold.amount = 0.0
        self.assertTrue(self._create_partial_link())

    def test_B9_only_managers_set_thresholds(self):
        seller = self._create_user("seller", "sales_team.group_sale_salesman")
        thresholds = self.env["payment.link.threshold"].with_user(seller)
        thresholds.search([])
        with self.assertRaises(AccessError):
            thresholds.create({"currency_id": self.currency_euro.id, "amount": 1.0})

    def test_B9_minimum_of_30_to_100_percent(self):
        for percent in (29.99, 100.01, 0.0, -30.0):
            with self.subTest(percent=percent), mute_logger("odoo.sql_db"):
                with self.assertRaises(IntegrityError), self.cr.savepoint():
                    self._create_partial_link(minimum_percent=percent)
        for percent in (30.0, 100.0):
            link = self._create_partial_link(minimum_percent=percent)
            self.assertEqual(link.minimum_percent, percent)
            link.action_cancel()

    def test_links_for_several_payments_are_not_paid_in_parts(self):
        with self.assertRaisesRegex(ValidationError, "choose one of them"):
            self._create_standalone_link(
                200.0, allow_partial=True, max_payments=2, minimum_percent=30.0
            )

    # === HOW MUCH === #

    def test_B9_rule_1_what_a_payer_may_choose(self):
        link = self._create_partial_link()
        refused = (
            59.99,
            200.01,
            0.0,
            -60.0,
            float("nan"),
            float("inf"),
            1e300,
            100.001,
            "100",
            True,
            [100.0],
            {},
        )
        for amount in refused:
            with (
                self.subTest(amount=amount),
                self.assertRaisesRegex(UserError, "from \\$.60.00 to \\$.200.00"),
            ):
                link._claim(self.payer_key, displayed_amount=amount)
        self.assertEqual(link.charge_count, 0)
        for amount in (60.0, 60, 199.99, 200.0, 0.1 + 0.2 + 99.7, None):
            with self.subTest(amount=amount):
                claimed = link._claim(self.payer_key, displayed_amount=amount)
                self.assertAlmostEqual(claimed, 200.0 if amount is None else amount)

    def test_B9_minimum_is_rounded_up_to_the_currency(self):
        link = self._create_standalone_link(
            100.01, allow_partial=True, minimum_percent=33.0
        )
        self.assertEqual(link._get_minimum_amount(100.01), 33.01)

    def test_B9_no_decimals_in_yen(self):
        yen = self.env.ref("base.JPY")
        yen.active = True
        self.env["payment.link.threshold"].create(
            {"company_id": self.company.id, "currency_id": yen.id, "amount": 0.0}
        )
        link = self._create_standalone_link(
            1001.0, allow_partial=True, minimum_percent=30.0, currency_id=yen.id
        )
        self.assertEqual(link._get_minimum_amount(1001.0), 301.0)
        with self.assertRaisesRegex(UserError, "301"):
            link._claim(self.payer_key, displayed_amount=400.5)

    def test_B9_the_last_instalment_may_be_smaller(self):
        link = self._create_partial_link()
        self._pay_part(link, 150.0)
        self.assertEqual((link.payment_status, link.state), ("partially_paid", "open"))
        self.assertEqual(link.amount_due, 50.0)
        with self.assertRaisesRegex(UserError, "from \\$.50.00 to \\$.50.00"):
            link._claim(self.payer_key, displayed_amount=60.0)
        self._pay_part(link, 50.0)
        self.assertEqual((link.payment_status, link.state), ("paid", "completed"))

    def test_B5_complete_only_when_all_is_paid(self):
        link = self._create_partial_link()
        self._pay_part(link, 100.0)
        pending = self._pay_part(link, 100.0, "_set_pending")
        self.assertEqual((link.state, link.payment_status), ("open", "processing"))
        self.assertEqual(link._get_page_state(), "processing")
        pending._set_done()
        self.assertEqual((link.state, link.payment_status), ("completed", "paid"))

    def test_the_rest_may_be_paid_while_a_part_is_on_its_way(self):
        link = self._create_partial_link()
        self._pay_part(link, 80.0, "_set_pending")
        self.assertEqual(link._get_page_state(self.other_payer_key), "open")
        self.assertEqual(link._get_amount_to_pay(), 120.0)
        with self.assertRaisesRegex(UserError, "to \\$.120.00"):
            link._claim(self.payer_key, displayed_amount=120.01)

    def test_rule_1_what_is_paid_elsewhere_is_not_asked_again(self):
        link = self._create_partial_link()
        self._create_transaction(
            "direct",
            amount=170.0,
            currency_id=link.currency_id.id,
            partner_id=self.customer.id,
            reference="portal",
            sale_order_ids=[Command.set(self.order.ids)],
        )._set_done()
        with self.assertRaisesRegex(UserError, "from \\$.30.00 to \\$.30.00"):
            link._claim(self.payer_key, displayed_amount=60.0)

    def test_rule_6_each_instalment_is_a_payment(self):
        link = self._create_partial_link()
        for amount in (60.0, 60.0, 80.0):
            self._pay_part(link, amount)
        self._run_jobs()
        self.assertEqual(sorted(link.payment_ids.mapped("amount")), [60.0, 60.0, 80.0])

    def test_F5_the_quote_is_confirmed_when_odoos_rule_is_met(self):
        self.order.write({"require_payment": True, "prepayment_percent": 0.5})
        link = self._create_partial_link()
        self._pay_part(link, 80.0)
        self._run_jobs()
        self.assertIn(self.order.state, ("draft", "sent"))
        self._pay_part(link, 60.0)
        self._run_jobs()
        self.assertEqual(self.order.state, "sale")
        self.assertEqual(link.amount_due, 60.0)

    # === THE DIALOG === #

    def test_the_dialog_offers_it_above_the_threshold(self):
        wizard = self.env["payment.link.send"].with_context(
            active_model="sale.order", active_id=self.order.id
        )
        with Form(wizard) as form:
            self.assertTrue(form.is_partial_possible)
            form.allow_partial = True
            form.minimum_percent = 40.0
        form.record.action_create_link()
        link = form.record.link_id
        self.assertEqual((link.allow_partial, link.minimum_percent), (True, 40.0))

    def test_the_dialog_forgets_it_below_the_threshold(self):
        wizard = self.env["payment.link.send"].with_context(
            active_model="sale.order", active_id=self.order.id
        )
        with Form(wizard) as form:
            form.allow_partial = True
            form.amount_option = "fixed"
            form.amount = 90.0
            self.assertFalse(form.is_partial_possible)
        form.record.action_create_link()
        self.assertFalse(form.record.link_id.allow_partial)


@tagged("post_install", "-at_install")
class TestInstalmentPage(InstalmentsCommon, PaymentLinkHttpCommon):
    """The same through the page's doors."""

    def test_B9_the_page_offers_a_choice_and_charges_it(self):
        link = self._create_partial_link()
        page = self._get_page(link).text
        self.assertIn('id="o_payment_link_chosen"', page)
        self.assertIn('min="60.00"', page)
        self.assertIn('max="200.00"', page)
        charge = self._get_charge(self._post_transaction(link, amount=75.5))
        self.assertEqual(charge.amount, 75.5)

    def test_B9_other_amounts_are_refused(self):
        link = self._create_partial_link()
        for amount in (59.99, 200.01, -1, 0, "75", 60.005, 10**400, True):
            with self.subTest(amount=amount), mute_logger("odoo.http"):
                response = self.url_open(
                    f"{link._get_page_path()}/transaction",
                    json={
                        "params": self._prepare_transaction_params(link, amount=amount)
                    },
                )
                message = response.json()["error"]["data"]["message"]
                self.assertIn("Please choose an amount from", message)
        link.invalidate_recordset()
        self.assertFalse(link.transaction_ids)

    def test_an_instalment_is_confirmed_and_the_rest_is_asked_for(self):
        link = self._create_partial_link()
        charge = self._get_charge(self._post_transaction(link, amount=80.0))
        charge._set_done()
        response = self.url_open("/payment/status")
        text = " ".join(response.text.split())
        self.assertIn("Thank you! We received", text)
        self.assertIn("is still due", text)
        self.assertIn('aria-valuenow="40"', text)
        self.assertIn('max="120.00"', text)
        self.assertIn("o_payment_submit_button", text)

    def test_A15_two_amounts_within_a_moment_are_two_choices(self):
        """Not a double click: she corrected the amount."""
        link = self._create_partial_link()
        first = self._post_transaction(link, amount=80.0)
        again = self._post_transaction(link, amount=80.0)
        self.assertEqual(first["reference"], again["reference"])
        other = self._post_transaction(link, amount=90.0)
        self.assertNotEqual(first["reference"], other["reference"])

    def test_pages_of_what_was_paid_in_part(self):
        link = self._create_partial_link()
        self._pay_part(link, 150.0)
        with freeze_time(link.expires_at + timedelta(seconds=1)):
            text = self._get_page(link).text
        self.assertIn("has expired", text)
        self.assertNotIn("Nothing was charged", text)
        link._claim(self.other_payer_key, displayed_amount=50.0)
        text = self._get_page(link).text
        self.assertIn("Somebody is paying", text)
        title = f'o_payment_link_amount">{link._format_amount(50.0)}'
        self.assertIn(title, text)

    def test_the_last_instalment_leaves_no_choice(self):
        link = self._create_partial_link()
        self._pay_part(link, 150.0)
        page = self._get_page(link).text
        self.assertNotIn('id="o_payment_link_chosen"', page)
        self.assertEqual(
            self._get_charge(self._post_transaction(link, amount=50.0)).amount, 50.0
        )

    def test_A8_providers_that_take_the_minimum_are_offered(self):
        self.provider.maximum_amount = 100.0
        link = self._create_partial_link()
        self.assertIn("o_payment_submit_button", self._get_page(link).text)
        with mute_logger("odoo.http"):
            response = self.url_open(
                f"{link._get_page_path()}/transaction",
                json={"params": self._prepare_transaction_params(link, amount=150.0)},
            )
        self.assertIn("not available", response.json()["error"]["data"]["message"])
        charge = self._get_charge(self._post_transaction(link, amount=100.0))
        self.assertEqual(charge.amount, 100.0)
