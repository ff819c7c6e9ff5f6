"""The file format: a header, then blocks that are compressed and checked one by one, so that any prefix opens.

    header  b"COCKPIT RECORD\\n", version (2), length (4), crc32 (4), the msgpack of a `Header`
    block   b"\\xc0BLK", part (1), flags (1), stored length (4), raw length (4), first and last time (8, 8), crc32 (4),
            the zlib stream of a msgpack list of entries

Numbers are big-endian; times are UTC seconds as IEEE doubles; a crc32 covers what stands before it in its header or
block, and what follows. A block with the flag `CHAINED` is compressed with the last 32 KiB of the raw blocks before it
of the same part, back to the last whole one, as dictionary. A block with the flag `WHOLE` begins with everything:
nothing before it is needed.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from enum import StrEnum

import msgspec

from cockpit.model.ages import LAST_SECOND
from cockpit.model.values import dataclass

MAGIC = b"COCKPIT RECORD\n"
VERSION = 2
WHOLE, CHAINED = 1, 2
# zlib's window: what lies further back does not help.
WINDOW = 32_768
# More than any block that is written: a view of a rollout takes 3 to 10 kB. A length beyond it is damage, or somebody
# who wants to fill the memory: 30 kB of a file can be 30 MB of raw bytes, and those 2 GB of empty lists.
LONGEST_RAW = 1 << 26
LONGEST_HEADER = 1 << 20

_HEAD = struct.Struct(">HII")
_BLOCK_MAGIC = b"\xc0BLK"
_BLOCK = struct.Struct(">4sBBIIddI")
_UNCHECKED = struct.Struct(">4sBBIIdd")


class Part(StrEnum):
    """What a block holds, so that one is read without the others."""

    VIEWS = "V"
    OBJECTS = "O"
    MARKS = "M"


class RecordError(Exception):
    """A file that is no record, or that this version cannot read. The text says what and where."""


class Header(msgspec.Struct, frozen=True):
    """What a record says of itself: which version of the program wrote it, when it began (UTC seconds), of which
    contexts, and whether values that can be secret are hidden. `objects` is false if it holds no lists of objects."""

    program: str
    began: float
    contexts: list[str] = []
    redacted: bool = True
    objects: bool = True


@dataclass(frozen=True, slots=True)
class Block:
    """One block as it is stored. `at` is its offset in the file; `raw_length` counts bytes before compression."""

    part: Part
    flags: int
    first: float
    last: float
    raw_length: int
    stored: bytes
    at: int = 0

    @property
    def whole(self) -> bool:
        return bool(self.flags & WHOLE)

    @property
    def size(self) -> int:
        """Bytes in the file."""
        return _BLOCK.size + len(self.stored)


@dataclass(frozen=True, slots=True)
class Damage:
    """Where a file stops to be readable (offset in bytes), and why."""

    at: int
    why: str

    def __str__(self) -> str:
        return f"{self.why} at byte {self.at}"


def header_bytes(header: Header) -> bytes:
    """The beginning of a file."""
    body = msgspec.msgpack.encode(header)
    return MAGIC + _HEAD.pack(VERSION, len(body), zlib.crc32(body)) + body


def block_bytes(block: Block) -> bytes:
    """A block as it is stored in a file."""
    head = _UNCHECKED.pack(
        _BLOCK_MAGIC, ord(block.part), block.flags, len(block.stored), block.raw_length, block.first, block.last
    )
    return head + struct.pack(">I", zlib.crc32(block.stored, zlib.crc32(head))) + block.stored


def window(before: bytes, raw: bytes) -> bytes:
    """What the block after this one is compressed with; `before` is what this one was."""
    return (before + raw)[-WINDOW:]


def pack(part: Part, raw: bytes, times: tuple[float, float], before: bytes, *, whole: bool, level: int = 6) -> Block:
    """A block of these raw bytes; `before` is the window of the blocks before it of the same part, b"" for none."""
    flags = (WHOLE if whole else 0) | (CHAINED if before else 0)
    squeeze = zlib.compressobj(level, zdict=before) if before else zlib.compressobj(level)
    return Block(part, flags, *times, len(raw), squeeze.compress(raw) + squeeze.flush())


def unpack(block: Block, before: bytes) -> bytes:
    """The raw bytes of a block. Raises RecordError."""
    try:
        swell = zlib.decompressobj(zdict=before) if block.flags & CHAINED else zlib.decompressobj()
        raw = swell.decompress(block.stored, block.raw_length + 1)
    except zlib.error as error:
        raise RecordError(f"the block at byte {block.at} cannot be decompressed: {error}") from None
    if len(raw) != block.raw_length:
        raise RecordError(f"the block at byte {block.at} has another length than it says")
    return raw


def read_header(data: bytes | memoryview) -> tuple[Header, int]:
    """The header, and where the blocks begin. Raises RecordError."""
    start = len(MAGIC)
    if not bytes(data[:start]).startswith(MAGIC[: len(data)]) or not data:
        raise RecordError("not a record of the cockpit: it begins with something else")
    if len(data) < start + 2:
        raise RecordError(f"cut off in its header, after {len(data)} bytes: nothing of it can be read")
    (version,) = struct.unpack_from(">H", data, start)
    if version > VERSION:
        raise RecordError(
            f"written in version {version} of the format; this cockpit reads up to version {VERSION}: use a newer one"
        )
    if len(data) < start + _HEAD.size:
        raise RecordError(f"cut off in its header, after {len(data)} bytes: nothing of it can be read")
    _, length, check = _HEAD.unpack_from(data, start)
    begin = start + _HEAD.size
    body = bytes(data[begin : begin + min(length, LONGEST_HEADER)])
    if len(body) < length:
        raise RecordError(f"cut off in its header, after {len(data)} bytes: nothing of it can be read")
    try:
        if zlib.crc32(body) != check:
            raise RecordError(f"its header is damaged (checksum at byte {start + 6})")
        return msgspec.msgpack.decode(body, type=Header), begin + length
    except msgspec.DecodeError as error:
        raise RecordError(f"its header is damaged: {error}") from None


def read_blocks(data: bytes | memoryview, at: int) -> Iterator[Block | Damage]:
    """The blocks from an offset on; the last item is a Damage if the file does not end with a whole block."""
    while at < len(data):
        found = _block_at(data, at)
        yield found
        if isinstance(found, Damage):
            return
        at += found.size


def _block_at(data: bytes | memoryview, at: int) -> Block | Damage:
    if at + _BLOCK.size > len(data):
        return Damage(at, "cut off")
    magic, part, flags, length, raw_length, first, last, check = _BLOCK.unpack_from(data, at)
    if magic != _BLOCK_MAGIC or raw_length > LONGEST_RAW or not are_times(first, last):
        return Damage(at, "damaged")
    begin = at + _BLOCK.size
    stored = bytes(data[begin : begin + length])
    if len(stored) < length:
        return Damage(at, "cut off")
    if zlib.crc32(stored, zlib.crc32(data[at : at + _UNCHECKED.size])) != check:
        return Damage(at, "damaged")
    try:
        return Block(Part(chr(part)), flags, first, last, raw_length, stored, at)
    except ValueError:
        return Damage(at, "a block of an unknown kind")


def are_times(*seconds: float) -> bool:
    """Whether all of these are UTC seconds that can be shown."""
    return all(0 <= each <= LAST_SECOND for each in seconds)
