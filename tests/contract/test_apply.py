"""Server-side apply."""

from __future__ import annotations

from typing import Any

from tests.contract.api import APPLY, MERGE, Api, causes, deployment


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
