"""One current or earlier template of a workload, with its pods."""

from __future__ import annotations

import json
from typing import Any

from cockpit.model.fields import mapping
from cockpit.model.objects import Workload
from cockpit.model.refs import Ref
from cockpit.model.values import dataclass
from cockpit.workloads.images import application_images
from cockpit.workloads.versions import Candidate

TEMPLATE_HASH = "pod-template-hash"
REVISION_HASH = "controller-revision-hash"
NEWEST = 1 << 60
# What the status says against a version.
LEFT = "its release was rolled back"


@dataclass(frozen=True, slots=True)
class KruiseEdition:
    """`hash` identifies it ("" while it has had no pods); `present` is true for the template in the workload's spec.

    `template` is the pod template as a map, None if it is not recorded. `refs` are the objects that own its pods.
    Later editions have a higher `order`.
    """

    hash: str
    present: bool
    candidate: Candidate
    template: Any
    order: int
    refs: tuple[Ref, ...] = ()


def unmade(workload: Workload, template: Any) -> KruiseEdition:
    """The template of a workload that has had no pods so far."""
    candidate = Candidate(
        uid=f"{workload.metadata.uid}/next",
        title=f"{workload.metadata.name}-next",
        ref=None,
        labels=workload.template_labels,
        images=application_images(workload.spec.template),
        pods=(),
        ready=0,
        desired=0,
        born="",
    )
    return KruiseEdition("", True, candidate, template, NEWEST)


def plain_template(template: Any) -> dict[str, Any]:
    """A template without what a controller adds to its copy: the hash label, the marker of a patch."""
    kept = {key: value for key, value in mapping(template).items() if key != "$patch"}
    metadata = mapping(kept.get("metadata"))
    labels = mapping(metadata.get("labels"))
    if TEMPLATE_HASH in labels:
        kept["metadata"] = {**metadata, "labels": {k: v for k, v in labels.items() if k != TEMPLATE_HASH}}
    return kept


def canonical(template: dict[str, Any]) -> str:
    """The same text for equal templates: empty fields of the metadata are ignored."""
    metadata = {k: v for k, v in mapping(template.get("metadata")).items() if v not in (None, {}, [])}
    return json.dumps({**template, "metadata": metadata}, sort_keys=True)
