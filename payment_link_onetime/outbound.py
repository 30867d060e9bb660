"""Requests to addresses that users typed in: to the public internet, and nowhere else.

Nothing in here knows of Odoo's records: it runs in threads, beside the job.
"""

import ipaddress
import logging
import socket
import ssl
import threading
import time
from dataclasses import dataclass
from functools import partial
from urllib.parse import urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection

from .const import WEBHOOK_ANSWER_BYTES, WEBHOOK_PORTS, WEBHOOK_TIMEOUT

_logger = logging.getLogger(__name__)

# What Python calls global, and we don't: it leads back into somebody's own network.
_NOT_PUBLIC = tuple(
    ipaddress.ip_network(network)
    for network in (
        "168.63.129.16/32",  # Azure's host, as its machines see it
        "192.0.0.0/24",  # protocol assignments; a metadata service among them
        "192.88.99.0/24",  # relays of 6to4
        "2001::/23",  # protocol assignments; Teredo among them
        "2002::/16",  # 6to4
        "3fff::/20",  # documentation
    )
)
_GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")
# The one prefix of NAT64 by which public IPv4 addresses are reached (RFC 6052).
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class AddressError(Exception):
    """Why an address is not asked.

    :param str reason: `invalid`, `scheme`, `credentials`, `fragment`, `port`,
        `unknown` for a host that nobody knows, or `private`.
    """

    def __init__(self, reason):
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Answer:
    """What became of a request.

    :param int status: the HTTP status, 0 if there was none
    :param str text: the beginning of the answer
    :param str failure: why there was no answer: `address`, `unknown_host`, `tls`,
        `connection`, `timeout`; empty if there was one
    :param int milliseconds: how long it took
    """

    status: int = 0
    text: str = ""
    failure: str = ""
    milliseconds: int = 0


# --- addresses ------------------------------------------------------------------------


def is_public(address):
    """Return whether an IP address belongs to the public internet.

    :param str address: The address, in one of the usual notations.
    :rtype: bool
    """
    ip = ipaddress.ip_address(address.partition("%")[0])
    if ip.version == 6 and (ip.ipv4_mapped or ip in _NAT64):
        ip = ip.ipv4_mapped or ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return (
        ip.is_global
        and not ip.is_multicast
        and not ip.is_reserved
        and (ip.version == 4 or ip in _GLOBAL_UNICAST)
        and not any(ip in net for net in _NOT_PUBLIC if net.version == ip.version)
    )


def check_url(url, allowed_hosts=()):
    """Refuse what is not the address of a server on the public internet.

    :param str url: The address.
    :param allowed_hosts: Hosts that may be reached though they are private, without
        TLS too; with a port if no other one is meant.
    :raises AddressError: saying why.
    """
    host, port = _split(url, allowed_hosts)
    _resolve(host, port, allowed_hosts, WEBHOOK_TIMEOUT / 2)


def _split(url, allowed_hosts):
    """Return host and port of an address whose form is right."""
    if not url.isprintable() or " " in url or "\\" in url:
        raise AddressError("invalid")
    try:
        # By the very library that sends: what it makes of the text is what counts.
        parts = urlsplit(requests.Request("POST", url).prepare().url)
        host, port = parts.hostname, parts.port
    except (requests.RequestException, ValueError) as error:
        raise AddressError("invalid") from error
    if parts.scheme not in ("http", "https"):
        raise AddressError("scheme")
    if not host:
        raise AddressError("invalid")
    if "@" in parts.netloc or "@" in urlsplit(url).netloc:
        raise AddressError("credentials")
    if "#" in url:
        raise AddressError("fragment")
    port = port or (443 if parts.scheme == "https" else 80)
    if not _is_allowed(host, port, allowed_hosts):
        if parts.scheme != "https":
            raise AddressError("scheme")
        if port not in WEBHOOK_PORTS:
            raise AddressError("port")
    return host, port


def _is_allowed(host, port, allowed_hosts):
    host = host.strip("[]").rstrip(".").lower()
    name = f"[{host}]" if ":" in host else host
    return name in allowed_hosts or f"{name}:{port}" in allowed_hosts


def _resolve(host, port, allowed_hosts, seconds):
    """Return where a host is, as `getaddrinfo` does, if all of it may be reached.

    :raises AddressError: if it is unknown, or private and not allowed.
    """
    answers = []

    def ask():
        try:
            answers.extend(
                socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)
            )
        except (OSError, UnicodeError):
            _logger.info("The host of a webhook is unknown: %s", host)

    # It knows no time limit of its own.
    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(seconds)
    found = list(answers)
    if not found:
        raise AddressError("unknown")
    if not _is_allowed(host, port, allowed_hosts) and not all(
        is_public(sockaddr[0]) for *_family, sockaddr in found
    ):
        raise AddressError("private")
    return found


# --- requests -------------------------------------------------------------------------


def post(url, body, headers, allowed_hosts=(), seconds=WEBHOOK_TIMEOUT):
    """Send a request, once, and return what became of it.

    The host is looked up once: the address that is checked is the one that is used. No
    redirect is followed, no proxy used, no answer read beyond its beginning.

    :param str url: The address.
    :param bytes body: What is sent.
    :param dict headers: The HTTP headers.
    :param allowed_hosts: As for :func:`check_url`.
    :param float seconds: The time for all of it, to the end of the answer.
    :rtype: Answer
    """
    start = time.monotonic()
    line = _Line(allowed_hosts, seconds)
    status, text, failure = 0, "", ""
    try:
        status, text = _ask(line, url, body, headers)
    except AddressError as error:
        failure = "unknown_host" if error.reason == "unknown" else "address"
    except (requests.exceptions.SSLError, ssl.SSLError):
        failure = "tls"
    except (requests.Timeout, TimeoutError):
        failure = "timeout"
    except (requests.RequestException, urllib3.exceptions.HTTPError, OSError):
        failure = "connection"
    except Exception:
        # Whatever a stranger's server answers: the job goes on.
        _logger.exception("A webhook could not be sent")
        failure = "connection"
    finally:
        line.close()
    if line.is_over:  # An answer that was cut off may look like a whole one.
        status, text, failure = 0, "", "timeout"
    milliseconds = round((time.monotonic() - start) * 1000)
    return Answer(status, text, failure, milliseconds)


def _ask(line, url, body, headers):
    """Return status and beginning of the answer."""
    _split(url, line.allowed_hosts)
    with requests.Session() as session:
        session.trust_env = False  # no proxy, no ~/.netrc
        adapter = _LineAdapter(line)
        session.mount("https://", adapter)
        session.mount("http://", adapter)
        response = session.post(
            url,
            data=body,
            headers={"Accept-Encoding": "identity", "Connection": "close", **headers},
            timeout=line.seconds,
            allow_redirects=False,
            stream=True,
        )
        with response:
            content = response.raw.read(WEBHOOK_ANSWER_BYTES, decode_content=False)
    # PostgreSQL stores no zero characters.
    text = content.decode("utf-8", errors="replace").replace(
        "\x00", "\N{REPLACEMENT CHARACTER}"
    )
    return response.status_code, text


class _Line:
    """The connection of one request. It is cut when the time is over.

    The time limits of sockets are for each single step: a server that sends a byte
    every now and then would hold them for ever.
    """

    def __init__(self, allowed_hosts, seconds):
        self.allowed_hosts = allowed_hosts
        self.seconds = seconds
        self.is_over = False
        self._lock = threading.Lock()
        self._ends = []
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True
        self._timer.start()

    def connect(self, host, port):
        """Look the host up, check what is found, and connect to that."""
        error = None
        found = _resolve(host, port, self.allowed_hosts, self.seconds)
        for family, kind, protocol, _name, sockaddr in found:
            connection = socket.socket(family, kind, protocol)
            connection.settimeout(self.seconds)
            self._hold(connection)
            try:
                connection.connect(sockaddr)
                return connection
            except OSError as failure:
                error = failure
                connection.close()
        raise error

    def _hold(self, connection):
        with self._lock:
            if self.is_over:
                connection.close()
                raise TimeoutError
            # Of its own: TLS will take the other one over.
            self._ends.append(connection.dup())

    def _cut(self):
        with self._lock:
            self.is_over = True
            for end in self._ends:
                try:
                    end.shutdown(socket.SHUT_RDWR)
                except OSError:
                    continue  # closed by the other side

    def close(self):
        self._timer.cancel()
        with self._lock:
            for end in self._ends:
                end.close()
            self._ends.clear()


class _LineMixin:
    """A connection of urllib3 that is made by a line. TLS checks the host's name."""

    def __init__(self, line, *args, **kwargs):
        self._line = line
        super().__init__(*args, **kwargs)

    def _new_conn(self):
        return self._line.connect(self._dns_host, self.port)


class _LineHTTPConnection(_LineMixin, HTTPConnection):
    pass


class _LineHTTPSConnection(_LineMixin, HTTPSConnection):
    pass


class _LineAdapter(HTTPAdapter):
    """What makes `requests` use a line."""

    def __init__(self, line):
        self._line = line
        super().__init__(max_retries=0)

    def init_poolmanager(self, *args, **kwargs):  # pylint: disable=missing-return
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {
            "http": partial(
                self._open_pool, urllib3.HTTPConnectionPool, _LineHTTPConnection
            ),
            "https": partial(
                self._open_pool, urllib3.HTTPSConnectionPool, _LineHTTPSConnection
            ),
        }

    def _open_pool(self, pool_class, connection_class, *args, **kwargs):
        pool = pool_class(*args, **kwargs)
        pool.ConnectionCls = partial(connection_class, self._line)
        return pool
