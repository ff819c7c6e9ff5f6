"""The comparison of tellings can tell the same story from another one."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.stories.story import Watched
from tests.telling import (
    Telling,
    always,
    differences,
    folded,
    follows,
    from_json,
    joined,
    steadied,
    telling_of,
    to_json,
    together,
    turning_points,
)

states = st.lists(st.sampled_from("abc"), max_size=8).map(folded)


@given(st.lists(states, min_size=1, max_size=4))
def test_every_performance_follows_what_all_of_them_were_joined_to(performances: list[list[str]]) -> None:
    rail = always(performances[0])
    for performance in performances[1:]:
        rail = joined(rail, always(performance))
    assert [follows(performance, rail) for performance in performances] == [None] * len(performances)


@given(states, states)
def test_a_single_performance_allows_nothing_else(one: list[str], other: list[str]) -> None:
    assert (follows(other, always(one)) is None) == (one == other)


def test_what_is_always_there_may_not_be_missing() -> None:
    rail = joined(always(["a", "b", "c"]), always(["a", "c"]))
    assert rail == [("a", False), ("b", True), ("c", False)]
    assert follows(["a", "c"], rail) is None
    assert follows(["a", "b"], rail) == 2
    assert follows(["b", "c"], rail) == 0
    assert follows(["a", "c", "b"], rail) == 2


@given(st.lists(st.integers(0, 5)))
def test_turning_points_keep_the_extremes_and_change_direction_each_time(numbers: list[int]) -> None:
    kept = turning_points(numbers)
    assert set(kept) >= ({min(numbers), max(numbers), numbers[0], numbers[-1]} if numbers else set())
    directions = [b > a for a, b in itertools.pairwise(kept)]
    assert all(a != b for a, b in itertools.pairwise(directions))


@pytest.mark.parametrize(
    ("values", "told"), [("abab", "ab"), ("ababa", "aba"), ("cababad", "cabad"), ("abcabc", "abcabc"), ("aabb", "ab")]
)
def test_to_and_fro_is_told_once(values: str, told: str) -> None:
    assert "".join(steadied(list(values))) == told


def test_hashes_get_the_names_of_their_images() -> None:
    def replicaset(digest: str, tag: str) -> dict[str, Any]:
        template = {"spec": {"containers": [{"image": f"registry:5000/web:{tag}"}]}}
        meta = {"name": f"web-{digest}", "namespace": "n", "labels": {"rollouts-pod-template-hash": digest}}
        return {"metadata": meta, "spec": {"template": template, "replicas": 2}}

    watched = [Watched("ReplicaSet", {"name": lambda obj: obj["metadata"]["name"]})]
    told = [
        telling_of(watched, [("ReplicaSet", replicaset(one, "v1")), ("ReplicaSet", replicaset(two, "v2"))])
        for one, two in (("6f9c", "7d84"), ("7d84", "55bb"))
    ]
    assert (
        told[0]
        == told[1]
        == {track: {"name": [(track.split()[1], False)]} for track in ("ReplicaSet web-v1", "ReplicaSet web-v2")}
    )
    assert from_json(to_json(together(told))) == told[0]
    assert differences(told[0], told[1]) == []
    other = {**told[1], "ReplicaSet web-v2": {"name": [("web-v3", False)]}}
    assert "leaves the recorded course at state 0" in differences(told[0], other)[0]


@pytest.mark.parametrize(
    ("seen", "fits"),
    [([0, 4, 3, 4], True), ([0, 3, 4], True), ([1, 4], False), ([0, 3], False), ([0, 5, 4], False), ([], False)],
)
def test_a_count_keeps_to_the_bounds_it_had(seen: list[int], fits: bool) -> None:
    def telling(numbers: list[int]) -> Telling:
        return {"ReplicaSet web": {"pods": [(number, True) for number in numbers]}}

    assert (differences(telling(seen), telling([0, 4, 3, 4])) == []) == fits
