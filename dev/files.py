"""Small helpers for files: locks between processes, hashes, atomic folders."""

import fcntl
import hashlib
import os
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def locked(path):
    """Hold an exclusive lock: two commands that prepare the same thing take turns."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def digest(*parts):
    """Return a short hash of strings and of the contents of paths."""
    result = hashlib.sha256()
    for part in parts:
        result.update(part.read_bytes() if isinstance(part, Path) else part.encode())
        result.update(b"\0")
    return result.hexdigest()[:12]


@contextmanager
def built_folder(target):
    """Give an empty folder that becomes `target` only when the block succeeds.

    A command that was killed half-way leaves no folder that looks finished.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    building = Path(
        tempfile.mkdtemp(prefix=f"{target.name}.building-", dir=target.parent)
    )
    os.chmod(building, 0o755)
    try:
        yield building
        if target.exists():
            shutil.rmtree(target)
        building.rename(target)
    finally:
        shutil.rmtree(building, ignore_errors=True)
