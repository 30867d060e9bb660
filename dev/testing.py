"""Run the tests: several processes of pytest side by side, each on databases of its own.

Most of the tests wait most of the time: for locks, for jobs, for retries, for a browser.
So more of them are at work than the smallest machine has cores.
"""

import os
import re
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from .chromium import ensure_chromium
from .console import SetupError, note
from .databases import PLAIN, WEBSITE, Databases
from .odoo import ready_odoo
from .paths import ADDON_NAME, ROOT
from .programs import ensure_program
from .pytest_process import PytestProcess
from .wkhtmltopdf import find_wkhtmltopdf

_SIDE_BY_SIDE = 3

# So few files are not worth several processes.
_FEW = 10

# Files that take longer than others of their size, and how many times as long.
_HEAVY = {"test_state_machine.py": 20, "test_tour.py": 4, "test_refund.py": 1.5}


@dataclass(frozen=True)
class Suite:
    """Some of the tests, and what they run on.

    :param str title: for the output
    :param str pattern: the files, less those of the suites before it
    :param str flavour: the database that Odoo's own test classes run in, where they are
        used
    :param bool is_split: whether each file runs in a process of its own, or with those
        that it shares a server with
    :param int processes: how many share the files, when all of them run
    :param bool is_durable: whether its tests kill PostgreSQL: they get a server of their
        own, which keeps what was committed
    :param bool makes_pdfs: whether some of its tests need wkhtmltopdf
    """

    title: str
    pattern: str
    flavour: str | None = None
    is_split: bool = False
    processes: int = 1
    is_durable: bool = False
    makes_pdfs: bool = False


_TESTS = f"{ADDON_NAME}/tests"
_WEBSITE = Suite("the addon beside website", f"{_TESTS}/test_website_*.py", WEBSITE)
_ADDON = Suite("the addon", f"{_TESTS}/test_*.py", PLAIN, processes=3)
_KILLS = Suite("kills", "e2e/test_kills.py", is_durable=True)
_SERVERS = Suite("real servers", "e2e/test_*.py", is_split=True, makes_pdfs=True)
_SUITES = (_WEBSITE, _ADDON, _KILLS, _SERVERS)

# Real servers take long to start: these files share one, as they leave nothing behind
# that would be in each other's way. Each wants the same of it (its `SERVER`).
_SHARING = {
    "the page": ("guest_page", "instalment_page", "landing", "portal"),
    "the dialog": ("channels", "dialog", "messages", "tracking", "creation_races"),
    "documents": ("document_races", "request_races", "uses_races"),
    "guides": ("api_guide", "webhook_guide"),
    "screens": ("refund_screen", "webhook_screen"),
    "a loopback provider": ("callbacks", "surplus"),
}
_GROUPS = {
    f"e2e/test_{name}.py": f"real servers: {title}"
    for title, names in _SHARING.items()
    for name in names
}

# What takes longest starts first: what waits a lot beside what computes a lot.
_FIRST = (
    "e2e/test_races.py",
    "real servers: documents",
    *(f"{_ADDON.title}, part {number}" for number in range(1, _ADDON.processes + 1)),
    "e2e/test_languages.py",
    "real servers: the page",
    "real servers: the dialog",
    "e2e/test_lifecycle.py",
    _KILLS.title,
    "real servers: a loopback provider",
    "real servers: guides",
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
    if any(part.suite == _SERVERS for part in parts):
        for name in ("curl", "openssl"):
            ensure_program((name,), name, "the guides' examples")
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
        return re.sub(r"\W+", "-", Path(self.title).stem)


def _parts(suites, arguments):
    """Return what to run: all tests, or those that pytest's arguments name."""
    paths = [text for text in arguments if (ROOT / text.split("::")[0]).exists()]
    options = [text for text in arguments if text not in paths]
    parts = {}
    owned = {}
    for test in _files_in(paths or [_TESTS, "e2e"]):
        file = test.split("::")[0]
        owners = (suite for suite in _SUITES if Path(file).match(suite.pattern))
        owned.setdefault(next(owners, None), []).append(test)
    for suite in suites:
        for title, tests in _share_out(suite, owned.get(suite, []), options):
            parts[title] = Part(suite, title, tests, options)
    return sorted(
        parts.values(),
        key=lambda part: (
            _FIRST.index(part.title) if part.title in _FIRST else len(_FIRST)
        ),
    )


def _share_out(suite, tests, options):
    """Yield what each process of a suite runs: its title, and its tests."""
    if not tests:
        return
    are_few = len(tests) < _FEW or "-k" in options
    if suite.is_split:
        groups = {}
        for test in tests:
            file = test.split("::")[0]
            title = file if are_few else _GROUPS.get(file, file)
            groups.setdefault(title, []).append(test)
        yield from groups.items()
    elif suite.processes == 1 or are_few:
        yield suite.title, tests
    else:
        parts = [[] for _i in range(suite.processes)]
        sizes = [0] * suite.processes
        for test in sorted(tests, key=_weight, reverse=True):
            smallest = sizes.index(min(sizes))
            parts[smallest].append(test)
            sizes[smallest] += _weight(test)
        for number, part in enumerate(parts, 1):
            yield f"{suite.title}, part {number}", sorted(part)


def _weight(file):
    """Return about how long a file's tests take: the longer, the more there are."""
    path = ROOT / file.split("::")[0]
    return path.stat().st_size * _HEAVY.get(path.name, 1)


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
