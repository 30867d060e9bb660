"""Find Odoo 19, or fetch it: the first of several ways that works is taken."""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from .apt import PrivateApt
from .console import SetupError, note, phase
from .files import built_folder, digest
from .paths import CACHE

SERIES = "19.0"
_REPOSITORY = "https://github.com/odoo/odoo.git"
_DEBIAN_TREE = CACHE / "odoo-debian"
_DEBIAN_PYTHON = "usr/lib/python3/dist-packages"
_CLONE = CACHE / "odoo-clone"

# Debian's odoo-19 replaces some of its files by relative links into these packages.
_DEBIAN_PACKAGES = (
    "odoo-19",
    "libjs-jquery",
    "libjs-underscore",
    "libjs-jquery-form",
    "fonts-roboto-unhinted",
    "fonts-montserrat",
    "fonts-inconsolata",
    "fonts-ocr-b",
)
# Font Awesome 4: the version in sid is another one, with other file names.
_STABLE_PACKAGES = ("fonts-font-awesome",)


@dataclass(frozen=True)
class OdooSource:
    """A usable Odoo 19: the folder that `import odoo` needs, and its addons."""

    python_path: Path
    addons_path: tuple
    version: str
    origin: str

    @property
    def key(self):
        """Changes when another Odoo is used, so that databases are prepared anew."""
        return digest(self.version, str(self.python_path))


def find_odoo():
    """Return an `OdooSource`; every way that fails says so in one line."""
    for way in (_from_variable, _from_import, _from_debian, _from_clone):
        try:
            source = way()
        except SetupError as error:
            note(f"Odoo: {error}")
            continue
        if source:
            return source
    raise SetupError(
        "no Odoo 19 found or fetched. Set ODOO_SRC to a checkout of Odoo's branch"
        " 19.0, or make Debian's package mirror or github.com reachable."
    )


def _source(root, origin):
    """Return the Odoo below `root`: a checkout, or a folder with the package `odoo`."""
    release = root / "odoo" / "release.py"
    if not release.is_file():
        raise SetupError(f"{origin}: no odoo/release.py below {root}")
    match = re.search(
        r"^version_info\s*=\s*\(\s*(\d+)\s*,\s*(\d+)", release.read_text(), re.M
    )
    version = "{}.{}".format(*match.groups()) if match else "an unknown version"
    if version != SERIES:
        raise SetupError(f"{origin}: Odoo {SERIES} is needed, this is {version}")
    addons = tuple(
        path for path in (root / "odoo" / "addons", root / "addons") if path.is_dir()
    )
    if not any((path / "payment" / "__manifest__.py").is_file() for path in addons):
        raise SetupError(f"{origin}: the standard addons are missing below {root}")
    return OdooSource(root, addons, version, origin)


def _from_variable():
    folder = os.environ.get("ODOO_SRC")
    return _source(Path(folder).resolve(), "ODOO_SRC") if folder else None


def _from_import():
    """Look for an installed `odoo` in the Python that runs this command.

    The search runs in a process of its own, from a neutral folder, so that nothing of
    it is left behind. Odoo gets a folder with nothing but a link to it: the Python
    packages beside it are not those of the lock file.
    """
    code = "import odoo.release; print(odoo.release.__file__)"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd="/"
    )
    if result.returncode:
        return None
    package = Path(result.stdout.strip()).resolve().parent
    tree = CACHE / f"odoo-installed-{digest(str(package))}"
    tree.mkdir(parents=True, exist_ok=True)
    for name, target in (("odoo", package), ("addons", package.parent / "addons")):
        link = tree / name
        if target.is_dir() and not link.is_symlink():
            link.symlink_to(target)
    return _source(tree, f"the installed odoo in {package}")


def _from_debian():
    if not _DEBIAN_TREE.exists():
        with phase("Odoo 19 from Debian's package"), built_folder(_DEBIAN_TREE) as tree:
            PrivateApt("trixie").unpack(_STABLE_PACKAGES, tree)
            PrivateApt("sid").unpack(_DEBIAN_PACKAGES, tree)
            packages = tree / _DEBIAN_PYTHON
            # A second copy of odoo/addons, half a gigabyte.
            shutil.rmtree(packages / "addons", ignore_errors=True)
            _source(packages, "Debian's package odoo-19")
    return _source(_DEBIAN_TREE / _DEBIAN_PYTHON, "Debian's package odoo-19")


def _from_clone():
    if not _CLONE.exists():
        with phase("Odoo 19 from its repository"), built_folder(_CLONE) as folder:
            command = ["git", "clone", "--quiet", "--depth=1", f"--branch={SERIES}"]
            result = subprocess.run(
                [*command, _REPOSITORY, str(folder)], capture_output=True, text=True
            )
            if result.returncode:
                lines = result.stderr.strip().splitlines() or ["no output"]
                raise SetupError(f"git clone failed: {lines[-1]}")
    return _source(_CLONE, "the clone of Odoo's repository")
