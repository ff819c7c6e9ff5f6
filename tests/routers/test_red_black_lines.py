"""Red/black where labels do not do: lines that share a Service, and a ReplicaSet whose selector holds its label."""

from __future__ import annotations

from typing import Any

from cockpit.model.plan import Act, Ask, Plan, Refused, Request
from cockpit.model.refs import SERVICES
from cockpit.model.rollout import Phase, Role, Rollout
from cockpit.routers.red_black.adapter import RedBlackRouter
from tests.objects import Cluster, pod

ROUTER = RedBlackRouter()
SWITCHES = (Act.ENABLE, Act.DISABLE, Act.FLIP, Act.PROMOTE, Act.ROLLBACK)


def replica_set(line: str, number: int, *, own: dict[str, str], extra: dict[str, str], given: bool) -> dict[str, Any]:
    """One of a cluster that Spinnaker deploys, with `own` in its selector and `extra` in its template beside."""
    balancers = '["service front"]' if given else "[]"
    marks = {"moniker.spinnaker.io/cluster": f"replicaSet {line}", "traffic.spinnaker.io/load-balancers": balancers}
    selector = {"app": line, "version": str(number), **own}
    template = {
        "metadata": {"labels": {**selector, **extra}},
        "spec": {"containers": [{"name": "web", "image": f"demo/{line}:{number}"}]},
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {"name": f"{line}-v{number:03}", "annotations": marks},
        "spec": {"replicas": 2, "selector": {"matchLabels": selector}, "template": template},
    }


def cluster(*docs: dict[str, Any]) -> Cluster:
    spec = {"selector": {"front": "yes"}, "ports": [{"port": 80}]}
    found = Cluster([{"apiVersion": "v1", "kind": "Service", "metadata": {"name": "front"}, "spec": spec}])
    for number, doc in enumerate(docs):
        found.add(doc, created=f"2026-01-0{number + 1}T00:00:00Z")
        for n in range(2):
            found.add(pod(found.doc("ReplicaSet", doc["metadata"]["name"]), n))
    return found.balance()


def two_lines(worker: bool = True) -> Cluster:
    on = {"front": "yes"}
    return cluster(
        replica_set("api", 0, own={}, extra={}, given=True),
        replica_set("worker", 0, own={}, extra={}, given=False),
        replica_set("api", 1, own={}, extra=on, given=True),
        replica_set("worker", 1, own={}, extra=on if worker else {}, given=False),
    )


def held() -> Cluster:
    """front-v000 has the Service's label in its selector, front-v001 in its template only."""
    on = {"front": "yes"}
    return cluster(
        replica_set("node", 0, own=on, extra={}, given=True), replica_set("node", 1, own={}, extra=on, given=True)
    )


def read(objects: Cluster) -> dict[str, Rollout]:
    found = objects.get(SERVICES, "default", "front")
    assert found is not None
    return {rollout.key.name: rollout for rollout in ROUTER.read(found, objects)}


def answer(objects: Cluster, ask: Ask, name: str = "front") -> Plan | Refused:
    return ROUTER.plan(read(objects)[name], ask, objects)


def planned(objects: Cluster, ask: Ask) -> Plan:
    found = answer(objects, ask)
    assert isinstance(found, Plan), found
    return found


def refusal(objects: Cluster, ask: Ask) -> str:
    found = answer(objects, ask)
    assert isinstance(found, Refused), found
    return found.why


def touched(requests: tuple[Request, ...]) -> set[str]:
    return {request.ref.name.rpartition("-v")[0] for request in requests}


def test_two_lines_that_carry_the_label_of_one_service_are_two_rollouts() -> None:
    rollouts = read(two_lines())
    assert list(rollouts) == ["front", "front.worker"]
    sets = {name: [ref.name for ref in rollout.objects[1:]] for name, rollout in rollouts.items()}
    assert sets == {"front": ["api-v000", "api-v001"], "front.worker": ["worker-v000", "worker-v001"]}
    for rollout in rollouts.values():
        (found,) = [f for f in rollout.findings if f.id == "lines-share-service"]
        assert "api and worker" in found.text
        assert "Service default/front" in found.text
        assert "front=yes" in found.evidence
        assert [v.role for v in rollout.versions] == [Role.OLD, Role.ACTIVE, Role.OLD], "another line is no canary"
        assert sum(share.written or 0 for share in rollout.lanes[0].shares) == 1.0, "the other line is in the sum"


def test_no_act_on_a_line_touches_another_line() -> None:
    objects = two_lines()
    for name, line in (("front", "api"), ("front.worker", "worker")):
        versions = [None, *(version.name for version in read(objects)[name].versions)]
        for act in (*SWITCHES, Act.FINISH):
            for version in versions:
                found = answer(objects, Ask(act, version=version), name)
                if isinstance(found, Plan):
                    assert touched(found.requests) <= {line}, (act, version)
        assert isinstance(answer(objects, Ask(Act.FLIP), name), Plan)


def test_a_line_without_the_label_is_no_part_of_the_service() -> None:
    rollouts = read(two_lines(worker=False))
    assert list(rollouts) == ["front"]
    assert rollouts["front"].phase is Phase.AT_REST
    assert [f.id for f in rollouts["front"].findings] == []
    assert list(read(two_lines())) == ["front", "front.worker"], "what the pipeline gave to it keeps its name"


def test_a_version_whose_selector_holds_the_label_is_one_of_the_versions() -> None:
    rollout = read(held())["front"]
    assert [(v.name, v.workload.name if v.workload else "") for v in rollout.versions] == [
        ("0", "node-v000"),
        ("1", "node-v001"),
    ]
    assert rollout.message == "0 takes traffic and cannot be disabled, 1 takes traffic"
    (found,) = [f for f in rollout.findings if f.id == "cannot-be-disabled"]
    assert "scale 0 to 0, or delete ReplicaSet default/node-v000" in found.text


def test_acts_that_would_take_it_out_name_a_way_out() -> None:
    objects = held()
    asks = (Ask(Act.DISABLE, version="0"), Ask(Act.FLIP), Ask(Act.PROMOTE), Ask(Act.FLIP, version="1"), Ask(Act.FINISH))
    for ask in asks:
        why = refusal(objects, ask)
        assert "0 cannot be disabled: the selector of ReplicaSet default/node-v000 contains front=yes" in why
        assert "scale 0 to 0, or delete ReplicaSet default/node-v000" in why
    states = {state.act: state for state in read(objects)["front"].acts}
    assert "cannot be disabled" in states[Act.FLIP].why


def test_the_way_back_to_it_says_that_it_cannot_be_left_by_labels() -> None:
    objects = held()
    plan = planned(objects, Ask(Act.ROLLBACK))
    assert any("0 cannot be disabled" in warning and "scale 0 to 0" in warning for warning in plan.warnings)
    objects.send_all(plan.requests)
    rollout = read(objects)["front"]
    assert rollout.message == "0 takes traffic and cannot be disabled, 1 is disabled"
    why = refusal(objects, Ask(Act.FLIP))
    assert "enable another version first, then scale 0 to 0" in why


def test_the_way_out_works() -> None:
    objects = held()
    plan = planned(objects, Ask(Act.SCALE, counts=(("0", 0),)))
    objects.send_all(plan.requests)
    for number in range(2):
        del objects.docs["Pod", "default", f"node-v000-{number}"]
    rollout = read(objects.balance())["front"]
    assert (rollout.phase, rollout.message) == (Phase.AT_REST, "0 has no pods, 1 takes traffic")
    assert [f.id for f in rollout.findings] == []
    assert [ref.name for ref in planned(objects, Ask(Act.FINISH)).gone] == ["node-v000"]


def test_it_is_not_scaled_away_while_it_is_alone() -> None:
    objects = held()
    objects.send_all(planned(objects, Ask(Act.ROLLBACK)).requests)
    assert "without pods every request fails" in refusal(objects, Ask(Act.SCALE, counts=(("0", 0),)))
