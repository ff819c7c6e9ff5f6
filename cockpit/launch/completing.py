"""Names for shell completion, read within a moment or not at all."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from click import ClickException

from cockpit.cli.names import find, short_name, where_it_is
from cockpit.cli.program import Completes, Options, StartError
from cockpit.cli.waiting import decided, until
from cockpit.model.values import dataclass

if TYPE_CHECKING:
    from cockpit.model.view import FleetView
    from cockpit.session.port import Cockpit
    from cockpit.tui.themes import Themes

# Seconds that a person waits after the tab key.
PATIENCE = 3.0
# Seconds that this machine may need to list its scenarios.
LISTING_SECONDS = 30.0
_MOST = 500

OpenSession = Callable[[Options], AbstractAsyncContextManager["Cockpit"]]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is completed: a kind of names, the flags before it, what is typed of it, and the rollout it belongs to.

    `patience` is how many seconds a person waits for it.
    """

    what: Completes
    options: Options
    typed: str = ""
    of: str = ""
    patience: float = PATIENCE


def complete(wanted: Wanted, environ: Mapping[str, str], session: OpenSession) -> Sequence[str]:
    """The names of a kind; none where they cannot be read."""
    from cockpit.kube.errors import KubeError

    options = wanted.options
    try:
        match wanted.what:
            case Completes.CONTEXT | Completes.CLUSTER | Completes.USER:
                return _of_kubeconfig(wanted.what, options, environ)
            case Completes.SCENARIO:
                return _scenarios()
            case Completes.THEME:
                return list(_themes(environ).themes)
            case Completes.NAMESPACE:
                return asyncio.run(_namespaces(wanted, options, environ))
            case Completes.ROLLOUT:
                return asyncio.run(_rollouts(wanted, environ, session))
            case Completes.VERSION | Completes.STEP:
                return asyncio.run(_of_rollout(wanted, session))
    except (KubeError, StartError, ClickException, OSError, ValueError, TimeoutError, subprocess.SubprocessError):
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


async def _namespaces(wanted: Wanted, options: Options, environ: Mapping[str, str]) -> Sequence[str]:
    """Of the chosen or current context."""
    from cockpit.kube.connect import connect
    from cockpit.kube.kubeconfig import resolve_targets
    from cockpit.launch.places import connect_options
    from cockpit.model.refs import NAMESPACES
    from cockpit.session.clock import SystemClock

    reached = connect_options(replace(options, contexts=options.contexts[:1]), wanted.patience)
    async with asyncio.timeout(wanted.patience):
        api = await connect(resolve_targets(reached, environ)[0], reached, SystemClock())
        try:
            body = await api.get_path(NAMESPACES.path(), {"limit": str(_MOST)})
        finally:
            await api.close()
    return sorted(item.metadata.name for item in msgspec.json.decode(body, type=_Names).items)


async def _rollouts(wanted: Wanted, environ: Mapping[str, str], session: OpenSession) -> Sequence[str]:
    """By their short names; with their contexts if one was typed, and where no namespace was, all namespaces too.

    The rest of a name is read from the place that its beginning says.
    """
    from cockpit.kube.errors import KubeError

    options, typed = wanted.options, wanted.typed
    place, slash, _ = typed.rpartition("/")
    context, colon, namespace = place.rpartition(":") if slash else typed.rpartition(":")
    if colon:
        options = replace(options, contexts=(context,))
    # What stands behind the colon is the beginning of a namespace, or of a name in the context's own.
    elsewhere = not (slash or options.namespace or options.all_namespaces)
    if slash and not options.all_namespaces:
        options = replace(options, namespace=options.namespace or namespace)
    found: list[str] = []
    if elsewhere:
        with contextlib.suppress(KubeError, TimeoutError):
            found = [f"{name}/" for name in await _namespaces(wanted, options, environ)]
    keys = [shown.rollout.key for shown in (await _read(options, session, wanted.patience)).rollouts]
    names = [str(key) if colon else short_name(key, keys) for key in keys]
    return [*names, *(f"{context}:{name}" if colon else name for name in found)][:_MOST]


async def _of_rollout(wanted: Wanted, session: OpenSession) -> Sequence[str]:
    """The versions of a rollout, or the numbers of its steps."""
    shown = find(await _read(where_it_is(wanted.options, wanted.of), session, wanted.patience), wanted.of)
    if wanted.what is Completes.STEP:
        return [str(number) for number, _ in enumerate(shown.rollout.steps, 1)]
    return [version.name for version in shown.rollout.own_versions]


async def _read(options: Options, session: OpenSession, patience: float) -> FleetView:
    async with asyncio.timeout(patience), session(options) as cockpit:
        return await until(cockpit, decided, patience) or cockpit.view()


def why_no_theme(name: str, environ: Mapping[str, str]) -> str:
    """Why the screen takes another theme than this one; "" if it takes it."""
    return _themes(environ).usable(name)[1]


def _themes(environ: Mapping[str, str]) -> Themes:
    from cockpit.session.settings import user_paths
    from cockpit.tui.themes import load_themes, packaged_directory

    return load_themes(packaged_directory(), [user_paths(environ).config.parent / "themes"])


class _Name(msgspec.Struct):
    name: str


class _Item(msgspec.Struct):
    metadata: _Name


class _Names(msgspec.Struct):
    items: list[_Item]
