"""Other systems, which are told what happens to links by webhooks."""

import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from standardwebhooks import Webhook


class Receiver(ThreadingHTTPServer):
    """Another system: it keeps what it is sent, and may have its sender killed.

    :param callable on_request: called with the client's port for each request, before it is
        answered
    """

    daemon_threads = True

    def __init__(self, on_request=None):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.on_request = on_request
        self.secret = self.headers = None
        self.received = []
        self.lock = threading.Lock()

    @property
    def url(self):
        return f"http://localhost:{self.server_port}/events"

    def handle_error(self, *_args):
        """Override: clients that are killed are what this is about."""

    @contextmanager
    def running(self):
        thread = threading.Thread(target=self.serve_forever, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self.shutdown()
            self.server_close()


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        # As all receivers do, with a library: too old is wrong, too.
        told = Webhook(self.server.secret).verify(body, headers)
        assert headers["webhook-id"] == told["id"]
        with self.server.lock:
            self.server.headers = headers
            self.server.received.append((time.monotonic(), told, body))
        if self.server.on_request:
            self.server.on_request(self.client_address[1])
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_args):
        """Override: the test tells what it expects."""


def create_webhook(server, url, name):
    """Create an endpoint on this machine, and return its id and its secret."""
    with server.environment() as env:
        parameters = env["ir.config_parameter"]
        parameters.set_param(
            "payment_link_onetime.webhook_allowed_hosts", "localhost, 127.0.0.1"
        )
        webhook = env["payment.link.webhook"].create({"name": name, "url": url})
        return webhook.id, webhook.secret


def switch_off(server, *webhook_ids):
    with server.environment() as env:
        env["payment.link.webhook"].browse(webhook_ids).action_switch_off()
