"""Shares in words, and the lane that is told where there is room for one."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.model.refs import RolloutKey
from cockpit.model.rollout import Lane, Phase, Rollout
from cockpit.model.shares import percent

PLAIN = Rollout(RolloutKey("demo", "shop", "web", "ingress"), "ingress", Phase.AT_REST, "", (), (), (), "1")


@pytest.mark.parametrize(
    ("share", "words"),
    [
        (None, "-"),
        (0.0, "0%"),
        (0.007, "<1%"),
        (0.01, "1%"),
        (0.3, "30%"),
        (0.447, "45%"),
        (0.99, "99%"),
        (0.999, ">99%"),
        (0.1 + 0.2 + 0.7, "100%"),
        (0.333 + 0.333 + 0.334 - 1e-12, "100%"),
    ],
)
def test_a_share_is_told_in_whole_percent(share: float | None, words: str) -> None:
    assert percent(share) == words


def test_what_nobody_knows_has_the_word_of_whoever_tells_it() -> None:
    assert percent(None, "?") == "?"


@given(st.floats(1e-6, 1 - 1e-6))
def test_only_none_and_all_read_so(share: float) -> None:
    assert percent(share) not in {"0%", "100%"}


def test_the_default_lane_is_the_one_of_that_name_else_the_first() -> None:
    beta, default = Lane("x-beta", "x-beta: always", ()), Lane("default", "", ())
    assert replace(PLAIN, lanes=(beta, default)).default_lane is default
    assert replace(PLAIN, lanes=(beta,)).default_lane is beta
    assert PLAIN.default_lane is None
