"""What is still needed stays at every clean-up, and the plan names what needs it: one contract for all routers."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from cockpit.model.plan import Act, Ask, Plan, Refused
from cockpit.model.refs import (
    ARGO_ROLLOUTS,
    HTTPROUTES,
    HTTPROUTES_V1BETA1,
    INGRESSES,
    SERVICES,
    Resource,
)
from cockpit.model.rollout import Role, Version
from cockpit.planning.finish import removable_versions
from cockpit.workloads.versions import Candidate
from tests.objects import Cluster
from tests.planning.states import (
    OLD,
    Doc,
    answered,
    backends,
    by_host,
    by_http_route,
    by_ingress,
    by_labels,
    by_selector,
    by_subset,
    destinations,
    gateway_route,
    ingress,
    istio,
    meta,
    service,
    told,
    virtual_service,
    with_v3,
)

AWAY = "elsewhere"
OLD_LABELS = {"app": "shelf", "version": "v1"}


# Router, what it leaves behind: a Service or None, and a workload.
STATES: dict[str, tuple[str, Callable[[], Cluster], str | None, str]] = {
    "istio by host": ("istio", by_host, OLD, f"Deployment {OLD}"),
    "istio by subset": ("istio", by_subset, None, f"Deployment {OLD}"),
    "gateway-api": ("gateway-api", by_http_route, OLD, f"Deployment {OLD}"),
    "ingress": ("ingress", by_ingress, OLD, f"Deployment {OLD}"),
    "service": ("service", by_selector, None, f"Deployment {OLD}"),
    "red-black": ("red-black", by_labels, None, "ReplicaSet shelf-v000"),
}
WITH_SERVICE = [name for name, (_, _, left, _) in STATES.items() if left]


def argo(spec: Doc) -> Doc:
    return {"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "metadata": meta("pilot"), "spec": spec}


def kruise(spec: Doc) -> Doc:
    return {"apiVersion": "rollouts.kruise.io/v1beta1", "kind": "Rollout", "metadata": meta("pilot"), "spec": spec}


def flagger(kind: str, name: str) -> Doc:
    spec = {"targetRef": {"kind": kind, "name": name}}
    return {"apiVersion": "flagger.app/v1beta1", "kind": "Canary", "metadata": meta("pilot"), "spec": spec}


def traefik(kind: str, name: str, spec: Doc, namespace: str = "default") -> Doc:
    return {"apiVersion": "traefik.io/v1alpha1", "kind": kind, "metadata": meta(name, namespace), "spec": spec}


MIRROR = {"type": "RequestMirror", "requestMirror": {"backendRef": {"name": OLD, "port": 80}}}
EXTERNAL = {"type": "ExternalName", "externalName": f"{OLD}.default.svc.cluster.local"}
# What may need the old version's Service, and the words that name it.
SERVICE_USERS: dict[str, Doc] = {
    "Ingress user routes": ingress("user", OLD),
    "HTTPRoute user routes": gateway_route("HTTPRoute", "user", backends({"name": OLD})),
    "HTTPRoute elsewhere/user routes": gateway_route(
        "HTTPRoute", "user", backends({"name": OLD, "namespace": "default"}), namespace=AWAY
    ),
    "HTTPRoute mirror routes": gateway_route("HTTPRoute", "mirror", backends({"name": "shelf-v2"}, filters=[MIRROR])),
    "GRPCRoute user routes": gateway_route("GRPCRoute", "user", backends({"name": OLD})),
    "VirtualService user": virtual_service("user", destinations({"host": OLD})),
    "VirtualService elsewhere/user": virtual_service(
        "user", destinations({"host": f"{OLD}.default.svc.cluster.local"}), namespace=AWAY
    ),
    "VirtualService mirror": virtual_service("mirror", destinations({"host": "shelf-v2"}, mirror={"host": OLD})),
    "VirtualService mirrors": virtual_service(
        "mirrors", destinations({"host": "shelf-v2"}, mirrors=[{"destination": {"host": OLD}}])
    ),
    "TraefikService user routes": traefik("TraefikService", "user", {"weighted": {"services": [{"name": OLD}]}}),
    "TraefikService mirror routes": traefik(
        "TraefikService", "mirror", {"mirroring": {"name": "shelf-v2", "mirrors": [{"name": OLD}]}}
    ),
    "IngressRoute user routes": traefik("IngressRoute", "user", {"routes": [{"services": [{"name": OLD}]}]}),
    "IngressRoute elsewhere/user routes": traefik(
        "IngressRoute", "user", {"routes": [{"services": [{"name": OLD, "namespace": "default"}]}]}, AWAY
    ),
    "ApisixRoute user routes": {
        "apiVersion": "apisix.apache.org/v2",
        "kind": "ApisixRoute",
        "metadata": meta("user"),
        "spec": {"http": [{"name": "all", "backends": [{"serviceName": OLD, "servicePort": 80}]}]},
    },
    "TrafficSplit user routes": {
        "apiVersion": "split.smi-spec.io/v1alpha2",
        "kind": "TrafficSplit",
        "metadata": meta("user"),
        "spec": {"service": "shelf", "backends": [{"service": OLD, "weight": 10}]},
    },
    "DestinationRule user names": istio("DestinationRule", "user", {"host": OLD, "trafficPolicy": {}}),
    "Service elsewhere/user points": {
        **service("user", AWAY),
        "spec": EXTERNAL,
    },
    "Argo Rollout pilot manages": argo({"strategy": {"canary": {"canaryService": "x", "stableService": OLD}}}),
    "Kruise Rollout pilot manages": kruise({"strategy": {"canary": {"trafficRoutings": [{"service": OLD}]}}}),
    "Flagger Canary pilot manages": flagger("Service", OLD),
}


def workload_users(kind: str, name: str) -> dict[str, Doc]:
    """What may need the old version's workload, and the words that name it."""
    ref = {"apiVersion": "apps/v1", "kind": kind, "name": name}
    return {
        "Service user selects": service("user", **OLD_LABELS),
        "Argo Rollout pilot manages": argo({"workloadRef": ref}),
        "Kruise Rollout pilot manages": kruise({"workloadRef": ref}),
        "Flagger Canary pilot manages": flagger(kind, name),
    }


def finish(system: str, cluster: Cluster) -> Plan | Refused:
    return answered(system, cluster, Ask(Act.FINISH))


def gone(answer: Plan | Refused) -> list[str]:
    """What it deletes of the versions."""
    refs = () if isinstance(answer, Refused) else answer.gone
    return [f"{ref.resource.kind} {ref.name}" for ref in refs if ref.resource.kind != "Ingress"]


@pytest.mark.parametrize("state", STATES)
def test_what_nobody_needs_goes(state: str) -> None:
    system, build, left, workload_name = STATES[state]
    expected = [*([f"Service {left}"] if left else []), workload_name]
    assert gone(finish(system, build())) == expected


@pytest.mark.parametrize("state", WITH_SERVICE)
@pytest.mark.parametrize("words", SERVICE_USERS)
def test_a_service_that_something_needs_stays_with_its_pods(state: str, words: str) -> None:
    system, build, _, workload_name = STATES[state]
    answer = finish(system, build().add(SERVICE_USERS[words]))
    assert gone(answer) == []
    assert words in told(answer)
    assert f"{workload_name} stays: Service {OLD} selects it" in told(answer) or f"Service {OLD}" not in told(answer)


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("words", workload_users("", ""))
def test_a_workload_that_something_needs_stays(state: str, words: str) -> None:
    system, build, _, workload_name = STATES[state]
    kind, _, name = workload_name.partition(" ")
    answer = finish(system, build().add(workload_users(kind, name)[words]))
    assert workload_name not in gone(answer)
    assert words in told(answer)


@pytest.mark.parametrize(
    ("user", "words"),
    [
        (ingress("user", "shelf"), "Ingress user routes to it through Service shelf"),
        (virtual_service("user", destinations({"host": "shelf.default"}), namespace=AWAY), ""),
        (
            virtual_service("user", destinations({"host": "shelf.default.svc.cluster.local"}), namespace=AWAY),
            "VirtualService elsewhere/user routes to it through Service shelf",
        ),
    ],
)
@pytest.mark.parametrize("build", [by_subset, by_host])
def test_a_service_that_the_mesh_divides_keeps_old_pods_where_others_lead_to_it(
    build: Callable[[], Cluster], user: Doc, words: str
) -> None:
    answer = finish("istio", build().add(user))
    assert (f"Deployment {OLD}" in gone(answer)) == (not words)
    assert words in told(answer)


def test_a_subset_that_another_namespace_uses_stays() -> None:
    leg = {"host": "shelf.default.svc.cluster.local", "more": {"subset": "v1"}}
    answer = finish("istio", by_subset().add(virtual_service("user", destinations(leg), namespace=AWAY)))
    assert gone(answer) == []
    assert "shelf subset v1 stays: VirtualService elsewhere/user routes to it" in told(answer)


def test_a_subset_that_gets_copies_of_requests_stays() -> None:
    cluster = by_subset()
    cluster.doc("VirtualService", "shelf")["spec"]["http"][0]["mirror"] = {"host": "shelf", "subset": "v1"}
    answer = finish("istio", cluster)
    assert gone(answer) == []
    assert "shelf subset v1 stays: VirtualService shelf routes to it" in told(answer)


def test_a_route_keeps_the_service_that_it_copies_requests_to() -> None:
    cluster = by_http_route()
    cluster.doc("HTTPRoute", "shelf")["spec"]["rules"][0]["filters"] = [MIRROR]
    answer = finish("gateway-api", cluster)
    assert gone(answer) == []
    assert f"Service {OLD} stays: HTTPRoute shelf routes to it" in told(answer)


@pytest.mark.parametrize("state", STATES)
def test_an_autoscaler_keeps_nothing_and_is_named(state: str) -> None:
    system, build, _, workload_name = STATES[state]
    kind, _, name = workload_name.partition(" ")
    target = {"apiVersion": "apps/v1", "kind": kind, "name": name}
    scaler = {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": meta("load"),
        "spec": {"scaleTargetRef": target, "maxReplicas": 4},
    }
    answer = finish(system, build().add(scaler))
    assert workload_name in gone(answer)
    assert "HorizontalPodAutoscaler load scales" in told(answer)


def without(cluster: Cluster, *unknown: Resource) -> Cluster:
    """The same objects where these kinds may not be listed."""
    found = Cluster(unknown=unknown)
    found.docs = cluster.docs
    return found


@pytest.mark.parametrize("state", [s for s in WITH_SERVICE if s != "gateway-api"])
def test_a_service_stays_where_a_kind_that_may_name_it_cannot_be_read(state: str) -> None:
    system, build, _, _ = STATES[state]
    answer = finish(system, without(build(), HTTPROUTES, HTTPROUTES_V1BETA1))
    assert gone(answer) == []
    assert "HTTPRoutes (gateway.networking.k8s.io) cannot be read here: one of them may need it" in told(answer)


def test_a_kind_that_is_read_in_another_version_is_read() -> None:
    assert gone(finish("istio", without(by_host(), HTTPROUTES_V1BETA1))) == [f"Service {OLD}", f"Deployment {OLD}"]


@pytest.mark.parametrize("state", STATES)
def test_a_workload_stays_where_controllers_cannot_be_read(state: str) -> None:
    system, build, _, workload_name = STATES[state]
    answer = finish(system, without(build(), ARGO_ROLLOUTS))
    assert workload_name not in gone(answer)
    assert "Rollouts (argoproj.io) cannot be read here" in told(answer)


def test_a_session_of_one_namespace_says_what_it_does_not_see() -> None:
    for state in WITH_SERVICE:
        system, build, _, _ = STATES[state]
        assert "other namespaces are not read" in told(finish(system, build().kept_to("default")))


def test_services_and_ingresses_are_asked_for_where_a_version_is_kept() -> None:
    cluster = by_host().add(ingress("user", OLD))
    answer = finish("istio", without(cluster, INGRESSES))
    assert gone(answer) == []
    assert SERVICES.kind in told(answer)


def routing(cluster: Cluster) -> str:
    """Everything that routes to versions, as text."""
    kinds = ("HTTPRoute", "VirtualService", "DestinationRule", "Ingress", "Service")
    return json.dumps({str(key): doc["spec"] for key, doc in cluster.docs.items() if key[0] in kinds})


@pytest.mark.parametrize("state", STATES)
def test_a_version_deployed_after_the_one_that_stays_is_not_removed(state: str) -> None:
    system, build, _, _ = STATES[state]
    cluster = with_v3(build())
    named, homes = routing(cluster).count("v3"), {key for key in cluster.docs if key[2] in ("shelf-v3", "shelf-v002")}
    assert homes
    answer = finish(system, cluster)
    assert "v3 stays, because it is newer than v2: to remove it, name it" in told(answer)
    if isinstance(answer, Plan):
        cluster.send_all(answer.requests)
    assert homes <= set(cluster.docs)
    assert routing(cluster).count("v3") == named


@pytest.mark.parametrize("state", STATES)
def test_a_newer_version_goes_if_it_is_named_and_the_older_one_stays(state: str) -> None:
    system, build, left, workload_name = STATES[state]
    cluster = with_v3(build())
    answer = answered(system, cluster, Ask(Act.FINISH, version="v3"))
    assert isinstance(answer, Plan), answer
    kind = workload_name.partition(" ")[0]
    name = "shelf-v002" if kind == "ReplicaSet" else "shelf-v3"
    assert gone(answer) == [*(["Service shelf-v3"] if left else []), f"{kind} {name}"]
    cluster.send_all(answer.requests)
    assert (kind, "default", workload_name.partition(" ")[2]) in cluster.docs


@pytest.mark.parametrize("state", STATES)
def test_the_version_that_takes_the_traffic_is_not_removed(state: str) -> None:
    system, build, _, _ = STATES[state]
    assert "v2 takes traffic" in told(answered(system, build(), Ask(Act.FINISH, version="v2")))
    assert "no version v9" in told(answered(system, build(), Ask(Act.FINISH, version="v9")))


def colour(name: str, born: str = "2026-01-01T00:00:00Z") -> tuple[Version, Candidate]:
    return Version(name, Role.OLD, (), None, 1, 1), Candidate(name, name, None, {}, (), (), 1, 1, born)


def test_a_version_of_unknown_age_goes_only_if_it_took_the_traffic_before_or_is_named() -> None:
    blue, green = colour("blue"), colour("green")
    found = removable_versions([blue, green], "green")
    assert not isinstance(found, str)
    assert found.candidates == ()
    assert found.why_none.endswith("blue stays, because nothing shows that it came before green: to remove it, name it")
    for answer in (
        removable_versions([blue, green], "green", before={"blue"}),
        removable_versions([blue, green], "green", "blue"),
    ):
        assert not isinstance(answer, str)
        assert (sorted(answer.uids), answer.why_none) == (["blue"], "")


def test_a_newer_version_that_took_the_traffic_before_stays() -> None:
    pairs = [colour("blue"), colour("green", "2026-01-02T00:00:00Z")]
    found = removable_versions(pairs, "blue", before={"green"})
    assert not isinstance(found, str)
    assert "green stays, because it is newer than blue" in found.why_none
