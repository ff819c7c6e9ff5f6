"""What an on-call engineer needs to know about a Rollout."""

from __future__ import annotations

from collections.abc import Iterator

from cockpit.model.advice import telling
from cockpit.model.counts import counted, plural
from cockpit.model.fields import entries, text, whole
from cockpit.model.lookup import Objects
from cockpit.model.objects import Deployment
from cockpit.model.plan import Act
from cockpit.model.rollout import Finding, Role, Severity
from cockpit.routers.traffic_findings import misses_ready, no_ready_pods, none_ready_yet, without_port
from cockpit.systems.argo.awaited import unseen
from cockpit.systems.argo.causes import cause_of, deadline_passed
from cockpit.systems.argo.editions import hash_of
from cockpit.systems.argo.istio_routes import refused_routes
from cockpit.systems.argo.pause_abort import ships_at_once
from cockpit.systems.argo.runs import checks_of, failing_metrics
from cockpit.systems.argo.split import ArgoSplit
from cockpit.systems.argo.state import ArgoState
from cockpit.systems.argo.strategy import is_dynamic
from cockpit.systems.argo.trials import takes_part
from cockpit.systems.progress_findings import not_observed, replica_failure, scaled_to_zero, stuck
from cockpit.workloads.findings import finding, listed, percent
from cockpit.workloads.lookups import find_service

# A version is reported if its share of the traffic is this many times its share of the pods.
_OVERLOAD = 2.0


def findings_of(state: ArgoState, split: ArgoSplit, objects: Objects) -> tuple[Finding, ...]:
    what = f"{state.ref}"
    return (
        *_unseen(state),
        *_conditions(state, what, objects),
        *refused_routes(state, what, objects),
        *cause_of(state, objects),
        *failing_metrics(checks_of(state, objects)),
        *_standstill(state, what),
        *_capacity(state, split),
        *_missed(state, split, objects),
        *split.findings,
        *without_port(split.root, objects, *split.services),
        *_remains(state),
        *_workload(state, what),
    )


def _unseen(state: ArgoState) -> Iterator[Finding]:
    if awaited := unseen(state):
        evidence = f"generation {state.rollout.metadata.generation}, observed {state.status.seen or 'none'}"
        yield not_observed(awaited, evidence)


def _conditions(state: ArgoState, what: str, objects: Objects) -> Iterator[Finding]:
    for kind, condition in state.status.conditions.items():
        reported = f"{what}: {condition.message or condition.reason}"
        if kind == "InvalidSpec" and condition.status == "True":
            yield finding("invalid-spec", Severity.WARNING, reported, condition.reason)
        elif condition.reason == "ProgressDeadlineExceeded":
            yield stuck(reported, _reasons(state))
        elif kind == "ReplicaFailure" and condition.status == "True":
            ready = sum(e.version.ready for e in state.editions) or whole(state.rollout.status, "readyReplicas") or 0
            yield replica_failure(what, condition.reason or kind, condition.message or "", ready=ready)
        elif condition.reason == "RolloutAborted":
            after = "retry starts the same version again, rollback abandons it"
            why = deadline_passed(state, objects)
            because = f"{reported}: {why}" if why else reported
            advice = telling(f"{because}; {after}", Act.RETRY, Act.ROLLBACK)
            yield finding("aborted", Severity.WARNING, advice, condition.reason)


def _standstill(state: ArgoState, what: str) -> Iterator[Finding]:
    status = state.status
    if (status.abort or status.aborted) and status.paused and state.updating:
        left = state.current.version.ready if state.current else 0
        yield finding(
            "aborted-while-paused",
            Severity.WARNING,
            telling(
                f"{what} was aborted while paused by hand: {counted(left, 'pod')} of the aborted version"
                f" {plural(left, 'stays', 'stay')} until you resume it",
                Act.RESUME,
            ),
            "spec.paused",
        )
    current = state.current
    if status.aborted and current and ships_at_once(state, current):
        yield finding(
            "retry-switches",
            Severity.WARNING,
            f"{current.name} keeps its pods until {current.leaves_at}: a retry before then switches to it immediately",
            "scale-down-deadline",
        )
    held = _held_back(state)
    if held:
        yield finding(
            "held-back",
            Severity.INFO,
            telling(f"{what} is paused by hand: {held} is rolled out after you resume it", Act.RESUME),
        )
    if status.promote_full:
        yield finding("promoting", Severity.INFO, f"{what} is being promoted fully: steps and pauses are skipped")
    if state.updating and state.in_window:
        yield finding(
            "fast-rollback",
            Severity.INFO,
            f"{what} is rolling back within its rollbackWindow: steps and analysis are skipped, an abort is ignored",
        )
    if state.replicas == 0:
        yield scaled_to_zero(what)


def _held_back(state: ArgoState) -> str:
    """An image of the current template that no version has: no ReplicaSet is created while it is paused by hand."""
    if not state.status.paused or not state.behind or state.current is None:
        return ""
    wanted = [text(c, "image") for c in entries(state.rollout.spec, "template", "spec", "containers")]
    return next((image for image in wanted if image and image not in state.current.version.images), "")


def _capacity(state: ArgoState, split: ArgoSplit) -> Iterator[Finding]:
    """Traffic without pods, or with far too few."""
    lane = split.lanes[0]
    total = sum(e.version.ready for e in state.editions)
    if state.starts and state.editions and state.replicas and not total:
        yield none_ready_yet(str(state.ref), _reasons(state))
        return
    for edition, share in zip(state.editions, lane.shares, strict=True):
        written, ready = share.written, edition.version.ready
        if not written or lane.derived:
            continue
        if not ready and state.replicas and not split.written.unserved_shares:
            yield _unanswered(edition.name, written, _reasons(state))
        elif ready and edition.version.role is Role.CANARY and written > _OVERLOAD * ready / total:
            yield finding(
                "overloaded",
                Severity.WARNING,
                f"{edition.name} gets {percent(written)} of the requests with {ready} of {total} ready pods",
                "setCanaryScale sets the pods independently of the weight"
                if any(s.kind.value == "setCanaryScale" for s in state.strategy.steps)
                else "",
            )
    for trial in () if lane.derived or split.written.unserved_shares else state.trials:
        if (written := split.trials.get(lane.name, {}).get(trial.uid)) and not trial.version.ready:
            yield _unanswered(trial.version.name, written, f"Experiment {trial.experiment}")
    # Behind its Service pods of others may answer; without a Service nobody sends requests to it.
    served = split.others.ready or any(split.doubled.values())
    known = (lane.derived and state.editions) or (state.invalid and not state.editions and not split.written.steered)
    if known and split.root and state.replicas and not (total or served):
        yield no_ready_pods(f"{state.ref} has no ready pods: requests fail", _reasons(state))


def _missed(state: ArgoState, split: ArgoSplit, objects: Objects) -> Iterator[Finding]:
    """The Service of its users selects none of its pods, which are ready."""
    editions = sorted(state.editions, key=lambda each: each is not state.stable)
    pods = [pod for edition in editions for pod in edition.candidate.pods]
    # One that it does not name, and that selects nothing, is known by its name.
    service = split.root or find_service(objects, state.ref.namespace, state.ref.name)
    hashes = {state.status.current, state.status.stable, *map(hash_of, state.sets)}
    root = f"{state.ref.resource.kind} {state.ref.name}"
    # Before the switch of a blue-green release its active Service is left as it is (rollout/service.go).
    stays = not state.strategy.is_canary
    yield from misses_ready(service, root, pods, objects, hashes=hashes, stays=stays)


def _unanswered(name: str, written: float, evidence: str) -> Finding:
    text = f"{name} gets {percent(written)} of the requests and has no ready pods: those requests fail"
    return no_ready_pods(text, evidence)


def _abandoned(text: str, evidence: str = "") -> Finding:
    return finding("abandoned-version", Severity.INFO, text, evidence)


def _remains(state: ArgoState) -> Iterator[Finding]:
    """Versions with pods that are neither stable nor being rolled out; experiments whose ReplicaSets are not known."""
    status = state.status
    for edition in state.editions:
        if edition.hash in (status.current, status.stable) or not edition.candidate.desired:
            continue
        if edition.leaves_at and not edition.version.ready:
            dead = f"{edition.name} keeps its pods until {edition.leaves_at}, and none of them is ready"
            yield _abandoned(dead, "scale-down-deadline")
        elif edition.leaves_at:
            kept = f"{edition.name} keeps its pods until {edition.leaves_at}: a rollback to it needs no new pods"
            yield finding("kept-for-rollback", Severity.INFO, kept, "scale-down-deadline")
        elif state.updating:
            pods = counted(edition.candidate.desired, "pod")
            yield _abandoned(f"{edition.name} was replaced by a newer version and still has {pods}")
    if status.extra and not state.trials:
        share = percent(min(status.extra / state.strategy.top, 1.0))
        yield takes_part(f"an experiment gets {share} of the requests in addition to these versions")
    stable = state.stable
    if is_dynamic(state.rollout) and state.updating and stable:
        ready, short = stable.version.ready, max(state.replicas - stable.version.ready, 0)
        if status.aborted and not short:
            return  # its traffic has returned
        back = "its traffic returns only" if status.aborted else "a rollback moves traffic only"
        yield finding(
            "dynamic-stable",
            Severity.WARNING if short and (status.aborted or status.abort) else Severity.INFO,
            f"{stable.name} loses pods as the canary gains weight, {ready} of {state.replicas} are ready: {back}"
            f" as fast as {_more_pods(short)} ready",
            "dynamicStableScale",
        )


def _more_pods(short: int) -> str:
    return f"{short} more {plural(short, 'pod gets', 'pods get')}" if short else "its pods get"


def _workload(state: ArgoState, what: str) -> Iterator[Finding]:
    kind, name = state.workload_ref
    if not kind:
        return
    if state.source is None:
        yield finding(
            "no-workload", Severity.WARNING, f"{what} takes its template from {kind} {name}, which cannot be read"
        )
    elif isinstance(state.source, Deployment) and state.source.desired and state.stable:
        yield finding(
            "doubled-pods",
            Severity.WARNING,
            f"Deployment {name} runs {counted(state.source.desired, 'pod')} in addition to those of {what}:"
            " a Service that selects both sends requests to them too; scale it to 0",
        )


def _reasons(state: ArgoState) -> str:
    cells = [cell.reason for e in state.editions for cell in e.version.pods if cell.reason]
    return listed(list(dict.fromkeys(cells))[:5]) if cells else ""
