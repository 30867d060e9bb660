"""Links that are sent in bulk: how many a second, in how much memory, and at which size.

Odoo has nothing to stand beside it. Each size is sent by a process of its own, one after
the other in one database, so the larger one also finds more links there.
"""

import json
import tempfile
from pathlib import Path

from dev.console import phase
from dev.paths import CACHE

from .report import Row

_FOLDER = Path(__file__).parent
SIZES = (2500, 5000)
QUICK_SIZES = (250, 500)
CUSTOMERS = 500


def measure_bulk(odoo, databases, sizes):
    """Send links for as many invoices as the sizes say, and measure it.

    :param Odoo odoo: what to run
    :param Databases databases: where to get a database from
    :param tuple sizes: two sizes, the second one twice the first
    :return: for each size what the job's process says of itself
    :rtype: list[dict]
    """
    results = []
    with databases.temporary(databases.with_addon(), "bulk") as database:
        with phase(f"{sum(sizes):,} invoices"):
            settings = f"COUNT = {sum(sizes)}\nCUSTOMERS = {CUSTOMERS}\n"
            text = (_FOLDER / "bulk_fixture.py").read_text()
            odoo.shell(database, settings + text, "bench-bulk-fixture")
        for number, size in enumerate(sizes):
            with phase(f"{size:,} links in bulk"):
                results.append(_send(odoo, database, size, sum(sizes[:number])))
    return results


def _send(odoo, database, size, offset):
    with tempfile.TemporaryDirectory(dir=CACHE) as folder:
        output = Path(folder) / "bulk.json"
        settings = f"COUNT = {size}\nOFFSET = {offset}\nOUTPUT = {str(output)!r}\n"
        text = (_FOLDER / "bulk_job.py").read_text()
        odoo.shell(database, settings + text, "bench-bulk")
        return json.loads(output.read_text())


def make_bulk_rows(results):
    """Return the rows of the table: both sizes, and what twice the size costs.

    :param list results: what :func:`measure_bulk` returned
    :rtype: list[Row]
    """
    rows = []
    for result in results:
        size = f"{result['count']:,}"
        rows += [
            _row(
                f"links for {size} invoices sent in bulk",
                result["sent"] / result["seconds"],
                floor=50,
                unit="{:.1f}/s",
            ),
            _row(
                f"- of them not sent, of {size}",
                result["count"] - result["sent"],
                floor=0,
                is_less_better=True,
            ),
            _row(
                f"- processor time of a link, {size}",
                result["cpu"] / result["count"] * 1000,
                unit="{:.1f} ms",
            ),
            _row(f"- queued, {size}", result["queued"] * 1000, unit="{:,.0f} ms"),
            _row(f"- peak memory, {size}", result["peak"], unit="{:,.0f} MB"),
            _row(
                f"- more than before it began, {size}",
                result["peak"] - result["before"],
                unit="{:,.0f} MB",
            ),
        ]
    small, large = results
    for name, title in (("seconds", "time"), ("cpu", "processor time")):
        costs = [result[name] / result["count"] for result in (small, large)]
        rows.append(
            _row(
                f"{title} of a link, twice as many to once",
                costs[1] / costs[0],
                floor=1.15,
                is_less_better=True,
                unit="{:.2f} x",
            )
        )
    return rows


def _row(title, ours, **options):
    return Row(title, ours, is_ratio=False, **options)
