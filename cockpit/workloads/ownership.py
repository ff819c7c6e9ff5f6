"""Who else sets an object: a controller that drives it, Git, Helm or a pipeline, from what they leave on it.

Evidence per owner as Argo Rollouts, Kruise Rollouts, Flagger, Argo CD, Flux, Helm and Spinnaker document it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from cockpit.model.objects import Ingress, Meta, Service, Workload
from cockpit.model.rollout import Finding, Owner, Severity
from cockpit.model.text import safe_text
from cockpit.workloads.findings import finding

Ownable = Service | Ingress | Workload


class Hold(StrEnum):
    """How an owner takes an edit: `controller` undoes it at once, `git` soon, `release` with its next run."""

    CONTROLLER = "controller"
    GIT = "git"
    RELEASE = "release"


@dataclass(frozen=True, slots=True)
class Ownership:
    """One owner of one object, and what becomes of an edit by hand."""

    owner: Owner
    hold: Hold
    what: str
    text: str

    @property
    def finding(self) -> Finding:
        severity = Severity.INFO if self.hold is Hold.RELEASE else Severity.WARNING
        return finding(
            f"owned-by-{self.hold}", severity, self.text, f"{self.what}: {self.owner.kind} {self.owner.name}"
        )


_CONTROLLERS = {
    ("argoproj.io", "Rollout"): "Argo Rollout",
    ("rollouts.kruise.io", "Rollout"): "Kruise Rollout",
    ("rollouts.kruise.io", "TrafficRouting"): "Kruise TrafficRouting",
    ("flagger.app", "Canary"): "Flagger Canary",
}
_CONTROLLER_MARKS = {
    "argo-rollouts.argoproj.io/managed-by-rollouts": "Argo Rollout",
    "rollouts.argoproj.io/managed-alb-actions": "Argo Rollout",
    "rollouts.kruise.io/original-spec-configuration": "Kruise Rollout",
    "flagger.kubernetes.app/original-configuration": "Flagger Canary",
}
_ARGO_HASH = "rollouts-pod-template-hash"
_FLUX = (("kustomize.toolkit.fluxcd.io", "Flux Kustomization"), ("helm.toolkit.fluxcd.io", "Flux HelmRelease"))


def ownerships(subject: Ownable) -> tuple[Ownership, ...]:
    """Everybody who sets this object, the one who undoes edits soonest first; each owner once."""
    what = f"{type(subject).__name__} {subject.metadata.namespace}/{subject.metadata.name}"
    found: dict[Owner, Ownership] = {}
    for kind, name, hold in (*_controllers(subject), *_git(subject), *_releases(subject.metadata)):
        owner = Owner(kind, safe_text(name, 120))
        found.setdefault(owner, Ownership(owner, hold, what, _text(owner, hold, what)))
    return tuple(found.values())


def controller_ownership(subjects: Iterable[Ownable]) -> Ownership | None:
    """The first controller that drives one of these objects: then it is steered, not they."""
    return next((o for s in subjects for o in ownerships(s) if o.hold is Hold.CONTROLLER), None)


def owners_and_findings(subjects: Iterable[Ownable]) -> tuple[tuple[Owner, ...], tuple[Finding, ...]]:
    """Owners of several objects, each once, and one finding per owner and object."""
    found = [o for s in subjects for o in ownerships(s)]
    return tuple(dict.fromkeys(o.owner for o in found)), tuple(dict.fromkeys(o.finding for o in found))


def revert_warnings(subjects: Iterable[Ownable]) -> tuple[str, ...]:
    """One sentence for a plan per owner that will set an edited object back."""
    return tuple(dict.fromkeys(o.text for s in subjects for o in ownerships(s)))


def _text(owner: Owner, hold: Hold, what: str) -> str:
    match hold:
        case Hold.CONTROLLER:
            return f"{owner.kind} {owner.name} drives {what}: steer it there, edits by hand are overwritten"
        case Hold.GIT:
            return f"{owner.kind} {owner.name} keeps {what} as it is in Git and will revert an edit by hand"
        case Hold.RELEASE:
            return f"{owner.kind} {owner.name} made {what}: its next run overwrites an edit by hand"


def _controllers(subject: Ownable) -> Iterator[tuple[str, str, Hold]]:
    for reference in subject.metadata.owner_references or ():
        kind = _CONTROLLERS.get((reference.api_version.partition("/")[0], reference.kind))
        if kind:
            yield kind, reference.name, Hold.CONTROLLER
    annotations = subject.metadata.annotations or {}
    for mark, kind in _CONTROLLER_MARKS.items():
        if mark in annotations:
            named = annotations[mark] if mark.endswith("managed-by-rollouts") else ""
            yield kind, named or subject.metadata.name, Hold.CONTROLLER
    if isinstance(subject, Service) and _ARGO_HASH in (subject.spec.selector or {}):
        named = annotations.get("argo-rollouts.argoproj.io/managed-by-rollouts", "")
        yield "Argo Rollout", named or subject.metadata.name, Hold.CONTROLLER


def _git(subject: Ownable) -> Iterator[tuple[str, str, Hold]]:
    metadata = subject.metadata
    tracking = (metadata.annotations or {}).get("argocd.argoproj.io/tracking-id", "")
    application, _, tracked = tracking.partition(":")
    # An id that names another object was copied along with the annotations of that object.
    if application and tracked.endswith(f":{metadata.namespace}/{metadata.name}"):
        yield "Argo CD Application", application, Hold.GIT
    for group, kind in _FLUX:
        name = (metadata.labels or {}).get(f"{group}/name")
        if name and (metadata.annotations or {}).get(f"{group}/reconcile") != "disabled":
            yield kind, name, Hold.GIT


def _releases(metadata: Meta) -> Iterator[tuple[str, str, Hold]]:
    annotations, labels = metadata.annotations or {}, metadata.labels or {}
    release = annotations.get("meta.helm.sh/release-name")
    if release:
        yield "Helm release", release, Hold.RELEASE
    if labels.get("app.kubernetes.io/managed-by", "").startswith("spinnaker"):
        yield "Spinnaker", annotations.get("moniker.spinnaker.io/application") or metadata.name, Hold.RELEASE
