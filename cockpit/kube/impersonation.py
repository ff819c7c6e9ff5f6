"""Acting as somebody else: `as` of a kubeconfig's user and the flags that override it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from cockpit.kube.errors import ConfigError
from cockpit.kube.target import ConnectOptions


def acting_as(
    user: str, account: Mapping[str, Any], options: ConnectOptions, where: str
) -> tuple[str, tuple[tuple[str, str], ...]]:
    """Who is shown as the user, and the Impersonate-* headers (Kubernetes "User impersonation").

    Flags win over the kubeconfig one by one, as kubectl's do. Raises ConfigError where groups, a uid or extra
    fields are given without a user, and for what cannot be sent in a header.
    """
    name = options.as_user or account.get("as")
    groups = list(options.as_groups) or account.get("as-groups") or []
    uid = account.get("as-uid")
    extra = account.get("as-user-extra") or {}
    if not isinstance(groups, list) or not isinstance(extra, dict):
        raise ConfigError(f"{where}: as-groups has to be a list and as-user-extra a map.")
    if not name:
        if groups or uid or extra:
            raise ConfigError(f"{where}: as-groups, as-uid and as-user-extra need a user to act as (--as, or as:).")
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
