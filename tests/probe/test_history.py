"""The history of a whole release: bounded, coarser where it is older, and without losing what went wrong."""

from __future__ import annotations

import itertools
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from cockpit.model.rollout import Lane, Share
from cockpit.model.view import CellKind
from cockpit.probe.history import FACTOR, MOST_LANES, MOST_SPLITS, MOST_VERSIONS, TIERS, History, merged
from cockpit.probe.recognise import VersionReading

SLICE = 5.0


def answer(version: str | None, kind: CellKind = CellKind.ANSWER) -> VersionReading:
    return VersionReading(kind, version, "")


def lane(written: float, name: str = "default") -> Lane:
    return Lane(name, "", (Share("v1", None, 1 - written), Share("v2", None, written)))


def test_history_holds_shares_by_slice_and_lane() -> None:
    history = History(SLICE, 10)
    for at, name, version in [
        (100, "default", "v1"),
        (101, "default", "v2"),
        (104.9, "beta", "v2"),
        (105, "default", "v1"),
        (121, "default", "v2"),
    ]:
        history.add(at, name, answer(version), 20.0)
    assert [(point.at, point.lane, point.shares, point.samples) for point in history.points()] == [
        (100, "default", (("v1", 0.5), ("v2", 0.5)), 2),
        (100, "beta", (("v2", 1.0),), 1),
        (105, "default", (("v1", 1.0),), 1),
        (120, "default", (("v2", 1.0),), 1),
    ]


def test_errors_are_counted_by_version_and_those_that_nobody_answered_too() -> None:
    history = History(SLICE, 10)
    for version, kind, ms in [("v1", CellKind.ANSWER, 10), ("v2", CellKind.ERROR, 30), ("v2", CellKind.ANSWER, 50)]:
        history.add(100, "default", answer(version, kind), ms)
    history.add(101, "default", answer(None, CellKind.ERROR), 5000)
    history.add(102, "default", answer(None, CellKind.UNKNOWN), 5)
    (point,) = history.points()
    assert point.samples == 3
    assert point.errors == (("", 1), ("v2", 1))
    assert dict(point.worst) == {"": 1.0, "v2": 0.5}
    assert dict(point.p50_ms) == {"v1": 10, "v2": 40}


def test_a_clock_that_steps_back_loses_no_answer() -> None:
    history = History(SLICE, 10)
    history.add(100, "default", answer("v1"), 1)
    history.add(93, "default", answer("v1"), 1)
    assert [(point.at, point.samples) for point in history.points()] == [(100, 2)]


def test_a_day_is_kept_in_few_points_and_its_only_error_too() -> None:
    history = History(SLICE, 150)
    for at in range(0, 86_400, 5):
        history.add(at, "default", answer("v1"), 20)
        if at == 600:
            history.add(at, "default", answer("v2", CellKind.ERROR), 900)
    points = history.points()
    assert len(points) <= TIERS * 150 + 1
    assert points[0].at == 0
    assert points[-1].seconds == SLICE
    assert sum(point.samples for point in points) == 86_400 // 5 + 1
    (bad,) = [point for point in points if point.errors]
    assert bad.at <= 600 < bad.end
    assert dict(bad.worst)["v2"] == 1.0
    assert dict(bad.p50_ms)["v2"] == 900


@given(st.lists(st.tuples(st.floats(0, 4000), st.sampled_from(["v1", "v2", None])), max_size=300))
def test_points_are_in_order_apart_and_lose_nothing(answers: list[tuple[float, str | None]]) -> None:
    history = History(SLICE, FACTOR * 40)
    for at, version in sorted(answers, key=lambda each: each[0]):
        history.add(at, "default", answer(version, CellKind.ERROR), 1)
    points = history.points()
    assert all(before.end <= after.at for before, after in itertools.pairwise(points))
    assert sum(count for point in points for _, count in point.errors) == len(answers)


def test_merging_adds_counts_and_keeps_the_worst() -> None:
    history = History(SLICE, 10)
    for at, kind, ms in [(0, CellKind.ERROR, 10), (5, CellKind.ANSWER, 90), (5, CellKind.ANSWER, 90)]:
        history.add(at, "default", answer("v2", kind), ms)
    both = merged(history.points(), 0, 30)
    assert (both.samples, both.seconds, both.errors) == (3, 30, (("v2", 1),))
    assert dict(both.worst) == {"v2": 1.0}, "the whole first slice failed"
    assert dict(both.p50_ms) == {"v2": 90}


def test_no_store_grows_without_end() -> None:
    history = History(SLICE, 6)
    for at in range(0, 2_000_000, 5_000):
        for number in range(MOST_LANES + 5):
            history.add(at, f"lane-{number}", answer("v1"), 1)
        history.write(at, [lane(at % 7 / 7)])
    assert len(history.points()) <= MOST_LANES * (6 * TIERS + 1)
    assert len(history.splits()) <= MOST_SPLITS


def test_a_server_that_makes_versions_up_fills_no_memory() -> None:
    history = History(SLICE, FACTOR)
    for number in range(20_000):
        history.add(100 + number / 50, "default", answer(f"v{number}", CellKind.ERROR), 10.0)
    sizes = [
        len(part) for point in history.points() for part in (point.shares, point.errors, point.worst, point.p50_ms)
    ]
    assert max(sizes) == MOST_VERSIONS


def test_only_changes_of_what_is_written_are_kept_and_the_first_was_found_so() -> None:
    history = History(SLICE, 10)
    for at, written in [(10, 0.1), (20, 0.1), (30, 0.25)]:
        history.write(at, [lane(written), lane(1.0, "beta")])
    assert [(split.at, split.lane, dict(split.shares)["v2"], split.found) for split in history.splits()] == [
        (10, "default", 0.1, True),
        (10, "beta", 1.0, True),
        (30, "default", 0.25, False),
    ]
    unknown = replace(lane(0.5), shares=(Share("v1", None, None),))
    history.write(40, [unknown])
    assert len(history.splits()) == 3
