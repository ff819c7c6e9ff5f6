"""Phase, message and steps, as the controller's own command line tells them."""

from __future__ import annotations

from typing import Any

import pytest

from cockpit.model.plan import Act
from cockpit.model.rollout import Phase, PlannedStep, Step
from cockpit.systems.argo.steps import seconds_of, steps_of, weight_at
from tests.objects import Cluster
from tests.systems.argo.releases import (
    ABORTED,
    PROMOTED,
    RUNNING,
    basic,
    blue_green,
    canary,
    cluster_of,
    ids,
    previewed,
    read,
    refusal,
    rollout,
    routed,
    text_of,
)


@pytest.mark.parametrize(
    ("fields", "phase", "message"),
    [
        (PROMOTED, Phase.AT_REST, ""),
        (RUNNING, Phase.PROGRESSING, "more replicas need to be updated"),
        ({}, Phase.WAITING, "CanaryPauseStep"),
        ({"currentStepIndex": 3}, Phase.PAUSED, "CanaryPauseStep"),
        (ABORTED, Phase.ABORTED, "RolloutAborted: Rollout aborted update to revision 2"),
        ({"phase": "Degraded", "message": "InvalidSpec: x"}, Phase.DEGRADED, "InvalidSpec: x"),
        ({"observedGeneration": "6"}, Phase.PROGRESSING, "waiting for rollout spec update to be observed"),
        ({"pauseConditions": None}, Phase.PROGRESSING, "waiting for rollout to unpause"),
        ({"abort": True}, Phase.PROGRESSING, "abort requested"),
        ({"observedGeneration": "849b756fd4"}, Phase.WAITING, "CanaryPauseStep"),
        ({"observedGeneration": "8"}, Phase.WAITING, "CanaryPauseStep"),
        ({"phase": None, "message": None}, Phase.PROGRESSING, ""),
    ],
)
def test_the_clients_own_checks_come_before_the_stored_phase(fields: Any, phase: Phase, message: str) -> None:
    found = read(routed(**fields))
    assert (found.phase, found.message) == (phase, message)


def test_without_a_status_no_controller_has_seen_it() -> None:
    doc = rollout(canary())
    doc["metadata"]["labels"] = {"argo-rollouts.argoproj.io/controller-instance-id": "blue"}
    cluster = Cluster([doc])
    assert read(cluster).message == "the controller has not reported anything yet"
    assert "only a controller with instance ID blue handles it" in text_of(cluster, "not-observed")
    assert not any(act.enabled for act in read(cluster).acts if act.act is Act.APPROVE)


def test_a_lag_is_told_with_both_generations() -> None:
    assert "(generation 7, observed 6)" in text_of(routed(observedGeneration="6"), "not-observed")


def test_a_timed_pause_says_until_when() -> None:
    found = read(routed(currentStepIndex=3))
    assert found.step == Step(4, 4, 0.6, "pause 10m", until="2026-01-01T10:10:00Z")
    assert read(routed()).step == Step(2, 4, 0.2, "pause", asks=True)


@pytest.mark.parametrize(
    ("strategy", "until", "phase"),
    [
        (blue_green(autoPromotionEnabled=False, autoPromotionSeconds=30), None, Phase.WAITING),
        (blue_green(autoPromotionSeconds=30), "2026-01-01T10:00:30Z", Phase.PAUSED),
    ],
)
def test_blue_green_waits_or_goes_on_by_itself(strategy: Any, until: str | None, phase: Phase) -> None:
    found = read(previewed(strategy))
    assert found.step
    assert (found.step.until, found.step.asks, found.phase) == (until, until is None, phase)


def test_a_timed_pause_beside_one_that_a_person_ends_waits_for_the_person() -> None:
    since = "2026-01-01T10:00:00Z"
    both = [{"reason": reason, "startTime": since} for reason in ("CanaryPauseStep", "InconclusiveAnalysisRun")]
    found = read(routed(currentStepIndex=3, pauseConditions=both))
    assert found.step
    assert (found.step.until, found.step.asks, found.phase) == (None, True, Phase.WAITING)


@pytest.mark.parametrize("fields", [PROMOTED, {**RUNNING, "currentStepIndex": 4}, {"promoteFull": True}])
def test_outside_of_the_steps_there_is_none(fields: Any) -> None:
    assert read(routed(**fields)).step is None
    assert len(read(routed(**fields)).steps) == 4


def test_a_pause_that_began_at_no_time_has_no_end() -> None:
    pauses = [{"reason": "CanaryPauseStep", "startTime": "yesterday"}]
    found = read(routed(currentStepIndex=3, pauseConditions=pauses))
    assert found.step
    assert found.step.until is None


def test_every_kind_of_step_has_words() -> None:
    match = [{"headerName": "X-Who", "headerValue": {"exact": "me"}}]
    steps = [
        {"setWeight": 20},
        {"pause": {}},
        {"pause": {"duration": 30}},
        {"pause": {"duration": "1h30m"}},
        {"setCanaryScale": {"replicas": 3}},
        {"setCanaryScale": {"weight": 25}},
        {"setCanaryScale": {"matchTrafficWeight": True}},
        {"setHeaderRoute": {"name": "who", "match": match}},
        {"setHeaderRoute": {"name": "who"}},
        {"setMirrorRoute": {"name": "all", "percentage": 35, "match": [{"path": {"prefix": "/"}}]}},
        {"setMirrorRoute": {"name": "all"}},
        {"analysis": {"templates": [{"templateName": "errors"}, {"templateName": "latency"}]}},
        {"experiment": {"templates": [{"name": "baseline", "specRef": "stable"}], "duration": "1h"}},
        {"plugin": {"name": "org/notify"}},
        {"later": 1},
        "odd",
    ]
    titles = [step.title for step in read(basic(steps)).steps]
    assert titles == [
        "20%",
        "pause",
        "pause 30s",
        "pause 1h30m",
        "canary 3 pods",
        "canary 25% pods",
        "canary pods by weight",
        "header X-Who=me",
        "header route who off",
        "mirror 35%",
        "mirror all off",
        "analysis errors, latency",
        "experiment baseline",
        "plugin org/notify",
        "unknown step",
        "unknown step",
    ]
    assert read(basic(steps)).steps[:3] == (
        PlannedStep("20%", 0.2),
        PlannedStep("pause", None, asks=True),
        PlannedStep("pause 30s", None),
    )


@pytest.mark.parametrize(
    ("duration", "seconds"),
    [
        *((30, 30), ("30", 30), ("10m", 600), ("1h30m", 5400), ("1.5h", 5400), (0, 0), ("500ms", 0.5)),
        *(("", None), ("µ", None), ("m10", None), (-1, None), (True, None), (None, None), ("1h 30m", None)),
    ],
)
def test_durations_are_seconds_or_gos_own(duration: Any, seconds: float | None) -> None:
    assert seconds_of(duration) == seconds


def test_the_weight_is_that_of_the_last_step_that_set_it() -> None:
    steps = steps_of([{"pause": {}}, {"setWeight": 20}, {"pause": {}}, {"setWeight": 200}, {"setWeight": -1}])
    assert [weight_at(steps, index) for index in (-1, 0, 1, 2, 3, 4, 99)] == [0, 0, 20, 20, 100, 0, 0]


def test_replicas_zero_is_at_rest_and_says_so() -> None:
    cluster = basic(old=0, new=0, **PROMOTED)
    cluster.doc("Rollout", "web")["spec"]["replicas"] = 0
    assert (read(cluster).phase, ids(cluster)) == (Phase.AT_REST, {"scaled-to-zero"})
    assert {s.written for s in read(cluster).lanes[0].shares} == {0.0}


def test_an_unfinished_first_release_reads_as_such() -> None:
    found = cluster_of(rollout(canary()), **{**RUNNING, "stableRS": None, "currentStepIndex": 4})
    assert read(found).phase is Phase.PROGRESSING
    assert read(found).lanes == ()
    assert "first version" in refusal(found, Act.ABORT)
