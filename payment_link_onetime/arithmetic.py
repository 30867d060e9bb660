"""What the lines of a request come to: exact decimals, rounded once to the currency.

It knows nothing of Odoo, so that it can be tried on any number of lists.
"""

from decimal import ROUND_HALF_UP, Decimal, localcontext

STANDARD = "standard"
DISCOUNT = "discount"
DISCOUNT_PERCENTAGE = "discount_percentage"
FINAL_DISCOUNT = "final_discount"
PRICE_OVERRIDE = "price_override"

# More digits than fifty lines of whatever a float can say need for an exact cent.
_PRECISION = 200


def add_up(lines, step):
    """Return what each line changes, and what all of them come to.

    The lines work on a running total in their order, final discounts after all others.
    A discount may stand before what it is taken from. What is left below zero in the
    end is nothing.

    :param list[tuple[str, Decimal]] lines: The type of each line's value, and the value:
        an amount, or a percentage for `DISCOUNT_PERCENTAGE`. None is below zero.
    :param Decimal step: The smallest amount of the currency, for example 0.01.
    :return: The changes in the order of the lines, and the total, all of them multiples
        of `step`. The changes add up to the total, unless that would be below zero.
    :rtype: tuple[list[Decimal], Decimal]
    """
    order = sorted(range(len(lines)), key=lambda i: lines[i][0] == FINAL_DISCOUNT)
    changes = [Decimal(0)] * len(lines)
    running = Decimal(0)
    with localcontext() as context:
        context.prec = _PRECISION
        for index in order:
            before = running
            running = _apply(running, *lines[index])
            # Differences of rounded totals, not rounded differences: they add up.
            changes[index] = _round(running, step) - _round(before, step)
        return changes, max(_round(running, step), Decimal(0))


def _apply(total, value_type, value):
    """Return what a line makes of the total before it."""
    if value_type == PRICE_OVERRIDE:
        return value
    if value_type == DISCOUNT_PERCENTAGE:
        return total - max(total, Decimal(0)) * value / 100
    if value_type in (DISCOUNT, FINAL_DISCOUNT):
        return total - value
    return total + value


def _round(amount, step):
    return (amount / step).quantize(Decimal(1), ROUND_HALF_UP) * step
