"""Watches: what they tell, in which order, and how they end."""

from __future__ import annotations

import threading

from tests.contract.api import MERGE, Api, config_map


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
