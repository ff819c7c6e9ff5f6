"""Makes the reader of metrics of a session from its clusters and settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from cockpit.kube.api import KubeApi
from cockpit.metrics.handles import Handles, handles_of
from cockpit.model.clock import Clock
from cockpit.model.probe_answer import ProbeTransport
from cockpit.model.refs import RolloutKey
from cockpit.model.rollout import Rollout
from cockpit.session.facts.cluster import Cluster
from cockpit.session.metrics.places import Places
from cockpit.session.metrics.reader import MetricsReader
from cockpit.session.metrics.settings import PrometheusSettings
from cockpit.session.probing.transports import NO_TRANSPORT


def metrics_reader(
    settings: PrometheusSettings,
    clusters: Mapping[str, Cluster],
    transport: ProbeTransport | None,
    clock: Clock,
    on_change: Callable[[RolloutKey], None],
    tolerated: float,
) -> MetricsReader:
    """See `MetricsReader`; without a `transport` it asks nothing."""

    def api(context: str) -> KubeApi | None:
        return clusters[context].api if context in clusters else None

    def handles(rollout: Rollout) -> Handles:
        return handles_of(rollout, clusters[rollout.key.context].objects(rollout))

    places = Places(settings, api, clock)
    return MetricsReader(places, transport or NO_TRANSPORT, clock, handles, on_change, tolerated)
