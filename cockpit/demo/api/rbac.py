"""What Roles and bindings of the store allow (rbac.authorization.k8s.io/v1), and who a user acts as.

Not modelled: aggregated ClusterRoles, and the check that nobody grants more than they have (`escalate`, `bind`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from cockpit.demo.api.auth import Rule, User, Users, check
from cockpit.demo.schemas.kinds import CLUSTERROLEBINDINGS, CLUSTERROLES, ROLEBINDINGS, ROLES
from cockpit.demo.store.storage import Storage

AUTHENTICATED, MASTERS = "system:authenticated", "system:masters"
_ACCOUNT = "system:serviceaccount:"


class Grants:
    """Users as a request of theirs is judged: with the rules that bindings give them."""

    def __init__(self, storage: Storage, users: Users) -> None:
        self._storage = storage
        self._users = users

    def caller(self, authorization: str, acting: str, groups: Sequence[str]) -> User:
        """Who calls; with `acting` (Impersonate-User, -Group) who they act as. Unauthorized, Forbidden."""
        user = self._granted(self._users.of(authorization))
        if not acting:
            return user
        check(user, "impersonate", "", "users", name=acting)
        for group in groups:
            check(user, "impersonate", "", "groups", name=group)
        return self._granted(self._acted(acting, groups))

    def _acted(self, name: str, groups: Sequence[str]) -> User:
        """The user of that name, as authentication would have found them (apiserver, filters/impersonation.go)."""
        known = next((user for user in self._users.all if user.name == name), None)
        own = (*groups, *([] if groups else _account_groups(name)), AUTHENTICATED)
        rules, admin = (known.rules, known.admin) if known else ((), False)
        return User(name, "", rules, tuple(dict.fromkeys(own)), admin or MASTERS in groups)

    def _granted(self, user: User) -> User:
        found = tuple(self._rules(user))
        return replace(user, rules=(*user.rules, *found)) if found else user

    def _rules(self, user: User) -> Iterator[Rule]:
        for binding in self._storage.scan(CLUSTERROLEBINDINGS):
            if _names(binding, user):
                yield from self._role(binding, "")
        for binding in self._storage.scan(ROLEBINDINGS):
            if _names(binding, user):
                yield from self._role(binding, binding["metadata"]["namespace"])

    def _role(self, binding: Mapping[str, Any], namespace: str) -> Iterator[Rule]:
        """The rules of a binding's role, in its namespace; of a role that does not exist, none."""
        ref = binding.get("roleRef") or {}
        kind = ROLES if ref.get("kind") == "Role" else CLUSTERROLES
        role = self._storage.peek(kind, namespace or None, ref.get("name") or "")
        for rule in (role or {}).get("rules") or ():
            verbs, groups, resources, names = (
                tuple(rule.get(key) or ()) for key in ("verbs", "apiGroups", "resources", "resourceNames")
            )
            yield Rule(verbs, groups, resources, names, namespace)


def _names(binding: Mapping[str, Any], user: User) -> bool:
    """Whether a subject of the binding is this user, or a group of theirs."""
    for subject in binding.get("subjects") or ():
        kind, name = subject.get("kind"), subject.get("name")
        if kind == "User" and name == user.name:
            return True
        if kind == "Group" and name in user.groups:
            return True
        if kind == "ServiceAccount" and f"{_ACCOUNT}{subject.get('namespace')}:{name}" == user.name:
            return True
    return False


def _account_groups(name: str) -> tuple[str, ...]:
    if not name.startswith(_ACCOUNT):
        return ()
    return ("system:serviceaccounts", f"system:serviceaccounts:{name.removeprefix(_ACCOUNT).partition(':')[0]}")
