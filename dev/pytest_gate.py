"""A pytest plugin: what else makes a run fail, besides a failed test.

* A skipped test. Odoo skips browser tests where Chromium or a library is missing; a
  test that did not run proves nothing.
* A warning or an error that the addon logs, or that is about it. A test that provokes
  one says so with `assertLogs` or `mute_logger`, which keeps the record from getting
  here.
* A Python warning that one of the addon's files causes.

With `--gate-result=<file>` the counts are written to that file, for the summary of
several runs.
"""

import json
import logging
import os
from collections import Counter
from pathlib import Path

import pytest

from .logs import is_ours
from .paths import ADDON


class _Collector(logging.Handler):
    """Keep the records that are about the addon, with the test that was running."""

    def __init__(self, problems):
        super().__init__(logging.WARNING)
        self.problems = problems

    def emit(self, record):
        text = logging.Formatter("%(levelname)s %(name)s: %(message)s").format(record)
        if is_ours(record.name, text):
            self.problems.append(f"{_current_test()}\n    logged {text}")


def _current_test():
    return os.environ.get("PYTEST_CURRENT_TEST", "outside of a test")


class Gate:
    def __init__(self):
        self.problems = []
        self.counts = Counter()
        self.handler = _Collector(self.problems)

    def pytest_sessionstart(self):
        logging.getLogger().addHandler(self.handler)

    def pytest_runtest_logreport(self, report):
        if report.skipped:
            self._skipped(report)
        elif report.failed:
            self.counts["failed" if report.when == "call" else "errors"] += 1
        elif (
            report.when == "call" and type(report) is pytest.TestReport
        ):  # not a subtest's
            self.counts["passed"] += 1

    def pytest_collectreport(self, report):
        if report.skipped:
            self._skipped(report)
        elif report.failed:
            self.counts["errors"] += 1

    def _skipped(self, report):
        self.counts["skipped"] += 1
        reason = (
            report.longrepr[2]
            if isinstance(report.longrepr, tuple)
            else report.longrepr
        )
        self.problems.append(f"{report.nodeid}\n    was skipped: {reason}")

    def pytest_warning_recorded(self, warning_message):
        if Path(warning_message.filename).is_relative_to(ADDON):
            self.problems.append(f"{_current_test()}\n    caused {warning_message}")

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session, exitstatus):
        logging.getLogger().removeHandler(self.handler)
        if self.problems and exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
        if path := session.config.getoption("--gate-result"):
            result = {"counts": self.counts, "problems": self.problems}
            Path(path).write_text(json.dumps(result))

    def pytest_terminal_summary(self, terminalreporter):
        if self.problems:
            terminalreporter.section("not allowed", red=True)
            for problem in self.problems:
                terminalreporter.line(problem)


def pytest_addoption(parser):
    parser.addoption("--gate-result", help="file for the counts and the problems")


def pytest_configure(config):
    config.pluginmanager.register(Gate(), "gate")
