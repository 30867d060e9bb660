"""Read Odoo's log and pick out what the addon is to blame for."""

import re

from .paths import ADDON, ADDON_NAME, ROOT

_RECORD = re.compile(
    r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} \d+"  # time and process
    r" (?P<level>[A-Z]+) \S+ (?P<logger>[^ :]+): "
)
_BAD = {"WARNING", "ERROR", "CRITICAL"}


def is_ours(logger, text):
    """Tell whether a warning or an error is about the addon.

    It is when the addon's own logger wrote it, or when it names one of the addon's
    files, models' modules or XML ids. The checkout may lie in a folder of the addon's
    name: that proves nothing.
    """
    if logger.startswith(f"odoo.addons.{ADDON_NAME}"):
        return True
    text = text.replace(str(ADDON), "odoo.addons." + ADDON_NAME).replace(str(ROOT), "")
    return ADDON_NAME in text


def records(text):
    """Yield (level, logger, text) of each record; its traceback is part of it."""
    current = None
    for line in text.splitlines():
        match = _RECORD.match(line)
        if match:
            if current:
                yield (*current[:2], "\n".join(current[2]))
            current = (match["level"], match["logger"], [line])
        elif current:
            current[2].append(line)
    if current:
        yield (*current[:2], "\n".join(current[2]))


def complaints(text):
    """Return the records of a log that make the tests fail."""
    return [
        record
        for level, logger, record in records(text)
        if level in _BAD and is_ours(logger, record)
    ]
