"""The clusters of a session, those that share a gateway joined."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence

from cockpit.model.adapter import Adapter
from cockpit.model.clock import Clock
from cockpit.session.facts.cluster import Cluster, Connection
from cockpit.session.settings import Settings


def open_clusters(
    connections: Sequence[Connection],
    adapters: Sequence[Adapter],
    settings: Settings,
    clock: Clock,
    rng: random.Random,
    on_change: Callable[[], None],
) -> dict[str, Cluster]:
    """The clusters by context, not yet read."""
    clusters = {
        connection.api.context: Cluster(
            connection,
            adapters,
            production=settings.is_production(connection.api.context, connection.api.cluster_name),
            read_only=settings.sends_nothing(connection.api.context, connection.api.cluster_name),
            clock=clock,
            rng=rng,
            on_change=on_change,
        )
        for connection in connections
    }
    for context, cluster in clusters.items():
        sharing = {name for group in settings.one_gateway if context in group for name in group} - {context}
        cluster.join([clusters[name] for name in sorted(sharing) if name in clusters])
    return clusters


def nothing_is_sent(clusters: Mapping[str, Cluster]) -> bool:
    """Whether every cluster that was asked for is read-only."""
    asked = [cluster for cluster in clusters.values() if not cluster.aside]
    return bool(asked) and all(cluster.sender.read_only for cluster in asked)
