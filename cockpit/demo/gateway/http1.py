"""HTTP/1.1 heads, parsed with bounds, and answers as bytes."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from http import HTTPStatus

LONGEST_HEAD = 16 * 1024
LONGEST_BODY = 1024 * 1024
MOST_HEADERS = 100
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", re.ASCII)
_UNSAFE_VALUE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


class BadHeadError(Exception):
    """A request that is refused before it is routed; `status` says how."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


@dataclass(frozen=True)
class Head:
    """The head of one request. Header names are lower-case, repeated values joined with ", "."""

    method: str
    target: str
    headers: dict[str, str]
    length: int
    keep_alive: bool


@dataclass(frozen=True)
class Reply:
    """An answer to be sent after `latency` seconds; `drop` closes the connection without one."""

    status: int
    body: bytes = b""
    content_type: str = "text/plain; charset=utf-8"
    headers: dict[str, str] = field(default_factory=dict)
    latency: float = 0.0
    drop: bool = False


def parse_head(block: bytes) -> Head:
    """Read everything before the empty line; BadHeadError if it is not an HTTP/1.x request."""
    lines = block.decode("latin-1").split("\r\n")
    method, _, rest = lines[0].partition(" ")
    target, _, version = rest.partition(" ")
    if not _TOKEN.fullmatch(method) or not target or " " in version:
        raise BadHeadError(400)
    if version not in ("HTTP/1.1", "HTTP/1.0"):
        raise BadHeadError(505 if version.startswith("HTTP/") else 400)
    headers = _headers(lines[1:])
    if version == "HTTP/1.1" and "host" not in headers:
        raise BadHeadError(400)
    if "transfer-encoding" in headers:
        raise BadHeadError(501)
    connection = headers.get("connection", "").lower()
    keep = "close" not in connection if version == "HTTP/1.1" else "keep-alive" in connection
    return Head(method, target, headers, _length(headers.get("content-length")), keep)


def _headers(lines: list[str]) -> dict[str, str]:
    if len(lines) > MOST_HEADERS:
        raise BadHeadError(431)
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        value = value.strip(" \t")
        if not colon or not _TOKEN.fullmatch(name) or _UNSAFE_VALUE.search(value):
            raise BadHeadError(400)
        name = name.lower()
        if name in headers:
            if name in ("host", "content-length"):
                raise BadHeadError(400)
            value = f"{headers[name]}, {value}"
        headers[name] = value
    return headers


def _length(text: str | None) -> int:
    if text is None:
        return 0
    if not re.fullmatch(r"[0-9]{1,18}", text, re.ASCII):
        raise BadHeadError(400)
    if int(text) > LONGEST_BODY:
        raise BadHeadError(413)
    return int(text)


def encode_reply(reply: Reply, *, with_body: bool, keep_alive: bool) -> bytes:
    """The bytes of an answer; header values are stripped of what would end them."""
    bodiless = reply.status in (204, 304) or reply.status < 200
    parts = [_status_line(reply.status), f"Content-Type: {reply.content_type}\r\n"]
    if not bodiless:
        parts.append(f"Content-Length: {len(reply.body)}\r\n")
    parts += [f"{name}: {_UNSAFE_VALUE.sub('', value)}\r\n" for name, value in reply.headers.items()]
    parts.append("Connection: keep-alive\r\n\r\n" if keep_alive else "Connection: close\r\n\r\n")
    head = "".join(parts).encode("latin-1", "replace")
    return head + reply.body if with_body and not bodiless else head


@lru_cache(maxsize=600)
def _status_line(status: int) -> str:
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = "Unknown"
    return f"HTTP/1.1 {status} {phrase}\r\n"


def error_reply(status: int) -> Reply:
    """What the gateway itself answers: no route, no endpoints, a bad request."""
    phrase = _status_line(status).split(" ", 2)[2].strip()
    text = f"<html>\n<head><title>{status} {phrase}</title></head>\n<body>{status} {phrase}</body>\n</html>\n"
    return Reply(status, text.encode(), "text/html")
