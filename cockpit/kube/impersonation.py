"""User impersonation: `as` of a kubeconfig's user and the flags that override it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from cockpit.kube.connect_target import ConnectOptions
from cockpit.kube.errors import ConfigError


def acting_as(
    user: str, account: Mapping[str, Any], options: ConnectOptions, where: str
) -> tuple[str, tuple[tuple[str, str], ...]]:
    """The user to show, and the Impersonate-* headers (Kubernetes "User impersonation").

    Each flag overrides its kubeconfig field, as in kubectl. Raises ConfigError if groups, a uid or extra
    fields are given without a user, and for values that cannot be sent in a header.
    """
    name = options.as_user or account.get("as")
    groups = list(options.as_groups) or account.get("as-groups") or []
    uid = account.get("as-uid")
    extra = account.get("as-user-extra") or {}
    if not isinstance(groups, list) or not isinstance(extra, dict):
        raise ConfigError(f"{where}: as-groups must be a list and as-user-extra a map.")
    if not name:
        if groups or uid or extra:
            raise ConfigError(
                f"{where}: as-groups, as-uid and as-user-extra need a user to impersonate (--as, or as:)."
            )
        return user, ()
    headers = [("Impersonate-User", str(name))]
    headers += [("Impersonate-Group", str(group)) for group in groups]
    if uid:
        headers.append(("Impersonate-Uid", str(uid)))
    for key, values in extra.items():
        field = f"Impersonate-Extra-{quote(str(key).lower(), safe='')}"
        headers += [(field, str(value)) for value in (values if isinstance(values, list) else [values])]
    for header, value in headers:
        if not value.isprintable():
            raise ConfigError(f"{where}: {header} has characters that cannot be sent.")
    return f"{name} (by {user or 'nobody'})", tuple(headers)
