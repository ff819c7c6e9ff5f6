"""Editions of CloneSets and StatefulSets: pods name their ControllerRevision by a label.

Sources: Kubernetes, apps/v1 StatefulSetStatus; openkruise/kruise, pkg/controller/cloneset/utils.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from cockpit.model.fields import entries, mapping, text
from cockpit.model.lookup import Objects
from cockpit.model.objects import Container, ControllerRevision, Pod, StatefulSet
from cockpit.model.refs import CONTROLLERREVISIONS, PODS, Ref
from cockpit.planning.earlier_version import Earlier, earlier_of
from cockpit.systems.kruise.editions import (
    LEFT,
    NEWEST,
    REVISION_HASH,
    KruiseEdition,
    canonical,
    plain_template,
    unmade,
)
from cockpit.systems.kruise.status import short
from cockpit.workloads.images import application_first
from cockpit.workloads.lookups import of_kind
from cockpit.workloads.owners import pods_of
from cockpit.workloads.versions import Candidate


def editions_of(workload: StatefulSet, ref: Ref, stable: str, left: str, objects: Objects) -> tuple[KruiseEdition, ...]:
    """Oldest first: the requested revision, the current one, those with pods, the one before, and the way back.

    `left` is the hash of the version that the last release was rolled back from.
    """
    template = plain_template(msgspec.json.decode(workload.spec.raw_template))
    pods: dict[str, list[Pod]] = {}
    for pod in pods_of(workload, objects):
        pods.setdefault(short((pod.metadata.labels or {}).get(REVISION_HASH, "")), []).append(pod)
    kept = {short(r.metadata.name): r for r in _revisions(workload, objects)}
    templates = {name: _template(revision) for name, revision in kept.items()}
    asked = _asked(workload, template, templates)
    current = short(workload.status.current_revision)
    hashes = sorted({*kept, *pods, *filter(None, (asked, current))}, key=lambda h: (_order(kept.get(h)), h))
    older = [h for h in hashes if h != asked]
    back = _back(asked, kept, pods, left)
    shown = [h for h in hashes if h in (asked, current, stable, back) or h in pods or h in older[-1:]]
    found = [
        KruiseEdition(
            h,
            h == asked,
            _candidate(
                workload, ref, kept.get(h), h, pods.get(h, []), template if h == asked else templates.get(h), objects
            ),
            template if h == asked else templates.get(h),
            _order(kept.get(h)),
        )
        for h in shown
        if h
    ]
    if not asked:
        found.append(unmade(workload, template))
    return tuple(found)


def _back(asked: str, kept: Mapping[str, ControllerRevision], pods: Mapping[str, list[Pod]], left: str) -> str | None:
    """The hash of the revision that a roll back leads to."""
    if asked not in kept:
        return None
    seen = {
        name: Earlier(
            uid=name,
            name=name,
            born=revision.metadata.creation_timestamp or "",
            number=revision.revision,
            ready=sum(pod.ready for pod in pods.get(name, ())),
            against=LEFT if name == left else "",
        )
        for name, revision in kept.items()
    }
    found = earlier_of(seen[asked], [each for name, each in seen.items() if name != asked])
    return found.uid if found else None


def _asked(workload: StatefulSet, template: dict[str, Any], templates: dict[str, Any]) -> str:
    """The hash of the workload's template, "" while its controller has not seen it."""
    if workload.status.observed_generation >= workload.metadata.generation:
        return short(workload.status.update_revision)
    wanted = canonical(template)
    return next((h for h, kept in templates.items() if kept is not None and canonical(kept) == wanted), "")


def _revisions(workload: StatefulSet, objects: Objects) -> tuple[ControllerRevision, ...]:
    uid = workload.metadata.uid
    if not uid:
        return ()
    return of_kind(ControllerRevision, objects.owned(CONTROLLERREVISIONS, workload.metadata.namespace, uid))


def _template(revision: ControllerRevision) -> dict[str, Any] | None:
    found = mapping(revision.data, "spec", "template")
    return plain_template(found) if found else None


def _order(revision: ControllerRevision | None) -> int:
    return revision.revision if revision else NEWEST


def _candidate(
    workload: StatefulSet,
    ref: Ref,
    revision: ControllerRevision | None,
    digest: str,
    pods: list[Pod],
    template: Any,
    objects: Objects,
) -> Candidate:
    """A revision's pods as a version; if pods cannot be read, the counts that the workload reports."""
    ready = sum(pod.ready for pod in pods)
    count = len(pods)
    if not objects.known(PODS):
        new = digest == short(workload.status.update_revision)
        current = digest == short(workload.status.current_revision)
        whole = workload.status.current_revision == workload.status.update_revision
        updated = workload.status.replicas if whole else workload.status.updated_replicas
        count = max(updated if new else workload.status.replicas - updated if current else 0, 0)
        ready = min(count, max(workload.status.ready_replicas, 0))
    labels = dict(pods[0].metadata.labels or {}) if pods else _labels(template)
    return Candidate(
        uid=f"{workload.metadata.uid}/{digest}",
        title=f"{workload.metadata.name}-{digest}",
        ref=ref,
        labels={**labels, REVISION_HASH: digest},
        images=_images(template, pods),
        pods=tuple(pods),
        ready=ready,
        desired=count,
        born=(revision.metadata.creation_timestamp if revision else None) or "",
    )


def _labels(template: Any) -> dict[str, str]:
    labels = mapping(template, "metadata", "labels")
    return {key: value for key, value in labels.items() if isinstance(value, str)}


def _images(template: Any, pods: list[Pod]) -> tuple[str, ...]:
    """The images of the pods if there are any, else of the template; the application's first."""
    containers = [Container(text(c, "name"), text(c, "image")) for c in entries(template, "spec", "containers")]
    annotations = {key: str(value) for key, value in mapping(template, "metadata", "annotations").items()}
    found = application_first(pods[0].spec.containers if pods else containers, annotations)
    return tuple(dict.fromkeys(c.image for c in found if c.image))
