"""The guides in docs/, whose examples are run as they stand there."""

import os
import re
import subprocess

from dev.paths import ROOT
from dev.venv import ensure_venv

_SUFFIXES = {"sh": "sh", "python": "py", "javascript": "mjs"}


def read_guide(name):
    return (ROOT / "docs" / name).read_text()


def read_examples(name, heading):
    """Return the examples below a heading: their languages and what they say."""
    section = read_guide(name).split(f"## {heading}\n")[1].split("\n## ")[0]
    return re.findall(r"```(sh|python|javascript)\n(.*?)```", section, re.DOTALL)


def run_example(folder, language, code, **environment):
    """Run an example, and return what it prints."""
    path = folder / f"example.{_SUFFIXES[language]}"
    path.write_text(code)
    venv = ensure_venv()
    program = {"sh": "sh", "python": venv.python, "javascript": venv.node}[language]
    result = subprocess.run(
        [str(program), str(path)],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert result.returncode == 0, result.stderr + result.stdout
    return result.stdout.strip()
