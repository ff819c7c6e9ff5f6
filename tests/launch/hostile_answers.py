"""A web server that answers whatever comes in ways that no client should have to take."""

from __future__ import annotations

import contextlib
import json
import random
import socket
import threading

from tests.launch.hostile import text

OK = b"HTTP/1.1 200 OK\r\n"
SECRET = "read-from-a-file"
MARKS = "\u0301\u20dd\u0489".encode() * 4000
KINDS = (
    "status line", "headers", "body", "json", "marker", "marks", "huge headers", "endless headers", "endless body",
    "endless chunks", "chunked nonsense", "redirect", "no http", "half", "nothing",
)  # fmt: skip


def answer(kind: str, chance: random.Random, file: str) -> tuple[bytes, bytes]:
    """What is sent first, and what is sent from then on until the client ends it; b"" ends the answer."""
    some = text(chance).encode()
    line = some.replace(b"\r", b"").replace(b"\n", b"")
    document = json.dumps({"version": text(chance), text(chance): text(chance)}).encode()
    size = b"Content-Length: %d\r\n\r\n"
    fields = b"X-Version: %s\r\n%s: x\r\nServer: %s\r\nSet-Cookie: %s=%s\r\n" % ((line,) * 5)
    chunked = b"Transfer-Encoding: chunked\r\n\r\n"
    found = {
        "status line": (b"HTTP/1.1 %d %s\r\n" % (chance.choice((200, 404, 500, 799)), line) + size % 2 + b"v1", b""),
        "headers": (OK + fields + size % 2 + b"v1", b""),
        "body": (OK + size % len(some) + some, b""),
        "json": (OK + b"Content-Type: application/json\r\n" + size % len(document) + document, b""),
        "marker": (OK + b"X-Version: %s\r\n" % line[:60] + size % 2 + b"v1", b""),
        "marks": (OK + b"X-Version: v" + MARKS + b"\r\nConnection: close\r\n\r\nv" + MARKS, b""),
        "huge headers": (OK + b"X-Version: " + line * 2000 + b"\r\n\r\n", b""),
        "endless headers": (OK, b"X-More: %s\r\n" % line * 100),
        "endless body": (OK + b"Connection: close\r\n\r\n", some * 100),
        "endless chunks": (OK + chunked, b"%x;%s\r\n%s\r\n" % (len(some), line, some) * 100),
        "chunked nonsense": (OK + chunked + chance.choice((b"ZZ", b"-1", b"f" * 40)) + b"\r\n" + some, b""),
        "redirect": (b"HTTP/1.1 302 %s\r\nLocation: file://%s\r\n" % (line, file.encode()) + size % 0, b""),
        "no http": (some, b""),
        "half": (OK + size % 100_000 + some, b""),
        "nothing": (b"", b""),
    }
    return found[kind]


class HostileWeb:
    """It gives each kind of answer in turn, on a port of loopback. `given` are the kinds so far."""

    def __init__(self, seed: int, file: str) -> None:
        self._chance, self._file = random.Random(seed), file
        self.given: list[str] = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}/"
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> HostileWeb:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(10)

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._socket.accept()
            except OSError:
                return
            kind = KINDS[len(self.given) % len(KINDS)]
            self.given.append(kind)
            chance = random.Random(self._chance.random())
            threading.Thread(target=self._answer, args=(client, kind, chance), daemon=True).start()

    def _answer(self, client: socket.socket, kind: str, chance: random.Random) -> None:
        with client, contextlib.suppress(OSError):
            client.settimeout(30)
            client.recv(65536)
            first, endless = answer(kind, chance, self._file)
            client.sendall(first)
            while endless:
                client.sendall(endless)
