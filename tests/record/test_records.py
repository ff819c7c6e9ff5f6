"""What was recorded comes back as it was, at every moment and from every prefix of the file."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.model.view import FleetView
from cockpit.record.blocks import MAGIC, RecordError, header_bytes
from cockpit.record.reader import Record, Views, open_record
from tests.record.recording import HEADER, Memory, recorded, story, writer
from tests.tui import fleets
from tests.tui.fake import START

STORY = story()
DATA = recorded(STORY).data


def shown_at(record: Record, at: float) -> FleetView:
    return Views(record).seek(at).view


@pytest.mark.parametrize("seconds", [0, 0.5, 1, 59, 60, 61, 123.9, 199, 5000])
def test_a_seek_shows_the_view_of_that_moment(seconds: float) -> None:
    assert shown_at(Record(DATA), START + seconds) == STORY[min(int(seconds), len(STORY) - 1)][1]


def test_a_record_is_played_view_by_view() -> None:
    views = Views(Record(DATA))
    seen = [views.seek(START)]
    while views.advance():
        seen.append(views.here())
    assert [(moment.at, moment.view) for moment in seen] == STORY


def test_what_did_not_change_stays_the_same_object() -> None:
    views = Views(Record(DATA))
    first = views.seek(START).view
    views.advance()
    second = views.here().view
    assert [a is b for a, b in zip(first.rollouts, second.rollouts, strict=True)] == [False, True, True, True]


@given(st.integers(0, len(DATA)))
def test_any_prefix_opens_up_to_where_it_is_cut(length: int) -> None:
    try:
        record = Record(DATA[:length])
    except RecordError:
        assert length < len(DATA) / 4
        return
    last = max(n for n, (at, _) in enumerate(STORY) if at <= record.ended)
    assert shown_at(record, record.ended) == STORY[last][1]
    assert (record.damage is None) == (length == record_length(record))
    if record.damage:
        assert "cut off at byte" in str(record.damage)


def record_length(record: Record) -> int:
    start = len(header_bytes(HEADER))
    blocks = [block for part in record._blocks.values() for block in part]
    return start + sum(block.size for block in blocks)


@given(st.integers(0, len(DATA) - 1), st.integers(1, 255))
def test_a_damaged_byte_is_noticed_and_never_shown(place: int, change: int) -> None:
    data = bytearray(DATA)
    data[place] ^= change
    try:
        record = Record(bytes(data))
    except RecordError:
        return
    assert record.damage
    assert record.damage.at <= place
    last = max(n for n, (at, _) in enumerate(STORY) if at <= record.ended)
    assert shown_at(record, record.ended) == STORY[last][1]


@given(st.binary(max_size=300))
def test_what_is_no_record_is_said_to_be_none(data: bytes) -> None:
    for each in (data, MAGIC + data, header_bytes(HEADER) + data):
        with pytest.raises(RecordError):
            Record(each)


def test_a_foreign_file_and_a_newer_version_are_named(tmp_path: Path) -> None:
    path = tmp_path / "record"
    path.write_bytes(b"PK\x03\x04 and so on")
    with pytest.raises(RecordError, match=f"{path}: not a record of the cockpit"):
        open_record(path)
    path.write_bytes(MAGIC + b"\x00\x09" + DATA[len(MAGIC) + 2 :])
    with pytest.raises(RecordError, match="version 9 of the format; this cockpit reads up to version 2: use a newer"):
        open_record(path)


def test_what_is_held_to_be_small_does_not_fill_the_memory() -> None:
    """A block that says that it is short and is not, as a bomb would."""
    sink = Memory()
    made = writer(sink)
    made.view(*STORY[0])
    made.close()
    block = sink.blocks[0]
    place = sink.data.index(b"\xc0BLK") + 10
    lying = sink.data[:place] + (5).to_bytes(4, "big") + sink.data[place + 4 :]
    with pytest.raises(RecordError):
        Record(lying)
    assert block.raw_length > 5


@pytest.mark.parametrize("fleet", [fleets.two_clusters(), fleets.many(40), fleets.usual()])
def test_fleets_of_all_kinds_come_back(fleet: FleetView) -> None:
    assert shown_at(Record(recorded([(START, fleet)]).data), START) == fleet
