"""What keeps an act on canary Ingresses from being sent: arguments, guards, owners."""

from __future__ import annotations

import pytest

from cockpit.model.plan import Act, Ask, Plan, Refused
from tests.objects import Cluster, ConflictError
from tests.routers.ingresses import ROUTER, findings, planned, read, refusal, send


@pytest.mark.parametrize(
    ("ask", "why"),
    [
        (Ask(Act.SET_WEIGHT, weights=(("v2", 1.5),)), "0% to 100%"),
        (Ask(Act.SET_WEIGHT, weights=(("v2", float("nan")),)), "0% to 100%"),
        (Ask(Act.SET_WEIGHT, weights=(("v2", -0.1),)), "0% to 100%"),
        (Ask(Act.SET_WEIGHT, weights=(("v1", 0.5), ("v2", 0.4))), "add up to 90%"),
        (Ask(Act.SET_WEIGHT, weights=(("v1", 0.5), ("v2", 0.4), ("v3", 0.1))), "v3 is not part of this split"),
        (Ask(Act.SET_WEIGHT), "say which share"),
        (Ask(Act.SET_WEIGHT, weights=(("v2", 0.3),)), "already has 30%"),
        (Ask(Act.SET_WEIGHT, weights=(("v2", 0.125),)), "cannot be written"),
        (Ask(Act.HEADER, version="v1", header=("foo", "bar")), "only send requests to the canary's version v2"),
        (Ask(Act.HEADER, header=("no good", "bar")), "not a valid header name"),
        (Ask(Act.HEADER, header=("foo", "b\r\nx: y")), "not a valid header value"),
        (Ask(Act.HEADER), "no header rule to remove"),
        (Ask(Act.PROMOTE, by="magic"), "no way"),
        (Ask(Act.PROMOTE, version="v1"), "only the canary's version v2"),
        (Ask(Act.FLIP), "splits by weight"),
        (Ask(Act.APPROVE), "no step plan"),
        (Ask(Act.SCALE, counts=(("v1", 0),)), "every request fails"),
        (Ask(Act.SCALE, counts=(("v3", 1),)), "no version v3"),
        (Ask(Act.SCALE), "VERSION=COUNT"),
        (Ask(Act.ROLLBACK, version="v9"), "no idle version v9"),
    ],
)
def test_refusals_say_why_and_where(weight_story: Cluster, ask: Ask, why: str) -> None:
    text = refusal(weight_story, ask)
    assert why in text
    assert "Ingress default/route1 in test" in text


def test_a_stale_plan_is_refused_by_its_guard(weight_story: Cluster) -> None:
    plan = planned(weight_story, Ask(Act.SET_WEIGHT, weights=(("v2", 0.5),)))
    send(weight_story, Ask(Act.SET_WEIGHT, weights=(("v2", 0.4),)))
    with pytest.raises(ConflictError, match="resourceVersion"):
        weight_story.send_all(plan.requests)


def test_an_undo_does_not_go_over_somebody_elses_change(weight_story: Cluster) -> None:
    plan = send(weight_story, Ask(Act.SET_WEIGHT, weights=(("v2", 0.5),)))
    send(weight_story, Ask(Act.SET_WEIGHT, weights=(("v2", 0.4),)))
    with pytest.raises(ConflictError, match="not equal to tested value 50"):
        weight_story.send_all(plan.inverse)


def test_what_a_controller_drives_is_not_edited(weight_story: Cluster) -> None:
    weight_story.doc("Ingress", "route2")["metadata"]["ownerReferences"] = [
        {"apiVersion": "rollouts.kruise.io/v1beta1", "kind": "Rollout", "name": "echo", "uid": "u", "controller": True}
    ]
    rollout = read(weight_story)
    assert not any(a.enabled for a in rollout.acts)
    assert [(o.kind, o.name) for o in rollout.owners] == [("Kruise Rollout", "echo")]
    assert "act on it there" in refusal(weight_story, Ask(Act.ROLLBACK))


def test_git_will_revert(weight_story: Cluster) -> None:
    weight_story.doc("Ingress", "route2")["metadata"]["annotations"]["argocd.argoproj.io/tracking-id"] = (
        "shop:networking.k8s.io/Ingress:default/route2"
    )
    plan = planned(weight_story, Ask(Act.SET_WEIGHT, weights=(("v2", 0.5),)))
    assert any("reverts edits by hand" in w for w in plan.warnings)
    assert "owned-by-git" in findings(weight_story)


def test_a_plan_for_an_ingress_that_is_gone_is_refused(weight_story: Cluster) -> None:
    rollout = read(weight_story)
    weight_story.remove("Ingress", "route1")
    answer = ROUTER.plan(rollout, Ask(Act.ROLLBACK), weight_story)
    assert isinstance(answer, Refused)
    assert "gone" in answer.why


def test_acts_that_are_listed_as_enabled_can_be_planned(weight_story: Cluster, header_story: Cluster) -> None:
    asks = {
        Act.SET_WEIGHT: Ask(Act.SET_WEIGHT, weights=(("v2", 0.07),)),
        Act.HEADER: Ask(Act.HEADER, header=("x", "y")),
        Act.SCALE: Ask(Act.SCALE, counts=(("v2", 5),)),
        Act.STEPS: Ask(Act.STEPS, steps=(1.0,)),
    }
    for cluster in (weight_story, header_story):
        for state in read(cluster).acts:
            answer = ROUTER.plan(read(cluster), asks.get(state.act, Ask(state.act)), cluster)
            assert isinstance(answer, Plan) is state.enabled, answer
            assert bool(state.why) is not state.enabled
