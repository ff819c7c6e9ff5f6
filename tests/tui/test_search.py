"""Finding text in lines, marking it, and folding long lines."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cockpit.tui.lines import Span, plain, width_of
from cockpit.tui.search import folded, marked, searched

texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Cn", "Zl", "Zp"]), max_size=60)


def test_matches_are_counted_from_where_one_looks_and_come_round() -> None:
    found = searched(["error", "fine", "Error", "an error"], "error", near=1)
    assert found.found == (0, 2, 3)
    assert (found.line, found.count) == (2, "2 of 3")
    assert found.step(1).step(1).line == 0
    assert found.step(-1).step(-1).line == 3


def test_capitals_count_once_they_are_typed() -> None:
    assert searched(["error", "Error"], "Error").found == (1,)


def test_nothing_found_is_said_and_nothing_searched_says_nothing() -> None:
    assert searched(["a"], "b").count == "not found"
    assert searched(["a"], "b").step(1).line is None
    assert searched(["a"], "").count == ""


def test_a_match_is_marked_across_styles() -> None:
    line = marked((Span("say he", "key"), Span("llo hello")), "hello")
    assert [(span.text, span.style) for span in line] == [
        ("say ", "key"), ("he", "key reverse"), ("llo", "reverse"), (" ", ""), ("hello", "reverse"),
    ]  # fmt: skip


@given(texts, st.text(max_size=3))
def test_marking_never_changes_the_text(text: str, words: str) -> None:
    line = (Span(text[: len(text) // 2], "key"), Span(text[len(text) // 2 :], ""))
    assert "".join(span.text for span in marked(line, words)) == text


@given(texts, st.integers(2, 20))
def test_folding_keeps_every_character_and_the_width(text: str, width: int) -> None:
    pieces = folded((Span(text, "key"),), width)
    assert "".join(span.text for piece in pieces for span in piece) == text
    assert all(width_of(piece) <= width for piece in pieces)


def test_folding_keeps_indentation() -> None:
    assert plain(folded((Span("    key: value"),), 8)) == ["    key:", " value"]
