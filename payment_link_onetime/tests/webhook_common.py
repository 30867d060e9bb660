import socket
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from ..const import WEBHOOK_HOSTS_PARAMETER
from .common import PaymentLinkCommon


@dataclass
class Received:
    """One request that reached a receiver."""

    path: str
    headers: dict
    body: bytes


@dataclass
class Receiver:
    """A server on this machine that keeps what it is sent.

    :param statuses: what it answers, one after the other, and then 200
    :param answer: a function that answers in another way; it gets the handler
    """

    statuses: list = field(default_factory=list)
    answer: object = None
    requests: list = field(default_factory=list)
    port: int = 0

    @property
    def url(self):
        return f"http://localhost:{self.port}/events"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        size = int(self.headers["Content-Length"])
        # As HTTP has it: names of headers are the same in small letters.
        headers = {name.lower(): value for name, value in self.headers.items()}
        receiver = self.server.receiver
        receiver.requests.append(Received(self.path, headers, self.rfile.read(size)))
        if receiver.answer:
            receiver.answer(self)
        else:
            self.reply(receiver.statuses.pop(0) if receiver.statuses else 200)

    do_GET = do_POST

    def reply(self, status, body=b"thanks", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args):
        """Override: the test tells what it expects."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_args):
        """Override: clients that hang up are what some tests are about."""


@contextmanager
def receiving(wrap_socket=None, **options):
    """Give a running `Receiver`.

    :param callable wrap_socket: What puts TLS around its socket.
    """
    receiver = Receiver(**options)
    server = _Server(("127.0.0.1", 0), _Handler)
    server.receiver = receiver
    receiver.port = server.server_port
    if wrap_socket:
        server.socket = wrap_socket(server.socket)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def silent_listener():
    """Give the port of a server that takes connections and never says a word."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


class WebhookCommon(PaymentLinkCommon):
    """Endpoints on this machine, which the administrator allows, and events for them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = cls._create_user(
            "webhooks",
            "payment_link_onetime.group_payment_link_manager",
            email="manager@example.com",
        )
        cls._allow_hosts("localhost")

    @classmethod
    def _allow_hosts(cls, text):
        cls.env["ir.config_parameter"].set_param(WEBHOOK_HOSTS_PARAMETER, text)

    @classmethod
    def _create_webhook(cls, url, types=None, **values):
        if types:
            names = [("name", "in", types)]
            found = cls.env["payment.link.webhook.type"].search(names)
            values.update(is_for_all=False, type_ids=[(6, 0, found.ids)])
        return cls.env["payment.link.webhook"].create(
            {"name": "Shop", "url": url, "company_id": cls.company.id, **values}
        )

    def _finish_transaction(self):
        """Do what is done before a transaction is committed."""
        self.env.cr.flush()

    def _get_deliveries(self, webhook, *types):
        """Return a webhook's deliveries, the oldest first, in sudo."""
        self._finish_transaction()
        domain = [("webhook_id", "=", webhook.id)]
        if types:
            domain.append(("type", "in", types))
        deliveries = self.env["payment.link.webhook.delivery"].sudo()
        return deliveries.search(domain, order="id")

    def _deliver(self):
        self._finish_transaction()
        self._run_job("payment_link_onetime.cron_deliver_webhooks")
