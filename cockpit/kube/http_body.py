"""The body of a response, a piece at a time, unpacked where it is gzip."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from cockpit.kube.http_connection import Head, HttpConnection
from cockpit.kube.http_failures import broken, not_http

# What one piece may become when it is unpacked.
PIECE_BYTES = 1 << 18
_GZIP = 16 + zlib.MAX_WBITS


class HttpBody:
    """What comes after a head. A connection that `silence` seconds bring nothing on has failed."""

    def __init__(self, connection: HttpConnection, head: Head, silence: float) -> None:
        self._connection = connection
        self._silence = silence
        self._stream = _Unpacked() if (head.header("content-encoding") or "").lower() in ("gzip", "x-gzip") else None
        self._unpacked: Iterator[bytes] = iter(())
        self._ended = False

    async def read(self) -> bytes:
        """The next piece as soon as there is one; b"" once the body has come whole. Raises HttpFailure otherwise."""
        while True:
            if piece := next(self._unpacked, b""):
                return piece
            if self._ended:
                if self._stream is not None and not self._stream.whole:
                    raise broken(None, within=True)
                return b""
            data, self._ended = self._connection.arrived()
            if self._stream is not None:
                self._unpacked = self._stream.pieces(data)
            elif data:
                return data
            if not data and not self._ended:
                await self._connection.more(self._silence, within=True)


class _Unpacked:
    """A gzip stream, a piece at a time: a few bytes that unpack to very many must not be held at once."""

    def __init__(self) -> None:
        self._stream = zlib.decompressobj(wbits=_GZIP)
        self._begun = False

    @property
    def whole(self) -> bool:
        """True if nothing is missing at the end; a body of no bytes at all is whole."""
        return self._stream.eof or not self._begun

    def pieces(self, data: bytes) -> Iterator[bytes]:
        """What these bytes unpack to. Raises HttpFailure if they are not gzip."""
        piece = b""
        while data or (len(piece) == PIECE_BYTES and not self._stream.eof):
            self._begun = True
            if self._stream.eof:
                self._stream = zlib.decompressobj(wbits=_GZIP)  # one stream may follow another (RFC 1952)
            try:
                piece = self._stream.decompress(data, PIECE_BYTES)
            except zlib.error:
                raise not_http() from None
            data = self._stream.unconsumed_tail or self._stream.unused_data
            if piece:
                yield piece
