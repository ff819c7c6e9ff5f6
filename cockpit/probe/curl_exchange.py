"""What libcurl received for one request, within bounds."""

from __future__ import annotations

import asyncio
import socket
from dataclasses import field
from typing import Any

from cockpit.model.probe_answer import (
    BODY_LIMIT,
    COOKIE_LINE_LIMIT,
    HEADER_VALUE_LIMIT,
    HEADERS_BYTES,
    HEADERS_LIMIT,
)
from cockpit.model.values import dataclass


@dataclass(slots=True)
class Exchange:
    """What was received for one request."""

    done: asyncio.Future[tuple[int, str]]
    body: bytearray = field(default_factory=bytearray)
    lines: list[bytes] = field(default_factory=list)
    header_bytes: int = 0
    too_long: bool = False  # the headers are
    headed: bool = False  # the empty line after the headers was received
    cut: bool = False
    sockets: int = 0  # that were asked for, where they are counted
    opened: socket.socket | None = None

    def open_socket(self, _purpose: int, address: tuple[int, int, int, Any]) -> Any:
        """A socket for libcurl, but no second one: it would send a refused request of HTTP/2 again, five times."""
        self.sockets += 1
        if self.sockets > 1:
            return -1  # CURL_SOCKET_BAD
        try:
            self.opened = socket.socket(*address[:3])  # pycurl takes a copy
        except OSError:
            return -1  # as where libcurl itself gets none
        return self.opened

    def close_socket(self) -> None:
        """Close the original of the socket that libcurl got, which keeps the connection open else."""
        if self.opened is not None:
            self.opened.close()

    def take_header(self, line: bytes) -> int | None:
        self.header_bytes += len(line)
        if self.header_bytes > HEADERS_BYTES:
            self.too_long = True
            return 0  # anything but the length ends the transfer
        if line.startswith(b"HTTP/"):
            self.lines.clear()  # drop those of a 100 Continue or of the proxy's own answer
            self.headed = False
        elif not line.strip():
            self.headed = True
        elif len(self.lines) < HEADERS_LIMIT and b":" in line:
            self.lines.append(line)
        return None

    def take_body(self, chunk: bytes) -> int | None:
        self.body += chunk
        if len(self.body) > BODY_LIMIT:
            self.cut = True
            return 0
        return None

    def headers(self) -> tuple[tuple[str, str], ...]:
        found = []
        for line in self.lines:
            raw, _, value = line.partition(b":")
            name = raw.decode("latin-1").strip().lower()[:200]
            limit = COOKIE_LINE_LIMIT if name == "set-cookie" else HEADER_VALUE_LIMIT
            found.append((name, value.strip()[:limit].decode("utf-8", "replace")))
        return tuple(found)
