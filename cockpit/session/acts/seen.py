"""What was seen of a rollout and what an act changed, as the journal keeps it. Pure; every text is safe and bounded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cockpit.model.journal import ActRecord, RequestRecord, Seen, SeenShare
from cockpit.model.plan import Plan, Request, Verb
from cockpit.model.refs import Ref
from cockpit.model.rollout import Lane, Share
from cockpit.model.text import safe_text
from cockpit.model.view import RolloutView
from cockpit.session.acts.undo import SentAct
from cockpit.session.facts.diff import differences

# More than any release has; what a hostile cluster adds is cut off.
MOST_LANES, MOST_SHARES, MOST_FINDINGS = 10, 20, 10
_MOST_CHANGES = 40


def seen_of(view: RolloutView | None) -> Seen | None:
    """What a rollout looks like now, None if it is gone."""
    if view is None:
        return None
    rollout = view.rollout
    return Seen(
        phase=str(rollout.phase),
        health=str(view.health.health),
        why=safe_text(view.health.reason, 300),
        step=rollout.step.index if rollout.step else None,
        shares=tuple(_share(lane, s) for lane in rollout.lanes[:MOST_LANES] for s in lane.shares[:MOST_SHARES]),
        findings=tuple(safe_text(found.text) for found in rollout.findings[:MOST_FINDINGS]),
    )


def _share(lane: Lane, share: Share) -> SeenShare:
    seen = share.observed
    place, version = safe_text(lane.name, 100), safe_text(share.version, 100)
    if seen is None:
        return SeenShare(place, version, share.declared, share.written)
    return SeenShare(
        place, version, share.declared, share.written, seen.share, seen.low, seen.high, seen.samples, seen.errors
    )


def record_of(plan: Plan, objects: Mapping[Ref, Mapping[str, Any] | None], done: Sequence[SentAct] = ()) -> ActRecord:
    """The plan, and of the requests that were `done` what they changed; `objects` are those that it was made from."""
    sent = {id(each.request): each for each in done}
    before = dict(objects)
    requests = []
    for request in plan.requests:
        requests.append(_request(plan, request, before.get(request.ref), sent.get(id(request))))
        if (each := sent.get(id(request))) and each.after:
            before[request.ref] = each.after
    return ActRecord(
        changes=tuple(safe_text(change) for change in plan.changes[:_MOST_CHANGES]),
        warnings=tuple(safe_text(warning) for warning in plan.warnings[:_MOST_CHANGES]),
        undo=safe_text(plan.undo),
        requests=tuple(requests),
    )


def _request(plan: Plan, request: Request, before: Mapping[str, Any] | None, sent: SentAct | None) -> RequestRecord:
    what, guard = safe_text(plan.words(request)), safe_text(request.guard)
    if sent is None:
        return RequestRecord(what, guard)
    return RequestRecord(what, guard, _changes(request, before, sent), _answer(sent))


def _changes(request: Request, before: Mapping[str, Any] | None, sent: SentAct) -> tuple[str, ...]:
    match request.verb:
        case Verb.CREATE:
            return ("it did not exist -> it exists",)
        case Verb.DELETE:
            return ("it existed -> it is deleted",)
        case Verb.PATCH:
            return differences(before, sent.after) if before and sent.after else ()


def _answer(sent: SentAct) -> str:
    """What the API server answered: the version of the object as it is stored now."""
    metadata = (sent.after or {}).get("metadata")
    version = metadata.get("resourceVersion") if isinstance(metadata, Mapping) else None
    if isinstance(version, str):
        return safe_text(f"accepted, resourceVersion {version}", 100)
    return "accepted" if sent.after is not None else "no answer; the object shows that it was made"
