"""The smaller commands."""

import os
import subprocess

from .console import SetupError, phase
from .databases import Databases
from .files import locked
from .odoo import ready_odoo
from .paths import CACHE, LOCK_FILE, ROOT
from .venv import ensure_venv


def bench(arguments):
    """Run the measurements of the folder bench/."""
    if not (ROOT / "bench" / "__main__.py").exists():
        raise SetupError("there is no bench/__main__.py")
    with ready_odoo() as odoo:
        environment = odoo.environment
        environment["PYTHONPATH"] += os.pathsep + str(ROOT)
        command = [str(odoo.venv.python), "-m", "bench", *arguments]
        result = subprocess.run(command, cwd=ROOT, env=environment)
    raise SystemExit(result.returncode)


def shell(_arguments):
    """Open Odoo's shell on the demo's database."""
    with ready_odoo() as odoo:
        database = Databases(odoo).lasting_name("demo")
        if not odoo.cluster.exists(database):
            raise SetupError("there is no demo yet: run `make demo` first")
        configuration = odoo.configuration("shell")
        arguments = ["shell", "-c", configuration, "-d", database, "--no-http"]
        subprocess.run(odoo.command(*arguments), cwd=CACHE, env=odoo.environment)


def lock(_arguments):
    """Resolve requirements.in for every Python that is supported."""
    with locked(CACHE / "setup.lock"):
        venv = ensure_venv()
    command = [venv.program("uv"), "pip", "compile", "--quiet", "--upgrade"]
    command += ["--universal", "--python-version=3.10", "--no-header", "--no-annotate"]
    source = LOCK_FILE.with_suffix(".in")
    with phase(f"resolving {source.name}"):
        result = subprocess.run(
            [*command, str(source), f"--output-file={LOCK_FILE}"],
            env={**os.environ, "UV_CACHE_DIR": str(CACHE / "uv")},
            capture_output=True,
            text=True,
        )
    if result.returncode:
        raise SetupError(f"uv could not resolve it:\n{result.stderr.strip()}")
