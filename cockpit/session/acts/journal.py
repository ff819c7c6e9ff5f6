"""The journal: who requested what, what was sent, and the outcome. One JSON object per line, append-only."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import BinaryIO

import msgspec

from cockpit.model.ages import LAST_SECOND
from cockpit.model.view import Entry
from cockpit.session.state_file import open_file

# More than a screen shows; a journal of several years must not be read in full at every start.
TAIL_BYTES = 1024 * 1024
# Longer than any entry this program writes: a longer line is damaged or foreign.
LINE_BYTES = 64 * 1024

_encoder = msgspec.json.Encoder()


@cache
def _decoder() -> msgspec.json.Decoder[Entry]:
    return msgspec.json.Decoder(Entry)


class Journal:
    """Entries in a file that only its owner can read; without a path they live as long as the session.

    Several sessions can append to one file: each line is one write at the end. An entry is on disk
    when `append` returns. `servers` gives the address of the API server by context: entries of another cluster whose
    context has the same name are kept, but not read.
    """

    def __init__(self, path: Path | None, servers: Mapping[str, str] | None = None) -> None:
        self.path = path
        self._servers = servers or {}
        self.unreadable = 0  # damaged lines in what was read last, from a crash while writing or manual editing

    def append(self, entry: Entry) -> None:
        """Write one entry; raises OSError."""
        if self.path is None:
            return
        entry = replace(entry, server=self._servers.get(entry.rollout.context, ""))
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        line = _line(entry)
        file = open_file(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT)
        try:
            size = os.fstat(file).st_size
            # A line cut off by a crash must not absorb this one.
            if size and os.pread(file, 1, size - 1) != b"\n":
                line = b"\n" + line
            while line:  # the next write of a line that was cut says why
                line = line[os.write(file, line) :]
            os.fsync(file)
        finally:
            os.close(file)

    def tail(self, most: int) -> tuple[Entry, ...]:
        """The newest entries, oldest first; damaged lines are skipped and counted. Raises OSError."""
        self.unreadable = 0
        if self.path is None or most <= 0:
            return ()
        try:
            with os.fdopen(open_file(self.path, os.O_RDONLY), "rb") as file:
                size = file.seek(0, os.SEEK_END)
                start = file.seek(max(size - TAIL_BYTES, 0))
                content = file.read(TAIL_BYTES)
        except FileNotFoundError:
            return ()
        lines = content.split(b"\n")
        if start:
            lines = lines[1:]  # starts in the middle of a line
        return tuple(entry for entry in self._entries(lines) if self._is_ours(entry))[-most:]

    def everything(self) -> Iterator[Entry]:
        """Every entry of the file, oldest first, with one line in memory at a time.

        Damaged lines are skipped and counted on the way. Raises OSError; without a file there are no entries.
        """
        self.unreadable = 0
        if self.path is None:
            return
        try:
            handle = open_file(self.path, os.O_RDONLY)
        except FileNotFoundError:
            return
        with os.fdopen(handle, "rb") as file:
            yield from filter(self._is_ours, self._entries(_bounded_lines(file)))

    def _is_ours(self, entry: Entry) -> bool:
        """Whether it is not about another cluster; an entry without an address may be about this one."""
        here = self._servers.get(entry.rollout.context, "")
        return not entry.server or not here or entry.server == here

    def _entries(self, lines: Iterable[bytes]) -> Iterator[Entry]:
        for line in lines:
            if not line.strip():
                continue
            try:
                entry = _decoder().decode(line)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                self.unreadable += 1
                continue
            if 0 <= entry.at <= LAST_SECOND:
                yield entry
            else:
                self.unreadable += 1


def _bounded_lines(file: BinaryIO) -> Iterator[bytes]:
    """The lines; of one that is longer than any entry only its beginning, which is none."""
    begins = True
    while piece := file.readline(LINE_BYTES):
        if begins:
            yield piece
        begins = piece.endswith(b"\n")


def _line(entry: Entry) -> bytes:
    line = _encoder.encode(entry) + b"\n"
    if len(line) <= LINE_BYTES:
        return line
    commands = ("(too long to store)",)
    short = replace(entry, title=entry.title[:500], why=entry.why[:2000], commands=commands, record=None, seen=None)
    return _encoder.encode(short) + b"\n"
