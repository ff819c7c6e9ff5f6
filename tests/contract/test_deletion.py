"""Deletion: preconditions, finalizers, collections, what an object owns, what a dry run leaves alone."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.api import MERGE, Api, config_map, names
from tests.places import Place


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


SERVICE = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "kept"},
    "spec": {"selector": {"app": "kept"}, "ports": [{"port": 80}]},
}


def test_dry_run_in_the_body_deletes_nothing(place: Place) -> None:
    place.apply(SERVICE)
    answer = place.client.request("DELETE", place.path("Service", "kept"), json={"dryRun": ["All"]})
    assert answer.status_code == 200
    assert place.get("Service", "kept")


def test_dry_run_in_the_query_deletes_nothing_without_a_body(place: Place) -> None:
    place.apply(SERVICE)
    answer = place.client.delete(place.path("Service", "kept"), params={"dryRun": "All"})
    assert answer.status_code == 200
    assert place.get("Service", "kept")


def test_dry_run_in_the_query_beside_a_body_is_not_heard(place: Place) -> None:
    place.apply(SERVICE)
    body = {"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": "Background"}
    answer = place.client.request("DELETE", place.path("Service", "kept"), params={"dryRun": "All"}, json=body)
    assert answer.status_code == 200
    assert place.get("Service", "kept") is None


def test_another_uid_is_not_deleted(place: Place) -> None:
    place.apply(SERVICE)
    body = {"preconditions": {"uid": "00000000-0000-0000-0000-000000000000"}}
    answer = place.client.request("DELETE", place.path("Service", "kept"), json=body)
    assert answer.status_code == 409
    assert place.get("Service", "kept")
