"""What the API itself writes into `metadata`, and what a write may not touch."""

from __future__ import annotations

import random
import uuid
from typing import Any

from cockpit.demo.errors import ApiError, Cause, Forbidden, NotFound, invalid
from cockpit.demo.rules.lookup import Lookup
from cockpit.demo.schemas.kinds import DAEMONSETS, DEPLOYMENTS, NAMESPACES, NODES, Kind
from cockpit.demo.schemas.objects import Object, copied

SUFFIX_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"
OWNED_BY_API = ("uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation")
LONGEST_BASE = 58
# How often the template of a DaemonSet changed (pkg/registry/apps/daemonset/strategy.go).
TEMPLATE_GENERATION = "deprecated.daemonset.template.generation"


class VersionOnCreate(ApiError):  # noqa: N818 - like the other answers of the API
    """500: how kube-apiserver answers a new object that names a version."""

    code, reason = 500, ""


def random_suffix(rng: random.Random) -> str:
    """Five characters as `generateName` appends them."""
    return "".join(rng.choices(SUFFIX_ALPHABET, k=5))


def for_create(kind: Kind, obj: Object, storage: Lookup) -> Object:
    """A new object with name, namespace, uid, creation time and first generation; without the status that was sent."""
    obj["apiVersion"], obj["kind"] = kind.api_version, kind.kind
    meta: dict[str, Any] = obj.setdefault("metadata", {})
    if meta.pop("resourceVersion", None):
        raise VersionOnCreate("resourceVersion should not be set on objects to be created")
    for field in OWNED_BY_API:
        meta.pop(field, None)
    _drop_empty(meta)
    if not meta.get("name"):
        if not meta.get("generateName"):
            raise invalid(
                kind.kind,
                kind.group,
                "",
                [Cause("metadata.name", "Required value: name or generateName is required", "FieldValueRequired")],
            )
        meta["name"] = str(meta["generateName"])[:LONGEST_BASE] + random_suffix(storage.rng)
    if kind.namespaced:
        meta.setdefault("namespace", "default")
        _check_namespace(kind, meta, storage)
    else:
        meta.pop("namespace", None)
    meta["uid"] = str(uuid.UUID(int=storage.rng.getrandbits(128), version=4))
    meta["creationTimestamp"] = storage.clock.timestamp()
    if kind.generation:
        meta["generation"] = 1
    if kind is DAEMONSETS:
        meta.setdefault("annotations", {})[TEMPLATE_GENERATION] = "1"
    if kind.has_status and kind is not NODES:
        obj.pop("status", None)
    return obj


def _check_namespace(kind: Kind, meta: dict[str, Any], storage: Lookup) -> None:
    name = meta["namespace"]
    namespace = storage.peek(NAMESPACES, None, name)
    if namespace is None:
        raise NotFound(f'namespaces "{name}" not found', details={"name": name, "kind": "namespaces"})
    if namespace["metadata"].get("deletionTimestamp"):
        raise Forbidden(
            f'{kind.resource} "{meta["name"]}" is forbidden: unable to create new content in namespace {name} '
            "because it is being terminated",
            details={
                "name": meta["name"],
                "kind": kind.plural,
                "causes": [
                    {
                        "reason": "NamespaceTerminating",
                        "message": f"namespace {name} is being terminated",
                        "field": "metadata.namespace",
                    }
                ],
            },
        )


def for_update(kind: Kind, old: Object, new: Object, subresource: str) -> Object:
    """The requested update, with everything that it must not change taken from the stored object."""
    if subresource:
        return _for_subresource(kind, old, new, subresource)
    new["apiVersion"], new["kind"] = kind.api_version, kind.kind
    stored, meta = old["metadata"], new["metadata"]
    for field in (*OWNED_BY_API, "namespace", "name", "resourceVersion", "generateName"):
        if field in stored:
            meta[field] = stored[field]
        else:
            meta.pop(field, None)
    if "managedFields" not in meta and "managedFields" in stored:
        meta["managedFields"] = copied(stored["managedFields"])
    _drop_empty(meta)
    if kind.has_status:
        if "status" in old:
            new["status"] = copied(old["status"])
        else:
            new.pop("status", None)
    if kind is NAMESPACES and "spec" in old:
        new["spec"] = copied(old["spec"])
    return new


def _drop_empty(meta: dict[str, Any]) -> None:
    for field in ("labels", "annotations", "finalizers", "ownerReferences"):
        if field in meta and not meta[field]:
            del meta[field]


def _for_subresource(kind: Kind, old: Object, new: Object, subresource: str) -> Object:
    result: Object = copied(old)
    if subresource == "status":
        if new.get("status") is not None:
            result["status"] = new["status"]
        if not kind.custom and "annotations" in new["metadata"]:
            result["metadata"]["annotations"] = new["metadata"]["annotations"]
    elif subresource == "scale":
        result["spec"]["replicas"] = (new.get("spec") or {}).get("replicas", 0)
    elif subresource == "finalize":
        result.setdefault("spec", {})["finalizers"] = (new.get("spec") or {}).get("finalizers") or []
    return result


def bump_generation(kind: Kind, old: Object, new: Object, subresource: str) -> None:
    """Count a changed spec; a Deployment counts changed annotations too, unless they come with its status."""
    if not kind.generation or subresource == "status":
        return
    changed = any(old.get(key) != new.get(key) for key in {*old, *new} - {"metadata", "status", "apiVersion", "kind"})
    if kind is DEPLOYMENTS and (old["metadata"].get("annotations") or {}) != (new["metadata"].get("annotations") or {}):
        changed = True
    if changed:
        new["metadata"]["generation"] = old["metadata"].get("generation", 0) + 1
    if kind is DAEMONSETS:
        count = int((old["metadata"].get("annotations") or {}).get(TEMPLATE_GENERATION, "1"))
        count += (old.get("spec") or {}).get("template") != (new.get("spec") or {}).get("template")
        new["metadata"].setdefault("annotations", {})[TEMPLATE_GENERATION] = str(count)


def same(old: Object, new: Object) -> bool:
    """Whether a write changes nothing but the times in `managedFields`."""
    if old == new:
        return True
    return _without_times(old) == _without_times(new)


def _without_times(obj: Object) -> Object:
    meta = dict(obj["metadata"])
    meta["managedFields"] = [
        {key: value for key, value in entry.items() if key != "time"} for entry in meta.get("managedFields") or []
    ]
    return {**obj, "metadata": meta}
