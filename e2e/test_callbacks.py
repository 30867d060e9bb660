"""What a provider says, and what somebody says who is not the provider: rules 4 and 5.

Callbacks arrive twice, late, in any order, with an amount that nobody was charged, from anybody.
"""

import pytest
from links import AMOUNT, create_links
from payers import Gateway

from dev.databases import LOOPBACK

SERVER = {"flavour": LOOPBACK, "workers": 4, "cron_threads": 1}


@pytest.fixture
def link(server):
    (created,) = create_links(server, 1)
    return created


@pytest.fixture
def answer(link):
    """A charge of the link, whose payer is at the provider."""
    return link.visit().pay("loopback")


def assert_paid_once(ledger, link):
    ledger.wait_for_jobs()
    account = ledger.account(link.id)
    assert (account.payment_status, account.states) == ("paid", {"done": 1}), account
    assert (account.payments, account.booked) == (1, AMOUNT), account
    return account


def test_A8_payer_goes_to_the_provider_and_comes_back(ledger, link):
    """The whole way of a redirect provider, without one webhook."""
    browser = link.visit()
    browser.finish(browser.pay("loopback"))
    assert "We received your payment" in browser.text
    assert_paid_once(ledger, link)


@pytest.mark.parametrize("status", ["failed", "cancelled"])
def test_A16_payer_comes_back_without_having_paid(ledger, link, status):
    browser = link.visit()
    browser.finish(browser.pay("loopback"), status)
    assert "Nothing was charged" in browser.text
    browser.finish(browser.pay("loopback"))
    ledger.wait_for_jobs()
    assert ledger.account(link.id).settled == 1


def test_A9_pending(ledger, gateway, link):
    browser = link.visit()
    answer = browser.pay("loopback")
    browser.finish(answer, "pending")
    assert browser.page_state == "processing"
    gateway.send_webhook(gateway.compose(answer))
    assert_paid_once(ledger, link)


@pytest.mark.parametrize("secret", ["guessed", ""])
def test_D3_forged_callback_is_refused(server, ledger, gateway, link, answer, secret):
    forger = Gateway(server.url, secret)
    text = forger.compose(answer)
    assert forger.send_webhook(text).status_code == 403
    assert forger.send_back(text).status_code == 403
    assert ledger.account(link.id).states == {"draft": 1}
    assert gateway.send_webhook(text).status_code == 200
    assert_paid_once(ledger, link)


@pytest.mark.parametrize(
    "change",
    [{"amount": 1.0}, {"amount": 99.99}, {"amount": 1000.0}, {"currency": "EUR"}],
    ids=str,
)
def test_D3_wrong_amount_stays_wrong_however_often_it_is_said(
    ledger, gateway, link, answer, change
):
    """Odoo itself refuses it the first time only: the second time, it settles."""
    wrong = gateway.compose(answer, **change)
    for _i in range(3):
        gateway.send_webhook(wrong)
        account = ledger.account(link.id)
        assert (account.paid, account.states) == (0.0, {"error": 1}), account
    assert account.events["failed"] == 1, account
    gateway.send_webhook(gateway.compose(answer))
    assert_paid_once(ledger, link)
    gateway.send_webhook(wrong)
    assert_paid_once(ledger, link)


@pytest.mark.parametrize("status", ["failed", "cancelled", "pending", "unheard-of"])
def test_rule_4_other_news_after_the_money(ledger, gateway, link, answer, status):
    """Callbacks overtake each other: what came before does not undo what was paid."""
    gateway.send_webhook(gateway.compose(answer))
    assert gateway.send_webhook(gateway.compose(answer, status)).status_code == 200
    account = assert_paid_once(ledger, link)
    assert account.state == "completed"


@pytest.mark.parametrize("status", ["failed", "cancelled"])
def test_rule_4_money_after_other_news(ledger, gateway, link, answer, status):
    """A payer who cancelled may still pay in the provider's other tab."""
    gateway.send_webhook(gateway.compose(answer, status))
    assert ledger.account(link.id).state == "open"
    gateway.send_webhook(gateway.compose(answer))
    account = assert_paid_once(ledger, link)
    assert account.state == "completed"


def test_rule_4_money_on_a_cancelled_link(server, ledger, gateway, link, answer):
    with server.environment() as env:
        env["payment.link"].browse(link.id).action_cancel()
    gateway.send_webhook(gateway.compose(answer))
    account = assert_paid_once(ledger, link)
    assert account.state == "cancelled"
    with server.environment() as env:
        assert env["payment.link"].browse(link.id).paid_late


def test_callback_about_nothing_is_acknowledged(gateway, answer):
    text = gateway.compose(answer, reference="UNKNOWN-1")
    assert gateway.send_webhook(text).status_code == 200
    assert gateway.send_webhook("[]").status_code == 400
