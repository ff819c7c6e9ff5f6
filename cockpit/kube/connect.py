"""From command line options to cluster connections."""

from __future__ import annotations

from collections.abc import Mapping

from cockpit.kube.api import KubeApi
from cockpit.kube.connect_target import ConnectOptions, ConnectTarget
from cockpit.kube.credentials import credentials_for
from cockpit.kube.kubeconfig import resolve_targets
from cockpit.kube.transport import Transport
from cockpit.model.clock import Clock

__all__ = ["ConnectOptions", "ConnectTarget", "connect", "resolve"]


def resolve(options: ConnectOptions, environ: Mapping[str, str]) -> tuple[ConnectTarget, ...]:
    """The clusters that the options select, by kubectl's rules. Reads files, sends no request.

    Raises ConfigError for a broken kubeconfig (with file and line) or one without the requested context.
    """
    return resolve_targets(options, environ)


async def connect(target: ConnectTarget, options: ConnectOptions, clock: Clock) -> KubeApi:
    """An API client with credentials; it has not sent a request yet. The caller closes it.

    A credential plug-in runs here and can prompt on the terminal: connect before a screen takes it over.
    Raises ConfigError when there are no usable credentials.
    """
    credentials = await credentials_for(target, clock)
    transport = Transport(target, credentials, timeout=options.request_timeout or 30.0)
    return KubeApi(target, transport, clock)
