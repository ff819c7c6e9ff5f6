"""What a Service's selector says: which versions there are, which it picks, which it could pick instead."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cockpit.model.lookup import Objects
from cockpit.model.objects import Service, Workload
from cockpit.model.rollout import Role, Version
from cockpit.workloads.endpoints import Backing, backing_of, selected_pods
from cockpit.workloads.naming import HASH_LABELS, VERSION_LABELS, image_repository
from cockpit.workloads.owners import workloads_matching
from cockpit.workloads.versions import Candidate, candidate_of, stray_candidates, versions_of

# Labels that say what a thing is rather than which version of it: another value is another thing.
_IDENTITY_LABELS = frozenset(
    {
        "app",
        "app.kubernetes.io/component",
        "app.kubernetes.io/instance",
        "app.kubernetes.io/managed-by",
        "app.kubernetes.io/name",
        "app.kubernetes.io/part-of",
        "component",
        "env",
        "environment",
        "k8s-app",
        "name",
        "role",
        "tier",
    }
)


@dataclass(frozen=True, slots=True)
class Choice:
    """One version and how the Service stands to it. `serving`: the selector picks its pods."""

    candidate: Candidate
    version: Version
    serving: bool
    endpoints: int

    @property
    def name(self) -> str:
        return self.version.name


@dataclass(frozen=True, slots=True)
class BlueGreen:
    """A Service and the versions that it picks or could pick, oldest first.

    `key` is the selector's key that tells versions apart; None where the selector has no such key.
    """

    service: Service
    key: str | None
    choices: tuple[Choice, ...]
    backing: Backing

    @property
    def serving(self) -> tuple[Choice, ...]:
        return tuple(c for c in self.choices if c.serving)

    @property
    def active(self) -> Choice | None:
        """The one version that takes all traffic; None where the selector picks none or several."""
        return self.serving[0] if len(self.serving) == 1 else None

    @property
    def mixed(self) -> bool:
        return len(self.serving) > 1

    @property
    def before(self) -> Choice | None:
        """The version to go back to.

        A Service does not remember what it picked before: it is the youngest version that is older than
        the active one, by when each was first rolled out. Where several serve, the oldest of them.
        """
        if self.mixed:
            return self.serving[0]
        if self.active is None:
            return None
        older = self.choices[: self.choices.index(self.active)]
        return older[-1] if older else None

    def choice(self, name: str) -> Choice | None:
        return next((c for c in self.choices if c.name == name), None)

    def selector_for(self, choice: Choice) -> dict[str, str] | None:
        """The selector that picks this version and no other; None where labels do not allow one."""
        selector, labels = self.service.spec.selector or {}, choice.candidate.labels
        keys = [self.key] if self.key else [k for k in (*VERSION_LABELS, *sorted(labels)) if k not in HASH_LABELS]
        others = [c.candidate.labels for c in self.choices if c is not choice]
        for key in keys:
            if key not in labels:
                continue
            wanted = {**selector, key: labels[key]}
            if wanted.items() <= labels.items() and not any(wanted.items() <= o.items() for o in others):
                return wanted
        return None


def look(service: Service, objects: Objects) -> BlueGreen | None:
    """What the selector picks and could pick; None for a Service with nothing to choose from."""
    selector = service.spec.selector or {}
    namespace = service.metadata.namespace
    picked = workloads_matching(selector, namespace, objects)
    key, others = _alternatives(selector, namespace, objects)
    if len(picked) < 2 and not others:
        return None
    known = [candidate_of(workload, objects) for workload in (*picked, *others)]
    strays = stray_candidates(selected_pods(service, objects), {c.uid for c in known}, objects)
    backing = backing_of(service, objects)
    serving = {w.metadata.uid for w in picked} | {s.uid for s in strays} | {uid for uid, _ in backing.counts}
    candidates = sorted((*known, *strays), key=lambda c: c.age_key)
    versions = versions_of(candidates, _roles(candidates, serving))
    choices = tuple(
        Choice(candidate, version, candidate.uid in serving, backing.count(candidate.uid))
        for candidate, version in zip(candidates, versions, strict=True)
    )
    return BlueGreen(service, key, choices, backing)


def _alternatives(
    selector: Mapping[str, str], namespace: str, objects: Objects
) -> tuple[str | None, tuple[Workload, ...]]:
    """The selector's version key, and the workloads that have another value under it and all else alike."""
    keys = [k for k in (*VERSION_LABELS, *sorted(selector)) if k in selector and k not in _IDENTITY_LABELS]
    for key in keys if len(selector) >= 2 else ():
        rest = {k: v for k, v in selector.items() if k != key}
        alike = workloads_matching(rest, namespace, objects)
        others = [w for w in alike if w.template_labels.get(key, selector[key]) != selector[key]]
        if key not in VERSION_LABELS:
            # A label that may mean anything tells versions apart only among pods of one image.
            picked = {_repository(w) for w in alike if w not in others}
            others = [w for w in others if not picked or _repository(w) in picked]
        if others:
            return key, tuple(others)
    return None, ()


def _repository(workload: Workload) -> str:
    containers = workload.spec.template.spec.containers
    return image_repository(containers[0].image) if containers else ""


def _roles(candidates: list[Candidate], serving: set[str]) -> dict[str, Role]:
    """One serving: it is active, older ones old, younger ones wait. Several: the oldest is stable."""
    served = [c for c in candidates if c.uid in serving]
    if len(served) > 1:
        rest = {c.uid: Role.PREVIEW for c in candidates}
        return rest | {c.uid: Role.CANARY for c in served} | {served[0].uid: Role.STABLE}
    if not served:
        return {c.uid: Role.PREVIEW for c in candidates}
    at = candidates.index(served[0])
    return {c.uid: Role.ACTIVE if n == at else Role.OLD if n < at else Role.PREVIEW for n, c in enumerate(candidates)}
