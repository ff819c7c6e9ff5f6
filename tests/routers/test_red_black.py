"""Red/black ReplicaSets: who takes traffic by labels, switches in the safe order, half-done states."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.model.plan import Act, Ask, Plan, Refused
from cockpit.model.refs import PODS, SERVICES
from cockpit.model.rollout import Phase, Role, Rollout
from cockpit.routers.red_black.adapter import RedBlackRouter
from cockpit.routers.service.adapter import ServiceRouter
from tests.objects import Cluster, ConflictError, pod

ROUTER = RedBlackRouter()
Doc = dict[str, Any]
LABEL = {"createBy": "demo"}


def service(**selector: str) -> Doc:
    spec = {"selector": selector or LABEL, "ports": [{"port": 80, "targetPort": 8080}]}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "demo"}, "spec": spec}


def replica_set(number: int, *, enabled: bool, replicas: int = 2, **more: Any) -> Doc:
    own = {"app": "demo", "sequence": str(number)}
    labels = {**own, **(LABEL if enabled else {})}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "c", "image": f"demo:v{number + 1}"}]}}
    return {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {"name": f"demo-v{number:03}", **more},
        "spec": {"replicas": replicas, "selector": {"matchLabels": own}, "template": template},
    }


def cluster(*docs: Doc, ready: int = 2) -> Cluster:
    found = Cluster([service()])
    for number, doc in enumerate(docs):
        found.add(doc, created=f"2026-01-0{number + 1}T00:00:00Z")
        for n in range(doc["spec"]["replicas"]):
            found.add(pod(found.doc("ReplicaSet", doc["metadata"]["name"]), n, ready=n < ready))
    return found.balance()


@pytest.fixture
def both() -> Cluster:
    return cluster(replica_set(0, enabled=True), replica_set(1, enabled=True))


@pytest.fixture
def standby() -> Cluster:
    return cluster(replica_set(0, enabled=False), replica_set(1, enabled=True))


def read(objects: Cluster) -> Rollout:
    found = objects.get(SERVICES, "default", "demo")
    assert found is not None
    (rollout,) = ROUTER.read(found, objects)
    return rollout


def planned(objects: Cluster, act: Act, version: str | None = None) -> Plan:
    answer = ROUTER.plan(read(objects), Ask(act, version=version), objects)
    assert isinstance(answer, Plan), answer
    return answer


def refusal(objects: Cluster, act: Act, version: str | None = None) -> str:
    answer = ROUTER.plan(read(objects), Ask(act, version=version), objects)
    assert isinstance(answer, Refused), answer
    return answer.why


def labelled(objects: Cluster) -> list[str]:
    """Everything that carries the label."""
    found = []
    for (kind, _, name), doc in objects.docs.items():
        labels = doc["metadata"].get("labels") if kind == "Pod" else None
        if kind == "ReplicaSet":
            labels = doc["spec"]["template"]["metadata"]["labels"]
        if LABEL.items() <= (labels or {}).items():
            found.append(name)
    return sorted(found)


V0 = ["demo-v000", "demo-v000-0", "demo-v000-1"]
V1 = ["demo-v001", "demo-v001-0", "demo-v001-1"]


def test_both_take_traffic_while_both_carry_the_label(both: Cluster) -> None:
    rollout = read(both)
    assert (rollout.key.system, rollout.router, rollout.phase) == ("red-black", "red-black", Phase.CANARY)
    assert [(v.name, v.role) for v in rollout.versions] == [("v1", Role.STABLE), ("v2", Role.CANARY)]
    assert [(s.declared, s.written) for s in rollout.lanes[0].shares] == [(None, 0.5), (None, 0.5)]
    assert [f.id for f in rollout.findings] == ["not-pinned"]


def test_the_standby_is_disabled_and_old(standby: Cluster) -> None:
    rollout = read(standby)
    assert rollout.phase is Phase.AT_REST
    assert [(v.name, v.role, v.ready) for v in rollout.versions] == [("v1", Role.OLD, 2), ("v2", Role.ACTIVE, 2)]
    assert [(s.declared, s.written) for s in rollout.lanes[0].shares] == [(0.0, 0.0), (1.0, 1.0)]
    assert rollout.message == "v1 is disabled, v2 takes traffic"


def test_the_line_is_found_by_what_the_pipeline_wrote() -> None:
    marks = {
        "moniker.spinnaker.io/cluster": "replicaSet shop",
        "traffic.spinnaker.io/load-balancers": '["service demo"]',
    }
    one = replica_set(0, enabled=False, annotations=marks)
    two = replica_set(1, enabled=False, annotations=marks)
    one["metadata"]["name"], two["metadata"]["name"] = "blue", "green"
    rollout = read(cluster(one, two))
    assert rollout.phase is Phase.DEGRADED, "neither carries the label"
    assert [v.name for v in rollout.versions] == ["v1", "v2"]
    assert any(f.id == "no-ready-pods" for f in rollout.findings)


def test_disabling_takes_the_label_off_the_template_first_then_off_each_pod(both: Cluster) -> None:
    before = both.plain()
    plan = planned(both, Act.DISABLE, "v1")
    assert [r.ref.name for r in plan.requests] == V0
    assert [r.fleeting for r in plan.requests] == [False, True, True]
    both.send_all(plan.requests)
    assert labelled(both) == V1
    with pytest.raises(ConflictError):
        both.send_all(plan.requests)
    both.send_all(plan.inverse)
    assert both.plain() == before


def test_a_switch_lets_one_in_before_the_other_is_out(standby: Cluster) -> None:
    before = standby.plain()
    plan = planned(standby, Act.ROLLBACK)
    assert [r.ref.name for r in plan.requests] == V0 + V1
    assert not plan.raises
    for request in plan.requests:
        standby.send(request)
        assert any(name.count("-") == 2 for name in labelled(standby)), "never a moment without pods behind the Service"
    assert labelled(standby) == V0
    for request in plan.inverse:
        standby.send(request)
        assert any(name.count("-") == 2 for name in labelled(standby))
    assert standby.plain() == before


@pytest.mark.parametrize("stop", range(6))
def test_a_switch_that_stops_half_way_leaves_users_served_and_can_be_finished(standby: Cluster, stop: int) -> None:
    plan = planned(standby, Act.ROLLBACK)
    standby.send_all(plan.requests[:stop])
    rollout = read(standby)
    assert sum(s.written or 0.0 for s in rollout.lanes[0].shares) == pytest.approx(1.0)
    again = planned(standby, Act.ROLLBACK, "v1")
    standby.send_all(again.requests)
    assert labelled(standby) == V0


def test_a_switch_to_pods_that_are_not_all_ready_takes_two_acts() -> None:
    objects = cluster(replica_set(0, enabled=True), replica_set(1, enabled=False, replicas=3))
    plan = planned(objects, Act.FLIP)
    assert [r.ref.name for r in plan.requests] == ["demo-v001", *(f"demo-v001-{n}" for n in range(3))]
    assert any("first of two acts: v1 stays enabled until v2 is ready" in w for w in plan.warnings)
    assert plan.expected == ()
    objects.send_all(plan.requests)
    second = planned(objects, Act.FLIP)
    assert [r.ref.name for r in second.requests] == V0
    assert any("v2 has 2 of 3 pods ready" in w for w in second.warnings)


def test_mixed_labels_are_shown_and_finished_either_way(both: Cluster) -> None:
    del both.doc("ReplicaSet", "demo-v000")["spec"]["template"]["metadata"]["labels"]["createBy"]
    rollout = read(both)
    assert rollout.phase is Phase.PROGRESSING
    assert "v1 is half enabled: 2 of 2 pods take traffic" in rollout.message
    assert [r.ref.name for r in planned(both, Act.DISABLE, "v1").requests] == V0[1:]
    assert [r.ref.name for r in planned(both, Act.ENABLE, "v1").requests] == V0[:1]


def test_the_way_back_passes_over_what_an_older_switch_left_half_done() -> None:
    objects = cluster(*(replica_set(n, enabled=n > 0) for n in range(3)))
    objects.doc("Pod", "demo-v000-0")["metadata"]["labels"] |= LABEL
    objects.balance()
    assert [v.role for v in read(objects).versions] == [Role.OLD, Role.STABLE, Role.CANARY]
    back = planned(objects, Act.ROLLBACK)
    assert (back.title, back.raises) == ("all traffic of demo to v2", False)
    both = cluster(replica_set(0, enabled=False), replica_set(1, enabled=True))
    both.doc("Pod", "demo-v000-0")["metadata"]["labels"] |= LABEL
    assert planned(both.balance(), Act.ROLLBACK).title == "all traffic of demo to v1"


def test_the_last_version_that_takes_traffic_stays(standby: Cluster) -> None:
    assert "every request fails; enable another first" in refusal(standby, Act.DISABLE, "v2")
    assert "only one version takes traffic" in refusal(standby, Act.DISABLE)
    assert "already disabled" in refusal(standby, Act.DISABLE, "v1")
    assert "already enabled" in refusal(standby, Act.ENABLE, "v2")
    assert "no version v9" in refusal(standby, Act.FLIP, "v9")
    assert "nothing in between" in refusal(standby, Act.SET_WEIGHT)


def test_nothing_goes_to_a_version_without_ready_pods() -> None:
    objects = cluster(replica_set(0, enabled=True), replica_set(1, enabled=False, replicas=0))
    for act in (Act.ENABLE, Act.FLIP, Act.PROMOTE):
        assert "v2 has no ready pods" in refusal(objects, act, "v2")
    assert "takes traffic: without pods" in _scale_refusal(objects)


def _scale_refusal(objects: Cluster) -> str:
    answer = ROUTER.plan(read(objects), Ask(Act.SCALE, counts=(("v1", 0),)), objects)
    assert isinstance(answer, Refused)
    return answer.why


def test_keys_of_the_replica_sets_own_selector_are_never_touched() -> None:
    objects = cluster(replica_set(0, enabled=True), replica_set(1, enabled=True))
    objects.doc("Service", "demo")["spec"]["selector"] = {"app": "demo", **LABEL}
    objects.balance()
    plan = planned(objects, Act.DISABLE, "v1")
    changed = {o["path"] for r in plan.requests for o in r.body if o["op"] != "test"}
    assert changed == {"/spec/template/metadata/labels/createBy", "/metadata/labels/createBy"}


@pytest.mark.parametrize(
    "own",
    [
        {"matchLabels": {"app": "demo", **LABEL}},
        {"matchLabels": {"app": "demo"}, "matchExpressions": [{"key": "createBy", "operator": "Exists"}]},
    ],
)
def test_a_replica_set_that_selects_by_the_label_itself_is_none_of_these(own: Doc) -> None:
    doc = replica_set(0, enabled=True)
    doc["spec"]["selector"] = own
    objects = cluster(doc)
    found = objects.get(SERVICES, "default", "demo")
    assert found is not None
    assert ROUTER.read(found, objects) == ()


def test_replica_sets_of_a_deployment_are_none_of_these() -> None:
    owned: Doc = {"ownerReferences": [{"apiVersion": "apps/v1", "kind": "Deployment", "name": "demo", "uid": "u"}]}
    objects = cluster(replica_set(0, enabled=True, **owned), replica_set(1, enabled=True, **owned))
    found = objects.get(SERVICES, "default", "demo")
    assert found is not None
    assert ROUTER.read(found, objects) == ()


def test_the_service_router_would_read_it_too_and_its_root_is_the_same(both: Cluster) -> None:
    found = both.get(SERVICES, "default", "demo")
    assert found is not None
    (other,) = ServiceRouter().read(found, both)
    assert other.objects[0] == read(both).objects[0]


def test_old_versions_are_cleaned_up_once_no_service_picks_them(standby: Cluster) -> None:
    plan = planned(standby, Act.FINISH)
    assert [str(r) for r in plan.gone] == ["ReplicaSet default/demo-v000"]
    other = service(app="demo", sequence="0")
    other["metadata"]["name"] = "debug"
    standby.add(other)
    assert "ReplicaSet demo-v000 stays: Service debug selects it" in refusal(standby, Act.FINISH)
    assert any(f.id == "enabled-elsewhere" for f in read(standby).findings)


def test_the_pipeline_is_named_as_owner(standby: Cluster) -> None:
    standby.doc("ReplicaSet", "demo-v000")["metadata"]["labels"] = {"app.kubernetes.io/managed-by": "spinnaker"}
    assert [o.kind for o in read(standby).owners] == ["Spinnaker"]
    assert any("change the pipeline too" in w for w in planned(standby, Act.ROLLBACK).warnings)


def test_without_the_pods_nothing_is_planned(standby: Cluster) -> None:
    blind = Cluster(standby.docs.values(), unknown=[PODS])
    assert "pods cannot be read" in refusal(blind, Act.ROLLBACK)


LABELS = st.dictionaries(st.sampled_from(["createBy", "app", "a/b", "x~y", "version"]), st.text(max_size=6), max_size=4)


@settings(max_examples=60)
@given(
    marks=st.text(max_size=20) | LABELS.map(json.dumps) | st.lists(st.text(max_size=12)).map(json.dumps),
    selector=LABELS,
    template=LABELS,
    labels=LABELS,
    act=st.sampled_from([Act.ENABLE, Act.DISABLE, Act.FLIP, Act.ROLLBACK, Act.FINISH]),
)
def test_any_labels_are_borne_and_every_plan_can_be_taken_back(
    marks: str, selector: dict[str, str], template: dict[str, str], labels: dict[str, str], act: Act
) -> None:
    one = replica_set(0, enabled=True, annotations={"traffic.spinnaker.io/load-balancers": marks})
    one["spec"]["template"]["metadata"]["labels"] |= template
    objects = cluster(one, replica_set(1, enabled=True))
    objects.doc("Service", "demo")["spec"]["selector"] = selector
    objects.doc("Pod", "demo-v000-1")["metadata"]["labels"] |= labels
    objects.balance()
    found = objects.get(SERVICES, "default", "demo")
    assert found is not None
    for rollout in ROUTER.read(found, objects):
        answer = ROUTER.plan(rollout, Ask(act), objects)
        if isinstance(answer, Plan) and not answer.gone:
            before = objects.plain()
            objects.send_all(answer.requests)
            objects.send_all(answer.inverse)
            assert objects.plain() == before
