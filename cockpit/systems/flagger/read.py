"""The rollout of a Canary: phases, steps, lanes, gates."""

from __future__ import annotations

from cockpit.model.advice import telling
from cockpit.model.counts import counted
from cockpit.model.fields import text
from cockpit.model.lookup import Objects
from cockpit.model.objects import Service
from cockpit.model.plan import Act
from cockpit.model.refs import RolloutKey
from cockpit.model.rollout import Finding, Lane, Phase, PlannedStep, Role, Rollout, Severity, Share, Step
from cockpit.model.text import safe_text
from cockpit.planning.ownership import owners_and_findings
from cockpit.planning.refusals import epoch_of
from cockpit.routers.degraded import degraded_by
from cockpit.routers.gateway_api.matching import path_to
from cockpit.routers.gateway_api.probe_targets import route_target
from cockpit.routers.gateway_api.routes import find_route, rules_of
from cockpit.systems.flagger.acts import TABLE, canary_ref
from cockpit.systems.flagger.awaited import awaited_of
from cockpit.systems.flagger.checks import checks_of
from cockpit.systems.flagger.state import FlaggerState, FlaggerStrategy, services_of
from cockpit.systems.progress_findings import rolled_back
from cockpit.systems.said import condition_messages, told_once
from cockpit.workloads.findings import finding
from cockpit.workloads.lookups import find_ingress, find_service
from cockpit.workloads.others import with_others
from cockpit.workloads.owners import ref_of
from cockpit.workloads.probe_targets import FoundTarget, ingress_target, service_target

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


def rollout_of(state: FlaggerState, objects: Objects) -> Rollout:
    canary, split = state.canary, state.split
    meta = canary.metadata
    owners, owned = owners_and_findings([canary], objects)
    service = find_service(objects, meta.namespace, canary.apex)
    phase, message = degraded_by(_phase(state), _message(state), split.unserved_shares if split else (), objects)
    way, lanes, services = _way_in(state, service, objects), _lanes(state), services_of(canary)
    found = Rollout(
        key=RolloutKey(objects.context, meta.namespace, meta.name, "flagger"),
        router=_router(state),
        phase=phase,
        message=message,
        versions=state.versions,
        lanes=lanes,
        objects=tuple(
            dict.fromkeys(
                (canary_ref(state), *services, *(ref_of(w) for w in state.workloads), *(split.refs if split else ()))
            )
        ),
        epoch=epoch_of(meta.uid, [(lane.name, s.version, s.written) for lane in lanes for s in lane.shares]),
        step=_step(state),
        steps=_steps(state),
        findings=(*_findings(state), *(split.problems if split else ()), *owned),
        acts=TABLE.states(state, objects),
        owners=owners,
        probe_target=way.probe_target,
        incomplete_target=way.incomplete_target,
        probe_target_missing=way.missing,
        created=meta.creation_timestamp,
        since=text(state.canary.status, "lastTransitionTime") or None,
        checks=checks_of(state),
        said=told_once(condition_messages(state.canary.status)),
        awaited=awaited_of(state),
    )
    return with_others(found, state.others)


def _phase(state: FlaggerState) -> Phase:
    if state.suspended:
        return Phase.PAUSED
    return _PHASES.get(state.phase, Phase.PROGRESSING)


def _message(state: FlaggerState) -> str:
    words = [f"{state.strategy}, {state.phase or 'not seen by Flagger yet'}"]
    if state.analysing and state.strategy is FlaggerStrategy.CANARY:
        words.append(f"weight {state.weight}")
    if state.analysing and state.iterations:
        words.append(f"iteration {state.iteration} of {state.iterations}")
    if state.failed_checks:
        words.append(f"{state.failed_checks} of {state.threshold} checks failed")
    return ", ".join(words) + (", suspended" if state.suspended else "")


def _step(state: FlaggerState) -> Step | None:
    if not state.analysing:
        return None
    asks = state.phase in ("Waiting", "WaitingPromotion")
    if state.iterations:
        at = min(max(state.iteration, 1), state.iterations)
        return Step(at, state.iterations, None, f"iteration {at}", asks=asks)
    done = sum(weight <= state.weight for weight in state.weights)
    if not state.weights or not done:
        return None
    return Step(done, len(state.weights), state.weight / 100, f"{state.weight}%", asks=asks)


def _steps(state: FlaggerState) -> tuple[PlannedStep, ...]:
    if state.iterations:
        if state.iterations > _MOST_STEPS:
            return ()
        return tuple(PlannedStep(f"iteration {n}") for n in range(1, state.iterations + 1))
    return tuple(PlannedStep(f"{weight}%", weight / 100) for weight in state.weights)


def _lanes(state: FlaggerState) -> tuple[Lane, ...]:
    """Declared is the weight in the status (out of 100), written is the weight in the route."""
    primary, canary, split = state.version(Role.STABLE), state.version(Role.CANARY), state.split
    if primary is None:
        return ()
    weight = state.weight / 100 if state.strategy is FlaggerStrategy.CANARY and state.phase else None
    written = (split.stable, split.share) if split else (None, None)
    lanes = [Lane("default", "", _shares(primary.name, canary.name if canary else None, weight, written))]
    for rule in split.lanes if split and canary else ():
        shares = _shares(primary.name, canary.name if canary else None, None, (rule.stable, rule.share))
        lanes.append(Lane(safe_text(rule.match, 120), safe_text(rule.match, 300), shares, rule.headers))
    return tuple(lanes)


def _shares(
    primary: str, canary: str | None, declared: float | None, written: tuple[float | None, float | None]
) -> tuple[Share, ...]:
    """`written` are the shares of primary and canary."""
    first = Share(primary, None if declared is None else 1 - declared, written[0])
    return (first,) if canary is None else (first, Share(canary, declared, written[1]))


def _router(state: FlaggerState) -> str:
    provider = state.canary.provider
    if state.canary.ingress:
        return "ingress"
    if provider.startswith("gatewayapi"):
        return "gateway-api"
    return _ROUTERS.get(provider, safe_text(provider, 40) or "service")


def _way_in(state: FlaggerState, service: Service | None, objects: Objects) -> FoundTarget:
    canary = state.canary
    ingress = find_ingress(objects, canary.metadata.namespace, canary.ingress) if canary.ingress else None
    if ingress is not None:
        return ingress_target(ingress, canary.apex)
    route = find_route(objects, "HTTPRoute", canary.metadata.namespace, canary.apex)
    if route is not None and canary.provider.startswith("gatewayapi"):
        return route_target(route, path_to(rules_of(route).rules, f"{canary.apex}-primary"), objects)
    return service_target(service, objects) if service else FoundTarget(missing=f"no Service {canary.apex}")


def _findings(state: FlaggerState) -> tuple[Finding, ...]:
    what, found = str(canary_ref(state)), []
    if state.failed_checks and state.analysing:
        text = f"{what}: {counted(state.failed_checks, 'check')} failed; at {state.threshold} Flagger rolls back"
        found.append(finding("failed-checks", Severity.WARNING, text))
    if state.phase == "Failed":
        text = f"{what} was rolled back: the primary gets all traffic; a change starts a new release"
        found.append(rolled_back(text, Severity.WARNING))
    if state.suspended:
        found.append(
            finding(
                "suspended",
                Severity.INFO,
                telling(f"{what} is suspended: Flagger changes nothing until you resume it", Act.RESUME),
            )
        )
    if state.skips:
        text = f"{what} skips its analysis: every release is promoted unchecked"
        found.append(finding("analysis-skipped", Severity.WARNING, text, "spec.skipAnalysis: true"))
    found += [
        finding(
            "gate", Severity.INFO, f"{what} asks gate {gate.name} before it continues", f"{gate.kind} at {gate.place}"
        )
        for gate in state.gates
    ]
    found += _missing(state, what)
    return tuple(found)


def _missing(state: FlaggerState, what: str) -> list[Finding]:
    kind, name = state.canary.target
    if not name:
        return [
            finding("no-target", Severity.WARNING, f"{what} names no workload (spec.targetRef): Flagger does nothing")
        ]
    if kind in ("Deployment", "DaemonSet") and state.version(Role.STABLE) is None and state.phase:
        text = f"{what}: {kind} {name}-primary, which should get the traffic, does not exist"
        return [finding("no-primary", Severity.CRITICAL, text)]
    return []
