"""Who else sets an object: a controller that manages it, Git, Helm or a pipeline.

A controller is found through its own objects, because a route or a Service that Argo Rollouts uses carries no sign
of it; the other owners are found by the marks that they leave.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cockpit.model.lookup import Objects
from cockpit.model.objects import (
    AdvancedStatefulSet,
    ArgoRollout,
    FlaggerCanary,
    GrpcRoute,
    HttpRoute,
    IstioGateway,
    KruiseRollout,
    Obj,
    Workload,
)
from cockpit.model.refs import ARGO_ROLLOUTS, FLAGGER_CANARIES, KRUISE_ROLLOUTS, KRUISE_ROLLOUTS_V1ALPHA1, Ref, Resource
from cockpit.model.rollout import Finding, Owner, Severity
from cockpit.model.text import safe_text
from cockpit.model.values import dataclass
from cockpit.planning.owner_marks import ARGO, FLAGGER, KRUISE, Hold, Mark, marks_on
from cockpit.workloads.findings import finding
from cockpit.workloads.scalers import Scaler, scaler_of

__all__ = [
    "STEERING",
    "Hold",
    "Ownership",
    "controller_ownership",
    "owners_and_findings",
    "ownerships",
    "revert_warnings",
    "steered_by",
    "why_managed",
]

_STEERING = {ARGO_ROLLOUTS: ARGO, KRUISE_ROLLOUTS: KRUISE, KRUISE_ROLLOUTS_V1ALPHA1: KRUISE, FLAGGER_CANARIES: FLAGGER}
# Kinds whose objects manage others: callers must have these among their needs.
STEERING: tuple[Resource, ...] = tuple(_STEERING)

_KIND_NAMES: dict[type[Obj], str] = {
    AdvancedStatefulSet: "StatefulSet",
    ArgoRollout: "Rollout",
    FlaggerCanary: "Canary",
    GrpcRoute: "GRPCRoute",
    HttpRoute: "HTTPRoute",
    IstioGateway: "Gateway",
    KruiseRollout: "Rollout",
}


@dataclass(frozen=True, slots=True)
class Ownership:
    """One owner of one object, and what happens to an edit by hand."""

    owner: Owner
    hold: Hold
    what: str
    text: str

    @property
    def finding(self) -> Finding:
        evidence = f"{self.what}: {self.owner.kind} {self.owner.name}"
        if self.hold is Hold.RELEASE:
            return finding("owned-by-release", Severity.INFO, self.text, evidence)
        by_git = self.hold is Hold.GIT
        return finding("owned-by-git" if by_git else "owned-by-controller", Severity.WARNING, self.text, evidence)


def ownerships(subject: Obj, objects: Objects | None = None) -> tuple[Ownership, ...]:
    """All owners of this object, the one that undoes edits soonest first; each owner once.

    Without `objects`, only the marks on the object itself are known.
    """
    metadata = subject.metadata
    kind = _KIND_NAMES.get(type(subject), type(subject).__name__)
    signs = list(_steering(objects, kind, metadata.namespace, metadata.name)) if objects else []
    for mark in marks_on(subject):
        if mark.name or all(sign.kind != mark.kind for sign in signs):
            signs.append(mark)
    return _each_once(signs, kind, metadata.namespace, metadata.name)


def steered_by(objects: Objects, ref: Ref) -> tuple[Ownership, ...]:
    """The controllers' objects that name `ref` as theirs, whether it exists or not."""
    kind = ref.resource.kind
    return _each_once(_steering(objects, kind, ref.namespace, ref.name), kind, ref.namespace, ref.name)


def controller_ownership(subjects: Iterable[Obj], objects: Objects | None = None) -> Ownership | None:
    """The first controller that manages one of these objects: then people act on the controller, not on them."""
    return next((o for s in subjects for o in ownerships(s, objects) if o.hold is Hold.CONTROLLER), None)


def why_managed(subjects: Iterable[Obj], objects: Objects | None = None) -> str:
    """Why nobody edits these objects by hand: a controller manages one of them, and where to act; "" if none does."""
    owner = controller_ownership(subjects, objects)
    return owner.text if owner else ""


def owners_and_findings(
    subjects: Iterable[Obj], objects: Objects | None = None
) -> tuple[tuple[Owner, ...], tuple[Finding, ...]]:
    """Owners of several objects and autoscalers of workloads, each once, with one finding per owner and object."""
    found: list[Ownership | Scaler] = []
    for subject in subjects:
        found += ownerships(subject, objects)
        if isinstance(subject, Workload) and objects and (scaler := scaler_of(subject, objects)):
            found.append(scaler)
    return tuple(dict.fromkeys(o.owner for o in found)), tuple(dict.fromkeys(o.finding for o in found))


def revert_warnings(subjects: Iterable[Obj], objects: Objects | None = None) -> tuple[str, ...]:
    """One sentence for a plan per owner that will revert an edited object."""
    return tuple(dict.fromkeys(o.text for s in subjects for o in ownerships(s, objects)))


def _steering(objects: Objects, kind: str, namespace: str, name: str) -> Iterator[Mark]:
    """Signs of the controllers whose objects name this one, from its namespace or another."""
    for resource, owner in _STEERING.items():
        near = objects.keyed(resource, namespace, f"steers={kind}/{name}")
        for found in (*near, *objects.anywhere(resource, f"steers={kind}/{namespace}/{name}")):
            place = found.metadata.namespace
            yield Mark(owner, found.metadata.name if place == namespace else f"{place}/{found.metadata.name}", _DRIVES)


def _each_once(signs: Iterable[Mark], kind: str, namespace: str, name: str) -> tuple[Ownership, ...]:
    what = f"{kind} {namespace}/{name}"
    found: dict[Owner, Ownership] = {}
    for sign in signs:
        owner = Owner(sign.kind, safe_text(sign.name or name, 120))
        found.setdefault(owner, Ownership(owner, sign.hold, what, _text(owner, sign.hold, what)))
    return tuple(found.values())


def _text(owner: Owner, hold: Hold, what: str) -> str:
    match hold:
        case Hold.CONTROLLER:
            return f"{owner.kind} {owner.name} manages {what} and overwrites edits by hand: act on it there"
        case Hold.GIT:
            return (
                f"{owner.kind} {owner.name} syncs {what} from Git and reverts edits by hand:"
                f" {_RIGHT_WAY.get(owner.kind, 'commit the change')}"
            )
        case Hold.RELEASE:
            return (
                f"{owner.kind} {owner.name} deploys {what}, and its next run overwrites edits by hand:"
                f" {_RIGHT_WAY.get(owner.kind, 'change it there too')}"
            )


_DRIVES = Hold.CONTROLLER
_RIGHT_WAY = {
    "Argo CD Application": "commit the change and sync, or turn self-heal off until then",
    "Flux Kustomization": "commit the change, or suspend the Kustomization meanwhile",
    "Flux HelmRelease": "commit the change, or suspend the HelmRelease meanwhile",
    "Helm release": "change the values of the release too",
    "Spinnaker": "change the pipeline too",
}
