"""Chromium, which the browser tests need."""

from .programs import ensure_program

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
    return ensure_program(_NAMES, "chromium", "the browser tests")
