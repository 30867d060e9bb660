"""What docs/webhooks.md tells those who receive webhooks, done as it stands there."""

import base64
import json
import re
import subprocess

import pytest
from guide import read_examples, read_guide
from receivers import Receiver, create_webhook, switch_off

from dev.server import wait_until
from dev.venv import ensure_venv

SERVER = {"workers": 2, "cron_threads": 1}

_GUIDE = "webhooks.md"

# Runs an example on a request, and prints what it makes of it.
_PYTHON = """
import base64, json, sys
import example
secret, headers, body = json.load(sys.stdin)
print(json.dumps(example.read_event(secret, headers, base64.b64decode(body))))
"""
_JAVASCRIPT = """
import { readFileSync } from "node:fs";
import { readEvent } from "./example.mjs";
const [secret, headers, body] = JSON.parse(readFileSync(0));
console.log(JSON.stringify(readEvent(secret, headers, Buffer.from(body, "base64"))));
"""
_SHELL = """
import base64, json, os, subprocess, sys
secret, headers, body = json.load(sys.stdin)
names = ("webhook-id", "webhook-timestamp", "webhook-signature")
values = {name.upper().replace("-", "_"): headers[name] for name in names}
result = subprocess.run(
    ["sh", "example.sh"],
    env={**os.environ, **values, "SECRET": secret},
    input=base64.b64decode(body),
)
raise SystemExit(result.returncode)
"""


def read_verifiers():
    """Return the guide's examples: how to run each, and what it is."""
    found = read_examples(_GUIDE, "Verify the signature")
    languages = [language for language, _code in found]
    assert languages == ["python", "python", "javascript", "sh"]
    return found


@pytest.fixture(scope="module")
def request_received(server):
    """A real test event: the secret, the headers, and the body."""
    with Receiver().running() as receiver:
        webhook_id, secret = create_webhook(server, receiver.url, "Guide")
        receiver.secret = secret
        with server.environment() as env:
            env["payment.link.webhook"].browse(webhook_id).action_send_test()
        wait_until(lambda: receiver.received, 60, "the test event")
        ((_moment, _told, body),) = receiver.received
        switch_off(server, webhook_id)
    return secret, receiver.headers, body


@pytest.fixture(
    params=read_verifiers(), ids=["library", "python", "javascript", "shell"]
)
def read_event(request, tmp_path):
    """Give a function that runs an example, and returns the process."""
    language, code = request.param
    venv = ensure_venv()
    if language == "python":
        (tmp_path / "example.py").write_text(code)
        (tmp_path / "run.py").write_text(_PYTHON)
        command = [str(venv.python), "run.py"]
    elif language == "sh":
        (tmp_path / "example.sh").write_text(code)
        (tmp_path / "run.py").write_text(_SHELL)
        command = [str(venv.python), "run.py"]
    else:
        (tmp_path / "example.mjs").write_text(code)
        (tmp_path / "run.mjs").write_text(_JAVASCRIPT)
        command = [str(venv.node), "run.mjs"]

    def run(secret, headers, body):
        return subprocess.run(
            command,
            cwd=tmp_path,
            input=json.dumps([secret, headers, base64.b64encode(body).decode()]),
            capture_output=True,
            text=True,
            timeout=60,
        )

    return run


def test_G9_guide_reads_an_event(read_event, request_received):
    result = read_event(*request_received)
    assert result.returncode == 0, result.stderr
    event = json.loads(result.stdout)
    assert event["type"] == "webhook.test"
    assert event == json.loads(request_received[2])


def test_G9_guide_refuses_strangers(read_event, request_received):
    secret, headers, body = request_received
    other = "whsec_" + base64.b64encode(b"x" * 32).decode()
    for forged in (
        (secret, headers, body + b" "),
        (other, headers, body),
        (secret, {**headers, "webhook-id": "msg_other"}, body),
        (secret, {**headers, "webhook-timestamp": "1700000000"}, body),
        (secret, {**headers, "webhook-signature": "v1,"}, body),
    ):
        result = read_event(*forged)
        assert result.returncode, result.stdout
        assert re.search("too old|signature", result.stderr, re.IGNORECASE)


def test_G9_guide_names_every_event(server):
    with server.environment() as env:
        names = env["payment.link.webhook.type"].search([]).mapped("name")
    told = re.findall(r"^\| `([a-z_.]+)` \|", read_guide(_GUIDE), re.MULTILINE)
    assert told == [*names, "webhook.test"]
