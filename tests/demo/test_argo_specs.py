"""Specs of Rollouts that are refused, cannot be followed, or make no sense at all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.demo.errors import Invalid
from tests.demo.argobench import PAUSE, ArgoBench, rollout, routed, weight
from tests.demo.conftest import Bench


@pytest.fixture
def argo(bench: Bench) -> ArgoBench:
    return ArgoBench(bench)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda spec: spec["strategy"]["canary"]["steps"].append({}), "spec.strategy.steps[1]"),
        (lambda spec: spec["strategy"]["canary"]["steps"].append({"pause": {"duration": "3q"}}), "Duration needs"),
        (lambda spec: spec["strategy"]["canary"]["steps"].append({"setWeight": 101}), "between 0 and 100"),
        (lambda spec: spec["strategy"]["canary"]["steps"].append({"setCanaryScale": {"replicas": 1}}), "requires"),
        (lambda spec: spec["strategy"]["canary"].update(canaryService="nope"), 'service "nope" not found'),
        (lambda spec: spec["strategy"].update(blueGreen={"activeService": "x"}), "Multiple Strategies"),
        (lambda spec: spec.pop("strategy"), "missing field"),
        (lambda spec: spec["selector"].update(matchLabels={"app": "other"}), "does not match template `labels`"),
        (
            lambda spec: spec["strategy"]["canary"].update(analysis={"templates": [{"templateName": "t"}]}),
            "'t' not found",
        ),
        (lambda spec: spec["strategy"]["canary"].update(scaleDownDelaySeconds=3), "only be used with traffic routing"),
    ],
)
def test_a_spec_that_cannot_be_followed_is_told(
    argo: ArgoBench, change: Callable[[dict[str, Any]], Any], why: str
) -> None:
    argo.begin(rollout(canary={"steps": [weight(50)]}))
    argo.change(change)
    argo.bench.settle(1)
    assert argo.status["phase"] == "Degraded"
    assert argo.status["message"].startswith('InvalidSpec: The Rollout "web" is invalid: spec.')
    assert why in argo.status["message"]


def test_what_is_missing_is_looked_for_again(argo: ArgoBench) -> None:
    ingress_missing = routed(weight(50), PAUSE)
    argo.create(*[doc for doc in ingress_missing if doc["kind"] != "Ingress"])
    argo.bench.settle(5)
    assert 'ingress.networking.k8s.io "web" not found' in argo.status["message"]
    argo.create(*[doc for doc in ingress_missing if doc["kind"] == "Ingress"])
    argo.bench.settle(25)
    assert argo.status["phase"] == "Healthy"


def test_types_are_checked_as_the_crd_checks_them(argo: ArgoBench) -> None:
    broken = rollout(canary={"steps": [{"setWeight": "9"}, {"pause": 3}]})
    broken["spec"]["replicas"] = "x"
    with pytest.raises(Invalid) as refused:
        argo.create(broken)
    text = refused.value.message
    assert 'spec.replicas in body must be of type integer: "string"' in text
    assert 'spec.strategy.canary.steps[0].setWeight in body must be of type integer: "string"' in text
    assert 'spec.strategy.canary.steps[1].pause in body must be of type object: "integer"' in text
    argo.begin(rollout(canary={}))
    with pytest.raises(Invalid) as refused:
        argo.patch({"status": {"currentStepIndex": "x", "pauseConditions": [{"reason": "X"}], "abort": 3}})
    text = refused.value.message
    assert 'status.currentStepIndex: Invalid value: "string": currentStepIndex in body' in text
    assert "status.pauseConditions[0].startTime: Required value" in text


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 200) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
names = st.sampled_from(
    ["replicas", "paused", "strategy", "canary", "steps", "template", "spec", "selector", "blueGreen", "trafficRouting"]
)


@given(st.dictionaries(names, json_values | st.dictionaries(names, json_values, max_size=4), max_size=5))
def test_a_controller_survives_every_spec_that_the_api_takes(spec: dict[str, Any]) -> None:
    argo = ArgoBench(Bench())
    try:
        argo.create({**rollout(canary={}), "spec": spec})
    except Invalid:
        return
    with argo.errors() as errors:
        argo.bench.settle(1)
    assert errors == []
