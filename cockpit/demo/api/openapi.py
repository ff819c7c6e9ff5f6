"""The OpenAPI documents that kubectl validates and patches by."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from typing import Any

from cockpit.demo.api.discovery import groups
from cockpit.demo.errors import PathNotFound
from cockpit.demo.schemas import schema
from cockpit.demo.schemas.kinds import KINDS, Kind
from cockpit.demo.schemas.protobuf import openapi_v2_document

QUERY_PARAMETERS = ("dryRun", "fieldManager", "fieldValidation", "force")
V3_PREFIX = "#/components/schemas/"


def _gvk(kind: Kind) -> dict[str, str]:
    return {"group": kind.group, "version": kind.version, "kind": kind.kind}


def _item_path(kind: Kind) -> str:
    return f"{kind.path}/{'namespaces/{namespace}/' if kind.namespaced else ''}{kind.plural}/{{name}}"


@cache
def _definitions() -> dict[str, Any]:
    """The built-in definitions, and an open one for each custom kind."""
    found = dict(schema.definitions())
    for kind in KINDS:
        if kind.custom:
            name = ".".join([*reversed(kind.group.split(".")), kind.version, kind.kind])
            found[name] = {"type": "object", "x-kubernetes-preserve-unknown-fields": True, schema.GVK: [_gvk(kind)]}
    return found


@cache
def v2() -> bytes:
    """/openapi/v2 as JSON."""
    return json.dumps(_document_v2(), separators=(",", ":")).encode()


@cache
def v2_protobuf() -> bytes:
    """/openapi/v2 as protobuf, which kubectl up to 1.26 asks for."""
    return openapi_v2_document(_document_v2())


def _document_v2() -> dict[str, Any]:
    paths = {}
    for kind in KINDS:
        if "patch" in kind.verbs:
            parameters = [
                {"name": name, "in": "query", "type": "string", "uniqueItems": True} for name in QUERY_PARAMETERS
            ]
            paths[_item_path(kind)] = {"patch": {"parameters": parameters, schema.GVK: _gvk(kind)}}
    return {
        "swagger": "2.0",
        "info": {"title": "Kubernetes", "version": "v1.34.2"},
        "paths": paths,
        "definitions": _definitions(),
    }


def v3_root() -> dict[str, Any]:
    """/openapi/v3: where the document of each group and version is."""
    found = {}
    for group, versions in groups().items():
        for version in versions:
            path = f"apis/{group}/{version}" if group else f"api/{version}"
            digest = hashlib.sha256(v3(group, version)).hexdigest().upper()
            found[path] = {"serverRelativeURL": f"/openapi/v3/{path}?hash={digest}"}
    return {"paths": found}


@cache
def v3(group: str, version: str) -> bytes:
    """The document of one group and version."""
    kinds = groups().get(group, {}).get(version)
    if kinds is None:
        raise PathNotFound
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
        "components": {"schemas": {name: _as_v3(node) for name, node in _reachable(kinds).items()}},
    }
    return json.dumps(document, separators=(",", ":")).encode()


def _reachable(kinds: list[Kind]) -> dict[str, Any]:
    """The definitions that these kinds are made of."""
    everything = _definitions()
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


def _references(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["$ref"][len(schema.PREFIX) :]] if isinstance(value.get("$ref"), str) else []
        return own + [name for item in value.values() for name in _references(item)]
    if isinstance(value, list):
        return [name for item in value for name in _references(item)]
    return []


def _as_v3(node: Any) -> Any:
    """A definition in the form of OpenAPI 3: a reference with siblings stands in `allOf`."""
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
