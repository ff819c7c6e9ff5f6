"""Decoding: whatever the bytes, one bad object costs nothing but itself."""

from __future__ import annotations

import contextlib
import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.kube.decode import Bookmark, Decoder, Deleted, Put, Undecodable, Unreadable, WatchFailed
from cockpit.model.kinds import STRUCTS
from cockpit.model.objects import Obj, Pod, Service

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=10,
)
FIELDS = st.sampled_from(
    ("metadata", "spec", "status", "name", "namespace", "labels", "selector", "ports", "items", "rules")
)
OBJECTS = st.recursive(JSON, lambda inner: st.dictionaries(FIELDS, inner, max_size=5), max_leaves=12)


@given(st.sampled_from(sorted(STRUCTS.values(), key=lambda kind: kind.__name__)), st.lists(OBJECTS, max_size=4))
def test_good_objects_survive_any_company(kind: type[Obj], odd: list[object]) -> None:
    good = {"metadata": {"name": "good", "namespace": "n", "resourceVersion": "1"}}
    page = Decoder(kind).page(json.dumps({"metadata": {"resourceVersion": "5"}, "items": [good, *odd, good]}).encode())
    assert len(page.objects) + len(page.unreadable) == len(odd) + 2
    assert page.objects[0].metadata.name == "good"
    assert page.objects[-1].metadata.name == "good"
    assert page.version == "5"
    assert all(unreadable.why.isprintable() for unreadable in page.unreadable)


@given(st.binary(max_size=200) | OBJECTS.map(lambda value: json.dumps(value).encode()))
def test_any_bytes_are_an_event_or_undecodable(line: bytes) -> None:
    decoder = Decoder(Service)
    with contextlib.suppress(Undecodable):
        assert isinstance(decoder.event(line), Put | Deleted | Bookmark | WatchFailed | Unreadable)
    with contextlib.suppress(Undecodable):
        decoder.page(line)


@given(st.sampled_from(("ADDED", "MODIFIED", "DELETED", "BOOKMARK", "ERROR", "NEW")), OBJECTS)
def test_any_object_in_an_event(kind: type[Obj], obj: object) -> None:
    with contextlib.suppress(Undecodable):
        event = Decoder(Pod).event(json.dumps({"type": kind, "object": obj}).encode())
        assert isinstance(event, Put | Deleted | Bookmark | WatchFailed | Unreadable)


def test_endless_nesting_is_undecodable() -> None:
    with pytest.raises(Undecodable):
        Decoder(Pod).page(b'{"items":' + b"[" * 100_000)


def test_null_items_are_none() -> None:
    page = Decoder(Pod).page(b'{"kind":"PodList","metadata":{"resourceVersion":"3"},"items":null}')
    assert page.objects == []
    assert page.token == ""


def test_bookmark_is_its_version() -> None:
    decoder = Decoder(Pod)
    plain = b'{"type":"BOOKMARK","object":{"kind":"Pod","metadata":{"resourceVersion":"7","creationTimestamp":null}}}'
    assert decoder.event(plain) == Bookmark("7")


def test_error_keeps_the_status() -> None:
    event = Decoder(Pod).event(b'{"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired"}}')
    assert isinstance(event, WatchFailed)
    assert event.code == 410
    assert msgspec.json.decode(event.status)["reason"] == "Expired"


def test_deleted_object_that_does_not_fit_is_deleted_all_the_same() -> None:
    line = b'{"type":"DELETED","object":{"metadata":{"name":"a","namespace":"n","resourceVersion":"9"},"spec":3}}'
    assert Decoder(Pod).event(line) == Deleted("n", "a", "9")


def test_an_object_without_a_name_says_so() -> None:
    event = Decoder(Pod).event(b'{"type":"ADDED","object":{"spec":{}}}')
    assert isinstance(event, Unreadable)
    assert "without a name" in event.why
