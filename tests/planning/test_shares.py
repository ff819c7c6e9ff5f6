"""Wanted shares: the rest in the present proportion, whole weights that keep their sum."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.planning.shares import TOTALS, WantedShares, from_base, wanted_shares, whole_parts

THREE = {"v1": 0.6, "v2": 0.4, "v3": 0.0}


def wanted(asked: dict[str, float], before: dict[str, float] = THREE, **more: object) -> WantedShares | str:
    return wanted_shares(tuple(asked.items()), before, stable="v1", example="v3", **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("asked", "before", "shares", "sharing"),
    [
        ({"v3": 0.4}, THREE, (0.36, 0.24, 0.4), ("v1", "v2")),
        ({"v3": 0.33}, THREE, (0.40, 0.27, 0.33), ("v1", "v2")),
        ({"v3": 1.0}, THREE, (0.0, 0.0, 1.0), ()),
        ({"v3": 0.25}, {"v1": 1.0, "v2": 0.0, "v3": 0.0}, (0.75, 0.0, 0.25), ()),
        ({"v3": 0.25}, {"v1": 0.0, "v2": 0.0, "v3": 1.0}, (0.75, 0.0, 0.25), ()),
        ({"v3": 0.25}, {"v1": 0.0, "v2": 1.0, "v3": 0.0}, (0.0, 0.75, 0.25), ()),
        ({"v3": 0.4, "v2": 0.1}, THREE, (0.5, 0.1, 0.4), ()),
        ({"v3": 0.4, "v2": 0.6}, THREE, (0.0, 0.6, 0.4), ()),
        ({"v3": 0.125}, THREE, (0.525, 0.35, 0.125), ("v1", "v2")),
        ({"v1": 0.5}, {"v1": 1 / 3, "v2": 1 / 3, "v3": 1 / 3}, (0.5, 0.25, 0.25), ("v2", "v3")),
    ],
)
def test_the_others_share_the_rest_as_they_do_now(
    asked: dict[str, float], before: dict[str, float], shares: tuple[float, ...], sharing: tuple[str, ...]
) -> None:
    found = wanted(asked, before)
    assert isinstance(found, WantedShares)
    assert tuple(found.shares.values()) == pytest.approx(shares)
    assert found.sharing == sharing
    assert bool(found.notes) is bool(sharing)


def test_the_plan_says_who_shares_the_rest() -> None:
    found = wanted({"v3": 0.4})
    assert isinstance(found, WantedShares)
    assert found.notes == ("v1 and v2 split the other 60% in their current proportion: v1 36%, v2 24%",)


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        ({}, "say which share: v3=PERCENT"),
        ({"v9": 0.5}, "v9 is not part of this split; its versions are v1, v2 and v3"),
        ({"v3": 1.5}, "a share must be 0% to 100%"),
        ({"v3": float("nan")}, "a share must be 0% to 100%"),
        ({"v1": 0.9, "v2": 0.4}, "add up to 130%, more than 100%: lower one"),
        ({"v1": 0.5, "v2": 0.1, "v3": 0.1}, "add up to 70%, not 100%: leave one version out"),
        ({"v3": 0.0000001}, "0.00001% cannot be written: weights are whole parts of 1000000"),
    ],
)
def test_what_cannot_be_is_said(asked: dict[str, float], why: str) -> None:
    assert why in str(wanted(asked))


def test_nobody_is_chosen_for_the_rest_where_nothing_tells_who_it_is() -> None:
    alone = {"v1": 1.0, "v2": 0.0, "v3": 0.0}
    assert wanted({"v1": 0.4}, alone) == "60% is left over: say which of v2 and v3 gets it"
    found = wanted({"v1": 0.4}, alone, able=("v3",))
    assert isinstance(found, WantedShares)
    assert found.shares["v3"] == 0.6


def test_a_part_that_is_too_small_to_be_written_is_said_to_be_lost() -> None:
    before = {"v1": 0.994, "v2": 0.005, "v3": 0.001}
    found = wanted({"v3": 0.1}, before, totals=(100,))
    assert isinstance(found, WantedShares)
    assert found.weights == {"v1": 90, "v2": 0, "v3": 10}
    assert found.notes[1] == "v2 gets nothing: its part of the rest is too small to write"
    found = wanted({"v3": 0.1}, before, totals=(1000, 100))
    assert isinstance(found, WantedShares)
    assert found.weights == {"v1": 895, "v2": 5, "v3": 100}


@pytest.mark.parametrize(
    ("share", "before", "shares"),
    [
        (0.5, THREE, (0.1, 0.4, 0.5)),
        (0.9, THREE, (0.0, 0.1, 0.9)),
        (1.0, THREE, (0.0, 0.0, 1.0)),
        (0.2, {"v1": 1.0, "v2": 0.0, "v3": 0.0}, (0.8, 0.0, 0.2)),
        (0.0, {"v1": 0.0, "v2": 0.0, "v3": 1.0}, (1.0, 0.0, 0.0)),
    ],
)
def test_a_step_takes_its_share_from_the_base_as_long_as_that_has_one(
    share: float, before: dict[str, float], shares: tuple[float, ...]
) -> None:
    found = from_base("v3", share, "v1", before)
    assert isinstance(found, WantedShares)
    assert tuple(found.shares.values()) == pytest.approx(shares)


SHARES = st.dictionaries(st.sampled_from("abcdef"), st.floats(0, 1), min_size=1)


@given(SHARES, st.sampled_from(TOTALS))
def test_whole_weights_keep_their_sum_and_none_is_off_by_more_than_one(shares: dict[str, float], total: int) -> None:
    found, whole = whole_parts(shares, total), sum(shares.values())
    assert sum(found.values()) == (total if whole > 0 else 0)
    for name, weight in found.items():
        assert weight >= 0
        assert abs(weight - shares[name] / whole * total) <= 1 + 1e-6 if whole > 0 else weight == 0
        assert shares[name] or not weight


@given(
    st.lists(st.integers(0, 1000), min_size=2, max_size=5),
    st.dictionaries(st.integers(0, 4), st.integers(0, 100), min_size=1, max_size=4),
)
def test_whatever_is_asked_the_shares_sum_to_one_or_it_is_refused(weights: list[int], asked: dict[int, int]) -> None:
    total = sum(weights)
    before = {f"v{n}": weight / total if total else 0.0 for n, weight in enumerate(weights)}
    wish = {f"v{n}": share / 100 for n, share in asked.items() if n < len(weights)}
    found = wanted_shares(tuple(wish.items()), before, stable="v0", example="v1")
    if isinstance(found, str):
        assert found
        return
    assert sum(found.weights.values()) == found.total
    assert sum(found.shares.values()) == pytest.approx(1)
    assert all(found.shares[name] == pytest.approx(share) for name, share in wish.items())


@given(st.integers(0, 100), st.lists(st.integers(0, 1000), min_size=3, max_size=3))
def test_a_step_always_adds_up(percent: int, weights: list[int]) -> None:
    total = sum(weights) or 1
    before = {f"v{n}": weight / total for n, weight in enumerate(weights)}
    found = from_base("v1", percent / 100, "v0", before)
    assert isinstance(found, WantedShares)
    assert found.shares["v1"] == pytest.approx(percent / 100)
    assert sum(found.weights.values()) == found.total or percent == 100
