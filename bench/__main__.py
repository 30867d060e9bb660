"""`python -m bench`: measure, and print the table."""

import argparse
import json
import os
import tempfile
from pathlib import Path

from dev.console import SetupError, note, phase
from dev.databases import Databases
from dev.odoo import ready_odoo
from dev.paths import CACHE
from dev.server import OdooServer, free_port
from dev.wkhtmltopdf import path_with_wkhtmltopdf

from .api import ApiPlan, make_api_rows, measure_api
from .bulk import QUICK_SIZES, SIZES, make_bulk_rows, measure_bulk
from .measure import Measurement, Plan
from .report import print_table
from .summary import describe_failures, make_rows

_FIXTURE = Path(__file__).with_name("fixture.py")


def main():
    """Measure on a server of its own, and a database that is dropped afterwards."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="short, and less exact")
    parser.add_argument(
        "--only", choices=("payers", "bulk", "api"), help="one part of it, not all"
    )
    options = parser.parse_args()
    with ready_odoo() as odoo:
        databases = Databases(odoo)
        databases.drop_abandoned()
        if options.only in (None, "payers"):
            _measure_payers(odoo, databases, options.quick)
        if options.only in (None, "api"):
            plan = ApiPlan(2, 1.0) if options.quick else ApiPlan()
            print_table(make_api_rows(measure_api(odoo, databases, plan)))
        if options.only in (None, "bulk"):
            sizes = QUICK_SIZES if options.quick else SIZES
            print_table(make_bulk_rows(measure_bulk(odoo, databases, sizes)))


def _measure_payers(odoo, databases, is_quick):
    plan = Plan(2, 1.0, 16, 4) if is_quick else Plan()
    has_pdf = _provide_wkhtmltopdf()
    with databases.temporary(databases.with_addon(), "bench") as database:
        port = free_port()
        with phase("orders and links to pay"):
            targets = _make_targets(odoo, database, plan, port)
        with OdooServer(
            odoo, database, workers=4, cron_threads=2, port=port, name="bench"
        ) as server:
            results = _measure(server, targets, plan, has_pdf)
    print_table(make_rows(results))
    for line in describe_failures(results):
        print(line)
    if not has_pdf:
        print("Without wkhtmltopdf: Odoo's mails had no PDF, which is not its default.")


def _provide_wkhtmltopdf():
    """Put wkhtmltopdf on the PATH, and return whether there is one.

    Odoo at its default settings makes a PDF before it finishes the payment of an order.
    """
    try:
        os.environ["PATH"] = path_with_wkhtmltopdf()
    except SetupError as error:
        note(str(error))
        return False
    return True


def _make_targets(odoo, database, plan, port):
    with tempfile.TemporaryDirectory(dir=CACHE) as folder:
        output = Path(folder) / "targets.json"
        settings = (
            f"SIZES = {plan.sizes!r}\n"
            f"OUTPUT = {str(output)!r}\n"
            f"BASE_URL = 'http://localhost:{port}'\n"
        )
        # Odoo's shell reads its input to the end, and runs it as one text.
        odoo.shell(database, settings + _FIXTURE.read_text(), "bench-fixture")
        return json.loads(output.read_text())


def _measure(server, targets, plan, has_pdf):
    measurement = Measurement(server, targets, plan)
    results = {"has_pdf": has_pdf}
    with measurement.without_pdfs():
        with phase("warm-up"):
            measurement.warm_up()
        with phase("the pages' sizes and queries"):
            results["sizes"] = measurement.page_sizes()
            results["costs"] = measurement.page_costs()
        results["rates"] = measurement.page_rates()
        with phase("one payer at a time, mails without PDF"):
            results["plain"] = measurement.single_payments()
        results["many"] = measurement.many_payments()
    if has_pdf:
        with phase("one payer at a time, Odoo at its defaults"):
            results["default"] = measurement.single_payments()
    return results


if __name__ == "__main__":
    main()
