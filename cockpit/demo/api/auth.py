"""Who calls, and what they may do."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field

from cockpit.demo.errors import Forbidden, Unauthorized

READ_VERBS = ("get", "list", "watch")
REVIEWS = ("selfsubjectaccessreviews", "selfsubjectreviews", "selfsubjectrulesreviews")
PUBLIC_PATHS = ("/healthz", "/livez", "/readyz", "/version")
DISCOVERY_PATHS = ("/api", "/apis", "/openapi")


@dataclass(frozen=True)
class Rule:
    """Verbs on resources (`pods`, `pods/log`, `*/scale`, `*`) of API groups.

    `names` are those of the only objects that it is about, none for all; `namespace` is its only one, "" for all.
    """

    verbs: tuple[str, ...]
    groups: tuple[str, ...]
    resources: tuple[str, ...]
    names: tuple[str, ...] = ()
    namespace: str = ""

    def allows(self, verb: str, group: str, resource: str, namespace: str = "", name: str = "") -> bool:
        """Whether this rule covers the request."""
        wanted = {"*", resource, *([f"*/{resource.partition('/')[2]}"] if "/" in resource else [])}
        return (
            ("*" in self.verbs or verb in self.verbs)
            and ("*" in self.groups or group in self.groups)
            and not wanted.isdisjoint(self.resources)
            and (not self.names or name in self.names)
            and (not self.namespace or namespace == self.namespace)
        )


@dataclass(frozen=True)
class User:
    """A caller; `token` never shows in its repr."""

    name: str
    token: str = field(repr=False)
    rules: tuple[Rule, ...] = ()
    groups: tuple[str, ...] = ("system:authenticated",)
    admin: bool = False

    def may(self, verb: str, group: str, resource: str, namespace: str = "", name: str = "") -> bool:
        """Whether this user may do `verb` on `resource` (with `/subresource`) of `group`."""
        if self.admin or (verb in ("create", "*") and resource in REVIEWS):
            return True
        return any(rule.allows(verb, group, resource, namespace, name) for rule in self.rules)


READ_EVERYTHING_BUT_SECRETS = (
    Rule(
        READ_VERBS,
        ("",),
        (
            *("configmaps", "endpoints", "events", "namespaces", "nodes", "pods", "pods/log", "pods/status"),
            *("limitranges", "persistentvolumeclaims", "persistentvolumeclaims/status", "resourcequotas"),
            *("replicationcontrollers", "serviceaccounts", "services", "services/status", "namespaces/status"),
        ),
    ),
    Rule(
        READ_VERBS,
        (
            *("apps", "discovery.k8s.io", "networking.k8s.io", "coordination.k8s.io", "events.k8s.io"),
            *("autoscaling", "batch", "policy"),
            *("argoproj.io", "rollouts.kruise.io", "apps.kruise.io", "gateway.networking.k8s.io"),
            *("networking.istio.io", "flagger.app"),
        ),
        ("*",),
    ),
)


class Users:
    """The users of a cluster: admin, a colleague with the same rights, viewer (reads all but Secrets) and nobody."""

    def __init__(self, cluster: str) -> None:
        def token() -> str:
            return secrets.token_hex(20)

        self.admin = User(f"{cluster}-admin", token(), admin=True, groups=("system:masters", "system:authenticated"))
        self.colleague = User(f"{cluster}-colleague", token(), admin=True)
        self.viewer = User(f"{cluster}-viewer", token(), READ_EVERYTHING_BUT_SECRETS)
        self.nobody = User(f"{cluster}-nobody", token())
        self._by_token = {user.token: user for user in self.all}

    @property
    def all(self) -> Sequence[User]:
        """Every user, admin first."""
        return (self.admin, self.colleague, self.viewer, self.nobody)

    def of(self, authorization: str) -> User:
        """The user behind an `Authorization` header; Unauthorized for anything but a known bearer token."""
        scheme, _, token = authorization.partition(" ")
        user = self._by_token.get(token.strip()) if scheme.lower() == "bearer" else None
        if user is None:
            raise Unauthorized("Unauthorized")
        return user


def check(
    user: User, verb: str, group: str, resource: str, *, subresource: str = "", namespace: str = "", name: str = ""
) -> None:
    """Forbidden, as RBAC words it, when the user may not."""
    full = f"{resource}/{subresource}" if subresource else resource
    if user.may(verb, group, full, namespace, name):
        return
    qualified = f"{resource}.{group}" if group else resource
    named = f'{qualified} "{name}"' if name else qualified
    where = f'in the namespace "{namespace}"' if namespace else "at the cluster scope"
    details = {"name": name, "group": group, "kind": resource}
    raise Forbidden(
        f'{named} is forbidden: User "{user.name}" cannot {verb} resource "{full}" in API group "{group}" {where}',
        details={key: value for key, value in details.items() if value},
    )


def may_read_path(user: User, path: str) -> bool:
    """Whether the user may GET a path that is not a resource; discovery is open to everyone with a token."""
    return user.admin or any(path == start or path.startswith(start + "/") for start in PUBLIC_PATHS + DISCOVERY_PATHS)
