"""Marks that owners leave on the objects they set, as Argo Rollouts, Kruise Rollouts, Flagger, Argo CD, Flux, Helm
and Spinnaker document them.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

from cockpit.model.objects import Meta, Obj, Service
from cockpit.model.values import dataclass


class Hold(StrEnum):
    """How long an edit by hand lasts: `controller` undoes it at once, `git` soon, `release` with its next run."""

    CONTROLLER = "controller"
    GIT = "git"
    RELEASE = "release"


@dataclass(frozen=True, slots=True)
class Mark:
    """One sign of an owner; `name` is "" if the sign does not say which owner it is."""

    kind: str
    name: str
    hold: Hold


ARGO, KRUISE, FLAGGER = "Argo Rollout", "Kruise Rollout", "Flagger Canary"

_CONTROLLERS = {
    ("argoproj.io", "Rollout"): ARGO,
    ("rollouts.kruise.io", "Rollout"): KRUISE,
    ("rollouts.kruise.io", "TrafficRouting"): "Kruise TrafficRouting",
    ("flagger.app", "Canary"): FLAGGER,
}
_ARGO_SERVICE = "argo-rollouts.argoproj.io/managed-by-rollouts"
_CONTROLLER_MARKS = {
    _ARGO_SERVICE: ARGO,
    "rollouts.argoproj.io/managed-alb-actions": ARGO,
    "rollouts.kruise.io/original-spec-configuration": KRUISE,
    "flagger.kubernetes.app/original-configuration": FLAGGER,
}
_ARGO_HASH = "rollouts-pod-template-hash"
# The Gateway API plug-in of Argo Rollouts marks a route like this while its canary has a weight.
_ARGO_ROUTE = "rollouts.argoproj.io/gatewayapi-canary"
_ARGO_CD_INSTANCE = "argocd.argoproj.io/instance"
# Argo CD up to 2 tracks by this label unless it is configured otherwise; others use it too, so what it wrote tells.
_INSTANCE, _ARGO_CD_WRITER = "app.kubernetes.io/instance", "argocd-controller"
_FLUX = (("kustomize.toolkit.fluxcd.io", "Flux Kustomization"), ("helm.toolkit.fluxcd.io", "Flux HelmRelease"))
# Flux leaves edits of such objects alone (kustomize-controller, spec v1).
_FLUX_HANDS_OFF = frozenset({"ifnotpresent", "ignore"})


def marks_on(subject: Obj) -> Iterator[Mark]:
    """Every sign on an object; the owner that undoes edits soonest comes first."""
    yield from _controllers(subject)
    yield from _git(subject)
    yield from _releases(subject)


def annotations_of(subject: Obj) -> dict[str, str]:
    """Annotations; none for pods, because theirs are not read."""
    return (subject.metadata.annotations or {}) if isinstance(subject.metadata, Meta) else {}


def _controllers(subject: Obj) -> Iterator[Mark]:
    for reference in subject.metadata.owner_references or ():
        kind = _CONTROLLERS.get((reference.api_version.partition("/")[0], reference.kind))
        if kind:
            yield Mark(kind, reference.name, Hold.CONTROLLER)
    annotations = annotations_of(subject)
    for mark, kind in _CONTROLLER_MARKS.items():
        if mark in annotations:
            yield Mark(kind, annotations[mark] if mark == _ARGO_SERVICE else "", Hold.CONTROLLER)
    if _ARGO_ROUTE in (subject.metadata.labels or {}):
        yield Mark(ARGO, "", Hold.CONTROLLER)
    if isinstance(subject, Service) and _ARGO_HASH in (subject.spec.selector or {}):
        yield Mark(ARGO, annotations.get(_ARGO_SERVICE, ""), Hold.CONTROLLER)


def _git(subject: Obj) -> Iterator[Mark]:
    metadata, annotations, labels = subject.metadata, annotations_of(subject), subject.metadata.labels or {}
    application, _, tracked = annotations.get("argocd.argoproj.io/tracking-id", "").partition(":")
    # An id that names another object was copied with that object's annotations.
    if application and tracked.endswith(f":{metadata.namespace}/{metadata.name}"):
        yield Mark("Argo CD Application", application, Hold.GIT)
    elif not tracked and (instance := labels.get(_ARGO_CD_INSTANCE) or _instance_of_argo_cd(subject)):
        yield Mark("Argo CD Application", instance, Hold.GIT)
    for group, kind in _FLUX:
        left_alone = (
            annotations.get(f"{group}/reconcile") == "disabled"
            or annotations.get(f"{group}/ssa", "").lower() in _FLUX_HANDS_OFF
        )
        if labels.get(f"{group}/name") and not left_alone:
            yield Mark(kind, labels[f"{group}/name"], Hold.GIT)


def _instance_of_argo_cd(subject: Obj) -> str:
    """The Application that a common label names, if Argo CD wrote the object; else ""."""
    fields = (subject.metadata.managed_fields or ()) if isinstance(subject.metadata, Meta) else ()
    wrote = any(each.manager == _ARGO_CD_WRITER for each in fields)
    return (subject.metadata.labels or {}).get(_INSTANCE, "") if wrote else ""


def _releases(subject: Obj) -> Iterator[Mark]:
    annotations, labels = annotations_of(subject), subject.metadata.labels or {}
    release = annotations.get("meta.helm.sh/release-name")
    if release:
        yield Mark("Helm release", release, Hold.RELEASE)
    if labels.get("app.kubernetes.io/managed-by", "").startswith("spinnaker"):
        yield Mark("Spinnaker", annotations.get("moniker.spinnaker.io/application", ""), Hold.RELEASE)
