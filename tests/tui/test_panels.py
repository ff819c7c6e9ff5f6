"""Frames around lines: never wider or narrower than asked for, whatever is in them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cockpit.tui.lines import Line, Span, plain, width_of
from cockpit.tui.panels import ASCII, FEWEST_COLUMNS, ROUND, Part, framed

texts = st.text(st.characters(categories=("L", "N", "P")), max_size=60)
lines = st.builds(lambda text: (Span(text),), texts)


def test_parts_stand_below_each_other_in_one_frame() -> None:
    upper = Part((Span("needs you · 1"),), [(Span("row"),)], (Span("since"),))
    lower = Part((Span("at rest · 2"),), [(Span("other"),)])
    assert plain(framed([upper, lower], 30, ROUND, foot=(Span("1 of 3"),))) == [
        "╭ needs you · 1 ───── since ─╮",
        "│row                         │",
        "├ at rest · 2 ───────────────┤",
        "│other                       │",
        "╰─────────────────── 1 of 3 ─╯",
    ]


@given(title=lines, note=lines, body=st.lists(lines, max_size=3), foot=lines, width=st.integers(FEWEST_COLUMNS, 200))
def test_a_frame_is_exactly_as_wide_as_asked(title: Line, note: Line, body: list[Line], foot: Line, width: int) -> None:
    for frame in (ROUND, ASCII):
        assert {width_of(line) for line in framed([Part(title, body, note)], width, frame, foot=foot)} == {width}


def test_without_room_the_lines_stand_alone() -> None:
    assert plain(framed([Part((Span("title"),), [(Span("row"),)])], 10, ROUND)) == ["title", "row"]
