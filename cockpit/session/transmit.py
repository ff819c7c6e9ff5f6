"""Sending the requests of a plan in order, and finding out what became of each."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from cockpit.kube.errors import BadAnswer, Conflict, Invalid, KubeError, NotFound, UnknownOutcome
from cockpit.model.clock import Clock
from cockpit.model.plan import PatchType, Refused, Request, Verb
from cockpit.model.refs import Ref
from cockpit.model.text import safe_text
from cockpit.session.cluster import Cluster
from cockpit.session.diff import differences
from cockpit.session.effect import took_effect
from cockpit.session.prepare import Issue, planned, read_one
from cockpit.session.undo import Done, UndoStack

log = logging.getLogger(__name__)

# Seconds before each look at an object after an answer was lost: the write may still be on its way.
_LOOKS = (0.0, 1.0, 2.0, 4.0)


@dataclass(frozen=True, slots=True)
class Passage:
    """How far the requests came. `failed` is the one that stopped it; `unknown` where even its effect is not known."""

    done: tuple[Done, ...]
    failed: Request | None = None
    why: str = ""
    unknown: bool = False


async def transmit(cluster: Cluster, clock: Clock, issue: Issue) -> Passage:
    """Send the requests of a plan, each after the one before was answered; stops at the first that fails.

    Raises nothing: what was done before a defect of ours has to be remembered too.
    """
    done: list[Done] = []
    cluster = cluster.place(issue.prepared.plan)
    for request in issue.prepared.plan.requests:
        earlier = next((d for d in reversed(done) if d.request.ref == request.ref), None)
        shown = None if earlier else issue.objects.get(request.ref)
        try:
            outcome = await _pass(cluster, clock, request, shown, earlier)
        except Exception as error:
            log.exception("sending %s %s failed", request.verb, request.ref)
            what = safe_text(f"{type(error).__name__}: {error}")
            why = (
                f"{request.verb} {request.ref} in {cluster.context}: this is a defect, and it may have happened: {what}"
            )
            return Passage((*done, Done(request)), request, why, unknown=True)
        if outcome is None:
            continue
        if outcome.failed:
            return replace(outcome, done=(*done, *outcome.done))
        done += outcome.done
    return Passage(tuple(done))


async def _pass(
    cluster: Cluster, clock: Clock, request: Request, shown: Mapping[str, Any] | None, earlier: Done | None
) -> Passage | None:
    """Send one request and find out what became of it; None where there is nothing left to do.

    `earlier` is the request of the same plan that wrote the same object last.
    """
    before = None
    if request.verb is Verb.DELETE:
        try:
            before = await read_one(cluster, request.ref)
        except KubeError as error:
            return Passage((), request, f"it was not deleted, because it could not be read before: {error}")
        if before is None:
            return None  # somebody else deleted it: what was asked for is the case
    try:
        answer = await _send_current(cluster, request, shown)
    except (UnknownOutcome, BadAnswer) as error:
        effect = await _look(cluster, clock, request)
        if effect is None:
            return Passage((Done(request, before),), request, str(error), unknown=True)
        if not effect:
            return Passage((), request, _without_effect(request, cluster))
        answer = None
    except NotFound as error:
        if request.fleeting:
            return None
        return Passage((), request, await _explain(cluster, request, shown, earlier, error))
    except KubeError as error:
        return Passage((), request, await _explain(cluster, request, shown, earlier, error))
    return Passage((Done(request, before, answer),))


async def _send_current(cluster: Cluster, request: Request, shown: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """Send against what was shown; once more where only the status moved on, which nobody decided anything by."""
    try:
        return await cluster.sender.send(request)
    except (Conflict, Invalid) as error:
        try:
            current = await read_one(cluster, request.ref)
        except KubeError:
            raise error from None
        again = _rebound(request, shown, current)
        if again is None:
            raise
    return await cluster.sender.send(again)


def _rebound(request: Request, shown: Mapping[str, Any] | None, current: Mapping[str, Any] | None) -> Request | None:
    """The request with the object's present version as precondition; None where more than status changed."""
    if shown is None or current is None or differences(shown, current):
        return None
    old, new = (_metadata(read).get("resourceVersion") for read in (shown, current))
    if not new or old == new or _metadata(shown).get("uid") != _metadata(current).get("uid"):
        return None
    body = request.body
    if request.verb is Verb.DELETE:
        conditions = (body or {}).get("preconditions") or {}
        if "resourceVersion" not in conditions:
            return None
        return replace(request, body={**body, "preconditions": {**conditions, "resourceVersion": new}})
    if request.patch is PatchType.MERGE:
        if "resourceVersion" not in _metadata(body):
            return None
        return replace(request, body={**body, "metadata": {**body["metadata"], "resourceVersion": new}})
    if request.patch is PatchType.JSON:
        test = {"op": "test", "path": "/metadata/resourceVersion", "value": old}
        if test not in body:
            return None
        return replace(request, body=[{**test, "value": new} if operation == test else operation for operation in body])
    return None


def _metadata(read: Mapping[str, Any]) -> Mapping[str, Any]:
    metadata = read.get("metadata")
    return metadata if isinstance(metadata, Mapping) else {}


async def _look(cluster: Cluster, clock: Clock, request: Request) -> bool | None:
    """Whether a request whose answer was lost took effect.

    None where the object cannot be read either, or does not tell, because a controller may have taken it up already.
    """
    effect: bool | None = None
    for pause in _LOOKS:
        await clock.sleep(pause)
        try:
            effect = took_effect(request, await read_one(cluster, request.ref))
        except KubeError:
            continue
        if effect:
            return True
    return None if request.consumed else effect


def _without_effect(request: Request, cluster: Cluster) -> str:
    return (
        f"{request.verb} {request.ref} in {cluster.context}: no answer came, and {sum(_LOOKS):g} s later the object "
        "does not show it, so it did not happen; plan again"
    )


async def _explain(
    cluster: Cluster, request: Request, shown: Mapping[str, Any] | None, earlier: Done | None, error: KubeError
) -> str:
    """The server's no, with what changed since the plan was shown, or wrote it before, where that is the reason."""
    if not isinstance(error, Conflict | Invalid | NotFound):
        return str(error)
    try:
        current = await read_one(cluster, request.ref)
    except KubeError:
        return str(error)
    what = f"{request.ref} in {cluster.context}"
    if earlier is not None:
        changed = _changes(request.ref, earlier.after, current) if earlier.after else ""
        if changed:
            return f"{what} changed since the request before of this plan wrote it: {changed}"
        return f"{error}; the request before of this plan wrote {what}, and a controller may have acted on it since"
    changed = _changes(request.ref, shown, current)
    return f"{what} changed since it was shown: {changed}" if changed else str(error)


def _changes(ref: Ref, shown: Mapping[str, Any] | None, current: Mapping[str, Any] | None) -> str:
    if shown is None:
        return "" if current is None else "it was not there, and now it is"
    if current is None:
        return "it was deleted"
    if _metadata(shown).get("uid") != _metadata(current).get("uid"):
        return "it was deleted and made again"
    return "; ".join(differences(shown, current))


async def what_changed(cluster: Cluster, undo: UndoStack, issue: Issue) -> str:
    """Why a prepared plan no longer fits what is there now, in words; "" where it does.

    The requests guard the objects that they touch themselves. This looks at everything else that the plan
    was made from, such as pods that are gone.
    """
    shown = issue.prepared.plan
    if issue.undoes is not None and undo.top(shown.rollout) != issue.undoes:
        return "another act was sent since"
    if moved := await _traffic_moved(cluster, issue):
        return moved
    now = planned(cluster, undo, shown.rollout, issue.ask)
    if isinstance(now, Refused):
        reason = now.why
    elif now.changes == shown.changes and now.expected == shown.expected:
        return ""
    else:
        reason = "; ".join(f"it would be {change}" for change in now.changes if change not in shown.changes)
    found = []
    for ref, read in issue.objects.items():
        try:
            changed = _changes(ref, read, await read_one(cluster.place(shown), ref))
        except KubeError:
            continue
        if changed:
            found.append(f"{ref}: {changed}")
    return "; ".join([*found, *([reason] if reason else [])]) or "the rollout changed"


async def _traffic_moved(cluster: Cluster, issue: Issue) -> str:
    """What changed in the objects that say where traffic goes, asked of the server; "" where nothing did.

    A deletion guards itself only against another object of the same name, and a watch may be silent.
    """
    found = []
    for ref, read in issue.grounds.items():
        try:
            changed = _changes(ref, read, await read_one(cluster.of(ref), ref))
        except KubeError as error:
            changed = f"it could not be read: {error}"
        if changed:
            found.append(f"{ref}: {changed}")
    return "; ".join(found)
