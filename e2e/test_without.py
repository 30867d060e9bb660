"""Rule 9: a payer needs no mail server and no wkhtmltopdf, and waits for neither.

Odoo at its default (`sale.async_emails` is off) makes the confirmation mail with its PDF in the
payer's own request; where either fails, nothing is confirmed and nothing is booked.
"""

import email
import email.policy
import socketserver
import threading
import time

import pytest
from links import AMOUNT, create_links

from dev.databases import LOOPBACK
from dev.server import free_port, wait_until

# A whole payment: the page, the charge, the answer, the confirmation. Measured on an idle machine
# it takes half a second; a mail server that does not answer takes a minute.
PAYER_SECONDS = 10
JOB_SECONDS = 180


class MailServer(socketserver.ThreadingTCPServer):
    """The least that SMTP asks of a server: it takes every mail, and keeps it."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, port):
        super().__init__(("127.0.0.1", port), _Conversation)
        self.mails = []

    def __enter__(self):
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return super().__enter__()

    def __exit__(self, *error):
        self.shutdown()
        super().__exit__(*error)


class _Conversation(socketserver.StreamRequestHandler):
    def handle(self):
        self.say(220)
        while command := self.rfile.readline().strip().upper():
            if command.startswith(b"QUIT"):
                return self.say(221)
            if command.startswith(b"DATA"):
                self.say(354)
                self.server.mails.append(self.read_mail())
            self.say(250)

    def say(self, code):
        self.wfile.write(f"{code} ok\r\n".encode())

    def read_mail(self):
        lines = iter(self.rfile.readline, b".\r\n")
        return email.message_from_bytes(b"".join(lines), policy=email.policy.default)


@pytest.fixture(scope="module")
def smtp_port():
    """A port on which no mail server listens, until a test starts one."""
    return free_port()


@pytest.fixture(scope="module")
def server(start_server, smtp_port):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", "/nowhere")  # Where wkhtmltopdf would be found.
        context = start_server(
            flavour=LOOPBACK,
            workers=2,
            cron_threads=1,
            smtp_server="127.0.0.1",
            smtp_port=smtp_port,
        )
        running = context.__enter__()
    try:
        with running.environment() as env:
            parameters = env["ir.config_parameter"]
            assert parameters.get_param("sale.async_emails") in (False, "False")
            assert not env["ir.mail_server"].search([])
        yield running
    finally:
        context.__exit__(None, None, None)


@pytest.fixture
def link(server):
    """A link on a quotation, with a server that has shown a page before."""
    warm, created = create_links(server, 2)
    warm.visit()
    return created


def pay(link, provider):
    """Pay like a person, and check that nothing failed and nothing took long."""
    start = time.monotonic()
    browser = link.visit()
    answer = browser.pay(provider)
    assert answer.reference, answer
    browser.finish(answer)
    assert "We received your payment" in browser.text
    assert time.monotonic() - start < PAYER_SECONDS


def assert_confirmed_and_booked(server, ledger, link):
    ledger.wait_for_jobs()
    account = ledger.account(link.id)
    assert (account.payments, account.booked) == (1, AMOUNT), account
    with server.environment() as env:
        assert env["payment.link"].browse(link.id).sale_order_id.state == "sale"


def read_confirmation(server, link):
    """Return what became of the mail that tells the customer about the order.

    :return: its state, and whether the mail server refused to talk; None if there is no mail yet
    """
    with server.environment() as env:
        order = env["payment.link"].browse(link.id).sale_order_id
        messages = order.message_ids.filtered(
            lambda message: order.partner_id in message.partner_ids
        )
        mail = messages.mail_ids
        assert len(mail) <= 1
        if not mail:
            return None
        return mail.state, "refused" in (mail.failure_reason or "")


@pytest.mark.parametrize("provider", ["demo", "loopback"])
def test_without_a_mail_server(server, ledger, link, provider):
    """The connection is refused: the mail is kept, the rest goes on."""
    pay(link, provider)
    assert_confirmed_and_booked(server, ledger, link)
    wait_until(
        lambda: read_confirmation(server, link) == ("exception", True),
        JOB_SECONDS,
        "the job that sends mails, in vain",
    )


@pytest.mark.parametrize("provider", ["demo", "loopback"])
def test_without_wkhtmltopdf(server, ledger, link, smtp_port, provider):
    """The confirmation and the receipt go out without the PDFs that cannot be made."""
    with server.environment() as env:
        order_name = env["payment.link"].browse(link.id).sale_order_id.name
    with MailServer(smtp_port) as post:

        def get_mails():
            return [
                mail
                for mail in post.mails
                if order_name in mail["Subject"]
                and "ada.payer@example.com" in mail["To"]
            ]

        pay(link, provider)
        assert_confirmed_and_booked(server, ledger, link)
        wait_until(lambda: len(get_mails()) == 2, JOB_SECONDS, "both mails")
    subjects = sorted("receipt" in mail["Subject"] for mail in get_mails())
    assert subjects == [False, True]
    assert not any(list(mail.iter_attachments()) for mail in get_mails())
    assert "goes out without its PDF" in server.log()
