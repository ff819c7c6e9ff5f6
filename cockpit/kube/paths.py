"""URL paths of objects, with quoted names that cannot escape their segment."""

from __future__ import annotations

from urllib.parse import quote

from cockpit.kube.errors import ConfigError
from cockpit.model.refs import Ref, Resource


def object_path(ref: Ref, subresource: str | None = None) -> str:
    """The quoted path of an object or its subresource.

    Raises ConfigError for a name that the API does not allow in a path (apimachinery `IsValidPathSegmentName`).
    """
    namespace = _segment(ref.namespace) if ref.resource.namespaced else None
    return ref.resource.path(namespace, _segment(ref.name), subresource and _segment(subresource))


def list_path(resource: Resource, namespace: str | None) -> str:
    """The quoted path of a list; without a namespace, of all namespaces."""
    return resource.path(_segment(namespace) if namespace and resource.namespaced else None)


def _segment(name: str) -> str:
    if name in ("", ".", "..") or "/" in name or "%" in name:
        raise ConfigError(f"{name!r} is not a valid object name. Nothing was sent.")
    return quote(name, safe="")
