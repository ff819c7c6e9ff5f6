"""The way back of a blue-green Service: the version that took traffic before, by what is on record."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.model.plan import Act, Ask, Plan, Refused
from cockpit.model.refs import SERVICES
from cockpit.model.rollout import Role, Rollout
from cockpit.routers.service.adapter import ServiceRouter
from cockpit.routers.service.flip_record import PREVIOUS
from tests.objects import START, Cluster, ConflictError
from tests.routers.clusters import restart, roll

ROUTER = ServiceRouter()
LATER = "2026-03-01T00:00:00Z"
Doc = dict[str, Any]


def colours(active: str, *names: str, **made: str) -> Cluster:
    """A Deployment of each colour, made in the same second unless `made` says otherwise, and a Service on one."""
    cluster = Cluster()
    for name in names or ("blue", "green"):
        labels = {"app": "web", "colour": name}
        spec: Doc = {"containers": [{"name": "web", "image": f"web:{name}"}]}
        cluster.add(
            {
                "apiVersion": "apps/v1",
                "kind": "Deployment",
                "metadata": {"name": name},
                "spec": {
                    "replicas": 2,
                    "selector": {"matchLabels": labels},
                    "template": {"metadata": {"labels": labels}, "spec": spec},
                },
            },
            created=made.get(name, START),
        ).run(name)
    selector = {"app": "web", "colour": active}
    spec = {"selector": selector, "ports": [{"port": 80}]}
    return cluster.add({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": spec}).balance()


def read(cluster: Cluster) -> Rollout:
    service = cluster.get(SERVICES, "default", "web")
    assert service is not None
    (rollout,) = ROUTER.read(service, cluster)
    return rollout


def roles(cluster: Cluster) -> dict[str, Role]:
    return {v.name: v.role for v in read(cluster).versions}


def planned(cluster: Cluster, act: Act, version: str | None = None) -> Plan:
    rollout = read(cluster)
    plan = ROUTER.plan(rollout, Ask(act, version=version), cluster)
    assert isinstance(plan, Plan), plan
    assert version or next(a for a in rollout.acts if a.act is act).enabled
    return plan


def refusal(cluster: Cluster, act: Act) -> str:
    rollout = read(cluster)
    answer = ROUTER.plan(rollout, Ask(act), cluster)
    assert isinstance(answer, Refused), answer
    assert next(a for a in rollout.acts if a.act is act).why in answer.why
    return answer.why


def do(cluster: Cluster, act: Act, version: str | None = None) -> Plan:
    plan = planned(cluster, act, version)
    cluster.send_all(plan.requests)
    return plan


def active(cluster: Cluster) -> str:
    colour: str = cluster.doc("Service", "web")["spec"]["selector"]["colour"]
    return colour


def record(cluster: Cluster) -> Any:
    text = (cluster.doc("Service", "web")["metadata"].get("annotations") or {}).get(PREVIOUS)
    return json.loads(text) if text else None


def by_hand(cluster: Cluster, colour: str) -> None:
    cluster.doc("Service", "web")["spec"]["selector"]["colour"] = colour
    cluster.balance()


AGES = [{}, {"blue": START, "green": LATER}, {"blue": LATER, "green": START}]


@pytest.mark.parametrize("made", AGES)
@pytest.mark.parametrize(("one", "other"), [("green", "blue"), ("blue", "green")])
def test_the_way_back_of_a_flip_is_what_took_traffic_before(one: str, other: str, made: dict[str, str]) -> None:
    cluster = colours(one, **made)
    before = cluster.plain()
    flip = planned(cluster, Act.FLIP)
    assert len(flip.requests) == 1
    cluster.send_all(flip.requests)
    assert roles(cluster) == {one: Role.OLD, other: Role.ACTIVE}
    flipped = cluster.plain()
    back = planned(cluster, Act.ROLLBACK)
    assert not back.raises
    assert back.title.endswith(f"to {one}")
    assert not any("pods ready" in warning for warning in back.warnings)
    assert not any("no record" in warning for warning in back.warnings)
    cluster.send_all(back.requests)
    assert active(cluster) == one
    # It is settled: what was rolled back from is no way back, and nothing deletes it.
    assert roles(cluster) == {one: Role.ACTIVE, other: Role.PREVIEW}
    assert f"--to {other}" in refusal(cluster, Act.ROLLBACK)
    assert "no old version" in refusal(cluster, Act.FINISH)
    cluster.send_all(back.inverse)
    assert cluster.plain() == flipped
    cluster.send_all(flip.inverse)
    assert cluster.plain() == before


@pytest.mark.parametrize("made", AGES)
def test_colours_that_take_turns_have_a_way_back_each_time(made: dict[str, str]) -> None:
    cluster = colours("green", **made)
    for target, before in (("blue", "green"), ("green", "blue"), ("blue", "green")):
        do(cluster, Act.FLIP)
        assert active(cluster) == target
        assert planned(cluster, Act.ROLLBACK).title.endswith(f"to {before}")


def test_without_a_record_the_only_other_one_with_ready_pods_is_a_guess() -> None:
    cluster = colours("blue")
    plan = planned(cluster, Act.ROLLBACK)
    assert "no record of which version took traffic before; green is the only other version with ready pods" in (
        plan.warnings
    )
    assert plan.raises, "what is guessed is sent deliberately"
    assert roles(cluster) == {"blue": Role.ACTIVE, "green": Role.PREVIEW}
    assert "no old version" in refusal(cluster, Act.FINISH)


def test_of_several_that_may_be_it_one_is_named() -> None:
    cluster = colours("blue", "blue", "green", "red")
    why = refusal(cluster, Act.ROLLBACK)
    assert "no record of which version took traffic before blue" in why
    assert "--to green or --to red" in why
    assert planned(cluster, Act.ROLLBACK, "red").title.endswith("to red")
    cluster.run("red", ready=0)
    assert "green is the only other version with ready pods" in planned(cluster, Act.ROLLBACK).warnings[0]


def test_the_version_rolled_out_last_is_the_new_one() -> None:
    """Both Deployments are of the same age: what counts is when each began to run what it runs."""
    cluster = colours("blue")
    cluster.doc("Deployment", "green")["spec"]["template"]["spec"]["containers"][0]["image"] = "web:3"
    roll(cluster, "green", LATER)
    assert "blue is the oldest version" in refusal(cluster, Act.ROLLBACK)
    by_hand(cluster, "green")
    plan = planned(cluster, Act.ROLLBACK)
    assert plan.title.endswith("to blue")
    assert not any("no record" in warning for warning in plan.warnings)


def test_a_colour_that_runs_something_else_by_now_is_no_way_back() -> None:
    cluster = colours("green")
    do(cluster, Act.FLIP)
    cluster.doc("Deployment", "green")["spec"]["template"]["spec"]["containers"][0]["image"] = "web:3"
    roll(cluster, "green", LATER)
    assert "no sign that another took traffic before; name the version: --to green" in refusal(cluster, Act.ROLLBACK)


def test_a_restart_of_what_was_left_keeps_the_way_back() -> None:
    cluster = colours("green")
    do(cluster, Act.FLIP)
    restart(cluster, "green", LATER)
    assert planned(cluster, Act.ROLLBACK).title.endswith("to green")


def test_a_selector_that_is_set_back_by_hand_is_a_way_back() -> None:
    """What was left is not gone back to unasked, and not cleaned up either."""
    cluster = colours("green")
    do(cluster, Act.FLIP)
    by_hand(cluster, "green")
    assert "name the version: --to blue" in refusal(cluster, Act.ROLLBACK)
    assert "no old version" in refusal(cluster, Act.FINISH)


def test_a_version_without_ready_pods_is_no_silent_way_back() -> None:
    cluster = colours("green")
    do(cluster, Act.FLIP)
    cluster.run("green", ready=0)
    why = refusal(cluster, Act.ROLLBACK)
    assert "green has no ready pods" in why
    assert why.endswith("look at why, or wait: 2 pods not ready"), "it has its pods: no count helps"
    cluster.run("green", ready=1)
    assert "green: 1 of 2 pods ready" in planned(cluster, Act.ROLLBACK).warnings


def test_an_undo_of_a_flip_brings_the_record_back() -> None:
    cluster = colours("green", "blue", "green", "red")
    cluster.doc("Service", "web")["metadata"]["annotations"] = {"mine": "1"}
    do(cluster, Act.FLIP, "blue")
    first, docs = record(cluster), cluster.plain()
    second = do(cluster, Act.FLIP, "red")
    assert record(cluster) != first
    cluster.send_all(second.inverse)
    assert cluster.plain() == docs
    cluster.doc("Service", "web")["metadata"]["annotations"][PREVIOUS] = "{}"
    with pytest.raises(ConflictError):
        cluster.send_all(second.inverse)


def test_finish_takes_the_record_of_what_it_deletes_away() -> None:
    cluster = colours("green")
    do(cluster, Act.FLIP)
    plan = planned(cluster, Act.FINISH)
    assert [ref.name for ref in plan.gone] == ["green"]
    before = record(cluster)
    cluster.send_all(plan.requests)
    assert record(cluster) is None
    cluster.send_all(plan.inverse)
    assert record(cluster) == before


PICK = {"selector": {"app": "web", "colour": "green"}, "images": ["web:green"]}
HOSTILE = st.one_of(
    st.text(),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(), lambda v: st.lists(v) | st.dictionaries(st.text(), v)
    ).map(json.dumps),
    st.fixed_dictionaries(
        {
            "from": st.none() | st.just(PICK) | st.just({"selector": {"a": 1}, "images": []}),
            "to": st.just(PICK) | st.none(),
        }
    ).map(json.dumps),
)


@settings(max_examples=60, deadline=None)
@given(text=HOSTILE)
def test_whatever_the_annotation_holds_it_is_read(text: str) -> None:
    cluster = colours("blue")
    cluster.doc("Service", "web")["metadata"]["annotations"] = {PREVIOUS: text}
    rollout = read(cluster)
    for act in (Act.ROLLBACK, Act.FLIP, Act.FINISH):
        answer = ROUTER.plan(rollout, Ask(act), cluster)
        assert isinstance(answer, Plan | Refused)
