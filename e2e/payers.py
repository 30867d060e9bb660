"""Those whom a server meets on the internet: payers with their browsers, and a gateway.

They know nothing of Odoo but its addresses and pages.
"""

import hashlib
import hmac
import json
from dataclasses import dataclass
from urllib.parse import urljoin

import requests
from lxml import html

# What the test addon `payment_loopback` shares with its gateway.
_SECRET = "known to the tests"
_SIGNATURE_HEADER = "X-Loopback-Signature"

# Nothing that a payer does may take longer.
_PATIENCE = 60


@dataclass(frozen=True)
class Answer:
    """What the page's button "Pay" led to.

    :param dict values: the processing values of the charge; empty if it was refused
    :param dict error: Odoo's JSON-RPC error; empty if there is a charge
    """

    values: dict
    error: dict

    @property
    def reference(self):
        return self.values.get("reference")

    @property
    def refusal(self):
        """What the payer reads instead of paying, or None."""
        return self.error["data"]["message"] if self.error else None

    @property
    def kind(self):
        """The class of the error, or None."""
        return self.error["data"]["name"] if self.error else None


class Browser:
    """One payer: her own cookies, and the page as she saw it last."""

    def __init__(self, server_url):
        self.server_url = server_url
        self.session = requests.Session()
        self.page = None
        self.form = {}

    def open(self, path):
        """Read the link's page, as after a reload, and return the response."""
        response = self.session.get(urljoin(self.server_url, path), timeout=_PATIENCE)
        self._read(response)
        return response

    def _read(self, response):
        self.page = html.fromstring(response.content)
        forms = self.page.xpath("//form[@id='o_payment_form']")
        self.form = dict(forms[0].attrib) if forms else {}

    @property
    def page_state(self):
        """The state that the page shows."""
        cards = self.page.xpath("//*[@data-page-state]")
        return cards[0].get("data-page-state") if cards else None

    @property
    def text(self):
        return " ".join(self.page.text_content().split())

    def choose(self, provider_code):
        """Return what the form sends when a payer chooses a provider and clicks "Pay"."""
        (option,) = self.page.xpath(
            "//input[@name='o_payment_radio'][@data-provider-code=$code]",
            code=provider_code,
        )
        return {
            "provider_id": int(option.get("data-provider-id")),
            "payment_method_id": int(option.get("data-payment-option-id")),
            "token_id": None,
            "amount": float(self.form["data-amount"]),
            "flow": "redirect" if provider_code == "loopback" else "direct",
            "tokenization_requested": False,
            "landing_route": self.form["data-landing-route"],
            "is_validation": False,
            "csrf_token": "",
        }

    def pay(self, provider_code):
        """Click "Pay" on the page as it was read last, and return the answer."""
        response = self.rpc(
            self.form["data-transaction-route"], self.choose(provider_code)
        )
        assert response.status_code == 200, response.text
        content = response.json()
        return Answer(content.get("result") or {}, content.get("error") or {})

    def rpc(self, path, params):
        return self.session.post(
            urljoin(self.server_url, path),
            json={"jsonrpc": "2.0", "method": "call", "params": params},
            timeout=_PATIENCE,
        )

    def finish(self, answer, status="paid"):
        """Go through with a payment, whichever provider it is at, up to the landing page.

        :param Answer answer: a charge
        :param str status: the button on the gateway's page
        """
        if "redirect_form_html" in answer.values:
            response = self.submit_at_gateway(self.visit_gateway(answer), status)
        else:
            response = self.simulate(answer)
            assert "error" not in response.json(), response.text
            response = self.session.get(
                urljoin(self.server_url, "/payment/status"), timeout=_PATIENCE
            )
        self._read(response)
        return response

    def simulate(self, answer, state="done"):
        """Do what the demo provider's inline form does after the charge was created."""
        return self.rpc(
            "/payment/demo/simulate_payment",
            {
                "reference": answer.reference,
                "payment_details": "1234",
                "simulated_state": state,
            },
        )

    def visit_gateway(self, answer):
        """Follow the redirect form to the gateway's page, and return it."""
        form = html.fromstring(answer.values["redirect_form_html"])
        response = self.session.post(
            form.get("action"), data=dict(form.form_values()), timeout=_PATIENCE
        )
        assert response.status_code == 200, response.text
        return html.fromstring(response.content)

    def submit_at_gateway(self, checkout, status="paid"):
        """Click a button on the gateway's page, and return the page that it leads to."""
        (form,) = checkout.forms
        return self.session.post(
            urljoin(self.server_url, form.get("action")),
            data={**dict(form.form_values()), "status": status},
            timeout=_PATIENCE,
        )


class Gateway:
    """The provider `loopback` as Odoo hears it: it signs what it says."""

    def __init__(self, server_url, secret=_SECRET):
        self.server_url = server_url
        self.secret = secret

    def compose(self, answer, status="paid", **changes):
        """Return the text of a callback about a charge.

        :param Answer answer: the charge
        :param str status: the gateway's word for its state
        :param changes: what else the callback says, right or wrong
        """
        return json.dumps(
            {
                "reference": answer.reference,
                "payment_id": f"loopback-{answer.reference}",
                "amount": answer.values["amount"],
                "currency": "USD",
                "status": status,
                **changes,
            }
        )

    def sign(self, text):
        return hmac.new(self.secret.encode(), text.encode(), hashlib.sha256).hexdigest()

    def send_webhook(self, text):
        """Deliver a callback from server to server, and return the response."""
        return requests.post(
            urljoin(self.server_url, "/payment/loopback/webhook"),
            data=text,
            headers={_SIGNATURE_HEADER: self.sign(text)},
            timeout=_PATIENCE,
        )

    def send_back(self, text, browser=None):
        """Deliver a callback through a payer's browser, and return where she lands."""
        return (browser.session if browser else requests).get(
            urljoin(self.server_url, "/payment/loopback/return"),
            params={"data": text, "signature": self.sign(text)},
            timeout=_PATIENCE,
        )
