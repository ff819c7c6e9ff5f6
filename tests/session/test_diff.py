"""What changed, in words, whatever a cluster sends."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.session.facts.diff import differences

leaves = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20)
values = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
objects = st.dictionaries(st.text(max_size=8), values, max_size=5)


@pytest.mark.parametrize(
    ("before", "after", "lines"),
    [
        ({"spec": {"selector": {"v": "1"}}}, {"spec": {"selector": {"v": "2"}}}, ("spec.selector.v 1 -> 2",)),
        (
            {"metadata": {"annotations": {"a.io/w": "20"}}},
            {"metadata": {"annotations": {"a.io/w": "30"}}},
            ('metadata.annotations."a.io/w" 20 -> 30',),
        ),
        ({"spec": {}}, {"spec": {"paused": True}}, ("spec.paused added: true",)),
        ({"spec": {"replicas": 3}}, {"spec": {}}, ("spec.replicas removed, was 3",)),
        ({"x": 1}, {"x": True}, ("x 1 -> true",)),
        ({"x": {"a": 1}}, {"x": []}, ("x 1 fields -> []",)),
        (
            {"ports": [{"name": "http", "port": 80}, {"name": "x", "port": 1}]},
            {"ports": [{"name": "x", "port": 1}, {"name": "http", "port": 81}]},
            ("ports[http].port 80 -> 81",),
        ),
        ({"l": ["a", "b"]}, {"l": ["a", "c", "d"]}, ("l[1] b -> c", "l[2] added: d")),
    ],
)
def test_a_change_is_a_line(before: dict[str, Any], after: dict[str, Any], lines: tuple[str, ...]) -> None:
    assert differences(before, after) == lines


def test_what_only_the_server_writes_is_no_change() -> None:
    before = {"metadata": {"resourceVersion": "1", "managedFields": [], "generation": 1}, "status": {"a": 1}}
    after = {"metadata": {"resourceVersion": "2", "managedFields": [1], "generation": 2}, "status": {"a": 2}}
    assert differences(before, after) == ()


def test_values_that_may_be_credentials_are_not_told() -> None:
    before = {"spec": {"containers": [{"name": "app", "env": [{"name": "PASSWORD", "value": "hush"}]}]}}
    after = {"spec": {"containers": [{"name": "app", "env": [{"name": "PASSWORD", "value": "secret"}]}]}}
    assert differences(before, after) == ("spec.containers[app].env[PASSWORD].value changed",)


def test_many_changes_end_in_a_count() -> None:
    lines = differences({}, {f"field{n:02}": n for n in range(40)}, most=3)
    assert lines == ("field00 added: 0", "field01 added: 1", "field02 added: 2", "and 37 more")


def test_a_value_that_is_nested_without_end_is_compared_as_a_whole() -> None:
    deep: Any = 1
    other: Any = 2
    for _ in range(800):
        deep, other = {"x": deep}, {"x": other}
    assert len(differences(deep, other)) == 1


@given(objects)
def test_nothing_changed_is_nothing_told(value: dict[str, Any]) -> None:
    assert differences(value, value) == ()


@given(objects, objects)
def test_any_change_is_told_in_printable_lines(before: dict[str, Any], after: dict[str, Any]) -> None:
    lines = differences(before, after)
    assert all(line.isprintable() and len(line) < 500 for line in lines)
    assert len(lines) <= 13
    ours = {"metadata", "status"}
    if {k: v for k, v in before.items() if k not in ours} != {k: v for k, v in after.items() if k not in ours}:
        assert lines


@given(objects, objects)
def test_the_way_back_has_as_many_changes(before: dict[str, Any], after: dict[str, Any]) -> None:
    assert len(differences(before, after, most=1000)) == len(differences(after, before, most=1000))
