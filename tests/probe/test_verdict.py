"""What is said of counts."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.model.rollout import Lane, Share, Verdict
from cockpit.model.view import CellKind
from cockpit.probe.recognise import VersionReading
from cockpit.probe.record import LaneRecord
from cockpit.probe.split_detector import CLEAN
from cockpit.probe.verdict import Judge, describe, usable_split
from tests.probe.parts import lane


def judged(written: dict[str, float | None], **seen: int) -> Judge:
    judge = Judge(written)
    names = [name for name, count in seen.items() for _ in range(count)]
    random.Random(1).shuffle(names)
    for name in names:
        judge.see(name)
    return judge


@pytest.mark.parametrize(
    ("written", "seen", "verdict", "words"),
    [
        ({"v1": 0.7, "v2": 0.3}, {"v1": 700, "v2": 300}, Verdict.ON, "consistent with 30% (25-35%, n=1000)"),
        ({"v1": 0.7, "v2": 0.3}, {"v1": 7, "v2": 3}, Verdict.NOT_YET, "undecided, ~101 more needed"),
        (
            {"v1": 0.7, "v2": 0.3},
            {"v1": 140, "v2": 160},
            Verdict.OFF,
            "contradicts 30% for v2 (44-63%, n=300), p<0.001",
        ),
        (
            {"v1": 0.7, "v2": 0.3},
            {"v1": 80, "v2": 70},
            Verdict.DOUBTFUL,
            "answers speak against 30% for v2 (34-60%, n=150)",
        ),
        ({"v1": 0.95, "v2": 0.05}, {"v1": 900, "v2": 100}, Verdict.OFF, "contradicts 5% for v2"),
        ({"v1": 1.0, "v2": 0.0}, {"v1": 40, "v2": 1}, Verdict.DOUBTFUL, "v2 answered 1 of 41 requests, 0% is written"),
        ({"v1": 1.0, "v2": 0.0}, {"v1": 96, "v2": 4}, Verdict.OFF, "v2 answered 4 of 100 requests, 0% is written"),
        ({"v1": 1.0, "v2": 0.0}, {"v1": 58}, Verdict.NOT_YET, "undecided, ~1 more needed"),
        ({"v1": 1.0, "v2": 0.0}, {"v1": 59}, Verdict.ON, "consistent with 100%"),
        ({"v1": 1.0}, {"v1": 40, "v3": 5}, Verdict.OFF, "v3 answered 5 of 45 requests, 0% is written"),
        ({"v1": 0.5, "v2": 0.5}, {}, Verdict.NOT_YET, "no answer named a version yet"),
        ({"v1": None, "v2": 0.5}, {"v1": 10}, Verdict.UNKNOWN, "no split is written"),
        ({}, {"v1": 10}, Verdict.UNKNOWN, "no split is written"),
        ({"v1": 0.0, "v2": 0.0}, {"v1": 10}, Verdict.UNKNOWN, "no split is written"),
    ],
)
def test_rulings(written: dict[str, float | None], seen: dict[str, int], verdict: Verdict, words: str) -> None:
    ruling = judged(written, **seen).ruling()
    assert ruling.verdict is verdict
    assert words in ruling.text


@pytest.mark.parametrize("share", [float("nan"), float("inf"), -0.1])
def test_shares_that_make_no_sense_are_no_split(share: float) -> None:
    assert usable_split({"v1": share, "v2": 0.5}) is None


@given(st.dictionaries(st.sampled_from("abcd"), st.floats(0, 1000), min_size=1))
def test_a_usable_split_sums_to_1(written: dict[str, float]) -> None:
    split = usable_split(dict(written))
    assert split is None or sum(split.values()) == pytest.approx(1)


@given(
    st.lists(st.sampled_from(["v1", "v2", "v3"]), max_size=200),
    st.dictionaries(st.sampled_from(["v1", "v2", "v3"]), st.none() | st.floats(allow_nan=True)),
)
def test_any_answers_to_any_split_get_a_ruling(seen: list[str], written: dict[str, float | None]) -> None:
    judge = Judge(written)
    for name in seen:
        judge.see(name)
    assert judge.ruling().text


@pytest.mark.parametrize("share", [0.05, 0.1, 0.3, 0.5, 1.0])
def test_a_right_split_comes_to_be_borne_out_and_seldom_refuted(share: float) -> None:
    rng = random.Random(7)
    verdicts = []
    for _ in range(60):
        judge = Judge({"v1": 1 - share, "v2": share})
        for _ in range(900):
            judge.see("v2" if rng.random() < share else "v1")
        verdicts.append(judge.ruling().verdict)
    assert Verdict.OFF not in verdicts
    assert verdicts.count(Verdict.ON) >= 56


def answer(version: str | None) -> VersionReading:
    return VersionReading(CellKind.UNKNOWN if version is None else CellKind.ANSWER, version, "200")


class TestLaneRecord:
    def test_an_alarm_ends_once_as_many_answers_refute_it(self) -> None:
        flipped = lane(v1=0.0, v2=1.0)
        record = LaneRecord(flipped)
        for version in ["v1", "v1", "v1"]:
            record.count(answer(version), 1.0)
        assert record.filled(flipped, True).verdict is Verdict.OFF
        for _ in range(CLEAN - 1):
            record.count(answer("v2"), 1.0)
        assert record.filled(flipped, True).verdict is Verdict.OFF
        for _ in range(CLEAN):
            record.count(answer("v2"), 1.0)
        healed = record.filled(flipped, True)
        assert healed.verdict is Verdict.ON
        assert healed.shares[0].observed is not None
        assert healed.shares[0].observed.share == 0.0

    def test_a_leak_that_goes_on_stays_off(self) -> None:
        leaking = lane(v1=0.0, v2=1.0)
        record = LaneRecord(leaking)
        for number in range(2000):
            record.count(answer("v1" if number % 50 == 0 else "v2"), 1.0)
            if number > 150:
                assert record.filled(leaking, True).verdict is Verdict.OFF

    @pytest.mark.parametrize("named", ["v2", "v3"])
    def test_a_few_answers_of_a_version_that_should_give_none_keep_their_words(self, named: str) -> None:
        """v3 has no place in the lane at all."""
        alone, rng = lane(v1=1.0, v2=0.0), random.Random(2)
        record, said = LaneRecord(alone), set[str]()
        for number in range(20_000):
            record.count(answer(named if rng.random() < 0.003 else "v1"), 1.0)
            if number > 6000:
                found = record.filled(alone, True)
                said.add(describe(found).split(" of ")[1].split(" requests, ")[1])
                assert found.verdict is Verdict.OFF
                strays = next(s.observed for s in found.shares if s.version == named)
                assert strays
                assert strays.answers > 0
                assert describe(found).startswith(f"{named} answered {strays.answers} of ")
        assert said == {"0% is written"}

    def test_a_split_is_borne_out_by_counting_and_not_by_looking(self) -> None:
        halves = lane(v1=0.5, v2=0.5)
        record = LaneRecord(halves)
        for number in range(400):
            record.count(answer("v1" if number % 2 else "v2"), 1.0)
        for _ in range(100):
            record.count(answer("v1"), 1.0)
        found = record.filled(halves, True)
        assert (found.verdict, found.awaited_since) == (Verdict.OFF, None)

    def test_words_for_a_filled_lane_are_those_of_the_ruling(self) -> None:
        split = lane(v1=0.7, v2=0.3)
        record = LaneRecord(split)
        for number in range(300):
            record.count(answer("v2" if number % 10 < 3 else "v1"), 1.0)
        assert describe(record.filled(split, True)) == record.ruling.text == "consistent with 30% (22-39%, n=300)"

    def test_words_where_nothing_can_be_said(self) -> None:
        assert describe(lane(v1=1.0)) == "not probed yet"
        assert describe(lane(v1=None)) == "no split is written"
        record = LaneRecord(lane(v1=1.0))
        for _ in range(30):
            record.count(answer(None), 1.0)
        assert describe(record.filled(lane(v1=1.0), True)) == "answers name no version"

    def test_a_split_that_is_borne_out_does_not_flicker(self) -> None:
        rng = random.Random(4)
        split = lane(v1=0.7, v2=0.3)
        changes = 0
        for _ in range(8):
            record, verdict = LaneRecord(split), Verdict.NOT_YET
            for _ in range(400):
                record.count(answer("v2" if rng.random() < 0.3 else "v1"), 1.0)
                before, verdict = verdict, record.filled(split, True).verdict
                changes += verdict is not before
        assert changes <= 12

    def test_it_follows_only_the_split_that_it_judged(self) -> None:
        record = LaneRecord(lane(v1=0.7, v2=0.3))
        assert record.follows(lane(v1=0.7, v2=0.3))
        assert not record.follows(lane(v1=0.6, v2=0.4))

    def test_answers_that_name_no_version_are_a_part_of_the_shares(self) -> None:
        """A third of them is no noise: the split between the versions may be right, and users get something else."""
        alone = lane(v1=1.0)
        record = LaneRecord(alone)
        for number in range(120):
            record.count(answer(None if number % 3 == 0 else "v1"), 1.0)
        found = record.filled(alone, True)
        assert [(s.version, s.others, s.observed and round(s.observed.share, 3)) for s in found.shares] == [
            ("v1", False, 0.667),
            ("others", True, 0.333),
        ]
        assert found.verdict is Verdict.UNKNOWN
        assert describe(found) == "40 of 120 answers name no version of this rollout"

    def test_a_few_nameless_answers_take_no_verdict_away(self) -> None:
        alone = lane(v1=1.0)
        record = LaneRecord(alone)
        for number in range(200):
            record.count(answer(None if number % 50 == 0 else "v1"), 1.0)
        assert record.filled(alone, True).verdict is Verdict.ON

    def test_what_is_written_for_others_is_no_part_of_the_judged_split(self) -> None:
        written = Lane("default", "", (Share("v1", None, 2 / 3), Share("others", 0.0, 1 / 3, others=True)))
        named, silent = LaneRecord(written), LaneRecord(written)
        for number in range(150):
            named.count(answer("others" if number % 3 == 0 else "v1"), 1.0)
            silent.count(answer(None if number % 3 == 0 else "v1"), 1.0)
        for record in (named, silent):
            found = record.filled(written, True)
            assert found.verdict is Verdict.ON
            assert [s.observed and round(s.observed.share, 3) for s in found.shares] == [0.667, 0.333]
