"""What ingress-nginx does with canaries at the edge of its rules: spelling, sharing, sessions, other namespaces.

Source: ingress-nginx, annotations/parser/main.go and validators.go, controller.go, balancer.lua, balancer/sticky.lua;
where Traefik obeys the same annotations, what users got through it is what is asserted here.
"""

from __future__ import annotations

from typing import Any

import pytest

from cockpit.model.plan import Act, Ask, Plan, Refused
from cockpit.model.rollout import Phase, Rollout
from cockpit.routers.ingress.adapter import IngressRouter
from tests.objects import Cluster, decode

NGINX = "nginx.ingress.kubernetes.io/"
ROUTER = IngressRouter()
Doc = dict[str, Any]


def version(name: str, ready: int = 2, namespace: str = "default") -> list[Doc]:
    labels = {"app": "web", "version": name}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "web", "image": f"web:{name}"}]}}
    meta = {"name": f"web-{name}", "namespace": namespace}
    spec = {"replicas": ready, "selector": {"matchLabels": labels}, "template": template}
    ports = [{"name": "http", "port": 80, "targetPort": 8080}]
    return [
        {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": dict(meta), "spec": spec},
        {"apiVersion": "v1", "kind": "Service", "metadata": dict(meta), "spec": {"selector": labels, "ports": ports}},
    ]


def ingress(name: str, to: str, host: str = "a.test", path: str | None = "/", **marks: str) -> Doc:
    """An Ingress of class nginx; marks are annotations with `_` for `-`."""
    backend = {"service": {"name": f"web-{to}", "port": {"number": 80}}}
    place: Doc = {"pathType": "Prefix" if path else "ImplementationSpecific", "backend": backend}
    if path:
        place["path"] = path
    annotations = {NGINX + key.replace("_", "-"): value for key, value in marks.items()}
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {"name": name, "namespace": "default", "annotations": annotations},
        "spec": {"ingressClassName": "nginx", "rules": [{"host": host, "http": {"paths": [place]}}]},
    }


def canary(name: str = "canary", to: str = "v2", host: str = "a.test", path: str | None = "/", **marks: str) -> Doc:
    return ingress(name, to, host, path, **{"canary": "true", **marks})


def site(*younger: Doc, v1: int = 2, v2: int = 2, **marks: str) -> Cluster:
    """Main `main` of a.test on v1; `younger` are Ingresses an hour, two hours, ... younger each."""
    cluster = Cluster([*version("v1", v1), *version("v2", v2), ingress("main", "v1", **marks)])
    for name, ready in (("web-v1", v1), ("web-v2", v2)):
        if ready:
            cluster.run(name)
    for hours, doc in enumerate(younger, 1):
        cluster.add(doc, created=f"2026-01-01T{hours:02}:00:00Z")
    return cluster


def read(cluster: Cluster, name: str = "main") -> Rollout:
    (rollout,) = ROUTER.read(cluster.ingress(name), cluster)
    return rollout


def written(cluster: Cluster, name: str = "main", lane: int = 0) -> dict[str, float | None]:
    return {share.version: share.written for share in read(cluster, name).lanes[lane].shares}


def findings(cluster: Cluster, name: str = "main") -> dict[str, str]:
    return {found.id: found.text for found in read(cluster, name).findings}


def plan(cluster: Cluster, ask: Ask, name: str = "main") -> Plan | Refused:
    return ROUTER.plan(read(cluster, name), ask, cluster)


@pytest.mark.parametrize("weight", [" 40", "40 ", "40%", "4e1", ""])
def test_a_weight_that_go_cannot_read_is_none(weight: str) -> None:
    cluster = site(canary(canary_weight=weight))
    assert written(cluster) == {"v1": 1.0, "v2": 0.0}
    assert not weight or "counts as 0" in findings(cluster)["weight-not-a-number"]
    assert ("has space around it" in findings(cluster).get("weight-not-a-number", "")) is (weight.strip() == "40")


@pytest.mark.parametrize("spelling", ["true", "True", "TRUE", "t", "1"])
def test_a_canary_that_go_reads_as_true_is_one(spelling: str) -> None:
    assert written(site(canary(canary=spelling, canary_weight="40"))) == {"v1": 0.6, "v2": 0.4}


@pytest.mark.parametrize("spelling", [" true", "true ", "yes", "tRUE"])
def test_any_other_spelling_is_a_second_main(spelling: str) -> None:
    cluster = site(canary(canary=spelling, canary_weight="40"), canary("real", canary_weight="10"))
    assert "is not enabled as a canary" in findings(cluster)["second-main"]
    assert written(cluster) == {"v1": 1.0, "v2": 0.0}


@pytest.mark.parametrize("port", [{"number": 8080}, {"name": "http"}])
def test_a_backend_may_name_the_target_port_of_a_service(port: Doc) -> None:
    """ingress-nginx looks a port up among the targetPorts too (controller.go, serviceEndpoints)."""
    cluster = site(canary(canary_weight="40"))
    for name in ("main", "canary"):
        (place,) = cluster.doc("Ingress", name)["spec"]["rules"][0]["http"]["paths"]
        place["backend"]["service"]["port"] = port
    assert "main-empty" not in findings(cluster)
    assert written(cluster) == {"v1": 0.6, "v2": 0.4}
    assert isinstance(plan(cluster, Ask(Act.PROMOTE, by="selector")), Plan)


def test_two_canaries_of_one_service_on_two_hosts_have_the_weight_of_the_older() -> None:
    cluster = site(
        canary(canary_weight="10"),
        ingress("other", "v1", "b.test"),
        canary("other-canary", "v2", "b.test", canary_weight="60"),
    )
    assert written(cluster) == {"v1": pytest.approx(0.9), "v2": 0.1}
    assert written(cluster, "other") == {"v1": pytest.approx(0.9), "v2": 0.1}
    assert "only canary counts" in findings(cluster, "other")["two-canaries"]
    assert "also reaches Prefix b.test/ (other)" in findings(cluster)["leak"]
    assert "also reaches Prefix a.test/ (main)" in findings(cluster, "other")["leak"]
    answer = plan(cluster, Ask(Act.SET_WEIGHT, weights=(("v2", 0.3),)), "other")
    assert isinstance(answer, Plan)
    assert [request.ref.name for request in answer.requests] == ["canary"]
    assert any("also reaches Prefix a.test/ (main)" in warning for warning in answer.warnings)


def test_a_canary_service_of_two_mains_has_the_rules_of_the_older_canary() -> None:
    cluster = site(
        canary(canary_weight="10"),
        ingress("other", "v3", "b.test"),
        canary("other-canary", "v2", "b.test", canary_weight="70"),
    ).add(*version("v3"))
    cluster.run("web-v3")
    assert written(cluster, "other") == {"v3": pytest.approx(0.9), "v2": 0.1}
    assert "older canary Ingress canary" in findings(cluster, "other")["ruled-by-another-canary"]
    assert "ruled-by-another-canary" not in findings(cluster)
    for ask in (Ask(Act.SET_WEIGHT, weights=(("v2", 0.3),)), Ask(Act.ROLLBACK)):
        answer = plan(cluster, ask, "other")
        assert isinstance(answer, Refused)
        assert "canary Ingress canary" in answer.why


def test_a_canary_of_another_service_has_no_say_where_an_older_one_is_on_the_same_main() -> None:
    cluster = site(
        canary(canary_weight="10"),
        ingress("other", "v1", "b.test"),
        canary("other-canary", "v3", "b.test", canary_weight="70"),
    ).add(*version("v3"))
    cluster.run("web-v3")
    found = written(cluster, "other")
    assert (found["v1"], found["v2"], found["v3"]) == pytest.approx((0.9, 0.1, 0.0))


def test_hosts_of_which_each_has_services_of_its_own_are_calm() -> None:
    cluster = site(
        canary(canary_weight="10"),
        ingress("other", "v3", "b.test"),
        canary("other-canary", "v4", "b.test", canary_weight="70"),
    ).add(*version("v3"), *version("v4"))
    cluster.run("web-v3").run("web-v4")
    assert written(cluster, "other") == {"v3": pytest.approx(0.3), "v4": 0.7}
    assert not {"leak", "two-canaries", "ruled-by-another-canary", "sticky"} & set(findings(cluster, "other"))


def test_a_main_that_is_reached_by_its_address_does_not_take_the_canary_along() -> None:
    """Without ready pods users got 69% errors and 31% v2 at a weight of 30."""
    cluster = site(canary(canary_weight="30"), v1=0, service_upstream="true")
    assert written(cluster)["v2"] == pytest.approx(0.3)
    assert "its share of the requests fails" in findings(cluster)["main-empty"]
    assert read(cluster).phase is Phase.DEGRADED
    assert "every request gets 503" in findings(site(canary(canary_weight="30"), v1=0))["main-empty"]


def test_a_canary_that_is_reached_by_its_address_keeps_its_share() -> None:
    cluster = site(canary(canary_weight="30", service_upstream="true"), v2=0)
    assert written(cluster)["v1"] == pytest.approx(0.7)
    assert "its share fails" in findings(cluster)["canary-empty"]
    assert written(site(canary(canary_weight="30"), v2=0))["v1"] == 1.0


def test_sessions_are_told_by_the_finding_and_by_every_plan() -> None:
    cluster = site(canary(canary_weight="30"), affinity="cookie")
    assert "from main or canary stay there" in findings(cluster)["sticky"]
    for ask in (Ask(Act.SET_WEIGHT, weights=(("v2", 0.5),)), Ask(Act.ROLLBACK)):
        answer = plan(cluster, ask)
        assert isinstance(answer, Plan)
        assert any("sets a cookie" in warning for warning in answer.warnings)
    back = plan(cluster, Ask(Act.ROLLBACK))
    assert isinstance(back, Plan)
    assert any("delete the canary Ingress canary" in warning for warning in back.warnings)


def test_a_canary_that_does_not_share_sessions_keeps_nobody() -> None:
    cluster = site(canary(canary_weight="30", affinity_canary_behavior="legacy"), affinity="cookie")
    assert "from main stay there" in findings(cluster)["sticky"]
    back = plan(cluster, Ask(Act.ROLLBACK))
    assert isinstance(back, Plan)
    assert not any("delete the canary" in warning for warning in back.warnings)


def test_a_canary_without_a_path_is_not_attached() -> None:
    cluster = site(canary(path=None, canary_weight="30"))
    assert written(cluster) == {"v1": 1.0, "v2": 0.0}
    assert "its path is empty" in findings(cluster)["unattached-canary"]


def test_a_main_without_a_path_is_for_every_path() -> None:
    cluster = Cluster([*version("v1"), *version("v2"), ingress("main", "v1", path=None)]).run("web-v1").run("web-v2")
    cluster.add(canary(canary_weight="30"), created="2026-01-01T01:00:00Z")
    assert written(cluster) == {"v1": 0.7, "v2": 0.3}


@pytest.mark.parametrize("marks", [{"canary_by_header_value": "bob@corp.test"}, {"canary_by_header_pattern": "^(?!x)"}])
def test_a_rule_that_the_gateway_may_drop_is_unknown(marks: dict[str, str]) -> None:
    cluster = site(canary(canary_by_header="x-user", **marks))
    assert set(written(cluster, lane=1).values()) == {None}
    assert "what is left is x-user=always" in findings(cluster)["rule-may-be-dropped"]
    assert "unknown with header x-user" in read(cluster).message


def test_an_ordinary_rule_is_known() -> None:
    cluster = site(canary(canary_by_header="x-user", canary_by_header_value="bob_1 a.b:c/d~e"))
    assert written(cluster, lane=1) == {"v1": 0.0, "v2": 1.0}
    assert "rule-may-be-dropped" not in findings(cluster)


def test_a_header_rule_that_the_gateway_may_drop_is_not_written() -> None:
    cluster = site(canary(canary_weight="10"))
    answer = plan(cluster, Ask(Act.HEADER, header=("x-user", "bob@corp.test")))
    assert isinstance(answer, Refused)
    assert "accepts only letters" in answer.why
    assert isinstance(plan(cluster, Ask(Act.HEADER, header=("x-user", "bob"))), Plan)


def test_a_main_of_another_namespace_is_one_for_ingress_nginx() -> None:
    away = canary(canary_weight="30")
    away["metadata"]["namespace"] = "late"
    cluster = site().add(*version("v2", namespace="late"), away)
    (rollout,) = ROUTER.read(_of(cluster, "canary", "late"), cluster)
    assert (rollout.phase, rollout.lanes) == (Phase.CANARY, ())
    assert "Ingress default/main of another namespace" in {f.id: f.text for f in rollout.findings}["main-not-shown"]
    finish = ROUTER.plan(rollout, Ask(Act.FINISH), cluster)
    assert isinstance(finish, Plan)
    assert "it takes no traffic" not in finish.title
    (narrow,) = ROUTER.read(_of(cluster, "canary", "late"), cluster.kept_to("late"))
    assert "a namespace that is not read" in {f.id: f.text for f in narrow.findings}["main-not-shown"]


def test_a_canary_whose_main_is_nowhere_takes_nothing() -> None:
    cluster = Cluster([*version("v2"), canary(canary_weight="30")])
    rollout = read(cluster, "canary")
    assert (rollout.phase, [f.id for f in rollout.findings]) == (Phase.DEGRADED, ["unattached-canary"])


def test_a_canary_with_a_default_backend_only_has_an_unknown_share() -> None:
    doc = canary(canary_weight="30")
    doc["spec"] = {
        "ingressClassName": "nginx",
        "defaultBackend": {"service": {"name": "web-v2", "port": {"number": 80}}},
    }
    cluster = Cluster([*version("v2"), doc])
    assert "default backend only" in findings(cluster, "canary")["main-not-shown"]


def _of(cluster: Cluster, name: str, namespace: str) -> Any:
    return decode(cluster.doc("Ingress", name, namespace))


def test_a_canary_of_another_class_is_told_by_the_classes() -> None:
    """Another controller serves its main, so the gateway of the canary has none for it."""
    doc = canary(canary_weight="30")
    doc["spec"]["ingressClassName"] = "other"
    found = findings(site(doc), "canary")["unattached-canary"]
    assert "its class is other, that of Ingress main, which has its path, is nginx" in found


@pytest.mark.parametrize("key", ["permanent-redirect", "temporal-redirect"])
def test_a_main_that_redirects_every_request_gives_none_to_a_version(key: str) -> None:
    made = site(canary(canary_weight="30"))
    made.doc("Ingress", "main")["metadata"]["annotations"] = {NGINX + key: "https://elsewhere.example/"}
    assert f"Ingress default/main redirects every request ({key})" in findings(made)["answered-by-route"]
