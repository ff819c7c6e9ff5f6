"""CustomResourceDefinitions: what a cluster makes of a new one, and of the objects of its kind."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.contract.api import APPLY, MERGE, Api, causes

CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
SPEC = {
    "type": "object",
    "required": ["size"],
    "properties": {
        "size": {"type": "integer", "minimum": 1, "maximum": 10},
        "color": {"type": "string", "enum": ["red", "green"], "default": "red"},
        "name": {"type": "string", "pattern": "^a+$", "maxLength": 3},
        "count": {"x-kubernetes-int-or-string": True},
        "list": {
            "type": "array",
            "maxItems": 2,
            "items": {"type": "object", "properties": {"a": {"type": "string"}}},
        },
        "open": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
        "map": {"type": "object", "additionalProperties": {"type": "integer"}},
        "flag": {"type": "boolean"},
    },
}
SCHEMA = {
    "type": "object",
    "required": ["spec"],
    "properties": {"spec": SPEC, "status": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}},
}


class Defined:
    """One definition with a group of its own, and requests for its objects in the test's namespace."""

    def __init__(self, api: Api) -> None:
        self.client = api.client
        self.group = f"{api.namespace}.test"
        self.name = f"widgets.{self.group}"
        self.namespace = api.namespace
        self.root = f"/apis/{self.group}/v1"
        self.path = f"{self.root}/namespaces/{api.namespace}/widgets"

    def definition(self, **spec: Any) -> dict[str, Any]:
        version = {
            "name": "v1",
            "served": True,
            "storage": True,
            "subresources": {"status": {}},
            "schema": {"openAPIV3Schema": SCHEMA},
            "additionalPrinterColumns": [
                {"name": "Size", "type": "integer", "jsonPath": ".spec.size"},
                {"name": "Ready", "type": "string", "jsonPath": '.status.conditions[?(@.type=="Ready")].status'},
            ],
        }
        names = {"plural": "widgets", "kind": "Widget"}
        return {
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": {"name": self.name},
            "spec": {"group": self.group, "scope": "Namespaced", "names": names, "versions": [version], **spec},
        }

    def widget(self, called: str, **spec: Any) -> dict[str, Any]:
        return {"apiVersion": f"{self.group}/v1", "kind": "Widget", "metadata": {"name": called}, "spec": spec}

    def create(self, called: str, **spec: Any) -> httpx.Response:
        return self.client.post(self.path, json=self.widget(called, **spec))

    def until(self, holds: Any, tries: int = 400) -> None:
        """A definition takes effect a moment after it was written: ask again until it has."""
        assert any(holds() for _ in range(tries)), "the definition never came to what the test waits for"

    def condition(self, type_: str) -> str:
        found = self.client.get(f"{CRDS}/{self.name}").json().get("status", {}).get("conditions") or []
        return next((str(entry["status"]) for entry in found if entry["type"] == type_), "")


@pytest.fixture
def defined(api: Api) -> Iterator[Defined]:
    made = Defined(api)
    answer = api.client.post(CRDS, json=made.definition())
    assert answer.status_code == 201, answer.text
    made.until(lambda: made.condition("Established") == "True")
    # A real API server serves the kind some time after that.
    made.until(lambda: api.client.get(made.path).status_code == 200)
    yield made
    api.client.delete(f"{CRDS}/{made.name}")


def test_a_definition_gets_names_conditions_and_its_place_in_discovery(api: Api, defined: Defined) -> None:
    stored = api.client.get(f"{CRDS}/{defined.name}").json()
    names = {"plural": "widgets", "singular": "widget", "kind": "Widget", "listKind": "WidgetList"}
    assert stored["spec"]["names"] == names
    assert stored["spec"]["conversion"] == {"strategy": "None"}
    assert stored["status"]["acceptedNames"] == names
    assert stored["status"]["storedVersions"] == ["v1"]
    assert defined.condition("NamesAccepted") == "True"
    defined.until(lambda: api.client.get(defined.root).status_code == 200)
    listed = {entry["name"]: entry for entry in api.client.get(defined.root).json()["resources"]}
    assert listed["widgets"]["kind"] == "Widget"
    assert listed["widgets"]["namespaced"] is True
    assert set(listed) == {"widgets", "widgets/status"}
    assert defined.name in {crd["metadata"]["name"] for crd in api.client.get(CRDS).json()["items"]}


def test_unknown_fields_are_pruned_with_a_warning_or_refused(defined: Defined) -> None:
    body = defined.widget("a", size=1, odd=1, list=[{"a": "x", "b": 2}], open={"any": 1}, map={"k": 1})
    body["metadata"]["strange"] = "x"
    body["top"] = 1
    strict = defined.client.post(defined.path, json=body, params={"fieldValidation": "Strict"})
    assert strict.status_code == 400
    named = ("metadata.strange", "spec.list[0].b", "spec.odd", "top")
    assert strict.json()["message"] == (
        'Widget in version "v1" cannot be handled as a Widget: strict decoding error: '
        + ", ".join(f'unknown field "{field}"' for field in named)
    )
    warned = defined.client.post(defined.path, json=body)
    assert warned.status_code == 201, warned.text
    for field in named:
        assert f'unknown field \\"{field}\\"' in ", ".join(warned.headers.get_list("Warning"))
    assert warned.json()["spec"] == {
        "size": 1,
        "color": "red",
        "list": [{"a": "x"}],
        "open": {"any": 1},
        "map": {"k": 1},
    }
    ignored = defined.client.post(
        defined.path, json={**body, "metadata": {"name": "b"}}, params={"fieldValidation": "Ignore"}
    )
    assert "Warning" not in ignored.headers


def test_a_patch_with_an_unknown_field_changes_nothing(defined: Defined) -> None:
    before = defined.create("a", size=1).json()
    answer = defined.client.patch(f"{defined.path}/a", json={"spec": {"odd": 3}}, headers={"Content-Type": MERGE})
    assert answer.status_code == 200
    assert answer.json()["metadata"]["resourceVersion"] == before["metadata"]["resourceVersion"]
    assert "odd" not in answer.json()["spec"]
    applied = defined.client.patch(
        f"{defined.path}/z",
        json={**defined.widget("z", size=3, odd=4)},
        headers={"Content-Type": APPLY},
        params={"fieldManager": "test"},
    )
    assert applied.status_code == 500
    assert applied.json()["message"].endswith(".spec.odd: field not declared in schema")


def test_what_the_schema_forbids_is_named(defined: Defined) -> None:
    body = {
        "size": 0,
        "color": "blue",
        "name": "bbbb",
        "count": True,
        "list": [1, 2, 3],
        "map": {"a": "x"},
        "flag": "x",
    }
    answer = defined.create("a", **body)
    assert answer.status_code == 422, answer.text
    found = causes(answer)
    assert found == {
        "spec.size": "Invalid value: 0: spec.size in body should be greater than or equal to 1",
        "spec.color": 'Unsupported value: "blue": supported values: "red", "green"',
        "spec.name": "Too long: may not be more than 3 bytes",
        "spec.count": 'Invalid value: "boolean": spec.count in body must be of type integer,string: "boolean"',
        "spec.list": "Too many: 3: must have at most 2 items",
        **{
            f"spec.list[{i}]": (f'Invalid value: "integer": spec.list[{i}] in body must be of type object: "integer"')
            for i in range(3)
        },
        "spec.map.a": 'Invalid value: "string": spec.map.a in body must be of type integer: "string"',
        "spec.flag": 'Invalid value: "string": spec.flag in body must be of type boolean: "string"',
    }


@pytest.mark.parametrize("spec", [{}, {"size": None}], ids=["absent", "null"])
def test_a_required_field_has_to_be_there(defined: Defined, spec: dict[str, Any]) -> None:
    answer = defined.create("a", **spec)
    assert answer.status_code == 422
    assert causes(answer) == {"spec.size": "Required value"}


def test_null_is_as_good_as_nothing(defined: Defined) -> None:
    answer = defined.create("a", size=1, color=None, flag=None)
    assert answer.status_code == 201, answer.text
    assert answer.json()["spec"] == {"size": 1, "color": "red"}


def test_objects_are_listed_in_columns_and_their_status_is_apart(defined: Defined) -> None:
    defined.create("a", size=4)
    status = {"status": {"conditions": [{"type": "Ready", "status": "True"}]}}
    ignored = defined.client.patch(f"{defined.path}/a", json=status, headers={"Content-Type": MERGE})
    assert "status" not in ignored.json()
    set_ = defined.client.patch(f"{defined.path}/a/status", json=status, headers={"Content-Type": MERGE})
    assert set_.json()["status"] == status["status"]
    assert set_.json()["metadata"]["generation"] == 1
    table = defined.client.get(defined.path, headers={"Accept": "application/json;as=Table;v=v1;g=meta.k8s.io"}).json()
    assert [column["name"] for column in table["columnDefinitions"]] == ["Name", "Size", "Ready"]
    assert [row["cells"] for row in table["rows"]] == [["a", 4, "True"]]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"scope": "Odd"}, "spec.scope"),
        ({"names": {"plural": "others", "kind": "Widget"}}, "metadata.name"),
        ({"preserveUnknownFields": True}, "spec.preserveUnknownFields"),
        ({"versions": [{"name": "v1", "served": True, "storage": True}]}, "spec.versions[0].schema.openAPIV3Schema"),
        (
            {
                "versions": [
                    {
                        "name": "v1",
                        "served": True,
                        "storage": True,
                        "schema": {"openAPIV3Schema": {"type": "object", "properties": {"spec": {}}}},
                    }
                ]
            },
            "spec.validation.openAPIV3Schema.properties[spec].type",
        ),
    ],
    ids=["scope", "name", "preserve", "no-schema", "no-type"],
)
def test_a_broken_definition_is_refused(api: Api, change: dict[str, Any], field: str) -> None:
    answer = api.client.post(CRDS, json=Defined(api).definition(**change))
    assert answer.status_code == 422, answer.text
    assert field in causes(answer)


def test_a_deleted_definition_takes_its_objects_along(api: Api, defined: Defined) -> None:
    defined.create("a", size=1)
    held = {"metadata": {"finalizers": ["test.example/hold"]}}
    defined.client.patch(f"{defined.path}/a", json=held, headers={"Content-Type": MERGE})
    marked = api.client.delete(f"{CRDS}/{defined.name}").json()
    assert marked["metadata"]["finalizers"] == ["customresourcecleanup.apiextensions.k8s.io"]
    defined.until(lambda: "deletionTimestamp" in defined.client.get(f"{defined.path}/a").json().get("metadata", {}))
    refused = defined.create("b", size=1)
    assert refused.status_code == 403
    assert "create not allowed while custom resource definition is terminating" in refused.json()["message"]
    free = {"metadata": {"finalizers": None}}
    defined.client.patch(f"{defined.path}/a", json=free, headers={"Content-Type": MERGE})
    # A real API server looks whether the objects are gone every five seconds.
    defined.until(lambda: api.client.get(f"{CRDS}/{defined.name}").status_code == 404, tries=20_000)
    defined.until(lambda: api.client.get(defined.path).status_code == 404, tries=20_000)
