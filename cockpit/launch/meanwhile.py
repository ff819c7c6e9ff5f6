"""What the screen shows before there is a session."""

from __future__ import annotations

from collections.abc import Sequence

from cockpit.cli.program import Options
from cockpit.kube.connect_target import ConnectTarget
from cockpit.model.view import ClusterView, FleetView, Sync
from cockpit.session.clock import SystemClock
from cockpit.session.settings import Settings


def connecting_view(targets: Sequence[ConnectTarget], options: Options, settings: Settings) -> FleetView:
    """The requested clusters, none of which has answered yet."""
    clusters = tuple(
        ClusterView(
            context=target.context,
            server=target.server,
            user=target.user,
            namespace=None if options.all_namespaces else options.namespace or target.namespace,
            production=settings.is_production(target.context, target.cluster_name),
            state=Sync.CONNECTING,
            message="",
            stale_since=None,
            kinds=(),
            read_only=settings.sends_nothing(target.context, target.cluster_name),
        )
        for target in targets
    )
    read_only = all(settings.sends_nothing(target.context, target.cluster_name) for target in targets)
    user = ", ".join(dict.fromkeys(target.user for target in targets))
    return FleetView(SystemClock().now(), clusters, (), (), read_only, user)
