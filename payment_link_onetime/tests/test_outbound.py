import socket
import ssl
import tempfile
import time
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path
from unittest.mock import patch

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from odoo.exceptions import ValidationError
from odoo.tests import tagged
from odoo.tests.common import _super_send

from ..outbound import AddressError, check_url, is_public, post
from .webhook_common import WebhookCommon, receiving, silent_listener

PUBLIC = (
    "93.184.216.34",
    "8.8.8.8",
    "1.1.1.1",
    "2606:4700:4700::1111",
    "2a00:1450:4001:81b::200e",
    "::ffff:8.8.8.8",
    "64:ff9b::8.8.8.8",
)
PRIVATE = (
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "100.64.0.1",
    "100.100.100.200",
    "127.0.0.1",
    "127.8.8.8",
    "168.63.129.16",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "224.0.1.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::8.8.8.8",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "::ffff:0:8.8.8.8",
    "64:ff9b::10.0.0.1",
    "64:ff9b::169.254.169.254",
    "64:ff9b:1::8.8.8.8",
    "100::1",
    "2001::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:808:808::",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
    "ff0e::1",
)


@contextmanager
def names(**hosts):
    """Answer for the name server: lists of addresses by host, one list per question."""
    questions = {host: iter(answers) for host, answers in hosts.items()}
    asked = []
    real = socket.getaddrinfo

    def getaddrinfo(host, port, *args, **kwargs):
        name = host.split(".")[0]
        if name not in questions:
            return real(host, port, *args, **kwargs)
        asked.append(host)
        return [
            (
                socket.AF_INET6 if ":" in address else socket.AF_INET,
                socket.SOCK_STREAM,
                socket.IPPROTO_TCP,
                "",
                (address, port, 0, 0) if ":" in address else (address, port),
            )
            for address in next(questions[name])
        ]

    with patch("socket.getaddrinfo", getaddrinfo):
        yield asked


@tagged("post_install", "-at_install")
class TestOutbound(WebhookCommon):
    """Where webhooks go, and where they don't."""

    @classmethod
    def _request_handler(cls, session, request, /, **kwargs):
        """Override: the tests say where their hosts are, and none is far away."""
        return _super_send(session, request, **kwargs)

    def _refuse(self, url, reason, allowed_hosts=()):
        with self.assertRaises(AddressError) as caught:
            check_url(url, allowed_hosts)
        self.assertEqual(caught.exception.reason, reason, url)

    # === ADDRESSES === #

    def test_G9_public_addresses(self):
        for address in PUBLIC:
            self.assertTrue(is_public(address), address)

    def test_G9_private_addresses(self):
        for address in PRIVATE:
            self.assertFalse(is_public(address), address)

    def test_G9_private_addresses_are_refused_in_urls(self):
        """At saving and at sending, as a number or behind a name."""
        for address in PRIVATE:
            literal = f"[{address}]" if ":" in address else address
            with self.subTest(address):
                if "%" not in address:
                    answer = post(f"https://{literal}/", b"", {}, seconds=2)
                    self.assertEqual(answer.failure, "address")
                    self._refuse(f"https://{literal}/", "private")
                with names(shop=[[address], [address]]):
                    self._refuse("https://shop.example.com/", "private")
                    answer = post("https://shop.example.com/", b"", {}, seconds=2)
                    self.assertEqual(answer.failure, "address")

    def test_G9_odd_notations_of_this_machine(self):
        for host in (
            "127.1",
            "0x7f.0.0.1",
            "2130706433",
            "0177.0.0.1",
            "0",
            "localhost",
        ):
            self._refuse(f"https://{host}/", "private")

    def test_G9_one_private_address_among_public_ones(self):
        with names(shop=[["8.8.8.8", "10.0.0.1"]]):
            self._refuse("https://shop.example.com/", "private")

    def test_G9_forms_that_are_refused(self):
        for url, reason in (
            ("http://shop.example.com/", "scheme"),
            ("ftp://shop.example.com/", "scheme"),
            ("file:///etc/passwd", "scheme"),
            ("gopher://shop.example.com/", "scheme"),
            ("javascript:alert(1)", "scheme"),
            ("shop.example.com/events", "invalid"),
            ("https://", "invalid"),
            ("https:///events", "invalid"),
            ("https://shop.example.com:99999/", "invalid"),
            ("https://shop.example.com:x/", "invalid"),
            ("https://shop example.com/", "invalid"),
            ("https://shop.example.com/\r\nX: y", "invalid"),
            ("https://shop.example.com\\@10.0.0.1/", "invalid"),
            ("https://[::1/", "invalid"),
            ("https://user:password@shop.example.com/", "credentials"),
            ("https://user@shop.example.com/", "credentials"),
            ("https://shop.example.com/#events", "fragment"),
            ("https://shop.example.com:22/", "port"),
            ("https://shop.example.com:25/", "port"),
            ("https://shop.example.com:6379/", "port"),
        ):
            with names(shop=[["8.8.8.8"]] * 3):
                self._refuse(url, reason)

    def test_G9_forms_that_are_refused_at_sending(self):
        """They may have been allowed when they were saved. Nobody looks the host up."""
        for url in (
            "http://shop.example.com/",
            "https://shop.example.com:25/",
            "https://user@shop.example.com/",
            "https://shop.example.com/#events",
        ):
            with self.subTest(url), names(shop=[["8.8.8.8"]]) as asked:
                self.assertEqual(post(url, b"", {}, seconds=2).failure, "address")
                self.assertFalse(asked)

    def test_G9_good_urls(self):
        for url in (
            "https://shop.example.com",
            "https://shop.example.com/events?key=1&a=b",
            "https://SHOP.example.com:8443/",
            "https://shop.example.com.:443/",
        ):
            with names(shop=[["8.8.8.8"]], SHOP=[["8.8.8.8"]]):
                check_url(url)

    def test_G9_unknown_host(self):
        def unknown(*_args, **_kwargs):
            raise socket.gaierror

        with patch("socket.getaddrinfo", unknown):
            self._refuse("https://shop.example.com/", "unknown")
            answer = post("https://shop.example.com/", b"", {})
        self.assertEqual(answer.failure, "unknown_host")

    def test_G9_a_name_server_that_is_silent(self):
        with patch("socket.getaddrinfo", lambda *_args, **_kwargs: time.sleep(2) or []):
            start = time.monotonic()
            answer = post("https://shop.example.com/", b"", {}, seconds=0.3)
        self.assertEqual(answer.failure, "timeout")
        self.assertLess(time.monotonic() - start, 2)

    # === WHAT AN ADMINISTRATOR ALLOWS === #

    def test_G9_allowed_hosts(self):
        check_url("http://127.0.0.1:8069/x", {"127.0.0.1"})
        check_url("http://127.0.0.1:8069/x", {"127.0.0.1:8069"})
        check_url("http://[::1]:8069/x", {"[::1]"})
        self._refuse("http://127.0.0.1:8070/x", "scheme", {"127.0.0.1:8069"})
        self._refuse("https://127.0.0.2/x", "private", {"127.0.0.1"})
        with names(erp=[["10.0.0.1"]] * 2):
            check_url("http://erp.internal/x", {"erp.internal"})
            self._refuse(
                "https://erp.internal.example.com/", "private", {"erp.internal"}
            )

    def test_G9_saving(self):
        """The user reads what is wrong, and nothing is saved."""
        self._allow_hosts("localhost")
        webhook = self._create_webhook("http://localhost:9/")
        for url, text in (
            ("https://169.254.169.254/latest/meta-data", "private network"),
            ("http://shop.example.com/", "must begin with https.*allow the host"),
            ("https://a:b@shop.example.com/", "name and password"),
            ("nonsense", "not a web address"),
            ("https://shop.example.com/" + "x" * 2000, "too long"),
        ):
            with self.subTest(url), self.assertRaisesRegex(ValidationError, text):
                webhook.with_user(self.manager).url = url
        self._allow_hosts("")
        with self.assertRaisesRegex(ValidationError, "https"):
            webhook.url = "http://localhost:10/"

    def test_G9_sending_what_is_not_allowed_any_more(self):
        with receiving() as receiver:
            webhook = self._create_webhook(receiver.url)
            self._allow_hosts("")
            self._create_standalone_link()
            self._deliver()
        self.assertFalse(receiver.requests)
        self.assertEqual(self._get_deliveries(webhook).failure, "address")

    def test_G9_switching_on_looks_at_the_address_again(self):
        webhook = self._create_webhook("http://localhost:9/")
        webhook.action_switch_off()
        self._allow_hosts("")
        with self.assertRaisesRegex(ValidationError, "https"):
            webhook.with_user(self.manager).action_switch_on()

    def test_G9_settings(self):
        """Administrators only, and only what can be the name of a host."""
        settings = self.env["res.config.settings"]
        field = "payment_link_webhook_allowed_hosts"
        settings.create({field: "erp.internal, [::1]:80 10.0.0.1:8080"}).execute()
        hosts = self.env["payment.link.webhook"]._get_allowed_hosts()
        self.assertEqual(hosts, {"erp.internal", "[::1]:80", "10.0.0.1:8080"})
        for text in ("http://erp.internal", "erp.internal/x", "a:b", "*"):
            with self.assertRaisesRegex(ValidationError, "not the name of a host"):
                settings.create({field: text})
        self.assertNotIn(field, settings.with_user(self.manager).fields_get())

    # === THE ADDRESS THAT WAS CHECKED IS THE ONE THAT IS USED === #

    def test_G9_rebinding(self):
        """A name server that says something else each time is asked once per request.

        Public at saving, private at sending: refused. And the answer that was checked
        is where the request goes: nobody is asked in between.
        """
        with receiving() as receiver:
            url = f"http://rebind.example.com:{receiver.port}/"
            with names(rebind=[["8.8.8.8"], ["127.0.0.1"], ["127.0.0.1"]]) as asked:
                https = f"https://rebind.example.com:{8443}/"
                check_url(https)
                self.assertEqual(post(https, b"{}", {}).failure, "address")
                self.assertEqual(len(asked), 2)
            # Here the first answer is good, and the second would not be.
            allowed = {f"rebind.example.com:{receiver.port}"}
            with names(rebind=[["127.0.0.1"], ["127.0.0.9"]]) as asked:
                self.assertEqual(post(url, b"{}", {}, allowed).status, 200)
                self.assertEqual(len(asked), 1)
        (request,) = receiver.requests
        self.assertEqual(request.headers["host"], f"rebind.example.com:{receiver.port}")

    def test_G9_no_proxy(self):
        """A proxy of the server's environment would look the name up itself."""
        with receiving() as receiver, receiving() as proxy:
            environment = {"http_proxy": proxy.url, "HTTP_PROXY": proxy.url}
            with patch.dict("os.environ", environment):
                answer = post(receiver.url, b"{}", {}, {"localhost"})
        self.assertEqual(answer.status, 200)
        self.assertFalse(proxy.requests)

    # === CERTIFICATES === #

    @contextmanager
    def _tls_receiver(self, host):
        """Give a receiver with a certificate of an authority that this process trusts."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
        now = datetime.now(timezone.utc)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(1)
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(
                x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False
            )
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .sign(key, hashes.SHA256())
        )
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "server.pem"
            pem = certificate.public_bytes(serialization.Encoding.PEM)
            path.write_bytes(
                pem
                + key.private_bytes(
                    serialization.Encoding.PEM,
                    serialization.PrivateFormat.PKCS8,
                    serialization.NoEncryption(),
                )
            )
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(path)

            def wrap(server_socket):
                return context.wrap_socket(server_socket, server_side=True)

            with (
                receiving(wrap_socket=wrap) as receiver,
                patch("requests.adapters.DEFAULT_CA_BUNDLE_PATH", str(path)),
            ):
                yield receiver

    def test_G9_the_certificate_is_that_of_the_name(self):
        """Though the connection is made to an address."""
        with self._tls_receiver("shop.example.com") as receiver:
            port = receiver.port
            allowed = {"shop.example.com", "other.example.com"}
            with names(shop=[["127.0.0.1"]], other=[["127.0.0.1"]]):
                answer = post(f"https://shop.example.com:{port}/", b"{}", {}, allowed)
                self.assertEqual((answer.status, answer.failure), (200, ""))
                answer = post(f"https://other.example.com:{port}/", b"{}", {}, allowed)
                self.assertEqual((answer.status, answer.failure), (0, "tls"))
        self.assertEqual(len(receiver.requests), 1)

    def test_G9_certificates_of_strangers(self):
        with self._tls_receiver("localhost") as receiver:
            with patch("requests.adapters.DEFAULT_CA_BUNDLE_PATH", _default_bundle()):
                url = f"https://localhost:{receiver.port}/"
                self.assertEqual(post(url, b"{}", {}, {"localhost"}).failure, "tls")

    # === TIME AND SIZE === #

    def _measure(self, url, seconds=1.0):
        start = time.monotonic()
        answer = post(url, b"{}", {}, {"localhost"}, seconds=seconds)
        self.assertLess(time.monotonic() - start, seconds + 1)
        return answer

    def test_G9_silence(self):
        with silent_listener() as port:
            answer = self._measure(f"http://localhost:{port}/")
            self.assertEqual(answer.failure, "timeout")
            answer = self._measure(f"https://localhost:{port}/")  # in the handshake
            self.assertEqual(answer.failure, "timeout")

    def _drip(self, text):
        """Return what answers so slowly that no single step takes too long."""

        def answer(handler):
            for number in range(50):
                handler.wfile.write(text % number if b"%" in text else text)
                time.sleep(0.2)

        return answer

    def test_G9_slow_drip_of_headers(self):
        answer = self._drip(b"X-%d: y\r\n")
        with receiving(
            answer=lambda h: (h.wfile.write(b"HTTP/1.1 200 OK\r\n"), answer(h))
        ) as receiver:
            self.assertEqual(self._measure(receiver.url).failure, "timeout")

    def test_G9_slow_drip_of_a_body(self):
        answer = self._drip(b"x")
        head = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"
        with receiving(answer=lambda h: (h.wfile.write(head), answer(h))) as receiver:
            result = self._measure(receiver.url)
        self.assertEqual((result.status, result.failure), (0, "timeout"))

    def test_G9_endless_answer(self):
        """Only the beginning is read."""
        head = b"HTTP/1.1 200 OK\r\n\r\n"

        def answer(handler):
            handler.wfile.write(head)
            while True:
                handler.wfile.write(b"x" * 100_000)

        with receiving(answer=answer) as receiver:
            result = self._measure(receiver.url)
        self.assertEqual((result.status, len(result.text)), (200, 2000))

    def test_G9_nonsense(self):
        with receiving(answer=lambda h: h.wfile.write(b"SMTP ready\r\n")) as receiver:
            self.assertEqual(self._measure(receiver.url).failure, "connection")

    def test_G9_nobody_there(self):
        with silent_listener() as port:
            pass
        result = self._measure(f"http://localhost:{port}/")
        self.assertEqual(result.failure, "connection")


def _default_bundle():
    import certifi

    return certifi.where()
