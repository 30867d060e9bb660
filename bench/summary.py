"""The rows of the table, made of what was measured."""

from collections import Counter

from .load import median
from .report import Row

_MS = "{:,.0f} ms"
_RATE = "{:.1f}/s"


def make_rows(results):
    """Return the table's rows: what is promised first, then what explains it.

    :param dict results: what `Measurement` returned
    :rtype: list[Row]
    """
    return [*_page_rows(results), *_payment_rows(results), *_booking_rows(results)]


def describe_failures(results):
    """Return one line for each kind of failure that payers saw."""
    lines = []
    for name, loads in results["many"][0].items():
        failures = Counter(text for load in loads for text in load.failures)
        total = sum(len(load.payments) + len(load.failures) for load in loads)
        for text, count in failures.most_common(3):
            lines.append(f"{name}: {count} of {total} failed: {text.strip()}")
    return lines


def _page_rows(results):
    rates = {name: median(values) for name, values in results["rates"].items()}
    sizes = results["sizes"]
    queries = {name: cost[0] for name, cost in results["costs"].items()}
    seconds = {name: cost[1] for name, cost in results["costs"].items()}
    ours = rates["our_orders"]
    order, pay, login = rates["odoo_orders"], rates["odoo_amounts"], rates["login"]
    rows = [
        Row("page, order lines; Odoo's order page", ours, order, 3, 4, unit=_RATE),
        Row("page, order lines; /payment/pay", ours, pay, 1.5, 2, unit=_RATE),
        Row("page, order lines; /web/login", ours, login, None, 0.7, unit=_RATE),
        Row("page, no order; /payment/pay", rates["our_amounts"], pay, unit=_RATE),
        Row(
            "warm queries; Odoo's order page",
            queries["our_orders"],
            queries["odoo_orders"],
            18,
            10,
            is_less_better=True,
            is_ratio=False,
        ),
        Row(
            "warm queries; /payment/pay",
            queries["our_amounts"],
            queries["odoo_amounts"],
            18,
            10,
            is_less_better=True,
            is_ratio=False,
        ),
        Row(
            "bytes of the page; Odoo's order page",
            sizes["our_orders"],
            sizes["odoo_orders"],
            14000,
            is_less_better=True,
            is_ratio=False,
            unit="{:,.0f}",
        ),
    ]
    for title, one, other in (
        ("in the server; Odoo's order page", "our_orders", "odoo_orders"),
        ("in the server; /payment/pay", "our_amounts", "odoo_amounts"),
        ("in the server; /web/login", "our_orders", "login"),
    ):
        rows.append(
            Row(title, seconds[one] * 1000, seconds[other] * 1000, unit="{:.1f} ms")
        )
    return rows


def _payment_rows(results):
    rows = []
    for name, title, limits in (
        ("default", "an order's payment, PDF in the mail", (0.35, 0.2)),
        ("plain", "an order's payment, no PDF in the mail", (None, None)),
    ):
        if name not in results:
            continue
        times = {
            side: median(payment.seconds * 1000 for payment in payments)
            for side, payments in results[name][0].items()
        }
        ours, odoos = times["our_orders"], times["odoo_orders"]
        rows.append(Row(title, ours, odoos, *limits, is_less_better=True, unit=_MS))
    loads = results["many"][0]
    for kind, title, aim in (
        ("orders", "orders' payments, 8 payers", 4),
        ("amounts", "standalone payments, 8 payers, one contact", None),
    ):
        ours, odoos = loads[f"our_{kind}"], loads[f"odoo_{kind}"]
        rows.append(Row(title, _rate(ours), _rate(odoos), 2, aim, unit=_RATE))
        failed = Row(
            f"- of them failed, of {_total(ours)}",
            _failed(ours),
            _failed(odoos),
            0,
            is_less_better=True,
            is_ratio=False,
        )
        rows.append(failed)
    return rows


def _booking_rows(results):
    rows = []
    for name, title in (("default", "PDF"), ("plain", "no PDF")):
        if name not in results:
            continue
        delays = {side: median(found) for side, found in results[name][1].items()}
        rows.append(
            Row(
                f"from the last page to the books, {title}",
                delays["our_orders"] * 1000,
                delays["odoo_orders"] * 1000,
                unit=_MS,
            )
        )
    loads, booked = results["many"]
    for kind, title in (("orders", "orders'"), ("amounts", "standalone")):
        ours, odoos = booked[f"our_{kind}"], booked[f"odoo_{kind}"]
        title = f"{title} payments, 8 payers, until all booked"
        rows.append(Row(title, median(ours), median(odoos), unit=_RATE))
    return rows


def _rate(loads):
    return median(load.per_second for load in loads)


def _failed(loads):
    return sum(len(load.failures) for load in loads)


def _total(loads):
    return _failed(loads) + sum(len(load.payments) for load in loads)
