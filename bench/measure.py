"""The measurements, each of ours beside Odoo's own, turn by turn so that drift cancels."""

import time
from contextlib import contextmanager
from dataclasses import dataclass

from dev.console import phase

from .access_log import read_requests
from .booking import Books
from .client import Browser
from .flows import pay_with_link, pay_with_odoo
from .load import CLIENTS, median, pay_all, request_rate

LOGIN = "/web/login"


@dataclass(frozen=True)
class Plan:
    """How much is measured.

    :param int rounds: turns of everything that is done with eight clients
    :param float seconds: how long one page is asked for in a round
    :param int payments: how many payments eight payers make in a round
    :param int singles: how many payments of one payer alone are timed
    """

    rounds: int = 5
    seconds: float = 3.0
    payments: int = 32
    singles: int = 12

    @property
    def sizes(self):
        """How many targets of each kind the fixture has to make."""
        many = self.payments * self.rounds
        warm_up = 2 * CLIENTS
        # Two passes of single payments, and one order that stays unpaid for its page.
        orders = 1 + warm_up + many + 2 * self.singles
        return {
            "odoo_orders": orders,
            "our_orders": orders,
            "odoo_amounts": 1 + warm_up + many,
            "our_amounts": 1 + warm_up + many,
        }


class Measurement:
    """All measurements on one server.

    :param OdooServer server: the server, with its scheduled jobs on
    :param dict targets: what the fixture made
    :param Plan plan: how much is measured
    """

    def __init__(self, server, targets, plan):
        self.server = server
        self.plan = plan
        self.report_templates = targets.pop("report_templates")
        self.pages = {name: found.pop()["page"] for name, found in targets.items()}
        self.pages["login"] = LOGIN
        self.targets = targets
        self.books = Books(server)

    def warm_up(self):
        """Let every worker compile its templates and fill its caches."""
        for path in self.pages.values():
            request_rate(self.server, path, 2.0)
        for name, pay in self._flows().items():
            load = pay_all(self.server, pay, self._take(name, 2 * CLIENTS))
            self.books.wait(load.payments)
        self.books.wait_for_mails()

    def page_sizes(self):
        """Return the bytes of each page."""
        return {name: len(self._visit(path)) for name, path in self.pages.items()}

    def page_costs(self, count=40):
        """Return the queries, and the seconds inside the server, of one visitor's GET."""
        costs = {}
        for name, path in self.pages.items():
            offset = len(self.server.log())
            # The log says no token. What is late of the warm-up is no such page.
            folder = path.split("?")[0].rpartition("/")[0]
            for _visit in range(count):
                self._visit(path)
            time.sleep(0.2)
            seen = [
                request
                for request in read_requests(self.server.log()[offset:])
                if request.path.startswith(f"{folder}/")
            ]
            # Jobs and signals from other workers only ever add queries.
            queries = min((request.queries for request in seen), default=None)
            seconds = median(request.sql + request.other for request in seen)
            costs[name] = (queries, seconds)
        return costs

    def page_rates(self):
        """Return the requests per second of each page, one figure for each round."""
        rates = {name: [] for name in self.pages}
        for number in range(self.plan.rounds):
            with phase(f"pages, round {number + 1}"):
                for name, path in self.pages.items():
                    rate = request_rate(self.server, path, self.plan.seconds)
                    rates[name].append(rate)
        return rates

    def single_payments(self):
        """Return the payments of orders that one payer made, and how long booking took.

        :return: for each side the payments and the seconds between the payer's last page
            and the books
        """
        payments = {"odoo_orders": [], "our_orders": []}
        delays = {"odoo_orders": [], "our_orders": []}
        flows = self._flows()
        for _number in range(self.plan.singles):
            for name in payments:
                browser = Browser("localhost", self.server.port)
                payment = flows[name](browser, *self._take(name, 1))
                booked = self.books.wait([payment])
                # Neither side's jobs may run while the other one is measured.
                self.books.wait_for_mails()
                payments[name].append(payment)
                if booked:
                    delays[name].append(max(booked - payment.landed, 0.0))
        return payments, delays

    def many_payments(self):
        """Return what eight payers at a time did, for each kind of target.

        :return: for each kind a list of loads, and of payments per second until booked
        """
        loads = {name: [] for name in self._flows()}
        booked_rates = {name: [] for name in loads}
        for number in range(self.plan.rounds):
            with phase(f"payments, round {number + 1}"):
                for name, pay in self._flows().items():
                    targets = self._take(name, self.plan.payments)
                    load = pay_all(self.server, pay, targets)
                    booked = self.books.wait(load.payments)
                    self.books.wait_for_mails()
                    loads[name].append(load)
                    if booked:
                        seconds = max(booked - load.started, load.seconds)
                        booked_rates[name].append(len(load.payments) / seconds)
        return loads, booked_rates

    @contextmanager
    def without_pdfs(self):
        """Leave the PDF out of the mails.

        Eight payers at once are more than Odoo's own payments can make PDFs for: it
        waits for itself until its workers are killed.
        """
        reports = self.books.remove_reports(self.report_templates)
        yield
        self.books.restore_reports(reports)

    @staticmethod
    def _flows():
        return {
            "odoo_orders": pay_with_odoo,
            "our_orders": pay_with_link,
            "odoo_amounts": pay_with_odoo,
            "our_amounts": pay_with_link,
        }

    def _take(self, name, count):
        taken = self.targets[name][:count]
        del self.targets[name][:count]
        return taken

    def _visit(self, path):
        return Browser("localhost", self.server.port).get(path)
