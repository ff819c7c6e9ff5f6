"""From an ask to a plan that the API server has tried in a dry run."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Mapping
from dataclasses import field, replace
from datetime import UTC, datetime
from typing import Any

from cockpit.kube.errors import KubeError
from cockpit.model.ages import seconds_since_epoch
from cockpit.model.clock import Clock
from cockpit.model.plan import Act, Ask, Plan, Refused, Request
from cockpit.model.reasons import READ_ONLY, in_vain
from cockpit.model.refs import Ref, RolloutKey
from cockpit.model.rollout import Rollout, Verdict
from cockpit.model.second import Second
from cockpit.model.text import safe_text
from cockpit.model.values import dataclass
from cockpit.model.view import Entry, Prepared, RolloutView
from cockpit.pairing.plan_hash import plan_hash
from cockpit.pairing.proposal_marks import LOCK
from cockpit.pairing.second_words import NOT_PROPOSED
from cockpit.planning.instead import all_the_same, instead_of_undo, or_undo, ways_back
from cockpit.planning.outage import with_outage
from cockpit.planning.undo_of_others import undo_plan, way_to_undo
from cockpit.session.acts.changed_since import changed_since
from cockpit.session.acts.concerns import before_act, concerns, hurting, noted_outages
from cockpit.session.acts.dry_run import Trial, read_objects, read_one, review, try_out
from cockpit.session.acts.safety import routing, takes_pods_away
from cockpit.session.acts.surroundings import Surroundings
from cockpit.session.acts.undo import Instead, UndoStack, UndoStep
from cockpit.session.changes import first_of
from cockpit.session.facts.assemble import under_way
from cockpit.session.facts.cluster import Cluster
from cockpit.session.second import Digest

Journal = Iterable[Entry]

log = logging.getLogger(__name__)

# A watch delivers a change within a fraction of this; then the store and a fresh read agree.
_CATCH_UP_SECONDS = 2.0
_ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class Preparation:
    """A prepared plan and what it was made from: the objects as shown (None: does not exist).

    `grounds` are the objects that route the traffic, for a plan that removes pods. `proposed` is the ask from which
    others can make the same plan; None if there is none. `hurt` is what was wrong, for an act that leads away from it.
    """

    prepared: Prepared
    ask: Ask
    objects: Mapping[Ref, Mapping[str, Any] | None]
    rollout: Rollout | None
    undoes: UndoStep | None = None
    grounds: Mapping[Ref, Mapping[str, Any] | None] = field(default_factory=dict)
    proposed: Ask | None = None
    hurt: tuple[str, ...] = ()


def planned(cluster: Cluster, undo: UndoStack, key: RolloutKey, ask: Ask) -> Plan | Refused:
    """The plan for `ask` in the current state, without asking the cluster. All its requests go to one cluster."""
    plan = _plan(cluster, undo, key, ask)
    return plan if isinstance(plan, Refused) else _in_one_cluster(cluster, plan)


def _in_one_cluster(cluster: Cluster, plan: Plan) -> Plan | Refused:
    """The plan with each request addressed to its object's cluster; refused if that is more than one cluster."""
    known = {"", cluster.context, *(neighbour.context for neighbour in cluster.neighbours)}
    if unread := sorted({request.context for request in plan.requests} - known):
        why = (
            f"{plan.title}: this writes to {', '.join(unread)}, which this session does not read together with"
            f" {cluster.context}; name both in `one_gateway` in the settings and restart"
        )
        return Refused(plan.act, plan.rollout, why)
    if not cluster.neighbours:
        return plan
    places = {request.ref: cluster.of(request.ref, request.context).context for request in plan.requests}
    contexts = sorted(set(places.values()))
    if len(contexts) > 1:
        where = ", ".join(f"{ref} in {context}" for ref, context in places.items())
        lines = "; ".join(replace(r, context=places[r.ref]).command(cluster.context) for r in plan.requests)
        why = (
            f"{plan.title}: this changes {where}, but an act can write to one cluster only;"
            f" run these by hand, in this order: {lines}"
        )
        return Refused(plan.act, plan.rollout, why)

    def there(requests: tuple[Request, ...]) -> tuple[Request, ...]:
        return tuple(replace(request, context=context) for request in requests for context in contexts)

    return replace(plan, requests=there(plan.requests), inverse=there(plan.inverse))


def _plan(cluster: Cluster, undo: UndoStack, key: RolloutKey, ask: Ask) -> Plan | Refused:
    try:
        return _undone(cluster, undo, key, ask) if ask.act is Act.UNDO else _asked(cluster, key, ask)
    except Exception as error:
        log.exception("planning %s on %s failed", ask.act, key)
        adapter, what = cluster.rollouts.adapter(key), safe_text(f"{type(error).__name__}: {error}")
        who = adapter.id if adapter else "the session"
        return Refused(
            ask.act, key, f"{who} could not plan {ask.act} on {key}: this is a bug; nothing was sent ({what})"
        )


def _asked(cluster: Cluster, key: RolloutKey, ask: Ask) -> Plan | Refused:
    rollout, adapter = cluster.rollout(key), cluster.rollouts.adapter(key)
    if rollout is None or adapter is None:
        return _gone(key, ask)
    return adapter.plan(rollout, ask, cluster.objects(rollout))


def _undone(cluster: Cluster, undo: UndoStack, key: RolloutKey, ask: Ask) -> Plan | Refused:
    """The undo of the last act: of this machine exactly as it was sent, of others planned anew."""
    rollout, adapter = cluster.rollout(key), cluster.rollouts.adapter(key)
    if rollout is not None:
        undo.adopt(rollout, cluster.rollouts.current())
    step = undo.top(key, rollout)
    if step is None or step.told is None:
        advice = _advice(cluster, rollout, ask.at) if rollout else no_advice
        exact = undo.plan(key, rollout, advice)
        way = None if isinstance(exact, Refused) else _confirmable(cluster, exact, step, rollout, ask.at)
        return way or exact
    if rollout is None or adapter is None:
        return _gone(key, ask)
    return undo_plan(step.told, rollout, adapter, cluster.objects(rollout), ask.at)


def instead(cluster: Cluster, rollout: Rollout, clock: Clock) -> Instead:
    """What leads back from a rollout as it is now, for an act that no request can undo."""
    return _advice(cluster, rollout, _timed(clock, Ask(Act.UNDO)).at)


def no_advice(step: UndoStep) -> str:
    """The same where the rollout is gone."""
    return ""


def _advice(cluster: Cluster, rollout: Rollout, at: str) -> Instead:
    def advise(step: UndoStep) -> str:
        adapter = cluster.rollouts.adapter(rollout.key)
        return instead_of_undo(step.did, rollout, adapter, cluster.objects(rollout), at) if adapter else ""

    return advise


def _gone(key: RolloutKey, ask: Ask) -> Refused:
    return Refused(ask.act, key, f"no rollout {key} ({key.system}): it may have been deleted; refresh the list")


def _confirmable(cluster: Cluster, exact: Plan, step: UndoStep | None, rollout: Rollout | None, at: str) -> Plan | None:
    """An undo of an act of this machine as a second person can plan it too, by the act that it amounts to.

    None where nobody has to confirm it, and where there is no such act: then only this machine knows its requests.
    """
    adapter = cluster.rollouts.adapter(exact.rollout)
    if not cluster.second.concerns(exact) or not step or not step.did or not rollout or not adapter:
        return None
    found = way_to_undo(step.did, rollout, adapter, cluster.objects(rollout), at)
    return None if isinstance(found, str) else replace(found[1], act=Act.UNDO, title=exact.title)


def amounts_to(cluster: Cluster, undo: UndoStack, key: RolloutKey, ask: Ask) -> Ask | None:
    """The act that an undo amounts to, which others can plan; `ask` itself for any other act.

    None if there is none, and where nobody else is asked.
    """
    rollout, adapter = cluster.rollout(key), cluster.rollouts.adapter(key)
    if ask.act is not Act.UNDO:
        return ask
    if rollout is None or adapter is None or not any(map(cluster.second.holds, Second)):
        return None
    step = undo.top(key, rollout)
    known = (step.told or step.did) if step else None
    found = way_to_undo(known, rollout, adapter, cluster.objects(rollout), ask.at) if known else ""
    return None if isinstance(found, str) else found[0]


def outlined(surroundings: Surroundings, clock: Clock, undo: UndoStack, key: RolloutKey, ask: Ask) -> Plan | Refused:
    """The plan for `ask` as things stand, without a dry run and without asking the cluster. Never raises."""
    cluster = surroundings.cluster(key.context)
    if cluster is None:
        return _no_context(key, ask)
    return _as_seen(planned(cluster, undo, key, _timed(clock, ask)), surroundings.shown(key))


def _as_seen(plan: Plan | Refused, seen: RolloutView | None) -> Plan | Refused:
    """A plan made of objects, which does not call an outage what the session sees to be none.

    Answers of a probe that was stopped are of another time.
    """
    if isinstance(plan, Refused) or seen is None or not plan.ends_outage:
        return plan
    lanes = seen.rollout.lanes
    if not seen.probe.running:
        lanes = tuple(replace(e, verdict=Verdict.UNKNOWN, samples=0, errors=0, unknown=0) for e in lanes)
    return with_outage(plan, replace(seen.rollout, lanes=lanes))


def _no_context(key: RolloutKey, ask: Ask) -> Refused:
    return Refused(ask.act, key, f"{key.context} is not a context of this session: restart with it")


def _timed(clock: Clock, ask: Ask) -> Ask:
    return ask if ask.at else replace(ask, at=datetime.fromtimestamp(clock.now(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))


async def prepare(
    surroundings: Surroundings, clock: Clock, undo: UndoStack, key: RolloutKey, ask: Ask, journal: Journal = ()
) -> Preparation | Refused:
    """Plan, check permissions, dry-run; plan again if the objects changed meanwhile. Never raises.

    `journal` is what the session's journal holds.
    """
    cluster = surroundings.cluster(key.context)
    if cluster is None:
        return _no_context(key, ask)
    try:
        same = amounts_to(cluster, undo, key, ask)
        # A plan that names a time is that of the proposal only with the time of the proposal.
        at = (await cluster.second.ask_of(key, same)).at if same else ask.at
        return await _settled(surroundings, cluster, clock, undo, key, _timed(clock, replace(ask, at=at)), journal)
    except Exception as error:
        log.exception("preparing %s on %s failed", ask.act, key)
        what = safe_text(f"{type(error).__name__}: {error}")
        why = f"{ask.act} on {key} could not be prepared: this is a bug; nothing was sent ({what})"
        return Refused(ask.act, key, why)


async def _settled(
    surroundings: Surroundings,
    cluster: Cluster,
    clock: Clock,
    undo: UndoStack,
    key: RolloutKey,
    ask: Ask,
    journal: Journal,
) -> Preparation | Refused:
    for _ in range(_ATTEMPTS - 1):
        newer = surroundings.next_view()
        issue, outdated = await _attempt(surroundings, cluster, undo, key, ask, journal)
        if not outdated:
            return issue
        surroundings.follow()
        await first_of(newer.wait(), clock.sleep(_CATCH_UP_SECONDS))
    issue, _ = await _attempt(surroundings, cluster, undo, key, ask, journal)
    return issue


async def _attempt(
    surroundings: Surroundings, cluster: Cluster, undo: UndoStack, key: RolloutKey, ask: Ask, journal: Journal
) -> tuple[Preparation | Refused, bool]:
    """The plan, and whether it was made from outdated objects."""
    await surroundings.refresh()
    plan = _as_seen(planned(cluster, undo, key, ask), surroundings.shown(key))
    if isinstance(plan, Refused):
        seen, last = _shown(surroundings, key), undo.top(key, cluster.rollout(key))
        why = or_undo(plan.why, ask, last.title if last and last.requests and last.told is None else "")
        return replace(plan, why=in_vain(why, seen) if seen else why), False
    rollout, place = cluster.rollout(key), cluster.place(plan)
    step = undo.top(key, rollout) if ask.act is Act.UNDO else None
    objects: dict[Ref, Mapping[str, Any] | None] = {}
    grounds: dict[Ref, Mapping[str, Any] | None] = {}
    try:
        refs = (request.ref for request in plan.requests)
        objects, _ = await asyncio.gather(read_objects(place, refs), review(place, plan.requests))
        if step and plan.requests == step.requests and (why := _why_void(cluster, step, rollout, objects, ask.at)):
            return Refused(Act.UNDO, key, f"{plan.title}: {why}"), False
        if takes_pods_away(plan):
            grounds = {ref: await read_one(cluster.of(ref), ref) for ref in routing(rollout)}
        trial = await try_out(place, plan, objects)
        if behind := _behind(cluster, grounds):
            trial = replace(trial, blocked=behind, outdated=True)
    except KubeError as error:
        trial = Trial((), (), blocked=str(error))
    digest = plan_hash(plan, objects)
    blocked = _blocked(cluster, surroundings, plan) or away(cluster, place) or trial.blocked
    second = await cluster.second.why_not(plan, _known(digest))
    proposed, shown = amounts_to(cluster, undo, key, ask), _shown(surroundings, plan.rollout)
    if second and proposed is None:
        second = f"{second}; {NOT_PROPOSED}"
    now = seconds_since_epoch(ask.at) or 0.0
    before = before_act(step, plan, noted_outages(journal, key, step.at)) if step else ()
    hurt = hurting(plan, shown, noted_outages(journal, key, now))
    prepared = Prepared(
        plan=plan,
        checks=trial.checks,
        blocked=second if second and LOCK in blocked else blocked or second,
        production=cluster.production or place.production,
        diff=trial.diff,
        concerns=(*cluster.fence.notes(key), *concerns(plan, shown, before)),
        digest=digest,
        proposable=bool(second) and proposed is not None and (not blocked or LOCK in blocked),
    )
    return Preparation(prepared, ask, objects, rollout, step, grounds, proposed, hurt), trial.outdated


def _why_void(
    cluster: Cluster, step: UndoStep, rollout: Rollout | None, objects: Mapping[Ref, Mapping[str, Any] | None], at: str
) -> str:
    """Why an undo would be refused because somebody changed its objects since, and what to do; "" where it would not.

    `at` is the present (RFC 3339).
    """
    changed = changed_since(step.requests, objects, step.at, seconds_since_epoch(at) or step.at)
    if not changed:
        return ""
    adapter = cluster.rollouts.adapter(rollout.key) if rollout else None
    why = f"it was changed since: {changed}; an undo would overwrite that"
    if rollout is None or adapter is None or step.did is None:
        return why
    if same := all_the_same(step.did, rollout, adapter, cluster.objects(rollout), at):
        return f"{why}; to go back all the same: {same}"
    way = ways_back(rollout)
    return f"{why}; instead: {way}" if way else why


def _known(digest: str) -> Digest:
    async def known() -> str:
        return digest

    return known


def away(cluster: Cluster, place: Cluster) -> str:
    """Why nothing should be sent to `place`, a neighbour of the rollout's cluster; "" if it may be, or is the same."""
    if place is cluster:
        return ""
    return READ_ONLY if place.sender.read_only else place.behind()


def _shown(surroundings: Surroundings, key: RolloutKey) -> Rollout | None:
    shown = surroundings.shown(key)
    return shown.rollout if shown else None


def _behind(cluster: Cluster, grounds: Mapping[Ref, Mapping[str, Any] | None]) -> str:
    """Why a plan was made from outdated routing objects; "" if they are the server's current ones."""
    for ref, read in grounds.items():
        known = cluster.of(ref).store.get(ref.resource, ref.namespace, ref.name)
        version = ((read or {}).get("metadata") or {}).get("resourceVersion")
        if version != (known.metadata.resource_version if known else None):
            return f"{ref} in {cluster.context} changed, and the view does not show it yet; plan again in a moment"
    return ""


def stale(cluster: Cluster, plan: Plan) -> str:
    """Why a plan may be based on stale objects; "" if those that it is based on are live.

    For a plan that deletes, all kinds count, because objects of any kind may depend on what is deleted.
    """
    return cluster.behind() if plan.gone else cluster.stale(plan.rollout)


def _blocked(cluster: Cluster, surroundings: Surroundings, plan: Plan) -> str:
    """Why this session cannot send it, whatever the dry run says."""
    if cluster.sender.read_only:
        return READ_ONLY
    if old := stale(cluster, plan):
        return old
    if taken := cluster.fence.why_not(plan.rollout):
        return taken
    shown = surroundings.shown(plan.rollout)
    return under_way(shown.acting) if shown else ""
