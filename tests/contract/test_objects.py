"""What a Kubernetes API makes of new objects, and what it refuses."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.api import MERGE, Api, causes, config_map, deployment, service


def test_discovery_tells_resources_short_names_and_subresources(api: Api) -> None:
    listed = {entry["name"]: entry for entry in api.client.get("/apis/apps/v1").json()["resources"]}
    assert listed["deployments"]["shortNames"] == ["deploy"]
    assert listed["deployments"]["namespaced"] is True
    assert {"get", "list", "watch", "patch"} <= set(listed["deployments"]["verbs"])
    assert listed["deployments/scale"]["kind"] == "Scale"
    assert "deployments/status" in listed
    groups = {group["name"] for group in api.client.get("/apis").json()["groups"]}
    assert {"apps", "networking.k8s.io", "discovery.k8s.io", "coordination.k8s.io"} <= groups


def test_aggregated_discovery_tells_the_same(api: Api) -> None:
    accept = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json"
    answer = api.client.get("/apis", headers={"Accept": accept})
    assert "as=APIGroupDiscoveryList" in answer.headers["content-type"]
    apps = next(item for item in answer.json()["items"] if item["metadata"]["name"] == "apps")
    resources = {entry["resource"]: entry for entry in apps["versions"][0]["resources"]}
    assert resources["deployments"]["responseKind"]["kind"] == "Deployment"
    assert {sub["subresource"] for sub in resources["deployments"]["subresources"]} == {"scale", "status"}


def test_a_new_object_gets_what_the_api_fills_in(api: Api) -> None:
    made = api.made("deployments", deployment("web"))
    meta, spec = made["metadata"], made["spec"]
    assert meta["generation"] == 1
    assert meta["namespace"] == api.namespace
    assert meta["uid"]
    assert meta["resourceVersion"]
    assert spec["strategy"] == {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "25%", "maxSurge": "25%"}}
    assert spec["revisionHistoryLimit"] == 10
    assert spec["progressDeadlineSeconds"] == 600
    assert spec["template"]["spec"]["containers"][0]["imagePullPolicy"] == "IfNotPresent"
    assert spec["template"]["spec"]["containers"][0]["ports"][0]["protocol"] == "TCP"
    assert spec["template"]["spec"]["terminationGracePeriodSeconds"] == 30
    assert any(entry["operation"] == "Update" for entry in meta["managedFields"])


def test_a_service_gets_an_address_and_keeps_it(api: Api) -> None:
    made = api.made("services", service("web"))
    assert made["spec"]["type"] == "ClusterIP"
    assert made["spec"]["ports"][0]["targetPort"] == 80
    assert made["spec"]["clusterIPs"] == [made["spec"]["clusterIP"]]
    assert "generation" not in made["metadata"]
    again = api.put("services", service("web", selector={"app": "other"}))
    assert again.status_code == 200, again.text
    assert again.json()["spec"]["clusterIP"] == made["spec"]["clusterIP"]
    moved = api.patch("services", "web", MERGE, {"spec": {"clusterIP": "10.96.200.200", "clusterIPs": None}})
    assert moved.status_code == 422


def test_a_second_object_of_a_name_is_refused(api: Api) -> None:
    api.made("configmaps", config_map("one"))
    answer = api.create("configmaps", config_map("one"))
    assert answer.status_code == 409
    assert answer.json()["reason"] == "AlreadyExists"
    assert answer.json()["message"] == 'configmaps "one" already exists'


def test_generate_name_makes_a_name(api: Api) -> None:
    body = config_map("")
    body["metadata"] = {"generateName": "some-"}
    first, second = api.made("configmaps", body), api.made("configmaps", body)
    assert first["metadata"]["name"] != second["metadata"]["name"]
    assert first["metadata"]["name"].startswith("some-")


@pytest.mark.parametrize(
    ("plural", "name", "message"),
    [
        ("pods", "nope", 'pods "nope" not found'),
        ("deployments", "nope", 'deployments.apps "nope" not found'),
        ("ingresses", "nope", 'ingresses.networking.k8s.io "nope" not found'),
    ],
)
def test_what_is_not_there_is_a_404_that_names_it(api: Api, plural: str, name: str, message: str) -> None:
    answer = api.get(plural, name)
    assert answer.status_code == 404
    assert answer.json()["message"] == message
    assert answer.json()["details"]["name"] == name


def test_an_unknown_resource_and_an_unknown_namespace_are_404s(api: Api) -> None:
    unknown = api.client.get("/api/v1/nonsenses")
    assert unknown.status_code == 404
    answer = api.client.post("/api/v1/namespaces/nowhere-at-all/configmaps", json=config_map("one"))
    assert answer.status_code == 404
    assert answer.json()["message"] == 'namespaces "nowhere-at-all" not found'


def test_a_broken_deployment_names_every_broken_field(api: Api) -> None:
    body = deployment("web", replicas=-1)
    body["spec"]["template"]["metadata"]["labels"] = {"app": "other"}
    body["spec"]["template"]["spec"]["containers"][0].update(name="A_", image="")
    answer = api.create("deployments", body)
    assert answer.status_code == 422
    assert answer.json()["reason"] == "Invalid"
    found = causes(answer)
    assert found["spec.replicas"] == "Invalid value: -1: must be greater than or equal to 0"
    assert (
        found["spec.template.metadata.labels"]
        == 'Invalid value: {"app":"other"}: `selector` does not match template `labels`'
    )
    assert found["spec.template.spec.containers[0].image"] == "Required value"
    assert found["spec.template.spec.containers[0].name"].startswith('Invalid value: "A_": a lowercase RFC 1123 label')


@pytest.mark.parametrize(
    ("plural", "body", "fields"),
    [
        ("configmaps", config_map("Bad_Name"), {"metadata.name"}),
        ("services", service("9x"), {"metadata.name"}),
        ("services", service("x", ports=[]), {"spec.ports"}),
        ("services", service("x", ports=[{"port": 70000}]), {"spec.ports[0].port", "spec.ports[0].targetPort"}),
        ("services", service("x", ports=[{"port": 1}, {"port": 2}]), {"spec.ports[0].name", "spec.ports[1].name"}),
        ("services", service("x", type="Odd"), {"spec.type"}),
        ("deployments", {**deployment("x"), "spec": {}}, {"spec.selector", "spec.template.spec.containers"}),
    ],
    ids=["name", "service-name", "no-ports", "port-range", "unnamed-ports", "type", "empty-deployment"],
)
def test_broken_fields_are_named(api: Api, plural: str, body: dict[str, Any], fields: set[str]) -> None:
    answer = api.create(plural, body)
    assert answer.status_code == 422, answer.text
    assert fields <= set(causes(answer))


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ({"path": "x", "pathType": "Prefix"}, "spec.rules[0].http.paths[0].path"),
        ({"path": "/"}, "spec.rules[0].http.paths[0].pathType"),
        ({"path": "/", "pathType": "Odd"}, "spec.rules[0].http.paths[0].pathType"),
        ({"path": "/", "pathType": "Prefix", "backend": {}}, "spec.rules[0].http.paths[0].backend"),
    ],
)
def test_broken_ingress_paths_are_named(api: Api, path: dict[str, Any], field: str) -> None:
    whole = {"backend": {"service": {"name": "web", "port": {"number": 80}}}, **path}
    body = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {"name": "x"},
        "spec": {"rules": [{"host": "a.test", "http": {"paths": [whole]}}]},
    }
    answer = api.create("ingresses", body)
    assert answer.status_code == 422, answer.text
    assert field in causes(answer)


def test_unknown_fields_are_dropped_with_a_warning_or_refused(api: Api) -> None:
    body = deployment("web", replica=3)
    strict = api.create("deployments", body, fieldValidation="Strict")
    assert strict.status_code == 400
    assert 'unknown field "spec.replica"' in strict.json()["message"]
    warned = api.create("deployments", body, fieldValidation="Warn")
    assert warned.status_code == 201
    assert 'unknown field \\"spec.replica\\"' in warned.headers["Warning"]
    assert "replica" not in warned.json()["spec"]


def test_a_value_of_the_wrong_type_is_a_bad_request(api: Api) -> None:
    answer = api.create("deployments", deployment("web", replicas="three"))  # type: ignore[arg-type]
    assert answer.status_code == 400
    assert "cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32" in answer.text


@pytest.mark.parametrize(
    ("method", "path", "headers", "code", "reason"),
    [
        ("PUT", "/api/v1/namespaces/default/configmaps", {}, 405, "MethodNotAllowed"),
        ("GET", "/api/v1/pods", {"Accept": "image/png"}, 406, "NotAcceptable"),
        ("POST", "/api/v1/namespaces/default/configmaps", {"Content-Type": "text/x-odd"}, 415, "UnsupportedMediaType"),
        ("POST", "/api/v1/namespaces/default/configmaps", {"Content-Type": "application/json"}, 400, "BadRequest"),
        ("GET", "/api/v1/pods?labelSelector=a%20b%20c", {}, 400, "BadRequest"),
        ("GET", "/api/v1/pods?fieldSelector=spec.odd%3D1", {}, 400, "BadRequest"),
        ("GET", "/api/v1/pods?limit=x", {}, 400, "BadRequest"),
    ],
)
def test_requests_that_make_no_sense_get_a_status(
    api: Api, method: str, path: str, headers: dict[str, str], code: int, reason: str
) -> None:
    answer = api.client.request(method, path, headers=headers, content=b"{odd")
    assert answer.status_code == code, answer.text
    assert answer.json()["kind"] == "Status"
    assert answer.json()["reason"] == reason


def test_a_token_nobody_knows_is_a_401(api: Api) -> None:
    answer = api.client.get("/api/v1/pods", headers={"Authorization": "Bearer unknown"})
    assert answer.status_code == 401
    assert answer.json()["reason"] == "Unauthorized"
