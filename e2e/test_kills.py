"""`kill -9` in the middle of payments: nothing is lost, nothing is booked twice.

Workers, the scheduler, PostgreSQL's backends and the whole server are killed while people pay at a
redirect provider. PostgreSQL writes to the disk here what it commits, as it does in real life. A provider repeats what it said until it is acknowledged, and a payer whose page
did not load tries again: so do these. Afterwards every payment that the provider took is written
down and booked, once.
"""

import os
import random
import signal
import threading
import time
from contextlib import suppress
from pathlib import Path

import psycopg2
import pytest
import requests
from ledger import Ledger
from links import AMOUNT, create_links

from dev.databases import LOOPBACK
from dev.paths import CACHE
from dev.server import wait_until

SERVER = {
    "flavour": LOOPBACK,
    "workers": 4,
    "cron_threads": 1,
    "check_log": False,
}

DURABLE = CACHE / "postgres" / "durable"

KILLS = 50 if os.environ.get("TEST_LONG") else 5
PAYERS = 8
SEED = int(os.environ.get("TEST_SEED", "20"))

# How long payers and the provider go on trying.
PATIENCE = 120

# What goes wrong for a client whose server dies: no connection, or an answer of nonsense.
DISTURBANCES = (
    requests.RequestException,
    AssertionError,
    KeyError,
    ValueError,
)


# === WHAT IS KILLED === #


def kill_worker(server, rng):
    """Kill one of the server's processes: an HTTP worker, or one that runs jobs."""
    children = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children")
    pids = [int(pid) for pid in children.read_text().split()]
    with suppress(ProcessLookupError):
        os.kill(rng.choice(pids), signal.SIGKILL)


def kill_backend(server, rng):
    """Kill a backend of PostgreSQL, which then throws out everybody and recovers.

    On a PostgreSQL server of the user's own, which is not ours to kill, the connection is cut.
    """
    ledger = Ledger(server)
    try:
        others = "datname = %s AND pid != pg_backend_pid() AND backend_type ~ 'client'"
        query = f"SELECT pid FROM pg_stat_activity WHERE {others}"
        pids = [pid for (pid,) in ledger.rows(query, server.database)]
        pid = rng.choice(pids)
        if _is_ours(pid):
            os.kill(pid, signal.SIGKILL)
            with pytest.raises(psycopg2.DatabaseError):  # We are thrown out, too.
                ledger.rows("SELECT pg_sleep(60)")
        else:
            ledger.rows("SELECT pg_terminate_backend(%s)", pid)
    finally:
        ledger.close()


def _is_ours(pid):
    """Tell whether a backend is one of the server that is here to be killed."""
    try:
        return Path(os.readlink(f"/proc/{pid}/cwd")).is_relative_to(DURABLE)
    except OSError:
        return False


def kill_server(server, _rng):
    """Kill all of the server at once, and start it again."""
    server.kill()
    server.start()


VICTIMS = (kill_worker, kill_backend, kill_worker, kill_server, kill_backend)


# === THOSE WHO GO ON === #


def insist(action, until, what):
    """Repeat an action until it works."""
    while True:
        try:
            return action()
        except DISTURBANCES as error:
            if time.monotonic() > until:
                raise AssertionError(f"{what} in vain: {error!r}") from error
            time.sleep(0.05)


class Payer(threading.Thread):
    """One who pays one link, whatever happens to the server.

    :param Link link: the link
    :param Gateway gateway: what tells the server that she paid
    """

    def __init__(self, link, gateway):
        super().__init__(daemon=True)
        self.link = link
        self.gateway = gateway
        self.charged = []
        self.error = None

    def run(self):
        until = time.monotonic() + PATIENCE
        try:
            browser = insist(self.link.visit, until, "opened the page")
            answer = insist(lambda: self._click(browser), until, "clicked")
            self.charged.append(answer.reference)
            text = self.gateway.compose(answer)
            insist(lambda: self._tell(text), until, "told the server")
        except Exception as error:
            self.error = error

    def _click(self, browser):
        """Click "Pay" on a page that has just been read."""
        browser.open(self.link.path)
        answer = browser.pay("loopback")
        assert answer.reference, answer
        return answer

    def _tell(self, text):
        assert self.gateway.send_webhook(text).status_code == 200


# === THE BOOKS === #


def read_faults(ledger, link_ids):
    """Return the links whose figures are not what their charges explain."""
    return ledger.rows(
        """
        SELECT l.code, l.state, l.payment_status, l.amount_paid, t.done, t.payments
          FROM payment_link l
          JOIN LATERAL (
               SELECT COUNT(*) FILTER (WHERE t.state = 'done') AS done,
                      COALESCE(SUM(t.amount) FILTER (WHERE t.state = 'done'), 0) AS paid,
                      COUNT(p.id) AS payments,
                      COUNT(e.id) AS events
                 FROM payment_transaction t
            LEFT JOIN account_payment p ON p.payment_transaction_id = t.id
                  AND p.state IN ('in_process', 'paid')
            LEFT JOIN payment_link_event e ON e.transaction_id = t.id
                  AND e.type = 'paid'
                WHERE t.payment_link_id = l.id
               ) t ON TRUE
         WHERE l.id IN %s
           AND NOT (l.amount_paid = t.paid AND t.done = t.payments AND t.done = t.events
                    AND (l.state = 'completed') = (t.done > 0)
                    AND (l.payment_status = 'paid') = (t.done > 0))
        """,
        tuple(link_ids),
    )


def test_rule_4_rule_6_nothing_is_lost_when_processes_are_killed(server, gateway):
    rng = random.Random(SEED)
    links = create_links(server, KILLS * PAYERS)
    payers = []
    for number in range(KILLS):
        batch = links[number * PAYERS : (number + 1) * PAYERS]
        crowd = [Payer(link, gateway) for link in batch]
        for payer in crowd:
            payer.start()
        # Anywhere between the first request and the last booking.
        time.sleep(rng.uniform(0.05, 1.5))
        VICTIMS[number % len(VICTIMS)](server, rng)
        wait_until(
            lambda crowd=crowd: (
                _is_alive(server) and not any(payer.is_alive() for payer in crowd)
            ),
            PATIENCE + 30,
            "the payers after a kill",
        )
        payers += crowd
    assert not [payer.error for payer in payers if payer.error]

    # What called the jobs may have died unheard, and once a minute is when they look.
    server.odoo.cluster.sql(f"NOTIFY cron_trigger, '{server.database}'")
    ledger = Ledger(server)
    try:
        ledger.wait_for_jobs()
        ids = [link.id for link in links]
        assert not read_faults(ledger, ids)
        told = [reference for payer in payers for reference in payer.charged]
        settled = ledger.rows(
            "SELECT reference FROM payment_transaction WHERE state = 'done'"
            " AND payment_link_id IN %s",
            tuple(ids),
        )
        assert sorted(told) == sorted(reference for (reference,) in settled)
        ((booked,),) = ledger.rows(
            "SELECT SUM(amount) FROM account_payment WHERE state IN ('in_process', 'paid')"
            " AND payment_transaction_id IN (SELECT id FROM payment_transaction"
            " WHERE payment_link_id IN %s)",
            tuple(ids),
        )
        assert float(booked) == len(told) * AMOUNT
    finally:
        ledger.close()


def _is_alive(server):
    """Tell whether the server answers; start it again if it has ended, as a supervisor does.

    Odoo ends by itself when it wants to fork a worker while PostgreSQL recovers.
    """
    try:
        Ledger(server).close()
        if server.process.poll() is not None:
            kill_server(server, None)
        return requests.get(f"{server.url}/web/health", timeout=10).status_code == 200
    except (requests.RequestException, psycopg2.OperationalError):
        return False
