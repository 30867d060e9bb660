"""The API on a real server: tried by programs that know only what it says of itself."""

import os
import subprocess
import sys

import pytest
import requests
from clerks import Clerk
from races import at_once

PREFIX = "/payment_link/v1"

# What nobody may send, and what must not be found anywhere afterwards.
CARD_NUMBER = "4012888888881881"


@pytest.fixture(scope="module")
def key(server):
    """A key of a salesperson who also keeps the books."""
    with server.environment() as env:
        env["ir.config_parameter"].set_param(
            "payment_link_onetime.api_requests_per_minute", 1_000_000
        )
        return env["res.users.apikeys"].sudo()._generate("payment_link", "e2e", False)


@pytest.fixture
def session(server, key):
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {key}"
    session.base = server.url + PREFIX
    return session


def create(session, **body):
    return session.post(f"{session.base}/links", json={"amount": "100.00", **body})


def test_document_keeps_its_word(server, key, clean_log, tmp_path):
    """No 5xx, no answer outside its schema, no status that is not documented."""
    result = subprocess.run(
        [
            os.path.join(os.path.dirname(sys.executable), "schemathesis"),
            "run",
            f"{server.url}{PREFIX}/openapi.json",
            f"--header=Authorization: Bearer {key}",
            "--checks=not_a_server_error,status_code_conformance,"
            "content_type_conformance,response_headers_conformance,"
            "response_schema_conformance,negative_data_rejection,"
            "unsupported_method,ignored_auth",
            "--phases=examples,coverage,fuzzing,stateful",
            f"--max-examples={200 if os.environ.get('TEST_LONG') else 20}",
            "--seed=1",
            # Several would share what Hypothesis keeps, which it does not bear.
            "--workers=1",
            "--no-color",
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stdout[-20_000:] + result.stderr[-2000:]


def test_16_creations_with_one_reference(session, ledger, clean_log):
    """One is made; the others are told of it."""
    responses = at_once(*[lambda: create(session, reference="RACE")] * 16)
    statuses = sorted(response.status_code for response in responses)
    assert statuses == [201] + [409] * 15
    [(count,)] = ledger.rows("SELECT COUNT(*) FROM payment_link WHERE reference='RACE'")
    assert count == 1


def test_16_creations_with_one_idempotency_key(session, ledger, clean_log):
    """One is made; the others get its answer, or are told that it is being made."""

    def ask():
        return session.post(
            f"{session.base}/links",
            json={"amount": "100.00", "description": "once"},
            headers={"Idempotency-Key": "16"},
        )

    responses = at_once(*[ask] * 16)
    answers = [answer for answer in responses if answer.status_code == 201]
    assert {response.status_code for response in responses} <= {201, 409}
    assert len({answer.json()["id"] for answer in answers}) == 1
    [(count,)] = ledger.rows(
        "SELECT COUNT(*) FROM payment_link WHERE description = 'once'"
    )
    assert count == 1


def test_C3_card_data_is_nowhere(server, session):
    """Neither in the database nor in the log."""
    start = len(server.log())
    for body in (
        {"description": CARD_NUMBER},
        {"metadata": {"card": CARD_NUMBER}},
        {"card_number": CARD_NUMBER},
    ):
        assert create(session, **body).status_code == 400
    response = session.get(f"{session.base}/links?reference={CARD_NUMBER}")
    assert response.status_code == 400
    assert CARD_NUMBER not in server.log()[start:]
    assert CARD_NUMBER not in server.odoo.cluster.dump(server.database)


def test_key_of_a_person_opens_nothing_else(server, key):
    """Neither Odoo's JSON-2 API nor its RPC nor the login."""
    response = requests.post(
        f"{server.url}/json/2/res.partner/search_read",
        headers={"Authorization": f"Bearer {key}"},
        json={"domain": []},
    )
    assert response.status_code == 401
    with pytest.raises(Exception, match="Access Denied|session"):
        Clerk(server, password=key)


def test_client_is_made_from_the_document(server, key):
    """A public library reads the document, and uses the API by it."""
    from aiopenapi3 import OpenAPI

    api = OpenAPI.load_sync(f"{server.url}{PREFIX}/openapi.json")
    api.authenticate(key=key)
    request = api._.create_link
    body = request.data.get_type().model_validate({"amount": "12.50"})
    link = request(data=body)
    assert link.amount == "12.50"
    assert link.state == "open"
    shown = api._.get_link(parameters={"link_id": link.id})
    assert shown.link_url == link.link_url
    page = api._.list_links(parameters={"limit": 1})
    assert page.data[0].id == link.id
    assert api._.delete_link(parameters={"link_id": link.id}).is_delete is True
    assert requests.get(link.link_url).status_code == 410
