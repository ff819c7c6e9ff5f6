"""The rollout of a Canary: phases, steps, lanes, gates."""

from __future__ import annotations

from cockpit.model.lookup import Objects
from cockpit.model.objects import Service
from cockpit.model.refs import RolloutKey
from cockpit.model.rollout import Finding, Lane, Phase, PlannedStep, Role, Rollout, Severity, Share, Step
from cockpit.model.text import safe_text
from cockpit.routers.gateway_api.doors import route_door
from cockpit.routers.gateway_api.routes import find_route
from cockpit.systems.flagger.acts import OTHERWISE, canary_ref, whys
from cockpit.systems.flagger.reading import Flight, Strategy, services_of
from cockpit.workloads.answers import act_states, epoch_of
from cockpit.workloads.doors import WayIn, ingress_door, service_door
from cockpit.workloads.findings import finding
from cockpit.workloads.lookups import find_ingress, find_service
from cockpit.workloads.owners import ref_of
from cockpit.workloads.ownership import owners_and_findings

_PHASES = {
    "Initialized": Phase.AT_REST,
    "Succeeded": Phase.AT_REST,
    "Waiting": Phase.WAITING,
    "WaitingPromotion": Phase.WAITING,
    "Failed": Phase.ABORTED,
    "Terminated": Phase.AT_REST,
}
_ROUTERS = {"istio": "istio", "kubernetes": "service"}
_MOST_STEPS = 100


def rollout_of(flight: Flight, objects: Objects) -> Rollout:
    canary, split = flight.canary, flight.split
    meta = canary.metadata
    owners, owned = owners_and_findings([canary], objects)
    service = find_service(objects, meta.namespace, canary.apex)
    way, lanes, services = _way_in(flight, service, objects), _lanes(flight), services_of(canary)
    return Rollout(
        key=RolloutKey(objects.context, meta.namespace, meta.name, "flagger"),
        router=_router(flight),
        phase=_phase(flight),
        message=_message(flight),
        versions=flight.versions,
        lanes=lanes,
        objects=tuple(
            dict.fromkeys(
                (canary_ref(flight), *services, *(ref_of(w) for w in flight.workloads), *(split.refs if split else ()))
            )
        ),
        epoch=epoch_of(meta.uid, [(lane.name, s.version, s.written) for lane in lanes for s in lane.shares]),
        step=_step(flight),
        steps=_steps(flight),
        findings=(*_findings(flight), *(split.problems if split else ()), *owned),
        acts=act_states(whys(flight, objects), OTHERWISE),
        owners=owners,
        door=way.door,
        entrance=way.entrance,
        door_missing=way.missing,
        created=meta.creation_timestamp,
    )


def _phase(flight: Flight) -> Phase:
    if flight.suspended:
        return Phase.PAUSED
    return _PHASES.get(flight.phase, Phase.PROGRESSING)


def _message(flight: Flight) -> str:
    words = [f"{flight.strategy}, {flight.phase or 'not seen by Flagger yet'}"]
    if flight.analysing and flight.strategy is Strategy.CANARY:
        words.append(f"weight {flight.weight}")
    if flight.analysing and flight.iterations:
        words.append(f"iteration {flight.iteration} of {flight.iterations}")
    if flight.failed_checks:
        words.append(f"{flight.failed_checks} of {flight.threshold} checks failed")
    return ", ".join(words) + (", suspended" if flight.suspended else "")


def _step(flight: Flight) -> Step | None:
    if not flight.analysing:
        return None
    asks = flight.phase in ("Waiting", "WaitingPromotion")
    if flight.iterations:
        at = min(max(flight.iteration, 1), flight.iterations)
        return Step(at, flight.iterations, None, f"iteration {at}", asks=asks)
    done = sum(weight <= flight.weight for weight in flight.weights)
    if not flight.weights or not done:
        return None
    return Step(done, len(flight.weights), flight.weight / 100, f"{flight.weight}%", asks=asks)


def _steps(flight: Flight) -> tuple[PlannedStep, ...]:
    if flight.iterations:
        if flight.iterations > _MOST_STEPS:
            return ()
        return tuple(PlannedStep(f"iteration {n}") for n in range(1, flight.iterations + 1))
    return tuple(PlannedStep(f"{weight}%", weight / 100) for weight in flight.weights)


def _lanes(flight: Flight) -> tuple[Lane, ...]:
    """Declared is the weight of the status, which always sums to 100; written is what the route says."""
    primary, canary, split = flight.version(Role.STABLE), flight.version(Role.CANARY), flight.split
    if primary is None:
        return ()
    weight = flight.weight / 100 if flight.strategy is Strategy.CANARY and flight.phase else None
    written = split.share if split else None
    lanes = [Lane("default", "", _shares(primary.name, canary.name if canary else None, weight, written))]
    for rule in split.lanes if split and canary else ():
        shares = _shares(primary.name, canary.name if canary else None, None, rule.share)
        lanes.append(Lane(safe_text(rule.match, 120), safe_text(rule.match, 300), shares, rule.headers))
    return tuple(lanes)


def _shares(primary: str, canary: str | None, declared: float | None, written: float | None) -> tuple[Share, ...]:
    rest = None if declared is None else 1 - declared
    left = None if written is None else 1 - written
    first = Share(primary, rest, left)
    return (first,) if canary is None else (first, Share(canary, declared, written))


def _router(flight: Flight) -> str:
    provider = flight.canary.provider
    if flight.canary.ingress:
        return "ingress"
    if provider.startswith("gatewayapi"):
        return "gateway-api"
    return _ROUTERS.get(provider, safe_text(provider, 40) or "service")


def _way_in(flight: Flight, service: Service | None, objects: Objects) -> WayIn:
    canary = flight.canary
    ingress = find_ingress(objects, canary.metadata.namespace, canary.ingress) if canary.ingress else None
    if ingress is not None:
        return ingress_door(ingress, canary.apex)
    route = find_route(objects, "HTTPRoute", canary.metadata.namespace, canary.apex)
    if route is not None and canary.provider.startswith("gatewayapi"):
        return route_door(route, "/", objects)
    return service_door(service, objects) if service else WayIn(missing=f"there is no Service {canary.apex}")


def _findings(flight: Flight) -> tuple[Finding, ...]:
    what, found = str(canary_ref(flight)), []
    if flight.failed_checks and flight.analysing:
        text = f"{what}: {flight.failed_checks} checks failed; at {flight.threshold} Flagger rolls back"
        found.append(finding("failed-checks", Severity.WARNING, text))
    if flight.phase == "Failed":
        text = f"{what} was rolled back: the canary has no pods and the primary serves; it starts anew with a change"
        found.append(finding("rolled-back", Severity.WARNING, text))
    if flight.suspended:
        found.append(finding("suspended", Severity.INFO, f"{what} is suspended: Flagger leaves everything as it is"))
    if flight.skips:
        text = f"{what} skips its analysis: every release is promoted unseen"
        found.append(finding("analysis-skipped", Severity.WARNING, text, "spec.skipAnalysis: true"))
    found += [
        finding("gate", Severity.INFO, f"{what} asks {gate.name} before it goes on", f"{gate.kind} at {gate.place}")
        for gate in flight.gates
    ]
    found += _missing(flight, what)
    return tuple(found)


def _missing(flight: Flight, what: str) -> list[Finding]:
    kind, name = flight.canary.target
    if not name:
        return [finding("no-target", Severity.WARNING, f"{what} names no workload: it does nothing")]
    if kind in ("Deployment", "DaemonSet") and flight.version(Role.STABLE) is None and flight.phase:
        text = f"{what}: {kind} {name}-primary, which should serve, does not exist"
        return [finding("no-primary", Severity.CRITICAL, text)]
    return []
