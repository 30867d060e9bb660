from datetime import datetime

from freezegun import freeze_time
from psycopg2.errors import CheckViolation

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import mute_logger

from ..const import FIXED_FIELDS, RECORDED_FIELDS
from .common import PaymentLinkCommon


class TestLinkCreation(PaymentLinkCommon):
    # === WHAT A LINK ASKS FOR === #

    def test_D2_amount_and_customer_come_from_the_document(self):
        link = self._create_link()
        self.assertEqual(link.amount, 100.0)
        self.assertEqual(link.currency_id, self.order.currency_id)
        self.assertEqual(link.partner_id, self.order.partner_invoice_id)
        self.assertEqual(link.reference, self.order.name)
        self.assertEqual(link.company_id, self.order.company_id)

    def test_B2_link_is_open_at_once(self):
        link = self._create_link()
        self.assertEqual((link.state, link.payment_status), ("open", "unpaid"))
        self.assertEqual(link._get_page_state(), "open")
        self.assertEqual(link.event_ids.mapped("type"), ["created"])

    def test_B3_code_is_public_and_the_url_is_secret(self):
        """128 bits are 22 characters of base64; the code is no part of the URL."""
        links = self._create_link(amount=10) + self._create_link(amount=10)
        for link in links:
            self.assertRegex(link.code, r"^[A-Z0-9]{8}$")
            token = link.url.rpartition("/pay/")[2]
            self.assertGreaterEqual(len(token), 22)
            self.assertNotIn(link.code, link.url)
        self.assertNotEqual(links[0].access_token, links[1].access_token)

    def test_A1_standalone_link_creates_no_document(self):
        count = self.env["account.move"].search_count([])
        link = self._create_standalone_link(25.5)
        self.assertEqual(link.amount, 25.5)
        self.assertEqual(link.reference, link.code)
        self.assertFalse(link.partner_id or link.sale_order_id or link.invoice_ids)
        self.assertEqual(self.env["account.move"].search_count([]), count)

    def test_E4_lines_are_a_snapshot(self):
        """Later edits of the order don't change what the payer sees."""
        link = self._create_link()
        self.order.order_line.name = "Something else"
        self.order.order_line.price_unit = 70.0
        self.assertEqual(link.line_ids.mapped("name"), ["Garden chair"])
        self.assertEqual(link.line_ids.amount_total, 100.0)
        self.assertEqual(link.amount_total, 100.0)
        self.assertEqual(link.amount, 100.0)

    def test_E4_lines_have_taxes_and_total(self):
        tax = self.env["account.tax"].create(
            {"name": "Ten", "amount": 10.0, "company_id": self.company.id}
        )
        self.order.order_line.tax_ids = tax
        link = self._create_link()
        self.assertEqual(
            (link.amount_untaxed, link.amount_tax, link.amount_total),
            (100.0, 10.0, 110.0),
        )
        self.assertEqual(link.line_ids.amount_tax, 10.0)
        self.assertEqual(link.amount, 110.0)

    def test_D11_campaign_of_the_order_and_of_no_cookie(self):
        campaign = self.env["utm.campaign"].create({"name": "Spring"})
        self.order.campaign_id = campaign
        self.assertEqual(self._create_link().campaign_id, campaign)
        self.assertFalse(self._create_standalone_link().campaign_id)

    @freeze_time("2030-03-01 12:00:00")
    def test_expiry_is_the_end_of_the_companys_day(self):
        self.company.partner_id.tz = "Asia/Colombo"  # UTC+5:30
        self.company.payment_link_expiry_days = 7
        self.assertEqual(
            self._create_link().expires_at, datetime(2030, 3, 8, 18, 29, 59)
        )

    def test_no_expiry_days_no_expiry(self):
        self.company.payment_link_expiry_days = 0
        self.assertFalse(self._create_link().expires_at)

    # === REFERENCES === #

    def test_A4_reference_is_unique_in_a_company(self):
        """Two links with one reference cannot be told apart on a bank statement."""
        self._create_standalone_link(reference="QUOTE-123")
        with (
            self.assertRaises(Exception) as error,
            mute_logger("odoo.sql_db"),
            self.cr.savepoint(),
        ):
            self._create_standalone_link(reference="QUOTE-123")
        self.assertIn("payment_link_reference_unique", str(error.exception))

    def test_A4_reference_works_again_in_another_company(self):
        self._create_standalone_link(reference="QUOTE-123")
        other = self.env["res.company"].create({"name": "Other"})
        link = self._create_standalone_link(
            reference="QUOTE-123",
            company_id=other.id,
            currency_id=other.currency_id.id,
        )
        self.assertEqual(link.reference, "QUOTE-123")

    def test_reference_of_the_document_gets_a_suffix_where_it_is_taken(self):
        links = [self._create_link(amount=10).reference for _i in range(3)]
        name = self.order.name
        self.assertEqual(links, [name, f"{name}-2", f"{name}-3"])

    def test_A5_who_asks_first_decides(self):
        first = self._find_or_create("QUOTE-123", amount=250.0)
        self.assertEqual((first.reference, first.amount), ("QUOTE-123", 250.0))
        again = self._find_or_create(" QUOTE-123 ", amount=1.0)
        self.assertEqual((again, again.amount), (first, 250.0))
        self.assertNotEqual(self._find_or_create("QUOTE-124", amount=1.0), first)

    def test_A5_reference_of_a_document(self):
        values = {"sale_order_id": self.order.id, "amount": 10.0}
        first = self.env["payment.link"].find_or_create("QUOTE-123", values)
        self.assertEqual(first.company_id, self.order.company_id)
        again = self.env["payment.link"].find_or_create("QUOTE-123", values)
        self.assertEqual(again, first)

    def test_A5_A6_nobody_reopens_what_was_paid_or_cancelled(self):
        paid = self._find_or_create("QUOTE-123")
        self._pay(paid)
        cancelled = self._find_or_create("QUOTE-124")
        cancelled.action_cancel()
        self.assertEqual(self._find_or_create("QUOTE-123"), paid)
        self.assertEqual(self._find_or_create("QUOTE-124"), cancelled)

    def test_A5_the_new_link_has_the_reference_of_the_old_one(self):
        old = self._find_or_create("QUOTE-123")
        old.action_reissue()
        self.assertEqual(self._find_or_create("QUOTE-123"), old.replaced_by_id)

    def test_A3_reference_is_required(self):
        before = self.env["payment.link"].search_count([])
        for reference in ("", " \n", None, False, 7):
            with (
                self.subTest(reference=reference),
                self.assertRaisesRegex(ValidationError, "reference is needed"),
            ):
                self._find_or_create(reference)
        self.assertEqual(self.env["payment.link"].search_count([]), before)

    def _find_or_create(self, reference, amount=250.0):
        return self.env["payment.link"].find_or_create(reference, {"amount": amount})

    # === WHAT IS FIXED === #

    def test_A14_nothing_that_is_asked_can_be_written(self):
        """Not by a user and not by the superuser, through whichever door."""
        link = self._create_link()
        before = link.read(list(FIXED_FIELDS | RECORDED_FIELDS))
        for field_name in sorted(FIXED_FIELDS | RECORDED_FIELDS):
            for record in (link, link.sudo()):
                with self.subTest(field=field_name), self.assertRaises(UserError):
                    record.write({field_name: False})
        with self.assertRaises(UserError):
            link.sudo().write({"description": "cheaper", "amount": 1.0})
        link.invalidate_recordset()
        self.assertEqual(link.read(list(FIXED_FIELDS | RECORDED_FIELDS)), before)

    def test_A14_every_stored_field_is_classified(self):
        """A field that is added later must be told whether it may change."""
        free = {
            "create_date",
            "create_uid",
            "description",
            "id",
            "phone",
            "user_id",
            "write_date",
            "write_uid",
        }
        inherited = set(self.env["mail.thread"]._fields) | set(
            self.env["mail.activity.mixin"]._fields
        )
        stored = {
            name
            for name, field in self.env["payment.link"]._fields.items()
            if field.store or field.type in ("one2many", "many2many")
        }
        computed = {"payment_ids"}
        self.assertEqual(
            stored - inherited - free - computed, FIXED_FIELDS | RECORDED_FIELDS
        )

    def test_B6_description_can_be_changed(self):
        link = self._create_link()
        link.description = "Thank you for your order"
        self.assertEqual(link.description, "Thank you for your order")

    def test_A14_lines_are_fixed(self):
        line = self._create_link().line_ids
        with self.assertRaises(UserError):
            line.sudo().write({"amount_total": 1.0})
        with self.assertRaises(UserError):
            line.sudo().unlink()
        with self.assertRaises(UserError):
            line.sudo().create({"link_id": line.link_id.id, "name": "One more"})

    def test_history_is_fixed(self):
        event = self._create_link().event_ids
        with self.assertRaises(UserError):
            event.sudo().write({"type": "paid"})
        with self.assertRaises(UserError):
            event.sudo().unlink()

    def test_B7_links_are_neither_copied_nor_deleted(self):
        link = self._create_link()
        with self.assertRaises(UserError):
            link.copy()
        with self.assertRaises(UserError):
            link.unlink()

    def test_A14_caller_cannot_set_what_the_system_sets(self):
        """A token of the caller's choice would be no secret; a state would be a lie."""
        for values in (
            {"access_token": "guess-me"},
            {"code": "AAAAAAAA"},
            {"state": "completed"},
            {"payment_status": "paid"},
            {"amount_paid": 100.0},
        ):
            with self.subTest(values=values), self.assertRaises(UserError):
                self._create_link(**values)

    # === WHAT IS REFUSED === #

    def test_rule_1_amounts_that_cannot_be_asked(self):
        """Zero, negative, no number, endless, huge, finer than the currency."""
        self.order.order_line.price_unit = 10_000_000_000_000.0
        for amount in (
            0,
            -5,
            0.001,
            10.005,
            float("nan"),
            float("inf"),
            float("-inf"),
            1e300,
            1_000_000_000_000.01,
            "100",
            False,
        ):
            for document in (self.order, self.env["sale.order"]):
                with (
                    self.subTest(amount=amount, document=document),
                    self.assertRaises(ValidationError),
                    self.cr.savepoint(),
                ):
                    self._create_link(amount=amount, sale_order_id=document.id)
        self.assertFalse(self.order.payment_link_ids)

    def test_amount_follows_the_decimals_of_the_currency(self):
        yen = self._enable_currency("JPY")
        dinar = self._enable_currency("KWD")
        self.assertEqual(
            self._create_standalone_link(500, currency_id=yen.id).amount, 500
        )
        with self.assertRaises(ValidationError):
            self._create_standalone_link(500.5, currency_id=yen.id)
        self.assertEqual(
            self._create_standalone_link(1.005, currency_id=dinar.id).amount, 1.005
        )
        with self.assertRaises(ValidationError):
            self._create_standalone_link(1.0005, currency_id=dinar.id)

    def test_float_dust_is_no_decimal(self):
        self.assertEqual(self._create_standalone_link(0.1 + 0.2).amount, 0.3)

    def test_standalone_link_needs_an_amount(self):
        with self.assertRaises(ValidationError):
            self.env["payment.link"].create({"reference": "Nothing"})

    def test_rule_13_open_links_never_ask_for_more_than_the_order_owes(self):
        self._create_link(amount=60)
        with self.assertRaises(ValidationError):
            self._create_link(amount=40.01)
        self.assertEqual(self._create_link().amount, 40.0)
        with self.assertRaises(ValidationError):
            self._create_link()

    def test_rule_13_closed_links_ask_for_nothing(self):
        self._create_link().action_cancel()
        self.assertEqual(self._create_link().amount, 100.0)

    def test_document_and_link_agree(self):
        """A link that named another customer would book the order's money on them."""
        other = self.env["res.partner"].create({"name": "Somebody else"})
        foreign = self._enable_currency("CHF")
        for values in ({"partner_id": other.id}, {"currency_id": foreign.id}):
            with (
                self.subTest(values=values),
                self.assertRaises(ValidationError),
                self.cr.savepoint(),
            ):
                self._create_link(**values)

    def test_customer_and_provider_of_another_company(self):
        other = self.env["res.company"].create({"name": "Other"})
        partner = self.customer.copy({"company_id": other.id})
        provider = self.provider.copy({"company_id": other.id})
        for values in (
            {"partner_id": partner.id},
            {"provider_ids": [Command.set(provider.ids)]},
        ):
            with (
                self.subTest(values=values),
                self.assertRaises(ValidationError),
                self.cr.savepoint(),
            ):
                self._create_standalone_link(**values)

    def test_numbers_out_of_range(self):
        for values in (
            {"minimum_percent": 29.99},
            {"minimum_percent": 100.01},
            {"max_payments": -1},
            {"activation_minutes": -1},
        ):
            with (
                self.subTest(values=values),
                self.assertRaises(CheckViolation),
                mute_logger("odoo.sql_db"),
                self.cr.savepoint(),
            ):
                self._create_standalone_link(**values)

    @freeze_time("2030-03-01 12:00:00")
    def test_expiry_in_the_past(self):
        with self.assertRaises(ValidationError):
            self._create_link(expires_at="2030-03-01 11:59:59")

    def test_link_on_a_document_that_the_user_cannot_read(self):
        user = self._create_new_internal_user(
            login="clerk", groups="sales_team.group_sale_salesman"
        )
        self.order.user_id = self.admin_user
        with self.assertRaises(AccessError):
            self.env["payment.link"].with_user(user).create(
                {"sale_order_id": self.order.id}
            )
