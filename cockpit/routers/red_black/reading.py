"""Which ReplicaSets carry the labels that a Service selects: enabled, disabled, or something in between."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from cockpit.model.lookup import Objects
from cockpit.model.objects import Pod, ReplicaSet, Service
from cockpit.model.refs import REPLICASETS
from cockpit.model.rollout import Role, Version
from cockpit.workloads.endpoints import Backing, backing_of, selected_pods
from cockpit.workloads.lookups import of_kind
from cockpit.workloads.owners import workload_of
from cockpit.workloads.versions import Candidate, candidate_of, stray_candidates, versions_of


class Stand(StrEnum):
    """How a version stands to the traffic of the Service, by labels alone."""

    ENABLED = "enabled"  # template and all pods carry the labels
    DISABLED = "disabled"  # none does
    MIXED = "mixed"  # some do: under way, or left half done


@dataclass(frozen=True, slots=True)
class Member:
    """One ReplicaSet; `keys` are the labels that are put on it and taken off again."""

    replica_set: ReplicaSet
    candidate: Candidate
    version: Version
    keys: Mapping[str, str]
    stand: Stand
    labelled: int  # pods that carry the labels
    endpoints: int

    @property
    def name(self) -> str:
        return self.version.name


@dataclass(frozen=True, slots=True)
class RedBlack:
    """A Service with the ReplicaSets of its line, oldest first. `strays` are versions of other kinds behind it."""

    service: Service
    members: tuple[Member, ...]
    strays: tuple[tuple[Candidate, Version], ...]
    backing: Backing

    @property
    def enabled(self) -> tuple[Member, ...]:
        return tuple(m for m in self.members if m.stand is Stand.ENABLED)

    @property
    def taking(self) -> tuple[Member, ...]:
        """Those that take traffic or would with the next pod: all but the disabled ones."""
        return tuple(m for m in self.members if m.stand is not Stand.DISABLED)

    @property
    def active(self) -> Member | None:
        """The one version that takes all traffic; None where it is none, or not clear."""
        return self.taking[0] if len(self.taking) == 1 and not self.strays and self.enabled else None

    @property
    def before(self) -> Member | None:
        """The version to go back to: the youngest older than the one that takes traffic; of several, the oldest.

        One that is half way takes part only where no whole one is older than the newest: it may be left over.
        """
        taking = self.taking
        if len(taking) > 1:
            return next((m for m in taking[:-1] if m.stand is Stand.ENABLED), taking[0])
        older = self.members[: self.members.index(taking[0])] if taking else ()
        return older[-1] if older else None

    def member(self, name: str) -> Member | None:
        return next((m for m in self.members if m.name == name), None)


def look(service: Service, objects: Objects) -> RedBlack | None:
    """None where no ReplicaSet is moved in and out of this Service by labels."""
    selector = service.spec.selector or {}
    found = [(r, keys) for r in _line(service, objects) if (keys := toggled(r, selector))]
    if not found:
        return None
    known = [candidate_of(r, objects) for r, _ in found]
    strays = stray_candidates(selected_pods(service, objects), {c.uid for c in known}, objects)
    keys_of = {r.metadata.uid: keys for r, keys in found}
    sets = {r.metadata.uid: r for r, _ in found}
    candidates = sorted((*known, *strays), key=lambda c: c.age_key)
    stands = {c.uid: _stand(sets[c.uid], keys_of[c.uid], c.pods) for c in known}
    versions = versions_of(candidates, _roles(candidates, stands))
    backing = backing_of(service, objects)
    pairs = list(zip(candidates, versions, strict=True))
    members = tuple(
        Member(
            sets[c.uid],
            c,
            v,
            keys_of[c.uid],
            stands[c.uid],
            sum(carries(pod.metadata.labels, keys_of[c.uid]) for pod in c.pods),
            backing.count(c.uid),
        )
        for c, v in pairs
        if c.uid in sets
    )
    return RedBlack(service, members, tuple((c, v) for c, v in pairs if c.uid not in sets), backing)


def toggled(replica_set: ReplicaSet, selector: Mapping[str, str]) -> dict[str, str]:
    """The pairs of a Service's selector that may be put on a ReplicaSet and taken off; none where it can't be.

    Keys of its own selector never: it could not be changed, and pods without them would be nobody's.
    """
    own = replica_set.spec.selector
    if own is None or not own.keys:
        return {}
    fixed = own.match_labels or {}
    if any(key in own.keys and fixed.get(key) != value for key, value in selector.items()):
        return {}
    return {key: value for key, value in selector.items() if key not in own.keys}


def carries(labels: Mapping[str, str] | None, keys: Mapping[str, str]) -> bool:
    return keys.items() <= (labels or {}).items()


def _line(service: Service, objects: Objects) -> list[ReplicaSet]:
    """ReplicaSets of the lines of which one is behind the Service, or was given to it by a pipeline."""
    namespace, selector = service.metadata.namespace, service.spec.selector or {}
    if not selector:
        return []
    behind = [workload_of(pod, objects) for pod in selected_pods(service, objects)]
    seeds = [
        *of_kind(ReplicaSet, objects.selected(REPLICASETS, namespace, selector)),
        *of_kind(ReplicaSet, objects.keyed(REPLICASETS, namespace, f"balanced by {service.metadata.name}")),
        *(w for w in behind if isinstance(w, ReplicaSet)),
    ]
    found: dict[str, ReplicaSet] = {}
    for line in sorted({r.line for r in seeds if r.line}):
        for replica_set in of_kind(ReplicaSet, objects.keyed(REPLICASETS, namespace, f"line {line}")):
            found[replica_set.metadata.name] = replica_set
    return [found[name] for name in sorted(found)]


def _stand(replica_set: ReplicaSet, keys: Mapping[str, str], pods: tuple[Pod, ...]) -> Stand:
    alike = {carries(labels, keys) for labels in (replica_set.template_labels, *(p.metadata.labels for p in pods))}
    if len(alike) > 1:
        return Stand.MIXED
    return Stand.ENABLED if alike == {True} else Stand.DISABLED


def _roles(candidates: list[Candidate], stands: Mapping[str, Stand]) -> dict[str, Role]:
    """One enabled: it is active, older ones old, younger ones wait. Several: the one to go back to is stable."""
    taking = [c for c in candidates if stands.get(c.uid) is not Stand.DISABLED]
    if len(taking) > 1:
        stable = next((c for c in taking[:-1] if stands.get(c.uid) is Stand.ENABLED), taking[0])
        canaries = taking[taking.index(stable) + 1 :]
        rest = {c.uid: Role.OLD for c in candidates}
        return rest | {c.uid: Role.CANARY for c in canaries} | {stable.uid: Role.STABLE}
    if not taking:
        return {c.uid: Role.PREVIEW for c in candidates}
    at = candidates.index(taking[0])
    return {c.uid: Role.ACTIVE if n == at else Role.OLD if n < at else Role.PREVIEW for n, c in enumerate(candidates)}
