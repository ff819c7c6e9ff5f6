"""Counts describe what requests get now: they begin anew where an outage begins, and where it is over."""

from __future__ import annotations

import random

import pytest

from cockpit.model.rollout import NOBODY, OTHERS, Followed, Lane, Share, Verdict
from cockpit.model.view import CellKind
from cockpit.probe.recognise import VersionReading
from cockpit.probe.record import LaneRecord
from cockpit.probe.verdict import describe

SPLIT = Lane("default", "", (Share("v1", 0.8, 0.8), Share("v2", 0.2, 0.2)))
LOST = VersionReading(CellKind.ERROR, None, "503")
NAMELESS = VersionReading(CellKind.UNKNOWN, None, "200")
V1, V2 = (VersionReading(CellKind.ANSWER, name, "200") for name in ("v1", "v2"))
V2_FAILS = VersionReading(CellKind.ERROR, "v2", "500")


class Probe:
    """A record that gets five requests a second."""

    def __init__(self, lane: Lane = SPLIT) -> None:
        self.lane_of, self.record, self.at = lane, LaneRecord(lane), 0.0

    def get(self, count: int, *readings: VersionReading) -> Probe:
        for number in range(count):
            self.at += 0.2
            self.record.count(readings[number % len(readings)], 1.0, self.at)
        return self

    @property
    def lane(self) -> Lane:
        return self.record.filled(self.lane_of, True)

    @property
    def shares(self) -> dict[str, float | None]:
        return {row.version: round(row.observed.share, 3) if row.observed else None for row in self.lane.rows}


WELL = (V1, V1, V2, V1, V1)


def test_while_nobody_answers_no_share_of_before_is_shown() -> None:
    probe = Probe().get(600, *WELL)
    assert probe.shares == {"v1": 0.8, "v2": 0.2}
    probe.get(11, LOST)
    assert probe.shares == {"v1": 0.0, "v2": 0.0, f"{NOBODY}: 503": 1.0}
    assert (probe.lane.samples, probe.lane.errors) == (11, 11)
    probe.get(20, LOST)
    assert probe.lane.verdict is Verdict.UNKNOWN


def test_a_gateway_that_restarts_is_no_outage() -> None:
    probe = Probe().get(600, *WELL)
    for _ in range(20):
        probe.record.count(LOST, 1.0, probe.at)
    assert probe.lane.samples == 620


@pytest.mark.parametrize("lost", [(LOST,), (LOST, *WELL[:4]), (V2_FAILS, *WELL[:4])])
def test_once_requests_go_well_again_the_outage_is_no_part_of_the_counts(lost: tuple[VersionReading, ...]) -> None:
    probe = Probe().get(600, *WELL).get(200, *lost).get(400, *WELL)
    assert (probe.lane.errors, probe.lane.unanswered) == (0, None)
    assert 300 <= probe.lane.samples < 410, "an answer before the first that counts may have been well too"
    assert probe.lane.verdict is Verdict.ON


def test_some_that_fail_are_a_part_of_all_requests() -> None:
    probe = Probe().get(1000, LOST, *WELL[:4])
    assert probe.shares == {"v1": 0.6, "v2": 0.2, f"{NOBODY}: 503": 0.2}
    assert probe.lane.unanswered
    assert (probe.lane.unanswered.answers, probe.lane.unanswered.error_rate) == (200, 1.0)


def test_a_few_that_fail_have_no_row() -> None:
    assert set(Probe().get(2, LOST).get(100, *WELL).shares) == {"v1", "v2"}


@pytest.mark.parametrize("rate", [0.01, 0.05, 0.3])
def test_errors_that_come_by_chance_do_not_begin_the_counts_anew(rate: float) -> None:
    rng, probe, anew = random.Random(1), Probe(), 0
    for _ in range(3000):
        before = probe.lane.samples
        probe.get(1, LOST if rng.random() < rate else rng.choice(WELL))
        anew += probe.lane.samples < before and before < 1500
    assert not anew


def test_answers_that_are_not_recognised_have_a_row_where_no_version_is_named_either() -> None:
    probe = Probe().get(40, NAMELESS)
    assert probe.shares == {"v1": None, "v2": None, OTHERS: 1.0}, "they may be of either version"
    assert describe(probe.lane) == "answers name no version"
    probe.get(40, LOST, NAMELESS)
    assert probe.shares[OTHERS] == 0.75


def test_whether_a_new_split_is_followed_is_not_said_before_an_answer() -> None:
    moved = Lane("default", "", (Share("v1", 0.2, 0.2), Share("v2", 0.8, 0.8)))
    probe = Probe().get(300, *WELL)
    later = LaneRecord(moved, probe.record, probe.at, 2.0)
    assert (later.filled(moved, True).followed, later.ruling.text) == (Followed.YES, "no answer named a version yet")
    later.count(V1, 1.0, probe.at + 0.2)
    assert later.filled(moved, True).followed is Followed.NOT_YET


def test_a_partial_outage_that_is_over_is_no_part_of_the_counts() -> None:
    rng, probe = random.Random(2), Probe().get(1200, *WELL)
    for _ in range(600):
        probe.get(1, LOST if rng.random() < 0.08 else rng.choice(WELL))
    assert f"{NOBODY}: 503" in probe.shares
    probe.get(200, *WELL)
    assert (probe.lane.errors, set(probe.shares)) == (0, {"v1", "v2"})


def test_where_a_route_is_gone_the_counts_begin_anew_and_again_when_it_is_back() -> None:
    gone = VersionReading(CellKind.UNKNOWN, None, "404", rejected=True)
    probe = Probe().get(600, *WELL).get(40, gone)
    assert probe.shares == {"v1": None, "v2": None, OTHERS: 1.0}
    probe.get(100, *WELL)
    assert probe.shares == {"v1": 0.8, "v2": 0.2}


def test_a_service_without_versions_never_begins_anew() -> None:
    gone = VersionReading(CellKind.UNKNOWN, None, "404", rejected=True)
    assert Probe().get(300, gone).lane.samples == 300
