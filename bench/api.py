"""Our API beside Odoo's own JSON-2 API, on one server, turn by turn.

What stands beside a link is a quotation with one line: Odoo's own record for asking a
customer for money, of much the same size. It can be paid online as it is, as the link
can, and has a number, a history and an owner. And beside reading a link through our API
stands reading the same link through JSON-2, with the same of its fields: the same
answer but for what it points to, of which JSON-2 only says names.
"""

import json
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path

from dev.console import phase
from dev.paths import CACHE
from dev.server import OdooServer

from .access_log import read_requests
from .client import Browser, Failure
from .load import median
from .report import Row

_FIXTURE = Path(__file__).with_name("api_fixture.py")
_PREFIX = "/payment_link/v1"
_PAGE_SIZE = 20
_PAGES = 1000
# Enough that the list goes on after its thousandth page.
_LINKS = _PAGE_SIZE * _PAGES + 1000
_CLIENTS = (1, 4)

# Of a quotation and of a link: what our API shows of a link, as far as there is such.
_ORDER_FIELDS = """
    access_url amount_paid amount_tax amount_total amount_untaxed client_order_ref
    company_id create_date currency_id date_order invoice_ids invoice_status name note
    order_line partner_id prepayment_percent require_payment state user_id
    validity_date write_date
""".split()
_LINK_FIELDS = """
    code url amount currency_id reference description state close_reason payment_status
    deleted_at expires_at create_date write_date completed_at amount_paid amount_pending
    amount_authorized amount_refunded amount_net amount_due amount_surplus paid_late
    amount_untaxed amount_tax amount_total line_ids partner_id sale_order_id invoice_ids
    max_payments activation_minutes allow_partial minimum_percent redirect_url
    save_payment_method descriptor metadata replaced_by_id
""".split()


@dataclass(frozen=True)
class ApiPlan:
    """How much is measured.

    :param int rounds: turns of everything
    :param float seconds: how long one thing is asked for in a turn
    """

    rounds: int = 5
    seconds: float = 3.0


class _Caller:
    """A program with both keys, that makes each kind of request.

    :param OdooServer server: the server
    :param dict made: what the fixture made
    """

    def __init__(self, server, made):
        self.port = server.port
        self.made = made
        self.numbers = count(1)

    def _ask(self, verb, path, key, body=None):
        headers = {"Authorization": f"Bearer {key}"}
        if body is not None:
            headers["Content-Type"] = "application/json"
            body = json.dumps(body)
        browser = Browser("localhost", self.port)
        status, _headers, content = browser.request(verb, path, body, headers)
        if status not in (200, 201):
            raise Failure(f"{verb} {path}: {status} {content[:500]}")
        return json.loads(content)

    def _ask_json2(self, model, method, **arguments):
        path = f"/json/2/{model}/{method}"
        return self._ask("POST", path, self.made["odoo_key"], arguments)

    def create_link(self):
        """Through our API: the answer is the whole link."""
        body = {
            "reference": f"Cart {next(self.numbers)}",
            "customer": {"id": self.made["customer"]},
            "lines": [{"name": "Two garden chairs", "value": "250.00"}],
        }
        return self._ask("POST", f"{_PREFIX}/links", self.made["key"], body)

    def create_order(self):
        """Through JSON-2: the answer is an id."""
        line = {"product_id": self.made["product"], "price_unit": 250.0}
        order = {
            "partner_id": self.made["customer"],
            "client_order_ref": f"Cart {next(self.numbers)}",
            "order_line": [[0, 0, line]],
        }
        return self._ask_json2("sale.order", "create", vals_list=[order])

    def create_link_json2(self):
        """Through JSON-2: the answer is an id."""
        link = {
            "reference": f"Cart {next(self.numbers)}",
            "partner_id": self.made["customer"],
            "line_ids": [[0, 0, {"name": "Two garden chairs", "value": 250.0}]],
        }
        return self._ask_json2("payment.link", "create", vals_list=[link])

    def read_link(self):
        path = f"{_PREFIX}/links/{self.made['code']}"
        return self._ask("GET", path, self.made["key"])

    def read_order(self):
        ids = [self.made["order"]]
        return self._ask_json2("sale.order", "read", ids=ids, fields=_ORDER_FIELDS)

    def read_link_json2(self):
        ids = [self.made["link"]]
        return self._ask_json2("payment.link", "read", ids=ids, fields=_LINK_FIELDS)

    def read_page(self, cursor=None, limit=_PAGE_SIZE):
        """Read a page of the list, of links that nobody adds to."""
        path = f"{_PREFIX}/links?created_to={self.made['moment']}&limit={limit}"
        if cursor:
            path += f"&cursor={cursor}"
        return self._ask("GET", path, self.made["key"])

    def find_late_cursor(self):
        """Return the cursor of the thousandth page, by reading all links before it."""
        cursor = None
        for _page in range((_PAGES - 1) * _PAGE_SIZE // 90):
            cursor = self.read_page(cursor, limit=90)["next_cursor"]
        return cursor


def measure_api(odoo, databases, plan):
    """Measure our API and JSON-2.

    :param Odoo odoo: what to run
    :param Databases databases: where to get a database from
    :param ApiPlan plan: how much is measured
    :return: for each kind of request and number of clients the requests per second, one
        figure for each round; and for each kind its queries and seconds in the server
    :rtype: tuple[dict, dict]
    """
    with databases.temporary(databases.with_addon(), "api") as database:
        with phase(f"{_LINKS:,} links to list"):
            made = _make(odoo, database)
        with OdooServer(odoo, database, workers=4, name="bench-api") as server:
            caller = _Caller(server, made)
            made["moment"] = caller.read_link()["created_at"]
            with phase("warm-up, and the list to its thousandth page"):
                cursor = caller.find_late_cursor()
                kinds = {
                    "create_link": caller.create_link,
                    "create_order": caller.create_order,
                    "create_link_json2": caller.create_link_json2,
                    "read_link": caller.read_link,
                    "read_order": caller.read_order,
                    "read_link_json2": caller.read_link_json2,
                    "first_page": caller.read_page,
                    "late_page": partial(caller.read_page, cursor),
                }
                for ask in kinds.values():
                    _measure_rate(ask, 4, 1.0)
                costs = {name: _measure_cost(server, kinds[name]) for name in kinds}
            rates = {}
            for number in range(plan.rounds):
                with phase(f"requests, round {number + 1}"):
                    for clients in _CLIENTS:
                        for name, ask in kinds.items():
                            rate = _measure_rate(ask, clients, plan.seconds)
                            rates.setdefault((name, clients), []).append(rate)
    return rates, costs


def _make(odoo, database):
    with tempfile.TemporaryDirectory(dir=CACHE) as folder:
        output = Path(folder) / "api.json"
        values = {"COUNT": _LINKS, "OUTPUT": str(output)}
        odoo.shell(database, _FIXTURE.read_text(), "bench-api-fixture", values)
        return json.loads(output.read_text())


def _measure_rate(ask, clients, seconds):
    """Return how many requests per second are answered."""
    start = time.monotonic()

    def go_on(_client):
        number = 0
        while time.monotonic() < start + seconds:
            ask()
            number += 1
        return number

    with ThreadPoolExecutor(clients) as pool:
        number = sum(pool.map(go_on, range(clients)))
    return number / (time.monotonic() - start)


def _measure_cost(server, ask, number=20):
    """Return the queries and the seconds in the server that one request takes."""
    offset = len(server.log())
    for _time in range(number):
        ask()
    time.sleep(0.2)
    seen = list(read_requests(server.log()[offset:]))
    # Signals from other workers only ever add queries.
    queries = min((request.queries for request in seen), default=None)
    return queries, median(request.sql + request.other for request in seen)


def make_api_rows(results):
    """Return the rows of the table.

    :param tuple results: what :func:`measure_api` returned
    :rtype: list[Row]
    """
    rates, costs = results
    rows = []
    for title, ours, odoos, floor in (
        ("create a link; a quotation by JSON-2", "create_link", "create_order", 1),
        ("- the same link by JSON-2", "create_link", "create_link_json2", None),
        ("read a link; a quotation by JSON-2", "read_link", "read_order", 2),
        ("- the same link by JSON-2", "read_link", "read_link_json2", 2),
    ):
        for clients in _CLIENTS:
            rows.append(
                Row(
                    f"{title}, {clients} client{'s' * (clients > 1)}",
                    median(rates[ours, clients]),
                    median(rates[odoos, clients]),
                    floor,
                    unit="{:.1f}/s",
                )
            )
        rows += [
            Row("- queries", costs[ours][0], costs[odoos][0]),
            Row(
                "- in the server",
                costs[ours][1] * 1000,
                costs[odoos][1] * 1000,
                unit="{:.1f} ms",
            ),
        ]
    first, late = (median(rates[name, 1]) for name in ("first_page", "late_page"))
    rows += [
        Row("first page of the list, 1 client", first, unit="{:.1f}/s"),
        Row("thousandth page, 1 client", late, unit="{:.1f}/s"),
        Row(
            "- cost of the thousandth page to the first",
            first / late,
            floor=1.1,
            is_less_better=True,
            is_ratio=False,
            unit="{:.2f} x",
        ),
    ]
    return rows
