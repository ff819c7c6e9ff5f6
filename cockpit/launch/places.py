"""Which clusters belong to those that were asked for, and how this program was told of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from cockpit.cli.program import Options

if TYPE_CHECKING:
    from cockpit.kube.connect_target import ConnectOptions
    from cockpit.session.settings import Settings


def behind_one_gateway(contexts: Sequence[str], settings: Settings) -> tuple[str, ...]:
    """The other contexts behind the same gateway: without them a split would be wrong."""
    groups = (group for group in settings.one_gateway if set(group) & set(contexts))
    return tuple(dict.fromkeys(name for group in groups for name in group if name not in contexts))


def connect_options(options: Options, settings: Settings) -> ConnectOptions:
    """How to reach the clusters that were asked for, and as whom."""
    from cockpit.kube.connect_target import ConnectOptions

    return ConnectOptions(
        kubeconfig=Path(options.kubeconfig) if options.kubeconfig else None,
        contexts=options.contexts,
        as_user=options.as_user,
        as_groups=options.as_groups,
        request_timeout=settings.request_timeout,
        namespace=options.namespace,
    )


def started_as(options: Options) -> tuple[str, ...]:
    """The words that start the cockpit on the same clusters as the same user."""
    words = ["cockpit"]
    for flag, value in (("--kubeconfig", options.kubeconfig), ("--as", options.as_user)):
        words += [flag, value] if value else []
    for group in options.as_groups:
        words += ["--as-group", group]
    return tuple(words)
