"""Events: by whom they can be selected, what may change of them, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.api import MERGE, Api

NEW = "/apis/events.k8s.io/v1"


def event(api: Api, name: str, **fields: Any) -> dict[str, Any]:
    base = {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": name},
        "involvedObject": {"kind": "Service", "namespace": api.namespace, "name": "web"},
        "reason": "CockpitFlip",
        "action": "Flip",
        "message": "ann: flip v2; sent",
        "type": "Normal",
        "eventTime": "2026-01-01T00:00:00.250000Z",
        "source": {"component": "rollout-cockpit"},
        "reportingComponent": "rollout-cockpit",
        "reportingInstance": "cockpit-1",
    }
    return {**base, **fields}


def names(api: Api, selector: str) -> list[str]:
    items = api.list("events", fieldSelector=selector)["items"]
    return sorted(item["metadata"]["name"] for item in items)


def test_events_are_selected_by_source_object_and_reason(api: Api) -> None:
    api.made("events", event(api, "ours"))
    api.made("events", event(api, "theirs", source={"component": "kubelet"}, reportingComponent="kubelet"))
    api.made("events", event(api, "new-form", source={}))
    assert names(api, "source=rollout-cockpit") == ["new-form", "ours"]
    assert names(api, "source!=rollout-cockpit,involvedObject.name=web") == ["theirs"]
    assert names(api, "reportingComponent=kubelet") == ["theirs"]
    assert names(api, "involvedObject.kind=Service,involvedObject.name=web,reason=CockpitFlip") == [
        *("new-form", "ours", "theirs")
    ]
    assert names(api, "involvedObject.uid=none") == []


def test_the_message_of_a_core_event_may_change(api: Api) -> None:
    made = api.made("events", event(api, "ours"))
    patch = {"metadata": {"resourceVersion": made["metadata"]["resourceVersion"]}, "message": "ann: flip v2; verified"}
    assert api.patch("events", "ours", MERGE, patch).json()["message"] == "ann: flip v2; verified"
    assert api.patch("events", "ours", MERGE, patch).status_code == 409


def test_a_series_counts_on(api: Api) -> None:
    api.made("events", event(api, "ours"))
    series = {"count": 2, "lastObservedTime": "2026-01-01T00:01:00.000000Z"}
    path = f"{NEW}/namespaces/{api.namespace}/events/ours"
    answer = api.client.patch(path, json={"series": series}, headers={"Content-Type": MERGE})
    assert answer.status_code == 200, answer.text
    assert api.get("events", "ours").json()["series"]["count"] == 2
    assert api.client.get(path).json()["regarding"]["name"] == "web"


@pytest.mark.parametrize(
    "wrong",
    [
        {"message": "x" * 1025},
        {"reason": "x" * 129},
        {"action": ""},
        {"reportingInstance": ""},
        {"reportingComponent": ""},
        {"eventTime": None, "involvedObject": {"kind": "Service", "namespace": "elsewhere", "name": "web"}},
        {"involvedObject": {"kind": "Node", "name": "web"}},
    ],
)
def test_what_is_too_long_or_missing_is_refused(api: Api, wrong: dict[str, Any]) -> None:
    answer = api.create("events", event(api, "wrong", **wrong))
    assert (answer.status_code, answer.json()["reason"]) == (422, "Invalid"), answer.text
