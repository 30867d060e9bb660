"""wkhtmltopdf for Odoo's own mails: the host's, or Debian's package in the cache.

Without it Odoo cannot finish the payment of an order at its default settings.
"""

import os
import shutil
import subprocess

from dev.console import note, phase
from dev.files import built_folder
from dev.paths import CACHE

_FOLDER = CACHE / "wkhtmltopdf"
_PROGRAM = """#!/bin/sh
export QT_QPA_PLATFORM=offscreen
export QT_PLUGIN_PATH={plugins}
export LD_LIBRARY_PATH={libraries}
exec {root}/usr/bin/{name} "$@"
"""
_NAMES = ("wkhtmltopdf", "wkhtmltoimage")


def ensure_wkhtmltopdf():
    """Put wkhtmltopdf on the PATH of this process and return whether it works."""
    if not shutil.which("wkhtmltopdf"):
        if not (_FOLDER / "bin").exists():
            try:
                with phase("wkhtmltopdf from Debian's package"):
                    _fetch()
            except (OSError, subprocess.CalledProcessError) as error:
                note(f"wkhtmltopdf: {error}")
                return False
        os.environ["PATH"] += os.pathsep + str(_FOLDER / "bin")
    return _works()


def _fetch():
    """Unpack the package and what the host lacks of its dependencies."""
    with built_folder(_FOLDER) as folder:
        archives = folder / "archives"
        (archives / "partial").mkdir(parents=True)
        subprocess.run(
            [
                "apt-get",
                "install",
                "--download-only",
                "--yes",
                "--no-install-recommends",
                f"--option=Dir::Cache::Archives={archives}",
                "--option=APT::Sandbox::User=root",
                "--option=Debug::NoLocking=1",
                "wkhtmltopdf",
            ],
            check=True,
            capture_output=True,
        )
        for archive in sorted(archives.glob("*.deb")):
            command = ["dpkg-deb", "--extract", str(archive), str(folder / "root")]
            subprocess.run(command, check=True)
        shutil.rmtree(archives)
        root = folder / "root"
        found = {path.parent.relative_to(folder) for path in root.rglob("lib*.so*")}
        libraries = os.pathsep.join(str(_FOLDER / path) for path in sorted(found))
        plugins = next(root.glob("usr/lib/*/qt5/plugins")).relative_to(folder)
        (folder / "bin").mkdir()
        for name in _NAMES:
            program = folder / "bin" / name
            program.write_text(
                _PROGRAM.format(
                    root=_FOLDER / "root",
                    plugins=_FOLDER / plugins,
                    libraries=libraries,
                    name=name,
                )
            )
            program.chmod(0o755)


def _works():
    try:
        command = ["wkhtmltopdf", "-q", "-", "-"]
        result = subprocess.run(
            command, input=b"<p>A page</p>", capture_output=True, timeout=60
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        note(f"wkhtmltopdf: {error}")
        return False
    if not result.stdout.startswith(b"%PDF"):
        lines = result.stderr.decode(errors="replace").strip().splitlines()
        note(f"wkhtmltopdf: {lines[-1] if lines else 'no PDF'}")
        return False
    return True
