"""Names for shell completion, read within a moment or not at all."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from cockpit.cli.names import short_name
from cockpit.cli.program import Completes, Options, StartError
from cockpit.cli.waiting import decided, until

if TYPE_CHECKING:
    from cockpit.session.port import Cockpit

# Seconds that a person waits after the tab key.
PATIENCE = 3.0
# Seconds that this machine may need to list its scenarios.
LISTING_SECONDS = 30.0
_MOST = 500

OpenSession = Callable[[Options], AbstractAsyncContextManager["Cockpit"]]


def complete(what: Completes, options: Options, environ: Mapping[str, str], session: OpenSession) -> Sequence[str]:
    """The names of a kind; none where they cannot be read."""
    from cockpit.kube.errors import KubeError

    try:
        match what:
            case Completes.CONTEXT | Completes.CLUSTER | Completes.USER:
                return _of_kubeconfig(what, options, environ)
            case Completes.SCENARIO:
                return _scenarios()
            case Completes.NAMESPACE:
                return asyncio.run(_namespaces(options, environ))
            case Completes.ROLLOUT:
                return asyncio.run(_rollouts(options, session))
    except (KubeError, StartError, OSError, ValueError, TimeoutError, subprocess.SubprocessError):
        return ()


def _of_kubeconfig(what: Completes, options: Options, environ: Mapping[str, str]) -> Sequence[str]:
    from cockpit.kube.kubeconfig import load_kubeconfig

    explicit = Path(options.kubeconfig) if options.kubeconfig else None
    config = load_kubeconfig(explicit, environ)
    entries = {Completes.CONTEXT: config.contexts, Completes.CLUSTER: config.clusters, Completes.USER: config.users}
    return sorted(entries[what])


def _scenarios() -> Sequence[str]:
    """By name; the embedded cluster is another program."""
    words = [sys.executable, "-m", "cockpit.demo", "--list"]
    told = subprocess.run(words, capture_output=True, text=True, timeout=LISTING_SECONDS, check=True).stdout
    return [line.split()[0] for line in told.splitlines() if line.strip()]


async def _namespaces(options: Options, environ: Mapping[str, str]) -> Sequence[str]:
    """Of the chosen or current context."""
    from cockpit.kube.connect import connect
    from cockpit.kube.kubeconfig import resolve_targets
    from cockpit.launch.places import connect_options
    from cockpit.session.clock import SystemClock

    wanted = connect_options(replace(options, contexts=options.contexts[:1]), PATIENCE)
    async with asyncio.timeout(PATIENCE):
        api = await connect(resolve_targets(wanted, environ)[0], wanted, SystemClock())
        try:
            body = await api.get_path("/api/v1/namespaces", {"limit": str(_MOST)})
        finally:
            await api.close()
    return sorted(item.metadata.name for item in msgspec.json.decode(body, type=_Names).items)


async def _rollouts(options: Options, session: OpenSession) -> Sequence[str]:
    async with asyncio.timeout(PATIENCE), session(options) as cockpit:
        view = await until(cockpit, decided, PATIENCE) or cockpit.view()
        keys = [shown.rollout.key for shown in view.rollouts]
        return [short_name(key, keys) for key in keys][:_MOST]


class _Name(msgspec.Struct):
    name: str


class _Item(msgspec.Struct):
    metadata: _Name


class _Names(msgspec.Struct):
    items: list[_Item]
