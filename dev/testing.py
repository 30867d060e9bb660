"""Run the tests: several processes of pytest side by side, each on databases of its own.

Most of the tests wait most of the time: for locks, for jobs, for retries, for a browser.
So more of them are at work than the smallest machine has cores.
"""

import os
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from .chromium import ensure_chromium
from .console import SetupError, note
from .databases import PLAIN, WEBSITE, Databases
from .odoo import ready_odoo
from .paths import ADDON_NAME, ROOT
from .pytest_process import PytestProcess
from .wkhtmltopdf import find_wkhtmltopdf

_SIDE_BY_SIDE = 3


@dataclass(frozen=True)
class Suite:
    """Some of the tests, and what they run on.

    :param str title: for the output
    :param str pattern: the files, less those of the suites before it
    :param str flavour: the database that Odoo's own test classes run in, where they are
        used
    :param bool is_split: whether each file runs in a process of its own
    :param bool is_durable: whether its tests kill PostgreSQL: they get a server of their
        own, which keeps what was committed
    :param bool makes_pdfs: whether some of its tests need wkhtmltopdf
    """

    title: str
    pattern: str
    flavour: str | None = None
    is_split: bool = False
    is_durable: bool = False
    makes_pdfs: bool = False


_TESTS = f"{ADDON_NAME}/tests"
_WEBSITE = Suite("the addon beside website", f"{_TESTS}/test_website_*.py", WEBSITE)
_ADDON = Suite("the addon", f"{_TESTS}/test_*.py", PLAIN)
_KILLS = Suite("kills", "e2e/test_kills.py", is_durable=True)
_SERVERS = Suite("real servers", "e2e/test_*.py", is_split=True, makes_pdfs=True)
_SUITES = (_WEBSITE, _ADDON, _KILLS, _SERVERS)

# What takes longest starts first.
_FIRST = (
    _ADDON.title,
    "e2e/test_languages.py",
    "e2e/test_races.py",
    "e2e/test_uses_races.py",
    "e2e/test_document_races.py",
    "e2e/test_request_races.py",
    "e2e/test_guest_page.py",
    "e2e/test_lifecycle.py",
    _KILLS.title,
)


def test(arguments):
    """Run all tests."""
    _run(_SUITES, arguments)


def test_long(arguments):
    """Run all tests, with many more rounds where a test has rounds."""
    os.environ["TEST_LONG"] = "1"
    _run(_SUITES, arguments)


def quick(arguments):
    """Run the addon's own tests only, for use while writing them."""
    _run((_ADDON,), arguments)


def _run(suites, arguments):
    start = time.monotonic()
    parts = _parts(suites, arguments)
    ensure_chromium()
    if any(part.suite.makes_pdfs for part in parts):
        try:
            find_wkhtmltopdf()
        except SetupError as error:
            note(str(error))  # The tests that need it say so again, and fail.
    with ready_odoo() as odoo:
        databases = Databases(odoo)
        databases.drop_abandoned()
        results = _run_side_by_side(databases, parts)
    if len(results) > 1:
        for result in results:
            if not result.is_good:
                note(f"failed: {result.title}")
    counts = sum((Counter(result.counts) for result in results), Counter())
    problems = sum(len(result.problems) for result in results)
    _summarize(counts, problems, time.monotonic() - start)


# --- what runs ------------------------------------------------------------------------


@dataclass(frozen=True)
class Part:
    """What one process of pytest runs.

    :param Suite suite: whose tests they are
    :param str title: for the output
    :param list tests: the files, or tests in them
    :param list options: further options for pytest
    """

    suite: Suite
    title: str
    tests: list
    options: list

    @property
    def slug(self):
        return Path(self.title.replace(" ", "-")).stem


def _parts(suites, arguments):
    """Return what to run: all tests, or those that pytest's arguments name."""
    paths = [text for text in arguments if (ROOT / text.split("::")[0]).exists()]
    options = [text for text in arguments if text not in paths]
    parts = {}
    for test in _files_in(paths or [_TESTS, "e2e"]):
        file = test.split("::")[0]
        owners = (suite for suite in _SUITES if Path(file).match(suite.pattern))
        suite = next(owners, None)
        if suite in suites:
            title = file if suite.is_split else suite.title
            part = parts.setdefault(title, Part(suite, title, [], options))
            part.tests.append(test)
    return sorted(
        parts.values(),
        key=lambda part: (
            _FIRST.index(part.title) if part.title in _FIRST else len(_FIRST)
        ),
    )


def _files_in(paths):
    """Yield the files with tests in folders; what else is named, as it is."""
    for path in paths:
        if (ROOT / path).is_dir():
            for file in sorted((ROOT / path).rglob("test_*.py")):
                yield str(file.relative_to(ROOT))
        else:
            yield path


# --- running --------------------------------------------------------------------------


def _run_side_by_side(databases, parts):
    """Run the parts, a few at a time, and return their results."""
    waiting, running, results = list(parts), [], []
    try:
        while waiting or running:
            while waiting and len(running) < _SIDE_BY_SIDE:
                running.append(
                    PytestProcess(databases, waiting.pop(0), len(parts) == 1)
                )
            os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT)
            for process in [process for process in running if process.has_ended()]:
                running.remove(process)
                results.append(process.finish())
    finally:
        for process in running:
            process.stop()
    return results


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
