"""What a Kubernetes API does with objects: on the double and on a real one alike."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from tests.places import Place

JSON_PATCH = "application/json-patch+json"
MERGE = "application/merge-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
APPLY = "application/apply-patch+yaml"


def config_map(name: str, labels: dict[str, str] | None = None, **values: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "labels": labels or {}},
        "data": values,
    }


def deployment(name: str, replicas: int = 0, **spec: Any) -> dict[str, Any]:
    labels = {"app": name}
    container = {"name": "web", "image": "example/web:v1", "ports": [{"containerPort": 8080}]}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [container]}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template, **spec},
    }


def service(name: str, **spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name},
        "spec": {"selector": {"app": name}, "ports": [{"port": 80}], **spec},
    }


class Api:
    """Raw requests into one namespace."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.client = place.client
        self.namespace = place.namespace

    def path(self, plural: str, name: str = "", sub: str = "") -> str:
        groups = {
            "deployments": "/apis/apps/v1",
            "replicasets": "/apis/apps/v1",
            "ingresses": "/apis/networking.k8s.io/v1",
        }
        parts = [groups.get(plural, "/api/v1"), "namespaces", self.namespace, plural, name, sub]
        return "/".join(filter(None, parts)).replace("//", "/")

    def create(self, plural: str, body: dict[str, Any], **query: str) -> httpx.Response:
        return self.client.post(self.path(plural), json=body, params=query)

    def made(self, plural: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = self.create(plural, body)
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    def get(self, plural: str, name: str, sub: str = "") -> httpx.Response:
        return self.client.get(self.path(plural, name, sub))

    def list(self, plural: str, **query: str | int) -> dict[str, Any]:
        answer = self.client.get(self.path(plural), params=query)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def put(self, plural: str, body: dict[str, Any], sub: str = "", **query: str) -> httpx.Response:
        return self.client.put(self.path(plural, body["metadata"]["name"], sub), json=body, params=query)

    def patch(self, plural: str, name: str, media: str, body: Any, sub: str = "", **query: str) -> httpx.Response:
        content = body if isinstance(body, str) else json.dumps(body)
        headers = {"Content-Type": media}
        return self.client.patch(self.path(plural, name, sub), content=content, headers=headers, params=query)

    def delete(self, plural: str, name: str = "", body: dict[str, Any] | None = None, **query: str) -> httpx.Response:
        return self.client.request("DELETE", self.path(plural, name), json=body, params=query)

    def until(self, test: Callable[[], bool], tries: int = 400) -> None:
        assert any(test() for _ in range(tries)), "it never came to what the test waits for"

    @contextmanager
    def watch(self, plural: str, **query: str | int) -> Iterator[Iterator[dict[str, Any]]]:
        asked = {"watch": "1", "timeoutSeconds": "20", **query}
        with self.client.stream("GET", self.path(plural), params=asked) as stream:
            assert stream.status_code == 200, stream.read()
            yield (json.loads(line) for line in stream.iter_lines() if line)


@pytest.fixture
def api(place: Place) -> Api:
    return Api(place)


def names(listing: dict[str, Any]) -> list[str]:
    """Without what real clusters put into every namespace."""
    return [i["metadata"]["name"] for i in listing["items"] if i["metadata"]["name"] != "kube-root-ca.crt"]


def causes(answer: httpx.Response) -> dict[str, str]:
    return {cause["field"]: cause["message"] for cause in answer.json()["details"]["causes"]}


# discovery


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


# creating and reading


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


# lists


def test_lists_select_by_labels_and_fields(api: Api) -> None:
    for name, labels in (("a", {"tier": "x"}), ("b", {"tier": "y", "odd": "1"}), ("c", {})):
        api.made("configmaps", config_map(name, labels))

    def chosen(**query: str) -> list[str]:
        return names(api.list("configmaps", **query))

    assert chosen(labelSelector="tier=x") == ["a"]
    assert chosen(labelSelector="tier!=x") == ["b", "c"]
    assert chosen(labelSelector="tier in (x, y)") == ["a", "b"]
    assert chosen(labelSelector="tier notin (x),odd") == ["b"]
    assert chosen(labelSelector="!tier") == ["c"]
    assert chosen(fieldSelector="metadata.name=b") == ["b"]
    assert chosen(fieldSelector="metadata.name!=b,metadata.name!=c") == ["a"]


def test_items_of_a_list_carry_no_type(api: Api) -> None:
    api.made("configmaps", config_map("one"))
    listing = api.list("configmaps")
    assert listing["kind"] == "ConfigMapList"
    assert not any("kind" in item or "apiVersion" in item for item in listing["items"])


def test_pages_are_of_one_version(api: Api) -> None:
    for number in range(5):
        api.made("configmaps", config_map(f"m{number}"))
    first = api.list("configmaps", limit=2)
    assert len(first["items"]) == 2
    assert first["metadata"]["remainingItemCount"] >= 3
    api.made("configmaps", config_map("m9-late"))
    api.delete("configmaps", "m4")
    found, page = names(first), first
    while page["metadata"].get("continue"):
        page = api.list("configmaps", limit=2, **{"continue": page["metadata"]["continue"]})
        found += names(page)
        assert page["metadata"]["resourceVersion"] == first["metadata"]["resourceVersion"]
    assert found == ["m0", "m1", "m2", "m3", "m4"]


def test_a_made_up_continue_token_is_a_bad_request(api: Api) -> None:
    answer = api.client.get(api.path("configmaps"), params={"limit": 1, "continue": "abc"})
    assert answer.status_code == 400


def test_a_version_of_the_future_is_too_large(api: Api) -> None:
    answer = api.client.get(api.path("configmaps"), params={"resourceVersion": "99999999"})
    assert answer.status_code == 504
    assert answer.json()["reason"] == "Timeout"
    assert answer.json()["details"]["causes"][0]["reason"] == "ResourceVersionTooLarge"


def test_an_exact_version_lists_the_past(api: Api) -> None:
    rv = api.made("configmaps", config_map("one"))["metadata"]["resourceVersion"]
    api.made("configmaps", config_map("two"))
    assert names(api.list("configmaps", resourceVersion=rv, resourceVersionMatch="Exact")) == ["one"]
    assert set(names(api.list("configmaps", resourceVersion=rv, resourceVersionMatch="NotOlderThan"))) >= {"one"}


# watches


def test_a_watch_tells_every_write_after_its_version(api: Api) -> None:
    start = api.list("configmaps")["metadata"]["resourceVersion"]
    api.made("configmaps", config_map("one", a="1"))
    api.patch("configmaps", "one", MERGE, {"data": {"a": "2"}})
    last = api.delete("configmaps", "one")
    assert last.status_code == 200
    with api.watch("configmaps", resourceVersion=start, fieldSelector="metadata.name=one") as events:
        seen = [next(events) for _ in range(3)]
    assert [event["type"] for event in seen] == ["ADDED", "MODIFIED", "DELETED"]
    versions = [int(event["object"]["metadata"]["resourceVersion"]) for event in seen]
    assert versions == sorted(set(versions))
    assert seen[2]["object"]["data"] == {"a": "2"}
    assert seen[0]["object"]["kind"] == "ConfigMap"


def test_a_watch_without_a_version_begins_with_what_is_there(api: Api) -> None:
    api.made("configmaps", config_map("one", {"mine": "yes"}))
    with api.watch("configmaps", labelSelector="mine") as events:
        assert next(events)["type"] == "ADDED"
        api.made("configmaps", config_map("two", {"mine": "yes"}))
        second = next(events)
    assert (second["type"], second["object"]["metadata"]["name"]) == ("ADDED", "two")


def test_objects_enter_and_leave_a_selection(api: Api) -> None:
    start = api.list("configmaps")["metadata"]["resourceVersion"]
    api.made("configmaps", config_map("one"))
    api.patch("configmaps", "one", MERGE, {"metadata": {"labels": {"mine": "yes"}}})
    left = api.patch("configmaps", "one", MERGE, {"metadata": {"labels": {"mine": "no"}}}).json()
    with api.watch("configmaps", resourceVersion=start, labelSelector="mine=yes") as events:
        came, went = next(events), next(events)
    assert (came["type"], went["type"]) == ("ADDED", "DELETED")
    assert went["object"]["metadata"]["labels"] == {"mine": "yes"}
    assert went["object"]["metadata"]["resourceVersion"] == left["metadata"]["resourceVersion"]


def test_a_watch_ends_at_its_timeout_and_can_be_resumed(api: Api) -> None:
    start = api.list("configmaps")["metadata"]["resourceVersion"]
    with api.watch("configmaps", resourceVersion=start, timeoutSeconds=1) as events:
        assert [event for event in events if event["type"] != "BOOKMARK"] == []
    api.made("configmaps", config_map("one"))
    with api.watch("configmaps", resourceVersion=start) as events:
        assert next(events)["object"]["metadata"]["name"] == "one"


def test_a_streamed_list_ends_with_a_marked_bookmark(api: Api) -> None:
    api.made("configmaps", config_map("one", {"mine": "yes"}))
    query = {
        "sendInitialEvents": "true",
        "resourceVersionMatch": "NotOlderThan",
        "allowWatchBookmarks": "true",
        "labelSelector": "mine",
    }
    with api.watch("configmaps", **query) as events:
        first, mark = next(events), next(events)
    assert first["type"] == "ADDED"
    assert mark["type"] == "BOOKMARK"
    assert mark["object"]["kind"] == "ConfigMap"
    assert mark["object"]["metadata"]["annotations"]["k8s.io/initial-events-end"] == "true"


def test_initial_events_need_a_version_match(api: Api) -> None:
    answer = api.client.get(api.path("configmaps"), params={"watch": "1", "sendInitialEvents": "true"})
    assert answer.status_code == 422
    assert "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan" in answer.json()["message"]


# updates


def test_an_update_of_an_old_version_is_a_conflict(api: Api) -> None:
    old = api.made("configmaps", config_map("one"))
    new = api.put("configmaps", {**old, "data": {"a": "1"}})
    assert new.status_code == 200
    answer = api.put("configmaps", {**old, "data": {"a": "2"}})
    assert answer.status_code == 409
    assert answer.json()["reason"] == "Conflict"
    assert answer.json()["message"].endswith(
        "the object has been modified; please apply your changes to the latest version and try again"
    )


def test_a_write_that_changes_nothing_keeps_the_version(api: Api) -> None:
    made = api.made("configmaps", config_map("one", a="1"))
    again = api.put("configmaps", made).json()
    assert again["metadata"]["resourceVersion"] == made["metadata"]["resourceVersion"]


def test_generation_counts_changes_of_the_spec_alone(api: Api) -> None:
    api.made("deployments", deployment("web"))
    labelled = api.patch("deployments", "web", MERGE, {"metadata": {"labels": {"a": "b"}}}).json()
    assert labelled["metadata"]["generation"] == 1
    changed = api.patch("deployments", "web", MERGE, {"spec": {"minReadySeconds": 1}}).json()
    assert changed["metadata"]["generation"] == 2


def test_status_changes_by_its_own_path_alone(api: Api) -> None:
    api.made("ingresses", INGRESS)
    written = api.patch("ingresses", "web", MERGE, {"status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}}})
    assert written.json()["status"].get("loadBalancer", {}).get("ingress", [{}])[0].get("ip") != "192.0.2.1"
    body = {"status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}}, "spec": {"ingressClassName": "other"}}
    answer = api.patch("ingresses", "web", MERGE, body, sub="status")
    assert answer.status_code == 200, answer.text
    assert answer.json()["status"]["loadBalancer"]["ingress"][0]["ip"] == "192.0.2.1"
    assert answer.json()["spec"].get("ingressClassName") == "none-of-ours"
    assert answer.json()["metadata"]["generation"] == 1


INGRESS = {
    "apiVersion": "networking.k8s.io/v1",
    "kind": "Ingress",
    "metadata": {"name": "web"},
    "spec": {
        "ingressClassName": "none-of-ours",
        "defaultBackend": {"service": {"name": "web", "port": {"number": 80}}},
    },
}


def test_scale_is_read_and_written_by_its_own_path(api: Api) -> None:
    api.made("deployments", deployment("web"))

    def written() -> Any:
        scale = api.get("deployments", "web", "scale").json()
        assert (scale["kind"], scale["apiVersion"]) == ("Scale", "autoscaling/v1")
        scale["spec"]["replicas"] = 2
        return api.put("deployments", scale, sub="scale")

    assert api.get("deployments", "web", "scale").json()["spec"].get("replicas", 0) == 0
    # A controller may write in between.
    answer = next(answer for answer in (written() for _ in range(20)) if answer.status_code != 409)
    assert answer.json()["spec"]["replicas"] == 2
    assert api.patch("deployments", "web", MERGE, {"spec": {"replicas": 1}}, sub="scale").status_code == 200
    assert api.get("deployments", "web").json()["spec"]["replicas"] == 1


def test_a_selector_is_for_good(api: Api) -> None:
    api.made("deployments", deployment("web"))
    patch = {"spec": {"selector": {"matchLabels": {"z": "y"}}, "template": {"metadata": {"labels": {"z": "y"}}}}}
    answer = api.patch("deployments", "web", MERGE, patch)
    assert answer.status_code == 422
    assert causes(answer)["spec.selector"].endswith("field is immutable")


# patches


def test_a_json_patch_tests_and_changes(api: Api) -> None:
    api.made("configmaps", config_map("one", a="1"))
    patch = [{"op": "test", "path": "/data/a", "value": "1"}, {"op": "replace", "path": "/data/a", "value": "2"}]
    assert api.patch("configmaps", "one", JSON_PATCH, patch).json()["data"] == {"a": "2"}
    failed = api.patch("configmaps", "one", JSON_PATCH, patch)
    assert failed.status_code == 422
    assert failed.json()["reason"] == "Invalid"
    assert api.get("configmaps", "one").json()["data"] == {"a": "2"}


@pytest.mark.parametrize(
    ("path", "held"), [("/data/odd", True), ("/data/a", False), ("/odd", True), ("/odd/deep", False)]
)
def test_a_json_patch_tests_for_null_what_is_not_there(api: Api, path: str, held: bool) -> None:
    api.made("configmaps", config_map("one", a="1"))
    answer = api.patch("configmaps", "one", JSON_PATCH, [{"op": "test", "path": path, "value": None}])
    assert answer.status_code == (200 if held else 422)


@pytest.mark.parametrize(
    ("patch", "code"),
    [
        ([{"op": "add", "path": "/spec/odd/deep", "value": 1}], 422),
        ([{"op": "remove", "path": "/data/odd"}], 422),
        ({"op": "add"}, 400),
        ("[{", 400),
    ],
)
def test_a_json_patch_that_cannot_be_done(api: Api, patch: Any, code: int) -> None:
    api.made("configmaps", config_map("one", a="1"))
    assert api.patch("configmaps", "one", JSON_PATCH, patch).status_code == code


def test_a_merge_patch_deletes_by_null(api: Api) -> None:
    api.made("configmaps", config_map("one", a="1", b="2"))
    assert api.patch("configmaps", "one", MERGE, {"data": {"a": None, "c": "3"}}).json()["data"] == {"b": "2", "c": "3"}


def test_a_merge_patch_with_an_old_version_is_a_conflict(api: Api) -> None:
    old = api.made("configmaps", config_map("one", a="1"))
    api.patch("configmaps", "one", MERGE, {"data": {"a": "2"}})
    patch = {"metadata": {"resourceVersion": old["metadata"]["resourceVersion"]}, "data": {"a": "3"}}
    answer = api.patch("configmaps", "one", MERGE, patch)
    assert answer.status_code == 409
    assert answer.json()["reason"] == "Conflict"


def test_a_patch_that_breaks_the_object_is_refused(api: Api) -> None:
    api.made("deployments", deployment("web"))
    assert api.patch("deployments", "web", MERGE, {"spec": {"replicas": -1}}).status_code == 422
    assert api.patch("deployments", "web", MERGE, {"metadata": {"name": "other"}}).status_code in (400, 422)


def test_a_strategic_patch_merges_containers_by_name(api: Api) -> None:
    api.made("deployments", deployment("web"))
    side = {"name": "side", "image": "example/side:v1"}
    patch = {"spec": {"template": {"spec": {"containers": [side, {"name": "web", "image": "example/web:v2"}]}}}}
    answer = api.patch("deployments", "web", STRATEGIC, patch)
    assert answer.status_code == 200, answer.text
    containers = {c["name"]: c for c in answer.json()["spec"]["template"]["spec"]["containers"]}
    assert containers["web"]["image"] == "example/web:v2"
    assert containers["web"]["ports"][0]["containerPort"] == 8080
    gone = {"spec": {"template": {"spec": {"containers": [{"name": "side", "$patch": "delete"}]}}}}
    answer = api.patch("deployments", "web", STRATEGIC, gone)
    assert [c["name"] for c in answer.json()["spec"]["template"]["spec"]["containers"]] == ["web"]


def test_a_strategic_patch_drops_keys_it_does_not_retain(api: Api) -> None:
    api.made("deployments", deployment("web"))
    patch = {"spec": {"strategy": {"$retainKeys": ["type"], "type": "Recreate"}}}
    answer = api.patch("deployments", "web", STRATEGIC, patch)
    assert answer.status_code == 200, answer.text
    assert answer.json()["spec"]["strategy"] == {"type": "Recreate"}


def test_a_strategic_patch_orders_as_told(api: Api) -> None:
    body = deployment("web")
    body["spec"]["template"]["spec"]["containers"] += [{"name": "b", "image": "i"}, {"name": "c", "image": "i"}]
    api.made("deployments", body)
    order = [{"name": "c"}, {"name": "web"}, {"name": "b"}]
    patch = {"spec": {"template": {"spec": {"$setElementOrder/containers": order}}}}
    answer = api.patch("deployments", "web", STRATEGIC, patch)
    assert [c["name"] for c in answer.json()["spec"]["template"]["spec"]["containers"]] == ["c", "web", "b"]


@pytest.mark.parametrize("media", ["application/json", "text/plain"])
def test_a_patch_of_no_known_type_is_a_415(api: Api, media: str) -> None:
    api.made("configmaps", config_map("one"))
    answer = api.patch("configmaps", "one", media, {})
    assert answer.status_code == 415
    assert answer.json()["reason"] == "UnsupportedMediaType"


# server-side apply


def applied(name: str, **values: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": values}


def test_apply_creates_merges_and_removes_what_is_no_longer_declared(api: Api) -> None:
    made = api.patch("configmaps", "one", APPLY, applied("one", a="1", b="2"), fieldManager="me")
    assert made.status_code == 201
    api.patch("configmaps", "one", MERGE, {"data": {"theirs": "9"}}, fieldManager="other")
    again = api.patch("configmaps", "one", APPLY, applied("one", a="1"), fieldManager="me")
    assert again.status_code == 200
    assert again.json()["data"] == {"a": "1", "theirs": "9"}
    mine = next(entry for entry in again.json()["metadata"]["managedFields"] if entry["manager"] == "me")
    assert mine["operation"] == "Apply"
    assert mine["fieldsV1"] == {"f:data": {"f:a": {}}}


def test_apply_refuses_what_others_own_unless_forced(api: Api) -> None:
    api.patch("configmaps", "one", APPLY, applied("one", a="1"), fieldManager="me")
    answer = api.patch("configmaps", "one", APPLY, applied("one", a="2"), fieldManager="other")
    assert answer.status_code == 409
    assert answer.json()["message"] == 'Apply failed with 1 conflict: conflict with "me": .data.a'
    cause = {"reason": "FieldManagerConflict", "message": 'conflict with "me"', "field": ".data.a"}
    assert answer.json()["details"]["causes"] == [cause]
    forced = api.patch("configmaps", "one", APPLY, applied("one", a="2"), fieldManager="other", force="true")
    assert forced.json()["data"] == {"a": "2"}
    managers = [entry["manager"] for entry in forced.json()["metadata"]["managedFields"]]
    assert managers == ["other"]


def test_two_managers_may_declare_the_same_value(api: Api) -> None:
    api.patch("configmaps", "one", APPLY, applied("one", a="1"), fieldManager="me")
    both = api.patch("configmaps", "one", APPLY, applied("one", a="1"), fieldManager="other")
    assert both.status_code == 200
    mine = api.patch("configmaps", "one", APPLY, applied("one"), fieldManager="me")
    assert mine.json()["data"] == {"a": "1"}


def test_apply_merges_containers_by_name(api: Api) -> None:
    api.patch("deployments", "web", APPLY, deployment("web"), fieldManager="me")
    image = deployment("web")
    del image["spec"]["replicas"]
    image["spec"]["template"]["spec"]["containers"] = [{"name": "web", "image": "example/web:v2"}]
    answer = api.patch("deployments", "web", APPLY, image, fieldManager="other")
    assert answer.status_code == 409
    assert '.spec.template.spec.containers[name="web"].image' in answer.json()["message"]
    answer = api.patch("deployments", "web", APPLY, image, fieldManager="other", force="true")
    container = answer.json()["spec"]["template"]["spec"]["containers"][0]
    assert container["image"] == "example/web:v2"
    assert container["ports"][0]["containerPort"] == 8080


def test_apply_needs_a_manager(api: Api) -> None:
    answer = api.patch("configmaps", "one", APPLY, applied("one"))
    assert answer.status_code == 422
    assert causes(answer) == {"fieldManager": "Required value: is required for apply patch"}


# dry runs


def test_a_dry_run_answers_and_stores_nothing(api: Api) -> None:
    assert api.create("configmaps", config_map("one"), dryRun="All").status_code == 201
    assert api.get("configmaps", "one").status_code == 404
    made = api.made("configmaps", config_map("two", a="1"))
    tried = api.patch("configmaps", "two", MERGE, {"data": {"a": "2"}}, dryRun="All")
    assert tried.json()["data"] == {"a": "2"}
    assert api.delete("configmaps", "two", dryRun="All").status_code == 200
    assert api.put("configmaps", {**made, "data": {"a": "3"}}, dryRun="All").json()["data"] == {"a": "3"}
    assert api.get("configmaps", "two").json() == made


def test_a_dry_run_finds_what_the_write_would_meet(api: Api) -> None:
    api.made("configmaps", config_map("one"))
    assert api.create("configmaps", config_map("one"), dryRun="All").status_code == 409
    assert api.create("services", service("x", ports=[]), dryRun="All").status_code == 422
    assert api.create("configmaps", config_map("two"), dryRun="Odd").status_code == 422


# deletion


def test_a_delete_of_another_version_or_uid_is_a_conflict(api: Api) -> None:
    made = api.made("configmaps", config_map("one"))
    wrong = {"preconditions": {"uid": "00000000-0000-0000-0000-000000000000"}}
    assert api.delete("configmaps", "one", wrong).status_code == 409
    assert api.delete("configmaps", "one", {"preconditions": {"resourceVersion": "1"}}).status_code == 409
    right = {"preconditions": {"uid": made["metadata"]["uid"]}}
    answer = api.delete("configmaps", "one", right)
    assert answer.json()["status"] == "Success"
    assert answer.json()["details"]["uid"] == made["metadata"]["uid"]


def test_a_finalizer_holds_an_object_until_it_is_taken_off(api: Api) -> None:
    body = config_map("one")
    body["metadata"]["finalizers"] = ["example.com/hold"]
    api.made("configmaps", body)
    assert api.delete("configmaps", "one").status_code == 200
    assert api.get("configmaps", "one").json()["metadata"]["deletionTimestamp"]
    assert api.patch("configmaps", "one", MERGE, {"metadata": {"finalizers": None}}).status_code == 200
    assert api.get("configmaps", "one").status_code == 404


def test_deletecollection_deletes_what_is_selected(api: Api) -> None:
    api.made("configmaps", config_map("one", {"mine": "yes"}))
    api.made("configmaps", config_map("two"))
    answer = api.delete("configmaps", labelSelector="mine=yes")
    assert answer.status_code == 200
    assert names(api.list("configmaps")) == ["two"]


def owned(owner: dict[str, Any], name: str) -> dict[str, Any]:
    body = config_map(name)
    reference = {"apiVersion": "v1", "kind": "ConfigMap", "name": owner["metadata"]["name"]}
    body["metadata"]["ownerReferences"] = [
        {**reference, "uid": owner["metadata"]["uid"], "controller": True, "blockOwnerDeletion": True}
    ]
    return body


@pytest.mark.parametrize("propagation", ["Background", "Foreground"])
def test_what_an_object_owns_goes_with_it(api: Api, propagation: str) -> None:
    owner = api.made("configmaps", config_map("owner"))
    api.made("configmaps", owned(owner, "owned"))
    assert api.delete("configmaps", "owner", propagationPolicy=propagation).status_code == 200
    api.until(lambda: names(api.list("configmaps")) == [])


def test_orphans_stay_and_forget_their_owner(api: Api) -> None:
    owner = api.made("configmaps", config_map("owner"))
    api.made("configmaps", owned(owner, "owned"))
    api.delete("configmaps", "owner", {"propagationPolicy": "Orphan"})
    api.until(lambda: names(api.list("configmaps")) == ["owned"])
    assert "ownerReferences" not in api.get("configmaps", "owned").json()["metadata"]


def test_a_namespace_goes_with_its_content(api: Api) -> None:
    api.made("configmaps", config_map("one"))
    start = api.client.get(f"/api/v1/namespaces/{api.namespace}").json()
    assert start["status"]["phase"] == "Active"
    assert start["metadata"]["labels"]["kubernetes.io/metadata.name"] == api.namespace
    answer = api.client.delete(f"/api/v1/namespaces/{api.namespace}")
    assert answer.status_code == 200
    refused = api.create("configmaps", config_map("late"))
    assert refused.status_code in (403, 404)
    api.place.until("Namespace", lambda items: api.namespace not in {i["metadata"]["name"] for i in items})


# access


def test_reviews_tell_what_the_caller_may(api: Api) -> None:
    attributes = {"verb": "delete", "resource": "deployments", "group": "apps", "namespace": api.namespace}
    body = {"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview"}
    path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
    answer = api.client.post(path, json={**body, "spec": {"resourceAttributes": attributes}})
    assert answer.status_code == 201
    assert answer.json()["status"]["allowed"] is True
    rules = api.client.post(
        "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews", json={"spec": {"namespace": api.namespace}}
    )
    assert any("*" in rule["verbs"] for rule in rules.json()["status"]["resourceRules"])


# tables


@pytest.mark.parametrize(
    ("plural", "columns"),
    [
        ("pods", "Name Ready Status Restarts Age IP Node"),
        ("deployments", "Name Ready Up-to-date Available Age Containers Images Selector"),
        ("replicasets", "Name Desired Current Ready Age Containers Images Selector"),
        ("services", "Name Type Cluster-IP External-IP Port(s) Age Selector"),
        ("ingresses", "Name Class Hosts Address Ports Age"),
        ("configmaps", "Name Data Age"),
        ("events", "Last-Seen Type Reason Object"),
        ("secrets", "Name Type Data Age"),
    ],
)
def test_tables_have_the_columns_kubectl_prints(api: Api, plural: str, columns: str) -> None:
    accept = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"
    table = api.client.get(api.path(plural), headers={"Accept": accept}).json()
    assert (table["kind"], table["apiVersion"]) == ("Table", "meta.k8s.io/v1")
    found = [column["name"].replace(" ", "-") for column in table["columnDefinitions"]]
    assert found[: len(columns.split())] == columns.split()


def test_rows_of_a_table_carry_the_metadata(api: Api) -> None:
    api.made("services", service("web"))
    accept = "application/json;as=Table;v=v1;g=meta.k8s.io"
    (row,) = api.client.get(api.path("services"), headers={"Accept": accept}).json()["rows"]
    assert row["object"]["kind"] == "PartialObjectMetadata"
    assert row["object"]["metadata"]["name"] == "web"
    assert row["cells"][:2] == ["web", "ClusterIP"]
    assert row["cells"][4] == "80/TCP"


def test_a_table_is_watched_row_by_row(api: Api) -> None:
    api.made("configmaps", config_map("one", {"mine": "yes"}, a="1", b="2"))
    accept = "application/json;as=Table;v=v1;g=meta.k8s.io"
    query = {"watch": "1", "timeoutSeconds": "20", "labelSelector": "mine"}
    with api.client.stream("GET", api.path("configmaps"), params=query, headers={"Accept": accept}) as stream:
        lines = stream.iter_lines()
        first = json.loads(next(lines))["object"]
        api.patch("configmaps", "one", MERGE, {"data": {"c": "3"}})
        second = json.loads(next(lines))["object"]
    assert [column["name"] for column in first["columnDefinitions"]] == ["Name", "Data", "Age"]
    assert first["rows"][0]["cells"][1] == 2
    assert second["rows"][0]["cells"][1] == 3
    assert not second["columnDefinitions"]


def test_watchers_all_see_one_order(api: Api) -> None:
    start = api.list("configmaps")["metadata"]["resourceVersion"]
    seen: dict[int, list[str]] = {}

    def follow(number: int) -> None:
        with api.watch("configmaps", resourceVersion=start) as events:
            wanted = (e["object"]["metadata"]["name"] for e in events if e["object"]["metadata"]["name"][0] == "m")
            seen[number] = [next(wanted) for _ in range(20)]

    threads = [threading.Thread(target=follow, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for number in range(20):
        api.made("configmaps", config_map(f"m{number}"))
    for thread in threads:
        thread.join(timeout=30)
    in_order = [f"m{number}" for number in range(20)]
    assert list(seen.values()) == [in_order] * 3
