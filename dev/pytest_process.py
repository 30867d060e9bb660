"""One process of pytest, with the databases that it needs."""

import json
import os
import signal
import subprocess
import tempfile
import time
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from .console import note
from .databases import LOOPBACK, Databases
from .logs import complaints
from .odoo import Odoo
from .paths import CACHE, LOGS, ROOT
from .postgres import running_cluster
from .server import die_with_parent, free_port

_NO_TESTS = 5  # pytest's exit code for it
_STOP_SECONDS = 30


@dataclass(frozen=True)
class Result:
    """What became of a part: the numbers of tests, and what the gate does not allow."""

    title: str
    counts: dict
    problems: list

    @property
    def is_good(self):
        return not self.problems and not self.counts.keys() & {"failed", "errors"}


class PytestProcess:
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
            "-p",
            "dev.shared_setup",
            "-p",
            "dev.kept_caches",
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
        result = Result(self.part.title, counts, self.problems)
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
        durable.fetch(databases.with_extra(LOOPBACK), databases.cluster)
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
