"""Sends the requests of a plan in order and finds out the result of each."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import replace
from typing import Any

from cockpit.kube.errors import BadAnswer, Conflict, Invalid, KubeError, NotFound, UnknownOutcome
from cockpit.model.clock import Clock
from cockpit.model.plan import PatchType, Refused, Request, Verb
from cockpit.model.refs import Ref
from cockpit.model.text import safe_text
from cockpit.model.values import dataclass
from cockpit.session.acts.dry_run import read_one
from cockpit.session.acts.effect import took_effect
from cockpit.session.acts.prepare import Preparation, planned
from cockpit.session.acts.pruned import why_pruned
from cockpit.session.acts.undo import SentAct, UndoStack
from cockpit.session.changes import first_of
from cockpit.session.facts.cluster import Cluster
from cockpit.session.facts.diff import differences

log = logging.getLogger(__name__)

# Seconds before each look at an object after a response was lost: the write may still be in flight.
_LOOKS = (0.0, 1.0, 2.0, 4.0)
# Seconds after which that ends where the object cannot be read; it is followed from then on.
_LONGEST_LOOK = 15.0


@dataclass(frozen=True, slots=True)
class Sending:
    """How far sending got. `failed` is the request that stopped it; `unknown` if it is not known whether it worked."""

    done: tuple[SentAct, ...]
    failed: Request | None = None
    why: str = ""
    unknown: bool = False


class _NotPilotError(Exception):
    """A request was not sent, because somebody else has the controls by now."""


Still = Callable[[], Awaitable[None]]
Left = Callable[[], Coroutine[Any, Any, Any]]


async def transmit(cluster: Cluster, clock: Clock, issue: Preparation, left: Left) -> Sending:
    """Send the requests of a plan one after another; stop at the first that fails, or once the controls are lost.

    `left` returns once nobody waits any more: the last request is then unknown if it has no answer. An earlier one is
    waited for, because the rest of the plan depends on it. Never raises: what was done before a bug of ours has to be
    remembered too.
    """
    key = issue.prepared.plan.rollout

    async def still() -> None:
        if why := await cluster.fence.confirm(key):
            raise _NotPilotError(why)

    passage = await _in_order(cluster.place(issue.prepared.plan), clock, issue, still, left)
    cluster.fence.end(key, passage.unknown)
    return passage


async def _in_order(cluster: Cluster, clock: Clock, issue: Preparation, still: Still, left: Left) -> Sending:
    done: list[SentAct] = []
    requests = issue.prepared.plan.requests
    for number, request in enumerate(requests, 1):
        earlier = next((d for d in reversed(done) if d.request.ref == request.ref), None)
        shown = None if earlier else issue.objects.get(request.ref)
        try:
            passing = _pass(cluster, clock, request, shown, earlier, still)
            outcome = await (passing if number < len(requests) else _unless(left, passing, cluster, request))
        except Exception as error:
            log.exception("sending %s %s failed", request.verb, request.ref)
            what = safe_text(f"{type(error).__name__}: {error}")
            why = f"{request.verb} {request.ref} in {cluster.context}: this is a bug; it may have been done: {what}"
            return Sending((*done, SentAct(request)), request, why, unknown=True)
        if outcome is None:
            continue
        if outcome.failed:
            return replace(outcome, done=(*done, *outcome.done))
        done += outcome.done
    return Sending(tuple(done))


async def _unless(
    left: Left, passing: Coroutine[Any, Any, Sending | None], cluster: Cluster, request: Request
) -> Sending | None:
    """What comes of the last request of a plan; unknown once nobody waits for it any more."""
    task = asyncio.ensure_future(passing)
    try:
        await first_of(asyncio.wait({task}), left())
    finally:
        if not task.done():
            task.cancel()
    if task.done():
        return task.result()
    await asyncio.wait({task})
    left_open = "the session ended before there was an answer; a later session looks whether it was made"
    why = f"{request.verb} {request.ref} in {cluster.context}: {left_open}"
    return Sending((SentAct(request),), request, why, unknown=True)


async def _pass(
    cluster: Cluster,
    clock: Clock,
    request: Request,
    shown: Mapping[str, Any] | None,
    earlier: SentAct | None,
    still: Still,
) -> Sending | None:
    """Send one request and find out its result; None if there is nothing left to do.

    `earlier` is the last request of the same plan that wrote the same object.
    """
    before = None
    if request.verb is Verb.DELETE:
        try:
            before = await read_one(cluster, request.ref)
        except KubeError as error:
            return Sending((), request, f"{request.ref} was not deleted, because it could not be read first: {error}")
        if before is None:
            return None  # someone else deleted it already
    try:
        answer = await _send_current(cluster, request, shown, still)
    except (UnknownOutcome, BadAnswer) as error:
        if ended := await _unanswered(cluster, clock, SentAct(request, before), error):
            return ended
        answer = None
    except NotFound as error:
        if request.fleeting:
            return None
        return Sending((), request, await _explain(cluster, request, shown, earlier, error))
    except (KubeError, _NotPilotError) as error:
        return Sending((), request, await _explain(cluster, request, shown, earlier, error))
    sent = SentAct(request, before, answer)
    if pruned := why_pruned(request, answer):
        # A request that depends on an earlier one has no dry run that could have shown this.
        return Sending((sent,), request, f"{request.verb} {request.ref} in {cluster.context}: {pruned}")
    return Sending((sent,))


async def _unanswered(cluster: Cluster, clock: Clock, sent: SentAct, error: KubeError) -> Sending | None:
    """What a request without an answer ends as; None where it took effect."""
    effect = await _look(cluster, clock, sent.request)
    if effect:
        return None
    seen = "" if effect is None else f" {sum(_LOOKS):g} s later the object does not show it; it may still arrive."
    return Sending((sent,), sent.request, f"{error}{seen}", unknown=True)


async def _send_current(
    cluster: Cluster, request: Request, shown: Mapping[str, Any] | None, still: Still
) -> Mapping[str, Any]:
    """Send against what was shown; once more if only the status changed, which no decision was based on.

    Nothing may come between `still` and what is sent after it.
    """
    await still()
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
    await still()
    return await cluster.sender.send(again)


def _rebound(request: Request, shown: Mapping[str, Any] | None, current: Mapping[str, Any] | None) -> Request | None:
    """The request with the object's current version as precondition; None if more than the status changed."""
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
    """Whether a request whose response was lost took effect.

    None if the object cannot be read either, or cannot tell because a controller may have consumed the write already.
    Across a network that is cut each read takes its whole timeout: that the outcome is not known is told before that.
    """
    looking = asyncio.ensure_future(_looks(cluster, clock, request))
    try:
        await first_of(asyncio.wait({looking}), clock.sleep(_LONGEST_LOOK))
    finally:
        if not looking.done():
            looking.cancel()
    if looking.done():
        return looking.result()
    await asyncio.wait({looking})
    return None


async def _looks(cluster: Cluster, clock: Clock, request: Request) -> bool | None:
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


async def _explain(
    cluster: Cluster, request: Request, shown: Mapping[str, Any] | None, earlier: SentAct | None, error: Exception
) -> str:
    """Why the server refused: what changed since the plan was shown or last wrote the object, if that is the reason."""
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
            return f"{what} changed since the previous request of this plan wrote it: {changed}"
        return f"{error}; the previous request of this plan wrote {what}, and a controller may have acted on it since"
    changed = _changes(request.ref, shown, current)
    return f"{what} changed since it was shown: {changed}" if changed else str(error)


def _changes(ref: Ref, shown: Mapping[str, Any] | None, current: Mapping[str, Any] | None) -> str:
    if shown is None:
        return "" if current is None else "it was created"
    if current is None:
        return "it was deleted"
    if _metadata(shown).get("uid") != _metadata(current).get("uid"):
        return "it was deleted and created again"
    return "; ".join(differences(shown, current))


async def what_changed(cluster: Cluster, undo: UndoStack, issue: Preparation) -> str:
    """Why a prepared plan no longer fits the current state, in words; "" if it does.

    The requests themselves guard the objects that they write. This checks everything else that the plan was made
    from, such as pods that are gone.
    """
    shown = issue.prepared.plan
    if issue.undoes is not None and undo.top(shown.rollout, cluster.rollout(shown.rollout)) != issue.undoes:
        return "another act was sent since then"
    if moved := await _traffic_moved(cluster, issue):
        return moved
    now = planned(cluster, undo, shown.rollout, issue.ask)
    if isinstance(now, Refused):
        reason = now.why
    elif now.changes == shown.changes and now.expected == shown.expected:
        return ""
    else:
        reason = "; ".join(f"the plan is now {change}" for change in now.changes if change not in shown.changes)
    found = []
    for ref, read in issue.objects.items():
        try:
            changed = _changes(ref, read, await read_one(cluster.place(shown), ref))
        except KubeError:
            continue
        if changed:
            found.append(f"{ref}: {changed}")
    return "; ".join([*found, *([reason] if reason else [])]) or "the rollout changed"


async def why_outdated(cluster: Cluster, undo: UndoStack, issue: Preparation) -> str:
    """Why sending would be refused by now; "" if it would not.

    It is asked again and again while a plan is shown, so that the server is only asked if an object of the plan was
    written in the meantime. A write that changed only the status is no reason, as when sending.
    """
    shown = issue.prepared.plan
    now = planned(cluster, undo, shown.rollout, issue.ask)
    others = issue.undoes is not None and undo.top(shown.rollout, cluster.rollout(shown.rollout)) != issue.undoes
    if not others and not isinstance(now, Refused) and (now.requests, now.changes) == (shown.requests, shown.changes):
        return ""
    if why := await what_changed(cluster, undo, issue):
        return why
    for ref, read in issue.objects.items():
        try:
            changed = _changes(ref, read, await read_one(cluster.place(shown), ref))
        except KubeError:
            continue
        if changed:
            return f"{ref}: {changed}"
    return ""


async def _traffic_moved(cluster: Cluster, issue: Preparation) -> str:
    """What changed in the objects that route the traffic, read from the server; "" if nothing did.

    A deletion guards itself only against another object of the same name, and a watch may lag behind.
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
