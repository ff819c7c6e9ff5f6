"""Guarded writes to built-in objects, each with the request that undoes it.

A write carries the state it was planned on; its inverse tests the values that the write left behind,
so that neither goes over somebody else's change.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cockpit.model.objects import Ingress, Meta, Service, Workload
from cockpit.model.plan import PatchType, Request, Verb
from cockpit.model.refs import Ref
from cockpit.workloads.owners import ref_of as ref_to

__all__ = [
    "Edit",
    "Operation",
    "annotations_edit",
    "deletion",
    "json_patch",
    "merge_patch",
    "op",
    "pointer",
    "ref_to",
    "scale_edit",
    "selector_edit",
]

Operation = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Edit:
    """A request and its inverse; without one the undo is to create the object again as it was."""

    request: Request
    inverse: Request | None


def pointer(*parts: str | int) -> str:
    """A JSON Pointer (RFC 6901)."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


def op(kind: str, path: str, value: Any = None) -> Operation:
    """One operation of a JSON Patch (RFC 6902)."""
    return {"op": kind, "path": path} if kind == "remove" else {"op": kind, "path": path, "value": value}


def json_patch(ref: Ref, operations: Sequence[Operation], guard: str) -> Request:
    return Request(Verb.PATCH, ref, list(operations), PatchType.JSON, guard=guard)


def merge_patch(ref: Ref, metadata: Meta, body: Mapping[str, Any]) -> Request:
    """A merge patch that only the version of the object that was read accepts."""
    guarded = {**body, "metadata": {"resourceVersion": metadata.resource_version, **body.get("metadata", {})}}
    return Request(Verb.PATCH, ref, guarded, PatchType.MERGE, guard=f"resourceVersion {metadata.resource_version}")


def annotations_edit(ingress: Ingress, values: Mapping[str, str | None]) -> Edit | None:
    """Set annotations, or remove those with None; None where all of them are so already.

    The inverse tests each annotation that it restores. A JSON Patch cannot test that a key is absent, so where one
    was removed the inverse tests all annotations together: any other one written since refuses it as well.
    """
    before = ingress.metadata.annotations or {}
    changed = {key: value for key, value in values.items() if before.get(key) != value}
    if not changed:
        return None
    ref, place = ref_to(ingress), ("metadata", "annotations")
    request = merge_patch(ref, ingress.metadata, {"metadata": {"annotations": dict(changed)}})
    if None in changed.values():
        after = {key: value for key, value in {**before, **changed}.items() if value is not None}
        tests, guard = [op("test", pointer(*place), after)], "all annotations as they were left"
    else:
        tests, guard = [op("test", pointer(*place, k), v) for k, v in changed.items()], "the annotations written here"
    restores = [
        op("add", pointer(*place, key), before[key]) if key in before else op("remove", pointer(*place, key))
        for key in changed
    ]
    return Edit(request, json_patch(ref, [*tests, *restores], guard))


def selector_edit(service: Service, selector: Mapping[str, str]) -> Edit:
    """Replace the selector. Keys that stay are not sent: maps merge."""
    before = service.spec.selector or {}
    changes: dict[str, str | None] = {key: None for key in before if key not in selector}
    changes |= {key: value for key, value in selector.items() if before.get(key) != value}
    ref = ref_to(service)
    path = pointer("spec", "selector")
    inverse = json_patch(ref, [op("test", path, dict(selector)), op("replace", path, dict(before))], "the selector")
    return Edit(merge_patch(ref, service.metadata, {"spec": {"selector": changes}}), inverse)


def scale_edit(workload: Workload, count: int) -> Edit:
    """Set the number of pods, if it is still what was read."""
    ref, path = ref_to(workload), pointer("spec", "replicas")
    before = workload.desired

    def patch(old: int, new: int) -> Request:
        return json_patch(ref, [op("test", path, old), op("replace", path, new)], f"replicas {old}")

    return Edit(patch(before, count), patch(count, before))


def deletion(subject: Service | Ingress | Workload) -> Edit:
    """Delete exactly this object, not one of the same name that came later."""
    metadata = subject.metadata
    options: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "DeleteOptions",
        "preconditions": {"uid": metadata.uid},
        "propagationPolicy": "Background",
    }
    if not isinstance(subject, Workload):
        # Status moves on while a workload is watched, so only quiet objects are held to their version.
        options["preconditions"]["resourceVersion"] = metadata.resource_version
    return Edit(Request(Verb.DELETE, ref_to(subject), options, guard=f"uid {metadata.uid}"), None)
