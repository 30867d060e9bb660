"""A pay URL is a secret: the server's log shows that it was used, and not what it is."""

import logging
from urllib.parse import quote

import pytest
import requests
from links import create_links
from payers import Browser

from dev.databases import LOOPBACK


@pytest.fixture(scope="module", params=[2, 0], ids=["prefork", "threaded"])
def server(request, start_server):
    with start_server(flavour=LOOPBACK, workers=request.param) as running:
        yield running


@pytest.fixture
def link(server):
    (created,) = create_links(server, 1)
    return created


@pytest.fixture
def token(link):
    return link.path.removeprefix("/pay/")


def assert_not_logged(server, *secrets):
    log = server.log()
    for secret in secrets:
        assert secret not in log, next(
            line for line in log.splitlines() if secret in line
        )
    return log


def test_D1_a_whole_payment_leaves_no_secret_in_the_log(server, link, token):
    browser = link.visit()
    browser.rpc(f"{link.path}/opened", {})
    browser.rpc(f"{link.path}/status", {})
    Browser(server.url).open(link.path)
    answer = browser.pay("loopback")
    assert answer.reference
    browser.finish(answer)
    browser.open(link.path)
    for name in ("qr.png", "qr.svg?download=1", "receipt", "receipt.pdf"):
        address = f"{server.url}{link.path}/{name}"
        assert browser.session.get(address).status_code == 200, name
    assert_not_logged(server, token)


def test_D1_what_is_refused_leaves_no_secret_in_the_log(server, link, token):
    """A payer who is refused, wrong methods, wrong paths, wrong and quoted tokens."""
    first, second = link.visit(), link.visit()
    first.pay("demo")
    assert second.pay("demo").refusal
    wrong = "a-token-that-somebody-made-up"
    address = f"{server.url}{link.path}"
    statuses = [
        requests.get(f"{server.url}/pay/{wrong}").status_code,
        requests.get(f"{address}/unknown").status_code,
        requests.post(address, data={}).status_code,
        requests.put(address).status_code,
        requests.get(
            f"{server.url}/pay/{token[0]}%{ord(token[1]):x}{token[2:]}"
        ).status_code,
        requests.get(f"{server.url}/PAY/{token}").status_code,
        requests.get(
            f"{server.url}/web/login?redirect={quote(link.path, safe='')}"
        ).status_code,
        requests.get(f"{address}?returned=1&again={link.path}").status_code,
    ]
    assert 500 not in statuses
    assert_not_logged(server, token, token[3:], wrong)


def test_D1_the_log_still_tells_what_happened(server, link):
    start = len(server.log())
    first, second = link.visit(), link.visit()
    first.pay("demo")
    refusal = second.pay("demo").refusal
    log = server.log()[start:]
    assert '"GET /pay/*** HTTP/1.1" 200' in log
    assert '"POST /pay/***/transaction HTTP/1.1" 200' in log
    assert refusal in log


def test_D1_the_filter_is_there_once(server):
    """Several databases in one process, and loading the addon again, add no second."""
    with server.environment():
        from odoo.addons.payment_link_onetime.logging import (
            LOGGER_NAMES,
            PayUrlFilter,
            mask_pay_urls,
        )
    mask_pay_urls()
    for name in LOGGER_NAMES:
        filters = [type(one) for one in logging.getLogger(name).filters]
        assert filters.count(PayUrlFilter) == 1
