"""Which clusters to talk to, and as whom: the options and the targets resolved from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, replace
from pathlib import Path
from typing import Any

from cockpit.model.values import dataclass


@dataclass(frozen=True, slots=True)
class ConnectOptions:
    """The connection flags, the same as kubectl's; `request_timeout` in seconds.

    No contexts means the current one. `namespace` None means the context's own. `cluster` and `user` name entries of
    the kubeconfig in place of the context's own, `token` takes the place of all credentials of the user.
    """

    kubeconfig: Path | None = None
    contexts: tuple[str, ...] = ()
    as_user: str | None = None
    as_groups: tuple[str, ...] = ()
    request_timeout: float | None = None
    namespace: str | None = None
    cluster: str | None = None
    user: str | None = None
    token: str | None = field(default=None, repr=False)

    def of_one_context(self) -> tuple[str, ...]:
        """The flags in use that would mean something else in a second context."""
        given = (("--cluster", self.cluster), ("--user", self.user), ("--token", self.token))
        return tuple(flag for flag, value in given if value is not None)

    def beside(self, contexts: tuple[str, ...]) -> ConnectOptions:
        """The same for other contexts: a token is of one cluster, and is sent to no other."""
        return replace(self, contexts=contexts, cluster=None, user=None, token=None)


@dataclass(frozen=True, slots=True)
class ConnectTarget:
    """One context, pinned: later changes to the files do not change where writes go.

    `user` is for display: the kubeconfig's user, and whom it impersonates. `cluster_name` is the kubeconfig's cluster
    if it is not the context's own, "" if it is. `source` is the file that the context came from; `account_source` and
    `account_name` locate its user. `cluster` and `account` are the kubeconfig's entries with absolute paths, `headers`
    are sent with every request; these three are never shown.
    """

    context: str
    server: str
    user: str
    namespace: str
    source: str = ""
    account_source: Path | None = None
    in_cluster: Path | None = None
    cluster: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)
    account_name: str = ""
    account: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)
    cluster_name: str = ""
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
