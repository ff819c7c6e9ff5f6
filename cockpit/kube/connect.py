"""From options to clusters that answer."""

from __future__ import annotations

from collections.abc import Mapping

from cockpit.kube.api import KubeApi
from cockpit.kube.credentials import credentials_for
from cockpit.kube.kubeconfig import resolve_targets
from cockpit.kube.target import ConnectOptions, Target
from cockpit.kube.transport import Transport
from cockpit.model.clock import Clock

__all__ = ["ConnectOptions", "Target", "connect", "resolve"]


def resolve(options: ConnectOptions, environ: Mapping[str, str]) -> tuple[Target, ...]:
    """The clusters that the options name, by kubectl's rules; reads files, asks no cluster.

    Raises ConfigError for a kubeconfig that is broken (naming file and line) or lacks what is asked for.
    """
    return resolve_targets(options, environ)


async def connect(target: Target, options: ConnectOptions, clock: Clock) -> KubeApi:
    """An API with credentials; nothing is asked of the cluster yet. Close it in the end.

    A credential plug-in runs here and may use the terminal to ask: connect before a screen takes it.
    Raises ConfigError where credentials cannot be had.
    """
    credentials = await credentials_for(target, clock)
    transport = Transport(target, credentials, timeout=options.request_timeout or 30.0)
    return KubeApi(target, transport, clock)
