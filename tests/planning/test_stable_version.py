"""Which version of a weighted split is the stable one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.planning.stable_version import stable_of

NAMES = ("v1", "v2", "v3")
SOME = st.frozensets(st.sampled_from(NAMES))


@pytest.mark.parametrize(
    ("taking", "serving", "stable"),
    [
        ("v1 v2", "v1 v2 v3", "v1"),
        ("v1 v2", "v2", "v2"),  # the oldest cannot answer
        ("v2", "v1 v3", "v1"),  # the one that takes all cannot answer: the one before it
        ("v1", "v2", "v1"),  # a younger one that takes nothing is no way back
        ("v2 v3", "", "v2"),
        ("", "v1 v2", "v1"),
    ],
)
def test_the_oldest_that_takes_requests_and_answers_them(taking: str, serving: str, stable: str) -> None:
    assert stable_of(NAMES, taking.split(), serving.split()) == stable


def test_without_versions_there_is_none() -> None:
    assert stable_of((), (), ()) == ""


@given(SOME, SOME)
def test_one_that_cannot_answer_is_stable_only_where_no_taker_can(
    taking: frozenset[str], serving: frozenset[str]
) -> None:
    assert stable_of(NAMES, taking, serving) in serving or not taking & serving
