"""What the user sees: one line per phase, with the seconds it took."""

import sys
import time
from contextlib import contextmanager


class SetupError(Exception):
    """A failure that the user can act on; shown as one message, without a traceback."""


class _Line:
    """Remembers whether a phase's line still waits for its end."""

    is_open = False

    @classmethod
    def close(cls):
        if cls.is_open:
            print(flush=True)
            cls.is_open = False


@contextmanager
def phase(title):
    """Announce a phase at once and finish its line with the time it took."""
    _Line.close()
    print(f"  {title} ...", end="", flush=True)
    _Line.is_open = True
    start = time.monotonic()
    try:
        yield
    except BaseException:
        _Line.close()
        raise
    seconds = time.monotonic() - start
    if not _Line.is_open:  # a note came in between
        print(f"  {title}", end="")
    print(f" {seconds:.1f} s", flush=True)
    _Line.is_open = False


def note(text):
    """Print one line that is neither a phase nor an error."""
    _Line.close()
    print(f"  {text}", flush=True)


def error(text):
    _Line.close()
    print(f"error: {text}", file=sys.stderr, flush=True)
