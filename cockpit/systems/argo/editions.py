"""The ReplicaSets of a Rollout as versions: which one is stable, which one is being rolled out, which are older."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from cockpit.model.lookup import Objects
from cockpit.model.objects import ArgoRollout, ReplicaSet
from cockpit.model.refs import REPLICASETS
from cockpit.model.rollout import Role, Version
from cockpit.model.values import dataclass
from cockpit.planning.earlier_version import Earlier, earlier_of
from cockpit.systems.argo.status import ArgoStatus
from cockpit.systems.argo.strategy import ArgoStrategy
from cockpit.systems.on_record import Record, meant_by, on_record
from cockpit.workloads.images import image_tag
from cockpit.workloads.lookups import of_kind
from cockpit.workloads.owners import controller_of
from cockpit.workloads.versions import Candidate, candidate_of, versions_of

HASH = "rollouts-pod-template-hash"
REVISION = "rollout.argoproj.io/revision"
_SCALE_DOWN = "scale-down-deadline"


@dataclass(frozen=True, slots=True)
class ArgoEdition:
    """One ReplicaSet of a Rollout. `hash` comes from its label: the name need not end in it."""

    replica_set: ReplicaSet
    candidate: Candidate
    version: Version

    @property
    def hash(self) -> str:
        return hash_of(self.replica_set)

    @property
    def name(self) -> str:
        return self.version.name

    @property
    def uid(self) -> str:
        return self.candidate.uid

    @property
    def revision(self) -> int:
        return revision_of(self.replica_set)

    @property
    def leaves_at(self) -> str:
        """When its pods are scaled down (RFC 3339); "" if no time is set."""
        return annotation(self.replica_set, _SCALE_DOWN)


def annotation(replica_set: ReplicaSet, key: str) -> str:
    return (replica_set.metadata.annotations or {}).get(key, "")


def hash_of(replica_set: ReplicaSet) -> str:
    return (replica_set.metadata.labels or {}).get(HASH) or replica_set.template_labels.get(HASH, "")


def revision_of(replica_set: ReplicaSet) -> int:
    """The revision number; 0 if the annotation is missing or not a number."""
    written = annotation(replica_set, REVISION)
    return int(written) if written.isascii() and written.isdigit() and len(written) <= 18 else 0


def sets_of(rollout: ArgoRollout, objects: Objects) -> tuple[ReplicaSet, ...]:
    """All ReplicaSets that the Rollout controls, oldest revision first, without those of experiments."""
    uid = rollout.metadata.uid
    owned = of_kind(ReplicaSet, objects.owned(REPLICASETS, rollout.metadata.namespace, uid)) if uid else ()
    mine = [r for r in owned if (owner := controller_of(r.metadata)) and owner.uid == uid]
    return tuple(sorted(mine, key=lambda r: (revision_of(r), r.metadata.name)))


def editions_of(
    sets: Iterable[ReplicaSet],
    strategy: ArgoStrategy,
    status: ArgoStatus,
    objects: Objects,
    against: Mapping[str, str],
) -> tuple[ArgoEdition, ...]:
    """The editions to show: the current and the stable one, those with pods, the newest of the rest, the way back.

    `against` is what speaks against one as a way back, by uid.
    """
    ordered = list(sets)
    live = [r for r in ordered if hash_of(r) in (status.current, status.stable) or r.desired or r.status.replicas]
    rest = [r for r in ordered if r not in live]
    back = _led_back_to(ordered, status, against)
    shown = [r for r in ordered if r in live or r in rest[-1:] or r.metadata.uid == back]
    candidates = [candidate_of(r, objects) for r in shown]
    roles = {c.uid: _role(hash_of(r), strategy, status) for r, c in zip(shown, candidates, strict=True)}
    versions = versions_of(candidates, roles)
    return tuple(
        ArgoEdition(r, c, replace(v, marks=v.marks | ({hash_of(r)} - {""})))
        for r, c, v in zip(shown, candidates, versions, strict=True)
    )


def _led_back_to(sets: Sequence[ReplicaSet], status: ArgoStatus, against: Mapping[str, str]) -> str:
    """The uid of the ReplicaSet that a roll back at rest leads to; "" if there is none, or if it has failing pods."""
    seen = {hash_of(r): past_of(r, against.get(r.metadata.uid, "")) for r in sets}
    present = seen.pop(status.current, None)
    found = earlier_of(present, list(seen.values())) if present else None
    return found.uid if found else ""


def past_of(replica_set: ReplicaSet, against: str) -> Earlier:
    """A ReplicaSet as a way back sees it by itself, without its pods and the name of its version."""
    return Earlier(
        uid=replica_set.metadata.uid,
        name=f"revision {revision_of(replica_set)}",
        born=replica_set.metadata.creation_timestamp or "",
        number=revision_of(replica_set),
        ready=max(replica_set.status.ready_replicas, 0),
        pods=replica_set.desired > 0,
        against=against,
    )


def _role(found: str, strategy: ArgoStrategy, status: ArgoStatus) -> Role:
    if strategy.is_canary or not strategy.style:
        if found and found == status.stable:
            return Role.STABLE
        return Role.CANARY if found and found == status.current else Role.OLD
    if found and found == (status.active or status.stable):
        return Role.ACTIVE
    return Role.PREVIEW if found and found == status.current else Role.OLD


def find_edition(name: str, editions: Iterable[ArgoEdition], sets: Iterable[ReplicaSet]) -> ReplicaSet | str:
    """The ReplicaSet for a version, revision number, hash or image tag; otherwise the reason as text."""
    for edition in editions:
        if name in (edition.name, edition.hash):
            return edition.replica_set
    every = [Record(r, revision_of(r), (hash_of(r), r.metadata.name), _tags(r)) for r in sets]
    found = meant_by(name, every)
    return found if found is not None else f"no revision {name}; existing revisions: {on_record(every) or 'none'}"


def _tags(replica_set: ReplicaSet) -> set[str]:
    return {tag for c in replica_set.spec.template.spec.containers if (tag := image_tag(c.image))}
