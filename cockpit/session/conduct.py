"""Sending a prepared plan: once, against what was shown, then waiting until it took effect."""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from cockpit.kube.errors import KubeError
from cockpit.model.clock import Clock
from cockpit.model.plan import Ask, Plan, Refused
from cockpit.model.refs import Ref, RolloutKey
from cockpit.model.view import Outcome, Prepared, Stage
from cockpit.session.cluster import Cluster
from cockpit.session.effect import took_effect
from cockpit.session.logbook import Logbook
from cockpit.session.prepare import Issue, away, prepare, read_one
from cockpit.session.pulse import first_of
from cockpit.session.scene import Scene
from cockpit.session.transmit import Passage, transmit, what_changed
from cockpit.session.undo import UndoStack, remaining, step_back
from cockpit.session.verify import Agreement, agreement

Report = Callable[[Outcome], None]

# Plans that were shown and neither sent nor forgotten; nobody compares more than a few.
_MOST_ISSUES = 32
# Longer than one request takes with the usual timeout: a plan is not left half sent when a session ends.
_DRAIN_SECONDS = 40.0
# A controller that was let go on moves within seconds.
_OVERTAKEN_SECONDS = 15.0


@dataclass(eq=False, slots=True)
class _Wait:
    """The wait of the latest act on a rollout for its effect. `by` is the newer act that ended it."""

    over: asyncio.Event = field(default_factory=asyncio.Event)
    by: str = ""


class Conductor:
    """Prepares and sends plans for every cluster of a session, one at a time for each rollout.

    An act holds its rollout while it is sent, not while it is waited for: the way back is open from then on,
    and what is done next ends the wait.
    """

    def __init__(self, scene: Scene, clock: Clock, logbook: Logbook, undo: UndoStack) -> None:
        self._scene = scene
        self._clock = clock
        self._logbook = logbook
        self._undo = undo
        self._issues: dict[int, Issue] = {}
        self._acting: dict[RolloutKey, Plan] = {}
        self._waits: dict[RolloutKey, _Wait] = {}
        self._under_way: set[asyncio.Task[Outcome]] = set()
        self._closing = asyncio.Event()

    def acting(self, key: RolloutKey) -> str:
        """The act that is being sent to a rollout, in words, or ""."""
        plan = self._acting.get(key)
        return plan.title if plan else ""

    async def prepare(self, key: RolloutKey, ask: Ask) -> Prepared | Refused:
        issue = await prepare(self._scene, self._clock, self._undo, key, ask)
        if isinstance(issue, Refused):
            return issue
        # The issue holds the prepared plan, so that its id cannot become another's.
        self._issues[id(issue.prepared)] = issue
        while len(self._issues) > _MOST_ISSUES:
            del self._issues[next(iter(self._issues))]
        return issue.prepared

    async def send(self, prepared: Prepared, wait: float, report: Report) -> Outcome:
        """See `Cockpit.send`."""
        plan = prepared.plan
        issue = self._issues.pop(id(prepared), None)
        cluster = self._scene.cluster(plan.rollout.context)
        if issue is None or cluster is None:
            return _reported(
                report, _refused(plan, "this plan was sent before, or not prepared here; prepare it again")
            )
        if prepared.blocked:
            return _reported(report, _refused(plan, prepared.blocked))
        if busy := self.acting(plan.rollout):
            return _reported(report, _refused(plan, f"another act on {plan.rollout} is under way: {busy}"))
        self._acting[plan.rollout] = plan
        self._scene.touch(plan.rollout)
        # A face that gives up waiting must neither cut a plan in two nor leave its end out of the journal.
        task = asyncio.ensure_future(self._carry_out(cluster, issue, wait, report))
        self._under_way.add(task)
        task.add_done_callback(lambda done: self._ended(plan, done))
        return _reported(report, await asyncio.shield(task))

    def _ended(self, plan: Plan, task: asyncio.Task[Outcome]) -> None:
        self._under_way.discard(task)
        self._release(plan)

    def _release(self, plan: Plan) -> None:
        """Open the rollout for the next act, unless one that came later holds it."""
        if self._acting.get(plan.rollout) is plan:
            del self._acting[plan.rollout]
        self._scene.touch(plan.rollout)

    async def close(self) -> None:
        """Let requests that are being sent come to their end, within bounds; nothing is waited for any more."""
        self._closing.set()
        if self._under_way:
            await first_of(asyncio.wait(self._under_way), self._clock.sleep(_DRAIN_SECONDS))

    async def _carry_out(self, cluster: Cluster, issue: Issue, wait: float, report: Report) -> Outcome:
        plan, act_id, waiting = issue.prepared.plan, self._logbook.new_id(), _Wait()

        async def note(outcome: Outcome) -> Outcome:
            place = cluster.place(plan)
            await self._logbook.note(act_id, f"{place.api.user}@{place.context}", plan, outcome.stage, outcome.why)
            self._scene.touch()
            problem = self._logbook.problem
            return replace(outcome, why=f"{outcome.why} ({problem})") if problem else outcome

        self._scene.refresh()
        if stale := cluster.stale(plan.rollout) or away(cluster, cluster.place(plan)):
            return await note(_refused(plan, stale))
        if changed := await what_changed(cluster, self._undo, issue):
            return await note(_refused(plan, f"since it was shown, {plan.rollout} changed: {changed}"))
        report(await note(Outcome(Stage.SENDING, plan.title, plan)))
        passage = await transmit(cluster, self._clock, issue)
        self._remember(issue, passage)
        if passage.done:
            self._supersede(plan)
        may_be_overtaken = wait > 0 and _may_be_overtaken(plan, passage)
        if may_be_overtaken or not passage.failed:
            self._waits[plan.rollout] = waiting
        self._release(plan)
        if may_be_overtaken:
            reached = await self._await_effect(cluster, issue, waiting, min(wait, _OVERTAKEN_SECONDS))
            return await note(reached if reached.stage is Stage.VERIFIED else _stopped(plan, passage))
        if passage.failed:
            return await note(_stopped(plan, passage))
        sent = await note(Outcome(Stage.SENT, "accepted by the API server; not yet seen to take effect", plan))
        if wait <= 0:
            return sent
        report(sent)
        return await note(await self._await_effect(cluster, issue, waiting, wait))

    def _supersede(self, plan: Plan) -> None:
        """End the wait for what an older act promised: it is not what is there any more."""
        if older := self._waits.pop(plan.rollout, None):
            older.by = plan.title
            older.over.set()

    def _remember(self, issue: Issue, passage: Passage) -> None:
        """Put what was done on the undo stack, however it ended."""
        key = issue.prepared.plan.rollout
        if issue.undoes is not None:
            self._undo.replace(key, issue.undoes, remaining(issue.undoes, passage.done, passage.failed))
        elif passage.done:
            self._undo.push(key, step_back(issue.prepared.plan, issue.rollout, passage.done))

    async def _await_effect(self, cluster: Cluster, issue: Issue, waiting: _Wait, wait: float) -> Outcome:
        """Look at each newer view until objects and probe agree with the plan, at most `wait` seconds."""
        deadline, plan = self._clock.monotonic() + wait, issue.prepared.plan
        while True:
            newer = self._scene.next_view()
            state = await self._agreement(cluster, issue)
            if waiting.over.is_set():
                return Outcome(Stage.UNVERIFIED, f"superseded by: {waiting.by}", plan, superseded=True)
            if state.reached:
                return Outcome(Stage.VERIFIED, f"took effect: {state.words}", plan)
            if state.failed:
                return Outcome(
                    Stage.UNVERIFIED, f"accepted, but it did not come to it: {state.words}", plan, failed=True
                )
            left = deadline - self._clock.monotonic()
            if left <= 0 or self._closing.is_set():
                until = "before the session ended" if self._closing.is_set() else f"within {wait:g} s"
                waits = state.behind and not self._closing.is_set()
                missed = await _missed(cluster.place(plan), plan) if waits else ""
                why = f"accepted, but not seen to take effect {until}: {state.words}{missed}"
                return Outcome(Stage.UNVERIFIED, why, plan)
            await first_of(newer.wait(), self._clock.sleep(left), self._closing.wait(), waiting.over.wait())

    async def _agreement(self, cluster: Cluster, issue: Issue) -> Agreement:
        plan = issue.prepared.plan
        place = cluster.place(plan)
        if stale := cluster.stale(plan.rollout) or away(cluster, place):
            return Agreement(False, stale)
        left = [ref for ref in plan.gone if await self._is_there(place, ref)]
        state = agreement(plan, self._scene.shown(plan.rollout), left, issue.rollout)
        lost = await _written_back(place, plan) if state.reached else ""
        return Agreement(False, lost) if lost else state

    async def _is_there(self, cluster: Cluster, ref: Ref) -> bool:
        known = cluster.has(ref)
        if known is not None:
            return known
        try:
            return await read_one(cluster, ref) is not None
        except KubeError:
            return True


async def _written_back(cluster: Cluster, plan: Plan) -> str:
    """Which request has no effect any more, because something else wrote the object since; "" where all have.

    Left out is what a controller takes up and clears, and status, which it goes on writing as its answer.
    """
    last = {request.ref: request for request in plan.requests}
    for ref, request in last.items():
        status = request.subresource == "status" or (isinstance(request.body, dict) and "status" in request.body)
        if status or request.consumed:
            continue
        try:
            found = await read_one(cluster, ref)
            there = took_effect(request, found) or (request.fleeting and found is None)
        except KubeError as error:
            return str(error)
        if not there:
            return f"{ref} in {cluster.context} does not show it any more: something writes it back"
    return ""


async def _missed(cluster: Cluster, plan: Plan) -> str:
    """What to do about a write that a controller was to answer and that still stands; "" where there is none.

    A controller that stores its own status just then may overlook it until the next write to the object.
    """
    for request in plan.requests:
        if not request.consumed and request.subresource != "status":
            continue
        try:
            stands = took_effect(request, await read_one(cluster, request.ref))
        except KubeError:
            continue
        if stands:
            place = ["kubectl", "--context", cluster.context, "-n", request.ref.namespace, "annotate", "--overwrite"]
            words = shlex.join([*place, f"{request.ref.resource.kubectl_name}/{request.ref.name}"])
            return (
                f"; {request.ref} still shows what was written: if nothing moves, its controller missed it; wake it:"
                f' {words} woken="$(date)"'
            )
    return ""


def _reported(report: Report, outcome: Outcome) -> Outcome:
    report(outcome)
    return outcome


def _refused(plan: Plan, why: str) -> Outcome:
    return Outcome(Stage.REFUSED, f"nothing was sent: {why}", plan)


def _may_be_overtaken(plan: Plan, passage: Passage) -> bool:
    """Whether a controller may have gone by itself where the request that was refused was to send it.

    What was done before it, such as ending a pause by hand, can be all that the controller waited for.
    """
    return bool(plan.reaches and passage.done and passage.failed and passage.failed.consumed and not passage.unknown)


def _stopped(plan: Plan, passage: Passage) -> Outcome:
    """The outcome where a request failed: what was done, what was not, and the way back."""
    if passage.unknown:
        stage = Stage.UNKNOWN
        done = passage.done[:-1]
    else:
        stage = Stage.UNVERIFIED
        done = passage.done
    if not done and not passage.unknown:
        return Outcome(Stage.REFUSED, f"nothing was changed: {passage.why}", plan)
    finished = {id(d.request) for d in passage.done}
    open_requests = [request for request in plan.requests if id(request) not in finished]
    words = [passage.why]
    if done:
        words.append("done: " + ", ".join(plan.words(d.request) for d in done))
    if open_requests:
        words.append("not done: " + ", ".join(map(plan.words, open_requests)))
    if done:
        words.append("undo takes back what was done")
    return Outcome(stage, "; ".join(words), plan, partial=bool(done))
