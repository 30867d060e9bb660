"""What a link sends by itself, on a real prefork server: once, and to nobody else."""

from datetime import UTC, datetime, timedelta

import pytest
import requests
from links import create_links
from lxml import html
from playwright.sync_api import expect
from races import PAYERS, at_once
from states import PHONE, Pages

ANSWER = (
    "This payment link has expired. Nothing was charged. If we know an e-mail address"
    " for this payment, a new link is on its way."
)


@pytest.fixture
def daytime(server):
    """It is noon where the company is: nobody is reminded at night."""
    offset = datetime.now(UTC).hour - 12
    with server.environment() as env:
        env.company.partner_id.tz = f"Etc/GMT{offset:+d}" if offset else "UTC"


def run_job(server):
    """Run the job as a process of its own does."""
    with server.environment() as env:
        env(su=True)["payment.link.message"]._cron_send()


def create_expired_links(server, count, **values):
    links = create_links(server, count, **values)
    with server.environment() as env:
        for link in env["payment.link"].browse([link.id for link in links]):
            link._store({"expires_at": datetime.now() - timedelta(minutes=1)})
    return links


def ask(link):
    """Click "Send me a new link", and return what the page says then."""
    answer = requests.post(f"{link.server.url}{link.path}/renew", timeout=60)
    (outcome,) = html.fromstring(answer.content).find_class("o_payment_link_outcome")
    return answer.status_code, " ".join(outcome.text_content().split())


def count_messages(ledger, link, kind):
    ((count,),) = ledger.rows(
        "SELECT COUNT(*) FROM payment_link_message WHERE link_id = %s AND kind = %s",
        link.id,
        kind,
    )
    return count


def test_reminded_once_though_two_jobs_run(server, ledger, daytime, clean_log):
    links = create_links(server, 6, reminder_sent_days="3")
    ids = [link.id for link in links]
    with server.environment() as env:
        for link in env["payment.link"].browse(ids):
            link._send_by_email()
    moment = datetime.now() - timedelta(minutes=1)
    with server.environment() as env:
        messages = env(su=True)["payment.link.message"].search(
            [("link_id", "in", ids), ("kind", "=", "reminder")]
        )
        assert len(messages) == len(links)
        messages.due_at = moment
    at_once(*[lambda: run_job(server)] * 2)
    run_job(server)
    reminded = ledger.rows(
        "SELECT link_id, COUNT(*) FROM payment_link_event"
        " WHERE type = 'reminded' AND link_id = ANY(%s) GROUP BY link_id ORDER BY 1",
        ids,
    )
    assert reminded == [(link_id, 1) for link_id in sorted(ids)]
    ((mails,),) = ledger.rows(
        "SELECT COUNT(*) FROM mail_message WHERE model = 'payment.link'"
        " AND subject LIKE '%%reminder of your payment%%' AND res_id = ANY(%s)",
        ids,
    )
    assert mails == len(links)


def test_G6_asked_many_times_at_once(server, ledger, clean_log):
    """One new link, and everybody reads the same."""
    (known,) = create_expired_links(server, 1)
    (unknown,) = create_expired_links(server, 1, on_orders=False)
    pages = at_once(*[lambda: ask(known)] * (PAYERS // 2))
    assert count_messages(ledger, known, "renewal") == 1
    pages.append(ask(unknown))
    assert set(pages) == {(410, ANSWER)}
    at_once(*[lambda: run_job(server)] * 2)
    ((replaced,),) = ledger.rows(
        "SELECT COUNT(*) FROM payment_link WHERE replaces_id = %s", known.id
    )
    assert replaced == 1
    ((state, reason),) = ledger.rows(
        "SELECT state, reason FROM payment_link_message WHERE link_id = %s", unknown.id
    )
    assert state == "skipped" and "no e-mail address" in reason
    # Neither does the page tell who got one, nor does asking again.
    assert ask(known) == ask(unknown) == (410, ANSWER)
    for link in (known, unknown):
        page = requests.get(f"{server.url}{link.path}", timeout=60)
        assert (page.status_code, "has expired" in page.text) == (410, True)
        assert count_messages(ledger, link, "renewal") == 1


def test_G6_works_without_a_script(server, open_browser):
    """On a phone, by the button, with JavaScript switched off."""
    with server.environment() as env:
        path = Pages(env).create("expired")
    page = open_browser(**PHONE, java_script_enabled=False)
    page.goto(server.url + path)
    page.get_by_role("button", name="Send me a new link").click()
    expect(page.get_by_role("status")).to_contain_text(
        "If we know an e-mail address for this payment, a new link is on its way."
    )
    expect(page.get_by_role("button")).to_have_count(0)
