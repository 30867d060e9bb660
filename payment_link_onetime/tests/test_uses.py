from datetime import timedelta

from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import UserError, ValidationError
from odoo.tests import Form, tagged

from .common import PaymentLinkCommon, PaymentLinkHttpCommon


@tagged("post_install", "-at_install")
class TestUses(PaymentLinkCommon):
    """D4: once, N times, or without limit, and never once more."""

    def test_D4_three_times_and_no_fourth(self):
        link = self._create_standalone_link(10.0, max_payments=3)
        for number in range(3):
            self.assertEqual(link._get_page_state(), "open")
            self._pay(link, payer_key=f"browser {number}")
        self.assertEqual((link.state, link.payment_status), ("completed", "paid"))
        self.assertEqual((link.amount_paid, link.amount_due), (30.0, 0.0))
        self.assertEqual(link.amount_surplus, 0.0)
        with self.assertRaisesRegex(UserError, "already been completed"):
            link._claim("browser 4")
        self._run_jobs()
        self.assertEqual(link.payment_ids.mapped("amount"), [10.0] * 3)

    def test_D4_payers_do_not_wait_for_each_other_while_uses_are_left(self):
        link = self._create_standalone_link(10.0, max_payments=3)
        for number in range(3):
            self._create_charge(link, payer_key=f"browser {number}")
        with self.assertRaisesRegex(UserError, "Somebody is paying"):
            link._claim("browser 4")
        self.assertEqual(link._get_page_state("browser 4"), "busy")
        self.assertEqual(link._get_page_state("browser 1"), "open")

    def test_D4_who_tries_again_takes_no_second_place(self):
        link = self._create_standalone_link(10.0, max_payments=2)
        for _number in range(3):
            self._create_charge(link, payer_key="her browser")
        self._create_charge(link, payer_key="his browser")
        self.assertEqual(link.charge_count, 4)

    def test_D4_failure_and_time_free_the_place(self):
        link = self._create_standalone_link(10.0, max_payments=2)
        failed = self._create_charge(link, payer_key="her browser")
        self._create_charge(link, payer_key="his browser")
        failed._set_error("Card declined")
        self._create_charge(link, payer_key="a third browser")
        self.assertEqual(link._get_page_state("a fourth browser"), "busy")
        minutes = self.company.payment_link_claim_minutes
        with freeze_time(fields.Datetime.now() + timedelta(minutes=minutes + 1)):
            self.assertEqual(link._get_page_state("a fourth browser"), "open")

    def test_D4_what_is_on_its_way_is_a_use(self):
        link = self._create_standalone_link(10.0, max_payments=2)
        for number in range(2):
            self._create_charge(link, payer_key=f"browser {number}")._set_pending()
        self.assertEqual(link._get_page_state("browser 3"), "processing")
        with self.assertRaisesRegex(UserError, "being processed"):
            link._claim("browser 3")

    def test_rule_5_a_use_that_is_being_paid(self):
        """The link is not closed under her, nor her use handed on to a new link."""
        link = self._create_standalone_link(10.0, max_payments=2)
        charge = self._create_charge(link)
        with self.assertRaisesRegex(UserError, "somebody is paying it right now"):
            link.action_reissue()
        with self.assertRaisesRegex(UserError, "a payment is under way"):
            link.action_expire()
        charge._set_done()
        link.action_reissue()
        self.assertEqual(link.replaced_by_id.max_payments, 1)

    def test_D4_without_limit(self):
        link = self._create_standalone_link(10.0, max_payments=0)
        for number in range(5):
            self._create_charge(link, payer_key=f"waiting {number}")
            self._pay(link, payer_key=f"browser {number}")
        self.assertEqual((link.state, link.amount_paid), ("open", 50.0))
        self.assertEqual((link.amount_due, link.amount_surplus), (10.0, 0.0))

    def test_a_link_without_limit_does_not_read_all_its_payments(self):
        """The thousandth payer does not wait for the nine hundred before."""
        link = self._create_standalone_link(10.0, max_payments=0)
        charge = self._pay(link)
        self.env.flush_all()
        self.env.cr.execute(
            "INSERT INTO payment_transaction (reference, amount, payment_link_id, state,"
            " operation, provider_id, payment_method_id, currency_id, partner_id,"
            " company_id) SELECT 'many-' || number, amount, payment_link_id, state,"
            " operation, provider_id, payment_method_id, currency_id, partner_id,"
            " company_id FROM payment_transaction, generate_series(1, 2000) number"
            " WHERE id = %s",
            [charge.id],
        )
        self.env.invalidate_all()
        self._pay(link, payer_key="one more")
        self.assertEqual(link.amount_paid, 20020.0)
        transactions = self.env["payment.transaction"]
        read = transactions._fields["amount"]._get_cache(self.env)
        self.assertLess(len(read), 10)

    def test_rule_3_one_more_that_still_arrives_is_surplus(self):
        link = self._create_standalone_link(10.0, max_payments=2)
        charges = [self._create_charge(link, payer_key="her") for _i in range(2)]
        charges.append(self._create_charge(link, payer_key="him"))
        for charge in charges:
            charge._set_done()
        self.assertEqual((link.amount_paid, link.amount_surplus), (30.0, 10.0))
        self.assertEqual(link.activity_ids.summary, "Paid too much")

    def test_D4_E6_the_dialog_limits_a_link(self):
        dialog = self.env["payment.link.send"].with_context(
            active_model="res.partner", active_id=self.customer.id
        )
        with Form(dialog) as form:
            form.amount = 20.0
            form.has_limits = True
            form.max_payments = 4
            form.activation_minutes = 15
        form.record.action_create_link()
        link = form.record.link_id
        self.assertEqual((link.max_payments, link.activation_minutes), (4, 15))

    def test_D4_a_document_owes_once(self):
        for uses in (0, 2):
            with (
                self.subTest(uses=uses),
                self.assertRaisesRegex(ValidationError, "can be paid once"),
                self.cr.savepoint(),
            ):
                self._create_link(max_payments=uses)


@tagged("post_install", "-at_install")
class TestUsesPage(PaymentLinkHttpCommon):
    def test_D4_each_payer_sees_her_own_confirmation(self):
        link = self._create_standalone_link(max_payments=2)
        self._get_charge(self._post_transaction(link))._set_done()
        mine = self._get_page(link).text
        self.assertIn("Thank you! We received your payment.", mine)
        self.assertNotIn("o_payment_submit_button", mine)
        self.assertIn("?again=1", mine)
        again = self.url_open(f"{link._get_page_path()}?again=1").text
        self.assertIn("o_payment_submit_button", again)
        self.opener.cookies.clear()
        other = self._get_page(link).text
        self.assertIn("o_payment_submit_button", other)
        self.assertNotIn("Thank you!", other)
