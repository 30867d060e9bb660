"""Odoo's own tests of what the addon extends: the same result with it as without.

Odoo's test runner runs them, in a database with demo data as Odoo's own builds have it.
Tests that run at the installation of their module never meet an addon that is installed
later; the others, of which these modules have the most, run with everything loaded.
"""

import re
from dataclasses import dataclass

from .chromium import ensure_chromium
from .console import SetupError, note, phase
from .databases import Databases
from .odoo import ready_odoo
from .server import free_port

_MODULES = ("payment", "account_payment", "payment_demo", "sale")
_TOTAL = re.compile(r"(\d+) failed, (\d+) error\(s\) of (\d+) tests")
_FAULT = re.compile(r" (?:FAIL|ERROR): ((?:Test|[a-z_]+\.)?\w+\.test_\w+)")


@dataclass(frozen=True)
class _Result:
    total: int
    faults: frozenset


def odoo_tests(arguments):
    """Run the tests twice, compare, and fail where the addon makes a difference."""
    tags = ",".join(arguments or [f"/{module}" for module in _MODULES])
    ensure_chromium()
    with ready_odoo() as odoo:
        databases = Databases(odoo)
        databases.drop_abandoned()
        with_addon = _run(databases, databases.with_addon(), tags, "with the addon")
        without = _run(databases, databases.base(), tags, "without the addon")
    for name in sorted(without.faults):
        note(f"fails without the addon too: {name}")
    broken = sorted(with_addon.faults - without.faults)
    if broken:
        raise SetupError(
            "the addon makes these tests of Odoo fail: " + ", ".join(broken)
        )
    if with_addon.total != without.total:
        raise SetupError(
            f"{with_addon.total} tests ran with the addon, {without.total} without it"
        )
    note(f"{with_addon.total} tests of Odoo pass with the addon as they do without it.")


def _run(databases, template, tags, title):
    odoo = databases.odoo
    slug = title.replace(" ", "-")
    with databases.temporary(template, "odoo_tests") as database:
        configuration = odoo.configuration(
            "odoo-tests", db_name=database, http_port=free_port()
        )
        arguments = ["server", "-c", configuration, "--stop-after-init"]
        arguments += [f"--test-tags={tags}", "--max-cron-threads=0"]
        with phase(f"Odoo's tests {title}"):
            log = odoo.run(*arguments, log_name=f"odoo-tests-{slug}", check=False)
    text = log.read_text(errors="replace")
    totals = _TOTAL.findall(text)
    if not totals:
        raise SetupError(f"no test ran {title}, see {log}")
    failed, errors, total = map(int, totals[-1])
    note(f"{total} tests, {failed} failed, {errors} errors ({log})")
    return _Result(total, frozenset(_FAULT.findall(text)))
