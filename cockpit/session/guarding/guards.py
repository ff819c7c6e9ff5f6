"""The guards of a session, one for each rollout at most: judged several times a second, on the session's loop."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any, Protocol

from cockpit.model.armed import ToldGuard
from cockpit.model.clock import Clock
from cockpit.model.finding_order import worst_first
from cockpit.model.guard import FINAL, GuardOrder, GuardState, GuardView, way_words
from cockpit.model.plan import Act, Ask, Plan, Refused
from cockpit.model.refs import RolloutKey
from cockpit.model.rollout import Rollout
from cockpit.model.second import Second
from cockpit.model.text import safe_text
from cockpit.model.values import dataclass
from cockpit.model.view import Outcome, Prepared, RolloutView, Stage
from cockpit.pairing.plan_hash import is_way_back
from cockpit.pairing.second_words import needed
from cockpit.session.acts.conductor import Actor
from cockpit.session.acts.journal_lines import JournalLines
from cockpit.session.acts.surroundings import Surroundings
from cockpit.session.changes import first_of
from cockpit.session.guarding.evaluate import (
    Seen,
    Watch,
    at_its_end,
    judged,
    leads_into_release,
    newcomers,
    started,
    way_back,
    why_not_due,
    why_not_set,
)
from cockpit.session.guarding.findings import guard_findings, until_words
from cockpit.session.guarding.told import guard_words, is_less, told_of

log = logging.getLogger(__name__)

# Four looks a second: an act begins well within a second of its condition.
LOOK_SECONDS = 0.25
# Seconds for which a guard waits until its act is confirmed.
_CONFIRM_SECONDS = 60.0
# Seconds at the end of a session for what a guard still has to write.
_DRAIN_SECONDS = 5.0
# Seconds until a guard that could not act tries again, doubled each time up to the last.
_RETRY, _LONGEST_RETRY = 5.0, 60.0


@dataclass(slots=True)
class _Guard:
    """A guard that is set. `person` is who set it, with the cluster, for the journal; times are UTC seconds."""

    id: str
    watch: Watch
    who: str
    person: str
    since: float
    note: str = ""
    retry: float = _RETRY

    @property
    def armed(self) -> bool:
        return self.watch.order.armed and self.watch.state not in FINAL

    @property
    def itself(self) -> str:
        """Who acts, for the journal, when the guard does."""
        return f"guard of {self.person}"


class GuardSurroundings(Surroundings, Protocol):
    """What guards need from a session: the way of a person's act, and the probe."""

    async def prepare(self, key: RolloutKey, ask: Ask) -> Prepared | Refused: ...

    async def send_as(
        self, who: Actor, prepared: Prepared, wait: float, report: Callable[[Outcome], None]
    ) -> Outcome: ...

    async def probe(self, key: RolloutKey, running: bool, by_guard: bool = False) -> None: ...


class Guards:
    """Sets, judges and ends guards."""

    def __init__(self, surroundings: GuardSurroundings, clock: Clock, logbook: JournalLines) -> None:
        self._surroundings = surroundings
        self._clock = clock
        self._logbook = logbook
        self._guards: dict[RolloutKey, _Guard] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._watching = asyncio.Event()  # set while there is a guard to judge
        self._stopped = False
        self._due, self._missed = math.inf, 0.0  # when a look that is waited for is due; how late the last one came
        self._listener: Callable[[], None] = lambda: None

    async def run(self) -> None:
        """Judge the guards until cancelled."""
        while True:
            await self._watching.wait()
            for key in self._live():
                self._surroundings.touch(key)
            await self._surroundings.refresh()
            self.look()
            self._due = self._clock.monotonic() + LOOK_SECONDS
            await self._clock.sleep(LOOK_SECONDS)
            self._missed, self._due = self._clock.monotonic() - self._due, math.inf

    def listen(self, listener: Callable[[], None]) -> None:
        """Call `listener` whenever other guards may be armed than before."""
        self._listener = listener

    def armed(self) -> list[ToldGuard]:
        """What others are told of the armed guards."""
        guards = ((key, each) for key, each in self._guards.items() if each.armed)
        return [told_of(each.id, key, each.watch, each.since) for key, each in guards]

    async def order(self, key: RolloutKey, order: GuardOrder | None) -> str:
        """See `Cockpit.guard`."""
        old, now = self._guards.get(key), self._clock.now()
        if old and old.armed and self._held(key) and is_less(order, old.watch.order, old.watch.until, now):
            return f"{key}: {needed(key, frozenset({Second.DISARM}))}; or quit: a guard ends with its session"
        if order is None:
            return await self.disarm(key)
        shown, cluster = self._surroundings.shown(key), self._surroundings.cluster(key.context)
        if shown is None or cluster is None:
            return f"no rollout {key} to guard: it may have been deleted; refresh the list"
        if why := why_not_set(order, shown.rollout, cluster.sender.read_only):
            return f"no guard was set on {key}: {why}"
        watch = started(order, shown.rollout, self._clock.monotonic(), now)
        guard = _Guard(self._logbook.new_id(), watch, cluster.api.user, cluster.user_at_context, now)
        before, self._guards[key] = self._guards.get(key), guard
        if not order.armed:
            await self._disarmed(key, before)
        await self._surroundings.probe(key, True, by_guard=True)
        if order.armed:
            title = f"guard armed {until_words(watch.until)}"
            await self._journal(key, guard, title, guard_words(order), guard.person)
        self._changed(key)
        await self._surroundings.refresh()
        return ""

    async def disarm(self, key: RolloutKey) -> str:
        """Take the guard of a rollout away: nobody else has to be asked, or somebody was."""
        await self._disarmed(key, self._guards.pop(key, None))
        self._changed(key)
        return ""

    def _held(self, key: RolloutKey) -> bool:
        """Whether nobody takes an armed guard away without a second person."""
        cluster = self._surroundings.cluster(key.context)
        return cluster is not None and cluster.second.holds(Second.DISARM)

    async def _disarmed(self, key: RolloutKey, guard: _Guard | None) -> None:
        """Note that a person took an armed guard away."""
        if guard and guard.armed:
            await self._journal(key, guard, "guard disarmed", "by hand", guard.person)

    def view(self, key: RolloutKey, rollout: Rollout) -> GuardView | None:
        guard = self._guards.get(key)
        if guard is None:
            return None
        watch, way = guard.watch, way_back(rollout.acts)
        if watch.state is GuardState.ACTED and newcomers(watch, rollout):
            return None  # that was another release
        return GuardView(
            order=watch.order,
            who=safe_text(guard.who, 100),
            since=guard.since,
            until=watch.until,
            state=watch.state,
            words=safe_text(watch.words, 500),
            way=way.act if way.enabled else None,
            rings=watch.rings,
            note=guard.note,
            aborted=watch.aborted,
            timed_out=watch.timed_out,
            id=guard.id,
        )

    def shown(self, view: RolloutView) -> RolloutView:
        """A rollout's view with its guard. Findings about a guard are not part of the health that it looks at."""
        guard = self.view(view.rollout.key, view.rollout)
        if guard is None:
            return view
        findings = worst_first(guard_findings(guard), view.rollout.findings)
        return replace(view, guard=guard, rollout=replace(view.rollout, findings=findings))

    def heeding(self, plan: Plan, report: Callable[[Outcome], None]) -> Callable[[Outcome], None]:
        """`report`, so that a person's act disarms the guard of its rollout once it is being sent.

        Where that needs a second person, only the way back does, because it does what the guard is there for.
        """

        def told(outcome: Outcome) -> None:
            if outcome.stage is Stage.SENDING and (is_way_back(plan) or not self._held(plan.rollout)):
                self._by_hand(plan.rollout, plan.title)
            report(outcome)

        return told

    def _by_hand(self, key: RolloutKey, title: str) -> None:
        guard = self._guards.get(key)
        if guard is None or not guard.armed:
            return
        guard.note = safe_text(f"the guard was disarmed by an act by hand: {title}", 300)
        state = GuardState.WATCHING if guard.watch.state is GuardState.ACTING else guard.watch.state
        guard.watch = replace(guard.watch, order=replace(guard.watch.order, armed=False), state=state)
        self._changed(key)
        self._spawn(self._journal(key, guard, "guard disarmed", f"by an act by hand: {title}", guard.person))

    def look(self) -> None:
        """Judge every guard by the latest view."""
        if self._stopped:
            return
        for key in self._live():
            guard = self._guards[key]
            try:
                after = judged(guard.watch, self._seen(key))
            except Exception as error:
                log.exception("the guard of %s failed", key)
                what = safe_text(f"{type(error).__name__}: {error}")
                after = guard.watch.into(GuardState.FAILED, f"internal error: {what}")
            if after == guard.watch:
                continue
            state_changed, guard.watch = after.state is not guard.watch.state, after
            if not state_changed:
                continue
            self._changed(key)
            if after.state is GuardState.ACTING:
                self._spawn(self._act(key, guard, after.words))
            elif after.state in FINAL and after.order.armed:
                title = "guard acted" if after.state is GuardState.ACTED else "armed guard ended"
                self._spawn(self._journal(key, guard, title, after.words))
            elif after.state is GuardState.WATCHING:
                guard.retry = _RETRY
        self._missed = 0.0

    def stop(self) -> None:
        """Judge and send nothing more; acts that are being sent go on."""
        self._stopped = True

    async def close(self) -> None:
        """End: the journal says that nothing guards any more."""
        if self._tasks:
            await first_of(asyncio.wait(list(self._tasks)), self._clock.sleep(_DRAIN_SECONDS))
        for task in list(self._tasks):
            task.cancel()
        for key in self._live():
            guard = self._guards[key]
            if guard.armed:
                await self._journal(key, guard, "armed guard ended", "the session that held it has ended")
        self._guards.clear()
        self._listener()

    async def _act(self, key: RolloutKey, guard: _Guard, evidence: str) -> None:
        """Take the way back: plan, check, send and confirm it as a person's act."""
        try:
            await self._take_way_back(key, guard, evidence)
        except Exception as error:
            log.exception("the guard of %s could not act", key)
            what = safe_text(f"{type(error).__name__}: {error}")
            await self._could_not(key, guard, f"this is a bug: {what}")

    async def _take_way_back(self, key: RolloutKey, guard: _Guard, evidence: str) -> None:
        shown = self._surroundings.shown(key)
        way = way_back(shown.rollout.acts if shown else ())
        if not way.enabled:
            await self._could_not(key, guard, f"{way.why}; its condition: {evidence}")
            return
        if guard.retry == _RETRY:
            await self._journal(key, guard, f"guard acts: {way_words(way.act)}", evidence)
        prepared = await self._surroundings.prepare(key, Ask(way.act))
        blocked = prepared.why if isinstance(prepared, Refused) else prepared.blocked
        # While it was planned, the release may have become another one.
        await self._surroundings.refresh()
        if await self._over(key, guard) or not self._acts(key, guard):
            return
        if isinstance(prepared, Refused) or blocked:
            await self._could_not(key, guard, f"{way_words(way.act)} was refused: {blocked}")
            return
        shown = self._surroundings.shown(key)
        if shown and (forward := leads_into_release(guard.watch, prepared.plan, shown.rollout)):
            await self._could_not(key, guard, f"nothing was sent: {forward}")
            return
        actor = Actor(guard.itself, lambda: self._why_not_sent(key, guard), evidence)
        outcome = await self._surroundings.send_as(actor, prepared, _CONFIRM_SECONDS, lambda _: None)
        if outcome.stage is not Stage.REFUSED:
            await self._sent(key, guard, way.act, evidence, outcome)
        elif not await self._over(key, guard):
            await self._could_not(key, guard, outcome.why)

    def _why_not_sent(self, key: RolloutKey, guard: _Guard) -> str:
        """Why nothing is to be sent any more; "" while the guard is armed, and its release goes on and hurts."""
        seen = self._seen(key)
        if ended := at_its_end(guard.watch, seen):
            return ended.words
        if not self._acts(key, guard):
            return "the guard was taken away or disarmed"
        return why_not_due(guard.watch, seen)

    async def _over(self, key: RolloutKey, guard: _Guard) -> bool:
        """End the guard if its release has ended; returns whether it has."""
        ended = at_its_end(guard.watch, self._seen(key))
        if ended is None or not self._acts(key, guard):
            return False
        guard.watch = ended
        self._changed(key)
        await self._journal(key, guard, "armed guard ended", ended.words)
        return True

    async def _sent(self, key: RolloutKey, guard: _Guard, way: Act, evidence: str, outcome: Outcome) -> None:
        """It acted if that is confirmed, or if the release has ended; otherwise it says so and tries again."""
        words = f"{way_words(way)}, because {evidence}. {_ended(outcome)}"
        taken_over = not guard.watch.order.armed or self._guards.get(key) is not guard
        if not taken_over and outcome.stage is Stage.VERIFIED:
            guard.watch = guard.watch.into(GuardState.ACTED, words)
        elif not taken_over:
            guard.watch = replace(guard.watch, sent=words)
            ended = at_its_end(guard.watch, self._seen(key))
            if ended and ended.state is GuardState.ACTED:
                guard.watch = ended
            elif not self._stopped:
                await self._could_not(key, guard, words)
                return
        self._changed(key)
        await self._journal(key, guard, f"guard acted: {way_words(way)}", words)

    async def _could_not(self, key: RolloutKey, guard: _Guard, why: str) -> None:
        """It did not go back: say so, and try again in a while if the condition still holds."""
        if not self._acts(key, guard):
            return
        first = guard.retry == _RETRY
        guard.watch = replace(guard.watch, retry_at=self._clock.monotonic() + guard.retry)
        guard.watch = guard.watch.into(GuardState.FAILED, why)
        guard.retry = min(guard.retry * 2, _LONGEST_RETRY)
        self._changed(key)
        if first:
            await self._journal(key, guard, "guard could not act", why)

    def _acts(self, key: RolloutKey, guard: _Guard) -> bool:
        """Whether this guard is still set, armed and about to act."""
        current = self._guards.get(key) is guard
        return current and not self._stopped and guard.watch.order.armed and guard.watch.state is GuardState.ACTING

    def _live(self) -> list[RolloutKey]:
        return [key for key, guard in self._guards.items() if guard.watch.state not in FINAL]

    def _seen(self, key: RolloutKey) -> Seen:
        cluster = self._surroundings.cluster(key.context)
        stale = cluster.stale(key) if cluster else "its cluster is not read any more"
        view = self._surroundings.shown(key)
        became, at = None if view else self._surroundings.became(key), self._clock.monotonic()
        return Seen(view, stale, at, self._clock.now(), became, max(self._missed, at - self._due))

    def _changed(self, key: RolloutKey) -> None:
        self._listener()
        if self._live():
            self._watching.set()
        else:
            self._watching.clear()
        if key not in self._live() and not self._stopped:
            self._spawn(self._surroundings.probe(key, False, by_guard=True))
        self._surroundings.touch(key)

    async def _journal(self, key: RolloutKey, guard: _Guard, title: str, why: str, by: str = "") -> None:
        await self._logbook.remark(by or guard.itself, key, "guard", title, why)
        self._surroundings.touch(key)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        async def logged() -> None:
            try:
                await work
            except Exception:
                log.exception("a guard failed")

        task = asyncio.ensure_future(logged())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _ended(outcome: Outcome) -> str:
    words = {Stage.VERIFIED: "Verified", Stage.UNKNOWN: "It is not known whether it took effect"}
    return f"{words.get(outcome.stage, 'Sent, not confirmed')}: {outcome.why}"
