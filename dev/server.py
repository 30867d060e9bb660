"""A real Odoo server: for the demo, the end-to-end tests and the measurements."""

import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request

from .console import SetupError
from .logs import complaints
from .paths import CACHE, LOGS

_HOST = "127.0.0.1"
_START_SECONDS = 120
_STOP_SECONDS = 15
_SET_PARENT_DEATH_SIGNAL = 1


def free_port():
    """Return a port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind((_HOST, 0))
        return probe.getsockname()[1]


def wait_until(condition, seconds, what):
    """Poll until `condition()` is true and return its value."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {seconds} s in vain for {what}")
        time.sleep(0.05)
    return value


class OdooServer:
    """One server on one database; a context manager that starts and stops it.

    Start it from the main thread: the server ends with the thread that started it, so
    that a command that is killed leaves no server behind.

    :param Odoo odoo: what to run
    :param str database: the one database that the server knows
    :param int workers: processes that answer requests; 0 is a single process with
        threads
    :param int cron_threads: processes or threads that run scheduled jobs; 0 runs none
    :param int port: the port to listen on, a free one by default
    :param str interface: the address to listen on
    :param str name: the name of the log and the configuration
    :param settings: further settings of Odoo
    """

    def __init__(
        self,
        odoo,
        database,
        workers=4,
        cron_threads=0,
        port=None,
        interface=_HOST,
        name=None,
        **settings,
    ):
        self.odoo = odoo
        self.database = database
        self.name = name or database
        self.log_path = LOGS / f"{self.name}.log"
        self.port = port or free_port()
        self.settings = {
            "db_name": database,
            "http_interface": interface,
            "http_port": self.port,
            "gevent_port": free_port(),
            "workers": workers,
            "max_cron_threads": cron_threads,
            **settings,
        }
        self.process = None
        self._complaints_before_stop = None

    @property
    def url(self):
        return f"http://localhost:{self.port}"

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *error):
        self.stop()

    def start(self):
        """Start the server and return when it answers."""
        self._complaints_before_stop = None
        configuration = self.odoo.configuration(self.name, **self.settings)
        LOGS.mkdir(parents=True, exist_ok=True)
        with open(self.log_path, "w") as log:
            self.process = subprocess.Popen(
                self.odoo.command("server", "-c", configuration),
                env=self.odoo.environment,
                cwd=CACHE,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                # Ctrl-C is for the command, which then stops the server in good order.
                start_new_session=True,
                preexec_fn=die_with_parent,
            )
        try:
            wait_until(self._is_ready, _START_SECONDS, f"Odoo on {self.url}")
        except BaseException:
            self.stop()
            raise

    def stop(self):
        """Stop the server, politely first."""
        if not self.settings["workers"] and self._complaints_before_stop is None:
            self._complaints_before_stop = complaints(self.log())
        if self.process.poll() is None:
            self.process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(_STOP_SECONDS)
        self.kill()

    def kill(self):
        """End the server and all its workers at once, as a power cut would."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def log(self):
        """Return what the server has logged so far."""
        return self.log_path.read_text(errors="replace")

    def complaints(self):
        """Return the warnings and errors in the log that are about the addon.

        A server without workers closes its connections when it stops, and its scheduled
        jobs may stumble over that: what they log then does not count.
        """
        if self._complaints_before_stop is not None:
            return self._complaints_before_stop
        return complaints(self.log())

    def _is_ready(self):
        if self.process.poll() is not None:
            tail = "\n".join(self.log().splitlines()[-10:])
            raise SetupError(f"Odoo ended while starting, see {self.log_path}:\n{tail}")
        try:
            with urllib.request.urlopen(f"{self.url}/web/health", timeout=10) as answer:
                return answer.status == 200
        except (urllib.error.URLError, OSError):
            return False


def die_with_parent():
    """Let a new process end with the thread that started it: for `preexec_fn`."""
    ctypes.CDLL(None).prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGTERM)
