"""Lines and the difference between them, for any text."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st
from rich.cells import cell_len

from cockpit.model.text import safe_text
from cockpit.tui.lines import Line, Span, changed_runs, clip, columns_of, ends, fit, width_of, window, wrap

texts = st.text(max_size=40).map(lambda text: safe_text(text, 40))
lines = st.lists(st.builds(Span, texts, st.sampled_from(["", "risk", "quiet"])), max_size=5).map(tuple)
widths = st.integers(1, 60)


@given(texts, widths)
def test_fit_is_exactly_as_wide_as_asked(text: str, width: int) -> None:
    assert cell_len(fit(text, width)) == width
    assert cell_len(fit(text, width, "right")) == width


@given(lines, widths)
def test_clip_never_exceeds_the_width(line: Line, width: int) -> None:
    assert width_of(clip(line, width)) <= width


@given(lines, lines, widths)
def test_ends_keeps_the_right_end(left: Line, right: Line, width: int) -> None:
    line = ends(left, right, width)
    assert width_of(line) <= max(width, width_of(right))
    assert "".join(s.text for s in line).endswith("".join(s.text for s in right))


@given(texts, st.integers(4, 40))
@example("\N{EMOJI MODIFIER FITZPATRICK TYPE-1-2}", 4)
@example("\N{EMOJI MODIFIER FITZPATRICK TYPE-1-2}aaaa", 4)
@example("aaa\N{HEAVY BLACK HEART}\N{VARIATION SELECTOR-16}", 4)
def test_wrap_loses_no_word_and_keeps_the_width(text: str, width: int) -> None:
    wrapped = wrap(text, width)
    assert all(cell_len(line) <= width for line in wrapped)
    assert "".join(wrapped).replace(" ", "") == text.replace(" ", "")


@given(lines, lines, widths)
def test_drawing_the_changed_runs_gives_the_new_line(old: Line, new: Line, width: int) -> None:
    screen, wanted = columns_of(old, width), columns_of(new, width)
    for x, length in changed_runs(old, new, width):
        assert x >= 0
        assert x + length <= width
        screen[x : x + length] = wanted[x : x + length]
    assert screen == wanted


@given(lines, lines, widths)
@example((Span("──── 首次看到时已受损 ─╮"),), (Span("──────────── 刚刚受损 ─╮"),), 60)
@example((Span("甲"),), (Span("乙"),), 2)
def test_no_run_begins_or_ends_within_a_wide_character(old: Line, new: Line, width: int) -> None:
    lines = columns_of(old, width), columns_of(new, width)
    for x, length in changed_runs(old, new, width):
        for line in lines:
            assert line[x][0], "it begins with a whole character"
            assert x + length == width or line[x + length][0], "it ends with one"


def test_one_changed_cell_is_one_run() -> None:
    assert changed_runs((Span("v2 30%"),), (Span("v2 31%"),), 80) == [(4, 1)]
    assert changed_runs((Span("v2 30%"),), (Span("v2 30%"),), 80) == []


@given(st.integers(1, 200), st.integers(0, 199), st.integers(0, 300), st.integers(1, 40))
def test_the_window_holds_the_cursor(count: int, cursor: int, top: int, height: int) -> None:
    cursor = min(cursor, count - 1)
    first = window(count, cursor, top, height)
    assert first <= cursor < first + height
