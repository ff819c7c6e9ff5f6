"""CustomResourceDefinitions: their defaults, what is refused in them, and the conditions they get.

k8s.io/apiextensions-apiserver/pkg/apis/apiextensions (defaults and validation) and pkg/controller/{status,establish}.
Conversion webhooks are not called: between versions an object changes nothing but its `apiVersion`.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from typing import Any

from cockpit.demo.errors import Cause
from cockpit.demo.rules.names import invalid_value
from cockpit.demo.schemas.objects import Object
from cockpit.demo.schemas.structural import PRESERVE, Schema

REQUIRED, NOT_SUPPORTED = "FieldValueRequired", "FieldValueNotSupported"
SCOPES = ("Cluster", "Namespaced")
TERMINATING = "Terminating"


def set_definition_defaults(obj: Object) -> None:
    """The names that are left out, and no conversion."""
    spec = obj.get("spec")
    names = spec.get("names") if isinstance(spec, dict) else None
    if not isinstance(spec, dict) or not isinstance(names, dict):
        return
    kind = str(names.get("kind", ""))
    names.setdefault("singular", kind.lower())
    names.setdefault("listKind", f"{kind}List")
    spec.setdefault("conversion", {"strategy": "None"})


def check_definition(obj: Object) -> list[Cause]:
    """The broken fields of a definition."""
    spec = obj.get("spec") or {}
    names, versions = spec.get("names") or {}, spec.get("versions") or []
    causes = [
        Cause(f"spec.{field}", "Required value", REQUIRED)
        for field, value in (
            ("group", spec.get("group")),
            ("names.plural", names.get("plural")),
            ("names.kind", names.get("kind")),
        )
        if not value
    ]
    if obj["metadata"]["name"] != f"{names.get('plural', '')}.{spec.get('group', '')}":
        why = 'must be spec.names.plural+"."+spec.group'
        causes.append(Cause("metadata.name", invalid_value(obj["metadata"]["name"], why)))
    if spec.get("scope") not in SCOPES:
        text = f'Unsupported value: "{spec.get("scope", "")}": supported values: "Cluster", "Namespaced"'
        causes.append(Cause("spec.scope", text, NOT_SUPPORTED))
    if spec.get("preserveUnknownFields"):
        why = "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead"
        causes.append(Cause("spec.preserveUnknownFields", invalid_value(True, why)))
    if sum(bool(version.get("storage")) for version in versions) != 1:
        why = "must have exactly one version marked as storage version"
        causes.append(Cause("spec.versions", invalid_value([v.get("name", "") for v in versions], why)))
    return [*causes, *_check_versions(versions)]


def _check_versions(versions: list[dict[str, Any]]) -> Iterator[Cause]:
    schemas = [(version.get("schema") or {}).get("openAPIV3Schema") for version in versions]
    for number, version in enumerate(versions):
        if not version.get("name"):
            yield Cause(f"spec.versions[{number}].name", "Required value", REQUIRED)
        if schemas[number] is None:
            yield Cause(f"spec.versions[{number}].schema.openAPIV3Schema", "Required value", REQUIRED)
    if schemas and all(schema == schemas[0] for schema in schemas):
        # Where every version has the same schema, the API server has moved it to the top when it looks at it.
        yield from _check_schema(schemas[0], "spec.validation.openAPIV3Schema")
        return
    for number, schema in enumerate(schemas):
        yield from _check_schema(schema, f"spec.versions[{number}].schema.openAPIV3Schema")


def _check_schema(schema: Schema | None, root: str) -> Iterator[Cause]:
    if schema is None:
        return
    if not schema.get("type"):
        yield Cause(f"{root}.type", "Required value: must not be empty at the root", REQUIRED)
    elif schema["type"] != "object":
        why = "must be object at the root"
        yield Cause(f"{root}.type", invalid_value(schema["type"], why))
    yield from _check_structure(schema, root)


def _check_structure(schema: Schema, path: str) -> Iterator[Cause]:
    """Every field says of which type it is."""
    for key, inner in (schema.get("properties") or {}).items():
        yield from _check_field(inner, f"{path}.properties[{key}]", "specified object fields")
    items, extra = schema.get("items"), schema.get("additionalProperties")
    if isinstance(items, dict):
        yield from _check_field(items, f"{path}.items", "specified array items")
    if isinstance(extra, dict):
        yield from _check_field(extra, f"{path}.additionalProperties", "specified object fields")


def _check_field(schema: Schema, path: str, what: str) -> Iterator[Cause]:
    if not (schema.get("type") or schema.get("x-kubernetes-int-or-string") or schema.get(PRESERVE)):
        yield Cause(f"{path}.type", f"Required value: must not be empty for {what}", REQUIRED)
    yield from _check_structure(schema, path)


def status_of(crd: Object, now: str, taken: str = "") -> dict[str, Any]:
    """The status of a definition whose names are accepted; `taken` says why they are not."""
    names = crd["spec"]["names"]
    conditions = [
        _condition("NamesAccepted", not taken, "KindConflict" if taken else "NoConflicts", taken or FREE, now),
        _condition(
            "Established",
            not taken,
            "NotAccepted" if taken else "InitialNamesAccepted",
            "not all names are accepted" if taken else "the initial names have been accepted",
            now,
        ),
    ]
    stored = next((v["name"] for v in crd["spec"]["versions"] if v.get("storage")), "")
    return {
        "conditions": conditions,
        "acceptedNames": {"plural": "", "kind": ""} if taken else dict(names),
        "storedVersions": [stored],
    }


FREE = "no conflicts found"


def _condition(type_: str, holds: bool, reason: str, message: str, now: str) -> dict[str, str]:
    return {
        "type": type_,
        "status": "True" if holds else "False",
        "lastTransitionTime": now,
        "reason": reason,
        "message": message,
    }


def condition_of(crd: Object, type_: str) -> dict[str, Any] | None:
    """A condition of a definition, or None."""
    found = (crd.get("status") or {}).get("conditions") or []
    return next((entry for entry in found if entry.get("type") == type_), None)


def is_established(crd: Object) -> bool:
    """Whether the kinds of a definition are served."""
    return (condition_of(crd, "Established") or {}).get("status") == "True"


def mark_terminating(crd: Object, reason: str, message: str, now: str) -> None:
    """Say in the status that the objects of a definition are being deleted."""
    conditions = crd.setdefault("status", {}).setdefault("conditions", [])
    conditions[:] = [entry for entry in conditions if entry.get("type") != TERMINATING]
    conditions.append(_condition(TERMINATING, True, reason, message, now))


def established(crds: Iterable[Object], now: str) -> Iterator[Object]:
    """Definitions as they look when they have been there since the start."""
    for crd in crds:
        name = crd["metadata"]["name"]
        meta = {
            **crd["metadata"],
            "uid": str(uuid.uuid5(uuid.NAMESPACE_DNS, name)),
            "resourceVersion": "1",
            "generation": 1,
            "creationTimestamp": now,
        }
        spec = {"conversion": {"strategy": "None"}, **crd["spec"]}
        yield {**crd, "metadata": meta, "spec": spec, "status": status_of(crd, now)}
