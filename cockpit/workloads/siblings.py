"""Workloads that are another version of a known one, although no Service currently selects them.

Nothing in a cluster states this. Workloads count as versions of the same thing if their images differ only in the tag,
and their names and template labels are equal once the version (label or tag) is removed.
"""

from __future__ import annotations

from cockpit.model.lookup import Objects
from cockpit.model.objects import Workload
from cockpit.workloads.images import application_images, application_repository, image_tag
from cockpit.workloads.lookups import of_kind
from cockpit.workloads.naming import HASH_LABELS, VERSION_LABELS
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
    return application_repository(workload.spec.template)


def _marks(workload: Workload) -> tuple[str | None, ...]:
    labels, images = workload.template_labels, application_images(workload.spec.template)
    tag = image_tag(images[0]) if images else None
    return (*(labels.get(key) for key in VERSION_LABELS), tag)


def _shape(workload: Workload, mark: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    """Name and labels with a placeholder for the version."""
    labels = ((k, v.replace(mark, _HOLE)) for k, v in workload.template_labels.items() if k not in HASH_LABELS)
    return workload.metadata.name.replace(mark, _HOLE), tuple(sorted(labels))
