from decimal import ROUND_HALF_UP, Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase, tagged

from ..arithmetic import (
    DISCOUNT,
    DISCOUNT_PERCENTAGE,
    FINAL_DISCOUNT,
    PRICE_OVERRIDE,
    STANDARD,
    add_up,
)

CENT = Decimal("0.01")
STEPS = (Decimal(1), Decimal("0.05"), CENT, Decimal("0.001"))
TYPES = (STANDARD, DISCOUNT, DISCOUNT_PERCENTAGE, FINAL_DISCOUNT, PRICE_OVERRIDE)

values = st.decimals(0, 10_000_000, places=4)
lists = st.lists(st.tuples(st.sampled_from(TYPES), values), min_size=1, max_size=50)
# The same examples in each run: a failure is a failure of the code.
examples = settings(database=None, deadline=None, derandomize=True, max_examples=300)


def total_of(*lines, step=CENT):
    return add_up([(kind, Decimal(value)) for kind, value in lines], step)[1]


@tagged("post_install", "-at_install")
class TestArithmetic(BaseCase):
    """C7: what lines come to."""

    def test_C7_examples(self):
        price = (STANDARD, "1.09")
        self.assertEqual(total_of(price, (DISCOUNT, "0.19")), Decimal("0.90"))
        self.assertEqual(total_of(price, (DISCOUNT_PERCENTAGE, 19)), Decimal("0.88"))
        self.assertEqual(total_of(price, (PRICE_OVERRIDE, "0.19")), Decimal("0.19"))
        self.assertEqual(total_of(price, (DISCOUNT, 2)), 0)
        self.assertEqual(total_of(price, (DISCOUNT_PERCENTAGE, 101)), 0)

    def test_C7_lines_work_in_their_order(self):
        """A percentage is of what stands before it."""
        first, second, percent = (
            (STANDARD, 10),
            (STANDARD, 5),
            (DISCOUNT_PERCENTAGE, 50),
        )
        self.assertEqual(total_of(first, percent, second), 10)
        self.assertEqual(total_of(first, second, percent), Decimal("7.50"))
        self.assertEqual(total_of(first, (PRICE_OVERRIDE, 7), second), 12)

    def test_C7_discount_before_its_price_is_not_lost(self):
        self.assertEqual(total_of((DISCOUNT, 3), (STANDARD, 10)), 7)
        self.assertEqual(
            total_of((DISCOUNT, 3), (DISCOUNT_PERCENTAGE, 50), (STANDARD, 10)), 7
        )

    def test_C7_final_discount_after_all_else(self):
        """Also after a percentage and a price that are written below it."""
        lines = [(FINAL_DISCOUNT, 1), (STANDARD, 10), (DISCOUNT_PERCENTAGE, 50)]
        self.assertEqual(total_of(*lines), 4)
        self.assertEqual(total_of((FINAL_DISCOUNT, 1), (PRICE_OVERRIDE, 10)), 9)

    def test_C7_rounded_once(self):
        """Three thirds are one, and half a cent is a cent."""
        thirds = [(STANDARD, "0.335")] * 3
        self.assertEqual(total_of(*thirds), Decimal("1.01"))
        self.assertEqual(total_of((STANDARD, "0.005")), CENT)
        self.assertEqual(total_of((STANDARD, "0.1"), (STANDARD, "0.2")), Decimal("0.3"))
        self.assertEqual(total_of((STANDARD, "1.02"), step=Decimal("0.05")), 1)

    @examples
    @given(lists, st.sampled_from(STEPS))
    def test_C7_never_below_zero_and_in_the_currencys_steps(self, lines, step):
        _changes, total = add_up(lines, step)
        self.assertGreaterEqual(total, 0)
        self.assertEqual(total % step, 0)

    @examples
    @given(lists, st.sampled_from(STEPS))
    def test_C7_what_the_payer_sees_adds_up(self, lines, step):
        changes, total = add_up(lines, step)
        self.assertEqual(max(sum(changes), 0), total)
        self.assertEqual(len(changes), len(lines))

    @examples
    @given(lists, st.integers(0, 50))
    def test_C7_place_of_a_final_discount_does_not_matter(self, lines, place):
        discount = (FINAL_DISCOUNT, Decimal("12.34"))
        moved = [*lines[:place], discount, *lines[place:]]
        self.assertEqual(add_up(moved, CENT)[1], add_up([*lines, discount], CENT)[1])

    @examples
    @given(st.lists(values, min_size=1, max_size=50), values)
    def test_C7_prices_less_a_discount(self, prices, discount):
        """Against the plainest sum there is."""
        lines = [(STANDARD, price) for price in prices]
        expected = max(sum(prices) - discount, Decimal(0))
        self.assertEqual(
            add_up([*lines, (DISCOUNT, discount)], CENT)[1],
            expected.quantize(CENT, ROUND_HALF_UP),
        )
