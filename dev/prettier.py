"""Prettier from its npm lock file, run with the Node of the virtual environment."""

import os
import shutil
import subprocess

from .console import SetupError, phase
from .files import built_folder, digest
from .paths import CACHE, ROOT

_PACKAGE_FILES = (ROOT / "dev" / "package.json", ROOT / "dev" / "package-lock.json")
_PLUGIN = "@prettier/plugin-xml"


def prettier_command(venv):
    """Return the command line of prettier, without its arguments."""
    folder = CACHE / f"node-{digest(*_PACKAGE_FILES)}"
    if not folder.exists():
        with phase("prettier"), built_folder(folder) as building:
            _install(venv, building)
    modules = folder / "node_modules"
    return [
        str(venv.node),
        str(modules / "prettier" / "bin" / "prettier.cjs"),
        f"--plugin={modules / _PLUGIN / 'src' / 'plugin.js'}",
    ]


def _install(venv, folder):
    for path in _PACKAGE_FILES:
        shutil.copy(path, folder)
    npm = venv.node.parents[1] / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    options = ["--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier"]
    result = subprocess.run(
        [str(venv.node), str(npm), "ci", *options],
        cwd=folder,
        env={**os.environ, "npm_config_cache": str(CACHE / "npm")},
        capture_output=True,
        text=True,
    )
    if result.returncode:
        tail = "\n".join(result.stderr.strip().splitlines()[-5:])
        raise SetupError(f"npm could not install prettier:\n{tail}")
