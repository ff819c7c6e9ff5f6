"""The storage and its rules, without HTTP."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.demo.api.selectors import label_selector
from cockpit.demo.api.tables.cells import human_duration
from cockpit.demo.clock import DemoClock
from cockpit.demo.errors import ApiError, BadRequest, Conflict, Expired, NotFound
from cockpit.demo.patches import fields
from cockpit.demo.patches.patching import JSON_PATCH, MERGE_PATCH, STRATEGIC_PATCH, merged, patched
from cockpit.demo.schemas import schema
from cockpit.demo.schemas.kinds import CONFIGMAPS, DEPLOYMENTS, PODS
from cockpit.demo.schemas.objects import copied
from cockpit.demo.store.history import Event
from cockpit.demo.store.storage import Storage, ensure_namespace


def config(name: str, **values: str) -> dict[str, Any]:
    return {"metadata": {"name": name, "namespace": "default"}, "data": values}


def test_what_is_handed_out_is_a_copy(storage: Storage) -> None:
    given_in = config("one", a="1")
    made = storage.create(CONFIGMAPS, given_in)
    given_in["data"]["a"] = made["data"]["a"] = "other"
    storage.get(CONFIGMAPS, "default", "one")["data"]["a"] = "other"
    storage.list(CONFIGMAPS)[0]["data"]["a"] = "other"
    assert storage.get(CONFIGMAPS, "default", "one")["data"] == {"a": "1"}


def test_listeners_hear_every_write_in_one_order_even_when_they_write(storage: Storage) -> None:
    heard: list[int] = []

    def answer(event: Event) -> None:
        if event.obj["metadata"]["name"] == "one":
            storage.create(CONFIGMAPS, config("two"))

    storage.subscribe(answer)
    storage.subscribe(lambda event: heard.append(event.rv))
    storage.create(CONFIGMAPS, config("one"))
    assert heard == sorted(heard)
    assert len(heard) == 2


def test_the_past_can_be_listed_until_it_is_compacted(storage: Storage) -> None:
    storage.create(CONFIGMAPS, config("one", a="1"))
    then = storage.revision
    changed = storage.get(CONFIGMAPS, "default", "one")
    changed["data"] = {"a": "2"}
    storage.update(CONFIGMAPS, changed)
    storage.create(CONFIGMAPS, config("two"))
    storage.delete(CONFIGMAPS, "default", "one")
    assert [record.obj["data"] for record in storage.snapshot(CONFIGMAPS, then)] == [{"a": "1"}]
    storage.compact()
    with pytest.raises(Expired):
        storage.snapshot(CONFIGMAPS, then)


def test_the_history_forgets_by_itself_before_it_grows_without_bound(storage: Storage) -> None:
    storage.history._keep = 10
    first = storage.revision
    for number in range(30):
        storage.create(CONFIGMAPS, config(f"m{number}"))
    assert storage.history.compacted > first
    assert len(storage.history.since(CONFIGMAPS, storage.history.compacted)) <= 10


def test_a_pod_on_a_node_goes_when_its_kubelet_says_so(storage: Storage) -> None:
    spec = {"nodeName": "n", "containers": [{"name": "c", "image": "i"}]}
    storage.create(PODS, {"metadata": {"name": "p", "namespace": "default"}, "spec": spec})
    storage.delete(PODS, "default", "p")
    assert storage.get(PODS, "default", "p")["metadata"]["deletionGracePeriodSeconds"] == 30
    storage.delete(PODS, "default", "p", grace=0)
    with pytest.raises(NotFound):
        storage.get(PODS, "default", "p")


def test_an_old_version_is_a_conflict_and_none_is_not(storage: Storage) -> None:
    old = storage.create(CONFIGMAPS, config("one"))
    storage.update(CONFIGMAPS, {**old, "data": {"a": "1"}})
    with pytest.raises(Conflict):
        storage.update(CONFIGMAPS, {**old, "data": {"a": "2"}})
    storage.update(CONFIGMAPS, config("one", a="3"))


WORDS = st.text("abc", min_size=1, max_size=3)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=12,
)
MAPS = st.dictionaries(WORDS, JSON, max_size=4)


@given(MAPS, MAPS)
def test_a_merge_patch_leaves_its_target_alone_and_is_stable(target: dict[str, Any], patch: dict[str, Any]) -> None:
    before = copied(target)
    once = merged(copied(target), patch)
    assert target == before
    assert merged(copied(once), patch) == once


def members(tree: fields.FieldSet) -> set[fields.Path]:
    """The paths of a set; an inner node's own membership counts as the node."""
    return {path[:-1] if path[-1] == fields.SELF else path for path in fields.leaves(tree)}


@given(MAPS, MAPS)
def test_sets_of_fields_are_sets(one: dict[str, Any], other: dict[str, Any]) -> None:
    mine, theirs = fields.of(one, None), fields.of(other, None)
    assert members(fields.union(mine, theirs)) == members(mine) | members(theirs)
    assert members(fields.intersection(mine, theirs)) == members(mine) & members(theirs)
    assert members(fields.difference(mine, theirs)) == members(mine) - members(theirs)


@given(
    st.sampled_from([JSON_PATCH, MERGE_PATCH, STRATEGIC_PATCH]), st.binary(max_size=40) | JSON.map(repr).map(str.encode)
)
def test_any_patch_is_applied_or_refused_with_a_status(media: str, body: bytes) -> None:
    clock = DemoClock()
    clock.hold()
    storage = Storage(clock)
    ensure_namespace(storage, "default")
    container = {"name": "c", "image": "i"}
    spec = {
        "selector": {"matchLabels": {"a": "b"}},
        "template": {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [container]}},
    }
    current = storage.create(DEPLOYMENTS, {"metadata": {"name": "w", "namespace": "default"}, "spec": spec})
    with contextlib.suppress(ApiError):
        new = patched(DEPLOYMENTS, media, current, body, schema.root("apps/v1", "Deployment"))
        assert isinstance(new["metadata"], dict)


@given(st.text(max_size=30))
def test_any_label_selector_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(BadRequest):
        test = label_selector(text)
        assert test is None or test({}) in (True, False)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0s"),
        (119, "119s"),
        (120, "2m"),
        (150, "2m30s"),
        (3600, "60m"),
        (10800, "3h"),
        (100000, "27h"),
        (200000, "2d7h"),
    ],
)
def test_ages(seconds: int, text: str) -> None:
    assert human_duration(seconds) == text
