"""The OpenAPI documents that kubectl validates, explains and patches by."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Hashable
from functools import cache, partial
from typing import Any

from cockpit.demo.errors import PathNotFound
from cockpit.demo.schemas import schema
from cockpit.demo.schemas.kinds import Kind
from cockpit.demo.schemas.protobuf import openapi_v2_document
from cockpit.demo.schemas.registry import Registry

QUERY_PARAMETERS = ("dryRun", "fieldManager", "fieldValidation", "force")
V3_PREFIX = "#/components/schemas/"


class OpenApi:
    """The documents of one cluster, rebuilt when its kinds change.

    Custom kinds are open in version 2, which only old clients read, and have their schema in version 3.
    """

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._revision = registry.revision
        self._made: dict[Hashable, bytes] = {}

    def v2(self) -> bytes:
        """/openapi/v2 as JSON."""
        return self._once("v2", lambda: json.dumps(self._document_v2(), separators=(",", ":")).encode())

    def v2_protobuf(self) -> bytes:
        """/openapi/v2 as protobuf, which kubectl up to 1.26 asks for."""
        return self._once("v2 protobuf", lambda: openapi_v2_document(self._document_v2()))

    def v3_root(self) -> dict[str, Any]:
        """/openapi/v3: where the document of each group and version is."""
        found = {}
        for group, versions in self._registry.groups().items():
            digest = self._once(("digest", group), partial(self._digest, group))
            for version in versions:
                path = f"apis/{group}/{version}" if group else f"api/{version}"
                found[path] = {"serverRelativeURL": f"/openapi/v3/{path}?hash={digest.decode()}"}
        return {"paths": found}

    def _digest(self, group: str) -> bytes:
        """A value that changes with the documents of a group; building them all only to hash them takes a second."""
        specs = [crd["spec"] for crd in self._registry.definitions(group)]
        told = json.dumps([group, specs, [kind.version for kind in self._registry.kinds if kind.group == group]])
        return hashlib.sha256(_built_in() + told.encode()).hexdigest().upper().encode()

    def v3(self, group: str, version: str) -> bytes:
        """The document of one group and version."""
        kinds = self._registry.groups().get(group, {}).get(version)
        if kinds is None:
            raise PathNotFound
        return self._once((group, version), lambda: self._document_v3(kinds))

    def _once(self, name: Hashable, make: Callable[[], bytes]) -> bytes:
        if self._revision != self._registry.revision:
            self._made.clear()
            self._revision = self._registry.revision
        if name not in self._made:
            self._made[name] = make()
        return self._made[name]

    def _document_v2(self) -> dict[str, Any]:
        paths, definitions = {}, dict(schema.definitions())
        for kind in self._registry.kinds:
            if kind.custom:
                open_ = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
                definitions[_name_of(kind)] = {**open_, schema.GVK: [_gvk(kind)]}
            if "patch" in kind.verbs:
                parameters = [
                    {"name": name, "in": "query", "type": "string", "uniqueItems": True} for name in QUERY_PARAMETERS
                ]
                paths[_item_path(kind)] = {"patch": {"parameters": parameters, schema.GVK: _gvk(kind)}}
        return {
            "swagger": "2.0",
            "info": {"title": "Kubernetes", "version": "v1.34.2"},
            "paths": paths,
            "definitions": definitions,
        }

    def _document_v3(self, kinds: list[Kind]) -> bytes:
        paths: dict[str, Any] = {}
        for kind in kinds:
            if "patch" in kind.verbs:
                parameters = [{"name": name, "in": "query", "schema": {"type": "string"}} for name in QUERY_PARAMETERS]
                operation = {"parameters": parameters, schema.GVK: _gvk(kind), "responses": {}}
                paths[_item_path(kind)] = {"get": operation, "patch": {**operation, "x-kubernetes-action": "patch"}}
        document = {
            "openapi": "3.0.0",
            "info": {"title": "Kubernetes", "version": "v1.34.2"},
            "paths": paths,
            "components": {"schemas": {name: _as_v3(node) for name, node in self._reachable(kinds).items()}},
        }
        return json.dumps(document, separators=(",", ":")).encode()

    def _reachable(self, kinds: list[Kind]) -> dict[str, Any]:
        """The definitions that these kinds are made of."""
        everything = dict(schema.definitions())
        for kind in kinds:
            if kind.custom:
                everything[_name_of(kind)] = {**(self._registry.shape(kind) or {}), schema.GVK: [_gvk(kind)]}
        wanted = [
            name
            for name, node in everything.items()
            if any(gvk == _gvk(kind) for gvk in node.get(schema.GVK, ()) for kind in kinds)
        ]
        found: dict[str, Any] = {}
        while wanted:
            name = wanted.pop()
            if name not in found:
                found[name] = everything[name]
                wanted += _references(everything[name])
        return dict(sorted(found.items()))


@cache
def _built_in() -> bytes:
    """A digest of the built-in definitions."""
    return hashlib.sha256(json.dumps(schema.definitions()).encode()).digest()


def _gvk(kind: Kind) -> dict[str, str]:
    return {"group": kind.group, "version": kind.version, "kind": kind.kind}


def _name_of(kind: Kind) -> str:
    return ".".join([*reversed(kind.group.split(".")), kind.version, kind.kind])


def _item_path(kind: Kind) -> str:
    return f"{kind.path}/{'namespaces/{namespace}/' if kind.namespaced else ''}{kind.plural}/{{name}}"


def _references(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["$ref"][len(schema.PREFIX) :]] if isinstance(value.get("$ref"), str) else []
        return own + [name for item in value.values() for name in _references(item)]
    if isinstance(value, list):
        return [name for item in value for name in _references(item)]
    return []


def _as_v3(node: Any) -> Any:
    """A definition in the form of OpenAPI 3: a reference with siblings goes into `allOf`."""
    if isinstance(node, list):
        return [_as_v3(item) for item in node]
    if not isinstance(node, dict):
        return node
    made = {key: _as_v3(value) for key, value in node.items()}
    ref = node.get("$ref")
    if isinstance(ref, str):
        del made["$ref"]
        made["allOf"] = [{"$ref": V3_PREFIX + ref[len(schema.PREFIX) :]}]
    return made
