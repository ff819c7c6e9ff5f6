"""What an on-call wants told about a Rollout."""

from __future__ import annotations

from collections.abc import Iterator

from cockpit.model.fields import entries, text
from cockpit.model.lookup import Objects
from cockpit.model.objects import Deployment
from cockpit.model.rollout import Finding, Role, Severity
from cockpit.systems.argo.causes import cause_of
from cockpit.systems.argo.reading import State
from cockpit.systems.argo.shares import Split
from cockpit.systems.argo.stopping import ships_at_once
from cockpit.systems.argo.strategy import is_dynamic
from cockpit.workloads.findings import finding, listed, percent

_INSTANCE = "argo-rollouts.argoproj.io/controller-instance-id"
# A version that takes this many times more of the traffic than of the pods is told.
_OVERLOAD = 2.0


def findings_of(state: State, split: Split, objects: Objects) -> tuple[Finding, ...]:
    what = f"{state.ref}"
    return (
        *_unseen(state, what),
        *_conditions(state, what),
        *cause_of(state, objects),
        *_standstill(state, what),
        *_capacity(state, split),
        *split.findings,
        *_remains(state),
        *_workload(state, what),
    )


def _unseen(state: State, what: str) -> Iterator[Finding]:
    """A status that never moves is a controller that is not there, or that does not care for this object."""
    if state.status.observed:
        return
    instance = (state.rollout.metadata.labels or {}).get(_INSTANCE)
    only = f"; only a controller of instance {instance} takes it up" if instance else ""
    never = not state.status.seen
    yield finding(
        "not-observed",
        Severity.WARNING if never else Severity.INFO,
        f"{what}: no Argo Rollouts controller has {'seen it' if never else 'taken up the last change'} yet{only}: if"
        " this lasts longer than a minute, none is running for it",
        f"generation {state.rollout.metadata.generation}, observed {state.status.seen or 'none'}",
    )


def _conditions(state: State, what: str) -> Iterator[Finding]:
    for kind, condition in state.status.conditions.items():
        told = f"{what}: {condition.message or condition.reason}"
        if kind == "InvalidSpec" and condition.status == "True":
            yield finding("invalid-spec", Severity.WARNING, told, condition.reason)
        elif condition.reason == "ProgressDeadlineExceeded":
            yield finding("stuck", Severity.WARNING, told, _reasons(state))
        elif kind == "ReplicaFailure" and condition.status == "True":
            yield finding("replica-failure", Severity.CRITICAL, told, condition.reason)
        elif condition.reason == "RolloutAborted":
            after = "retry starts the same version again, roll back gives it up"
            yield finding("aborted", Severity.WARNING, f"{told}; {after}", condition.reason)


def _standstill(state: State, what: str) -> Iterator[Finding]:
    status = state.status
    if (status.abort or status.aborted) and status.paused and state.updating:
        left = state.current.version.ready if state.current else 0
        yield finding(
            "aborted-while-paused",
            Severity.WARNING,
            f"{what} was aborted while paused by hand: {left} pods of the aborted version stay until it is resumed",
            "spec.paused",
        )
    current = state.current
    if status.aborted and current and ships_at_once(state, current):
        yield finding(
            "retry-switches",
            Severity.WARNING,
            f"{current.name} keeps its pods until {current.leaves_at}: a retry before that switches to it at once",
            "scale-down-deadline",
        )
    held = _held_back(state)
    if held:
        yield finding("held-back", Severity.INFO, f"{what} is paused by hand: {held} is rolled out once it is resumed")
    if status.promote_full:
        yield finding("promoting", Severity.INFO, f"{what} is being promoted fully: steps and pauses are skipped")
    if state.updating and state.in_window:
        yield finding(
            "fast-rollback",
            Severity.INFO,
            f"{what} goes back within its rollbackWindow: steps and analysis are skipped, an abort is ignored",
        )
    if state.replicas == 0:
        yield finding("scaled-to-zero", Severity.INFO, f"{what} is scaled to 0 pods")


def _held_back(state: State) -> str:
    """An image of the present template that no version has: while paused by hand none is made of it."""
    if not state.status.paused or not state.behind or state.current is None:
        return ""
    wanted = [text(c, "image") for c in entries(state.rollout.spec, "template", "spec", "containers")]
    return next((image for image in wanted if image and image not in state.current.version.images), "")


def _capacity(state: State, split: Split) -> Iterator[Finding]:
    """Traffic for which there are no pods, or far too few."""
    lane = split.lanes[0]
    total = sum(e.version.ready for e in state.editions)
    for edition, share in zip(state.editions, lane.shares, strict=True):
        written, ready = share.written, edition.version.ready
        if not written or lane.derived:
            continue
        if not ready and state.replicas:
            yield finding(
                "no-ready-pods",
                Severity.CRITICAL,
                f"{edition.name} gets {percent(written)} of the requests and has no ready pods: they fail",
                _reasons(state),
            )
        elif ready and edition.version.role is Role.CANARY and written > _OVERLOAD * ready / total:
            yield finding(
                "overloaded",
                Severity.WARNING,
                f"{edition.name} gets {percent(written)} of the requests on {ready} of {total} ready pods",
                "setCanaryScale sets the pods apart from the weight"
                if any(s.kind.value == "setCanaryScale" for s in state.strategy.steps)
                else "",
            )
    if lane.derived and state.replicas and not total:
        yield finding(
            "no-ready-pods", Severity.CRITICAL, f"{state.ref} has no ready pods: requests fail", _reasons(state)
        )


def _remains(state: State) -> Iterator[Finding]:
    """Versions that are neither stable nor on their way and still have pods; experiments that take traffic."""
    status = state.status
    for edition in state.editions:
        if edition.hash in (status.current, status.stable) or not edition.candidate.desired:
            continue
        if edition.leaves_at:
            kept = f"{edition.name} keeps its pods until {edition.leaves_at}: going back to it takes no new pods"
            yield finding("kept-for-rollback", Severity.INFO, kept, "scale-down-deadline")
        elif state.updating:
            third = f"{edition.name} was given up for a newer version and still has {edition.candidate.desired} pods"
            yield finding("abandoned-version", Severity.INFO, third)
    if status.extra:
        share = percent(min(status.extra / state.strategy.top, 1.0))
        yield finding("experiment", Severity.INFO, f"an experiment takes {share} of the requests beside these versions")
    if is_dynamic(state.rollout) and state.updating:
        yield finding(
            "dynamic-stable",
            Severity.INFO,
            "the stable version loses pods as the canary gains weight: the way back is as slow as new pods",
            "dynamicStableScale",
        )


def _workload(state: State, what: str) -> Iterator[Finding]:
    kind, name = state.workload_ref
    if not kind:
        return
    if state.source is None:
        yield finding(
            "no-workload", Severity.WARNING, f"{what} takes its template from {kind} {name}, which is not known"
        )
    elif isinstance(state.source, Deployment) and state.source.desired and state.stable:
        yield finding(
            "doubled-pods",
            Severity.WARNING,
            f"Deployment {name} runs {state.source.desired} pods of its own beside those of {what}:"
            " users of a Service that selects both get them too; scale it to 0",
        )


def _reasons(state: State) -> str:
    cells = [cell.reason for e in state.editions for cell in e.version.pods if cell.reason]
    return listed(list(dict.fromkeys(cells))[:5]) if cells else ""
