"""Objects as texts: what is recorded of one is what may be recorded of it, whatever changes and in whatever order."""

from __future__ import annotations

import json
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from cockpit.model.redact import LOOKED_AT
from cockpit.record.delta import applied, text_difference
from cockpit.record.redaction import may_hide, redacted_object
from cockpit.record.versions import (
    NOTHING_HIDDEN,
    REDACTING,
    Cleaning,
    Version,
    fields_of,
    next_version,
    object_of,
    sent_of,
)

names = st.sampled_from(
    ["a", "b", "name", "labels", "path", "value", "op", "set", "annotations", "clientSecret", *sorted(LOOKED_AT)]
)
scalars = st.none() | st.booleans() | st.integers(-9, 9) | st.sampled_from(["", "x", 'a"b', "a,b", "/spec/env", "ü"])
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=4),
    max_leaves=12,
)
metadata = st.dictionaries(st.sampled_from(["uid", "managedFields", "labels", "annotations", "op"]), values, max_size=4)
objects = st.fixed_dictionaries(
    {},
    optional={
        "kind": st.just("Pod"),
        "metadata": metadata | values,
        "spec": values,
        "status": st.dictionaries(names, values, max_size=5) | values,
        "data": values,
    },
)


def played(bodies: list[dict[str, Any]], cleaning: Cleaning, spaced: bool = False) -> list[Any]:
    """What a record holds of these versions of an object, one after the other, as it comes back from a file."""
    version: Version | None = None
    held: Any = None
    seen = []
    for body in bodies:
        text = json.dumps(body, separators=None if spaced else (",", ":"), ensure_ascii=False).encode()
        version, patch = next_version(version, sent_of(fields_of(text)), cleaning)
        if patch:
            held = applied(held, msgspec.msgpack.decode(msgspec.msgpack.encode(patch)))
        seen.append(object_of(held))
    return seen


def exactly(value: Any) -> str:
    """The order of fields counts as well."""
    return json.dumps(value)


@given(st.lists(objects, min_size=1, max_size=5), st.booleans())
def test_every_version_is_what_may_be_recorded_of_it(bodies: list[dict[str, Any]], spaced: bool) -> None:
    seen = played(bodies, REDACTING, spaced)
    assert [exactly(each) for each in seen] == [exactly(redacted_object(body)) for body in bodies]


@given(st.lists(objects, min_size=1, max_size=4))
def test_a_full_record_holds_them_as_they_came(bodies: list[dict[str, Any]]) -> None:
    for body, seen in zip(bodies, played(bodies, NOTHING_HIDDEN), strict=True):
        expected = dict(body)
        if isinstance(body.get("metadata"), dict):
            expected["metadata"] = {name: value for name, value in body["metadata"].items() if name != "managedFields"}
        assert exactly(seen) == exactly(expected)


@given(values, st.booleans())
def test_what_is_taken_as_it_is_has_nothing_to_hide(value: Any, escaped: bool) -> None:
    text = json.dumps(value, ensure_ascii=escaped).encode()
    if not may_hide(text):
        assert redacted_object({"field": value}) == {"field": value}


def test_a_name_that_is_written_with_a_backslash_is_found() -> None:
    assert may_hide(b'{"\\u0065nv":[{"value":"s"}]}')


def test_what_is_too_deep_to_be_looked_through_is_not_taken_as_it_is() -> None:
    assert may_hide(b"[" * 70 + b"]" * 70)
    assert not may_hide(b"[" + b"{}," * 70 + b"{}]")


@given(st.text("ab,", max_size=60), st.text("ab,", max_size=60))
def test_a_patch_of_a_text_makes_the_new_of_the_old(old: str, new: str) -> None:
    before, after = old.encode(), new.encode()
    patch = text_difference(before, after)
    assert (applied(before, patch) if patch else before) == after


def test_one_changed_part_of_a_long_text_costs_that_part() -> None:
    before = b",".join(b'"part %d"' % number for number in range(40))
    after = before.replace(b"part 17", b"other")
    assert text_difference(before, after) == [5, [17, b'"other"']]


def test_a_part_that_comes_in_between_costs_that_part() -> None:
    before = b",".join(b'"part %d"' % number for number in range(40))
    after = before.replace(b'"part 17",', b'"part 17","new",')
    patch = text_difference(before, after)
    assert patch
    assert len(patch[3]) < 20


def test_what_did_not_change_leaves_the_version_as_it_is() -> None:
    body = b'{"metadata":{"name":"web","annotations":{"note":"s"}},"spec":{"env":["s"]}}'
    first, _ = next_version(None, sent_of(fields_of(body)), REDACTING)
    assert next_version(first, sent_of(fields_of(body)), REDACTING) == (first, None)
