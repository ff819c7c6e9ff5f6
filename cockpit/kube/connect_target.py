"""Which clusters to talk to, and as whom: the options and the targets resolved from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class ConnectOptions:
    """The connection flags, the same as kubectl's; `request_timeout` in seconds.

    No contexts means the current one. `namespace` None means the context's own.
    """

    kubeconfig: Path | None = None
    contexts: tuple[str, ...] = ()
    as_user: str | None = None
    as_groups: tuple[str, ...] = ()
    request_timeout: float | None = None
    namespace: str | None = None


@dataclass(frozen=True, slots=True)
class ConnectTarget:
    """One context, pinned: later changes to the files do not change where writes go.

    `user` is for display: the kubeconfig's user, and whom it impersonates. `source` is the file that the context
    came from; `account_source` and `account_name` locate its user. `cluster` and `account` are the kubeconfig's
    entries with absolute paths, `headers` are sent with every request; these three are never shown.
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
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
