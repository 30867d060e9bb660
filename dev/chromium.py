"""Chromium, which the browser tests need."""

import os
import shutil
import subprocess

from .console import SetupError, note, phase

# The names that Odoo looks for.
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

# How scripts start it: without the sandbox, which root cannot have, and without looking
# for its maker's services.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def ensure_chromium():
    """Return the path of Chromium; root gets it installed."""
    if found := _find():
        return found
    if os.getuid() == 0 and shutil.which("apt-get"):
        with phase("Chromium from Debian's package"):
            try:
                _install()
            except SetupError as error:
                note(f"Chromium: {error}")
        if found := _find():
            return found
    raise SetupError(
        "the browser tests need Chromium on the PATH. Install Debian's package:"
        " apt-get install chromium"
    )


def _find():
    return next(filter(None, map(shutil.which, _NAMES)), None)


def _install():
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    install = ["apt-get", "install", "--yes", "--no-install-recommends", "chromium"]
    for command in (["apt-get", "update"], install):
        result = subprocess.run(
            command, env=environment, capture_output=True, text=True
        )
        if result.returncode:
            lines = result.stderr.strip().splitlines() or ["no output"]
            raise SetupError(f"{' '.join(command[:2])} failed: {lines[-1]}")
