"""What a request is about: its kind, object, subresource and verb."""

from __future__ import annotations

from dataclasses import dataclass

from cockpit.demo.errors import MethodNotAllowed, PathNotFound, resource_not_found
from cockpit.demo.schemas.kinds import NAMESPACES, PODS, SERVICES, Kind
from cockpit.demo.schemas.registry import Registry

# Methods that the API server passes on to a Service, and the verb that each needs.
PROXY_VERBS = {"POST": "create", "DELETE": "delete", "GET": "get", "PATCH": "patch", "PUT": "update"}
VERBS = {"POST": "create", "PUT": "update", "PATCH": "patch"}


@dataclass(frozen=True)
class Route:
    """A resource request; `namespace` and `name` are empty where the path has none."""

    kind: Kind
    namespace: str = ""
    name: str = ""
    subresource: str = ""
    rest: str = ""  # the path behind `proxy`, as it was sent; "" for none, not even a slash

    def verb(self, method: str, watch: bool) -> str:
        """The verb as RBAC knows it; MethodNotAllowed for what the resource does not do."""
        if method in ("GET", "HEAD"):
            verb = "get" if self.name else "watch" if watch else "list"
        elif method == "DELETE":
            verb = "delete" if self.name else "deletecollection"
        else:
            verb = VERBS.get(method, "")
        if not self._does(verb):
            raise MethodNotAllowed
        return verb

    def _does(self, verb: str) -> bool:
        if self.subresource == "log":
            return verb == "get"
        if self.subresource == "proxy":
            return verb in PROXY_VERBS.values()
        if self.subresource == "finalize":
            return verb == "update"
        if self.subresource:
            return verb in ("get", "update", "patch")
        across = self.kind.namespaced and not self.namespace
        if (verb == "create" and (self.name or across)) or (verb == "deletecollection" and across):
            return False
        if verb in ("update", "patch") and not self.name:
            return False
        return verb in self.kind.verbs


def route(registry: Registry, path: str) -> Route | None:
    """The resource behind a path; None for a path of another sort; NotFound for a resource that is not served."""
    parts = path.strip("/").split("/")
    if parts[0] == "api" and len(parts) > 2:
        group, version, rest = "", parts[1], parts[2:]
    elif parts[0] == "apis" and len(parts) > 3:
        group, version, rest = parts[1], parts[2], parts[3:]
    else:
        return None
    namespace = ""
    if rest[0] == "namespaces" and len(rest) > 2 and not _of_namespace(group, rest[2]):
        namespace, rest = rest[1], rest[2:]
    kind = registry.by_resource(group, version, rest[0])
    if kind is None and group not in registry.groups():
        raise PathNotFound
    name = rest[1] if len(rest) > 1 else ""
    subresource = "/".join(rest[2:])
    if kind is SERVICES and len(rest) > 2 and rest[2] == "proxy" and namespace and name:
        return Route(kind, namespace, name, "proxy", _behind(path, name))
    if (
        kind is None
        or (namespace and not kind.namespaced)
        or (name and kind.namespaced and not namespace)
        or not _has(kind, subresource)
    ):
        raise resource_not_found()
    return Route(kind, name if kind is NAMESPACES else namespace, name, subresource)


def _behind(path: str, name: str) -> str:
    """What follows `/proxy` in the path of a request to a Service's proxy."""
    return path.partition(f"/services/{name}/proxy")[2]


def _of_namespace(group: str, word: str) -> bool:
    """Whether what follows a namespace's name is a subresource of the namespace itself."""
    return not group and word in ("status", "finalize")


def _has(kind: Kind, subresource: str) -> bool:
    return (
        not subresource
        or (subresource == "status" and kind.has_status)
        or (subresource == "scale" and kind.has_scale)
        or (subresource == "log" and kind is PODS)
        or (subresource == "finalize" and kind is NAMESPACES)
    )
