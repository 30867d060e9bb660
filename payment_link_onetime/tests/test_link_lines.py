from decimal import Decimal

from odoo import Command
from odoo.exceptions import ValidationError
from odoo.tests import tagged

from .common import PaymentLinkCommon, PaymentLinkHttpCommon


def line(value, value_type="standard", **values):
    return Command.create(
        {"name": "Garden chair", "value": value, "value_type": value_type, **values}
    )


class TestLinkLines(PaymentLinkCommon):
    """Links whose caller says what the amount is made of."""

    def _create_lines_link(self, *commands, **values):
        return self.env["payment.link"].create(
            {"company_id": self.company.id, "line_ids": list(commands), **values}
        )

    def _assert_refused(self, message, *commands, **values):
        with (
            self.assertRaisesRegex(ValidationError, message),
            self.cr.savepoint(),
        ):
            self._create_lines_link(*commands, **values)

    # === WHAT THE LINES COME TO === #

    def test_C7_amount_is_computed_from_the_lines(self):
        for commands, expected in (
            ([line(1.09), line(0.19, "discount")], 0.90),
            ([line(1.09), line(19, "discount_percentage")], 0.88),
            ([line(1.09), line(0.19, "price_override")], 0.19),
            ([line(1, "final_discount"), line(10), line(50, "discount_percentage")], 4),
            ([line(0.1), line(0.2)], 0.3),
            ([line(10_000_000)], 10_000_000),
            ([line(0), line(1)], 1),
        ):
            with self.subTest(expected=expected):
                link = self._create_lines_link(*commands)
                self.assertEqual(link.amount, expected)
                self.assertEqual(link.amount_untaxed, expected)
                changes = sum(link.line_ids.mapped("amount_total"))
                self.assertEqual(link.currency_id.compare_amounts(changes, expected), 0)

    def test_C8_total_is_subtotal_and_taxes(self):
        link = self._create_lines_link(line(100), line(10, "discount"), amount_tax=9)
        amounts = (link.amount_untaxed, link.amount_tax, link.amount_total)
        self.assertEqual(amounts, (90.0, 9.0, 99.0))
        self.assertEqual(link.amount, 99.0)

    def test_C8_total_without_lines(self):
        link = self._create_standalone_link(99.0, amount_tax=9.0)
        amounts = (link.amount_untaxed, link.amount_tax, link.amount_total)
        self.assertEqual(amounts, (90.0, 9.0, 99.0))
        link = self._create_standalone_link(99.0)
        self.assertEqual((link.amount_untaxed, link.amount_total), (99.0, 99.0))

    def test_C7_lines_keep_what_was_asked(self):
        link = self._create_lines_link(
            line(20, description="Oak"), line(25, "discount_percentage", name="Spring")
        )
        self.assertEqual(
            link.line_ids.mapped(
                lambda it: (it.name, it.description, it.value_type, it.value)
            ),
            [
                ("Garden chair", "Oak", "standard", 20.0),
                ("Spring", False, "discount_percentage", 25.0),
            ],
        )
        self.assertEqual(link.line_ids.mapped("amount_untaxed"), [20.0, -5.0])

    def test_C7_in_the_decimals_of_the_currency(self):
        yen = self._enable_currency("JPY")
        link = self._create_lines_link(
            line(99), line(50, "discount_percentage"), currency_id=yen.id
        )
        self.assertEqual(link.amount, 50.0)
        dinar = self._enable_currency("KWD")
        link = self._create_lines_link(line(0.0005), currency_id=dinar.id)
        self.assertEqual(link.amount, 0.001)

    def test_C7_amount_and_lines_agree(self):
        link = self._create_lines_link(line(60), line(40), amount=100.0)
        self.assertEqual(link.amount, 100.0)
        self._assert_refused("come to .*100", line(60), line(40), amount=99.99)
        self._assert_refused("above zero", line(60), amount=0)
        self._assert_refused("must be a number", line(60), amount="60")

    def test_C7_a_decimal_is_a_number(self):
        self.assertEqual(self._create_lines_link(line(Decimal("1.09"))).amount, 1.09)

    # === WHAT IS REFUSED === #

    def test_C7_no_line_and_too_many(self):
        self._assert_refused("1 to 50 lines, and not 0")
        self._assert_refused("1 to 50 lines, and not 51", *[line(1)] * 51)
        self.assertEqual(len(self._create_lines_link(*[line(1)] * 50).line_ids), 50)
        self._assert_refused("1 to 50 lines", amount=5.0)

    def test_C7_values_out_of_range_name_line_and_field(self):
        for value in (-1, -0.01, 10_000_000.01, float("nan"), float("inf"), "1", None):
            with self.subTest(value=value):
                self._assert_refused("Line 2, Value: ", line(1), line(value))
        self._assert_refused("Line 1, Value: True", line(True))
        self._assert_refused("Line 1, Value: None", Command.create({"name": "Chair"}))

    def test_C7_fields_that_are_not_understood(self):
        for values, field in (
            ({"name": " "}, "Name"),
            ({"name": False}, "Name"),
            ({"description": "x" * 501}, "Description"),
            ({"description": 5}, "Description"),
            ({"value_type": "Discount"}, "Type"),
            ({"amount_total": 5.0}, "Total"),
            ({"link_id": self._create_link().id}, "Link"),
            ({"quantity": 2}, "Quantity"),
            ({"no_field": 2}, "no_field"),
        ):
            with self.subTest(values=values):
                self._assert_refused(f"Line 1, {field}", line(1, **values))
        link = self._create_lines_link(line(1, description="x" * 500))
        self.assertEqual(len(link.line_ids.description), 500)

    def test_C7_lines_of_another_link(self):
        """Whoever could link them would take them away from it."""
        other = self._create_link().line_ids
        for commands in (
            [Command.link(other.id)],
            [Command.set(other.ids)],
            [Command.update(other.id, {"name": "Mine"})],
            [[]],
            ["line"],
        ):
            with self.subTest(commands=commands):
                self._assert_refused("created with it", *commands)
        self._assert_refused("1 to 50", line_ids="lines")

    def test_C7_discounts_of_everything(self):
        """Never below zero, and nothing is no amount, whatever the taxes."""
        for commands in (
            [line(0)],
            [line(5), line(5, "discount")],
            [line(5), line(6, "discount")],
            [line(5), line(100, "discount_percentage")],
            [line(5), line(0, "price_override")],
            [line(0.004)],
        ):
            self._assert_refused("come to nothing", *commands)
            self._assert_refused("come to nothing", *commands, amount_tax=1.0)

    def test_C8_taxes_that_cannot_be(self):
        for tax in (-1, 0.001, float("nan"), float("inf"), "1"):
            with self.subTest(tax=tax):
                self._assert_refused("taxes", line(5), amount_tax=tax)
        for tax in (10.0, 10.01):
            with self.assertRaisesRegex(ValidationError, "taxes"):
                self._create_standalone_link(10.0, amount_tax=tax)

    def test_C8_totals_are_the_servers(self):
        for field in ("amount_untaxed", "amount_total"):
            self._assert_refused("server computes", line(5), **{field: 5.0})

    def test_E4_lines_of_a_document_stay_as_they_were(self):
        link = self._create_link()
        self.assertEqual(link.line_ids.mapped("value_type"), ["standard"])
        self.order.order_line.price_unit = 70.0
        self.assertEqual(link.line_ids.amount_total, 100.0)


@tagged("post_install", "-at_install")
class TestLinesPage(PaymentLinkHttpCommon):
    def test_C7_page_says_what_was_taken_off(self):
        link = self.env["payment.link"].create(
            {
                "company_id": self.company.id,
                "amount_tax": 2.0,
                "line_ids": [
                    line(50, description="Oiled <oak>"),
                    line(40, "price_override", name="Floor model"),
                    line(12.5, "discount_percentage", name="Spring"),
                    line(5, "discount", name="Voucher"),
                    line(1, "final_discount", name="Friend of the house"),
                ],
            }
        )
        text = self._get_page(link).text
        self.assertEqual(link.amount, 31.0)
        for expected in (
            "Oiled &lt;oak&gt;",
            f"The price up to here becomes {link._format_amount(40.0)}",
            "Discount of 12.5%",
            "Discount on the total",
            *(link._format_amount(amount) for amount in (-10, -5, -1, 29, 2, 31)),
        ):
            self.assertIn(expected, text)
