"""wkhtmltopdf, which makes Odoo's PDFs: the host's, or Debian's package in the cache.

Debian has it up to release 12. The package and the libraries that it needs are unpacked
into the cache, so that it runs on later releases as well, and for whoever is not root.
It is not on the PATH of the commands: servers and tests make no PDF unless they are
given it.
"""

import os
import shutil
import subprocess

from .apt import PrivateApt
from .console import SetupError, phase
from .files import built_folder, locked
from .paths import CACHE

_SUITE = "bookworm"
_FOLDER = CACHE / f"wkhtmltopdf-{_SUITE}"
_NAMES = ("wkhtmltopdf", "wkhtmltoimage")

# What every host has, at least as new; and the drivers of screens that it does without.
_NOT_NEEDED = {
    "gcc-12-base",
    "iso-codes",
    "libc6",
    "libegl-mesa0",
    "libgbm1",
    "libgcc-s1",
    "libgl1-mesa-dri",
    "libglx-mesa0",
    "libllvm15",
    "libstdc++6",
    "libz3-4",
}

_PROGRAM = """#!/bin/sh
export QT_QPA_PLATFORM=offscreen
export QT_PLUGIN_PATH={plugins}
export FONTCONFIG_FILE={fonts}
export LD_LIBRARY_PATH={libraries}
exec {root}/usr/bin/{name} "$@"
"""
_FONTS = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
    <dir>{root}/usr/share/fonts</dir>
    <dir>/usr/share/fonts</dir>
    <cachedir>{folder}/fonts</cachedir>
</fontconfig>
"""


def find_wkhtmltopdf():
    """Return the folder with wkhtmltopdf; fetch it if the host has none.

    :raises SetupError: if it cannot be fetched, or makes no PDF
    """
    if found := shutil.which("wkhtmltopdf"):
        return os.path.dirname(found)
    with locked(CACHE / "wkhtmltopdf.lock"):
        if not _FOLDER.exists():
            try:
                with phase("wkhtmltopdf from Debian's package"):
                    _fetch()
            except SetupError as error:
                raise SetupError(
                    f"wkhtmltopdf is needed and could not be fetched: {error}."
                    " Put it on the PATH, or make Debian's package mirror reachable."
                ) from None
    return str(_FOLDER / "bin")


def path_with_wkhtmltopdf():
    """Return a PATH on which wkhtmltopdf is found, for a server that makes PDFs.

    :raises SetupError: as :func:`find_wkhtmltopdf`
    """
    return os.pathsep.join([os.environ.get("PATH", ""), find_wkhtmltopdf()])


def _fetch():
    """Unpack the package and all that it needs, and see whether it works."""
    with built_folder(_FOLDER) as folder:
        root = folder / "root"
        apt = PrivateApt(_SUITE)
        apt.unpack(("wkhtmltopdf",), root, dependencies=True, without=_NOT_NEEDED)
        # The paths in the programs are those of the folder that this one becomes.
        for target in (folder, _FOLDER):
            _write_programs(folder, target)
            if target == folder:
                _check(folder / "bin" / "wkhtmltopdf")


def _write_programs(folder, target):
    """Write what starts the programs, for when `folder` is where `target` is."""
    root = folder / "root"
    found = {path.parent.relative_to(folder) for path in root.rglob("lib*.so*")}
    libraries = os.pathsep.join(str(target / path) for path in sorted(found))
    plugins = next(root.glob("usr/lib/*/qt5/plugins")).relative_to(folder)
    fonts = _FONTS.format(root=target / "root", folder=target)
    (folder / "fonts.conf").write_text(fonts)
    (folder / "bin").mkdir(exist_ok=True)
    for name in _NAMES:
        program = folder / "bin" / name
        program.write_text(
            _PROGRAM.format(
                root=target / "root",
                plugins=target / plugins,
                fonts=target / "fonts.conf",
                libraries=libraries,
                name=name,
            )
        )
        program.chmod(0o755)


def _check(program):
    """Let it make a PDF.

    :raises SetupError: if it does not
    """
    try:
        result = subprocess.run(
            [program, "-q", "-", "-"],
            input=b"<p>A page</p>",
            capture_output=True,
            timeout=60,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SetupError(f"it does not start ({error})") from None
    if not result.stdout.startswith(b"%PDF"):
        lines = result.stderr.decode(errors="replace").strip().splitlines()
        raise SetupError(f"it makes no PDF ({lines[-1] if lines else 'no output'})")
