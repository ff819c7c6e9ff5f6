"""Where blocks go: a file, or a ring in memory that keeps the last hour."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from cockpit.record.blocks import Block, Header, Part, block_bytes, header_bytes

RING_SECONDS = 3600.0
RING_BYTES = 64 << 20


class Sink(Protocol):
    """Takes a header, then blocks in the order of their times. Each method may raise OSError."""

    def begin(self, header: Header) -> None: ...

    def add(self, block: Block) -> None: ...

    def close(self) -> None: ...


class FileSink:
    """A new file that only its owner may read. What was added is in the file, whatever becomes of the program."""

    def __init__(self, path: Path) -> None:
        """Raises OSError, also if there is such a file already."""
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        self._file = os.fdopen(handle, "wb", buffering=0)
        self.size = 0

    def begin(self, header: Header) -> None:
        self._write(header_bytes(header))

    def add(self, block: Block) -> None:
        self._write(block_bytes(block))

    def close(self) -> None:
        if not self._file.closed:
            os.fsync(self._file.fileno())
            self._file.close()

    def _write(self, data: bytes) -> None:
        written = self._file.write(data)
        while written < len(data):
            written += self._file.write(data[written:])
        self.size += len(data)


class Ring:
    """The newest segments, as many as fit into `seconds` and `most` bytes. One segment is kept in any case, unless it
    alone is larger."""

    def __init__(self, seconds: float = RING_SECONDS, most: int = RING_BYTES) -> None:
        self._seconds, self._most = seconds, most
        self._segments: deque[list[Block]] = deque()
        self._header: Header | None = None
        self.size = 0

    def begin(self, header: Header) -> None:
        self._header = header

    def add(self, block: Block) -> None:
        if block.whole and block.part is Part.VIEWS:
            self._segments.append([])
        if not self._segments:
            return
        self._segments[-1].append(block)
        self.size += block.size
        while self._segments and self._too_much(block.last):
            self.size -= sum(each.size for each in self._segments.popleft())

    def close(self) -> None:
        pass

    def blocks(self) -> Iterator[Block]:
        """What is kept, the oldest first."""
        for segment in list(self._segments):
            yield from list(segment)

    def write(self, path: Path) -> int:
        """Write what is kept to a new file; returns its size in bytes. Raises OSError."""
        sink = FileSink(path)
        try:
            if self._header:
                sink.begin(self._header)
            for block in self.blocks():
                sink.add(block)
        finally:
            sink.close()
        return sink.size

    def _too_much(self, now: float) -> bool:
        first = self._segments[0]
        old = len(self._segments) > 1 and now - max(block.last for block in first) > self._seconds
        return old or self.size > self._most
