"""The shapes of the built-in kinds: types, merge keys and list keys.

`schemas.json` holds the definitions that kube-apiserver 1.34 publishes at /openapi/v2 for the kinds served here,
without their texts. Custom kinds have the shape that their CRD gives them (`Registry.shape`).
"""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any

Node = dict[str, Any]
PREFIX = "#/definitions/"
GVK = "x-kubernetes-group-version-kind"
METADATA: Node = {"$ref": PREFIX + "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"}


@cache
def definitions() -> dict[str, Node]:
    """Every definition by its full name."""
    loaded: dict[str, Node] = json.loads(files(__package__).joinpath("schemas.json").read_bytes())
    return loaded


@cache
def _by_kind() -> dict[tuple[str, str], str]:
    names = {}
    for name, node in definitions().items():
        for gvk in node.get(GVK, ()):
            api_version = f"{gvk['group']}/{gvk['version']}" if gvk["group"] else gvk["version"]
            names[api_version, gvk["kind"]] = name
    return names


def definition_name(api_version: str, kind: str) -> str | None:
    """The definition of a kind, or None for a custom one."""
    return _by_kind().get((api_version, kind))


def root(api_version: str, kind: str) -> Node | None:
    """The shape of a kind, or None for a custom one."""
    name = definition_name(api_version, kind)
    return definitions()[name] if name else None


def resolve(node: Node) -> Node:
    """The shape a property refers to."""
    ref = node.get("$ref")
    return definitions()[ref[len(PREFIX) :]] if ref else node


def type_name(node: Node) -> str:
    """The Go type behind a reference: `DeploymentSpec`; empty for plain types."""
    ref: str = node.get("$ref", "")
    return ref.rsplit(".", 1)[-1]


def child(node: Node | None, field: str) -> Node | None:
    """The property `field` of an object shape, unresolved (merge keys sit beside the reference); None if unknown."""
    if node is None:
        return None
    shape = resolve(node)
    found: Node | None = shape.get("properties", {}).get(field)
    if found is None:
        extra = shape.get("additionalProperties")
        found = extra if isinstance(extra, dict) else None
    return found


def items(node: Node | None) -> Node | None:
    """The shape of a list's items."""
    return resolve(node).get("items") if node is not None else None


def is_atomic(node: Node | None) -> bool:
    """Whether a map or struct changes hands as a whole."""
    if node is None:
        return False
    return "atomic" in (node.get("x-kubernetes-map-type"), resolve(node).get("x-kubernetes-map-type"))


def list_keys(node: Node | None) -> tuple[str, ...]:
    """The fields that tell a list's items apart for server-side apply; empty for other lists."""
    if node is None or node.get("x-kubernetes-list-type") != "map":
        return ()
    return tuple(node.get("x-kubernetes-list-map-keys", ()))


def is_set(node: Node | None) -> bool:
    """Whether a list is a set of plain values."""
    return node is not None and node.get("x-kubernetes-list-type") == "set"


def merge_key(node: Node | None) -> str | None:
    """The field by which a strategic patch matches a list's items."""
    return node.get("x-kubernetes-patch-merge-key") if node is not None else None


def merges(node: Node | None) -> bool:
    """Whether a strategic patch merges this list instead of replacing it."""
    return node is not None and "merge" in node.get("x-kubernetes-patch-strategy", "").split(",")
