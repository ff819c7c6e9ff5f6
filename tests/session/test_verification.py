"""When a rollout is verified: 20 releases that fail some requests, and 20 healthy ones, with every answer simulated."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import pytest

from cockpit.model.awaited import Awaited
from cockpit.model.health import AnswerHealth, Level
from cockpit.model.lanes import DEFAULT_LANE
from cockpit.model.probe_target import ProbeTarget
from cockpit.model.refs import RolloutKey
from cockpit.model.rollout import (
    Finding,
    Followed,
    Lane,
    Phase,
    PodCell,
    PodState,
    Role,
    Rollout,
    Severity,
    Share,
    Verdict,
    Version,
)
from cockpit.model.view import Cell, CellKind, RolloutView
from cockpit.probe.answer_health import AnswerRecord
from cockpit.probe.recognise import VersionReading
from cockpit.probe.record import LaneRecord
from cockpit.session.facts.assemble import IDLE, Circumstances, rollout_view
from cockpit.session.facts.verification import Requirements, Standing, Verification, untried, verification

KEY = RolloutKey("test", "shop", "web", "ingress")
TARGET = ProbeTarget("127.0.0.1", 80, "web.test")
NEED = Requirements()
RUNS, FEW = 20, 5
RATE, LEAST, WITHIN = 20.0, 60.0, 180.0

Behaviour = Callable[[random.Random, str], tuple[bool, float]]


def version(name: str, role: Role) -> Version:
    return Version(name, role, (f"web:{name}",), None, 1, 1, identity=(f"uid-{name}",))


V1, V2 = version("v1", Role.STABLE), version("v2", Role.CANARY)


def release(share: float) -> Rollout:
    shares = (Share("v1", 1 - share, 1 - share), Share("v2", share, share))
    lane = Lane(DEFAULT_LANE, "", shares)
    return Rollout(KEY, "ingress", Phase.CANARY, "", (V1, V2), (lane,), (), "1", probe_target=TARGET)


def failing(rate: float) -> Behaviour:
    """v2 fails so many of its requests."""
    return lambda rng, name: (name == "v2" and rng.random() < rate, rng.uniform(10, 20))


def slower(times: float) -> Behaviour:
    """v2 takes so many times as long as v1."""
    return lambda rng, name: (False, rng.uniform(10, 20) * (times if name == "v2" else 1))


def played(seed: int, share: float, behaviour: Behaviour, given: float | None = None) -> tuple[Verification, float]:
    """What a verification comes to and after how many seconds, as `cockpit verify` samples; `given`: the true share."""
    rng, rollout = random.Random(seed), release(share)
    lane = rollout.lanes[0]
    record, answers = LaneRecord(lane), AnswerRecord(NEED.max_errors)
    at, looked = 0.0, 0.0
    while True:
        name = "v2" if rng.random() < (share if given is None else given) else "v1"
        failed, ms = behaviour(rng, name)
        kind = CellKind.ERROR if failed else CellKind.ANSWER
        record.count(VersionReading(kind, name, "500" if failed else "200"), ms, at)
        answers.count(lane.name, {"v1": V1, "v2": V2}[name], rollout.versions, failed, ms, at)
        doubtful = record.doubtful or answers.doubtful(at)
        at += 1 / (RATE * (10 if doubtful else 1))
        if at - looked >= 2.0:
            looked = at
            found = verification(seen(rollout, record, answers, at), NEED, "", at)
            settled = found.standing in (Standing.FINE, Standing.OFF)
            if found.final or at >= WITHIN or (at >= LEAST and settled):
                return found, at


def seen(rollout: Rollout, record: LaneRecord, answers: AnswerRecord, at: float) -> RolloutView:
    probe = replace(
        IDLE,
        running=True,
        probe_target=TARGET,
        total=record.samples,
        errors=record.errors,
        health=answers.of([DEFAULT_LANE], rollout.versions, at, at),
    )
    return rollout_view(rollout, (record.filled(rollout.lanes[0], True),), probe, Circumstances(), at)


def standings(share: float, behaviour: Behaviour, given: float | None = None, runs: int = RUNS) -> Counter[Standing]:
    return Counter(played(seed, share, behaviour, given)[0].standing for seed in range(runs))


@pytest.mark.parametrize("share", [0.1, 0.25, 0.5])
def test_a_version_that_fails_one_request_in_five_never_passes(share: float) -> None:
    assert standings(share, failing(0.2)) == {Standing.HURT: RUNS}


def test_a_version_that_fails_one_request_in_twenty_never_passes() -> None:
    assert standings(0.25, failing(0.05), runs=FEW) == {Standing.HURT: FEW}


@pytest.mark.parametrize("share", [0.1, 0.5])
@pytest.mark.parametrize("errors", [0.0, 0.002])
def test_a_healthy_version_passes_and_is_never_called_hurt_or_off(share: float, errors: float) -> None:
    found = standings(share, failing(errors))
    assert found[Standing.FINE] >= RUNS - 1
    assert found[Standing.HURT] == found[Standing.OFF] == 0


def test_a_version_that_takes_three_times_as_long_never_passes() -> None:
    assert standings(0.25, slower(3), runs=FEW) == {Standing.SLOW: FEW}
    reason = played(1, 0.25, slower(3))[0].reason
    assert "times as long as v1: 4" in reason
    assert "ms (median), 1.5 times is allowed" in reason


def test_a_version_that_is_a_little_slower_than_allowed_is_no_alarm() -> None:
    assert standings(0.5, slower(1.2), runs=FEW) == {Standing.FINE: FEW}


def test_a_split_that_is_off_never_passes() -> None:
    assert standings(0.3, failing(0), given=0.6, runs=FEW) == {Standing.OFF: FEW}


def test_what_is_certain_ends_it_early_and_what_is_fine_takes_its_time() -> None:
    assert played(1, 0.25, failing(0.2))[1] < 30
    assert LEAST <= played(1, 0.25, failing(0))[1] < WITHIN


# One look at a rollout that was read and measured before

SHARES = (Share("v1", 0.7, 0.7), Share("v2", 0.3, 0.3))
LANE = Lane(DEFAULT_LANE, "", SHARES, verdict=Verdict.ON, samples=1000)
HEALTH = tuple(AnswerHealth(DEFAULT_LANE, name, 500.0, 0.0, 0.0) for name in ("", "v1", "v2"))
ROLLOUT = replace(release(0.3), lanes=(LANE,))
FINE = RolloutView(ROLLOUT, replace(IDLE, running=True, probe_target=TARGET, total=1000, health=HEALTH))


def judged(view: RolloutView = FINE, need: Requirements = NEED, stale: str = "") -> Verification:
    return verification(view, need, stale, 0.0)


def with_rollout(**fields: object) -> RolloutView:
    return replace(FINE, rollout=replace(ROLLOUT, **fields))  # type: ignore[arg-type]


def with_lane(**fields: object) -> RolloutView:
    return with_rollout(lanes=(replace(LANE, **fields),))  # type: ignore[arg-type]


def with_finding(id: str, severity: Severity = Severity.CRITICAL) -> RolloutView:
    return with_rollout(findings=(Finding(id, severity, "something is wrong", "9 of 10"),))


def with_health(version: str, **fields: object) -> RolloutView:
    health = tuple(replace(one, **fields) if one.version == version else one for one in HEALTH)  # type: ignore[arg-type]
    return replace(FINE, probe=replace(FINE.probe, health=health))


@pytest.mark.parametrize(
    ("view", "standing", "final", "words"),
    [
        (FINE, Standing.FINE, False, "users get what is written: 1.0k answers"),
        (with_finding("errors"), Standing.HURT, True, "something is wrong (9 of 10)"),
        (with_finding("client-errors"), Standing.HURT, True, "something is wrong (9 of 10)"),
        (with_finding("client-errors", Severity.WARNING), Standing.UNDECIDED, False, "something is wrong"),
        (with_finding("no-answers"), Standing.HURT, False, "something is wrong (9 of 10)"),
        (with_finding("dangling-canary"), Standing.HURT, False, "something is wrong"),
        (with_finding("failing-pods", Severity.WARNING), Standing.UNDECIDED, False, "something is wrong"),
        (with_finding("owned-by-git", Severity.WARNING), Standing.FINE, False, "users get what is written"),
        (with_finding("slower", Severity.WARNING), Standing.FINE, False, "users get what is written"),
        (with_rollout(phase=Phase.ABORTED, message="analysis failed"), Standing.HURT, True, "aborted: analysis failed"),
        (with_lane(verdict=Verdict.OFF), Standing.OFF, False, "(1000 answers)"),
        (with_lane(verdict=Verdict.OFF, followed=Followed.NOT_YET), Standing.OFF, False, "not yet followed"),
        (with_lane(verdict=Verdict.NOT_YET, missing=80), Standing.UNDECIDED, False, ""),
        (with_lane(shares=(SHARES[0], replace(SHARES[1], declared=0.5))), Standing.OFF, True, "50% is declared"),
        (with_health("v2", answers=60.0), Standing.UNDECIDED, False, "67 more answers of v2 needed to say whether"),
        (with_health("v2", errors=20.0), Standing.UNDECIDED, False, "more than 1% fail (20 of 500 failed)"),
        (with_health("", errors=20.0), Standing.UNDECIDED, False, "more requests needed to say whether more than 1%"),
        (with_health("v2", p50_ms=40.0, baseline_p50_ms=20.0, baseline="v1"), Standing.UNDECIDED, False, "2.0 times"),
        (
            with_health("v2", p50_ms=40.0, baseline_p50_ms=20.0, baseline="v1", slower=Level.ALARM),
            *(Standing.SLOW, True, "v2 takes 2.0 times as long as v1"),
        ),
    ],
)
def test_each_kind_of_evidence(view: RolloutView, standing: Standing, final: bool, words: str) -> None:
    found = judged(view)
    assert (found.standing, found.final) == (standing, final), found
    assert words in found.reason


def test_what_a_pipeline_allows_counts() -> None:
    failing = with_health("v2", errors=20.0)
    assert judged(failing, Requirements(max_errors=0.05)).standing is Standing.FINE
    assert judged(need=Requirements(min_answers=5000)).missing == 4000
    slow = with_health("v2", p50_ms=40.0, baseline_p50_ms=20.0, baseline="v1", slower=Level.ALARM)
    assert judged(slow, Requirements(max_latency_ratio=3)).standing is Standing.FINE


def test_how_many_requests_are_missing_follows_from_the_share() -> None:
    few = with_health("v2", answers=60.0)
    assert 67 / 0.3 <= judged(few).missing <= 67 / 0.3 + 1
    assert judged(with_lane(verdict=Verdict.NOT_YET, missing=80)).missing == 80


def test_where_no_answer_names_a_version_more_answers_would_not_help() -> None:
    nameless = with_finding("no-version", Severity.WARNING)
    few = replace(nameless, probe=replace(nameless.probe, total=10))
    assert (judged(few).standing, judged(few).missing, judged(few).blind) == (Standing.UNDECIDED, 0, True)


def test_times_beyond_the_ratio_are_never_fine_and_some_milliseconds_are_nothing() -> None:
    calm = with_health("v2", p50_ms=40.0, baseline_p50_ms=20.0, baseline="v1")
    doubtful = with_health("v2", p50_ms=40.0, baseline_p50_ms=20.0, baseline="v1", slower=Level.DOUBTFUL)
    few = with_health("v2", p50_ms=8.0, baseline_p50_ms=4.0, baseline="v1")
    assert [judged(view).standing for view in (calm, doubtful)] == [Standing.UNDECIDED] * 2
    assert judged(few).standing is Standing.FINE


def test_objects_that_may_be_old_are_no_verdict() -> None:
    found = judged(stale="test is not up to date")
    assert (found.standing, found.final) == (Standing.UNDECIDED, False)
    assert "test is not up to date" in found.reason


def test_where_no_request_is_answered_it_is_certain_once_nobody_answers_for_long() -> None:
    strip = tuple(Cell(CellKind.ERROR, None, DEFAULT_LANE, "503", number / 5) for number in range(40))
    shown = replace(with_lane(verdict=Verdict.UNKNOWN), probe=replace(FINE.probe, strip=strip))
    assert (judged(shown).standing, judged(shown).final) == (Standing.HURT, False)
    assert "answered 503" in judged(shown).reason
    moved = tuple(replace(cell, kind=CellKind.UNKNOWN, note="308 to https") for cell in strip)
    shown = replace(shown, probe=replace(shown.probe, strip=moved))
    assert (judged(shown).standing, judged(shown).final) == (Standing.HURT, True)


def test_lanes_that_cannot_be_tried_are_named() -> None:
    pattern, unwritten = (
        replace(LANE, name="x~y", headers=None),
        replace(LANE, name="odd", shares=(Share("v1", 1, None),)),
    )
    shown = replace(ROLLOUT, lanes=(LANE, pattern, unwritten))
    assert untried(shown) == [
        ("x~y", "no request that matches it can be derived"),
        ("odd", "its split is not written"),
    ]


def test_a_probe_that_is_too_slow_itself_does_not_say_that_no_version_is_slower() -> None:
    rollout = release(0.5)
    record, answers, at = LaneRecord(rollout.lanes[0]), AnswerRecord(NEED.max_errors), 0.0
    for number in range(2000):
        name = ("v1", "v2")[number % 2]
        record.count(VersionReading(CellKind.ANSWER, name, "200"), 10.0, at)
        answers.count(DEFAULT_LANE, {"v1": V1, "v2": V2}[name], rollout.versions, False, None, at)
        at += 0.05
    shown = seen(rollout, record, answers, at)
    assert verification(shown, NEED, "", at).standing is Standing.FINE
    slow = replace(shown, probe=replace(shown.probe, too_slow="the probe itself is too slow"))
    found = verification(slow, NEED, "", at)
    assert (found.standing, found.reason) == (Standing.UNDECIDED, "the probe itself is too slow")
    for version_of in (V1, V2):
        for _ in range(40):
            answers.count(DEFAULT_LANE, version_of, rollout.versions, False, 10.0, at)
    timed = seen(rollout, record, answers, at)
    known = replace(timed, probe=replace(timed.probe, too_slow="the probe itself is too slow"))
    assert verification(known, NEED, "", at).standing is Standing.FINE


# Pods of a release that is under way


def pod(state: PodState, **fields: object) -> PodCell:
    return PodCell("web-1", "u1", state, **fields)  # type: ignore[arg-type]


def with_new(*pods: PodCell, ready: int = 0, desired: int = 1, phase: Phase = Phase.PROGRESSING) -> RolloutView:
    return with_rollout(phase=phase, versions=(V1, replace(V2, pods=pods, ready=ready, desired=desired)))


NO_NODE = "0/2 nodes are available"
UNSCHEDULED = pod(PodState.STARTING, reason="Unschedulable", held_up=NO_NODE)


@pytest.mark.parametrize(
    ("view", "words"),
    [
        (with_new(UNSCHEDULED), f"1 of 1 pods of v2 are not ready: Unschedulable ({NO_NODE})"),
        (with_new(pod(PodState.READY), pod(PodState.STARTING), ready=1, desired=2), "1 of 2 pods of v2 are not ready"),
        (with_new(desired=2), "2 of 2 pods of v2 are not ready: 2 not created"),
        (with_new(ready=1, desired=2), "1 of 2 pods of v2 are not ready"),
        (with_new(UNSCHEDULED, phase=Phase.CANARY), "1 of 1 pods of v2 are not ready"),
        (with_new(UNSCHEDULED, phase=Phase.PAUSED), "1 of 1 pods of v2 are not ready"),
        (with_new(UNSCHEDULED, phase=Phase.AT_REST), "1 of 1 pods of v2 are not ready"),
        (with_finding("stuck-step", Severity.WARNING), "something is wrong"),
        (with_finding("not-observed", Severity.WARNING), "something is wrong"),
        (with_finding("not-observed", Severity.INFO), "something is wrong"),
    ],
)
def test_a_release_whose_pods_are_not_ready_never_passes_and_says_which(view: RolloutView, words: str) -> None:
    found = judged(view)
    assert (found.standing, found.final) == (Standing.UNDECIDED, False)
    assert words in found.reason


def test_a_release_whose_pods_are_ready_or_go_passes_as_does_one_beside_a_version_that_gets_nothing() -> None:
    there = with_new(pod(PodState.READY), pod(PodState.LEAVING), ready=1)
    assert judged(there).standing is Standing.FINE
    pause = Awaited("Rollout web", "Argo", "gone on", ("pause",), since="2099-01-01T00:00:00Z")
    assert judged(with_rollout(phase=Phase.PAUSED, awaited=(pause,))).standing is Standing.FINE, "it ends later"
    everyone = replace(LANE, shares=(Share("v1", 1.0, 1.0), Share("v2", 0.0, 0.0)))
    behind = with_rollout(
        phase=Phase.AT_REST, lanes=(everyone,), versions=(V1, replace(V2, pods=(UNSCHEDULED,), ready=0))
    )
    assert judged(behind).standing is Standing.FINE


def test_what_waits_too_long_is_told_in_the_words_of_kubernetes_whatever_else_is_missing() -> None:
    late = Finding("waiting-pods", Severity.WARNING, "1 of 1 pods of v2 wait: Unschedulable", NO_NODE)
    view = with_rollout(phase=Phase.PROGRESSING, findings=(late,))
    found = judged(replace(view, probe=replace(view.probe, total=10)))
    assert (found.standing, found.reason) == (Standing.UNDECIDED, f"{late.text} ({NO_NODE})")
