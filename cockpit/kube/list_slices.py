"""A list's body, decoded in slices while it arrives: a list of any length takes the memory of one slice.

kube-apiserver does not cut a list from its cache (`resourceVersion=0`) into pages (staging/apiserver, storage/cacher):
10,000 pods come as one body of 80 MB.
"""

from __future__ import annotations

from cockpit.kube.decode import Decoder, Page, Undecodable
from cockpit.model.values import dataclass

# About 60 pods, decoded in 3 ms: short enough for keys, probes and watches to be heard in between.
SLICE_BYTES = 1 << 19
# What stands before the items is far shorter; a body where it is not is decoded as a whole.
_HEAD_BYTES = 1 << 16
_ITEMS = b'"items":['
# Bytes by which the items of one list begin alike: `{"metadata":`, `{"apiVersion"`.
_ALIKE = 12
# Places to cut that are tried before more bytes are awaited: the first can be inside an object.
_TRIES = 3


@dataclass(frozen=True, slots=True)
class Slice:
    """Whole objects of a list, as a list of their own in JSON, and decoded."""

    body: bytes
    page: Page


class ListSlices:
    """Takes a list's body in pieces. A body that it cannot cut is decoded as a whole by `rest`.

    A cut is right if what stands before it is valid JSON, because a JSON object ends in one place only.
    """

    def __init__(self, decoder: Decoder) -> None:
        self._decoder = decoder
        self._buffer = bytearray()
        # What stands before the first object, once it was found: `{"metadata":{...},"items":`.
        self._head = b""
        self._between = b""
        self._attempt = SLICE_BYTES

    def feed(self, piece: bytes) -> Slice | None:
        """The next slice, if this piece completes one."""
        self._buffer += piece
        if len(self._buffer) < self._attempt:
            return None
        found = self._cut() if self._head or self._find_head() else None
        self._attempt = SLICE_BYTES if found else len(self._buffer) * 2
        return found

    def rest(self) -> Slice:
        """What no slice held, with the list's version and token; no more pieces are taken. Raises Undecodable."""
        body = self._head + b"[" + self._buffer if self._head else bytes(self._buffer)
        self._buffer = bytearray()
        return Slice(body, self._decoder.page(body))

    def _find_head(self) -> bool:
        place = self._buffer.find(_ITEMS, 0, _HEAD_BYTES)
        if place < 0:
            return False
        start = place + len(_ITEMS)
        head = bytes(self._buffer[: start - 1])
        try:
            self._decoder.page(head + b"[]}")  # fails where these items are not those of the list itself
        except Undecodable:
            return False
        self._head = head
        del self._buffer[:start]
        self._between = b"}," + bytes(self._buffer[:_ALIKE])
        return True

    def _cut(self) -> Slice | None:
        """All but the last objects of the buffer, which may be incomplete."""
        end = len(self._buffer)
        for _ in range(_TRIES):
            end = self._buffer.rfind(self._between, 0, end)
            if end < 0:
                return None
            body = b"".join((self._head, b"[", memoryview(self._buffer)[: end + 1], b"]}"))
            try:
                found = Slice(body, self._decoder.page(body))
            except Undecodable:
                continue
            del self._buffer[: end + 2]
            return found
        return None
