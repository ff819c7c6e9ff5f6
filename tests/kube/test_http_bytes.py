"""HTTP on one connection: in whatever pieces its bytes arrive, a body is whole, or it is said that it is not."""

from __future__ import annotations

import asyncio
import gzip
import itertools
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.kube.http_body import PIECE_BYTES, HttpBody
from cockpit.kube.http_connection import HEAD_BYTES, Head, HttpConnection, Request
from cockpit.kube.http_failures import HttpFailure, Unsendable
from cockpit.kube.http_wire import Place, Wire

PLACE = Place("here", 80)
GET = Request("GET", "/x", (("Host", "here"),))


def land(wire: Wire, data: bytes) -> None:
    """Give bytes to a wire as an event loop does: as many at once as it has a place for."""
    while data:
        place = wire.get_buffer(-1)
        taken, data = data[: len(place)], data[len(place) :]
        place[: len(taken)] = taken
        wire.buffer_updated(len(taken))


class Line(asyncio.Transport):
    """Bytes that come from a server, a piece each time something is awaited, and what was sent there."""

    def __init__(self, pieces: Sequence[bytes], *, error: Exception | None = None) -> None:
        super().__init__()
        self.wire = Wire()
        self.wire.connection_made(self)
        self.pieces = list(pieces)
        self.error = error
        self.sent = b""
        self.paused = self.ended = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.sent += bytes(data)
        self._next()

    def _next(self) -> None:
        if self.pieces:
            land(self.wire, self.pieces.pop(0))
            asyncio.get_running_loop().call_soon(self._next)
        elif self.error:
            self.wire.connection_lost(self.error)
        else:
            self.wire.eof_received()

    def pause_reading(self) -> None:
        self.paused = True

    def resume_reading(self) -> None:
        self.paused = False

    def is_closing(self) -> bool:
        return self.ended

    def abort(self) -> None:
        self.ended = True


async def read(line: Line, request: Request = GET) -> tuple[Head, list[bytes]]:
    connection = HttpConnection(line.wire, PLACE)
    head = await connection.ask(request, 10)
    body, found = HttpBody(connection, head, 10), []
    while piece := await body.read():
        found.append(piece)
    return head, found


def cut(raw: bytes, places: Sequence[int]) -> list[bytes]:
    ends = sorted({place % (len(raw) + 1) for place in places} | {0, len(raw)})
    return [raw[a:b] for a, b in itertools.pairwise(ends)]


def response(body: bytes, how: str, chunk: int) -> bytes:
    """A response in one of the ways in which a body can end."""
    headers = b"HTTP/1.1 200 OK\r\nX-Some: v\xc3\xa4lue\r\n"
    if how.startswith("gzip"):
        body, headers = gzip.compress(body), headers + b"Content-Encoding: gzip\r\n"
    if how.endswith("chunked"):
        chunks = [body[at : at + chunk] for at in range(0, len(body), chunk)]
        framed = b"".join(b"%x\r\n%s\r\n" % (len(each), each) for each in chunks)
        return headers + b"Transfer-Encoding: chunked\r\n\r\n" + framed + b"0\r\n\r\n"
    return headers + b"Content-Length: %d\r\n\r\n%s" % (len(body), body)


HOW = st.sampled_from(["length", "chunked", "gzip length", "gzip chunked"])
BODIES, CUTS = st.binary(max_size=200), st.lists(st.integers(0, 600), max_size=12)


@given(BODIES, HOW, st.integers(1, 50), CUTS)
def test_a_body_is_the_same_however_it_arrives(body: bytes, how: str, chunk: int, cuts: list[int]) -> None:
    head, pieces = asyncio.run(read(Line(cut(response(body, how, chunk), cuts))))
    assert b"".join(pieces) == body
    assert (head.status, head.header("x-some")) == (200, "välue")


@given(BODIES, HOW, st.integers(1, 50), CUTS, st.integers(0, 600), st.booleans())
def test_a_body_that_is_cut_is_never_taken_for_whole(
    body: bytes, how: str, chunk: int, cuts: list[int], keep: int, reset: bool
) -> None:
    raw = response(body, how, chunk)
    raw = raw[: keep % len(raw)]
    line = Line(
        cut(raw, cuts) if raw else [], error=ConnectionResetError(104, "Connection reset by peer") if reset else None
    )
    with pytest.raises(HttpFailure) as caught:
        asyncio.run(read(line))
    begun = b"\r\n\r\n" in raw
    assert caught.value.answered == begun
    assert caught.value.sent
    if begun:
        assert "before the response was complete" in str(caught.value)


@given(st.binary(max_size=300), CUTS)
def test_anything_at_all_is_a_response_or_a_failure(raw: bytes, cuts: list[int]) -> None:
    try:
        head, _ = asyncio.run(read(Line(cut(raw, cuts) if raw else [])))
    except HttpFailure:
        return
    assert raw.lstrip().startswith(b"HTTP/1.")
    assert 200 <= head.status <= 999


@pytest.mark.parametrize(
    "raw",
    [
        b"SSH-2.0-OpenSSH_9.6\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnot a length\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * (HEAD_BYTES + 1),
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc",
        b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
    ],
)
async def test_what_is_no_response_is_said_to_be_none(raw: bytes) -> None:
    line = Line([raw])
    line._next = lambda: land(line.wire, line.pieces.pop(0)) if line.pieces else None  # type: ignore[method-assign]
    with pytest.raises(HttpFailure, match="the response is not HTTP"):
        await read(line)


async def test_what_comes_before_a_response_is_skipped() -> None:
    head, pieces = await read(Line([b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n", response(b"ok", "length", 1)]))
    assert (head.status, pieces) == (200, [b"ok"])


async def test_few_bytes_that_unpack_to_very_many_are_not_held_at_once() -> None:
    size = 40 * PIECE_BYTES
    packed = response(b"\0" * size, "gzip length", 1)
    assert len(packed) < size / 500
    _, pieces = await read(Line([packed]))
    assert sum(map(len, pieces)) == size
    assert max(map(len, pieces)) <= PIECE_BYTES


async def test_chunks_that_are_there_are_one_piece() -> None:
    _, pieces = await read(Line([response(b"x" * 1000, "chunked", 10)]))
    assert pieces == [b"x" * 1000]


@pytest.mark.parametrize(
    ("then", "again"),
    [
        (b"", True),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfalse", False),
    ],
)
async def test_a_connection_on_which_something_came_unasked_is_not_used_again(then: bytes, again: bool) -> None:
    line = Line([response(b"ok", "length", 1) + then])
    line._next = lambda: land(line.wire, line.pieces.pop(0)) if line.pieces else None  # type: ignore[method-assign]
    connection = HttpConnection(line.wire, PLACE)
    body = HttpBody(connection, await connection.ask(GET, 10), 10)
    assert await body.read() == b"ok"
    assert await body.read() == b""
    assert connection.reusable is again
    land(line.wire, b"later")
    assert not connection.reusable


@pytest.mark.parametrize(
    "request_",
    [
        Request("GET", "/x\r\nX: y", (("Host", "here"),)),
        Request("GET", "/x", (("Host", "here"), ("Authorization", "Bearer s3cr3t\r\nX-Remote-User: admin"))),
        Request("GET", "/x", (("Host", "here"), ("Näme", "x"))),
        Request("GET", "/x", (("Host", "here"), ("X", "\udcff"))),
    ],
)
async def test_what_cannot_be_written_in_http_is_not_sent(request_: Request) -> None:
    line = Line([])
    with pytest.raises(Unsendable) as caught:
        await HttpConnection(line.wire, PLACE).ask(request_, 10)
    assert not line.sent
    assert "s3cr3t" not in f"{caught.value!r}{request_!r}"


async def test_a_request_says_how_long_its_body_is_and_that_it_is_the_last() -> None:
    line = Line([response(b"", "length", 1)])
    await read(line, Request("PATCH", "/x", (("Host", "here"),), b"{}", last=True))
    head, _, body = line.sent.partition(b"\r\n\r\n")
    assert head.split(b"\r\n") == [b"PATCH /x HTTP/1.1", b"Host: here", b"Content-Length: 2", b"Connection: close"]
    assert body == b"{}"


async def test_a_server_waits_while_too_much_is_unread() -> None:
    line, most = Line([]), 1 << 20
    told = []
    for more in (most, 1):
        land(line.wire, b"x" * more)
        told.append(line.paused)
    assert len(await line.wire.read(10)) == most + 1
    assert [*told, line.paused] == [False, True, False]


async def test_wires_of_one_thread_take_turns_where_bytes_land() -> None:
    """What one wire was given is its own, though the next bytes of another land in the same place."""
    one, other = Wire(), Wire()
    for wire in (one, other):
        wire.connection_made(Line([]))
    land(one, b"of one")
    land(other, b"of another")
    assert (await one.read(1), await other.read(1)) == (b"of one", b"of another")
