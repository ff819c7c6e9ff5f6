"""The requests that people's tools send to Rollouts, on the embedded cluster and on a real one alike."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from tests.places import Place
from tests.stories.argo import HASH, PAUSE, ROLLOUTS, approve, begin, healthy, paused_at, rollout, set_image, weight
from tests.stories.hands import PlaceHand
from tests.stories.story import status

TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"


@pytest.fixture
def hand(place: Place) -> PlaceHand:
    """Somebody's hand on a Rollout of three pods that pauses at a third and at two thirds."""
    hand = PlaceHand(place)
    begin(hand, rollout(replicas=3, canary={"steps": [weight(34), PAUSE, weight(67), PAUSE]}))
    return hand


def send(place: Place, verb: str, body: Any, media: str, subresource: str = "") -> httpx.Response:
    path = place.path(ROLLOUTS, f"web/{subresource}" if subresource else "web")
    return place.client.request(verb, path, content=json.dumps(body), headers={"Content-Type": media})


def test_set_image_by_put_abort_undo_by_json_patch(place: Place, hand: PlaceHand) -> None:
    read = hand.get(ROLLOUTS, "web")
    read["spec"]["template"]["spec"]["containers"][0]["image"] = "example/web:v2"
    assert send(place, "PUT", read, "application/json").status_code == 200
    assert send(place, "PUT", read, "application/json").status_code == 409
    hand.until(ROLLOUTS, "web", paused_at(1))
    hand.merge(ROLLOUTS, "web", {"status": {"abort": True}}, "status")
    hand.until(ROLLOUTS, "web", lambda obj: status(obj).get("phase") == "Degraded" and "abortedAt" in status(obj))
    items = place.client.get(place.path("ReplicaSet")).json()["items"]
    (old,) = [rs for rs in items if rs["metadata"]["annotations"]["rollout.argoproj.io/revision"] == "1"]
    template = old["spec"]["template"]
    template["metadata"]["labels"].pop(HASH)
    hand.edit(ROLLOUTS, "web", {"op": "replace", "path": "/spec/template", "value": template})
    hand.until(ROLLOUTS, "web", healthy)
    assert hand.get(ROLLOUTS, "web")["metadata"]["annotations"]["rollout.argoproj.io/revision"] == "3"


def test_an_approval_that_names_what_it_saw_is_taken_once(place: Place, hand: PlaceHand) -> None:
    set_image(hand, "v2")
    hand.until(ROLLOUTS, "web", paused_at(1))
    seen = hand.get(ROLLOUTS, "web")["status"]
    guarded = [
        {"op": "test", "path": "/status/currentStepIndex", "value": 1},
        {"op": "test", "path": "/status/pauseConditions", "value": seen["pauseConditions"]},
        {"op": "remove", "path": "/status/pauseConditions"},
    ]
    answers = [send(place, "PATCH", guarded, "application/json-patch+json", "status").status_code for _ in range(2)]
    assert answers[0] == 200
    assert answers[1] in (409, 422)
    hand.until(ROLLOUTS, "web", paused_at(3))


def test_a_status_does_not_come_through_the_rollout_nor_a_spec_through_its_status(
    place: Place, hand: PlaceHand
) -> None:
    hand.merge(ROLLOUTS, "web", {"status": {"abort": True}})
    hand.merge(ROLLOUTS, "web", {"spec": {"paused": True}}, "status")
    found = hand.get(ROLLOUTS, "web")
    assert "abort" not in found["status"]
    assert "paused" not in found["spec"]


def test_the_scale_is_read_and_written(place: Place, hand: PlaceHand) -> None:
    set_image(hand, "v2")
    hand.until(ROLLOUTS, "web", paused_at(1))
    scale = place.client.get(place.path(ROLLOUTS, "web/scale")).json()
    assert (scale["kind"], scale["spec"], scale["status"]) == (
        "Scale",
        {"replicas": 3},
        {"replicas": 3, "selector": "app=web"},
    )
    patched = send(place, "PATCH", {"spec": {"replicas": 6}}, "application/merge-patch+json", "scale")
    assert patched.json()["spec"] == {"replicas": 6}
    hand.until(ROLLOUTS, "web", lambda obj: status(obj).get("availableReplicas") == 6)
    assert status(hand.get(ROLLOUTS, "web"))["updatedReplicas"] == 2
    approve(hand)
    hand.until(ROLLOUTS, "web", paused_at(3))
    assert status(hand.get(ROLLOUTS, "web"))["updatedReplicas"] == 4


def test_the_table_has_the_columns_of_the_crd(place: Place, hand: PlaceHand) -> None:
    table = place.client.get(place.path(ROLLOUTS), headers={"Accept": TABLE}).json()
    assert [column["name"] for column in table["columnDefinitions"]] == [
        "Name",
        "Desired",
        "Current",
        "Up-to-date",
        "Available",
        "Age",
    ]
    assert table["rows"][0]["cells"][:-1] == ["web", 3, 3, 3, 3]


@pytest.mark.parametrize(
    ("body", "subresource", "text"),
    [
        ({"spec": {"replicas": "3"}}, "", 'spec.replicas in body must be of type integer: "string"'),
        ({"status": {"abort": 1}}, "status", 'abort in body must be of type boolean: "integer"'),
        ({"status": {"pauseConditions": [{"reason": "X"}]}}, "status", "status.pauseConditions[0].startTime"),
    ],
)
def test_other_types_are_refused(place: Place, hand: PlaceHand, body: Any, subresource: str, text: str) -> None:
    answer = send(place, "PATCH", body, "application/merge-patch+json", subresource)
    assert answer.status_code == 422
    assert text in answer.json()["message"]


def test_there_is_no_strategic_patch_of_a_custom_resource(place: Place, hand: PlaceHand) -> None:
    answer = send(place, "PATCH", {"spec": {"paused": True}}, "application/strategic-merge-patch+json")
    assert answer.status_code == 415
