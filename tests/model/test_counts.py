"""Counts with their nouns."""

from __future__ import annotations

import pytest

from cockpit.model.counts import counted, plural


@pytest.mark.parametrize(
    ("count", "words"), [(0, "0 errors"), (1, "1 error"), (2, "2 errors"), (11, "11 errors"), (100, "100 errors")]
)
def test_only_one_is_singular(count: int, words: str) -> None:
    assert counted(count, "error") == words


def test_words_that_take_no_s() -> None:
    assert [counted(n, "answer agrees", "answers agree") for n in (1, 2)] == ["1 answer agrees", "2 answers agree"]
    assert [plural(n, "is", "are") for n in (1, 0)] == ["is", "are"]
