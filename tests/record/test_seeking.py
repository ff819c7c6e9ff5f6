"""A seek reads from the whole view before it on, however long the record is."""

from __future__ import annotations

import pytest

from cockpit.record.reader import Record, Views
from cockpit.record.writer import SEGMENT_SECONDS
from tests.record.recording import Memory, writer
from tests.tui.fake import START, FakeCockpit
from tests.tui.strips import strip

MINUTES = 20


def long_record() -> bytes:
    """A view a second."""
    cockpit, sink = FakeCockpit(), Memory()
    made = writer(sink)
    for second in range(MINUTES * 60):
        cells = strip(60)[second % 30 :]
        shown = cockpit.current.rollouts[0]
        cockpit.change("http-server", at=START + second, acting=f"at {second}", probe=shown.probe.__class__(
            True, None, 1.0, 1.0, second, 0, 0, strip=cells, strip_total=second
        ))  # fmt: skip
        made.view(START + second, cockpit.current)
        if second % 2:
            made.flush()
    made.close()
    return sink.data


DATA = long_record()


@pytest.mark.parametrize("minute", [0, 7, MINUTES - 1])
def test_a_seek_applies_no_more_than_one_segment(minute: int) -> None:
    seconds = minute * 60 + 45
    views = Views(Record(DATA))
    assert views.seek(START + seconds).view.rollouts[0].acting == f"at {seconds}"
    assert views.passed <= SEGMENT_SECONDS + 1


@pytest.mark.parametrize("seconds", [1, 30, 61, 400])
def test_a_step_back_is_the_view_before(seconds: int) -> None:
    views = Views(Record(DATA))
    views.seek(START + seconds)
    assert views.before(START + seconds) == START + seconds - 1
