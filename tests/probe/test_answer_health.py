"""What is known of versions when the split changes."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from cockpit.model.health import HALF_LIFE, AnswerHealth, Level
from cockpit.model.rollout import Role, Version
from cockpit.probe.answer_health import MOST_RECORDS, AnswerRecord
from tests.probe.parts import V1, V2, version

NEW = replace(V2, role=Role.CANARY)
BOTH = (V1, NEW)


def known(record: AnswerRecord, *versions: Version, at: float = 0.0) -> dict[str, AnswerHealth]:
    return {one.version: one for one in record.of(["default"], versions, at, at) if one.version}


def played(record: AnswerRecord, rates: dict[Version, float], answers: int, seed: int = 1, slow: float = 1.0) -> float:
    """Answers in turn at five a second; each version fails with its rate. Returns when the last one came."""
    rng, at = random.Random(seed), 0.0
    for number in range(answers):
        at = number / 5
        answered = BOTH[number % 4 == 0]
        ms = rng.uniform(10, 20) * (slow if answered is NEW else 1.0)
        record.count("default", answered, BOTH, rng.random() < rates[answered], ms, at)
    return at


def test_answers_are_kept_by_what_a_version_is_and_not_by_its_name() -> None:
    record = AnswerRecord()
    for failed in (True, False, True):
        record.count("default", V2, [V1, V2], failed, 1.0, 0.0)
    renamed = replace(V2, name="web-v2")
    found = known(record, V1, renamed)
    assert [(name, one.answers, one.errors) for name, one in found.items()] == [("web-v2", 3, 2)]
    assert not known(record, replace(V2, images=("web:v3",))), "another image is another version"


def test_the_newest_error_is_dated() -> None:
    record = AnswerRecord()
    assert not known(record, *BOTH)
    for failed, at in ((False, 1.0), (True, 2.0), (True, 3.0), (False, 4.0)):
        record.count("default", NEW, BOTH, failed, 1.0, at)
    record.count("default", V1, BOTH, False, 1.0, 4.0)
    (old, new) = record.of(["default"], BOTH, 5.0, 105.0)[1:]
    assert (old.failed_at, new.failed_at, new.at) == (None, 103.0, 104.0)


def test_old_answers_weigh_less() -> None:
    record = AnswerRecord()
    for _ in range(100):
        record.count("default", V2, [V2], True, 1.0, 0.0)
    record.count("default", V2, [V2], False, 1.0, HALF_LIFE)
    found = known(record, V2, at=HALF_LIFE)["v2"]
    assert (round(found.answers), round(found.errors)) == (51, 50)


def test_an_alarm_about_errors_ends_only_when_as_many_good_answers_refute_it() -> None:
    record, at = AnswerRecord(), 0.0
    for number in range(60):
        at = float(number)
        record.count("default", V2, [V2], number % 3 == 0, 1.0, at)
    assert known(record, V2, at=at)["v2"].failing is Level.ALARM
    cleared = 0
    while known(record, V2, at=at)["v2"].failing is Level.ALARM:
        at, cleared = at + 1, cleared + 1
        record.count("default", V2, [V2], False, 1.0, at)
    assert 20 < cleared < 120


def test_a_version_that_fails_more_than_the_stable_one_is_worse() -> None:
    record = AnswerRecord()
    at = played(record, {V1: 0.0, NEW: 0.25}, 900)
    found = known(record, *BOTH, at=at)
    assert (found["v2"].failing, found["v2"].worse, found["v2"].baseline) == (Level.ALARM, Level.ALARM, "v1")
    assert found["v1"].failing is Level.CALM


def test_where_both_fail_alike_neither_is_worse() -> None:
    record = AnswerRecord()
    at = played(record, {V1: 0.25, NEW: 0.25}, 3000)
    found = known(record, *BOTH, at=at)
    assert {one.failing for one in found.values()} == {Level.ALARM}
    assert {one.worse for one in found.values()} == {Level.CALM}


@pytest.mark.parametrize(
    ("old", "new", "level"),
    [
        (0.0, 1.0, Level.ALARM),
        (0.02, 0.3, Level.ALARM),
        (0.0, 0.0, Level.CALM),
        (1.0, 1.0, Level.CALM),
        (0.4, 0.4, Level.CALM),
    ],
)
def test_answers_of_4xx_speak_against_a_version_only_where_the_stable_one_gives_fewer(
    old: float, new: float, level: Level
) -> None:
    rng, record, at = random.Random(3), AnswerRecord(), 0.0
    for number in range(1500):
        at, canary = number / 5, number % 4 == 0
        rejected = rng.random() < (new if canary else old)
        record.count("default", NEW if canary else V1, BOTH, False, 15.0, at, rejected)
    found = known(record, *BOTH, at=at)["v2"]
    assert (found.rejecting, found.failing, found.worse) == (level, Level.CALM, Level.CALM)
    if level is Level.ALARM:
        assert found.rejected_rate == pytest.approx(new, abs=0.1)
        assert found.baseline_rejected_rate == pytest.approx(old, abs=0.03)
        assert found.rejected_at


def test_a_version_that_takes_longer_is_slower_and_one_that_takes_as_long_is_not() -> None:
    for slow, level in ((1.0, Level.CALM), (3.0, Level.ALARM)):
        record = AnswerRecord()
        at = played(record, {V1: 0.0, NEW: 0.0}, 900, slow=slow)
        assert known(record, *BOTH, at=at)["v2"].slower is level


def test_requests_that_nobody_answers_are_counted_by_lane() -> None:
    record = AnswerRecord()
    for number in range(60):
        record.count("testers", None, [V1], True, 1.0, number / 5)
        record.count("default", V1, [V1], False, 1.0, number / 5)
    levels = {one.lane: one.failing for one in record.of(["default", "testers"], [V1], 20.0, 20.0) if not one.version}
    assert levels == {"default": Level.CALM, "testers": Level.ALARM}


def test_a_burst_of_errors_that_is_over_is_no_alarm() -> None:
    """A pod that goes fails some requests at once; a service may fail one in a hundred."""
    record, at, levels = AnswerRecord(), 0.0, set()
    for number in range(20_000):
        at = number / 5
        record.count("default", V1, [V1], number % 2000 in (0, 1, 2, 3), 1.0, at)
        if number % 10 == 0:
            levels.add(known(record, V1, at=at)["v1"].failing)
    assert Level.ALARM not in levels


def test_the_figures_of_an_alarm_are_those_since_it_began() -> None:
    record, at = AnswerRecord(), 0.0
    for number in range(5000):
        at = number / 5
        record.count("default", V2, [V2], number >= 4950, 1.0, at)
    found = known(record, V2, at=at)["v2"]
    assert found.failing is Level.ALARM
    assert found.error_rate > 0.8, "an hour of good answers does not hide an outage"


def test_an_alarm_that_is_forgotten_is_over() -> None:
    record = AnswerRecord()
    for number in range(60):
        record.count("default", V2, [V2], number % 3 == 0, 1.0, float(number))
    later = 60 + 12 * 3600.0
    record.count("default", V2, [V2], False, 1.0, later)
    assert known(record, V2, at=later)["v2"].failing is Level.CALM


def test_a_comparison_with_a_version_that_answers_no_more_is_over() -> None:
    record = AnswerRecord()
    at = played(record, {V1: 0.0, NEW: 0.25}, 900)
    assert known(record, *BOTH, at=at)["v2"].worse is Level.ALARM
    for number in range(3600):
        record.count("default", NEW, BOTH, False, 15.0, at + number)
    assert known(record, *BOTH, at=at + 3600)["v2"].worse is Level.CALM


def test_memory_is_bounded_and_the_version_silent_longest_goes_first() -> None:
    record = AnswerRecord()
    versions = [version(f"v{n}") for n in range(MOST_RECORDS)]
    for each in (*versions[:-1], versions[0], versions[-1]):
        record.count("default", each, versions, False, 1.0, 0.0)
    assert list(known(record, *versions[:2])) == ["v0"]
    record.forget()
    assert not known(record, *versions)
