"""The journal: who asked for what, what was sent, what came of it. One JSON object a line, only ever appended."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import msgspec

from cockpit.model.view import Entry

# What a screen shows and more; a journal of years must not be read whole at every start.
TAIL_BYTES = 256 * 1024
# Longer than any entry that is written here: a longer line is damage or not ours.
LINE_BYTES = 64 * 1024

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Entry)


class Journal:
    """Entries in a file that only its owner may read; without a path they live as long as the session.

    Several sessions may append to one file: each line is one write at the end. An entry is on the disk
    when `append` returns.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.unreadable = 0  # lines of the tail that were damaged, by a crash while writing or by a hand

    def append(self, entry: Entry) -> None:
        """Write one entry; raises OSError."""
        if self.path is None:
            return
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        line = _line(entry)
        file = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            size = os.fstat(file).st_size
            # A line that a crash cut off must not swallow this one.
            if size and os.pread(file, 1, size - 1) != b"\n":
                line = b"\n" + line
            written = os.write(file, line)
            if written < len(line):
                raise OSError(f"only {written} of {len(line)} bytes were written")
            os.fsync(file)
        finally:
            os.close(file)

    def tail(self, most: int) -> tuple[Entry, ...]:
        """The newest entries, oldest first; damaged lines are left out and counted. Raises OSError."""
        self.unreadable = 0
        if self.path is None or most <= 0:
            return ()
        try:
            with self.path.open("rb") as file:
                size = file.seek(0, os.SEEK_END)
                start = file.seek(max(size - TAIL_BYTES, 0))
                content = file.read(TAIL_BYTES)
        except FileNotFoundError:
            return ()
        lines = content.split(b"\n")
        if start:
            lines = lines[1:]  # begins in the middle of a line
        return tuple(self._entries(lines))[-most:]

    def _entries(self, lines: list[bytes]) -> Iterator[Entry]:
        for line in lines:
            if not line.strip():
                continue
            try:
                yield _decoder.decode(line)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                self.unreadable += 1


def _line(entry: Entry) -> bytes:
    line = _encoder.encode(entry) + b"\n"
    if len(line) <= LINE_BYTES:
        return line
    short = replace(entry, title=entry.title[:500], why=entry.why[:2000], commands=("(too long to keep)",))
    return _encoder.encode(short) + b"\n"
