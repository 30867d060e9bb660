"""Other systems that use the API, each with a key."""

import requests

PREFIX = "/payment_link/v1"

_PATIENCE = 60


def make_key(server, scope="payment_link", login="admin"):
    """Return a key of a user's, and let nobody be too fast for the server."""
    with server.environment(login) as env:
        env["ir.config_parameter"].sudo().set_param(
            "payment_link_onetime.api_requests_per_minute", 1_000_000
        )
        return env["res.users.apikeys"].sudo()._generate(scope, "e2e", False)


class Shop:
    """A shop. Several threads may use it: it keeps no connection open.

    :param OdooServer server: where
    :param str key: its key
    """

    def __init__(self, server, key):
        self.base = server.url + PREFIX
        self.headers = {"Authorization": f"Bearer {key}"}

    def ask(self, method, path, body=None, **parameters):
        """Make a request and return the response."""
        return requests.request(
            method,
            self.base + path,
            json=body,
            params=parameters,
            headers=self.headers,
            timeout=_PATIENCE,
        )

    def create(self, **body):
        """Create a link, and return what the API shows of it."""
        response = self.ask("POST", "/links", {"amount": "100.00", **body})
        assert response.status_code == 201, response.text
        return response.json()

    def read(self, code):
        """Return what the API shows of a link."""
        return self.ask("GET", f"/links/{code}").json()
