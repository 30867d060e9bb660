"""Run the tests: several processes of pytest side by side, each on databases of its own.

Most of the tests wait most of the time: for locks, for jobs, for retries, for a browser.
So more of them are at work than the smallest machine has cores.
"""

import json
import os
import signal
import subprocess
import tempfile
import time
from collections import Counter
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from .chromium import ensure_chromium
from .console import note
from .databases import PLAIN, WEBSITE, Databases
from .logs import complaints
from .odoo import Odoo, ready_odoo
from .paths import ADDON_NAME, CACHE, LOGS, ROOT
from .postgres import running_cluster
from .server import die_with_parent, free_port

_SIDE_BY_SIDE = 3
_STOP_SECONDS = 30
_NO_TESTS = 5  # pytest's exit code for it


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
    """

    title: str
    pattern: str
    flavour: str | None = None
    is_split: bool = False
    is_durable: bool = False


_TESTS = f"{ADDON_NAME}/tests"
_WEBSITE = Suite("the addon beside website", f"{_TESTS}/test_website_*.py", WEBSITE)
_ADDON = Suite("the addon", f"{_TESTS}/test_*.py", PLAIN)
_KILLS = Suite("kills", "e2e/test_kills.py", is_durable=True)
_SERVERS = Suite("real servers", "e2e/test_*.py", is_split=True)
_SUITES = (_WEBSITE, _ADDON, _KILLS, _SERVERS)

# What takes longest starts first.
_FIRST = (
    _ADDON.title,
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
    ensure_chromium()
    with ready_odoo() as odoo:
        databases = Databases(odoo)
        databases.drop_abandoned()
        results = _run_side_by_side(databases, _parts(suites, arguments))
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
        key=lambda part: _FIRST.index(part.title) if part.title in _FIRST else 99,
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
                running.append(_Process(databases, waiting.pop(0), len(parts) == 1))
            os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT)
            for process in [process for process in running if process.has_ended()]:
                running.remove(process)
                results.append(process.finish())
    finally:
        for process in running:
            process.stop()
    return results


@dataclass(frozen=True)
class _Result:
    """What became of a part: the numbers of tests, and what the gate does not allow."""

    title: str
    counts: dict
    problems: list

    @property
    def is_good(self):
        return not self.problems and not self.counts.keys() & {"failed", "errors"}


class _Process:
    """A pytest at work on one part, and what it works on.

    :param Databases databases: where the prepared ones are
    :param Part part: what it runs
    :param bool is_alone: whether the terminal is its own; otherwise its output is shown
        when it has ended
    """

    def __init__(self, databases, part, is_alone):
        self.part = part
        self.log = None if is_alone else LOGS / f"test-{part.slug}.log"
        self.start = time.monotonic()
        self.problems = []
        with ExitStack() as stack:
            if part.suite.is_durable:
                databases = stack.enter_context(_durable(databases))
            database = None
            if flavour := part.suite.flavour:
                template = databases.with_addon(flavour)
                self.problems += _complaints_at_installation(databases, flavour)
                database = stack.enter_context(databases.temporary(template, "test"))
            folder = stack.enter_context(tempfile.TemporaryDirectory(dir=CACHE))
            self.report = Path(folder) / "result.json"
            note(f"Testing {part.title}")
            output = None
            if self.log:
                LOGS.mkdir(parents=True, exist_ok=True)
                output = stack.enter_context(open(self.log, "w"))
            self.process = subprocess.Popen(
                [*self._command(databases.odoo, database), *part.options, *part.tests],
                cwd=ROOT,
                env=_environment(databases.odoo),
                stdout=output,
                stderr=output and subprocess.STDOUT,
                # Ctrl-C is for the command, unless a debugger has the terminal.
                start_new_session=not is_alone,
                preexec_fn=die_with_parent,
            )
            self._resources = stack.pop_all()

    def _command(self, odoo, database):
        command = [str(odoo.venv.python), "-m", "pytest", "-p", "dev.pytest_gate"]
        command += ["-o", f"cache_dir={CACHE / 'pytest' / self.part.slug}"]
        command += [f"--gate-result={self.report}"]
        if self.log:
            command += ["--no-header"]
        if not database:
            return [*command, "-p", "no:odoo"]
        configuration = odoo.configuration(
            f"test-{self.part.slug}",
            db_name=database,
            dbfilter=f"^{database}$",
            http_interface="127.0.0.1",
            http_port=free_port(),
            max_cron_threads=0,
        )
        # The log level is what the gate gets to see.
        return [
            *command,
            f"--odoo-config={configuration}",
            "--odoo-http",
            "--odoo-log-level=warn",
        ]

    def has_ended(self):
        return self.process.poll() is not None

    def finish(self):
        """Show the output of a process that has ended, and return its result."""
        code, counts = self.process.returncode, {}
        if self.log and code != _NO_TESTS:
            seconds = time.monotonic() - self.start
            note(f"{self.part.title}, {seconds:.0f} s:")
            print(self.log.read_text(errors="replace"), flush=True)
        if self.report.exists():
            outcome = json.loads(self.report.read_text())
            counts = outcome["counts"]
            self.problems += outcome["problems"]
        result = _Result(self.part.title, counts, self.problems)
        if code not in (0, _NO_TESTS) and result.is_good:
            result.problems.append(f"pytest ended with code {code}")
            note(f"{result.title}: {result.problems[-1]}")
        self._resources.close()
        return result

    def stop(self):
        """Interrupt it as Ctrl-C would, so that it stops its servers and browsers."""
        with suppress(subprocess.TimeoutExpired):
            self.process.send_signal(signal.SIGINT)
            self.process.wait(_STOP_SECONDS)
        self.process.kill()
        self.process.wait()
        self._resources.close()


@contextmanager
def _durable(databases):
    """Give the prepared databases on a PostgreSQL server that may be killed."""
    odoo = databases.odoo
    with running_cluster(odoo.venv, durable=True) as cluster:
        durable = Databases(Odoo(odoo.venv, odoo.source, cluster))
        durable.drop_abandoned()
        durable.fetch(databases.with_loopback(), databases.cluster)
        yield durable


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
