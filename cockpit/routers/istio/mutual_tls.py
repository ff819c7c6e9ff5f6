"""Destinations that proxies speak mutual TLS to although the pods have no sidecar that could answer it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cockpit.model.fields import mapping, text
from cockpit.model.lookup import Objects
from cockpit.model.objects import Pod
from cockpit.model.refs import PODS
from cockpit.model.rollout import Finding, Severity
from cockpit.routers.istio.destination_rules import Viewer, rules_in_force
from cockpit.routers.istio.destinations import DestinationVersions
from cockpit.routers.istio.split import VirtualServiceSplit
from cockpit.workloads.endpoints import selected_pods
from cockpit.workloads.findings import finding

# The injector sets it on every pod with a sidecar (istio, manifests, injection-template.yaml), and not on gateways, of
# which the proxy is the pod's own container (gateway-injection-template.yaml): it ends mutual TLS itself.
_TLS_MODE = "security.istio.io/tlsMode"
_PROXY = "istio-proxy"


def mutual_tls_findings(split: VirtualServiceSplit, viewer: Viewer, objects: Objects) -> Iterator[Finding]:
    """Each destination that gets requests by ISTIO_MUTUAL while none of its ready pods has a sidecar by its labels."""
    used = {target.place for route in split.group.routes for target, share in route.shares() if share}
    for side in split.sides:
        if side.target.place in used and _is_mutual(side, viewer, objects) and not _has_proxy(side, objects):
            why = (
                f"proxies speak mutual TLS (ISTIO_MUTUAL) to {side.target}, and none of its pods has a sidecar by its"
                " labels: outside ambient mode all these requests get 503"
            )
            yield finding("tls-without-sidecar", Severity.WARNING, why, _TLS_MODE)


def _is_mutual(side: DestinationVersions, viewer: Viewer, objects: Objects) -> bool:
    """A subset's own policy for TLS comes before that of its rule; policies for single ports are not judged."""
    if side.service is None or side.empty:
        return False
    policies = [mapping(side.subset.raw, "trafficPolicy")] if side.subset else []
    rules = [side.subset.rule] if side.subset else rules_in_force(side.target.host, viewer, objects)
    policies += [mapping(rule.spec, "trafficPolicy") for rule in rules[:1]]
    return next((mode == "ISTIO_MUTUAL" for policy in policies if (mode := _mode_of(policy))), False)


def _mode_of(policy: Mapping[str, Any]) -> str:
    return "PORTS" if "portLevelSettings" in policy else text(mapping(policy, "tls"), "mode")


def _has_proxy(side: DestinationVersions, objects: Objects) -> bool:
    """Whether Istio takes the requests of any pod behind it; true where that is not known."""
    pods = selected_pods(side.service, objects) if side.service and not objects.unread(PODS) else ()
    wanted = (side.subset.labels if side.subset else {}).items()
    behind = [pod for pod in pods if pod.ready and wanted <= (pod.metadata.labels or {}).items()]
    return not behind or any(map(_speaks_mutual, behind))


def _speaks_mutual(pod: Pod) -> bool:
    """Whether the pod has a sidecar, is a gateway, or is in ambient mode."""
    named = any(container.name == _PROXY for container in pod.spec.containers)
    return named or pod.redirected or _TLS_MODE in (pod.metadata.labels or {})
