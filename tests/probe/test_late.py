"""What is observed is what users got of late, not since yesterday."""

from __future__ import annotations

from collections.abc import Iterable

from cockpit.model.rollout import Lane, Share, Verdict
from cockpit.model.view import CellKind
from cockpit.probe.recognise import VersionReading
from cockpit.probe.record import BLOCK, LaneRecord

HALVES = Lane("default", "", (Share("v1", None, 0.5), Share("v2", None, 0.5)))
ALL = Lane("default", "", (Share("v1", None, 1.0), Share("v2", None, 0.0)))


def counted(lane: Lane, readings: Iterable[VersionReading], record: LaneRecord | None = None) -> LaneRecord:
    record = record or LaneRecord(lane)
    for reading in readings:
        record.count(reading, 1.0)
    return record


def answers(pattern: str, times: int) -> Iterable[VersionReading]:
    return (VersionReading(CellKind.ANSWER, f"v{letter}", "200") for _ in range(times) for letter in pattern)


def test_an_hour_of_right_answers_does_not_hide_a_drift() -> None:
    record = counted(HALVES, answers("12", 9000))
    assert record.filled(HALVES, True).verdict is Verdict.ON
    counted(HALVES, answers("1" * 19 + "2", 2 * BLOCK // 20 + 1), record)
    lane = record.filled(HALVES, True)
    assert lane.verdict is Verdict.OFF
    observed = lane.shares[0].observed
    assert observed
    assert observed.share > 0.9


def test_errors_of_late_are_told_however_many_good_answers_came_before() -> None:
    record = counted(ALL, answers("1", 20_000))
    counted(ALL, (VersionReading(CellKind.ERROR, "v1", "500") for _ in range(2 * BLOCK)), record)
    observed = record.filled(ALL, True).shares[0].observed
    assert observed
    assert observed.error_rate == 1.0


def test_an_outage_that_names_no_version_is_no_split_borne_out() -> None:
    record = counted(ALL, answers("1", 300))
    counted(ALL, (VersionReading(CellKind.ERROR, None, "503") for _ in range(400)), record)
    assert record.filled(ALL, True).verdict is Verdict.UNKNOWN


def test_all_requests_are_counted_though_the_oldest_are_let_go() -> None:
    record = counted(ALL, answers("1", 5 * BLOCK))
    assert record.samples == 5 * BLOCK
    assert BLOCK <= record.tally.samples <= 2 * BLOCK
