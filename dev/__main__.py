"""`python3 -m dev <command>`: what the Makefile calls."""

import ctypes
import importlib
import os
import signal
import sys

from .console import SetupError, error

# Where each command lives: imported when it is asked for.
_COMMANDS = {
    "demo": "demo:demo",
    "demo-reset": "demo:demo_reset",
    "test": "testing:test",
    "test-long": "testing:test_long",
    "quick": "testing:quick",
    "lint": "lint:lint",
    "format": "lint:reformat",
    "i18n": "translations:i18n",
    "odoo-tests": "odoo_tests:odoo_tests",
    "bench": "tools:bench",
    "screenshots": "screenshots:screenshots",
    "shell": "tools:shell",
    "lock": "tools:lock",
}


def _stop(number, _frame):
    raise SystemExit(128 + number)


def _follow_make():
    """Let `make` take this process along when it is killed."""
    set_parent_death_signal = 1
    if "MAKELEVEL" in os.environ:
        ctypes.CDLL(None).prctl(set_parent_death_signal, signal.SIGTERM)


def main():
    name, *arguments = sys.argv[1:] or [""]
    if name not in _COMMANDS:
        raise SystemExit(f"usage: python3 -m dev {{{','.join(_COMMANDS)}}}")
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)
    # A shell that starts a command in the background lets it ignore the signal of
    # Ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    _follow_make()
    module, function = _COMMANDS[name].split(":")
    try:
        getattr(importlib.import_module(f".{module}", __package__), function)(arguments)
    except SetupError as failure:
        error(failure)
        raise SystemExit(1) from None
    except KeyboardInterrupt:
        raise SystemExit(130) from None


if __name__ == "__main__":
    main()
