"""What a gateway in the nginx dialect does with canary Ingresses: on the double and on a real one alike."""

from __future__ import annotations

from typing import Any

import pytest

from cockpit.probe.stats import wilson
from tests.places import Place

CANARY = "nginx.ingress.kubernetes.io/canary"
ENOUGH = 600
SURE = 3.9  # z: a right gateway fails one run in ten thousand


def version(name: str, replicas: int = 1, **annotations: str) -> list[dict[str, Any]]:
    """A Deployment and a Service of one version."""
    labels = {"app": f"web-{name}", "version": name}
    container = {"name": "web", "image": f"example/web:{name}", "ports": [{"containerPort": 8080}]}
    template = {"metadata": {"labels": labels, "annotations": annotations}, "spec": {"containers": [container]}}
    return [
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": f"web-{name}"},
            "spec": {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template},
        },
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": f"web-{name}"},
            "spec": {"selector": {"app": f"web-{name}"}, "ports": [{"port": 80, "targetPort": 8080}]},
        },
    ]


def ingress(
    name: str, host: str, service: str, annotations: dict[str, str] | None = None, **path: str
) -> dict[str, Any]:
    backend = {"service": {"name": service, "port": {"number": 80}}}
    rule = {"path": "/", "pathType": "Prefix", **path, "backend": backend}
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {"name": name, "annotations": annotations or {}},
        "spec": {"ingressClassName": "nginx", "rules": [{"host": host, "http": {"paths": [rule]}}]},
    }


def canary(**keys: str) -> dict[str, str]:
    return {CANARY: "true", **{f"{CANARY}-{key.replace('_', '-')}": value for key, value in keys.items()}}


@pytest.fixture
def host(place: Place) -> str:
    """v1 and v2 stand, and an Ingress of a host of the test's own leads to v1."""
    host = f"{place.namespace}.test"
    place.apply(*version("v1"), *version("v2"))
    place.ready("web-v1", "web-v2")
    place.apply(ingress("main", host, "web-v1"))
    place.settle(lambda: place.ask(host).status_code == 200)
    return host


def attach(place: Place, host: str, **keys: str) -> None:
    """Add the canary and wait until the gateway obeys it: a second route says when."""
    place.apply(ingress("canary", host, "web-v2", canary(**keys)))


def share_of_v2(place: Place, host: str, wanted: float, headers: dict[str, str] | None = None) -> None:
    """v2's share of many answers lies where the weight says."""
    settle = (lambda: place.count(host, 1, headers=headers)["v2"] == 1) if wanted else (lambda: True)
    place.settle(settle)
    counted = place.count(host, ENOUGH, headers=headers)
    low, high = wilson(counted["v2"], ENOUGH, z=SURE)
    assert set(counted) <= {"v1", "v2"}
    assert low <= wanted <= high, counted


@pytest.mark.parametrize(
    ("keys", "wanted"),
    [
        ({"weight": "30"}, 0.30),
        ({"weight": "100"}, 1.0),
        ({"weight": "50", "weight_total": "200"}, 0.25),
        ({"weight": "35", "weight_total": "1000"}, 0.035),
        ({"weight": "5", "weight_total": "10"}, 0.05),  # totals below 100 do not count
    ],
)
def test_weight(place: Place, host: str, keys: dict[str, str], wanted: float) -> None:
    attach(place, host, **keys)
    share_of_v2(place, host, wanted)


def test_a_weight_that_is_no_number_is_none(place: Place, host: str) -> None:
    attach(place, host, weight="thirty", by_header="x-go")
    place.settle(lambda: place.count(host, 1, headers={"x-go": "always"})["v2"] == 1)
    assert place.count(host, 200) == {"v1": 200}


@pytest.mark.parametrize(
    ("keys", "headers", "answers"),
    [
        ({"by_header": "foo", "by_header_value": "bar"}, {"foo": "bar"}, "v2"),
        ({"by_header": "foo", "by_header_value": "bar"}, {"FOO": "bar"}, "v2"),
        ({"by_header": "foo", "by_header_value": "bar"}, {"foo": "BAR"}, "v1"),
        ({"by_header": "foo", "by_header_value": "bar"}, {"foo": "always"}, "v1"),
        ({"by_header": "foo", "by_header_value": "bar"}, {}, "v1"),
        ({"by_header": "foo"}, {"foo": "always"}, "v2"),
        ({"by_header": "foo", "weight": "100"}, {"foo": "never"}, "v1"),
        ({"by_header": "foo"}, {"foo": "bar"}, "v1"),
        ({"by_header": "foo", "by_header_pattern": "^b.r$"}, {"foo": "bar"}, "v2"),
        ({"by_header": "foo", "by_header_pattern": "^b.r$"}, {"foo": "rebar"}, "v1"),
        ({"by_cookie": "go"}, {"Cookie": "go=always"}, "v2"),
        ({"by_cookie": "go", "weight": "100"}, {"Cookie": "go=never"}, "v1"),
        ({"by_header": "foo", "by_header_value": "bar", "weight": "100"}, {"foo": "other"}, "v2"),
    ],
)
def test_rule(place: Place, host: str, keys: dict[str, str], headers: dict[str, str], answers: str) -> None:
    attach(place, host, **keys)
    opens = {
        "by_header_value": {"foo": "bar"},
        "by_header_pattern": {"foo": "bar"},
        "by_header": {"foo": "always"},
        "by_cookie": {"Cookie": "go=always"},
    }
    opening = next(value for key, value in opens.items() if key in keys)
    place.settle(lambda: place.count(host, 1, headers=opening)["v2"] == 1)
    assert place.count(host, 20, headers=headers) == {answers: 20}


def test_a_canary_of_another_path_type_is_not_attached(place: Place, host: str) -> None:
    place.apply(ingress("canary", host, "web-v2", canary(weight="100"), pathType="Exact"))
    place.apply(ingress("later", f"later.{host}", "web-v1"))
    place.settle(lambda: place.ask(f"later.{host}").status_code == 200)
    assert place.count(host, 50) == {"v1": 50}


def test_a_canary_without_ready_pods_leaves_all_to_main(place: Place, host: str) -> None:
    attach(place, host, weight="100")
    place.settle(lambda: place.count(host, 1)["v2"] == 1)
    place.merge("Deployment", "web-v2", {"spec": {"replicas": 0}})
    place.settle(lambda: place.count(host, 20) == {"v1": 20})


def test_the_flip_of_a_selector_under_load_loses_no_answer(place: Place, host: str) -> None:
    place.settle(lambda: place.count(host, 1)["v1"] == 1)
    place.merge("Service", "web-v1", {"spec": {"selector": {"app": "web-v2"}}})
    place.settle(lambda: place.count(host, 1)["v2"] == 1)
    place.settle(lambda: place.count(host, 30) == {"v2": 30})
    assert place.count(host, 300) == {"v2": 300}
    place.merge("Service", "web-v1", {"spec": {"selector": {"app": "web-v1"}}})
    place.settle(lambda: place.count(host, 30) == {"v1": 30})
    assert place.count(host, 300) == {"v1": 300}
