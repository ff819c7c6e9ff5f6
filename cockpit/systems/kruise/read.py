"""A Kruise Rollout as a rollout of the cockpit."""

from __future__ import annotations

from cockpit.model.checks import Said
from cockpit.model.fields import text
from cockpit.model.lookup import Objects
from cockpit.model.refs import BATCHRELEASES, BATCHRELEASES_V1ALPHA1, KRUISE_ROLLOUTS, TRAFFICROUTINGS, Ref, RolloutKey
from cockpit.model.rollout import Phase, Rollout
from cockpit.model.text import safe_text
from cockpit.planning.api_targets import with_api_target
from cockpit.planning.ownership import owners_and_findings
from cockpit.planning.refusals import epoch_of
from cockpit.routers.degraded import degraded_by
from cockpit.routers.gateway_api.matching import path_to
from cockpit.routers.gateway_api.probe_targets import route_target
from cockpit.routers.gateway_api.routes import find_route, rules_of
from cockpit.systems.kruise.acts import TABLE
from cockpit.systems.kruise.awaited import awaited_of
from cockpit.systems.kruise.findings import cannot_route, findings_of, stuck_upgrade
from cockpit.systems.kruise.state import KruiseState
from cockpit.systems.kruise.words import message, planned_steps, step_of
from cockpit.systems.phrases import NO_SERVICE
from cockpit.systems.said import condition_messages, told_once
from cockpit.workloads.lookups import find_ingress
from cockpit.workloads.others import with_others
from cockpit.workloads.probe_targets import FoundTarget, ingress_target, service_target


def rollout_of(release: KruiseState, objects: Objects) -> Rollout:
    metadata, traffic, subject = release.rollout.metadata, release.traffic, release.subject
    owners, owned = owners_and_findings([release.rollout, *([subject.workload] if subject.workload else [])])
    way = _way_in(release, objects)
    phase = Phase.DEGRADED if cannot_route(release, objects) else phase_of(release)
    phase, words = degraded_by(phase, message(release), traffic.unserved_shares, objects)
    found = Rollout(
        key=RolloutKey(objects.context, metadata.namespace, metadata.name, "kruise"),
        router=router_of(release),
        phase=phase,
        message=safe_text(words, 500),
        versions=subject.versions,
        lanes=traffic.lanes,
        objects=_objects(release),
        epoch=epoch_of(
            metadata.uid,
            traffic.service.spec.selector if traffic.service else None,
            traffic.canary.spec.selector if traffic.canary else None,
            [
                (lane.name, e.candidate.uid, share.written)
                for lane in traffic.lanes
                for e, share in zip(subject.editions, lane.shares, strict=True)
            ],
        ),
        step=step_of(release),
        steps=planned_steps(release.plan),
        findings=(*findings_of(release, objects), *owned),
        acts=TABLE.states(release, objects),
        owners=owners,
        probe_target=way.probe_target,
        incomplete_target=way.incomplete_target,
        probe_target_missing=way.missing,
        api_target=way.api_target,
        created=metadata.creation_timestamp,
        since=release.progress.updated_at if release.progress.releasing else None,
        said=_said(release),
        awaited=awaited_of(release),
    )
    return with_others(found, traffic.others)


def _said(release: KruiseState) -> tuple[Said, ...]:
    """The Rollout's messages, then those of the BatchRelease that changes its pods."""
    status, part = release.rollout.status, release.progress.part
    batches = release.subject.release.status if release.subject.release else None
    return told_once(
        (
            ("status", text(status, "message")),
            (part, text(status, part, "message")),
            *condition_messages(status),
            ("BatchRelease", text(batches, "message")),
            *((f"BatchRelease {where}", words) for where, words in condition_messages(batches)),
        )
    )


def router_of(release: KruiseState) -> str:
    routing = release.plan.routing
    if routing is None:
        return "pods"
    if routing.ingress:
        return "ingress"
    if routing.route:
        return "gateway-api"
    return "istio" if any(kind == "VirtualService" for _, kind, _ in routing.custom) else "custom"


def phase_of(release: KruiseState) -> Phase:
    """Only `Progressing` is a release: in `Healthy` the step in the status is left over."""
    progress = release.progress
    if release.subject.missing:
        return Phase.DEGRADED
    if progress.phase in ("Disabling", "Terminating"):
        return Phase.PROGRESSING
    if not progress.releasing:
        return Phase.PROGRESSING if release.still_rolling else Phase.AT_REST
    if progress.reason == "Paused":
        return Phase.PAUSED
    if stuck_upgrade(release) or release.refused:
        return Phase.DEGRADED
    return Phase.WAITING if release.asks else Phase.PROGRESSING


def _objects(release: KruiseState) -> tuple[Ref, ...]:
    """Everything that it controls, the Rollout first; missing objects too, so that no other rollout claims them."""
    subject = release.subject
    refs = [release.ref]
    if subject.ref is not None:
        refs.append(subject.ref)
    for edition in subject.editions:
        refs += [*edition.refs, *((edition.candidate.ref,) if edition.candidate.ref else ())]
    refs += release.traffic.refs
    if release.plan.shared_routing:
        refs.append(Ref(TRAFFICROUTINGS, release.ref.namespace, release.plan.shared_routing))
    if subject.release is not None:
        batches = BATCHRELEASES if release.ref.resource is KRUISE_ROLLOUTS else BATCHRELEASES_V1ALPHA1
        refs.append(Ref(batches, release.ref.namespace, subject.release.metadata.name))
    return tuple(dict.fromkeys(refs))


def _way_in(release: KruiseState, objects: Objects) -> FoundTarget:
    routing, service = release.plan.routing, release.traffic.service
    if routing and routing.ingress:
        ingress = find_ingress(objects, release.ref.namespace, routing.ingress)
        if ingress is not None:
            return ingress_target(ingress, routing.service)
    if routing and routing.route:
        route = find_route(objects, "HTTPRoute", release.ref.namespace, routing.route)
        if route is not None:
            return route_target(route, path_to(rules_of(route).rules, routing.service), objects)
    if service is not None:
        way = service_target(service, objects)
        return way if routing else with_api_target(way, service, objects)
    return FoundTarget(missing=NO_SERVICE)
