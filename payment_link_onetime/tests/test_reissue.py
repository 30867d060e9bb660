from datetime import datetime, timedelta

from freezegun import freeze_time

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import PaymentLinkHttpCommon
from .reissue_common import PaymentLinkReissueCommon

ACCESS_LOGGERS = ("odoo.addons.base.models.ir_model", "odoo.addons.base.models.ir_rule")


class TestReissue(PaymentLinkReissueCommon):
    """E2: the same request at a new address."""

    # === THE OLD AND THE NEW LINK === #

    def test_E2_reissuing_kills_the_old_address(self):
        old = self._create_link()
        new = self._reissue(old, self.seller)
        self.assertEqual((old.state, old.close_reason), ("cancelled", "reissued"))
        self.assertEqual(old.replaced_by_id, new)
        self.assertEqual(new.state, "open")
        self.assertNotEqual(new.code, old.code)
        self.assertNotEqual(new.access_token, old.access_token)
        self.assertEqual(new.reference, old.reference)
        self.assertEqual(old.event_ids[:1].type, "cancelled")
        with self.assertRaisesRegex(UserError, "replaced by a new one"):
            old._claim(self.payer_key)
        self.assertEqual(new._claim(self.payer_key), 100.0)

    def test_E2_both_links_say_so(self):
        old = self._create_link()
        new = self._reissue(old)
        self.assertIn(new.code, old.message_ids[:1].body)
        self.assertIn(old.code, " ".join(new.message_ids.mapped("body")))

    def test_E2_new_link_asks_for_the_same(self):
        """All that is fixed at creation, also what the salesperson may not read."""
        campaign = self.env["utm.campaign"].create({"name": "Spring"})
        self.env["payment.link.threshold"].create(
            {
                "company_id": self.company.id,
                "currency_id": self.order.currency_id.id,
                "amount": 50.0,
            }
        )
        old = self._create_link(
            amount=60,
            description="Two chairs",
            activation_minutes=20,
            allow_partial=True,
            minimum_percent=40,
            campaign_id=campaign.id,
            user_id=self.seller.id,
            provider_ids=[Command.set(self.provider.ids)],
            payment_method_ids=[Command.set(self.payment_method.ids)],
            metadata={"order": "1"},
            descriptor={"name": "CHAIRS"},
        )
        new = self._reissue(old, self.seller)
        for name in (
            "amount",
            "description",
            "partner_id",
            "sale_order_id",
            "activation_minutes",
            "allow_partial",
            "minimum_percent",
            "campaign_id",
            "user_id",
            "provider_ids",
            "payment_method_ids",
            "metadata",
            "descriptor",
            "expires_at",
            "amount_total",
            "company_id",
            "currency_id",
        ):
            self.assertEqual(new[name], old[name], name)

    def test_E4_lines_are_still_those_of_the_first_day(self):
        old = self._create_link()
        self.order.order_line.name = "Something else"
        new = self._reissue(old)
        self.assertEqual(new.line_ids.mapped("name"), ["Garden chair"])
        self.assertEqual(old.line_ids.mapped("name"), ["Garden chair"])
        self.assertEqual(new.line_ids.amount_total, 100.0)

    def test_E2_what_is_still_due_of_a_partly_paid_link(self):
        for old in (
            self._create_link(),
            self._create_standalone_link(reference="A"),
            self.env["payment.link"].create(
                {
                    "company_id": self.company.id,
                    "line_ids": [
                        Command.create({"name": "Chair", "value": 90.0}),
                    ],
                    "amount_tax": 10.0,
                }
            ),
        ):
            charge = self._create_charge(old)
            charge.amount = 30.0
            charge._set_done()
            new = self._reissue(old)
            self.assertEqual((new.amount, new.amount_total), (70.0, old.amount_total))
            self.assertEqual(old.amount_paid, 30.0)
            self.assertEqual(len(new.line_ids), len(old.line_ids))

    def test_E2_what_the_document_still_owes(self):
        old = self._create_link()
        self._create_transaction(
            "direct",
            amount=25.0,
            currency_id=old.currency_id.id,
            partner_id=self.customer.id,
            reference="portal",
            sale_order_ids=[Command.set(self.order.ids)],
        )._set_done()
        self.assertEqual(self._reissue(old).amount, 75.0)

    def test_E2_uses_that_are_left(self):
        old = self._create_standalone_link(max_payments=3)
        self._pay(old)
        new = self._reissue(old)
        self.assertEqual((new.amount, new.max_payments), (100.0, 2))
        unlimited = self._create_standalone_link(max_payments=0)
        self.assertEqual(self._reissue(unlimited).max_payments, 0)

    @freeze_time("2030-03-01 12:00:00")
    def test_E2_expired_link_gets_a_new_expiry(self):
        self.company.payment_link_expiry_days = 3
        self.company.partner_id.tz = "UTC"
        old = self._create_standalone_link()
        with freeze_time("2030-03-10 12:00:00"):
            new = self._reissue(old)
            self.assertEqual(new._get_page_state(), "open")
        self.assertEqual(new.expires_at, datetime(2030, 3, 13, 23, 59, 59))

    def test_E2_E6_link_whose_activation_time_is_over(self):
        old = self._create_link(activation_minutes=15)
        old._record_opening()
        with freeze_time(old.first_opened_at + timedelta(minutes=16)):
            self.assertEqual(old._get_page_state(), "expired")
            new = self._reissue(old)
            self.assertEqual(new._get_page_state(), "open")

    def test_E2_expired_and_cancelled_links_can_be_reissued(self):
        for close in ("action_expire", "action_cancel"):
            old = self._create_link(amount=10)
            getattr(old, close)()
            self.assertEqual(self._reissue(old).amount, 10.0)
            self.assertEqual(old.close_reason, "reissued")

    def test_E2_many_at_once(self):
        links = self._create_link(amount=10) | self._create_standalone_link()
        action = links.action_reissue()
        new = self.env["payment.link"].search(action["domain"])
        self.assertEqual(links.replaced_by_id, new)
        self.assertEqual(len(new), 2)

    def test_E2_reissued_again(self):
        first = self._create_link()
        second = self._reissue(first)
        third = self._reissue(second)
        self.assertEqual(third.reference, first.reference)
        self.assertEqual((first | second).mapped("state"), ["cancelled"] * 2)

    # === WHAT IS REFUSED === #

    def test_E2_paid_link_is_not_reissued(self):
        link = self._create_link()
        self._pay(link)
        self._assert_refused(link, "it is paid")

    def test_E2_link_that_was_paid_elsewhere_is_not_reissued(self):
        link = self._create_link()
        self._create_transaction(
            "direct",
            amount=100.0,
            currency_id=link.currency_id.id,
            partner_id=self.customer.id,
            reference="portal",
            sale_order_ids=[Command.set(self.order.ids)],
        )._set_done()
        self._assert_refused(link, "it is paid")

    def test_E2_link_with_a_payment_under_way_is_not_reissued(self):
        link = self._create_link()
        charge = self._create_charge(link)
        self._assert_refused(link, "somebody is paying")
        charge._set_pending()
        self._assert_refused(link, "a payment is under way")
        charge._set_canceled()
        self.assertTrue(self._reissue(link))

    def test_E2_replaced_link_is_not_reissued(self):
        link = self._create_link()
        new = self._reissue(link)
        with self.assertRaisesRegex(UserError, "replaced already"):
            link.action_reissue()
        self.assertEqual(link.replaced_by_id, new)

    def test_E2_link_that_was_paid_late_is_not_reissued(self):
        link = self._create_standalone_link()
        charge = self._create_charge(link)
        link.action_cancel()
        charge._set_done()
        self._assert_refused(link, "nothing is left")

    def test_E2_the_rest_of_a_link_in_parts_may_be_too_little_for_parts(self):
        self.order.order_line.product_uom_qty = 4  # 200.00
        link = self._create_link(allow_partial=True, minimum_percent=30.0)
        charge_amount = link._claim(self.payer_key, displayed_amount=150.0)
        self._create_transaction(
            "direct",
            amount=charge_amount,
            currency_id=link.currency_id.id,
            partner_id=self.customer.id,
            reference="first part",
            **link._get_charge_values(),
        )._set_done()
        new = self._reissue(link)
        self.assertEqual((new.amount, new.allow_partial), (50.0, False))

    def test_E2_the_rest_of_a_link_in_parts_is_its_minimum(self):
        """100 * 167.92 / 167.92 is more than 100 percent, for a computer."""
        link = self._create_standalone_link(
            335.84, allow_partial=True, minimum_percent=50.0
        )
        self._pay_amount(link, 167.92)
        new = self._reissue(link)
        self.assertEqual((new.amount, new.minimum_percent), (167.92, 100.0))

    def test_E2_the_minimum_of_a_link_in_parts_stays_the_same_amount(self):
        """Agreed were parts of 90.00 at least, not of 30 % of whatever is left."""
        link = self._create_standalone_link(
            300.0, allow_partial=True, minimum_percent=30.0
        )
        for paid, minimum in ((90.0, 90.0), (95.0, 90.0)):
            self._pay_amount(link, paid)
            link = self._reissue(link)
            self.assertTrue(link.allow_partial)
            self.assertEqual(link._get_minimum_amount(link.amount), minimum)
        self.assertEqual(link.amount, 115.0)
        self._pay_amount(link, 90.0)
        link = self._reissue(link)
        self.assertEqual((link.amount, link.allow_partial), (25.0, False))

    # === MONEY THAT COMES BY THE OLD ADDRESS === #

    def _pay_amount(self, link, amount):
        charge = self._start_amount(link, amount)
        charge._set_done()
        return charge

    def _start_amount(self, link, amount):
        return self._create_transaction(
            "direct",
            amount=link._claim(self.payer_key, displayed_amount=amount),
            currency_id=link.currency_id.id,
            partner_id=link._get_charge_partner().id,
            reference=f"{link.code}-{link.charge_count}",
            **link._get_charge_values(),
        )

    def _start_and_reissue(self, **values):
        """Return a charge that somebody left at the provider, and the new link."""
        link = self._create_standalone_link(**values)
        charge = self._start_amount(link, 100.0)
        link._store({"claimed_until": False})
        return charge, self._reissue(link)

    def test_rule_3_what_the_old_link_brings_is_not_asked_again(self):
        charge, new = self._start_and_reissue()
        newer = self._reissue(new)
        charge._set_pending()
        self.assertEqual(newer._get_page_state(), "processing")
        with self.assertRaisesRegex(UserError, "being processed"):
            newer._claim(self.other_payer_key)
        charge._set_error("No money")
        self.assertEqual(newer._get_amount_to_pay(), 100.0)
        charge._set_done()
        self.assertTrue(charge.payment_link_id.paid_late)
        self.assertEqual(
            (newer.state, newer.close_reason), ("cancelled", "settled_elsewhere")
        )
        self.assertEqual((newer.payment_status, newer.amount_due), ("unpaid", 0.0))
        self.assertEqual(newer._get_page_state(), "completed")
        self.assertIn(charge.payment_link_id.code, newer.message_ids[1].body)

    def test_rule_3_a_part_that_the_old_link_brings(self):
        parts = {"amount": 300.0, "allow_partial": True, "minimum_percent": 30.0}
        charge, new = self._start_and_reissue(**parts)
        charge._set_done()
        self.assertEqual((new.state, new.amount_due), ("open", 200.0))
        self._pay_amount(new, 200.0)
        self.assertEqual((new.state, new.payment_status), ("completed", "paid"))
        self.assertEqual((new.amount_due, new.amount_surplus), (0.0, 0.0))

    def test_G1_both_addresses_are_paid(self):
        """Whoever is responsible learns of it where the customer paid what was asked."""
        charge, new = self._start_and_reissue()
        self._pay_amount(new, 100.0)
        self.assertEqual(new.state, "completed")
        charge._set_done()
        self.assertEqual((new.state, new.amount_surplus), ("completed", 100.0))
        self.assertEqual(new.activity_ids.summary, "Paid too much")
        self.assertIn(charge.reference, new.activity_ids.note)

    def test_rule_3_paid_by_the_old_address_while_the_new_one_is_paid(self):
        charge, new = self._start_and_reissue()
        self._start_amount(new, 100.0)._set_pending()
        charge._set_done()
        self.assertEqual((new.state, new.amount_due), ("open", 0.0))
        self.assertEqual(new._get_page_state(), "processing")
        new.transaction_ids._set_done()
        self.assertEqual((new.state, new.amount_surplus), ("completed", 100.0))
        self.assertEqual(new.activity_ids.summary, "Paid too much")

    def test_money_that_comes_another_way_leaves_nothing_due(self):
        link = self._create_link(amount=60.0)
        self._pay_amount(link, 60.0)
        self.order.transaction_ids.flush_recordset()
        parts = self._create_order(quantity=4)  # 200.00
        link = self._create_link(
            sale_order_id=parts.id, allow_partial=True, minimum_percent=30.0
        )
        self._pay_amount(link, 150.0)
        self._create_transaction(
            "direct",
            reference="portal",
            amount=50.0,
            sale_order_ids=[Command.set(parts.ids)],
        )._set_done()
        self.cr.flush()
        self.assertEqual((link.state, link.amount_due), ("completed", 0.0))

    def test_E2_document_that_has_changed(self):
        link = self._create_link()
        self.order.order_line.product_uom_qty = 3
        self._assert_refused(link, "its document has another total now")

    def test_E2_document_that_takes_no_money(self):
        link = self._create_link()
        self.order.validity_date = fields.Date.today() - timedelta(days=1)
        self._assert_refused(link, "its document has expired")
        self.order.validity_date = False
        self.order._action_cancel()
        self._assert_refused(link, "its document is cancelled")

    def test_rule_13_cancelled_link_whose_money_another_one_asks_for(self):
        link = self._create_link()
        link.action_cancel()
        self._create_link()
        with self.assertRaisesRegex(UserError, "would ask too much"):
            with self.cr.savepoint():
                link.action_reissue()
        self.assertEqual(link.close_reason, "manual")

    def test_E2_one_that_cannot_stops_all(self):
        good, bad = self._create_link(amount=10), self._create_link(amount=20)
        self._pay(bad)
        with self.assertRaises(UserError), self.cr.savepoint():
            (good | bad).action_reissue()
        self.assertEqual(good.state, "open")

    def test_E2_nobody_says_from_outside_that_a_link_replaces_another(self):
        """What a reissued link may do, a forged context may not."""
        links = self.env["payment.link"].with_user(self.seller)
        for forged in (True, self._create_link(amount=10).id, "link"):
            with self.assertRaises(UserError), self.cr.savepoint():
                links.with_context(payment_link_replaced=forged).create(
                    {
                        "amount": 1.0,
                        "line_ids": [Command.create({"name": "Chair", "value": 90})],
                    }
                )

    @mute_logger(*ACCESS_LOGGERS)
    def test_E2_only_who_may_change_a_link_reissues_it(self):
        self.order.user_id = self.env.user
        link = self._create_link()
        employee = self._create_user("employee")
        for user in (self.seller, employee, self.portal_user):
            for method in ("action_reissue", "action_ask_for_rest", "action_expire"):
                with (
                    self.subTest(user=user.login, method=method),
                    self.assertRaises(AccessError),
                ):
                    getattr(link.with_user(user), method)()
        self.assertEqual(link.state, "open")


@tagged("post_install", "-at_install")
class TestReissuedPage(PaymentLinkHttpCommon):
    def test_E2_page_of_a_replaced_link_gives_no_way_in(self):
        """Gone, with the company's contact; a stranger with the old address stays out."""
        self.company.email = "shop@example.com"
        link = self._create_link()
        link.action_reissue()
        new = link.replaced_by_id
        response = self._get_page(link)
        self.assertEqual(response.status_code, 410)
        self.assertIn("replaced by a new one", response.text)
        self.assertIn("shop@example.com", response.text)
        for secret in (new.access_token, new.code, "o_payment_submit_button"):
            self.assertNotIn(secret, response.text)
        self.assertEqual(self._get_page(new).status_code, 200)
