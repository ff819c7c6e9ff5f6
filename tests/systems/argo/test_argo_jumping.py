"""Jump to a step, and set a weight, which is a jump to the step that sets it."""

from __future__ import annotations

import pytest

from cockpit.model.plan import Act, Ask, Expected
from tests.objects import Doc
from tests.systems.argo.releases import (
    ABORTED,
    NGINX,
    RUNNING,
    basic,
    canary,
    only_once,
    planned,
    previewed,
    refusal,
    routed,
    said,
)

STEPS = [
    {"setWeight": 20},
    {"pause": {}},
    {"analysis": {"templates": [{"templateName": "errors"}]}},
    {"setWeight": 60},
    {"setHeaderRoute": {"name": "testers"}},
    {"pause": {}},
    {"setWeight": 80},
]
STRATEGY = canary(STEPS, NGINX)


def to(step: int) -> Ask:
    return Ask(Act.JUMP, step=step)


def weight(share: float, version: str = "v2") -> Ask:
    return Ask(Act.SET_WEIGHT, weights=((version, share),))


def test_a_jump_takes_the_pause_with_its_mark() -> None:
    """With `controllerPause` left, the controller takes a pause that it lands on for one that a person ended."""
    cluster = routed(strategy=STRATEGY)
    plan = planned(cluster, to(6))
    only_once(cluster, plan)
    assert said(cluster)["currentStepIndex"] == 5
    assert not {"pauseConditions", "controllerPause"} & set(said(cluster))
    assert "analysis errors is skipped without its result" in plan.warnings
    assert plan.raises


def test_a_step_that_needs_nobody_is_not_stayed_at() -> None:
    plan = planned(routed(strategy=STRATEGY), to(4))
    assert any("continues to step 6 (pause)" in warning for warning in plan.warnings)
    assert plan.reaches
    assert plan.reaches.at_step == 6
    assert plan.expected == (Expected("default", "v2", 0.6),)


def test_where_an_analysis_comes_first_nothing_is_promised() -> None:
    plan = planned(routed(strategy=STRATEGY, currentStepIndex=5), to(3))
    assert plan.expected == ()
    assert plan.reaches
    assert plan.reaches.at_step == 3
    assert not plan.raises, "back to a lower weight"


def test_the_last_step_promises_no_stop() -> None:
    plan = planned(routed(strategy=STRATEGY), to(7))
    assert plan.expected == ()
    assert plan.reaches
    assert plan.reaches.at_step == 7


@pytest.mark.parametrize(("step", "why"), [(2, "is already at step 2"), (0, "1 to 7"), (8, "1 to 7"), (None, "1 to 7")])
def test_steps_that_cannot_be_gone_to(step: int | None, why: str) -> None:
    assert why in refusal(routed(strategy=STRATEGY), Ask(Act.JUMP, step=step))


def test_where_a_jump_would_be_undone_it_is_refused() -> None:
    paused = routed(strategy=STRATEGY)
    paused.doc("Rollout", "web")["spec"]["paused"] = True
    assert "resume it first" in refusal(paused, to(6))
    assert "keeps it at the first step" in refusal(routed(0, STRATEGY, **ABORTED), to(6))
    assert "a full promotion is in progress" in refusal(routed(strategy=STRATEGY, promoteFull=True), to(6))
    assert "no steps" in refusal(previewed(), to(1))
    assert "no steps" in refusal(basic([]), to(1))


def test_a_weight_that_a_step_sets_before_a_pause_is_reached_by_it() -> None:
    cluster = routed(strategy=STRATEGY)
    plan = planned(cluster, weight(0.6))
    only_once(cluster, plan)
    assert said(cluster)["currentStepIndex"] == 3
    assert plan.act is Act.SET_WEIGHT
    assert planned(routed(strategy=STRATEGY), weight(0.4, "v1")).expected == (Expected("default", "v2", 0.6),)


@pytest.mark.parametrize(
    ("ask", "why"),
    [
        (weight(0.5), "no step sets 50% with a pause after it; choose one of 20%, 60%"),
        (weight(0.8), "no step sets 80% with a pause after it"),
        (weight(0.2), "20% is already set"),
        (weight(1.5), "0% to 100%"),
        (weight(-0.1), "0% to 100%"),
        (weight(0.6, "v9"), "v9 is not part of this split"),
        (Ask(Act.SET_WEIGHT), "say which share: v2=PERCENT"),
        (Ask(Act.SET_WEIGHT, weights=(("v1", 0.6), ("v2", 0.6))), "add up to 120%"),
        (Ask(Act.SET_WEIGHT, weights=(("v1", 0.1), ("v2", 0.6))), "add up to 70%, not 100%"),
    ],
)
def test_weights_that_no_step_holds_are_refused_with_what_there_is(ask: Ask, why: str) -> None:
    assert why in refusal(routed(strategy=STRATEGY), ask)


def test_a_release_that_is_on_its_way_can_be_sent_back() -> None:
    cluster = routed(strategy=STRATEGY, **RUNNING, currentStepIndex=3)
    only_once(cluster, planned(cluster, to(1)))
    assert said(cluster)["currentStepIndex"] == 0


def test_of_several_steps_with_one_weight_the_first_is_gone_to() -> None:
    steps: list[Doc] = [{"setWeight": w} if w else {"pause": {}} for w in (20, 0, 60, 0, 80, 0, 60, 0)]
    strategy = canary(steps, NGINX)
    for at in (1, 5):
        cluster = routed(strategy=strategy, currentStepIndex=at)
        only_once(cluster, planned(cluster, weight(0.6)))
        assert said(cluster)["currentStepIndex"] == 2


def test_weights_out_of_another_sum_are_shares_of_it() -> None:
    steps = [{"setWeight": 250}, {"pause": {}}, {"setWeight": 500}, {"pause": {}}]
    strategy = canary(steps, {**NGINX, "maxTrafficWeight": 1000})
    cluster = routed(strategy=strategy)
    plan = planned(cluster, weight(0.5))
    assert plan.expected == (), "what the router makes of it depends on the router"
    assert [str(c) for c in plan.changes][-1] == "v2 declared 25% -> 50%"
