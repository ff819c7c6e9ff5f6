"""Text from a cluster cannot reach the terminal as anything but text."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from wcwidth import wcwidth

from cockpit.model.text import MOST_MARKS, safe_lines, safe_text


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("plain", "plain"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07after", "after"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x9b2Jcleared", "cleared"),
        ("\x1bPdcs\x1b\\x", "x"),
        ("\x1bcreset", "reset"),
        ("a\u202eb\u2066c\u200bd\ufeffe", "abcde"),
        ("two\r\nlines\tand", "two  lines and"),
        ("bell\x07\x00", "bell"),
        ("\ud800", "\ufffd"),
        ("版本 é 🚀", "版本 é 🚀"),
        ("\u2764\ufe0f 1\ufe0f\u20e3 \U0001f44d\U0001f3fd \U0001f1e9\U0001f1ea", "\u2764 1\u20e3 \U0001f44d DE"),
        ("[bold]markup[/bold]", "[bold]markup[/bold]"),
        ("\x1b]never ends", ""),
    ],
)
def test_what_is_left(hostile: str, shown: str) -> None:
    assert safe_text(hostile) == shown


@given(st.text(alphabet=st.characters()), st.integers(1, 50))
def test_always_printable_and_bounded(text: str, limit: int) -> None:
    safe = safe_text(text, limit)
    assert safe.isprintable()
    assert len(safe) <= limit
    assert safe_text(safe, limit) == safe


@given(st.text(alphabet=st.characters()), st.integers(0, 5), st.integers(1, 20))
def test_lines_are_printable_and_bounded(text: str, lines: int, width: int) -> None:
    safe = safe_lines(text, lines, width)
    assert len(safe) <= lines
    assert all(line.isprintable() and len(line) <= width for line in safe)


@given(st.text(alphabet=st.one_of(st.characters(), st.sampled_from("\ufe0f\U0001f1e9\U0001f3fd\u2764\u1100\u1161"))))
def test_what_the_screen_counts_is_what_a_terminal_moves_on_by(text: str) -> None:
    safe = safe_text(text)
    assert cell_len(safe) == sum(wcwidth(character) for character in safe)


def test_lines_keep_indentation_and_the_end() -> None:
    assert safe_lines("a:\n  b: 1\r\nc\n", 2) == ("  b: 1", "c")


def test_other_values_are_shown_as_text() -> None:
    assert safe_text(None) == "None"
    assert safe_text(12) == "12"


@given(st.lists(st.sampled_from("ae\u0301\u0302\u20dd\u0e38 \n\x1b"), max_size=60))
def test_no_character_carries_more_marks_than_a_script_needs(characters: list[str]) -> None:
    safe = safe_text("".join(characters), 100)
    marks = 0
    for character in safe:
        marks = marks + 1 if unicodedata.combining(character) or character == "\u20dd" else 0
        assert marks <= MOST_MARKS


def test_a_flood_of_marks_is_cut_and_real_scripts_are_not() -> None:
    assert safe_text("a" + "\u0301" * 200 + "b") == "a" + "\u0301" * MOST_MARKS + "b"
    for text in ("Việt Nam", "ที่นี่", "שָׁלוֹם", "हिन्दी", "👩‍🚀"):
        kept = text.replace("\u200d", "")  # joiners are not shown
        assert safe_text(text) == kept
    assert safe_lines("x" + "\u0302" * 50) == ("x" + "\u0302" * MOST_MARKS,)
