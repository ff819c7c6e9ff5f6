"""Structural schemas applied to objects of chance, printer columns, and the kinds that definitions make."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.demo.api.tables.custom import form_of, values_at
from cockpit.demo.rules.crdrules import check_schema
from cockpit.demo.schemas.crds import kinds_of, shipped, version_rank, versions_of
from cockpit.demo.schemas.customkinds import CUSTOM, KRUISE_ROLLOUTS
from cockpit.demo.schemas.objects import copied
from cockpit.demo.schemas.registry import Registry
from cockpit.demo.schemas.structural import fill_in, prune

SCHEMAS = {
    f"{crd['metadata']['name']}/{version['name']}": version["schema"]["openAPIV3Schema"]
    for crd in shipped()
    for version in versions_of(crd)
}
LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5)
WORDS = st.sampled_from(["spec", "strategy", "canary", "steps", "http", "rules", "odd", "weight", "status", "name"])
VALUES = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=4))
OBJECTS = st.dictionaries(WORDS, VALUES, max_size=4)


@given(st.sampled_from(sorted(SCHEMAS)), OBJECTS)
def test_what_was_pruned_and_filled_in_stays_as_it_is(name: str, obj: dict[str, Any]) -> None:
    schema, kept = SCHEMAS[name], {"metadata": {"anything": 1}, "apiVersion": "v1", "kind": "K"}
    obj.update(kept)
    dropped = prune(schema, obj)
    assert dropped == sorted(dropped)
    assert prune(schema, obj) == []
    fill_in(schema, obj)
    once = copied(obj)
    fill_in(schema, obj)
    assert obj == once
    assert {key: obj[key] for key in kept} == kept
    check_schema(schema, obj)
    # What is as it was is not refused, however broken it is.
    assert [cause for cause in check_schema(schema, obj, copied(obj)) if cause.field.startswith("spec.")] == []


def test_versions_are_sorted_as_clients_prefer_them() -> None:
    versions = ["v1alpha3", "odd", "v10", "v1beta1", "v2", "v1", "v1alpha10"]
    assert sorted(versions, key=version_rank) == ["v10", "v2", "v1", "v1beta1", "v1alpha10", "v1alpha3", "odd"]


def test_a_kind_with_a_name_in_the_program_stays_itself_whatever_its_definition_says() -> None:
    registry = Registry(shipped())
    crd = copied(next(crd for crd in shipped() if crd["metadata"]["name"] == KRUISE_ROLLOUTS.resource))
    crd["spec"]["names"]["shortNames"] = ["kro"]
    registry.take(crd)
    assert registry.by_resource("rollouts.kruise.io", "v1beta1", "rollouts") is KRUISE_ROLLOUTS
    registry.drop(KRUISE_ROLLOUTS.resource)
    assert registry.by_resource("rollouts.kruise.io", "v1beta1", "rollouts") is None
    assert registry.schema(KRUISE_ROLLOUTS) is None


def test_objects_are_kept_in_the_preferred_version() -> None:
    for crd in shipped():
        first, *others = kinds_of(crd)
        assert first.stored_as is None
        assert all(kind.stored_as == first for kind in others)
    assert len(set(CUSTOM)) == len(CUSTOM)


OBJ = {
    "metadata": {"name": "a", "creationTimestamp": "2026-01-01T00:00:00Z", "labels": {"x.y/z": "l"}},
    "spec": {"size": 3, "hosts": ["a", "b"], "flag": True},
    "status": {"conditions": [{"type": "Odd", "status": "?"}, {"type": "Ready", "status": "True"}]},
}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        (".spec.size", [3]),
        (".spec.hosts[*]", ["a", "b"]),
        (".spec.hosts[-1]", ["b"]),
        (".spec.hosts[7]", []),
        ('.status.conditions[?(@.type=="Ready")].status', ["True"]),
        (".status.conditions[?(@.type=='Ready')].status", ["True"]),
        (r".metadata.labels.x\.y/z", []),
        (".metadata.labels['x.y/z']", ["l"]),
        (".spec.size.deeper", []),
        ("{.spec.size}", []),
        ("", [OBJ]),
    ],
)
def test_a_path_of_a_printer_column_finds_its_values(path: str, found: list[Any]) -> None:
    assert list(values_at(OBJ, path)) == found


def test_printer_columns_show_values_of_their_type() -> None:
    columns: list[dict[str, Any]] = [
        {"name": "Size", "type": "integer", "jsonPath": ".spec.size"},
        {"name": "Hosts", "type": "string", "jsonPath": ".spec.hosts"},
        {"name": "Flag", "type": "boolean", "jsonPath": ".spec.flag", "priority": 1},
        {"name": "Odd", "type": "integer", "jsonPath": ".spec.hosts"},
        {"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"},
        {"name": "None", "type": "string", "jsonPath": ".spec.none"},
    ]
    form = form_of(columns)
    assert [column.name for column in form.columns] == ["Name", "Size", "Hosts", "Flag", "Odd", "Age", "None"]
    assert form.cells(OBJ, 1767225600.0 + 60) == ["a", 3, '["a","b"]', True, None, "60s", None]
    assert [column.name for column in form_of([]).columns] == ["Name", "Age"]
