"""A server in the place of payment providers, for what Odoo's own modules send them.

It knows the documented rules for texts on statements, and refuses what breaks them as the
providers do.
"""

import json
import re
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

PAID = {
    "adyen": {"pspReference": "psp-1", "resultCode": "Authorised"},
    "stripe": {"id": "pi_1", "client_secret": "secret", "status": "succeeded"},
    "mercado_pago": {"id": "1", "status": "approved"},
    "worldline": {"payment": {"id": "1_0", "status": "CAPTURED"}},
}


@dataclass(frozen=True)
class Asked:
    """One request that reached a provider.

    :param str provider: its code
    :param str path: what comes after the host
    :param dict body: the form or the JSON
    """

    provider: str
    path: str
    body: dict

    @property
    def name(self):
        """The last part of the path."""
        return self.path.rpartition("/")[2]


class StandIn(ThreadingHTTPServer):
    """All the providers at once; the first part of a path says which one is meant."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked = []

    @property
    def url(self):
        return f"http://localhost:{self.server_port}"

    @contextmanager
    def running(self):
        threading.Thread(target=self.serve_forever, daemon=True).start()
        try:
            yield self
        finally:
            self.shutdown()
            self.server_close()

    def bodies(self, provider, name):
        """Return what a provider was sent to an address, the oldest first."""
        return [
            asked.body
            for asked in self.asked
            if (asked.provider, asked.name) == (provider, name)
        ]


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        text = self.rfile.read(int(self.headers["Content-Length"] or 0)).decode()
        path = urlsplit(self.path).path
        provider, _slash, path = path.lstrip("/").partition("/")
        # Odoo says of PayPal's form that it is JSON.
        is_json = text.startswith("{")
        body = json.loads(text) if is_json else dict(parse_qsl(text))
        asked = Asked(provider, f"/{path}", body)
        self.server.asked.append(asked)
        if problem := find_problem(asked):
            self.answer(400, {"error": {"message": problem}, "message": problem})
        else:
            self.answer(200, _get_answer(asked))

    do_GET = do_POST

    def answer(self, status, content):
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args):
        """Override: the test tells what it expects."""


def get_text(asked):
    """Return the text for the statement in a request; `None` without one."""
    body = asked.body
    match asked.provider:
        case "stripe":
            keys = ("statement_descriptor", "statement_descriptor_suffix")
            return next((body[key] for key in keys if key in body), None)
        case "adyen":
            return body.get("shopperStatement")
        case "paypal":
            return body.get("purchase_units", [{}])[0].get("soft_descriptor")
        case "mercado_pago":
            return body.get("statement_descriptor")
        case "worldline":
            return body.get("order", {}).get("references", {}).get("descriptor")


def find_problem(asked):
    """Return why a provider refuses the request for its text; `None` if it takes it."""
    text = get_text(asked)
    if text is None:
        return None
    kind = asked.body.get("payment_method_types[]")
    if asked.provider == "stripe":
        if "statement_descriptor" in asked.body and kind == "card":
            return "statement_descriptor is not supported for the type card"
        # On an account whose prefix has ten characters.
        whole = text if kind != "card" else f"PREFIXPREF* {text}"
        if not 5 <= len(whole) <= 22:
            return "the statement descriptor must have 5 to 22 characters"
        if not re.search("[A-Za-z]", text):
            return "the statement descriptor must have a letter"
        if not text.isascii() or set(text) & set("<>\\'\"*"):
            return "the statement descriptor has characters that are not allowed"
        return None
    pattern = {
        "adyen": r"[A-Za-z0-9 .,'_\-?+*/]{1,22}",
        "paypal": r"[A-Za-z0-9 \-*.]{1,22}",
        "mercado_pago": r"[A-Za-z0-9 ]{1,13}",
        "worldline": r"[A-Za-z0-9 \-.]{1,22}",
    }[asked.provider]
    return None if re.fullmatch(pattern, text) else f"not allowed: {text!r}"


def _get_answer(asked):
    body = asked.body
    match asked.provider, asked.name:
        case "stripe", "customers":
            return {"id": "cus_1"}
        case "stripe", "payment_intents":
            money = {"amount": int(body["amount"]), "currency": body["currency"]}
            return {**PAID["stripe"], **money, "description": body["description"]}
        case "stripe", "refunds":
            return {
                "id": "re_1",
                "status": "succeeded",
                "amount": int(body["amount"]),
                "currency": "usd",
            }
        case "adyen", "payments":
            reference = {"merchantReference": body["reference"]}
            return {**PAID["adyen"], **reference, "amount": body["amount"]}
        case "adyen", "refunds":
            return {"pspReference": "psp-2", "status": "received"}
        case "paypal", "token":
            return {"access_token": "token", "expires_in": 3600}
        case "paypal", "orders":
            return {"id": "order-1"}
        case "mercado_pago", "preferences":
            return {"init_point": "https://x/", "sandbox_init_point": "https://x/?y=1"}
        case "mercado_pago", "card_tokens":
            return {"id": "card-token"}
        case "mercado_pago", "payments":
            amount = body["transaction_amount"]
            items = body.get("additional_info", {}).get("items")
            return {
                **PAID["mercado_pago"],
                "external_reference": body.get("external_reference"),
                "transaction_amount": amount,
                "currency_id": "USD",
                "additional_info": {"items": items},
            }
        case "worldline", "hostedcheckouts":
            return {"redirectUrl": "https://x/"}
        case "worldline", "payments":
            order = body["order"]
            output = {
                "amountOfMoney": order["amountOfMoney"],
                "references": order["references"],
            }
            payment = {**PAID["worldline"]["payment"], "paymentOutput": output}
            return {"payment": payment}
    return {}
