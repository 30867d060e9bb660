"""Run Odoo: its environment, its configuration file, its command line."""

import os
import subprocess
from collections import deque
from contextlib import contextmanager

from .console import SetupError
from .files import locked
from .odoo_source import find_odoo
from .paths import CACHE, LOGS, ODOO_DATA, ROOT
from .postgres import running_cluster
from .venv import ensure_venv

_ODOO_BIN = ROOT / "dev" / "scripts" / "odoo_bin.py"
# Variables that Odoo would take settings from.
_FOREIGN = ("ODOO_", "OPENERP_", "PG")


class Odoo:
    """Odoo 19 with its Python and its PostgreSQL server, ready to be started."""

    def __init__(self, venv, source, cluster):
        self.venv = venv
        self.source = source
        self.cluster = cluster

    @property
    def environment(self):
        """The environment of every process that imports Odoo.

        It also leads the project's own commands, when one of those processes calls
        them, to the same Odoo and to the same PostgreSQL server.
        """
        kept = {k: v for k, v in os.environ.items() if not k.startswith(_FOREIGN)}
        kept.pop("DATABASE_URL", None)
        return {
            **kept,
            **self.cluster.environment,
            "PATH": os.pathsep.join(
                [str(self.venv.folder / "bin"), os.environ.get("PATH", "")]
            ),
            "PYTHONPATH": str(self.source.python_path),
            # Playwright's own Node needs a library that a bare Debian 12 lacks.
            "PLAYWRIGHT_NODEJS_PATH": str(self.venv.node),
            # Neither Odoo's folder nor the addon's gets compiled files.
            "PYTHONPYCACHEPREFIX": str(CACHE / "pycache"),
            "ODOO_SRC": str(self.source.python_path),
            "DEV_CACHE": str(CACHE),
        }

    def configuration(self, name, with_addon=True, **options):
        """Write a configuration file and return its path.

        :param str name: the file's name, the same for each use of the same kind
        :param bool with_addon: whether this repository's folder is on the addons path
        :param options: further settings of Odoo
        """
        values = {
            "addons_path": self.addons_path(*([ROOT] if with_addon else [])),
            "data_dir": ODOO_DATA,
            "list_db": False,
            **options,
        }
        ODOO_DATA.mkdir(parents=True, exist_ok=True)
        path = CACHE / "conf" / f"{name}.conf"
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = [f"{key} = {value}\n" for key, value in values.items()]
        # At once: several commands may write and read the same file.
        unfinished = path.with_suffix(f".{os.getpid()}")
        unfinished.write_text("[options]\n" + "".join(lines))
        unfinished.replace(path)
        return path

    def addons_path(self, *folders):
        """Return Odoo's setting of this name, with further folders."""
        return ",".join(str(path) for path in (*self.source.addons_path, *folders))

    def command(self, *arguments):
        return [
            str(self.venv.python),
            str(_ODOO_BIN),
            *(str(text) for text in arguments),
        ]

    def run(self, *arguments, log_name, code=None, check=True):
        """Run Odoo to its end and return the path of its log.

        :param str log_name: the name of the log file
        :param str code: Python code for Odoo's shell, given on its standard input
        :param bool check: whether it is an error if Odoo ends with an exit code
        """
        LOGS.mkdir(parents=True, exist_ok=True)
        log = LOGS / f"{log_name}.log"
        with open(log, "w") as output:
            result = subprocess.run(
                self.command(*arguments),
                env=self.environment,
                # Not the checkout: Python would find its folders before Odoo's modules.
                cwd=CACHE,
                input=code or "",
                stdout=output,
                stderr=subprocess.STDOUT,
                text=True,
            )
        if check and result.returncode:
            with open(log) as lines:
                tail = "".join(deque(lines, 15))
            raise SetupError(f"Odoo failed, see {log}:\n{tail}")
        return log

    def shell(self, database, code, log_name, values=None, with_addon=True):
        """Run code in Odoo's shell, with `env` at hand; it commits what it does.

        :param dict values: what the code finds under these names; strings and numbers
        """
        configuration = self.configuration("shell", with_addon)
        arguments = ["shell", "-c", configuration, "-d", database, "--no-http"]
        prelude = "".join(
            f"{name} = {value!r}\n" for name, value in (values or {}).items()
        )
        return self.run(*arguments, log_name=log_name, code=prelude + code)


@contextmanager
def ready_odoo(durable=False):
    """Give an `Odoo` with everything it needs fetched, installed and started."""
    with locked(CACHE / "setup.lock"):
        venv = ensure_venv()
        source = find_odoo()
    with running_cluster(venv, durable) as cluster:
        yield Odoo(venv, source, cluster)
