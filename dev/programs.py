"""Programs that the host has to have: as root, they are installed from Debian's packages."""

import os
import shutil
import subprocess

from .console import SetupError, note, phase


def ensure_program(names, package, purpose):
    """Return the path of a program; root gets it installed.

    :param tuple names: what the program may be called
    :param str package: Debian's package with it
    :param str purpose: who needs it, for the message
    :raises SetupError: if it is not there
    """
    if found := _find(names):
        return found
    if os.getuid() == 0 and shutil.which("apt-get"):
        with phase(f"{package} from Debian's package"):
            try:
                _install(package)
            except SetupError as error:
                note(f"{package}: {error}")
        if found := _find(names):
            return found
    raise SetupError(
        f"{purpose} need {names[0]} on the PATH. Install Debian's package:"
        f" apt-get install {package}"
    )


def _find(names):
    return next(filter(None, map(shutil.which, names)), None)


def _install(package):
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    install = ["apt-get", "install", "--yes", "--no-install-recommends", package]
    for command in (["apt-get", "update"], install):
        result = subprocess.run(
            command, env=environment, capture_output=True, text=True
        )
        if result.returncode:
            lines = result.stderr.strip().splitlines() or ["no output"]
            raise SetupError(f"{' '.join(command[:2])} failed: {lines[-1]}")
