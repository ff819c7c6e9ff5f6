"""Guarded writes to built-in objects, each with the request that undoes it.

A write carries the state it was planned on; its inverse tests the values that the write left behind,
so that neither overwrites somebody else's change.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cockpit.model.objects import Ingress, Meta, Service, Workload
from cockpit.model.plan import PatchType, Request, Verb
from cockpit.model.refs import Ref
from cockpit.model.values import dataclass
from cockpit.workloads.owners import ref_of as ref_to

__all__ = [
    "Edit",
    "Operation",
    "annotation_removal",
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
    """A request and its inverse; without an inverse, undo creates the object again as it was."""

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
    """A merge patch that is accepted only for the resourceVersion that was read."""
    guarded = {**body, "metadata": {"resourceVersion": metadata.resource_version, **body.get("metadata", {})}}
    return Request(Verb.PATCH, ref, guarded, PatchType.MERGE, guard=f"resourceVersion {metadata.resource_version}")


def annotations_edit(ingress: Ingress, values: Mapping[str, str | None]) -> Edit | None:
    """Set annotations, or remove those with None; returns None if all of them are already set.

    The inverse tests each annotation that it restores. A JSON Patch cannot test that a key is absent, so if one
    was removed the inverse tests all annotations together: then any later change of another annotation refuses it too.
    """
    before = ingress.metadata.annotations or {}
    changed = {key: value for key, value in values.items() if before.get(key) != value}
    if not changed:
        return None
    ref, place = ref_to(ingress), ("metadata", "annotations")
    request = merge_patch(ref, ingress.metadata, {"metadata": {"annotations": dict(changed)}})
    if None in changed.values():
        after = {key: value for key, value in {**before, **changed}.items() if value is not None}
        tests, guard = [op("test", pointer(*place), after)], "all annotations as this act left them"
    else:
        tests, guard = (
            [op("test", pointer(*place, k), v) for k, v in changed.items()],
            "the annotations that this act wrote",
        )
    restores = [
        op("add", pointer(*place, key), before[key]) if key in before else op("remove", pointer(*place, key))
        for key in changed
    ]
    return Edit(request, json_patch(ref, [*tests, *restores], guard))


def selector_edit(service: Service, selector: Mapping[str, str], mark: tuple[str, str | None] | None = None) -> Edit:
    """Replace the selector, and with `mark` set one annotation, or remove it (None), in the same request.

    Keys that stay are not sent: a merge patch keeps them.
    """
    before = service.spec.selector or {}
    changes: dict[str, str | None] = {key: None for key in before if key not in selector}
    changes |= {key: value for key, value in selector.items() if before.get(key) != value}
    ref, path = ref_to(service), pointer("spec", "selector")
    back = [op("test", path, dict(selector)), op("replace", path, dict(before))]
    body: dict[str, Any] = {"spec": {"selector": changes}}
    if mark and (service.metadata.annotations or {}).get(mark[0]) != mark[1]:
        body["metadata"] = {"annotations": dict([mark])}
        tests, restores = _annotation_back(service.metadata.annotations or {}, *mark)
        back = [*tests, *back, *restores]
    return Edit(merge_patch(ref, service.metadata, body), json_patch(ref, back, "the selector"))


def annotation_removal(service: Service, key: str) -> Edit:
    """Remove one annotation, if it still has the value that was read."""
    ref, path, value = (
        ref_to(service),
        pointer("metadata", "annotations", key),
        (service.metadata.annotations or {})[key],
    )
    tests, restores = _annotation_back(service.metadata.annotations or {}, key, None)
    request = json_patch(ref, [op("test", path, value), op("remove", path)], "the annotation as shown")
    return Edit(request, json_patch(ref, [*tests, *restores], "no such annotation"))


def _annotation_back(before: Mapping[str, str], key: str, value: str | None) -> tuple[list[Operation], list[Operation]]:
    """Tests that the annotation is as written (`value`, None: removed), and the operations that restore it.

    An object that loses its last annotation loses the whole map; then the annotation is restored with a new map.
    """
    annotations, path = pointer("metadata", "annotations"), pointer("metadata", "annotations", key)
    if value is not None:
        return [op("test", path, value)], [op("replace", path, before[key]) if key in before else op("remove", path)]
    if len(before) > 1:
        return [op("test", path, None)], [op("add", path, before[key])]
    return [op("test", annotations, None)], [op("add", annotations, {key: before[key]})]


def scale_edit(workload: Workload, count: int) -> Edit:
    """Set the number of pods, if it still has the value that was read."""
    ref, path = ref_to(workload), pointer("spec", "replicas")
    before = workload.desired

    def patch(old: int, new: int) -> Request:
        return json_patch(ref, [op("test", path, old), op("replace", path, new)], f"replicas {old}")

    return Edit(patch(before, count), patch(count, before))


def deletion(subject: Service | Ingress | Workload) -> Edit:
    """Delete exactly this object, not a later one of the same name."""
    metadata = subject.metadata
    options: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "DeleteOptions",
        "preconditions": {"uid": metadata.uid},
        "propagationPolicy": "Background",
    }
    if not isinstance(subject, Workload):
        # A workload's status keeps changing, so only objects without one are held to their resourceVersion.
        options["preconditions"]["resourceVersion"] = metadata.resource_version
    return Edit(Request(Verb.DELETE, ref_to(subject), options, guard=f"uid {metadata.uid}"), None)
