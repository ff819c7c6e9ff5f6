"""JSON, merge and strategic patches."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.api import JSON_PATCH, MERGE, STRATEGIC, Api, config_map, deployment


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
