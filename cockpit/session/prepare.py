"""From an ask to a plan that was tried on the server without changing anything."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from cockpit.kube.errors import ApiError, Conflict, Invalid, KubeError, NotFound
from cockpit.model.clock import Clock
from cockpit.model.plan import Act, Ask, PatchType, Plan, Refused, Request, Verb
from cockpit.model.refs import Ref, RolloutKey
from cockpit.model.rollout import Rollout, Severity
from cockpit.model.text import safe_text
from cockpit.model.view import Prepared
from cockpit.session.cluster import Cluster
from cockpit.session.diff import differences
from cockpit.session.hazard import routing, takes_pods_away
from cockpit.session.pulse import first_of
from cockpit.session.scene import Scene
from cockpit.session.undo import Step, UndoStack

log = logging.getLogger(__name__)

# A watch brings a change within a fraction of this; then what is read here and what was planned on agree.
_CATCH_UP_SECONDS = 2.0
_ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class Issue:
    """A prepared plan with what it was made from: the objects as they were shown (None: not there).

    `grounds` are the objects that say where traffic goes, for a plan that takes pods away.
    """

    prepared: Prepared
    ask: Ask
    objects: Mapping[Ref, Mapping[str, Any] | None]
    rollout: Rollout | None
    undoes: Step | None = None
    grounds: Mapping[Ref, Mapping[str, Any] | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Trial:
    checks: tuple[str, ...]
    diff: tuple[str, ...]
    blocked: str = ""
    outdated: bool = False  # the server refused it because the objects moved on since they were read here


def planned(cluster: Cluster, undo: UndoStack, key: RolloutKey, ask: Ask) -> Plan | Refused:
    """The plan for `ask` as things are now; no input sent to the cluster. Its requests all go to one cluster."""
    plan = _plan(cluster, undo, key, ask)
    return plan if isinstance(plan, Refused) else _in_one_cluster(cluster, plan)


def _in_one_cluster(cluster: Cluster, plan: Plan) -> Plan | Refused:
    """The plan with each request sent to where its object is; refused where that is more than one cluster."""
    known = {"", cluster.context, *(neighbour.context for neighbour in cluster.neighbours)}
    if unread := sorted({request.context for request in plan.requests} - known):
        why = (
            f"{plan.title}: this goes to {', '.join(unread)}, which is not read together with {cluster.context} here; "
            "name both in `one_gateway` of the settings and start again"
        )
        return Refused(plan.act, plan.rollout, why)
    if not cluster.neighbours:
        return plan
    places = {request.ref: cluster.of(request.ref, request.context).context for request in plan.requests}
    contexts = sorted(set(places.values()))
    if len(contexts) > 1:
        where = ", ".join(f"{ref} in {context}" for ref, context in places.items())
        lines = "; ".join(replace(r, context=places[r.ref]).command(cluster.context) for r in plan.requests)
        why = f"{plan.title}: this touches {where}, and an act goes to one cluster. By hand, in this order: {lines}"
        return Refused(plan.act, plan.rollout, why)

    def there(requests: tuple[Request, ...]) -> tuple[Request, ...]:
        return tuple(replace(request, context=context) for request in requests for context in contexts)

    return replace(plan, requests=there(plan.requests), inverse=there(plan.inverse))


def _plan(cluster: Cluster, undo: UndoStack, key: RolloutKey, ask: Ask) -> Plan | Refused:
    rollout, adapter = cluster.rollout(key), cluster.rollouts.adapter(key)
    if ask.act is Act.UNDO:
        return undo.plan(key, rollout)
    if rollout is None or adapter is None:
        return Refused(ask.act, key, f"there is no rollout {key} ({key.system}); it may have been deleted")
    try:
        return adapter.plan(rollout, ask, cluster.objects(rollout))
    except Exception as error:
        log.exception("planning %s on %s failed", ask.act, key)
        what = safe_text(f"{type(error).__name__}: {error}")
        why = f"{adapter.id} could not plan {ask.act} on {key}: this is a defect; nothing was sent ({what})"
        return Refused(ask.act, key, why)


async def prepare(scene: Scene, clock: Clock, undo: UndoStack, key: RolloutKey, ask: Ask) -> Issue | Refused:
    """Plan, ask for rights, dry-run; planned anew where the objects moved on meanwhile. Raises nothing."""
    cluster = scene.cluster(key.context)
    if cluster is None:
        return Refused(ask.act, key, f"{key.context} is not among the contexts of this session")
    asked = ask if ask.at else replace(ask, at=datetime.fromtimestamp(clock.now(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))
    try:
        return await _settled(scene, cluster, clock, undo, key, asked)
    except Exception as error:
        log.exception("preparing %s on %s failed", ask.act, key)
        what = safe_text(f"{type(error).__name__}: {error}")
        why = f"{ask.act} on {key} could not be prepared: this is a defect; nothing was sent ({what})"
        return Refused(ask.act, key, why)


async def _settled(
    scene: Scene, cluster: Cluster, clock: Clock, undo: UndoStack, key: RolloutKey, ask: Ask
) -> Issue | Refused:
    for _ in range(_ATTEMPTS - 1):
        newer = scene.next_view()
        issue, outdated = await _attempt(scene, cluster, undo, key, ask)
        if not outdated:
            return issue
        await first_of(newer.wait(), clock.sleep(_CATCH_UP_SECONDS))
    issue, _ = await _attempt(scene, cluster, undo, key, ask)
    return issue


async def _attempt(
    scene: Scene, cluster: Cluster, undo: UndoStack, key: RolloutKey, ask: Ask
) -> tuple[Issue | Refused, bool]:
    """The plan, and whether it was made from objects that had moved on already."""
    scene.refresh()
    plan = planned(cluster, undo, key, ask)
    if isinstance(plan, Refused):
        return plan, False
    step = undo.top(key) if ask.act is Act.UNDO else None
    rollout, place = cluster.rollout(key), cluster.place(plan)
    objects: dict[Ref, Mapping[str, Any] | None] = {}
    grounds: dict[Ref, Mapping[str, Any] | None] = {}
    try:
        objects = await read_objects(place, (request.ref for request in plan.requests))
        if takes_pods_away(plan):
            grounds = {ref: await read_one(cluster.of(ref), ref) for ref in routing(rollout)}
        trial = await _try_out(place, plan, objects)
        if behind := _behind(cluster, grounds):
            trial = replace(trial, blocked=behind, outdated=True)
    except KubeError as error:
        trial = _Trial((), (), blocked=str(error))
    prepared = Prepared(
        plan=plan,
        checks=trial.checks,
        blocked=_blocked(cluster, scene, key) or away(cluster, place) or trial.blocked,
        production=cluster.production or place.production,
        diff=trial.diff,
        concerns=_concerns(scene, plan),
    )
    return Issue(prepared, ask, objects, rollout, step, grounds), trial.outdated


def away(cluster: Cluster, place: Cluster) -> str:
    """Why nothing should be sent to `place`, where that is a neighbour of the rollout's cluster; "" if it is live."""
    return "" if place is cluster else place.behind()


async def read_objects(place: Cluster, refs: Iterable[Ref]) -> dict[Ref, Mapping[str, Any] | None]:
    """The objects as the server has them (None: not there); raises KubeError."""
    return {ref: await read_one(place, ref) for ref in dict.fromkeys(refs)}


def _concerns(scene: Scene, plan: Plan) -> tuple[str, ...]:
    """What stands against sending more users to the new version; nothing does against the way back."""
    shown = scene.shown(plan.rollout)
    if shown is None or not plan.raises:
        return ()
    grave = [f for f in shown.rollout.findings if f.severity is not Severity.INFO]
    return tuple(f"{f.text} ({f.evidence})" if f.evidence else f.text for f in grave)


def _behind(cluster: Cluster, grounds: Mapping[Ref, Mapping[str, Any] | None]) -> str:
    """Why a plan was made from an old picture of where traffic goes; "" where the picture is the server's."""
    for ref, read in grounds.items():
        known = cluster.of(ref).store.get(ref.resource, ref.namespace, ref.name)
        version = ((read or {}).get("metadata") or {}).get("resourceVersion")
        if version != (known.metadata.resource_version if known else None):
            return f"{ref} in {cluster.context} changed, and what is shown does not have it yet; plan again in a moment"
    return ""


async def read_one(cluster: Cluster, ref: Ref) -> Mapping[str, Any] | None:
    """The object, or None where there is none; raises KubeError."""
    try:
        return await cluster.api.get(ref)
    except NotFound:
        return None


def _blocked(cluster: Cluster, scene: Scene, key: RolloutKey) -> str:
    """Why this cannot be sent whatever the server thinks of it."""
    if cluster.sender.read_only:
        return "this session is read-only: start without --read-only to send"
    if stale := cluster.stale(key):
        return stale
    shown = scene.shown(key)
    return f"under way: {shown.acting}" if shown and shown.acting else ""


async def _try_out(place: Cluster, plan: Plan, objects: Mapping[Ref, Mapping[str, Any] | None]) -> _Trial:
    if not plan.requests:
        return _Trial((), (), blocked="there is nothing to send: it is as asked for already")
    checks: list[str] = []
    diff: list[str] = []
    blocked, outdated = "", False
    for number, request in enumerate(plan.requests):
        earlier = {before.ref for before in plan.requests[:number]}
        denied = await place.api.allowed(request.verb.value, request.ref, request.subresource)
        if denied:
            checks.append(f"{plan.words(request)}: {denied}")
            blocked = blocked or denied
            continue
        if request.ref in earlier:
            checks.append(f"{plan.words(request)}: can be tried only after the request before it on the same object")
            continue
        try:
            answer = await place.sender.send(request, dry_run=True)
        except NotFound as error:
            checks.append(f"{plan.words(request)}: {error}")
            blocked = blocked or ("" if request.fleeting else str(error))
            continue
        except ApiError as error:
            checks.append(f"{plan.words(request)}: {error}")
            blocked = blocked or str(error)
            outdated = outdated or isinstance(error, Conflict) or _test_failed(request, error)
            continue
        checks.append(f"{plan.words(request)}: accepted by the server in a dry run")
        diff += _diff(plan, request, objects.get(request.ref), answer)
    return _Trial(tuple(checks), tuple(diff), blocked, outdated)


def _test_failed(request: Request, error: ApiError) -> bool:
    """Whether a JSON Patch may have been refused because one of its tests does not hold any more (422)."""
    return isinstance(error, Invalid) and request.patch is PatchType.JSON


def _diff(plan: Plan, request: Request, before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> list[str]:
    match request.verb:
        case Verb.CREATE:
            return [f"{request.ref} is created"]
        case Verb.DELETE:
            return [f"{request.ref} is deleted"]
        case Verb.PATCH:
            several = len(plan.requests) > 1
            lines = differences(before or {}, after)
            return [f"{request.ref}: {line}" if several else line for line in lines]
