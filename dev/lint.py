"""Check the style, and check the checks: each must reject what is bad on purpose."""

import os
import subprocess
from dataclasses import dataclass

from .console import SetupError, note
from .files import locked
from .paths import ADDON, ADDON_NAME, CACHE, ROOT
from .prettier import prettier_command
from .venv import ensure_venv

_FIXTURE = "dev/lint_fixture"
_PRETTY_SUFFIXES = (".css", ".js", ".scss", ".xml")


@dataclass(frozen=True)
class Check:
    """A tool that says no by its exit code.

    :param list command: the command line, without the files
    :param list files: what is checked
    :param list fixture: files that are bad on purpose
    :param list proof: what the tool says about each of these files
    """

    title: str
    command: list
    files: list
    fixture: list
    proof: list

    def passes(self):
        """Check the files and show what is wrong with them."""
        note(self.title)
        return not self.files or self._run(self.files) == 0

    def bites(self):
        """Tell whether the tool rejects the fixture, for the reasons it should."""
        result = self._run(self.fixture, capture_output=True, text=True)
        output = result.stdout + result.stderr
        if result.returncode and all(text in output for text in self.proof):
            return True
        note(f"{self.title} does not reject {', '.join(self.fixture)}:\n{output}")
        return False

    def _run(self, files, **options):
        environment = {
            **os.environ,
            "RUFF_CACHE_DIR": str(CACHE / "ruff"),
            "PYLINTHOME": str(CACHE / "pylint"),
        }
        command = [*self.command, *files]
        result = subprocess.run(command, cwd=ROOT, env=environment, **options)
        return result if options else result.returncode


def lint(_arguments):
    """Run every check, and show the faults of all of them."""
    checks = _checks(_ready_venv())
    blunt = [check.title for check in checks if not check.bites()]
    failed = [check.title for check in checks if not check.passes()]
    if blunt or failed:
        raise SetupError(f"lint failed: {', '.join(dict.fromkeys(blunt + failed))}")
    note("All checks pass, and each of them rejects what is bad on purpose.")


def reformat(_arguments):
    """Rewrite the files as the checks want them, as far as the tools can."""
    venv = _ready_venv()
    ruff = venv.program("ruff")
    subprocess.run([ruff, "check", "--fix", "--quiet", "."], cwd=ROOT)
    subprocess.run([ruff, "format", "."], cwd=ROOT)
    if files := _pretty_files():
        command = [*prettier_command(venv), "--write", "--log-level=warn"]
        subprocess.run([*command, *files], cwd=ROOT)


def _ready_venv():
    with locked(CACHE / "setup.lock"):
        return ensure_venv()


def _checks(venv):
    ruff = venv.program("ruff")
    pretty = [f"{_FIXTURE}/bad{suffix}" for suffix in (".js", ".scss", ".xml")]
    return [
        Check(
            "ruff check",
            [ruff, "check", "--quiet", "--output-format=concise"],
            ["."],
            [f"{_FIXTURE}/bad.py"],
            ["F401"],
        ),
        Check(
            "ruff format",
            [ruff, "format", "--check"],
            ["."],
            [f"{_FIXTURE}/bad.py"],
            ["bad.py", "1 file would be reformatted"],
        ),
        Check(
            "pylint-odoo",
            [venv.program("pylint")],
            [ADDON_NAME],
            [f"{_FIXTURE}/bad_module"],
            ["manifest-required-key", "manifest-version-format", "print-used"],
        ),
        Check(
            "prettier",
            [*prettier_command(venv), "--check", "--log-level=warn"],
            _pretty_files(),
            pretty,
            pretty,
        ),
    ]


def _pretty_files():
    return sorted(
        str(path.relative_to(ROOT))
        for path in ADDON.rglob("*")
        if path.suffix in _PRETTY_SUFFIXES and "lib" not in path.parts
    )
