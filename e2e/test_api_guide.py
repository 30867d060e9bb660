"""What docs/api.md tells integrators, done as it stands there."""

import json
import re

import pytest
import requests
from guide import read_examples, read_guide, run_example

from dev.paths import ROOT

SERVER = {"workers": 2, "cron_threads": 1}

_GUIDE = "api.md"


@pytest.fixture(scope="module")
def key(server):
    with server.environment() as env:
        return env["res.users.apikeys"].sudo()._generate("payment_link", "guide", False)


@pytest.mark.parametrize(
    "language, code",
    read_examples(_GUIDE, "Your first link in five minutes"),
    ids=["curl", "python", "javascript"],
)
def test_first_link(server, key, tmp_path, language, code):
    output = run_example(tmp_path, language, code, ODOO_URL=server.url, API_KEY=key)
    url = json.loads(output)["link_url"] if language == "sh" else output
    page = requests.get(url)
    assert page.status_code == 200
    assert "250.00" in page.text


@pytest.mark.parametrize(
    "language, code",
    read_examples(_GUIDE, "The creation link"),
    ids=["openssl", "python", "javascript"],
)
def test_signature(server, tmp_path, language, code):
    with server.environment() as env:
        company = env.company
        company.write(
            {"payment_link_request_enabled": True, "payment_link_request_signed": True}
        )
        company.action_renew_payment_link_request_secret()
        secret = company.payment_link_request_secret
    signature = run_example(tmp_path, language, code, SECRET=secret)
    address = f"{server.url}/payment-request?amount=250.00&referenceId=QUOTE-123"
    assert requests.get(f"{address}&signature={signature}").status_code == 200
    forged = address.replace("250.00", "1.00")
    assert requests.get(f"{forged}&signature={signature}").status_code == 400


def test_every_code_is_told():
    """What programs compare stands in the table."""
    told = set(re.findall(r"`([a-z_]+)`", read_guide(_GUIDE)))
    addon = ROOT / "payment_link_onetime"
    code = "".join(path.read_text() for path in addon.glob("[cm]o*/*api*.py"))
    code += (addon / "models" / "payment_link_idempotency.py").read_text()
    named = set(re.findall(r'ApiError\(\s*\d+,\s*"([a-z_]+)"', code))
    assert len(named) > 10
    assert named <= told, named - told
