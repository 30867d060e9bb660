"""Webhooks on a real server: G9. The job is killed while it delivers, or kept waiting.

Whatever happens to the job, every event arrives, in order for each link. What arrives twice does so
with the same id and the same text.
"""

import os
import random
import signal
import socket
import threading
import time
from contextlib import suppress
from statistics import median

import psutil
import pytest
from links import create_links
from receivers import Receiver, create_webhook, switch_off

from dev.server import wait_until

SERVER = {"workers": 2, "cron_threads": 1, "check_log": False}

KILLS = 50 if os.environ.get("TEST_LONG") else 5
LINKS_PER_KILL = 4
SEED = int(os.environ.get("TEST_SEED", "9"))

# A delivery whose job was killed waits half a minute.
PATIENCE = 120 + 10 * KILLS


class Killer:
    """Kills whoever delivers, in the middle of it, every few deliveries."""

    def __init__(self, server, kills, rng):
        self.server = server
        self.kills = kills
        self.rng = rng
        self.lock = threading.Lock()
        self.countdown = rng.randint(1, 5)

    def on_request(self, port):
        with self.lock:
            self.countdown -= 1
            if self.countdown > 0 or not self.kills:
                return
            self.countdown = self.rng.randint(1, 5)
            time.sleep(self.rng.uniform(0, 0.05))
            # The one at the other end of this connection.
            for process in psutil.Process(self.server.process.pid).children():
                with suppress(psutil.Error):
                    ports = {end.laddr.port for end in process.net_connections("tcp")}
                    if port in ports:
                        os.kill(process.pid, signal.SIGKILL)
                        self.kills -= 1


@pytest.fixture
def wake(server):
    """Wake the jobs every second: what called them may have died unheard."""
    is_over = threading.Event()

    def call():
        while not is_over.wait(1):
            server.odoo.cluster.sql(f"NOTIFY cron_trigger, '{server.database}'")

    thread = threading.Thread(target=call, daemon=True)
    thread.start()
    yield
    is_over.set()
    thread.join()


def test_G9_no_event_is_lost_when_the_job_is_killed(server, ledger, wake):
    killer = Killer(server, KILLS, random.Random(SEED))
    with Receiver(killer.on_request).running() as receiver:
        webhook_id, receiver.secret = create_webhook(server, receiver.url, "Killed")
        links = create_links(server, KILLS * LINKS_PER_KILL, on_orders=False)
        with server.environment() as env:
            records = env["payment.link"].browse([link.id for link in links])
            records._record_event("opened")
            records.action_cancel()
        expected = dict(
            ledger.rows(
                "SELECT message_ref, id FROM payment_link_webhook_delivery"
                " WHERE webhook_id = %s",
                webhook_id,
            )
        )
        assert len(expected) == 3 * len(links)
        wait_until(
            lambda: (
                not ledger.rows(
                    "SELECT id FROM payment_link_webhook_delivery"
                    " WHERE webhook_id = %s AND state = 'waiting' LIMIT 1",
                    webhook_id,
                )
            ),
            PATIENCE,
            "the webhooks",
        )
    switch_off(server, webhook_id)
    assert not killer.kills

    arrived, texts = {}, {}
    for _moment, told, body in receiver.received:
        assert texts.setdefault(told["id"], body) == body
        link = told["data"]["link"]["id"]
        arrived.setdefault(link, []).append(expected[told["id"]])
    assert set(texts) == set(expected)
    for order in arrived.values():
        # A repetition comes before the next one, never after it.
        assert order == sorted(order)
    # Whoever was killed had not heard the answer.
    assert len(receiver.received) - len(expected) >= KILLS


def test_G9_who_hangs_delays_nobody_else(server, ledger):
    """The other endpoint hears within seconds what happens while one hangs."""
    with Receiver().running() as receiver, socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(100)
        port = silent.getsockname()[1]
        hanging, _secret = create_webhook(server, f"http://localhost:{port}/", "Hangs")
        healthy, receiver.secret = create_webhook(server, receiver.url, "Healthy")
        moments = {}
        for _second in range(20):
            (link,) = create_links(server, 1, on_orders=False)
            moments[link.path.rsplit("/", 1)[1]] = time.monotonic()
            time.sleep(1)
        wait_until(
            lambda: len(receiver.received) >= len(moments), 60, "the healthy endpoint"
        )
        failures = ledger.rows(
            "SELECT failure, COUNT(*) FROM payment_link_webhook_delivery"
            " WHERE webhook_id = %s GROUP BY failure",
            hanging,
        )
        switch_off(server, hanging, healthy)
    delays = []
    for moment, told, _body in receiver.received:
        url = told["data"]["link"]["link_url"]
        delays.append(moment - moments[url.rsplit("/", 1)[1]])
    assert dict(failures).get("timeout"), failures
    # It hung for ten seconds, again and again.
    assert median(delays) < 3, delays
    assert max(delays) < 15, delays
