"""Blue-green by the selector of a Service."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from cockpit.model.plan import Act, Ask, Plan, Refused
from cockpit.model.probe_target import ProbeTarget
from cockpit.model.refs import SERVICES, STATEFULSETS, Ref
from cockpit.model.remedies import unmended
from cockpit.model.rollout import Phase, Role, Rollout, Severity
from cockpit.routers.service.adapter import ServiceRouter
from tests.objects import Cluster, ConflictError, pod, seed
from tests.routers.clusters import restart, roll
from tests.routers.istio_objects import route, to, virtual_service

ROUTER = ServiceRouter()


def read_all(cluster: Cluster, name: str = "demo-service") -> tuple[Rollout, ...]:
    service = cluster.get(SERVICES, "default", name)
    assert service is not None
    return ROUTER.read(service, cluster)


def read(cluster: Cluster) -> Rollout:
    (rollout,) = read_all(cluster)
    return rollout


def written(rollout: Rollout) -> dict[str, float | None]:
    return {s.version: s.written for s in rollout.lanes[0].shares}


def roles(cluster: Cluster) -> dict[str, Role]:
    return {v.name: v.role for v in read(cluster).versions}


def planned(cluster: Cluster, ask: Ask) -> Plan:
    plan = ROUTER.plan(read(cluster), ask, cluster)
    assert isinstance(plan, Plan), plan
    return plan


def refusal(cluster: Cluster, ask: Ask) -> str:
    answer = ROUTER.plan(read(cluster), ask, cluster)
    assert isinstance(answer, Refused), answer
    return answer.why


def service(cluster: Cluster) -> dict[str, Any]:
    spec: dict[str, Any] = cluster.doc("Service", "demo-service")["spec"]
    return spec


def test_the_walk_through(blue_green: Cluster) -> None:
    before = blue_green.plain()
    rollout = read(blue_green)
    assert (rollout.router, rollout.phase) == ("service", Phase.AT_REST)
    assert written(rollout) == {"v1": 1.0, "v2": 0.0}
    assert roles(blue_green) == {"v1": Role.ACTIVE, "v2": Role.PREVIEW}

    plan = planned(blue_green, Ask(Act.FLIP))
    assert plan.raises
    assert not plan.final
    assert plan.requests[0].body["spec"] == {"selector": {"version": "v2"}}
    blue_green.send_all(plan.requests)
    assert written(read(blue_green)) == {"v1": 0.0, "v2": 1.0} == {e.version: e.share for e in plan.expected}
    assert roles(blue_green) == {"v1": Role.OLD, "v2": Role.ACTIVE}
    flipped = blue_green.plain()

    back = planned(blue_green, Ask(Act.ROLLBACK))
    assert not back.raises
    blue_green.send_all(back.requests)
    assert blue_green.plain() == before
    blue_green.send_all(back.inverse)
    assert blue_green.plain() == flipped
    blue_green.send_all(plan.inverse)
    assert blue_green.plain() == before


def test_an_undo_does_not_go_over_somebody_elses_change(blue_green: Cluster) -> None:
    plan = planned(blue_green, Ask(Act.FLIP))
    blue_green.send_all(plan.requests)
    service(blue_green)["selector"]["track"] = "x"
    with pytest.raises(ConflictError):
        blue_green.send_all(plan.inverse)


def test_flip_to_a_version_without_ready_pods_is_refused(blue_green: Cluster) -> None:
    blue_green.run("demo-dp-v2", ready=0)
    assert "v2 has no ready pods" in refusal(blue_green, Ask(Act.FLIP))
    assert not next(a for a in read(blue_green).acts if a.act is Act.FLIP).enabled


def test_flip_to_fewer_pods_warns(blue_green: Cluster) -> None:
    blue_green.run("demo-dp-v2", ready=1)
    plan = planned(blue_green, Ask(Act.FLIP))
    assert (
        "capacity: v2 carries 100% of the traffic on 1 ready pod; it needs 3 to keep the load per pod" in plan.warnings
    )
    assert "preview-smaller" in {f.id for f in read(blue_green).findings}


def test_with_several_others_a_flip_must_name_one(blue_green: Cluster) -> None:
    v3 = copy.deepcopy(seed("blue-green-v2")[0])
    v3["metadata"]["name"] = "demo-dp-v3"
    for labels in (v3["spec"]["selector"]["matchLabels"], v3["spec"]["template"]["metadata"]["labels"]):
        labels["version"] = "v3"
    blue_green.add(v3, created="2026-01-01T02:00:00Z").run("demo-dp-v3")
    assert "say which version: v2 and v3" in refusal(blue_green, Ask(Act.FLIP))
    blue_green.send_all(planned(blue_green, Ask(Act.FLIP, version="v3")).requests)
    assert written(read(blue_green)) == {"v1": 0.0, "v2": 0.0, "v3": 1.0}
    # Back is to the version that took traffic before, not to the next older one.
    assert {e.version: e.share for e in planned(blue_green, Ask(Act.ROLLBACK)).expected}["v1"] == 1.0
    assert [ref.name for ref in planned(blue_green, Ask(Act.FINISH)).gone] == ["demo-dp-v1", "demo-dp-v2"]


def test_a_slot_that_gets_another_image_is_the_newest(blue_green: Cluster) -> None:
    """Blue gets v3 while green serves: green is the version to go back to, though it is older as a Deployment."""
    blue_green.send_all(planned(blue_green, Ask(Act.FLIP)).requests)
    template = blue_green.doc("Deployment", "demo-dp-v1")["spec"]["template"]
    template["spec"]["containers"][0]["image"] = "bebullish/demo:v3"
    roll(blue_green, "demo-dp-v1", "2026-01-02T00:00:00Z")
    assert roles(blue_green) == {"v2": Role.ACTIVE, "v1": Role.PREVIEW}
    assert "oldest version" in refusal(blue_green, Ask(Act.ROLLBACK))
    assert "no old version" in refusal(blue_green, Ask(Act.FINISH))
    # A restart of what serves does not make the waiting one old.
    restart(blue_green, "demo-dp-v2", "2026-01-03T00:00:00Z")
    assert roles(blue_green) == {"v2": Role.ACTIVE, "v1": Role.PREVIEW}


def test_a_slot_that_gets_another_version_label_is_the_newest(blue_green: Cluster) -> None:
    blue_green.send_all(planned(blue_green, Ask(Act.FLIP)).requests)
    blue_green.doc("Deployment", "demo-dp-v1")["spec"]["template"]["metadata"]["labels"]["version"] = "v3"
    roll(blue_green, "demo-dp-v1", "2026-01-02T00:00:00Z")
    assert roles(blue_green) == {"v2": Role.ACTIVE, "v3": Role.PREVIEW}


@pytest.mark.parametrize("times", [1, 3])
def test_a_restart_of_the_active_version_makes_no_other_one_old(blue_green: Cluster, times: int) -> None:
    for time in range(times):
        restart(blue_green, "demo-dp-v1", f"2026-01-02T0{time}:00:00Z")
    assert written(read(blue_green)) == {"v1": 1.0, "v2": 0.0}
    assert roles(blue_green) == {"v1": Role.ACTIVE, "v2": Role.PREVIEW}
    assert "oldest version" in refusal(blue_green, Ask(Act.ROLLBACK))
    assert "no old version" in refusal(blue_green, Ask(Act.FINISH))
    assert planned(blue_green, Ask(Act.FLIP)).raises
    assert planned(blue_green, Ask(Act.PROMOTE)).title.endswith("to v2")


def test_a_restart_of_the_old_version_leaves_the_way_back(blue_green: Cluster) -> None:
    blue_green.send_all(planned(blue_green, Ask(Act.FLIP)).requests)
    restart(blue_green, "demo-dp-v1", "2026-01-02T00:00:00Z")
    assert roles(blue_green) == {"v1": Role.OLD, "v2": Role.ACTIVE}
    assert planned(blue_green, Ask(Act.ROLLBACK)).title.endswith("to v1")


def test_an_unpinned_service_splits_by_ready_pods(blue_green: Cluster) -> None:
    service(blue_green)["selector"] = {"app": "demo"}
    blue_green.run("demo-dp-v2", ready=1).balance()
    rollout = read(blue_green)
    assert (rollout.router, rollout.phase, rollout.lanes[0].derived) == ("pods", Phase.CANARY, True)
    assert written(rollout) == {"v1": 0.75, "v2": 0.25}
    assert [s.declared for s in rollout.lanes[0].shares] == [None, None]
    assert "not-pinned" in {f.id for f in rollout.findings}
    assert roles(blue_green) == {"v1": Role.STABLE, "v2": Role.CANARY}
    plan = planned(blue_green, Ask(Act.ROLLBACK))
    before = blue_green.plain()
    blue_green.send_all(plan.requests)
    assert service(blue_green)["selector"] == {"app": "demo", "version": "v1"}
    assert written(read(blue_green)) == {"v1": 1.0, "v2": 0.0}
    blue_green.send_all(plan.inverse)
    assert blue_green.plain() == before


def test_epoch_follows_ready_pods_only_where_they_make_the_split(blue_green: Cluster) -> None:
    pinned = read(blue_green).epoch
    blue_green.run("demo-dp-v1", ready=2)
    assert read(blue_green).epoch == pinned
    service(blue_green)["selector"] = {"app": "demo"}
    blue_green.balance()
    mixed = read(blue_green).epoch
    blue_green.run("demo-dp-v2", ready=1)
    assert len({pinned, mixed, read(blue_green).epoch}) == 3


def test_no_ready_pods_behind_the_service(blue_green: Cluster) -> None:
    blue_green.run("demo-dp-v1", ready=0)
    rollout = read(blue_green)
    assert rollout.phase is Phase.DEGRADED
    assert written(rollout) == {"v1": 0.0, "v2": 0.0}
    assert [f.severity for f in rollout.findings if f.id == "no-ready-pods"] == [Severity.CRITICAL]
    assert isinstance(ROUTER.plan(rollout, Ask(Act.FLIP), blue_green), Plan)


def test_a_selector_that_names_no_version_can_be_mended(blue_green: Cluster) -> None:
    service(blue_green)["selector"]["version"] = "v9"
    blue_green.balance()
    assert read(blue_green).phase is Phase.DEGRADED
    assert isinstance(ROUTER.plan(read(blue_green), Ask(Act.FLIP, version="v2"), blue_green), Plan)


@pytest.mark.parametrize("selector", [None, {}, {"app": "nobody"}])
def test_a_service_with_nothing_to_choose_from_is_no_rollout(
    blue_green: Cluster, selector: dict[str, str] | None
) -> None:
    service(blue_green).update(type="ClusterIP", selector=selector)
    assert read_all(blue_green.balance()) == ()


def test_another_app_of_the_same_version_is_no_version(blue_green: Cluster) -> None:
    blue_green.remove("Deployment", "demo-dp-v2")
    other = copy.deepcopy(seed("blue-green-v1")[0])
    other["metadata"]["name"] = "shop-v1"
    other["spec"]["template"]["metadata"]["labels"]["app"] = "shop"
    blue_green.add(other).run("shop-v1")
    assert read_all(blue_green) == ()


@pytest.mark.parametrize(("image", "found"), [("bebullish/demo:v2", 1), ("other/thing:v2", 0)])
def test_a_label_of_no_fixed_meaning_tells_versions_of_one_image_apart(
    blue_green: Cluster, image: str, found: int
) -> None:
    for name, colour in (("demo-dp-v1", "blue"), ("demo-dp-v2", "green")):
        template = blue_green.doc("Deployment", name)["spec"]["template"]
        template["metadata"]["labels"] = {"app": "demo", "colour": colour}
        template["spec"]["containers"][0]["image"] = image if colour == "green" else "bebullish/demo:v1"
        blue_green.run(name)
    service(blue_green)["selector"] = {"app": "demo", "colour": "blue"}
    assert len(read_all(blue_green.balance())) == found


def test_finish_deletes_the_old_version_only(blue_green: Cluster) -> None:
    assert "no old version" in refusal(blue_green, Ask(Act.FINISH))
    blue_green.send_all(planned(blue_green, Ask(Act.FLIP)).requests)
    plan = planned(blue_green, Ask(Act.FINISH))
    assert plan.final
    assert [str(ref) for ref in plan.gone] == ["Deployment default/demo-dp-v1"]
    preview = {**seed("blue-green-service")[0], "metadata": {"name": "demo-preview"}}
    blue_green.add(preview).balance()
    assert "Service demo-preview" in refusal(blue_green, Ask(Act.FINISH))
    blue_green.remove("Service", "demo-preview").send_all(plan.requests)
    assert read_all(blue_green) == ()


def test_scale(blue_green: Cluster) -> None:
    before = blue_green.plain()
    plan = planned(blue_green, Ask(Act.SCALE, counts=(("v1", 5), ("v2", 1))))
    blue_green.send_all(plan.requests)
    assert [v.desired for v in read(blue_green).versions] == [5, 1]
    blue_green.send_all(plan.inverse)
    assert blue_green.plain() == before
    assert "every request fails" in refusal(blue_green, Ask(Act.SCALE, counts=(("v1", 0),)))


def test_a_controllers_service_is_not_flipped(blue_green: Cluster) -> None:
    blue_green.doc("Service", "demo-service")["metadata"]["annotations"] = {
        "argo-rollouts.argoproj.io/managed-by-rollouts": "demo"
    }
    assert "Argo Rollout demo manages Service default/demo-service" in refusal(blue_green, Ask(Act.FLIP))
    assert not any(a.enabled for a in read(blue_green).acts)


def test_sticky_clients_and_rolling_updates_are_told(blue_green: Cluster) -> None:
    service(blue_green)["sessionAffinity"] = "ClientIP"
    blue_green.doc("Deployment", "demo-dp-v1")["status"]["updatedReplicas"] = 1
    assert {"sticky", "rolling"} <= {f.id for f in read(blue_green).findings}


@pytest.mark.parametrize(
    ("act", "why"), [(Act.SET_WEIGHT, "all or nothing"), (Act.HEADER, "all or nothing"), (Act.APPROVE, "step by step")]
)
def test_acts_that_do_not_apply_say_why(blue_green: Cluster, act: Act, why: str) -> None:
    text = refusal(blue_green, Ask(act))
    assert why in text
    assert "Service default/demo-service in test" in text
    assert why in next(a.why for a in read(blue_green).acts if a.act is act)


def test_the_door_is_the_load_balancer(blue_green: Cluster) -> None:
    assert read(blue_green).probe_target is None
    assert "no load balancer address yet" in read(blue_green).probe_target_missing
    blue_green.doc("Service", "demo-service")["spec"]["clusterIP"] = "10.96.0.7"
    assert read(blue_green).incomplete_target == ProbeTarget("10.96.0.7", 80, "10.96.0.7")
    blue_green.doc("Service", "demo-service")["status"] = {"loadBalancer": {"ingress": [{"ip": "127.0.0.5"}]}}
    probe_target = read(blue_green).probe_target
    assert probe_target is not None
    assert (probe_target.address, probe_target.port, probe_target.url) == ("127.0.0.5", 80, "http://127.0.0.5/")
    assert (read(blue_green).probe_target_missing, read(blue_green).incomplete_target) == ("", None)


def test_a_plan_for_a_service_that_is_gone_is_refused(blue_green: Cluster) -> None:
    rollout = read(blue_green)
    blue_green.remove("Service", "demo-service")
    answer = ROUTER.plan(rollout, Ask(Act.FLIP), blue_green)
    assert isinstance(answer, Refused)
    assert "gone" in answer.why


def test_a_service_in_front_of_statefulsets_shows_them_as_versions() -> None:
    docs = []
    for version in ("v1", "v2"):
        labels = {"app": "db", "version": version}
        template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "db", "image": f"db:{version}"}]}}
        spec = {"replicas": 2, "selector": {"matchLabels": labels}, "template": template}
        docs.append(
            {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": f"db-{version}"}, "spec": spec}
        )
    selector = {"app": "db", "version": "v1"}
    docs.append({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "db"}, "spec": {"selector": selector}})
    cluster = Cluster(docs)
    for version in ("v1", "v2"):
        for number in range(2):
            cluster.add(pod(cluster.doc("StatefulSet", f"db-{version}"), number))
    cluster.balance()
    found = cluster.get(SERVICES, "default", "db")
    assert found is not None
    (rollout,) = ServiceRouter().read(found, cluster)
    assert [(v.name, v.ready, str(v.workload)) for v in rollout.versions] == [
        ("v1", 2, "StatefulSet default/db-v1"),
        ("v2", 2, "StatefulSet default/db-v2"),
    ]
    assert [s.written for s in rollout.lanes[0].shares] == [1.0, 0.0]
    plan = ServiceRouter().plan(rollout, Ask(Act.SCALE, counts=(("v2", 4),)), cluster)
    assert isinstance(plan, Plan)
    assert plan.requests[0].ref == Ref(STATEFULSETS, "default", "db-v2")


def test_mesh_clients_that_a_virtual_service_leads_elsewhere_are_told(blue_green: Cluster) -> None:
    taken = virtual_service(route(to()), hosts=("demo-service",))
    blue_green.add(taken)
    (found,) = [f for f in read(blue_green).findings if f.id == "mesh-host-elsewhere"]
    assert found.severity is Severity.WARNING
    assert any("clients inside the mesh are not affected" in w for w in planned(blue_green, Ask(Act.FLIP)).warnings)


def test_a_version_without_the_port_of_the_service_shares_nothing(blue_green: Cluster) -> None:
    service(blue_green)["selector"].pop("version", None)
    service(blue_green)["ports"][0]["targetPort"] = "http"
    blue_green.balance()
    both = read(blue_green)
    assert "share the requests by number of ready pods" in both.message
    for doc in blue_green.docs.values():
        if doc["kind"] == "EndpointSlice":
            doc["endpoints"] = [e for e in doc["endpoints"] if "v2" not in e["targetRef"]["name"]]
    alone = read(blue_green)
    assert alone.message == "v1 takes all traffic; v2 gets none, though its pods are ready"
    assert alone.message in next(f.text for f in alone.findings if f.id == "not-pinned")


@pytest.mark.parametrize("act", [Act.FLIP, Act.PROMOTE, Act.ROLLBACK, Act.FINISH])
def test_a_service_that_became_a_dns_name_leads_to_no_version(blue_green: Cluster, act: Act) -> None:
    service(blue_green).update(type="ExternalName", externalName="example.invalid")
    rollout = read(blue_green)
    [found] = [each for each in rollout.findings if each.severity is Severity.CRITICAL]
    why = "Service default/demo-service is an ExternalName: it leads to example.invalid, and its selector does nothing"
    assert (found.id, found.text) == ("outside-name", f"{why}; give it the type ClusterIP again")
    assert (rollout.phase, rollout.message) == (Phase.DEGRADED, "its Service leads to example.invalid")
    assert written(rollout) == {"v1": 0.0, "v2": 0.0}
    assert unmended(rollout) == "give the Service the type ClusterIP again and remove externalName"
    assert refusal(blue_green, Ask(act)).endswith(f": {why}; give it the type ClusterIP again first")
    assert not [each for each in rollout.acts if each.enabled and each.act is act]
