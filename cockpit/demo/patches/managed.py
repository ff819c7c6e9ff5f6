"""Who owns which field: `metadata.managedFields`."""

from __future__ import annotations

from typing import Any

from cockpit.demo.patches import fields
from cockpit.demo.schemas.kinds import Kind
from cockpit.demo.schemas.objects import Object, copied
from cockpit.demo.schemas.schema import Node

UNMANAGED = (
    *("name", "namespace", "uid", "resourceVersion", "generation", "creationTimestamp", "selfLink"),
    *("managedFields", "deletionTimestamp", "deletionGracePeriodSeconds"),
)


def content(obj: Object) -> Object:
    """The part of an object that has managers."""
    meta = {key: value for key, value in obj["metadata"].items() if key not in UNMANAGED}
    kept = {key: value for key, value in obj.items() if key not in ("apiVersion", "kind", "metadata")}
    return {**({"metadata": meta} if meta else {}), **kept}


def track(
    kind: Kind,
    old: Object | None,
    new: Object,
    shape: Node | None,
    *,
    manager: str,
    at: str,
    subresource: str = "",
) -> None:
    """Note in `new` the fields that `manager` changed between `old` and `new`; others lose them."""
    if new["metadata"].get("managedFields") == []:
        del new["metadata"]["managedFields"]
        return
    touched, gone = fields.changed(content(old) if old else {}, content(new), shape)
    entries = copied((old or new)["metadata"].get("managedFields") or [])
    if not touched and not gone:
        return
    lost = fields.union(touched, gone)
    mine = None
    for item in entries:
        own = (item["manager"], item["operation"], item.get("subresource", "")) == (manager, "Update", subresource)
        if own:
            mine = item
            item["fieldsV1"] = fields.union(fields.difference(item["fieldsV1"], gone), touched)
            item["time"] = at
        else:
            item["fieldsV1"] = fields.difference(item["fieldsV1"], lost)
    if mine is None and touched:
        entries.append(entry(kind, manager, "Update", at, touched, subresource))
    store(new, entries)


def entry(
    kind: Kind, manager: str, operation: str, at: str, tree: fields.FieldSet, subresource: str = ""
) -> dict[str, Any]:
    """One entry of `managedFields`."""
    made: dict[str, Any] = {
        "manager": manager,
        "operation": operation,
        "apiVersion": kind.api_version,
        "time": at,
        "fieldsType": "FieldsV1",
        "fieldsV1": tree,
    }
    if subresource:
        made["subresource"] = subresource
    return made


def store(obj: Object, entries: list[dict[str, Any]]) -> None:
    """Write the entries that still own something, Apply first, as the API sorts them."""
    kept = [item for item in entries if item["fieldsV1"]]
    kept.sort(key=lambda item: (item["operation"], item.get("time", ""), item["manager"]))
    if kept:
        obj["metadata"]["managedFields"] = kept
    else:
        obj["metadata"].pop("managedFields", None)
