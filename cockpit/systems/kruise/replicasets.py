"""Editions of a Deployment: its ReplicaSets, and in canary style the extra Deployment of the BatchRelease."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec

from cockpit.model.lookup import Objects
from cockpit.model.objects import BatchRelease, Deployment, ReplicaSet
from cockpit.model.refs import DEPLOYMENTS, REPLICASETS, Ref
from cockpit.planning.earlier_version import Earlier, earlier_of
from cockpit.systems.kruise.editions import (
    LEFT,
    NEWEST,
    TEMPLATE_HASH,
    KruiseEdition,
    canonical,
    plain_template,
    unmade,
)
from cockpit.systems.kruise.status import short
from cockpit.workloads.lookups import of_kind
from cockpit.workloads.owners import replica_sets_of
from cockpit.workloads.versions import candidate_of

# Set by the Deployment controller, and by Kruise's own while it controls the Deployment.
_REVISION = "deployment.kubernetes.io/revision"


def editions_of(
    deployment: Deployment, extra: Deployment | None, stable: str, left: str, objects: Objects
) -> tuple[KruiseEdition, ...]:
    """Oldest first: the current template, the stable one, those with pods, the one before, and the way back.

    `left` is the hash of the version that the last release was rolled back from.
    """
    template = plain_template(msgspec.json.decode(deployment.spec.raw_template))
    wanted = canonical(template)
    sets = sorted(replica_sets_of(deployment, objects), key=lambda r: (revision_of(r), r.metadata.name))
    templates = {r.metadata.name: plain_template(msgspec.json.decode(r.spec.raw_template)) for r in sets}
    present = next((r for r in reversed(sets) if canonical(templates[r.metadata.name]) == wanted), None)
    older = [r for r in sets if r is not present]
    seen = {hash_of(r): _seen(r, left) for r in sets}
    back = earlier_of(seen[hash_of(present)], [seen[hash_of(r)] for r in older]) if present else None
    found = [
        KruiseEdition(
            hash_of(r),
            r is present,
            candidate_of(r, objects),
            templates[r.metadata.name],
            revision_of(r),
            (Ref(REPLICASETS, r.metadata.namespace, r.metadata.name),),
        )
        for r in sets
        if r is present or r.desired or r.status.replicas or hash_of(r) == stable or r in older[-1:] or _is(r, back)
    ]
    if extra is not None:
        return _with_extra(found, deployment, extra, template, objects)
    if present is None:
        found.append(unmade(deployment, template))
    return tuple(found)


def _seen(replica_set: ReplicaSet, left: str) -> Earlier:
    """A ReplicaSet as a way back sees it before its version has a name."""
    return Earlier(
        uid=replica_set.metadata.uid,
        name=replica_set.metadata.name,
        born=replica_set.metadata.creation_timestamp or "",
        number=revision_of(replica_set),
        ready=max(replica_set.status.ready_replicas, 0),
        against=LEFT if left and hash_of(replica_set) == left else "",
    )


def _is(replica_set: ReplicaSet, back: Earlier | None) -> bool:
    return back is not None and back.uid == replica_set.metadata.uid


def extra_deployment(deployment: Deployment, release: BatchRelease | None, objects: Objects) -> Deployment | None:
    """The Deployment of the new version, which the BatchRelease owns."""
    if release is None or not release.metadata.uid:
        return None
    owned = of_kind(Deployment, objects.owned(DEPLOYMENTS, deployment.metadata.namespace, release.metadata.uid))
    return next((d for d in owned if d.metadata.name != deployment.metadata.name), None)


def _with_extra(
    found: list[KruiseEdition], main: Deployment, extra: Deployment, template: Any, objects: Objects
) -> tuple[KruiseEdition, ...]:
    """Add the extra Deployment's pods to the new version; after the steps the main Deployment runs it too."""
    candidate = candidate_of(extra, objects)
    hashes = [hash_of(r) for r in replica_sets_of(extra, objects)]
    refs = (
        Ref(DEPLOYMENTS, extra.metadata.namespace, extra.metadata.name),
        *(Ref(REPLICASETS, r.metadata.namespace, r.metadata.name) for r in replica_sets_of(extra, objects)),
    )
    wanted = canonical(template)
    same = _canonical_of(extra) == wanted
    own = next((e for e in found if e.present), None)
    if own is None or not same:
        # After a rollback, and once a newer template is asked for, the extra Deployment runs what is being removed.
        removed = KruiseEdition(hashes[-1] if hashes else "", same, candidate, None, NEWEST - 1, refs)
        return (*found, removed, *(() if own or same else (unmade(main, template),)))
    joined = replace(
        candidate,
        pods=tuple(sorted((*candidate.pods, *own.candidate.pods), key=lambda pod: pod.metadata.name)),
        ready=candidate.ready + own.candidate.ready,
        desired=candidate.desired + own.candidate.desired,
    )
    edition = KruiseEdition(hashes[-1] if hashes else own.hash, True, joined, template, NEWEST, (*refs, *own.refs))
    return (*(e for e in found if e is not own), edition)


def _canonical_of(deployment: Deployment) -> str:
    return canonical(plain_template(msgspec.json.decode(deployment.spec.raw_template)))


def hash_of(replica_set: ReplicaSet) -> str:
    return (replica_set.metadata.labels or {}).get(TEMPLATE_HASH) or short(replica_set.metadata.name)


def revision_of(replica_set: ReplicaSet) -> int:
    """The revision number; 0 if the annotation is missing or not a number."""
    text = (replica_set.metadata.annotations or {}).get(_REVISION, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else 0
