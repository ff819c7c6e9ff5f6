"""Text from a cluster cannot reach the terminal as anything but text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.model.text import safe_lines, safe_text


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
        ("[bold]markup[/bold]", "[bold]markup[/bold]"),
        ("\x1b]never ends", ""),
    ],
)
def test_what_is_left(hostile, shown):
    assert safe_text(hostile) == shown


@given(st.text(alphabet=st.characters()), st.integers(1, 50))
def test_always_printable_and_bounded(text, limit):
    safe = safe_text(text, limit)
    assert safe.isprintable()
    assert len(safe) <= limit
    assert safe_text(safe, limit) == safe


@given(st.text(alphabet=st.characters()), st.integers(0, 5), st.integers(1, 20))
def test_lines_are_printable_and_bounded(text, lines, width):
    safe = safe_lines(text, lines, width)
    assert len(safe) <= lines
    assert all(line.isprintable() and len(line) <= width for line in safe)


def test_lines_keep_indentation_and_the_end():
    assert safe_lines("a:\n  b: 1\r\nc\n", 2) == ("  b: 1", "c")


def test_other_values_are_shown_as_text():
    assert safe_text(None) == "None"
    assert safe_text(12) == "12"
