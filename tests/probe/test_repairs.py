"""A version that was repaired hurts nobody any more, and one that was not still does."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from cockpit.model.health import Level
from cockpit.model.rollout import Role, Version
from cockpit.probe.answer_health import AnswerRecord
from tests.probe.parts import V1, V2

A_SECOND = 10
OLD = replace(V1, templates=frozenset({"a"}))
NEW = replace(V2, role=Role.CANARY, templates=frozenset({"b"}))
KINDS = [
    *((kind, share) for kind in ("4xx", "5xx", "refused", "slow") for share in (0.05, 0.2, 0.5)),
    # Without answers of the stable version in the same minutes nothing is compared.
    *((kind, 1.0) for kind in ("5xx", "refused")),
]


class Release:
    """Ten requests a second; `share` of them are the new version's, of which `rate` fail in one way while it is bad."""

    def __init__(self, kind: str, share: float, rate: float = 1.0, seed: int = 1) -> None:
        self.kind, self.share, self.rate, self.new = kind, share, rate, NEW
        self._rng, self._record, self.at = random.Random(seed), AnswerRecord(), 0.0
        self.calm = True

    def play(self, seconds: float, bad: bool, until: Level | None = None) -> float | None:
        """Returns the first second at which the worst level was `until`, and plays on only without one."""
        for number in range(int(seconds * A_SECOND)):
            self._request(bad)
            if until is not None and self.level == until:
                return number / A_SECOND
        return None

    def _request(self, bad: bool) -> None:
        self.at += 1 / A_SECOND
        answered, both = self.new if self._rng.random() < self.share else OLD, (OLD, self.new)
        hit = bad and answered is self.new and self._rng.random() < self.rate
        took = self._rng.uniform(10, 20) * (4 if hit and self.kind == "slow" else 1)
        if hit and self.kind == "refused":
            self._record.count("default", None, both, True, 1.0, self.at)
        else:
            self._record.count(
                "default", answered, both, hit and self.kind == "5xx", took, self.at, hit and self.kind == "4xx"
            )

    def follow(self, *versions: Version) -> None:
        self._record.follow(versions)

    @property
    def level(self) -> Level:
        found = self._record.of(("default",), (OLD, self.new), self.at, self.at)
        return max(
            (level for one in found for level in (one.failing, one.rejecting, one.worse, one.slower)),
            default=Level.CALM,
        )


@pytest.mark.parametrize(("kind", "share"), KINDS)
def test_what_hurt_ends_within_a_minute_of_the_repair_and_not_before(kind: str, share: float) -> None:
    release = Release(kind, share)
    release.play(600, bad=False)
    assert release.level is Level.CALM
    assert release.play(120, bad=True, until=Level.ALARM) is not None
    assert release.play(240, bad=True, until=Level.CALM) is None, "it still fails"
    ended = release.play(60, bad=False, until=Level.CALM)
    assert ended is not None
    assert release.play(240, bad=False, until=Level.ALARM) is None


@pytest.mark.parametrize(("kind", "rate"), [("4xx", 0.3), ("4xx", 0.6), ("5xx", 0.3), ("slow", 0.6)])
def test_a_version_of_which_a_part_fails_is_never_called_well(kind: str, rate: float) -> None:
    wrong = 0
    for seed in range(10):
        release = Release(kind, 0.2, rate, seed)
        release.play(120, bad=False)
        release.play(120, bad=True, until=Level.ALARM)
        wrong += release.play(300, bad=True, until=Level.CALM) is not None
    assert wrong <= 1, "one of twenty at most"


@pytest.mark.parametrize("kind", ["4xx", "5xx", "slow"])
def test_answers_of_pods_that_others_took_the_place_of_say_nothing(kind: str) -> None:
    release = Release(kind, 0.2)
    release.follow(OLD, NEW)
    release.play(120, bad=False)
    release.play(120, bad=True, until=Level.ALARM)
    for templates in ({"b", "c"}, set(), {"b"}):
        release.follow(OLD, replace(NEW, templates=frozenset(templates)))
        assert release.level is Level.ALARM, "some of the pods may still be those"
    release.follow(OLD, replace(NEW, templates=frozenset({"c"})))
    assert release.level is Level.CALM
    assert release.play(60, bad=True, until=Level.ALARM) is not None, "the new pods fail as well"


def test_an_error_of_long_ago_does_not_keep_an_alarm() -> None:
    record = AnswerRecord()
    for second in range(7200):
        record.count("default", V2, (V2,), second in (10, 20, 30) or second >= 7080, 1.0, float(second))
    assert record.of(("default",), (V2,), 7200.0, 7200.0)[-1].failing is Level.ALARM
    for second in range(7200, 7260):
        record.count("default", V2, (V2,), False, 1.0, float(second))
    found = record.of(("default",), (V2,), 7260.0, 7260.0)[-1]
    assert (found.failing, found.errors) == (Level.CALM, 0)
