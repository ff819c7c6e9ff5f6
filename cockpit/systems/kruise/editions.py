"""One template that a workload has or had, with the pods that are of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from cockpit.model.fields import mapping
from cockpit.model.objects import Workload
from cockpit.model.refs import Ref
from cockpit.workloads.versions import Candidate

TEMPLATE_HASH = "pod-template-hash"
REVISION_HASH = "controller-revision-hash"
NEWEST = 1 << 60


@dataclass(frozen=True, slots=True)
class Edition:
    """`hash` tells it apart ("" while no pod was made of it); `present` is true of what the workload asks for.

    `template` is the pod template as a map, None where it is not on record. `refs` are the objects that keep its
    pods. Later editions have a higher `order`.
    """

    hash: str
    present: bool
    candidate: Candidate
    template: Any
    order: int
    refs: tuple[Ref, ...] = ()


def unmade(workload: Workload, template: Any) -> Edition:
    """The template of a workload, of which no pod was made so far."""
    candidate = Candidate(
        uid=f"{workload.metadata.uid}/next",
        title=f"{workload.metadata.name}-next",
        ref=None,
        labels=workload.template_labels,
        images=tuple(c.image for c in workload.spec.template.spec.containers if c.image),
        pods=(),
        ready=0,
        desired=0,
        born="",
    )
    return Edition("", True, candidate, template, NEWEST)


def plain_template(template: Any) -> dict[str, Any]:
    """A template without what a controller adds to its copy of it: the hash label, the marker of a patch."""
    kept = {key: value for key, value in mapping(template).items() if key != "$patch"}
    metadata = mapping(kept.get("metadata"))
    labels = mapping(metadata.get("labels"))
    if TEMPLATE_HASH in labels:
        kept["metadata"] = {**metadata, "labels": {k: v for k, v in labels.items() if k != TEMPLATE_HASH}}
    return kept


def canonical(template: dict[str, Any]) -> str:
    """The same text for equal templates: empty fields of the metadata say nothing."""
    metadata = {k: v for k, v in mapping(template.get("metadata")).items() if v not in (None, {}, [])}
    return json.dumps({**template, "metadata": metadata}, sort_keys=True)
