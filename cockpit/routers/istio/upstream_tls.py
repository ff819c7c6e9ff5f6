"""Destinations that proxies speak TLS to, and whether the pods there can answer it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from cockpit.model.fields import entries, mapping, text, whole
from cockpit.model.lookup import Objects
from cockpit.model.objects import BackendPort, Pod, ServicePort
from cockpit.model.refs import PODS
from cockpit.model.rollout import Finding, Severity
from cockpit.routers.istio.destination_rules import Viewer, rules_in_force
from cockpit.routers.istio.destinations import DestinationVersions
from cockpit.workloads.endpoints import is_alias, port_of, selected_pods
from cockpit.workloads.findings import finding

# The injector sets it on every pod with a sidecar (istio, manifests, injection-template.yaml), and not on gateways, of
# which the proxy is the pod's own container (gateway-injection-template.yaml): it ends mutual TLS itself.
_TLS_MODE = "security.istio.io/tlsMode"
_PROXY = "istio-proxy"
# With these a proxy speaks TLS that the container itself has to answer (networking/v1, ClientTLSSettings.TLSmode).
_BY_CONTAINER = ("SIMPLE", "MUTUAL")
_TLS_PORTS = (443, 8443)
_MOST_PORTS = 100


def tls_findings(sides: Iterable[DestinationVersions], viewer: Viewer, objects: Objects) -> Iterator[Finding]:
    """What is certain or may be wrong with the TLS to each destination that gets requests."""
    for side in sides:
        if side.service is None or is_alias(side.service) or side.empty:
            continue
        mode = _mode_of(side, viewer, objects)
        if mode == "ISTIO_MUTUAL" and not _has_proxy(side, objects):
            why = (
                f"proxies speak mutual TLS (ISTIO_MUTUAL) to {side.target}, and none of its pods has a sidecar by its"
                " labels: outside ambient mode all these requests get 503"
            )
            yield finding("tls-without-sidecar", Severity.WARNING, why, _TLS_MODE)
        elif mode in _BY_CONTAINER:
            yield from _by_container(side, mode)


def _by_container(side: DestinationVersions, mode: str) -> Iterator[Finding]:
    """A warning where the kubelet finds that the port speaks plain HTTP; a note where nothing tells of TLS there."""
    port = _port_of(side)
    begin = f"proxies speak TLS (mode {mode}) to {side.target}"
    if port is not None and _is_plain(side, port):
        why = f"{begin}, and a probe of its containers finds plain HTTP there: all these requests get 503"
        yield _to_plain(Severity.WARNING, f"{why}; set tls.mode in the trafficPolicy to DISABLE")
    elif port is None or not _tells_of_tls(port):
        yield _to_plain(Severity.INFO, f"{begin}: if its containers speak plain HTTP, all these requests get 503")


def _to_plain(severity: Severity, text: str) -> Finding:
    return finding("tls-to-plain", severity, text)


def _mode_of(side: DestinationVersions, viewer: Viewer, objects: Objects) -> str:
    """What a subset says comes before its rule, what is said of a port before both (istio, MergeTrafficPolicy)."""
    rules = [side.subset.rule] if side.subset else rules_in_force(side.target.host, viewer, objects)
    policies = [mapping(rule.spec, "trafficPolicy") for rule in rules[:1]]
    policies += [mapping(side.subset.raw, "trafficPolicy")] if side.subset else []
    port, mode = _port_of(side), ""
    for policy in policies:
        mode = text(mapping(policy, "tls"), "mode") or mode
        settings = entries(policy, "portLevelSettings")[:_MOST_PORTS]
        if settings and port is None:
            return ""
        for each in settings:
            if port is not None and whole(mapping(each, "port"), "number") == port.port:
                mode = text(mapping(each, "tls"), "mode")
                break
    return mode


def _port_of(side: DestinationVersions) -> ServicePort | None:
    """The port of its Service that requests go to; None where that is the one by which a client comes."""
    ports = (side.service.spec.ports or []) if side.service else []
    if side.service and side.target.port:
        return port_of(side.service, BackendPort(side.target.port))
    return ports[0] if len(ports) == 1 else None


def _tells_of_tls(port: ServicePort) -> bool:
    """Whether number, name or protocol of a port say that TLS is spoken there."""
    said = (port.name or "", port.app_protocol or "", str(port.target_port or ""))
    by_number = port.port in _TLS_PORTS or port.target_port in _TLS_PORTS
    return by_number or any(word in each.lower() for each in said for word in ("https", "tls", "ssl"))


def _is_plain(side: DestinationVersions, port: ServicePort) -> bool:
    """Whether every version there is probed by plain HTTP at this port, and is ready."""
    templates = [c.workload.spec.raw_template for c in side.candidates if c.workload]
    return len(templates) == len(side.candidates) and all(_probed_plain(raw, port) for raw in templates)


def _probed_plain(raw: msgspec.Raw, port: ServicePort) -> bool:
    target = port.port if port.target_port is None else port.target_port
    for container in entries(mapping(msgspec.json.decode(raw), "spec"), "containers"):
        names: dict[object, Any] = {text(p, "name"): whole(p, "containerPort") for p in entries(container, "ports")}
        probe = mapping(container, "readinessProbe", "httpGet")
        asked = probe.get("port")
        if isinstance(asked, int | str) and names.get(asked, asked) == names.get(target, target):
            return text(probe, "scheme") in ("", "HTTP")
    return False


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
