"""What a Service's selector says: the versions, which of them it selects, and which it could select instead."""

from __future__ import annotations

from dataclasses import field

from cockpit.model.lookup import Objects
from cockpit.model.objects import Service
from cockpit.model.rollout import Role, Version
from cockpit.model.values import dataclass
from cockpit.routers.service.alternatives import alternatives
from cockpit.routers.service.flip_record import flip_record
from cockpit.routers.service.way_back import NO_WAY_BACK, WayBack, way_back
from cockpit.workloads.endpoints import Backing, backing_of, is_alias
from cockpit.workloads.naming import HASH_LABELS, VERSION_LABELS
from cockpit.workloads.owners import workloads_matching
from cockpit.workloads.versions import Candidate, candidate_of, versions_of


@dataclass(frozen=True, slots=True)
class SelectorVersion:
    """One version of a Service. `serving`: the selector matches its pods."""

    candidate: Candidate
    version: Version
    serving: bool
    endpoints: int

    @property
    def name(self) -> str:
        return self.version.name


@dataclass(frozen=True, slots=True)
class BlueGreen:
    """A Service and the versions that it selects or could select, oldest first.

    `keys` are the selector's keys that tell versions apart; none if it has no such key. `way` is the way back from the
    active version.
    """

    service: Service
    keys: tuple[str, ...]
    choices: tuple[SelectorVersion, ...]
    backing: Backing
    way: WayBack = NO_WAY_BACK
    serving: tuple[SelectorVersion, ...] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "serving", tuple(c for c in self.choices if c.serving))

    @property
    def active(self) -> SelectorVersion | None:
        """The one version that takes all traffic; None if the selector matches none or several."""
        return self.serving[0] if len(self.serving) == 1 else None

    @property
    def mixed(self) -> bool:
        return len(self.serving) > 1

    @property
    def before(self) -> SelectorVersion | None:
        """The version to go back to: if several serve, the oldest of them, else the one that served before."""
        if self.mixed:
            return self.serving[0]
        return next((c for c in self.choices if c.candidate.uid == self.way.uid), None)

    @property
    def last(self) -> SelectorVersion | None:
        """The version that took all traffic last beside the one that does now; None if nothing shows it.

        Where the selector leads to none any more, that is the one to which the last flip led.
        """
        record = flip_record(self.service)
        pick = record.after if record else None
        if not self.serving:
            found = pick.among(c.candidate for c in self.choices) if pick else None
            return next((c for c in self.choices if c.candidate is found), None) if found else None
        return None if self.mixed or self.way.guessed else self.before

    @property
    def newest(self) -> SelectorVersion:
        """The version that a full promotion selects: the youngest that waits, else the active one, else the last."""
        waiting = [c for c in self.choices if c.version.role in (Role.PREVIEW, Role.CANARY)]
        return waiting[-1] if waiting else self.active or self.choices[-1]

    def choice(self, name: str) -> SelectorVersion | None:
        return next((c for c in self.choices if c.name == name), None)

    def selector_for(self, choice: SelectorVersion) -> dict[str, str] | None:
        """The selector that matches this version and no other; None if the labels do not allow one."""
        selector, labels = self.service.spec.selector or {}, choice.candidate.labels
        single = [(k,) for k in (*VERSION_LABELS, *sorted(labels)) if k in labels and k not in HASH_LABELS]
        others = [c.candidate.labels for c in self.choices if c is not choice]
        for keys in [self.keys] if self.keys else single:
            wanted = {**selector, **{key: labels[key] for key in keys if key in labels}}
            if wanted.items() <= labels.items() and not any(wanted.items() <= o.items() for o in others):
                return wanted
        return None


def look(service: Service, objects: Objects) -> BlueGreen | None:
    """What the selector matches and could match; None for a Service with nothing to choose from."""
    selector = service.spec.selector or {}
    namespace = service.metadata.namespace
    picked = workloads_matching(selector, namespace, objects)
    keys, others = alternatives(service, picked, objects)
    if len(picked) < 2 and not others:
        return None
    known = [candidate_of(workload, objects) for workload in (*picked, *others)]
    # Slices of a Service that became a DNS name can stay, and nothing asks them any more.
    backing = Backing() if is_alias(service) else backing_of(service, objects)
    # Pods that none of the workloads owns are no versions: no act leads to them, and they count as others.
    serving = {w.metadata.uid for w in picked} | ({uid for uid, _ in backing.counts} & {c.uid for c in known})
    candidates = sorted(known, key=lambda c: c.age_key)
    served = [c for c in candidates if c.uid in serving]
    alone = served[0] if len(served) == 1 else None
    way = way_back(service, flip_record(service), alone, candidates) if alone else NO_WAY_BACK
    versions = versions_of(candidates, _roles(candidates, serving, way), keys)
    choices = tuple(
        SelectorVersion(candidate, version, candidate.uid in serving, backing.count(candidate.uid))
        for candidate, version in zip(candidates, versions, strict=True)
    )
    return BlueGreen(service, keys, choices, backing, way)


def _roles(candidates: list[Candidate], serving: set[str], way: WayBack) -> dict[str, Role]:
    """If one serves, it is active, older ones are old, the others wait. If several serve, the oldest is stable."""
    served = [c for c in candidates if c.uid in serving]
    rest = {c.uid: Role.OLD if c.uid in way.older else Role.PREVIEW for c in candidates}
    if len(served) > 1:
        return rest | {c.uid: Role.CANARY for c in served} | {served[0].uid: Role.STABLE}
    return rest | {c.uid: Role.ACTIVE for c in served}
