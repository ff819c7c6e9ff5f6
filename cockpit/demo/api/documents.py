"""Paths that are not resources: version, discovery and OpenAPI."""

from __future__ import annotations

from typing import Any

import msgspec

from cockpit.demo.api import discovery, media
from cockpit.demo.api.auth import User, may_read_path
from cockpit.demo.api.calls import Reply
from cockpit.demo.api.openapi import OpenApi
from cockpit.demo.errors import Forbidden, MethodNotAllowed, NotAcceptable, PathNotFound
from cockpit.demo.schemas.registry import Registry

PROTOBUF_V2 = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf"
ROOTS = ["/api", "/api/v1", "/apis", "/healthz", "/livez", "/openapi/v2", "/openapi/v3", "/readyz", "/version"]


def answer(registry: Registry, published: OpenApi, user: User, path: str, method: str, accept: str) -> Reply:
    """The document at a path; NotFound when there is none."""
    if not may_read_path(user, path):
        raise Forbidden(f'forbidden: User "{user.name}" cannot {method.lower()} path "{path}"')
    if method not in ("GET", "HEAD"):
        raise MethodNotAllowed
    parts = path.strip("/").split("/")
    match parts:
        case ["version"]:
            return _json(discovery.VERSION)
        case ["api"] | ["apis"]:
            return _groups(registry, parts[0] == "api", accept)
        case ["api", version]:
            return _json(discovery.resource_list(registry, "", version))
        case ["apis", group]:
            return _json(discovery.api_group(registry, group))
        case ["apis", group, version]:
            return _json(discovery.resource_list(registry, group, version))
        case ["openapi", *rest]:
            return _openapi(published, rest, accept)
        case [""]:
            return _json({"paths": ROOTS})
    raise PathNotFound


def _groups(registry: Registry, core: bool, accept: str) -> Reply:
    chosen = media.choose(accept, ("APIGroupDiscoveryList",))
    if not chosen.as_:
        return _json(discovery.api_versions() if core else discovery.api_group_list(registry))
    version = chosen.parameters.get("v", "v2")
    if version != "v2":
        raise NotAcceptable("406: Not Acceptable")
    content_type = f"application/json;g=apidiscovery.k8s.io;v={version};as=APIGroupDiscoveryList"
    return Reply(msgspec.json.encode(discovery.aggregated(registry, core, version)), content_type=content_type)


def _openapi(published: OpenApi, rest: list[str], accept: str) -> Reply:
    match rest:
        case ["v2"]:
            if any(wanted.type == PROTOBUF_V2 for wanted in media.parse(accept)):
                return Reply(published.v2_protobuf(), content_type=PROTOBUF_V2.replace("@", "."))
            return Reply(published.v2())
        case ["v3"]:
            return _json(published.v3_root())
        case ["v3", "api", version]:
            return Reply(published.v3("", version))
        case ["v3", "apis", group, version]:
            return Reply(published.v3(group, version))
    raise PathNotFound


def _json(value: dict[str, Any]) -> Reply:
    return Reply(msgspec.json.encode(value))
