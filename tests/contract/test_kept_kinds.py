"""Kinds that nothing acts on are taken, listed and deleted as any other, and names have their limits."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.api import Api, causes

POD = {"containers": [{"name": "c", "image": "example/c:1"}], "restartPolicy": "Never"}
KEPT: list[tuple[str, str, str, dict[str, Any]]] = [
    ("/api/v1", "limitranges", "LimitRange", {"spec": {"limits": [{"type": "Container", "default": {"cpu": "1"}}]}}),
    (
        "/api/v1",
        "persistentvolumeclaims",
        "PersistentVolumeClaim",
        {"spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}},
    ),
    ("/api/v1", "resourcequotas", "ResourceQuota", {"spec": {"hard": {"pods": "20"}}}),
    ("/apis/policy/v1", "poddisruptionbudgets", "PodDisruptionBudget", {"spec": {"minAvailable": 1}}),
    ("/apis/networking.k8s.io/v1", "networkpolicies", "NetworkPolicy", {"spec": {"podSelector": {}}}),
    (
        "/apis/batch/v1",
        "cronjobs",
        "CronJob",
        {"spec": {"schedule": "0 3 1 1 *", "jobTemplate": {"spec": {"template": {"spec": POD}}}}},
    ),
    ("/apis/batch/v1", "jobs", "Job", {"spec": {"suspend": True, "template": {"spec": POD}}}),
    (
        "/apis/autoscaling/v2",
        "horizontalpodautoscalers",
        "HorizontalPodAutoscaler",
        {"spec": {"maxReplicas": 3, "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "x"}}},
    ),
]
LONG = "a" * 254


@pytest.mark.parametrize(("root", "plural", "kind", "body"), KEPT, ids=[row[1] for row in KEPT])
def test_a_kind_that_nothing_acts_on_is_kept(api: Api, root: str, plural: str, kind: str, body: dict[str, Any]) -> None:
    path = f"{root}/namespaces/{api.namespace}/{plural}"
    version = root.removeprefix("/apis/").removeprefix("/api/")
    whole = {"apiVersion": version, "kind": kind, "metadata": {"name": "kept"}, **body}
    made = api.client.post(path, json=whole)
    assert made.status_code == 201, made.text
    assert made.json()["metadata"]["uid"]
    assert "kept" in {item["metadata"]["name"] for item in api.client.get(path).json()["items"]}
    table = api.client.get(path, headers={"Accept": "application/json;as=Table;v=v1;g=meta.k8s.io"}).json()
    assert "kept" in {row["cells"][0] for row in table["rows"]}
    broken = api.client.post(path, json={**whole, "metadata": {"name": "other"}, "spec": {**body["spec"], "odd": 1}})
    assert broken.status_code == 201
    assert "odd" not in broken.json()["spec"]
    assert 'unknown field \\"spec.odd\\"' in broken.headers["Warning"]
    assert api.client.delete(f"{path}/kept").status_code == 200


def test_an_autoscaler_is_the_same_in_both_versions(api: Api) -> None:
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "x"}
    old = f"/apis/autoscaling/v1/namespaces/{api.namespace}/horizontalpodautoscalers"
    new = old.replace("v1", "v2", 1)
    spec = {"maxReplicas": 3, "scaleTargetRef": target, "targetCPUUtilizationPercentage": 70}
    body = {"apiVersion": "autoscaling/v1", "kind": "HorizontalPodAutoscaler", "metadata": {"name": "x"}, "spec": spec}
    assert api.client.post(old, json=body).status_code == 201
    shown = api.client.get(f"{new}/x").json()
    assert shown["apiVersion"] == "autoscaling/v2"
    assert shown["spec"]["minReplicas"] == 1
    assert shown["spec"]["metrics"] == [
        {"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 70}}}
    ]
    again = api.client.get(f"{old}/x").json()
    assert again["spec"] == {**spec, "minReplicas": 1}


def test_the_text_of_a_secret_becomes_its_data(api: Api) -> None:
    made = api.made("secrets", {"metadata": {"name": "s"}, "stringData": {"a": "b"}})
    assert made["data"] == {"a": "Yg=="}
    assert "stringData" not in made


SUBDOMAIN, LABEL, CRON = (f"must be no more than {most} characters" for most in (253, 63, 52))


@pytest.mark.parametrize(
    ("root", "plural", "name", "why"),
    [
        ("/api/v1", "configmaps", LONG, SUBDOMAIN),
        ("/api/v1", "pods", LONG, SUBDOMAIN),
        ("/api/v1", "secrets", LONG, SUBDOMAIN),
        ("/api/v1", "services", "a" * 64, LABEL),
        ("/apis/apps/v1", "deployments", LONG, SUBDOMAIN),
        ("/apis/apps/v1", "statefulsets", "a" * 64, LABEL),
        ("/apis/apps/v1", "statefulsets", "a.b", "must not contain dots"),
        ("/apis/batch/v1", "cronjobs", "a" * 53, CRON),
        ("/apis/batch/v1", "jobs", LONG, SUBDOMAIN),
        ("/apis/autoscaling/v2", "horizontalpodautoscalers", LONG, SUBDOMAIN),
        ("/apis/networking.k8s.io/v1", "ingresses", LONG, SUBDOMAIN),
        ("/apis/networking.k8s.io/v1", "networkpolicies", LONG, SUBDOMAIN),
        ("/apis/policy/v1", "poddisruptionbudgets", LONG, ""),
        ("/apis/rbac.authorization.k8s.io/v1", "roles", LONG, ""),
    ],
    ids=lambda value: value if isinstance(value, str) and len(value) < 40 and "/" not in value else "",
)
def test_a_name_has_the_length_of_its_kind(api: Api, root: str, plural: str, name: str, why: str) -> None:
    path = f"{root}/namespaces/{api.namespace}/{plural}"
    answer = api.client.post(path, json={"metadata": {"name": name}}, params={"dryRun": "All"})
    details = answer.json().get("details") or {}
    found = [c["message"] for c in details.get("causes") or [] if c["field"] == "metadata.name"]
    assert found == ([f'Invalid value: "{name}": {why}'] if why else [])


def test_names_inside_an_ingress_have_their_length_too(api: Api) -> None:
    service = {"name": "s" * 64, "port": {"name": "p" * 16}}
    paths = [{"path": "/", "pathType": "Prefix", "backend": {"service": service}}]
    body = {
        "metadata": {"name": "i", "labels": {"a": "v" * 64}},
        "spec": {"ingressClassName": "n" * 254, "rules": [{"host": "h" * 254, "http": {"paths": paths}}]},
    }
    answer = api.create("ingresses", body)
    assert answer.status_code == 422
    found = {field: message.rpartition(": ")[2] for field, message in causes(answer).items()}
    assert found == {
        "metadata.labels": LABEL,
        "spec.rules[0].host": SUBDOMAIN,
        "spec.rules[0].http.paths[0].backend.service.name": LABEL,
        "spec.rules[0].http.paths[0].backend.service.port.name": "must be no more than 15 characters",
        "spec.ingressClassName": SUBDOMAIN,
    }
