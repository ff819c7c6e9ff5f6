"""The rollout of a Service that users reach and whose selector no pod and no workload meets any more.

Most often somebody edited the selector or the labels: the workload beside it is then one that no Service sends anything
to. Without such a workload it is not shown: Services are left over in most clusters, and nobody misses their pods. Nor
is it where the rollout of a plain workload tells the same.
"""

from __future__ import annotations

from collections.abc import Iterator

from cockpit.model.lookup import Objects
from cockpit.model.objects import Service, Workload
from cockpit.model.refs import RolloutKey
from cockpit.model.rollout import Finding, Phase, Rollout, Severity
from cockpit.planning.act_table import ActTable
from cockpit.planning.edits import ref_to
from cockpit.planning.ownership import owners_and_findings, steered_by
from cockpit.planning.refusals import epoch_of
from cockpit.routers.service.alternatives import IDENTITY, SHARED
from cockpit.routers.traffic_findings import selector_misses
from cockpit.workloads.endpoints import member_pods, ready_endpoints
from cockpit.workloads.lookups import services_selecting
from cockpit.workloads.meant import is_reached, meant_service
from cockpit.workloads.missed import mismatch_words
from cockpit.workloads.owners import KEEPERS, controller_of, ref_of, workloads_matching
from cockpit.workloads.probe_targets import service_target
from cockpit.workloads.reached_names import name_of_service
from cockpit.workloads.unread import rests_on_unread

TABLE: ActTable[Service] = ActTable(
    {}, otherwise="its Service selects no pods: correct its selector, or the labels in the workload's template"
)


def missed_by(service: Service, objects: Objects) -> tuple[Workload, ...]:
    """The workloads that a Service seems to be for and that no Service selects; none unless it selects nothing.

    They have its name, or labels of its selector that name the application and none that names another one.
    """
    selector, namespace = service.spec.selector or {}, service.metadata.namespace
    if not selector or not is_reached(service, objects) or workloads_matching(selector, namespace, objects):
        return ()
    if member_pods(service, objects) or ready_endpoints(service, objects):
        return ()
    found = {w.metadata.uid: w for w in _related(service, objects) if w.desired and not _selected(w, objects)}
    return () if any(_tells(w, service, objects) for w in found.values()) else tuple(found.values())


def _tells(workload: Workload, service: Service, objects: Objects) -> bool:
    """Whether the rollout of a workload that no controller of releases drives names this Service as its own."""
    if controller_of(workload.metadata) is not None or steered_by(objects, ref_of(workload)):
        return False
    selecting = services_selecting(objects, workload.metadata.namespace, workload.template_labels)
    meant = meant_service(workload, selecting, (), objects)
    return meant is not None and meant.name == service.metadata.name


def _related(service: Service, objects: Objects) -> Iterator[Workload]:
    selector, namespace = service.spec.selector or {}, service.metadata.namespace
    names = IDENTITY & selector.keys()
    for key in sorted(names - SHARED):
        for workload in workloads_matching({key: selector[key]}, namespace, objects):
            if all(workload.template_labels.get(name, selector[name]) == selector[name] for name in names):
                yield workload
    for resource in KEEPERS:
        same = objects.get(resource, namespace, service.metadata.name)
        if isinstance(same, Workload) and controller_of(same.metadata) is None:
            yield same


def _selected(workload: Workload, objects: Objects) -> bool:
    """Whether users reach it by a Service of its own."""
    picking = services_selecting(objects, workload.metadata.namespace, workload.template_labels)
    return any(is_reached(service, objects) for service in picking)


def unmatched_rollout(service: Service, missed: tuple[Workload, ...], objects: Objects) -> Rollout:
    owners, owned = owners_and_findings([service], objects)
    way = service_target(service, objects)
    named = name_of_service(service, objects)
    nobody = _nobody(service, missed)
    return Rollout(
        key=RolloutKey(objects.context, service.metadata.namespace, named.name, "service"),
        aliases=named.others,
        router="service",
        phase=Phase.AT_REST if rests_on_unread(nobody, objects) else Phase.DEGRADED,
        message="its selector matches no pod",
        versions=(),
        lanes=(),
        objects=(ref_to(service),),
        epoch=epoch_of(service.metadata.uid, service.spec.selector),
        findings=(nobody, *owned),
        acts=TABLE.states(service, objects),
        owners=owners,
        probe_target=way.probe_target,
        incomplete_target=way.incomplete_target,
        probe_target_missing=way.missing,
        created=service.metadata.creation_timestamp,
    )


def _nobody(service: Service, missed: tuple[Workload, ...]) -> Finding:
    selector = service.spec.selector or {}
    nearest = max(missed, key=lambda w: len(selector.items() & w.template_labels.items()))
    root = f"{ref_of(nearest).resource.kind} {nearest.metadata.name}"
    return selector_misses(
        Severity.CRITICAL,
        f"Service {service.metadata.namespace}/{service.metadata.name}"
        f" {mismatch_words(service, root, nearest.template_labels)}; its requests fail",
        f"selector {','.join(f'{key}={value}' for key, value in sorted(selector.items()))}",
        whatever_version=True,
    )
