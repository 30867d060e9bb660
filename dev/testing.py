"""Run the tests: each suite in a pytest of its own, on a database of its own."""

import json
import os
import subprocess
import tempfile
import time
from collections import Counter
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

from .chromium import ensure_chromium
from .console import SetupError, note
from .databases import PLAIN, WEBSITE, Databases
from .logs import complaints
from .odoo import ready_odoo
from .paths import ADDON_NAME, CACHE, ROOT

_NO_TESTS = 5  # pytest's exit code for it
_WEBSITE_FILES = "test_website_*.py"


@dataclass(frozen=True)
class Suite:
    """Some of the tests, and the database that they run on.

    :param str title: for the output
    :param str folder: where the tests are
    :param str flavour: the database that Odoo's own test classes run in, where they are
        used
    :param list options: further options for pytest
    """

    title: str
    folder: str
    flavour: str | None
    options: tuple = ()

    def owns(self, path):
        """Tell whether a file named on the command line belongs to this suite."""
        file = (ROOT / path.split("::")[0]).resolve()
        if not file.is_relative_to(ROOT / self.folder):
            return False
        return (self.flavour == WEBSITE) == file.match(_WEBSITE_FILES)


_TESTS = f"{ADDON_NAME}/tests"
_ADDON = Suite("the addon", _TESTS, PLAIN, (f"--ignore-glob=*/{_WEBSITE_FILES}",))
_ADDON_WITH_WEBSITE = Suite("the addon beside the module website", _TESTS, WEBSITE)
_SERVERS = Suite("real servers", "e2e", None)
_SUITES = (_ADDON, _ADDON_WITH_WEBSITE, _SERVERS)


def test(arguments):
    """Run all suites."""
    _run(_SUITES, arguments)


def test_long(arguments):
    """Run all suites, with many more rounds where a test has rounds."""
    os.environ["TEST_LONG"] = "1"
    _run(_SUITES, arguments)


def quick(arguments):
    """Run the addon's own tests only, for use while writing them."""
    _run((_ADDON,), arguments)


def _run(suites, arguments):
    start = time.monotonic()
    ensure_chromium()
    counts, problems = Counter(), 0
    with ready_odoo() as odoo:
        databases = Databases(odoo)
        databases.drop_abandoned()
        for suite, selection in _select(suites, arguments):
            result = _run_suite(databases, suite, selection)
            counts.update(result["counts"])
            problems += len(result["problems"])
    _summarize(counts, problems, time.monotonic() - start)


def _select(suites, arguments):
    """Yield each suite with pytest's arguments; a named file goes to its suite only."""
    paths = [text for text in arguments if (ROOT / text.split("::")[0]).exists()]
    options = [text for text in arguments if text not in paths]
    for suite in suites:
        own = [path for path in paths if suite.owns(path)]
        if own or not paths:
            yield suite, [*options, *(own or _files(suite))]


def _files(suite):
    if suite.flavour == WEBSITE:
        return sorted(str(path) for path in (ROOT / suite.folder).glob(_WEBSITE_FILES))
    return [suite.folder] if (ROOT / suite.folder).is_dir() else []


def _run_suite(databases, suite, selection):
    """Run one suite and return its counts and problems."""
    result = {"counts": {}, "problems": []}
    if not _files(suite):
        note(f"no tests for {suite.title}")
        return result
    if suite.flavour:
        template = databases.with_addon(suite.flavour)
        result["problems"] = _complaints_at_installation(databases, suite.flavour)
        database = databases.temporary(template, "test")
    else:
        database = nullcontext()
    note(f"Testing {suite.title}")
    with database as name, tempfile.TemporaryDirectory(dir=CACHE) as folder:
        report = Path(folder) / "result.json"
        command = _pytest(databases.odoo, suite, name)
        code = subprocess.run(
            [*command, f"--gate-result={report}", *suite.options, *selection],
            cwd=ROOT,
            env=_environment(databases.odoo),
        ).returncode
        if not report.exists():
            raise SetupError(f"pytest ended with code {code} and without a result")
        outcome = json.loads(report.read_text())
    result["counts"] = outcome["counts"]
    result["problems"] += outcome["problems"]
    if code not in (0, _NO_TESTS) and not outcome["counts"].keys() & {
        "failed",
        "errors",
    }:
        result["problems"] = result["problems"] or [f"pytest ended with code {code}"]
    return result


def _pytest(odoo, suite, database):
    command = [str(odoo.venv.python), "-m", "pytest", "-p", "dev.pytest_gate"]
    command += ["-o", f"cache_dir={CACHE / 'pytest'}"]
    if not suite.flavour:
        return [*command, "-p", "no:odoo"]
    configuration = odoo.configuration(
        f"test-{suite.flavour}",
        db_name=database,
        dbfilter=f"^{database}$",
        http_interface="127.0.0.1",
        max_cron_threads=0,
    )
    # The log level is what the gate gets to see.
    return [
        *command,
        f"--odoo-config={configuration}",
        "--odoo-http",
        "--odoo-log-level=warn",
    ]


def _environment(odoo):
    environment = odoo.environment
    environment["PYTHONPATH"] += os.pathsep + str(ROOT)
    environment["HYPOTHESIS_STORAGE_DIRECTORY"] = str(CACHE / "hypothesis")
    return environment


def _complaints_at_installation(databases, flavour):
    found = complaints(databases.install_log(flavour).read_text())
    if found:
        note("installing the addon logged what it must not:")
        for record in found:
            print(record)
    return found


def _summarize(counts, problems, seconds):
    """Print pytest's kind of closing line for all suites; fail if one of them did."""
    order = ("failed", "passed", "skipped", "errors")
    parts = [f"{counts[name]} {name}" for name in order if counts[name]]
    if problems:
        parts.append(f"{problems} not allowed")
    line = f" {', '.join(parts) or 'no tests ran'} in {seconds:.2f}s "
    print(line.center(100, "="), flush=True)
    if problems or counts["failed"] or counts["errors"] or not counts["passed"]:
        raise SystemExit(1)
