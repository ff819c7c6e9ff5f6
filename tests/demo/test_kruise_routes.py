"""What Kruise writes into Ingresses, HTTPRoutes and VirtualServices for a step, and how it puts them back."""

from __future__ import annotations

from typing import Any

import pytest

from cockpit.demo.controllers.kruise.ingresses import DIALECTS
from cockpit.demo.errors import BadRequest
from cockpit.demo.schemas.customkinds import DESTINATIONRULES, HTTPROUTES, KRUISE_ROLLOUTS, VIRTUALSERVICES
from cockpit.demo.schemas.kinds import INGRESSES, SERVICES, Kind
from cockpit.demo.schemas.objects import Object
from tests.demo.conftest import Bench, ingress, service
from tests.demo.test_kruise import Release, rollout

HEADER = {"headers": [{"name": "User-Agent", "type": "Exact", "value": "Andriod"}]}
PATTERN = {"headers": [{"name": "user", "type": "RegularExpression", "value": "a.*"}, {"name": "second", "value": "x"}]}
COOKIE = {"headers": [{"name": "canary-by-cookie", "value": "tester"}]}


@pytest.mark.parametrize(
    ("dialect", "prefix"),
    [("nginx", "nginx"), ("higress", "nginx"), ("mse", "nginx"), ("aliyun-alb", "alb")],
)
def test_a_step_of_a_canary_ingress(dialect: str, prefix: str) -> None:
    def written(weight: int | None, *matches: Object) -> dict[str, str]:
        before = {"kept": "yes", f"{prefix}.ingress.kubernetes.io/canary-weight": "7"}
        after = DIALECTS[dialect](before, weight, {"matches": list(matches)})
        assert after.pop("kept") == "yes"
        assert after.pop("alb.ingress.kubernetes.io/order", None) == ("1" if dialect == "aliyun-alb" else None)
        assert after.pop(f"{prefix}.ingress.kubernetes.io/canary") == "true"
        return {key.partition("/canary-")[2]: value for key, value in after.items()}

    assert written(30) == {"weight": "30"}
    assert written(None, HEADER) == {"by-header": "User-Agent", "by-header-value": "Andriod"}
    assert written(30, HEADER) == {"weight": "30", "by-header": "User-Agent", "by-header-value": "Andriod"}
    assert written(None, PATTERN) == {"by-header": "user", "by-header-pattern": "a.*"}
    assert written(None, COOKIE, HEADER) == {
        "by-cookie": "tester",
        "by-header": "User-Agent",
        "by-header-value": "Andriod",
    }


def test_mse_changes_headers_and_its_query_rules_outlive_their_step() -> None:
    prefix = "mse.ingress.kubernetes.io/"
    step = {
        "matches": [{"queryParams": [{"name": "v", "value": "2"}]}],
        "requestHeaderModifier": {"set": [{"name": "x", "value": "1"}]},
    }
    first = DIALECTS["mse"]({f"{prefix}service-subset": ""}, None, step)
    assert first[f"{prefix}service-subset"] == "gray"
    assert first[f"{prefix}request-header-control-update"] == "x 1"
    assert first["nginx.ingress.kubernetes.io/canary-by-query"] == "v"
    later = DIALECTS["mse"](first, 50, {})
    assert later["nginx.ingress.kubernetes.io/canary-by-query"] == "v"


@pytest.mark.parametrize("dialect", ["higress", "aliyun-alb"])
def test_some_dialects_break_at_a_match_without_headers(dialect: str) -> None:
    step = {"matches": [{"queryParams": [{"name": "v", "value": "2"}]}]}
    with pytest.raises(BadRequest):
        DIALECTS[dialect]({}, None, step)
    assert DIALECTS["nginx"]({}, None, step) == {"nginx.ingress.kubernetes.io/canary": "true"}


def test_mse_breaks_at_an_ingress_without_annotations(bench: Bench) -> None:
    steps = ({"replicas": 1, "traffic": "20%"}, {"replicas": "100%"})
    main = ingress("web", "web")
    del main["metadata"]["annotations"]
    release = release_of(bench, INGRESSES, [main], *steps, ingress={"name": "web", "classType": "mse"})
    release.release("v2", 60)
    assert release.place == ("Progressing", 1, "StepTrafficRouting")
    assert bench.storage.peek(INGRESSES, "default", "web-canary") is None


def release_of(bench: Bench, kind: Kind, objects: list[Object], *steps: Object, **routing: Any) -> Release:
    bench.deploy("web", "web:v1", 4)
    bench.storage.create(SERVICES, service("web", {"app": "web"}))
    for obj in objects:
        bench.storage.create(kind, {"metadata": {"name": "web", "namespace": "default"}, **obj})
    bench.settle(5)
    bench.storage.create(
        KRUISE_ROLLOUTS, rollout(*steps, routing={"service": "web", "gracePeriodSeconds": 1, **routing})
    )
    bench.settle(2)
    return Release(bench)


def test_a_canary_ingress_has_only_the_paths_to_the_released_service(bench: Bench) -> None:
    main = ingress("web", "web")
    rules = main["spec"]["rules"]
    other = {"path": "/other", "pathType": "Prefix", "backend": {"service": {"name": "other", "port": {"number": 80}}}}
    rules[0]["http"]["paths"].append(other)
    rules.append({"host": "else.test", "http": {"paths": [other]}})
    main["metadata"].update(labels={"team": "a"}, annotations={"x/y": "z"})
    steps = ({"replicas": 1, "traffic": "20%"}, {"replicas": "100%"})
    release = release_of(bench, INGRESSES, [main], *steps, ingress={"name": "web"})
    release.release("v2")
    canary = bench.storage.get(INGRESSES, "default", "web-canary")
    assert canary["metadata"]["labels"] == {"team": "a"}
    assert canary["metadata"]["annotations"]["x/y"] == "z"
    [rule] = canary["spec"]["rules"]
    assert [path["backend"]["service"]["name"] for path in rule["http"]["paths"]] == ["web-canary"]
    assert canary["metadata"]["ownerReferences"][0]["kind"] == "Rollout"


def test_an_unknown_dialect_holds_the_release_before_its_first_step(bench: Bench) -> None:
    steps = ({"replicas": 1, "traffic": "20%"}, {"replicas": "100%"})
    release = release_of(bench, INGRESSES, [ingress("web", "web")], *steps, ingress={"name": "web", "classType": "x"})
    release.release("v2")
    assert [c["reason"] for c in release.status["conditions"]] == ["Initializing"]


def route() -> Object:
    def rule(path: str, *backends: tuple[str, int]) -> Object:
        refs = [{"kind": "Service", "name": name, "port": 80, "weight": weight} for name, weight in backends]
        return {"matches": [{"path": {"type": "PathPrefix", "value": path}}], "backendRefs": refs}

    return {"spec": {"rules": [rule("/", ("web", 7)), rule("/other", ("other", 1))]}}


def told(bench: Bench) -> list[Any]:
    rules = bench.storage.get(HTTPROUTES, "default", "web")["spec"]["rules"]
    return [[(backend["name"], backend["weight"]) for backend in rule["backendRefs"]] for rule in rules]


def test_an_http_route_keeps_the_header_rule_of_an_earlier_step_until_the_end(bench: Bench) -> None:
    steps = ({"replicas": 1, "matches": [HEADER]}, {"replicas": "50%", "traffic": "40%"}, {"replicas": "100%"})
    release = release_of(bench, HTTPROUTES, [route()], *steps, gateway={"httpRouteName": "web"})
    release.release("v2")
    assert told(bench) == [[("web", 7)], [("other", 1)], [("web-canary", 7)]]
    last = bench.storage.get(HTTPROUTES, "default", "web")["spec"]["rules"][2]
    assert last["matches"] == [{"path": {"type": "PathPrefix", "value": "/"}, **HEADER}]
    release.approve()
    assert told(bench) == [[("web", 60), ("web-canary", 40)], [("other", 1)], [("web-canary", 7)]]
    release.approve(80)
    # The weight from before is forgotten.
    assert told(bench) == [[("web", 1)], [("other", 1)]]


def test_a_virtual_service_is_put_back_as_it_was(bench: Bench) -> None:
    before = {
        "http": [
            {"match": [{"headers": {"a": {"exact": "b"}}}], "route": [{"destination": {"host": "web"}}]},
            {
                "route": [
                    {"destination": {"host": "web.default.svc.cluster.local"}, "weight": 75},
                    {"destination": {"host": "spare"}, "weight": 25},
                ]
            },
        ]
    }
    steps = ({"replicas": 1, "traffic": "30%"}, {"replicas": "50%", "matches": [HEADER]}, {"replicas": "100%"})
    reference = {"apiVersion": "networking.istio.io/v1alpha3", "kind": "VirtualService", "name": "web"}
    release = release_of(bench, VIRTUALSERVICES, [{"spec": before}], *steps, customNetworkRefs=[reference])
    release.release("v2")
    matched, plain = bench.storage.get(VIRTUALSERVICES, "default", "web")["spec"]["http"]
    assert matched == before["http"][0]
    weights = [(to["destination"]["host"].partition(".")[0], to["weight"]) for to in plain["route"]]
    # Rounded down: the weights need not sum to 100.
    assert weights == [("web", 52), ("spare", 17), ("web-canary", 30)]
    release.approve()
    first, *rest = bench.storage.get(VIRTUALSERVICES, "default", "web")["spec"]["http"]
    assert first["match"] == [{"headers": {"User-Agent": {"exact": "Andriod"}}}]
    assert first["route"] == [{"destination": {"host": "web-canary"}}]
    assert rest == before["http"]
    release.approve(80)
    assert release.status["phase"] == "Healthy"
    after = bench.storage.get(VIRTUALSERVICES, "default", "web")
    assert after["spec"] == before
    assert "rollouts.kruise.io/original-spec-configuration" not in after["metadata"].get("annotations", {})


@pytest.mark.parametrize("kept", ["5", "{", '{"spec":5}', '{"spec":{},"labels":[],"annotations":"x"}'])
def test_how_a_route_was_is_read_from_an_annotation_that_anybody_may_write(
    bench: Bench, caplog: pytest.LogCaptureFixture, kept: str
) -> None:
    before = {"http": [{"route": [{"destination": {"host": "web"}}]}]}
    reference = {"apiVersion": "networking.istio.io/v1beta1", "kind": "VirtualService", "name": "web"}
    steps = ({"replicas": 1, "traffic": "30%"}, {"replicas": "50%", "traffic": "40%"}, {"replicas": "100%"})
    release = release_of(bench, VIRTUALSERVICES, [{"spec": before}], *steps, customNetworkRefs=[reference])
    release.release("v2")
    annotations = {"rollouts.kruise.io/original-spec-configuration": kept}
    release.edit({"metadata": {"annotations": annotations}}, VIRTUALSERVICES)
    release.approve()
    assert not [record for record in caplog.records if record.exc_info], caplog.text


def test_without_a_canary_service_a_subset_is_routed_to(bench: Bench) -> None:
    rule = {"spec": {"host": "web", "subsets": [{"name": "main", "labels": {"app": "web"}}]}}
    bench.storage.create(DESTINATIONRULES, {"metadata": {"name": "web", "namespace": "default"}, **rule})
    references = [
        {"apiVersion": "networking.istio.io/v1beta1", "kind": kind, "name": "web"}
        for kind in ("VirtualService", "DestinationRule")
    ]
    steps = ({"replicas": 1, "traffic": "30%"}, {"replicas": "100%"})
    spec = {"http": [{"route": [{"destination": {"host": "web", "subset": "main"}}]}]}
    release = release_of(bench, VIRTUALSERVICES, [{"spec": spec}], *steps, customNetworkRefs=references)
    release.edit({"spec": {"strategy": {"canary": {"disableGenerateCanaryService": True}}}}, KRUISE_ROLLOUTS)
    bench.settle(1)
    release.release("v2")
    [made] = bench.storage.get(VIRTUALSERVICES, "default", "web")["spec"]["http"]
    assert [(to["destination"].get("subset"), to["weight"]) for to in made["route"]] == [("main", 70), ("canary", 30)]
    subsets = bench.storage.get(DESTINATIONRULES, "default", "web")["spec"]["subsets"]
    assert subsets[1] == {"name": "canary", "labels": {"istio.service.tag": "gray"}}
    assert bench.storage.peek(SERVICES, "default", "web-canary") is None
