"""Clients that work at the same time."""

import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from .client import Browser, Failure

CLIENTS = 8


@dataclass
class Load:
    """What came out of many payments at once."""

    started: float
    payments: list = field(default_factory=list)
    failures: list = field(default_factory=list)

    @property
    def seconds(self):
        return max(p.landed for p in self.payments) - self.started

    @property
    def per_second(self):
        """Payments per second that succeeded."""
        return len(self.payments) / self.seconds if self.payments else 0.0


def request_rate(server, path, seconds):
    """Return how many visitors per second get a page, each of them a new one."""
    deadline = time.monotonic() + seconds

    def visit(_client):
        count = 0
        while time.monotonic() < deadline:
            Browser("localhost", server.port).get(path)
            count += 1
        return count

    start = time.monotonic()
    with ThreadPoolExecutor(CLIENTS) as pool:
        count = sum(pool.map(visit, range(CLIENTS)))
    return count / (time.monotonic() - start)


def pay_all(server, pay, targets):
    """Let some payers at a time pay all of the targets.

    :param callable pay: a function of `flows`
    :param list targets: what to pay
    :rtype: Load
    """
    load = Load(time.monotonic())

    def attempt(target):
        try:
            load.payments.append(pay(Browser("localhost", server.port), target))
        except (Failure, OSError) as error:
            load.failures.append(str(error))

    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(attempt, targets))
    return load


def median(values):
    values = list(values)
    return statistics.median(values) if values else float("nan")
