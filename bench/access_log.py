"""What the server says about its own requests: queries and seconds of each."""

import re
from dataclasses import dataclass

_LINE = re.compile(
    r'"(?P<verb>[A-Z]+) (?P<path>\S+) HTTP/[\d.]+" (?P<status>\d+) \S+'
    r" (?P<queries>\d+) (?P<sql>[\d.]+) (?P<other>[\d.]+)"
)


@dataclass(frozen=True)
class Request:
    """One line of the access log; times in seconds."""

    verb: str
    path: str
    status: int
    queries: int
    sql: float
    other: float


def read_requests(text):
    """Yield the requests of a part of the server's log."""
    for match in _LINE.finditer(text):
        yield Request(
            match["verb"],
            match["path"],
            int(match["status"]),
            int(match["queries"]),
            float(match["sql"]),
            float(match["other"]),
        )
