"""The workload that a Service seems to be for and that its selector misses, seen from the Service. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cockpit.model.lookup import Objects
from cockpit.model.objects import Service, Workload
from cockpit.model.refs import PODS
from cockpit.workloads.endpoints import is_alias, member_pods
from cockpit.workloads.lookups import services_selecting
from cockpit.workloads.meant import mismatch
from cockpit.workloads.owners import KEEPERS, controller_of, pods_of, ref_of, workloads_matching

_ENDINGS = ("-svc", "-service")


def mismatch_words(service: Service, root: str, labels: Mapping[str, str]) -> str:
    """That a Service selects nothing, worded to follow "Service NAME"; `labels` are those of the pods of `root`."""
    asked, have = mismatch(service, labels)
    return f"selects no pods: it asks for {asked}, the pods of {root} have {have}"


def missed_words(service: Service, objects: Objects) -> str:
    """The same for a Service that selects nothing while pods are ready that it seems to be for; else ""."""
    selector, namespace = service.spec.selector or {}, service.metadata.namespace
    if not selector or is_alias(service) or not objects.known(PODS) or objects.unread(PODS):
        return ""
    if member_pods(service, objects) or workloads_matching(selector, namespace, objects):
        return ""
    named = [each for each in _named(service, objects) if _ready(each, objects)]
    found = named or [each for each in _alike(service, objects) if _ready(each, objects)]
    if not named and len({each.metadata.uid for each in found}) != 1:
        return ""
    root = f"{ref_of(found[0]).resource.kind} {found[0].metadata.name}"
    return mismatch_words(service, root, _labels(found[0], objects))


def _named(service: Service, objects: Objects) -> Iterator[Workload]:
    """Workloads that have its name, as most pairs do."""
    name = service.metadata.name
    for each in dict.fromkeys((name, *(name.removesuffix(ending) for ending in _ENDINGS))):
        for resource in KEEPERS:
            found = objects.get(resource, service.metadata.namespace, each)
            if isinstance(found, Workload) and controller_of(found.metadata) is None:
                yield found


def _alike(service: Service, objects: Objects) -> Iterator[Workload]:
    """Workloads that have some of the labels it asks for, and that no other Service selects."""
    namespace = service.metadata.namespace
    for key, value in (service.spec.selector or {}).items():
        for found in workloads_matching({key: value}, namespace, objects):
            if not services_selecting(objects, namespace, found.template_labels):
                yield found


def _labels(workload: Workload, objects: Objects) -> Mapping[str, str]:
    """Those of a ready pod: its controller adds a hash to what the template says."""
    ready = next((pod for pod in pods_of(workload, objects) if pod.ready), None)
    return (ready.metadata.labels if ready else None) or workload.template_labels


def _ready(workload: Workload, objects: Objects) -> bool:
    return any(pod.ready for pod in pods_of(workload, objects))
