"""The kinds of rollout controllers, meshes and gateways prune and refuse as their CRDs say."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.api import MERGE, Api

CONTAINER = {"name": "c", "image": "example/c:1", "odd": 5}
TEMPLATE = {"metadata": {"labels": {"a": "b"}, "odd": 3}, "spec": {"odd": 4, "containers": [CONTAINER]}}
SELECTOR = {"matchLabels": {"a": "b"}}
ARGO = {"replicas": 0, "odd": 1, "selector": SELECTOR, "template": TEMPLATE}
BACKEND = {"name": "s", "port": 80}
DESTINATION = {"destination": {"host": "x"}, "weight": 1}


def routed(**rule: Any) -> dict[str, Any]:
    return {"odd": 1, "parentRefs": [{"name": "g"}], "rules": [{"backendRefs": [BACKEND], **rule}]}


def virtual(**http: Any) -> dict[str, Any]:
    return {"hosts": ["a"], "http": [{"route": [{**DESTINATION, "odd": 1}], **http}]}


PRUNED = [
    (
        "argoproj.io/v1alpha1",
        "rollouts",
        "Rollout",
        {**ARGO, "strategy": {"canary": {"odd": 1, "steps": [{"setWeight": 5, "odd": 2}]}}},
        [
            "spec.odd",
            "spec.strategy.canary.odd",
            "spec.strategy.canary.steps[0].odd",
            "spec.template.metadata.odd",
            "spec.template.spec.containers[0].odd",
            "spec.template.spec.odd",
        ],
    ),
    ("gateway.networking.k8s.io/v1", "httproutes", "HTTPRoute", routed(odd=1), ["spec.odd", "spec.rules[0].odd"]),
    (
        "networking.istio.io/v1",
        "virtualservices",
        "VirtualService",
        virtual(odd=2, timeout="1s"),
        ["spec.http[0].odd", "spec.http[0].route[0].odd"],
    ),
    (
        "apps.kruise.io/v1alpha1",
        "clonesets",
        "CloneSet",
        {"replicas": 0, "odd": 1, "selector": SELECTOR, "template": TEMPLATE, "updateStrategy": {"odd": 2}},
        # The template of a CloneSet keeps what it is given.
        ["spec.odd", "spec.updateStrategy.odd"],
    ),
]
REFUSED = [
    (
        "gateway.networking.k8s.io/v1",
        "httproutes",
        "HTTPRoute",
        {**routed(), "rules": [{"backendRefs": [{**BACKEND, "weight": -1}], "matches": [{"path": {"type": "Odd"}}]}]},
        {
            "spec.rules[0].backendRefs[0].weight": (
                "Invalid value: -1: spec.rules[0].backendRefs[0].weight in body should be greater than or equal to 0"
            ),
            "spec.rules[0].matches[0].path.type": (
                'Unsupported value: "Odd": supported values: "Exact", "PathPrefix", "RegularExpression"'
            ),
        },
    ),
    (
        "gateway.networking.k8s.io/v1",
        "httproutes",
        "HTTPRoute",
        {**routed(), "rules": [{"backendRefs": [BACKEND]}] * 17},
        {"spec.rules": "Too many: 17: must have at most 16 items"},
    ),
    (
        "networking.istio.io/v1",
        "virtualservices",
        "VirtualService",
        virtual(match=[{"uri": {"exact": "a", "prefix": "b"}}]),
        {
            "<nil>": (
                'Invalid value: "": "spec.http[0].match[0].uri" must validate one and only one schema (oneOf). '
                "Found 2 valid alternatives"
            )
        },
    ),
    (
        "argoproj.io/v1alpha1",
        "rollouts",
        "Rollout",
        {**ARGO, "strategy": {"canary": {"maxSurge": True}}},
        {
            "spec.strategy.canary.maxSurge": (
                'Invalid value: "boolean": spec.strategy.canary.maxSurge in body must be of type integer: "boolean"'
            ),
            "<nil>": 'Invalid value: "": "spec.strategy.canary.maxSurge" must validate at least one schema (anyOf)',
        },
    ),
]


def collection(api: Api, version: str, plural: str) -> str:
    """Where objects of the kind are; a real cluster may not have it."""
    served = {entry["name"] for entry in api.client.get(f"/apis/{version}").json().get("resources") or []}
    if plural not in served:
        pytest.skip(f"{plural} of {version} are not served")
    return f"/apis/{version}/namespaces/{api.namespace}/{plural}"


@pytest.mark.parametrize(
    ("version", "plural", "kind", "spec", "fields"), PRUNED, ids=[f"{row[1]}.{row[0]}" for row in PRUNED]
)
def test_unknown_fields_are_pruned(
    api: Api, version: str, plural: str, kind: str, spec: dict[str, Any], fields: list[str]
) -> None:
    path = collection(api, version, plural)
    body = {"apiVersion": version, "kind": kind, "metadata": {"name": "a"}, "spec": spec}
    strict = api.client.post(path, json=body, params={"fieldValidation": "Strict"})
    assert strict.status_code == 400, strict.text
    named = ", ".join(f'unknown field "{field}"' for field in fields)
    assert strict.json()["message"].endswith(f"strict decoding error: {named}")
    made = api.client.post(path, json=body)
    assert made.status_code == 201, made.text
    assert "odd" not in made.json()["spec"]
    warned = ", ".join(made.headers.get_list("Warning"))
    assert [f'unknown field \\"{field}\\"' in warned for field in fields] == [True] * len(fields)


@pytest.mark.parametrize(
    ("version", "plural", "kind", "spec", "expected"),
    REFUSED,
    ids=["value", "too-many-rules", "one-of", "type"],
)
def test_what_a_schema_forbids_is_named(
    api: Api, version: str, plural: str, kind: str, spec: dict[str, Any], expected: dict[str, str]
) -> None:
    path = collection(api, version, plural)
    body = {"apiVersion": version, "kind": kind, "metadata": {"name": "a"}, "spec": spec}
    answer = api.client.post(path, json=body)
    assert answer.status_code == 422, answer.text
    found = [(cause["field"], cause["message"]) for cause in answer.json()["details"]["causes"]]
    assert set(expected.items()) <= set(found)


def test_the_defaults_of_a_route_are_filled_in(api: Api) -> None:
    path = collection(api, "gateway.networking.k8s.io/v1", "httproutes")
    spec = {"parentRefs": [{"name": "g"}], "rules": [{"backendRefs": [BACKEND]}]}
    body = {"apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute", "metadata": {"name": "h"}, "spec": spec}
    made = api.client.post(path, json=body).json()["spec"]
    assert made == {
        "parentRefs": [{"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": "g"}],
        "rules": [
            {
                "backendRefs": [{"group": "", "kind": "Service", "weight": 1, **BACKEND}],
                "matches": [{"path": {"type": "PathPrefix", "value": "/"}}],
            }
        ],
    }


def test_a_field_that_was_pruned_does_not_come_back(api: Api) -> None:
    path = collection(api, "argoproj.io/v1alpha1", "rollouts")
    spec = {**ARGO, "strategy": {"canary": {}}}
    body = {"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "metadata": {"name": "a"}, "spec": spec}
    api.client.post(path, json=body)
    change: dict[str, Any] = {"spec": {"strategy": {"canary": {"stepz": []}}}}
    answer = api.client.patch(f"{path}/a", json=change, headers={"Content-Type": MERGE})
    assert answer.status_code == 200
    assert 'unknown field \\"spec.strategy.canary.stepz\\"' in answer.headers["Warning"]
    assert "stepz" not in api.client.get(f"{path}/a").json()["spec"]["strategy"]["canary"]
