"""Findings about traffic that several routers and systems have in common, each made here."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace

from cockpit.model.counts import counted
from cockpit.model.lookup import Objects
from cockpit.model.objects import Pod, Service, Workload
from cockpit.model.refs import Ref
from cockpit.model.rollout import Finding, Severity
from cockpit.routers.written import WrittenSplit
from cockpit.workloads.endpoints import (
    alias_words,
    is_alias,
    member_pods,
    port_of,
    portless_pods,
    portless_words,
    ready_endpoints,
    undeclared_ports,
)
from cockpit.workloads.findings import finding, listed
from cockpit.workloads.lookups import ingresses_of_service
from cockpit.workloads.meant import is_reached
from cockpit.workloads.missed import mismatch_words
from cockpit.workloads.naming import HASH_LABELS
from cockpit.workloads.owners import ref_of
from cockpit.workloads.probe_targets import is_canary, ports_of_service
from cockpit.workloads.rolling import is_rolling
from cockpit.workloads.versions import Candidate

BY_ADDRESS = "sessionAffinity: ClientIP"
# The AWS Load Balancer Controller finds the backend in an annotation then (its guide to Ingress annotations, actions).
_BY_ANNOTATION = "use-annotation"
_MOST_INGRESSES = 5
_MOST_PORTS = 3


def no_ready_pods(text: str, evidence: str = "") -> Finding:
    """Requests lead to pods of which none is ready."""
    return _none_ready(Severity.CRITICAL, text, evidence)


def none_ready_yet(what: str, evidence: str = "") -> Finding:
    """The same where the pods start for the first time: nobody loses what was there before."""
    text = f"{what}: no pod is ready yet, they start for the first time"
    return _none_ready(Severity.INFO, text, evidence)


def _none_ready(severity: Severity, text: str, evidence: str) -> Finding:
    return finding("no-ready-pods", severity, text, evidence)


def published_unready(text: str, service: Service, evidence: str = "") -> Finding:
    """No pod is ready, and a Service sends them requests all the same."""
    name = f"Service {service.metadata.namespace}/{service.metadata.name}"
    words = f"{text}, and {name} sends them requests all the same (publishNotReadyAddresses)"
    return _none_ready(Severity.WARNING, words, evidence)


def selector_misses(severity: Severity, text: str, evidence: str = "", *, whatever_version: bool = False) -> Finding:
    """A Service does not select the pods of the workload that it is meant for; of `whatever_version`, if that is so."""
    return replace(finding("selector-misses", severity, text, evidence), whatever_version=whatever_version)


def misses_ready(
    service: Service | None,
    root: str,
    pods: Iterable[Pod],
    objects: Objects,
    *,
    hashes: Collection[str],
    stays: bool = False,
) -> Iterator[Finding]:
    """A Service of a controller's release that selects nothing while pods of the release are ready.

    A hash that the controller itself writes into a selector, one of `hashes`, is no mistake of anybody. Another one
    `stays` if the controller leaves it there when a release goes back. The labels of the first of `pods` that is ready
    are told.
    """
    ready = next((pod for pod in pods if pod.ready), None)
    if service is None or ready is None or is_alias(service) or member_pods(service, objects):
        return
    labels = ready.metadata.labels or {}
    wrong = {key: value for key, value in (service.spec.selector or {}).items() if labels.get(key) != value}
    mistyped = {key for key, value in wrong.items() if key not in HASH_LABELS or value not in hashes}
    if mistyped:
        what = f"Service {service.metadata.namespace}/{service.metadata.name}"
        text = f"{what} {mismatch_words(service, root, labels)}; its requests fail"
        lasts = stays or bool(mistyped.difference(HASH_LABELS))
        yield selector_misses(Severity.CRITICAL, text, whatever_version=lasts)


def without_port(taking: Service | None, objects: Objects, *idle: Service | None) -> Iterator[Finding]:
    """Each Service with ready pods that have none of its ports; `idle` ones get no requests, or only a part of them."""
    for service in {(s.metadata.namespace, s.metadata.name): s for s in (taking, *idle) if s}.values():
        names = sorted(portless_pods(service, objects))
        if not names:
            continue
        what = f"Service {service.metadata.namespace}/{service.metadata.name}"
        ports = listed([str(p.target_port) for p in service.spec.ports or () if isinstance(p.target_port, str)])
        why = f"it sends to a port named {ports}, which their containers do not have"
        lost = service is taking and not ready_endpoints(service, objects)
        begin = f"{what} reaches none of its ready pods and requests fail" if lost else _unreached(what, len(names))
        severity = Severity.CRITICAL if lost else Severity.WARNING
        yield _portless(severity, f"{begin}: {why}", listed(names[:5]))


def _portless(severity: Severity, text: str, evidence: str = "") -> Finding:
    """Ready pods that get no requests, because they do not have the port that their Service names."""
    return finding("pods-without-port", severity, text, evidence)


def other_ports(
    services: Iterable[Service], workloads: Iterable[Workload | None], *, beside: Iterable[Workload | None] = ()
) -> Iterator[Finding]:
    """Each Service that sends to a port which the containers behind it do not declare: a hint, where requests fail.

    `beside` are the other templates that a way back could lead to. It is so `whatever_version` if none of all these
    declares the port; one that is not known, None, may.
    """
    services, workloads = list(services), list(workloads)
    known = [each for each in workloads if each is not None]
    whatever = all(each is not None and _undeclared(services, each) for each in (*workloads, *beside))
    for service in {(s.metadata.namespace, s.metadata.name): s for s in services}.values():
        selector = (service.spec.selector or {}).items()
        for workload in (each for each in known if selector and selector <= each.template_labels.items()):
            wanted, have = undeclared_ports(service, workload)
            if wanted:
                what = f"Service {service.metadata.namespace}/{service.metadata.name}"
                sent = f"port {listed([str(port) for port in wanted[:_MOST_PORTS]])}"
                declared = listed([str(port) for port in have[:_MOST_PORTS]])
                root = f"{ref_of(workload).resource.kind} {workload.metadata.name}"
                text = f"{what} sends to {sent}, and the containers of {root} declare {declared}"
                found = finding("undeclared-port", Severity.INFO, f"{text}: if requests fail, correct targetPort")
                yield replace(found, whatever_version=whatever)


def _undeclared(services: Sequence[Service], workload: Workload) -> bool:
    """Whether a workload declares no port of the Services that select it, or, where none does, of any of them."""
    labels = workload.template_labels.items()
    own = [each for each in services if each.spec.selector and each.spec.selector.items() <= labels]
    return all(undeclared_ports(service, workload)[0] for service in own or services)


def ingress_ports(service: Service | None, objects: Objects) -> Iterator[Finding]:
    """Each Ingress that names a port which a Service does not have; critical where no Ingress names one that it has."""
    if service is None or not service.spec.ports:
        return
    lost: dict[tuple[str, str, str], list[str]] = {}
    led = False
    # Where its pods have none of its ports, that is told of the Service itself.
    served = bool(ready_endpoints(service, objects))
    for route in ingresses_of_service(objects, service.metadata.namespace, service.metadata.name):
        for place, port in () if is_canary(route) else ports_of_service(route, service.metadata.name):
            found = port_of(service, port, by_target=True)
            portless = portless_words(service, objects, found) if found and served else ""
            if port.name == _BY_ANNOTATION or (found and not portless):
                led = True
            else:
                key = (route.metadata.name, str(port.name or port.number), portless)
                lost.setdefault(key, []).append(place)
    what = f"Service {service.metadata.namespace}/{service.metadata.name}"
    severity = Severity.WARNING if led else Severity.CRITICAL
    for (name, number, portless), places in list(lost.items())[:_MOST_INGRESSES]:
        ingress, lost_there = f"Ingress {service.metadata.namespace}/{name}", f"requests for {listed(places[:3])} fail"
        if portless:
            yield _portless(severity, f"{what} {portless}, for its port {number}, which {ingress} names: {lost_there}")
        else:
            begin = f"{what} has no port {number}, which {ingress} names"
            yield finding("no-such-port", severity, f"{begin}: {lost_there}")


def _unreached(what: str, count: int) -> str:
    return f"{what} does not reach {counted(count, 'ready pod')}"


def outside_names(services: Iterable[Service], severity: Severity) -> Iterator[Finding]:
    """Each Service with a selector that is a DNS name all the same, so that its pods get nothing."""
    for service in {(s.metadata.namespace, s.metadata.name): s for s in services if s.spec.selector}.values():
        if words := alias_words(service):
            yield finding("outside-name", severity, f"{words}; give it the type ClusterIP again")


def not_pinned(text: str, evidence: str = "") -> Finding:
    """A Service or subset picks several versions, so that their ready pods decide."""
    return finding("not-pinned", Severity.WARNING, text, evidence)


def picks_several(what: str, versions: Sequence[str]) -> Finding:
    """The same for a backend in front of which a router splits."""
    return not_pinned(
        f"{what} selects several versions: {listed(list(versions))} share its requests by number of ready pods"
    )


def sticky(text: str, evidence: str = "") -> Finding:
    """Known clients stay where they are, whatever the weights."""
    return finding("sticky", Severity.INFO, text, evidence)


def sticky_by_address(text: str) -> Finding:
    """The same for a Service that keeps a client address on one pod: whoever asks from one address sees one pod."""
    return sticky(text, BY_ADDRESS)


def near_first(service: Service) -> Iterator[Finding]:
    """A Service whose pods do not all get the same part of the requests (core/v1, ServiceSpec)."""
    spec, entered = service.spec, service.spec.type in ("LoadBalancer", "NodePort")
    settings = [f"trafficDistribution {spec.traffic_distribution}"] if spec.traffic_distribution else []
    mode = (service.metadata.annotations or {}).get("service.kubernetes.io/topology-mode", "")
    settings += [f"topology-mode {mode}"] if mode.lower() == "auto" else []
    settings += ["internalTrafficPolicy Local"] if spec.internal_traffic_policy == "Local" else []
    settings += ["externalTrafficPolicy Local"] if entered and spec.external_traffic_policy == "Local" else []
    if settings:
        what = f"Service {service.metadata.namespace}/{service.metadata.name}"
        text = f"{what} sends requests to pods near their client or node first: shares by number of pods do not hold"
        yield finding("near-first", Severity.INFO, text, listed(settings))


def rolling_versions(named: Iterable[tuple[str, Candidate]]) -> Iterator[Finding]:
    """Each version, by its name, whose workload is replacing its own pods just now."""
    for name, candidate in named:
        if candidate.workload and candidate.ready and is_rolling(candidate.workload):
            yield finding(
                "rolling",
                Severity.WARNING,
                f"a rolling update is replacing the pods of {name}: they are of two templates",
                str(candidate.ref),
            )


def spread_not_read(text: str) -> Finding:
    """Requests go to an object that divides them in a way that is not read."""
    return finding("spread-not-read", Severity.INFO, text)


def no_weight(text: str, evidence: str = "") -> Finding:
    """A route of which no backend has a weight above 0."""
    return finding("no-weight", Severity.CRITICAL, text, evidence)


def invalid_backend(text: str, *, takes: bool) -> Finding:
    """A backend that does not exist; `takes` is true where requests are sent to it, and fail."""
    return finding("invalid-backend", Severity.CRITICAL if takes else Severity.INFO, text)


def empty_backend(text: str) -> Finding:
    """A share of the requests goes to a Service without ready pods."""
    return finding("empty-backend", Severity.CRITICAL, text)


def answered_by_route(severity: Severity, text: str) -> Finding:
    """A route answers or redirects all plain requests itself."""
    return finding("answered-by-route", severity, text)


def route_elsewhere(text: str) -> Finding:
    """The object that should split leads to neither of the two Services of a controller's rollout."""
    return finding("route-elsewhere", Severity.WARNING, text)


def missing_route(ref: Ref, objects: Objects, *, to: Service | None = None) -> WrittenSplit:
    """What an object that should split and does not exist says: nothing.

    `to` is the Service whose users come by that object, None if they reach it without it too. If nothing else leads
    to that Service, they get no answer.
    """
    why = f"{ref} does not exist in {objects.context}: nothing splits the traffic"
    lost = to is not None and not is_reached(to, objects)
    if to is not None and lost:
        why = f"{why}, no other route leads to Service {to.metadata.name}, and requests fail"
    found = finding("route-missing", Severity.CRITICAL if lost else Severity.WARNING, why)
    return WrittenSplit(None, refs=(ref,), problems=(found,), unserved_shares=(found,) if lost else ())
