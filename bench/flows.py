"""What a payer's browser asks the server for, from the page to the landing page."""

import re
import time
from dataclasses import dataclass

from .client import Failure

# What Odoo's amount-only page gives to the charge.
_REFERENCE_PREFIX = re.compile(rb'data-reference-prefix="([^"]+)"')


@dataclass
class Payment:
    """One payment that a payer made.

    :param str reference: the transaction's
    :param float started: when the payer opened the page
    :param float answered: when the provider had answered
    :param float landed: when the payer saw the last page
    """

    reference: str
    started: float
    answered: float
    landed: float

    @property
    def seconds(self):
        return self.landed - self.started


def _start(browser, target, page):
    """Ask for a charge and let the demo provider settle it; return the reference."""
    params = target["params"]
    if prefix := _REFERENCE_PREFIX.search(page):
        params = {**params, "reference_prefix": prefix[1].decode()}
    reference = browser.call(target["transaction"], params)["reference"]
    browser.call(
        "/payment/demo/simulate_payment",
        {
            "reference": reference,
            "payment_details": "4242",
            "simulated_state": "done",
        },
    )
    return reference


def pay_with_odoo(browser, target):
    """Pay as Odoo's own page and its status page do.

    :param Browser browser: a new visitor
    :param dict target: what the fixture says about the link
    :rtype: Payment
    """
    started = time.monotonic()
    page = browser.get(target["page"])
    reference = _start(browser, target, page)
    answered = time.monotonic()
    browser.get("/payment/status")
    status = browser.call("/payment/status/poll", {})
    if status["state"] != "done":
        raise Failure(f"the payment is {status['state']}")
    browser.get(status["landing_route"])
    return Payment(reference, started, answered, time.monotonic())


def pay_with_link(browser, target):
    """Pay as the page of a payment link does, its script's calls included.

    :param Browser browser: a new visitor
    :param dict target: what the fixture says about the link
    :rtype: Payment
    """
    opened = f"{target['page']}/opened"
    started = time.monotonic()
    page = browser.get(target["page"])
    browser.call(opened, {})
    reference = _start(browser, target, page)
    answered = time.monotonic()
    page = browser.get("/payment/status")
    browser.call(opened, {})
    if b'data-page-state="completed"' not in page:
        raise Failure("the page does not say that it is paid")
    return Payment(reference, started, answered, time.monotonic())
