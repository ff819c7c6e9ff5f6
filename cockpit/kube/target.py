"""Which clusters to talk to, and as whom: what was asked for and what a kubeconfig makes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class ConnectOptions:
    """The flags that say where to connect, as kubectl has them; `request_timeout` in seconds.

    No contexts means the current one. `namespace` None means the context's own.
    """

    kubeconfig: Path | None = None
    contexts: tuple[str, ...] = ()
    as_user: str | None = None
    as_groups: tuple[str, ...] = ()
    request_timeout: float | None = None
    namespace: str | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """One context, pinned: later changes of the files do not change where acts go.

    `user` is for display: the kubeconfig's user, and whom it acts as. `source` is the file that the context came
    from, `account_source` and `account_name` say where its user is. `cluster` and `account` are the kubeconfig's
    entries with absolute paths, `headers` what every request carries; none of the three is ever shown.
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
