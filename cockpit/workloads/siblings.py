"""Workloads that are another version of one we know, though no Service leads to them at present.

Nothing in a cluster says so. They are taken for versions of one thing when the image is the same but for its
tag, and name and template labels are the same once each one's version (label or tag) is taken out.
"""

from __future__ import annotations

from cockpit.model.lookup import Objects
from cockpit.model.objects import Workload
from cockpit.workloads.lookups import of_kind
from cockpit.workloads.naming import HASH_LABELS, VERSION_LABELS, image_repository, image_tag
from cockpit.workloads.owners import controller_of, ref_of

_HOLE = "\0"


def siblings_of(workload: Workload, objects: Objects) -> tuple[Workload, ...]:
    """Workloads of the same kind and namespace that are other versions of `workload`."""
    namespace, name = workload.metadata.namespace, workload.metadata.name
    return tuple(
        other
        for other in of_kind(type(workload), objects.every(ref_of(workload).resource, namespace))
        if other.metadata.name != name and controller_of(other.metadata) is None and _are_versions(workload, other)
    )


def _are_versions(one: Workload, other: Workload) -> bool:
    if _repository(one) is None or _repository(one) != _repository(other):
        return False
    return any(
        mine != theirs and _shape(one, mine) == _shape(other, theirs)
        for mine, theirs in zip(_marks(one), _marks(other), strict=True)
        if mine and theirs
    )


def _repository(workload: Workload) -> str | None:
    containers = workload.spec.template.spec.containers
    return image_repository(containers[0].image) if containers and containers[0].image else None


def _marks(workload: Workload) -> tuple[str | None, ...]:
    labels, containers = workload.template_labels, workload.spec.template.spec.containers
    tag = image_tag(containers[0].image) if containers else None
    return (*(labels.get(key) for key in VERSION_LABELS), tag)


def _shape(workload: Workload, mark: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    """Name and labels with a hole where the version stands."""
    labels = ((k, v.replace(mark, _HOLE)) for k, v in workload.template_labels.items() if k not in HASH_LABELS)
    return workload.metadata.name.replace(mark, _HOLE), tuple(sorted(labels))
