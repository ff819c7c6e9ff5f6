"""Sends a prepared plan once, if nothing changed since it was shown, then waits until it takes effect."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import field, replace
from functools import partial

from cockpit.kube.errors import KubeError
from cockpit.model.clock import Clock
from cockpit.model.journal import ActRecord
from cockpit.model.plan import Ask, Plan, Refused, Request
from cockpit.model.refs import Ref, RolloutKey
from cockpit.model.rollout import Rollout
from cockpit.model.values import dataclass
from cockpit.model.view import Counting, Outcome, Prepared, Stage, Undoing
from cockpit.pairing.plan_hash import plan_hash
from cockpit.session.acts.confirm import Confirmation, agreement
from cockpit.session.acts.dry_run import read_objects, read_one
from cockpit.session.acts.journal_lines import JournalLines
from cockpit.session.acts.outcomes import may_be_overtaken, refused, stopped
from cockpit.session.acts.prepare import (
    Preparation,
    away,
    instead,
    no_advice,
    outlined,
    prepare,
    stale,
)
from cockpit.session.acts.seen import record_of, seen_of
from cockpit.session.acts.send import Sending, transmit, what_changed, why_outdated
from cockpit.session.acts.standing_writes import missed, written_back
from cockpit.session.acts.surroundings import Surroundings
from cockpit.session.acts.undo import UndoStack, UndoStep, remaining, step_back
from cockpit.session.acts.unknown import UnknownWrites
from cockpit.session.acts.unknown_file import UnknownFile, UnknownWrite
from cockpit.session.changes import first_of
from cockpit.session.facts.cluster import Cluster

log = logging.getLogger(__name__)

Report = Callable[[Outcome], None]


# Prepared plans that are kept until they are sent; no one compares more than a few.
_MOST_ISSUES = 32
# Longer than one request takes with the default timeout, so that a plan is not left half sent when a session ends.
_DRAIN_SECONDS = 40.0
# After that nobody waits for the last answer of a plan any more: an unanswered request may take far longer.
_LEAVE_SECONDS = 1.5
# A controller that can go on moves within seconds.
_OVERTAKEN_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts. `name` is for the journal, "" for the user of the cluster.

    `why_not` is asked once more right before the first request: why nothing is to be sent any more, or "". `because`
    is the evidence on which no person decided, told with every stage.
    """

    name: str = ""
    why_not: Callable[[], str] = lambda: ""
    because: str = ""


PERSON = Actor()


@dataclass(slots=True)
class _Wait:
    """The wait for the effect of a rollout's latest act. `by` is the newer act that ended the wait."""

    over: asyncio.Event = field(default_factory=asyncio.Event)
    by: str = ""


class Conductor:
    """Prepares and sends plans for every cluster of a session, one at a time for each rollout.

    An act locks its rollout only while it is being sent. After that, the next act (such as undo) can be sent, and
    sending it ends the wait for the previous one.
    """

    def __init__(
        self,
        surroundings: Surroundings,
        clock: Clock,
        logbook: JournalLines,
        undo: UndoStack,
        unknown: UnknownFile | None = None,
        tell_of: Callable[[str, Plan, Rollout | None, tuple[str, ...]], None] = lambda *of: None,
    ) -> None:
        """`tell_of` hears of each act before its first line: its id and plan, the rollout before it, what hurts."""
        self._surroundings = surroundings
        self._clock = clock
        self._logbook = logbook
        self._undo = undo
        self._tell_of = tell_of
        self._unknown = UnknownWrites(unknown or UnknownFile(), surroundings, clock, logbook, undo)
        self._issues: dict[int, Preparation] = {}
        self._acting: dict[RolloutKey, Plan] = {}
        self._waits: dict[RolloutKey, _Wait] = {}
        self._under_way: set[asyncio.Task[Outcome]] = set()
        self._closing = asyncio.Event()

    def acting(self, key: RolloutKey) -> str:
        """The act that is being sent to a rollout, in words; "" if there is none."""
        plan = self._acting.get(key)
        return plan.title if plan else ""

    async def prepare(self, key: RolloutKey, ask: Ask) -> Prepared | Refused:
        issue = await prepare(self._surroundings, self._clock, self._undo, key, ask, self._logbook.entries)
        if isinstance(issue, Refused):
            return issue
        # The issue keeps the prepared plan alive, so that its id cannot be reused.
        self._issues[id(issue.prepared)] = issue
        while len(self._issues) > _MOST_ISSUES:
            del self._issues[next(iter(self._issues))]
        return issue.prepared

    def asked(self, prepared: Prepared) -> Ask | None:
        """From which ask others can make a prepared plan; None if there is none, or if it was sent."""
        issue = self._issues.get(id(prepared))
        return issue.proposed if issue else None

    def undo_requests(self, key: RolloutKey) -> tuple[Request, ...]:
        """What an undo would send; none where it is planned only when asked for, as for acts of other sessions."""
        step = self._undo.top(key)
        return step.requests if step else ()

    def undoing(self, rollout: Rollout) -> tuple[Undoing | None, str]:
        """The act that an undo of this rollout would reverse, and why it certainly cannot."""
        cluster = self._surroundings.cluster(rollout.key.context)
        return self._undo.standing(
            rollout.key, rollout, instead(cluster, rollout, self._clock) if cluster else no_advice
        )

    def outline(self, key: RolloutKey, ask: Ask) -> Plan | Refused:
        """See `Cockpit.outline`."""
        return outlined(self._surroundings, self._clock, self._undo, key, ask)

    async def outdated(self, prepared: Prepared) -> str:
        """See `Cockpit.outdated`."""
        issue = self._issues.get(id(prepared))
        cluster = self._surroundings.cluster(prepared.plan.rollout.context)
        if issue is None or cluster is None:
            return ""
        await self._surroundings.refresh()
        taken = cluster.fence.why_not(prepared.plan.rollout)
        return taken or await why_outdated(cluster, self._undo, issue)

    async def send(self, prepared: Prepared, wait: float, report: Report, who: Actor = PERSON) -> Outcome:
        """See `Cockpit.send`."""
        plan = prepared.plan
        issue = self._issues.pop(id(prepared), None)
        cluster = self._surroundings.cluster(plan.rollout.context)
        if issue is None or cluster is None:
            return _reported(
                report, refused(plan, "this plan was already sent, or not prepared in this session; prepare it again")
            )
        if prepared.blocked:
            return _reported(report, refused(plan, prepared.blocked))
        if busy := self.acting(plan.rollout):
            return _reported(
                report,
                refused(plan, f"another act on {plan.rollout} is under way: {busy}; try again when it is done"),
            )
        self._acting[plan.rollout] = plan
        self._surroundings.touch(plan.rollout)
        # A face that stops waiting must neither cut a plan in two nor keep its outcome out of the journal.
        task = asyncio.ensure_future(self._carry_out(cluster, issue, wait, report, who))
        self._under_way.add(task)
        task.add_done_callback(lambda done: self._ended(plan, done))
        return _reported(report, await asyncio.shield(task))

    def _ended(self, plan: Plan, task: asyncio.Task[Outcome]) -> None:
        self._under_way.discard(task)
        self._release(plan)

    def _release(self, plan: Plan) -> None:
        """Unlock the rollout for the next act, unless a later one holds it."""
        if self._acting.get(plan.rollout) is plan:
            del self._acting[plan.rollout]
        self._surroundings.touch(plan.rollout)

    async def resume(self) -> None:
        """Go on looking for acts of sessions that ended before they knew the outcome."""
        await self._unknown.resume()

    async def close(self) -> None:
        """Let requests in flight finish, within a time limit; waits for effects and for a plan's last answer end."""
        self._closing.set()
        if self._under_way:
            await first_of(asyncio.wait(self._under_way), self._clock.sleep(_DRAIN_SECONDS))
        await self._unknown.close()

    async def _left(self) -> None:
        """Return once the session ends and has waited for answers."""
        await self._closing.wait()
        await self._clock.sleep(_LEAVE_SECONDS)

    async def _carry_out(
        self, cluster: Cluster, issue: Preparation, wait: float, report: Report, who: Actor
    ) -> Outcome:
        plan, act_id, waiting = issue.prepared.plan, self._logbook.new_id(), _Wait()
        counted = partial(self._counted, act_id, report)

        by = who.name or cluster.place(plan).user_at_context
        undoes = issue.undoes.id if issue.undoes else ""
        lost = ""  # why the journal's file lacks a line of this act

        async def note(outcome: Outcome, record: ActRecord | None = None, *, last: bool = True) -> Outcome:
            nonlocal lost
            seen = seen_of(self._surroundings.shown(plan.rollout))
            stage, why = outcome.stage, f"{outcome.why}; because {who.because}" if who.because else outcome.why
            await self._logbook.note(act_id, by, plan, stage, why, record=record, seen=seen, undoes=undoes)
            self._surroundings.touch()
            lost = self._logbook.problem or lost
            return replace(outcome, why=f"{outcome.why} ({lost})") if lost and last else outcome

        await self._surroundings.refresh()
        if old := stale(cluster, plan) or away(cluster, cluster.place(plan)):
            return await note(refused(plan, old))
        if changed := await what_changed(cluster, self._undo, issue):
            return await note(refused(plan, f"{plan.rollout} changed since the plan was shown: {changed}; plan again"))
        await self._surroundings.refresh()
        if why := who.why_not() or await self._why_not_now(cluster, issue):
            return await note(refused(plan, why))
        self._tell_of(act_id, plan, issue.rollout, issue.hurt)
        report(await note(Outcome(Stage.SENDING, plan.title, plan), record_of(plan, issue.objects), last=False))
        noted = await self._unknown.begin(act_id, by, issue)
        passage = await transmit(cluster, self._clock, issue, self._left)
        record = record_of(plan, issue.objects, passage.done)
        step = self._remember(issue, passage, act_id)
        undoable = step is not None and bool(step.requests)
        if passage.done:
            self._supersede(plan)
            await cluster.second.sent(plan)
        overtaken = wait > 0 and may_be_overtaken(plan, passage)
        if overtaken or not passage.failed:
            self._waits[plan.rollout] = waiting
        self._release(plan)
        if overtaken:
            await self._unknown.known(noted)
            reached = await self._await_effect(cluster, issue, waiting, min(wait, _OVERTAKEN_SECONDS), counted)
            halted = stopped(plan, passage, undoable)
            return await note(reached if reached.stage is Stage.VERIFIED else halted, record)
        if passage.failed:
            halted = await note(stopped(plan, passage, undoable), record)
            await self._settle(noted, passage, step)
            return halted
        await self._unknown.known(noted)
        accepted = Outcome(Stage.SENT, "accepted by the API server; effect not confirmed yet", plan)
        sent = await note(accepted, record, last=wait <= 0)
        if wait <= 0:
            return sent
        report(sent)
        return await note(await self._await_effect(cluster, issue, waiting, wait, counted))

    async def _why_not_now(self, cluster: Cluster, issue: Preparation) -> str:
        """Why other people keep it from being sent; "" once this session has the controls for it.

        A second person has confirmed it, where that is needed, for the objects as they are now.
        """
        plan = issue.prepared.plan

        async def digest() -> str:
            return plan_hash(plan, await read_objects(cluster.place(plan), issue.objects))

        unconfirmed = await cluster.second.why_not(plan, digest)
        return unconfirmed or await cluster.fence.begin(plan.rollout, plan.title)

    def _counted(self, act_id: str, report: Report, outcome: Outcome) -> None:
        """Show and report how many answers are in; the journal's file keeps only stages."""
        self._logbook.show_progress(act_id, outcome.why)
        self._surroundings.touch()
        report(outcome)

    def _supersede(self, plan: Plan) -> None:
        """End the wait for the effect of an older act, which the newer one replaces."""
        if older := self._waits.pop(plan.rollout, None):
            older.by = plan.title
            older.over.set()

    async def _settle(self, noted: UnknownWrite, passage: Sending, step: UndoStep | None) -> None:
        """Go on looking for a request without an answer, or note that everything is known."""
        if passage.unknown and passage.failed:
            await self._unknown.follow(noted, passage, step)
        else:
            await self._unknown.known(noted)

    def _remember(self, issue: Preparation, passage: Sending, act_id: str) -> UndoStep | None:
        """Put what was done on the undo stack, whether or not all of it succeeded; returns the new step."""
        key = issue.prepared.plan.rollout
        if issue.undoes is not None:
            self._undo.replace(key, issue.undoes, remaining(issue.undoes, passage.done, passage.failed))
        elif passage.done:
            step = step_back(issue.prepared.plan, issue.rollout, passage.done, act_id, self._clock.now(), issue.hurt)
            self._undo.push(key, step)
            return step
        return None

    async def _await_effect(
        self, cluster: Cluster, issue: Preparation, waiting: _Wait, wait: float, counted: Report
    ) -> Outcome:
        """Check each newer view until objects and probe agree with the plan, for at most `wait` seconds.

        `counted` hears how many answers are still missing once the objects agree.
        """
        self._surroundings.follow()
        deadline, plan = self._clock.monotonic() + wait, issue.prepared.plan
        counting: Counting | None = None
        while True:
            newer = self._surroundings.next_view()
            state = await self._agreement(cluster, issue)
            if waiting.over.is_set():
                return Outcome(Stage.UNVERIFIED, f"superseded by: {waiting.by}", plan, superseded=True)
            if state.reached:
                return Outcome(Stage.VERIFIED, f"took effect: {state.words}", plan)
            if state.failed:
                return Outcome(Stage.UNVERIFIED, f"accepted, but {state.words}", plan, failed=True)
            left = deadline - self._clock.monotonic()
            if left <= 0 or self._closing.is_set():
                return await self._time_is_up(cluster, issue, state, wait)
            if state.counting and state.counting != counting:
                counted(Outcome(Stage.SENT, state.words, plan, counting=state.counting))
            counting = state.counting
            await first_of(newer.wait(), self._clock.sleep(left), self._closing.wait(), waiting.over.wait())

    async def _time_is_up(self, cluster: Cluster, issue: Preparation, state: Confirmation, wait: float) -> Outcome:
        """The outcome of an act that objects and probe do not both confirm in time."""
        plan, closing = issue.prepared.plan, self._closing.is_set()
        place = cluster.place(plan)
        if state.unanswered and not closing:
            why = f"accepted and in effect, but after {wait:g} s: {state.words}"
            return Outcome(Stage.UNVERIFIED, why, plan, failed=True)
        words = state.words
        if state.counting:
            lost = await written_back(place, plan)
            if not lost:
                why = f"took effect: verified in the objects; {state.counting}"
                return Outcome(Stage.VERIFIED, why, plan, counting=state.counting)
            words = lost
        until = "before the session ended" if closing else f"within {wait:g} s"
        late = await missed(place, plan) if state.behind and not closing else ""
        return Outcome(Stage.UNVERIFIED, f"accepted, but the effect was not confirmed {until}: {words}{late}", plan)

    async def _agreement(self, cluster: Cluster, issue: Preparation) -> Confirmation:
        plan = issue.prepared.plan
        place = cluster.place(plan)
        if old := cluster.stale(plan.rollout) or away(cluster, place):
            return Confirmation(False, old)
        left = [ref for ref in plan.gone if await self._is_there(place, ref)]
        state = agreement(plan, self._surroundings.shown(plan.rollout), left, issue.rollout)
        lost = await written_back(place, plan) if state.reached else ""
        return Confirmation(False, lost) if lost else state

    async def _is_there(self, cluster: Cluster, ref: Ref) -> bool:
        known = cluster.has(ref)
        if known is not None:
            return known
        try:
            return await read_one(cluster, ref) is not None
        except KubeError:
            return True


def _reported(report: Report, outcome: Outcome) -> Outcome:
    report(outcome)
    return outcome


def tell(report: Callable[[Outcome], None] | None, outcome: Outcome) -> None:
    """Report a stage; a failing callback must not stop the act."""
    try:
        if report:
            report(outcome)
    except Exception:
        log.exception("a stage of an act could not be reported")
