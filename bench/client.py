"""A browser, as far as a payment needs one: cookies, redirects, JSON calls."""

import http.client
import itertools
import json
import time

_ids = itertools.count(1)


class Failure(Exception):
    """A payer did not get what a payer must get."""


class Browser:
    """One visitor. Every request opens a connection: Odoo's workers keep none open.

    :param str host: the server's address
    :param int port: the server's port
    """

    def __init__(self, host, port):
        self.host = host
        self.port = port
        self.cookies = {}

    def get(self, path):
        """Return the body of a page, redirects followed."""
        for _redirect in range(5):
            status, headers, body = self.request("GET", path)
            if status not in (301, 302, 303, 307, 308):
                break
            path = headers["Location"].split(f":{self.port}")[-1]
        if status != 200:
            raise Failure(f"GET {path.split('?')[0]}: {status}")
        return body

    def call(self, path, params):
        """Return the result of a JSON-RPC route."""
        payload = {"jsonrpc": "2.0", "id": next(_ids), "params": params}
        status, _headers, body = self.request(
            "POST", path, json.dumps(payload), {"Content-Type": "application/json"}
        )
        if status != 200:
            raise Failure(f"POST {path}: {status}")
        answer = json.loads(body)
        if "error" in answer:
            raise Failure(answer["error"]["data"].get("message") or "an error")
        return answer.get("result")

    def request(self, verb, path, body=None, headers=None):
        headers = dict(headers or {})
        if self.cookies:
            pairs = (f"{name}={value}" for name, value in self.cookies.items())
            headers["Cookie"] = "; ".join(pairs)
        connection = http.client.HTTPConnection(self.host, self.port, timeout=150)
        try:
            connection.request(verb, path, body, headers)
            response = connection.getresponse()
            content = response.read()
        finally:
            connection.close()
        for cookie in response.headers.get_all("Set-Cookie", ()):
            name, _equals, value = cookie.split(";", 1)[0].partition("=")
            self.cookies[name] = value
        return response.status, response.headers, content


def timed(function, *arguments):
    """Return the seconds that a call took, and its result."""
    start = time.monotonic()
    result = function(*arguments)
    return time.monotonic() - start, result
