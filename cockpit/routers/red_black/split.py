"""Which ReplicaSets carry the labels that a Service selects: enabled, disabled, or something in between."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from enum import StrEnum

from cockpit.model.lookup import Objects
from cockpit.model.objects import Pod, ReplicaSet, Service
from cockpit.model.refs import REPLICASETS
from cockpit.model.rollout import Role, Version
from cockpit.model.values import dataclass
from cockpit.workloads.endpoints import Backing, backing_of, member_pods, selected_pods
from cockpit.workloads.lookups import of_kind
from cockpit.workloads.owners import homes_of, workloads_owning
from cockpit.workloads.versions import Candidate, candidate_of, ownerless_candidates, versions_of


class LabelState(StrEnum):
    """Whether a version takes traffic of the Service, by labels alone."""

    ENABLED = "enabled"  # template and all pods carry the labels
    DISABLED = "disabled"  # none carries them
    MIXED = "mixed"  # some carry them: in progress, or left unfinished


@dataclass(frozen=True, slots=True)
class Member:
    """One ReplicaSet; `keys` are the labels that are put on it and removed again.

    Without keys it cannot be disabled: its own selector holds every label that the Service selects.
    """

    replica_set: ReplicaSet
    candidate: Candidate
    version: Version
    keys: Mapping[str, str]
    label_state: LabelState
    labelled: int  # pods that carry the labels
    endpoints: int

    @property
    def name(self) -> str:
        return self.version.name

    @property
    def held(self) -> bool:
        """Whether its pods take traffic as long as there are any, whatever happens to the labels."""
        return not self.keys


@dataclass(frozen=True, slots=True)
class RedBlack:
    """A Service with the ReplicaSets of one line, oldest first.

    `foreign` are versions behind the Service that are not of this line, `lines` all lines with pods or templates that
    the Service selects. `name` is the rollout's.
    """

    service: Service
    name: str
    line: str
    lines: tuple[str, ...]
    members: tuple[Member, ...]
    foreign: tuple[tuple[Candidate, Version], ...]
    backing: Backing
    # Versions that take traffic or would with their next pod: all but the disabled ones.
    taking: tuple[Member, ...] = field(init=False, compare=False, repr=False)
    enabled: tuple[Member, ...] = field(init=False, compare=False, repr=False)
    # The version with the most ready pods, if there is any: as many are enough for another one.
    readiest: tuple[Version, ...] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        taking = tuple(m for m in self.members if m.label_state is not LabelState.DISABLED)
        enabled = tuple(m for m in self.members if m.label_state is LabelState.ENABLED)
        readiest = sorted((m.version for m in self.members), key=lambda version: -version.ready)[:1]
        for name, found in (("taking", taking), ("enabled", enabled), ("readiest", tuple(readiest))):
            object.__setattr__(self, name, found)

    @property
    def active(self) -> Member | None:
        """The one version that takes all traffic; None if there is none, or it is not clear."""
        return self.taking[0] if len(self.taking) == 1 and not self.foreign and self.enabled else None

    @property
    def before(self) -> Member | None:
        """The version to go back to: the youngest older than the one that takes traffic; of several, the oldest.

        Age tells: each release is a new ReplicaSet with a new number, and versions do not take turns.

        A half-enabled one counts only if no fully enabled one is older than the newest: it may be a leftover.
        """
        taking = self.taking
        if len(taking) > 1:
            return next((m for m in taking[:-1] if m.label_state is LabelState.ENABLED), taking[0])
        older = self.members[: self.members.index(taking[0])] if taking else ()
        return older[-1] if older else None

    def member(self, name: str) -> Member | None:
        return next((m for m in self.members if m.name == name), None)


def look(service: Service, objects: Objects) -> tuple[RedBlack, ...]:
    """One for each line of ReplicaSets that labels move in and out of this Service, in the order of their names.

    A line is a cluster of Spinnaker (app-stack-detail): another line is another application, whatever its labels.
    """
    selector = service.spec.selector or {}
    lines = {
        line: found for line, found in _lines(service, objects).items() if any(toggled(r, selector) for r in found)
    }
    return tuple(_one(service, line, lines, objects) for line in lines)


def _one(service: Service, line: str, lines: Mapping[str, Sequence[ReplicaSet]], objects: Objects) -> RedBlack:
    """One of the lines; the first has the Service's name, the others append their own."""
    name = service.metadata.name if line == next(iter(lines)) else f"{service.metadata.name}.{line}"
    behind = tuple(other for other, found in lines.items() if _is_behind(found, service, objects))
    elsewhere = {r.metadata.uid for other, found in lines.items() if other != line for r in found}
    selector = service.spec.selector or {}
    found = [(r, keys) for r in lines[line] if (keys := toggled(r, selector)) is not None]
    known = [candidate_of(r, objects) for r, _ in found]
    foreign = ownerless_candidates(selected_pods(service, objects), {c.uid for c in known}, objects)
    keys_of = {r.metadata.uid: keys for r, keys in found}
    sets = {r.metadata.uid: r for r, _ in found}
    candidates = sorted((*known, *foreign), key=lambda c: c.age_key)
    label_states = {c.uid: _label_state(sets[c.uid], keys_of[c.uid], c.pods) for c in known}
    roles = _roles([c for c in candidates if c.uid not in elsewhere], label_states)
    versions = versions_of(candidates, dict.fromkeys(elsewhere, Role.OLD) | roles)
    backing = backing_of(service, objects)
    pairs = list(zip(candidates, versions, strict=True))
    members = tuple(
        Member(
            sets[c.uid],
            c,
            v,
            keys_of[c.uid],
            label_states[c.uid],
            sum(carries(pod.metadata.labels, keys_of[c.uid]) for pod in c.pods),
            backing.count(c.uid),
        )
        for c, v in pairs
        if c.uid in sets
    )
    strangers = tuple((c, v) for c, v in pairs if c.uid not in sets)
    return RedBlack(service, name, line, behind, members, strangers, backing)


def toggled(replica_set: ReplicaSet, selector: Mapping[str, str]) -> dict[str, str] | None:
    """The pairs of a Service's selector that can be put on a ReplicaSet and removed; None if it cannot get behind it.

    Keys of its own selector are left out: that selector is immutable, and pods without them would have no owner.
    """
    own = replica_set.spec.selector
    if own is None or not own.keys:
        return None
    fixed = own.match_labels or {}
    if any(key in own.keys and fixed.get(key) != value for key, value in selector.items()):
        return None
    return {key: value for key, value in selector.items() if key not in own.keys}


def carries(labels: Mapping[str, str] | None, keys: Mapping[str, str]) -> bool:
    return keys.items() <= (labels or {}).items()


def _lines(service: Service, objects: Objects) -> dict[str, list[ReplicaSet]]:
    """ReplicaSets by line, for each line with one behind the Service or given to the Service by a pipeline.

    Lines that a pipeline gave to the Service come first.
    """
    namespace, selector = service.metadata.namespace, service.spec.selector or {}
    if not selector:
        return {}
    given = of_kind(ReplicaSet, objects.keyed(REPLICASETS, namespace, f"balanced by {service.metadata.name}"))
    seeds = [
        *of_kind(ReplicaSet, objects.selected(REPLICASETS, namespace, selector)),
        *given,
        *of_kind(ReplicaSet, workloads_owning(member_pods(service, objects), objects)),
    ]
    first = {r.line for r in given}
    return {
        line: list(of_kind(ReplicaSet, objects.keyed(REPLICASETS, namespace, f"line {line}")))
        for line in sorted({r.line for r in seeds if r.line}, key=lambda line: (line not in first, line))
    }


def _is_behind(replica_sets: Sequence[ReplicaSet], service: Service, objects: Objects) -> bool:
    """Whether the Service selects a template or a pod of one of them."""
    selector, uids = service.spec.selector or {}, {r.metadata.uid for r in replica_sets}
    homes = set(homes_of(member_pods(service, objects), objects))
    return bool(uids & homes) or any(carries(r.template_labels, selector) for r in replica_sets)


def _label_state(replica_set: ReplicaSet, keys: Mapping[str, str], pods: tuple[Pod, ...]) -> LabelState:
    if not keys:
        return LabelState.ENABLED if replica_set.desired or pods else LabelState.DISABLED
    alike = {carries(labels, keys) for labels in (replica_set.template_labels, *(p.metadata.labels for p in pods))}
    if len(alike) > 1:
        return LabelState.MIXED
    return LabelState.ENABLED if alike == {True} else LabelState.DISABLED


def _roles(candidates: list[Candidate], label_states: Mapping[str, LabelState]) -> dict[str, Role]:
    """If one is enabled, it is active, older ones are old, younger ones wait. If several are, the one to go back to
    is stable."""
    taking = [c for c in candidates if label_states.get(c.uid) is not LabelState.DISABLED]
    if len(taking) > 1:
        stable = next((c for c in taking[:-1] if label_states.get(c.uid) is LabelState.ENABLED), taking[0])
        canaries = taking[taking.index(stable) + 1 :]
        rest = {c.uid: Role.OLD for c in candidates}
        return rest | {c.uid: Role.CANARY for c in canaries} | {stable.uid: Role.STABLE}
    if not taking:
        return {c.uid: Role.PREVIEW for c in candidates}
    at = candidates.index(taking[0])
    return {c.uid: Role.ACTIVE if n == at else Role.OLD if n < at else Role.PREVIEW for n, c in enumerate(candidates)}
