"""Keep pay URLs out of the log: whoever reads one there can open the page.

And what callers ask the API for, which may be what nobody should have sent.
"""

import logging
import re

# Those that write the path of a request, or a query with a landing address in it.
LOGGER_NAMES = ("werkzeug", "odoo.http", "odoo.sql_db")

# What follows `/pay/` in a path, also in one that is quoted as part of another URL.
_SECRET = re.compile(r"((?:/|%2F)pay(?:/|%2F)+)[^\s/?#&%\"']+", re.IGNORECASE)
_QUERY = re.compile(r"(/payment_link/v1[^\s?\"']*\?)[^\s\"']+")
# What stands where a link's id should, and is none.
_NO_ID = re.compile(
    r"(/payment_link/v1/links/)(?![A-Z0-9]{8}(?![^\s/?\"']))[^\s/?\"']+"
)
_MASKED = r"\g<1>***"


class PayUrlFilter(logging.Filter):
    """Mask the secret part of pay URLs. It lets every record pass."""

    def filter(self, record):
        """Override of `logging` to mask the message as it is going to be written."""
        try:
            message = record.getMessage()
        except (TypeError, ValueError):
            return True  # The handler says what is wrong with such a record.
        masked = message
        for pattern in (_SECRET, _QUERY, _NO_ID):
            masked = pattern.sub(_MASKED, masked)
        if masked != message:
            record.msg = masked
            record.args = None
        return True


_FILTER = PayUrlFilter()


def mask_pay_urls():
    """Mask the secret part of pay URLs in the log. Doing so twice changes nothing.

    :return: None
    """
    for name in LOGGER_NAMES:
        logging.getLogger(name).addFilter(_FILTER)
