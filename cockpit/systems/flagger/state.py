"""The state of a Canary: strategy, weights, gates, progress (docs.flagger.app, "Canary status", "Webhooks").

The user's own workload is the canary and has no pods at rest; NAME-primary gets the traffic.
"""

from __future__ import annotations

from enum import StrEnum
from urllib.parse import urlsplit

from cockpit.model.fields import entries, flag, mapping, text, whole
from cockpit.model.lookup import Objects
from cockpit.model.objects import FlaggerCanary, Workload
from cockpit.model.refs import DAEMONSETS, DEPLOYMENTS, SERVICES, Ref
from cockpit.model.rollout import Role, Version
from cockpit.model.text import safe_text
from cockpit.model.values import dataclass
from cockpit.routers.gateway_api.written import httproute_split
from cockpit.routers.ingress.written import ingress_split
from cockpit.routers.istio.written import DestinationPattern, virtualservice_split
from cockpit.routers.written import WrittenSplit
from cockpit.workloads.endpoints import backing_of
from cockpit.workloads.findings import listed
from cockpit.workloads.lookups import find_service
from cockpit.workloads.others import NO_OTHERS, Others, outside
from cockpit.workloads.versions import Candidate, candidate_of, versions_of

# More weights than anyone would write.
_MOST_STEPS = 100
_CONFIRMING = ("confirm-rollout", "confirm-traffic-increase", "confirm-promotion", "rollback")


class FlaggerStrategy(StrEnum):
    CANARY = "canary"  # weights
    BLUE_GREEN = "blue-green"  # iterations
    AB = "A/B"  # iterations on requests that match a rule


@dataclass(frozen=True, slots=True)
class FlaggerGate:
    """A webhook that has to pass before Flagger continues; `place` is its address, without credentials."""

    kind: str
    name: str
    place: str


@dataclass(frozen=True, slots=True)
class FlaggerState:
    """A Canary with what it controls. `weights` are the planned shares in percent, `weight` is the current one.

    `others` are further backends behind its Services and in its route.
    """

    canary: FlaggerCanary
    strategy: FlaggerStrategy
    phase: str
    weights: tuple[int, ...]
    weight: int
    iterations: int
    iteration: int
    failed_checks: int
    threshold: int
    gates: tuple[FlaggerGate, ...]
    suspended: bool
    skips: bool
    versions: tuple[Version, ...]  # the primary's first
    workloads: tuple[Workload, ...]
    split: WrittenSplit | None
    others: Others

    @property
    def analysing(self) -> bool:
        """Whether a release is in progress."""
        return self.phase in {"Waiting", "Progressing", "WaitingPromotion", "Promoting", "Finalising"}

    def version(self, role: Role) -> Version | None:
        return next((v for v in self.versions if v.role is role), None)


def look(canary: FlaggerCanary, objects: Objects) -> FlaggerState:
    spec, status = canary.spec, canary.status
    # `canaryAnalysis` is the field's former name.
    analysis = mapping(spec, "analysis") or mapping(spec, "canaryAnalysis")
    iterations = max(whole(analysis, "iterations") or 0, 0)
    workloads, versions = _versions(canary, objects)
    matches = bool(entries(analysis, "match"))
    split = _written(canary, objects) or _served(canary, workloads, objects)
    return FlaggerState(
        canary=canary,
        strategy=(FlaggerStrategy.AB if matches else FlaggerStrategy.BLUE_GREEN)
        if iterations
        else FlaggerStrategy.CANARY,
        phase=safe_text(text(status, "phase"), 40),
        weights=() if iterations else _weights(analysis),
        weight=min(max(whole(status, "canaryWeight") or 0, 0), 100),
        iterations=iterations,
        iteration=max(whole(status, "iterations") or 0, 0),
        failed_checks=max(whole(status, "failedChecks") or 0, 0),
        threshold=max(whole(analysis, "threshold") or 0, 0),
        gates=tuple(_gates(analysis)),
        suspended=flag(spec, "suspend"),
        skips=flag(spec, "skipAnalysis"),
        versions=versions,
        workloads=workloads,
        split=split,
        others=_others(canary, workloads, split, objects),
    )


def services_of(canary: FlaggerCanary) -> tuple[Ref, ...]:
    """The Services that Flagger creates, the one that users reach first."""
    apex, namespace = canary.apex, canary.metadata.namespace
    return tuple(Ref(SERVICES, namespace, n) for n in (apex, f"{apex}-primary", f"{apex}-canary")) if apex else ()


def _weights(analysis: dict[str, object]) -> tuple[int, ...]:
    """`stepWeights`, else every `stepWeight` up to `maxWeight`."""
    listed = [w for w in entries(analysis, "stepWeights") if isinstance(w, int) and 0 <= w <= 100]
    if listed:
        return tuple(listed[:_MOST_STEPS])
    step, most = whole(analysis, "stepWeight") or 0, min(whole(analysis, "maxWeight") or 100, 100)
    return tuple(range(step, most + 1, step)) if 0 < step <= most else ()


def _gates(analysis: dict[str, object]) -> list[FlaggerGate]:
    found = []
    for hook in entries(analysis, "webhooks")[:_MOST_STEPS]:
        kind = text(hook, "type")
        if kind in _CONFIRMING:
            found.append(FlaggerGate(kind, safe_text(text(hook, "name"), 80), _place(text(hook, "url"))))
    return found


def _place(url: str) -> str:
    """Host and path of a URL: user, password and query may be secret."""
    try:
        parts = urlsplit(url)
        return safe_text(f"{parts.hostname or ''}{parts.path}", 120)
    except ValueError:
        return ""


def _versions(canary: FlaggerCanary, objects: Objects) -> tuple[tuple[Workload, ...], tuple[Version, ...]]:
    kind, name = canary.target
    resource = {"Deployment": DEPLOYMENTS, "DaemonSet": DAEMONSETS}.get(kind)
    if resource is None or not name:
        return (), ()
    namespace = canary.metadata.namespace
    pairs: list[tuple[Candidate, Role, Workload]] = []
    for found, role in (
        (objects.get(resource, namespace, f"{name}-primary"), Role.STABLE),
        (objects.get(resource, namespace, name), Role.CANARY),
    ):
        if isinstance(found, Workload):
            pairs.append((candidate_of(found, objects), role, found))
    versions = versions_of([c for c, _, _ in pairs], {c.uid: role for c, role, _ in pairs})
    return tuple(w for _, _, w in pairs), versions


def _written(canary: FlaggerCanary, objects: Objects) -> WrittenSplit | None:
    """The router's split between primary and canary Service; None if the apex Service alone selects pods."""
    namespace, apex, provider = canary.metadata.namespace, canary.apex, canary.provider
    primary, other = f"{apex}-primary", f"{apex}-canary"
    if not apex:
        return None
    if canary.ingress:
        return ingress_split(objects, namespace, canary.ingress, apex, other)
    if provider.startswith("gatewayapi"):
        return httproute_split(objects, namespace, apex, primary, other)
    if provider == "istio":
        return virtualservice_split(
            objects, namespace, apex, DestinationPattern(host=primary), DestinationPattern(host=other)
        )
    return None


def _served(canary: FlaggerCanary, workloads: tuple[Workload, ...], objects: Objects) -> WrittenSplit | None:
    """The pods behind the apex Service (provider kubernetes); None if the splitting object is unknown."""
    service = find_service(objects, canary.metadata.namespace, canary.apex)
    if service is None or canary.provider != "kubernetes":
        return None
    backing = backing_of(service, objects)
    own = next((w.metadata.uid for w in workloads if w.metadata.name == canary.target[1]), "")
    rest = max(1.0 - sum(backing.fraction(w.metadata.uid) for w in workloads), 0.0)
    return WrittenSplit(backing.fraction(own), others=rest) if backing.total else WrittenSplit(None)


def _others(
    canary: FlaggerCanary, workloads: tuple[Workload, ...], split: WrittenSplit | None, objects: Objects
) -> Others:
    """Other receivers of requests than primary and canary: in the route, or else behind the apex Service."""
    if split is not None and split.strangers:
        return Others(names=split.strangers, through=listed(list(map(str, split.refs[:1]))))
    service = find_service(objects, canary.metadata.namespace, canary.apex)
    if service is None or canary.provider != "kubernetes":
        return NO_OTHERS
    return outside(service, objects, {w.metadata.uid for w in workloads})
