"""Workloads that a Service could select instead: other versions of what it selects, by the labels of its selector."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cockpit.model.lookup import Objects
from cockpit.model.objects import Service, Workload
from cockpit.workloads.images import application_repository
from cockpit.workloads.lookups import services_selecting
from cockpit.workloads.naming import VERSION_LABELS
from cockpit.workloads.owners import workloads_matching

# Labels that name the part of an application: another value is another part, whatever else is the same.
_PARTS = frozenset({"app.kubernetes.io/component", "component", "role"})
# Labels that name the application rather than its version: in a selector another value is another application.
IDENTITY = _PARTS | {
    "app",
    "app.kubernetes.io/instance",
    "app.kubernetes.io/managed-by",
    "app.kubernetes.io/name",
    "app.kubernetes.io/part-of",
    "application",
    "k8s-app",
    "microservice",
    "name",
    "service",
    "tier",
}
# Labels that unrelated workloads have in common.
SHARED = frozenset({"app.kubernetes.io/managed-by", "app.kubernetes.io/part-of", "env", "environment"})
# Values that versions take turns with; other values may be places that exist side by side permanently.
_TURNS = frozenset(
    {
        *("a", "b", "active", "baseline", "black", "blue", "canary", "current", "green", "idle", "live", "new"),
        *("next", "old", "passive", "preview", "previous", "primary", "red", "release", "stable", "standby"),
    }
)


def alternatives(
    service: Service, picked: Sequence[Workload], objects: Objects
) -> tuple[tuple[str, ...], tuple[Workload, ...]]:
    """The selector's keys that tell versions apart, and the workloads that have other values for them.

    A workload counts if it has every key of the selector, differs in none that names the application, and has one in
    common that ties it to the selected ones. Labels without a fixed meaning tell versions apart only among pods of one
    image, and only if the other values have no Service of their own.
    """
    selector, namespace = service.spec.selector or {}, service.metadata.namespace
    repositories = {application_repository(w.spec.template) for w in picked}
    found: dict[str, Workload] = {}
    keys: set[str] = set()
    for key, value in selector.items() if len(selector) >= 2 else ():
        if key in VERSION_LABELS or key in SHARED:
            continue
        for workload in workloads_matching({key: value}, namespace, objects):
            differing = _differing(selector, workload)
            if not differing or not _is_one_thing(workload, picked):
                continue
            if differing <= set(VERSION_LABELS) or (
                (not repositories or application_repository(workload.spec.template) in repositories)
                and not _stands_apart(service, workload, differing, objects)
            ):
                found[workload.metadata.uid] = workload
                keys |= differing
    return tuple(k for k in (*VERSION_LABELS, *sorted(selector)) if k in keys), tuple(found.values())


def _differing(selector: Mapping[str, str], workload: Workload) -> set[str]:
    """The keys for which it has another value; none if it is not a version of what is selected."""
    labels = workload.template_labels
    differing = {key for key, value in selector.items() if labels.get(key) != value}
    return differing if differing <= labels.keys() and not differing & IDENTITY else set()


def _is_one_thing(workload: Workload, picked: Sequence[Workload]) -> bool:
    """Whether it is the same part of the application as what is selected."""
    labels = workload.template_labels
    return all(labels.get(key) == w.template_labels.get(key) for w in picked for key in _PARTS)


def _stands_apart(service: Service, workload: Workload, differing: set[str], objects: Objects) -> bool:
    """Whether another Service selects it by what differs, so that both exist permanently."""
    labels, selector = workload.template_labels, service.spec.selector or {}
    if all(labels[key].lower() in _TURNS and selector[key].lower() in _TURNS for key in differing):
        return False
    return any(
        differing & (other.spec.selector or {}).keys()
        for other in services_selecting(objects, service.metadata.namespace, labels)
    )
