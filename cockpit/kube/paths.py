"""URL paths of objects, with names that cannot lead anywhere else."""

from __future__ import annotations

from urllib.parse import quote

from cockpit.kube.errors import ConfigError
from cockpit.model.refs import Ref, Resource


def object_path(ref: Ref, subresource: str | None = None) -> str:
    """The quoted path of an object or its subresource.

    Raises ConfigError for a name that the API allows in no path (`IsValidPathSegmentName` of apimachinery).
    """
    namespace = _segment(ref.namespace) if ref.resource.namespaced else None
    return ref.resource.path(namespace, _segment(ref.name), subresource and _segment(subresource))


def list_path(resource: Resource, namespace: str | None) -> str:
    """The quoted path of a list; over all namespaces without one."""
    return resource.path(_segment(namespace) if namespace and resource.namespaced else None)


def _segment(name: str) -> str:
    if name in ("", ".", "..") or "/" in name or "%" in name:
        raise ConfigError(f"{name!r} cannot be the name of an object: nothing was sent.")
    return quote(name, safe="")
