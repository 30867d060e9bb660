"""What docs/api.md tells integrators, done as it stands there."""

import json
import os
import re
import subprocess

import pytest
import requests

from dev.paths import ROOT
from dev.venv import ensure_venv

SERVER = {"workers": 2, "cron_threads": 1}

_GUIDE = (ROOT / "docs" / "api.md").read_text()
_SUFFIXES = {"sh": "sh", "python": "py", "javascript": "mjs"}


def read_examples(heading):
    """Return the examples below a heading: their languages and what they say."""
    section = _GUIDE.split(f"## {heading}\n")[1].split("\n## ")[0]
    return re.findall(r"```(sh|python|javascript)\n(.*?)```", section, re.DOTALL)


def run_example(folder, language, code, **environment):
    """Run an example, and return what it prints."""
    path = folder / f"example.{_SUFFIXES[language]}"
    path.write_text(code)
    venv = ensure_venv()
    program = {"sh": "sh", "python": venv.python, "javascript": venv.node}[language]
    result = subprocess.run(
        [str(program), str(path)],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert result.returncode == 0, result.stderr + result.stdout
    return result.stdout.strip()


@pytest.fixture(scope="module")
def key(server):
    with server.environment() as env:
        return env["res.users.apikeys"].sudo()._generate("payment_link", "guide", False)


@pytest.mark.parametrize(
    "language, code",
    read_examples("Your first link in five minutes"),
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
    read_examples("The creation link"),
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
    told = set(re.findall(r"`([a-z_]+)`", _GUIDE))
    addon = ROOT / "payment_link_onetime"
    code = "".join(path.read_text() for path in addon.glob("[cm]o*/*api*.py"))
    code += (addon / "models" / "payment_link_idempotency.py").read_text()
    named = set(re.findall(r'ApiError\(\s*\d+,\s*"([a-z_]+)"', code))
    assert len(named) > 10
    assert named <= told, named - told
