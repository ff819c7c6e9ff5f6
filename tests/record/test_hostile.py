"""A file that somebody made to take over the terminal or the memory of who replays it."""

from __future__ import annotations

import math
import struct
import tracemalloc
from dataclasses import replace
from datetime import UTC

import pytest

from cockpit.record.blocks import LONGEST_RAW, Damage, Part, RecordError, block_bytes, header_bytes, pack, read_blocks
from cockpit.record.entries import MOST_CONTAINERS, MarkKind, decode
from cockpit.record.player import Player
from cockpit.record.reader import Record, Views
from cockpit.session.clock import ManualClock
from cockpit.tui.replaying import ReplayApp
from tests.record.recording import HEADER, Memory, writer
from tests.tui.fake import START, fleet
from tests.tui.terminal import on_terminal, settled, until

# A title, the clipboard, a colour by a C1 byte, and text that runs backwards.
HOSTILE = "\x1b]0;owned\x07\x1b]52;c;b3duZWQ=\x07\x9b31m\u202eback"


async def test_the_text_of_a_mark_does_not_reach_the_terminal_as_it_is() -> None:
    sink = Memory()
    made = writer(sink)
    made.view(START, fleet())
    made.mark(START + 1, MarkKind.ACT, f"approve {HOSTILE}")
    made.view(START + 9, fleet())
    made.close()
    app = ReplayApp(Player(Record(sink.data), ManualClock(), paused=True), zone=UTC, playing=False)
    async with on_terminal(app, (80, 24)) as driver:
        await settled(driver)
        app.simulate_key("right_curly_bracket")
        await until(lambda: "act: " in "".join(driver.written))
        await settled(driver)
        written = "".join(driver.written)
    for sequence in ("\x1b]0;", "\x1b]52;", "\x9b", "\u202e"):
        assert sequence not in written


def test_a_block_that_would_fill_the_memory_is_not_decompressed() -> None:
    """100 MB of msgpack can be 6 GB of empty lists, and 100 kB in the file."""
    block = replace(pack(Part.VIEWS, b"\x90", (START, START), b"", whole=True), raw_length=100_000_000)
    data = header_bytes(HEADER)
    assert list(read_blocks(data + block_bytes(block), len(data))) == [Damage(len(data), "damaged")]


@pytest.mark.parametrize("part", list(Part))
def test_a_block_whose_lists_would_fill_the_memory_is_not_decoded(part: Part) -> None:
    """64 MB of msgpack can be 4 GB of empty lists, and 65 kB in the file."""
    count = LONGEST_RAW - 100
    raw = b"\xdd\x00\x00\x00\x01\x93\xa1v\xcb" + struct.pack(">d", START) + b"\xdd" + struct.pack(">I", count)
    raw += b"\x90" * count
    assert len(raw) <= LONGEST_RAW
    tracemalloc.start()
    try:
        with pytest.raises(RecordError, match="the block at byte 7 holds more than 4,000,000 lists and maps"):
            decode(raw, 7)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert most < 2 * LONGEST_RAW
    sink = Memory()
    made = writer(sink)
    made.view(START, fleet())
    made.close()
    data = sink.data + block_bytes(pack(part, raw, (START + 1, START + 1), b"", whole=True, level=1))
    record = Record(data)
    list(record.entries(part))
    assert "holds more than" in str(record.damage)


def test_what_takes_most_memory_and_is_decoded_stays_below_a_gigabyte() -> None:
    """The most lists that are taken; a tenth of them is decoded here."""
    count = MOST_CONTAINERS // 10
    raw = b"\xdd\x00\x00\x00\x01\x93\xa1v\xcb" + struct.pack(">d", START) + b"\xdd" + struct.pack(">I", count)
    tracemalloc.start()
    try:
        decode(raw + b"\x80" * count, 7)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    # Besides, every byte that is no list can be a number, at eight bytes each.
    assert most * 10 + 8 * LONGEST_RAW < 1 << 30


@pytest.mark.parametrize("at", [math.nan, math.inf, -1.0, 1e18])
def test_a_block_of_no_time_is_damaged(at: float) -> None:
    sink = Memory()
    made = writer(sink)
    made.view(at, fleet())
    made.close()
    with pytest.raises(RecordError, match="holds no view to begin with: damaged at byte"):
        Record(sink.data)


@pytest.mark.parametrize("number", [math.nan, math.inf, 1e308, 10**18])
def test_a_view_with_a_number_that_nobody_measures_is_refused(number: float) -> None:
    sink = Memory()
    made = writer(sink)
    made.view(START, replace(fleet(), at=number))
    made.close()
    with pytest.raises(RecordError, match="a view holds what this cockpit does not know: the number"):
        Views(Record(sink.data)).seek(START)
