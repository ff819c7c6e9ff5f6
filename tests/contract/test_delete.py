"""Deleting: what a dry run leaves alone, and what a precondition protects."""

from __future__ import annotations

from tests.places import Place

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
