"""Roles and bindings (rbac.authorization.k8s.io/v1) as documents that kubectl applies as they are."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from cockpit.manifests.admission import pairing_policies
from cockpit.manifests.role_rights import RoleName, cluster_scoped, rights_of
from cockpit.model.refs import NAMESPACES
from cockpit.model.rights import Right
from cockpit.model.values import dataclass

PLACEHOLDER = "REPLACE-ME"
_GROUP = "rbac.authorization.k8s.io"
Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Subjects:
    """Who gets a role, by the names that the API server knows; without any, a placeholder stands for them."""

    users: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()

    def listed(self) -> list[Document]:
        """The `subjects` of a binding."""
        named = [("User", name) for name in self.users] + [("Group", name) for name in self.groups]
        return [{"apiGroup": _GROUP, "kind": kind, "name": name} for kind, name in named or [("User", PLACEHOLDER)]]


def role_documents(role: RoleName, namespace: str | None, subjects: Subjects) -> list[Document]:
    """A role with its binding, for one namespace or (None) for the whole cluster; for pairing also its policies.

    In one namespace a second role allows to read the kinds that belong to none.
    """
    name, wanted = f"rollout-cockpit-{role}", rights_of(role)
    policies = pairing_policies() if role is RoleName.PAIRING else []
    if namespace is None:
        return [*_pair("ClusterRole", name, None, wanted, subjects), *policies]
    outside = cluster_scoped()
    # Names of namespaces are only for those who may look into several.
    wide = {each for each in wanted if (each.group, each.resource) in outside and not _is_of(each, NAMESPACES.plural)}
    found = _pair("Role", name, namespace, {w for w in wanted if (w.group, w.resource) not in outside}, subjects)
    if wide:
        # A cluster has one role of this name, and each namespace a binding to it.
        found += _pair("ClusterRole", f"{name}-cluster", None, wide, subjects, f"{name}-{namespace}")
    return [*found, *policies]


def _is_of(right: Right, plural: str) -> bool:
    return not right.group and right.resource == plural


def _pair(
    kind: str, name: str, namespace: str | None, wanted: Collection[Right], subjects: Subjects, binding: str = ""
) -> list[Document]:
    """A role of this kind, and its binding, which has its name unless another is given."""
    head = {"labels": {"app.kubernetes.io/name": "rollout-cockpit"}}
    place = {} if namespace is None else {"namespace": namespace}
    return [
        {
            "apiVersion": f"{_GROUP}/v1",
            "kind": kind,
            "metadata": {"name": name, **place, **head},
            "rules": _rules(wanted),
        },
        {
            "apiVersion": f"{_GROUP}/v1",
            "kind": f"{kind}Binding",
            "metadata": {"name": binding or name, **place, **head},
            "roleRef": {"apiGroup": _GROUP, "kind": kind, "name": name},
            "subjects": subjects.listed(),
        },
    ]


def _rules(wanted: Iterable[Right]) -> list[Document]:
    """One rule for all resources of a group with the same verbs, in an order that does not change."""
    verbs: dict[tuple[str, str], list[str]] = {}
    for each in sorted(wanted):
        verbs.setdefault((each.group, each.resource), []).append(each.verb)
    alike: dict[tuple[str, Sequence[str]], list[str]] = {}
    for (group, resource), allowed in verbs.items():
        alike.setdefault((group, tuple(allowed)), []).append(resource)
    return [
        {"apiGroups": [group], "resources": resources, "verbs": list(allowed)}
        for (group, allowed), resources in alike.items()
    ]
