"""A Kruise Rollout as a rollout of the cockpit."""

from __future__ import annotations

from cockpit.model.lookup import Objects
from cockpit.model.refs import BATCHRELEASES, BATCHRELEASES_V1ALPHA1, KRUISE_ROLLOUTS, Ref, RolloutKey
from cockpit.model.rollout import Phase, Rollout
from cockpit.model.text import safe_text
from cockpit.routers.gateway_api.doors import route_door
from cockpit.routers.gateway_api.routes import find_route
from cockpit.systems.kruise.acts import NOT_HERE, whys
from cockpit.systems.kruise.findings import findings_of, stuck_upgrade
from cockpit.systems.kruise.reading import Release
from cockpit.systems.kruise.words import message, planned_steps, step_of
from cockpit.workloads.answers import act_states, epoch_of
from cockpit.workloads.doors import WayIn, ingress_door, service_door
from cockpit.workloads.lookups import find_ingress
from cockpit.workloads.ownership import owners_and_findings


def rollout_of(release: Release, objects: Objects) -> Rollout:
    metadata, traffic, subject = release.rollout.metadata, release.traffic, release.subject
    owners, owned = owners_and_findings([release.rollout, *([subject.workload] if subject.workload else [])])
    way = _way_in(release, objects)
    return Rollout(
        key=RolloutKey(objects.context, metadata.namespace, metadata.name, "kruise"),
        router=router_of(release),
        phase=phase_of(release),
        message=safe_text(message(release), 500),
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
        findings=(*findings_of(release), *owned),
        acts=act_states(whys(release), NOT_HERE),
        owners=owners,
        door=way.door,
        entrance=way.entrance,
        door_missing=way.missing,
        created=metadata.creation_timestamp,
    )


def router_of(release: Release) -> str:
    routing = release.plan.routing
    if routing is None:
        return "pods"
    if routing.ingress:
        return "ingress"
    if routing.route:
        return "gateway-api"
    return "istio" if any(kind == "VirtualService" for _, kind, _ in routing.custom) else "custom"


def phase_of(release: Release) -> Phase:
    """Only `Progressing` is a release: in `Healthy` the step that the status names is left over."""
    progress = release.progress
    if release.subject.workload is None and release.subject.ref is not None:
        return Phase.DEGRADED
    if progress.phase in ("Disabling", "Terminating"):
        return Phase.PROGRESSING
    if not progress.releasing:
        return Phase.PROGRESSING if release.still_rolling else Phase.AT_REST
    if progress.reason == "Paused":
        return Phase.PAUSED
    if stuck_upgrade(release):
        return Phase.DEGRADED
    return Phase.WAITING if release.asks else Phase.PROGRESSING


def _objects(release: Release) -> tuple[Ref, ...]:
    """Everything that it drives, the Rollout first; missing ones included, so that nobody else claims them."""
    subject = release.subject
    refs = [release.ref]
    if subject.ref is not None:
        refs.append(subject.ref)
    for edition in subject.editions:
        refs += [*edition.refs, *((edition.candidate.ref,) if edition.candidate.ref else ())]
    refs += release.traffic.refs
    if subject.release is not None:
        batches = BATCHRELEASES if release.ref.resource is KRUISE_ROLLOUTS else BATCHRELEASES_V1ALPHA1
        refs.append(Ref(batches, release.ref.namespace, subject.release.metadata.name))
    return tuple(dict.fromkeys(refs))


def _way_in(release: Release, objects: Objects) -> WayIn:
    routing, service = release.plan.routing, release.traffic.service
    if routing and routing.ingress:
        ingress = find_ingress(objects, release.ref.namespace, routing.ingress)
        if ingress is not None:
            return ingress_door(ingress, routing.service)
    if routing and routing.route:
        route = find_route(objects, "HTTPRoute", release.ref.namespace, routing.route)
        if route is not None:
            return route_door(route, "/", objects)
    if service is not None:
        return service_door(service, objects)
    return WayIn(missing="no Service leads to its pods")
