"""The probes of a session: one per sampled rollout, all within one budget."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Protocol

from cockpit.model.clock import Clock
from cockpit.model.guard import FINAL
from cockpit.model.health import Health
from cockpit.model.probe_answer import Answer
from cockpit.model.probe_target import PROXIED_RATE, PROXIED_TOGETHER, ProbeTarget
from cockpit.model.refs import RolloutKey
from cockpit.model.rollout import Lane, Rollout, Version
from cockpit.model.sampling import SampleScope
from cockpit.model.text import safe_text
from cockpit.model.values import dataclass
from cockpit.model.view import ProbeView, RolloutView
from cockpit.session.facts.assemble import IDLE
from cockpit.session.probing.judged import why_not_judged
from cockpit.session.probing.turns import NO_TURNS, Rank, Wish, limited_together, share_budget

# Why nothing is sent, by what is sampled.
_IDLE = {
    SampleScope.UNDECIDED: "nobody decided yet what to sample: press o to sample it, or :sample for all",
    SampleScope.MOVING: "only what moves is sampled: press o to sample it",
}
_WAITS = "waits for its turn to be sampled"

log = logging.getLogger(__name__)


class Sampling(Protocol):
    """The part of `probe.Probe` that a session uses."""

    def set_target(
        self, probe_target: ProbeTarget | None, lanes: tuple[Lane, ...], versions: tuple[Version, ...], epoch: str
    ) -> None: ...

    def start(self) -> None: ...

    def stop(self) -> None: ...

    def set_rate(self, rate: float, *, first: bool = False) -> None: ...

    @property
    def doubtful(self) -> bool: ...

    def receive(self, receiving: bool) -> None: ...

    def take(self, answer: Answer, headers: tuple[tuple[str, str], ...], ago: float) -> None: ...

    async def run(self) -> None: ...

    def lanes(self) -> tuple[Lane, ...]: ...

    def view(self) -> ProbeView: ...


@dataclass(frozen=True, slots=True)
class Inside:
    """A probe whose requests pods of the cluster send: where to, who sends in words, how it is going, and whether it
    is over."""

    probe_target: ProbeTarget
    source: str
    state: str = ""
    over: bool = False


@dataclass(slots=True)
class _Sampled:
    probe: Sampling
    task: asyncio.Task[None]
    target_set: tuple[object, ...] = ()
    failure: str = ""
    pace: tuple[float, bool] = (0.0, False)  # requests per second, and whether it comes first


class Probes:
    """Starts, points, paces and stops probes. `rate` is answers per second of each one unless asked otherwise, `budget`
    of all together.

    A rollout is sampled if somebody asked for it, or else if `scope` of its context says so. A probe belongs to a
    rollout: it stops when the rollout disappears and starts again when it is back. `on_change` is called when a probe's
    state changes on its own.
    Those that go through one API server share what may be sent through it (`PROXIED_TOGETHER`).
    While pods of the cluster send the requests of a rollout, nothing is sent to it from here; what they saw stays
    visible until it is sampled from here again.
    """

    def __init__(
        self,
        make: Callable[[], Sampling],
        clock: Clock,
        *,
        rate: float,
        budget: float,
        scope: Callable[[str], SampleScope],
        on_change: Callable[[], None],
    ) -> None:
        self._make = make
        self._clock = clock
        self._rate, self._budget = rate, budget
        self._scope = scope
        self._on_change = on_change
        self._sampled: dict[RolloutKey, _Sampled] = {}
        self._chosen: dict[RolloutKey, ProbeTarget] = {}
        self._notes: dict[RolloutKey, str] = {}
        self._rates: dict[RolloutKey, float] = {}
        self._asked: dict[RolloutKey, bool] = {}
        self._guarded: set[RolloutKey] = set()
        self._selected: frozenset[RolloutKey] = frozenset()
        self._inside: dict[RolloutKey, Inside] = {}
        self._acted_on: set[RolloutKey] = set()
        self._waiting: frozenset[RolloutKey] = frozenset()
        self._turns = NO_TURNS
        self.running = asyncio.Event()  # set while at least one probe runs
        self.resting = asyncio.Event()  # set while at least one probe has stopped: what it saw gets older

    def choose(
        self, key: RolloutKey, probe_target: ProbeTarget | None, rate: float | None = None, note: str = ""
    ) -> None:
        """Set a rollout's probe target; None: derived. `note` is shown to the user, such as a missing header."""
        if probe_target is None:
            self._chosen.pop(key, None)
        else:
            self._chosen[key] = probe_target
        self._notes[key] = note
        if rate is not None:
            self._rates[key] = rate
        sampled = self._sampled.get(key)
        if sampled:
            sampled.target_set = ()

    def ask(self, key: RolloutKey, running: bool, by_guard: bool = False) -> None:
        """Sample this rollout, or do not, whatever is decided for its context; results stay visible.

        A guard asks for as long as it needs the answers: its ask leaves no trace, and a person's later one ends it.
        """
        self._guarded.discard(key)
        if not by_guard:
            self._asked[key] = running
        elif running:
            self._guarded.add(key)
        sampled = self._sampled.get(key)
        if running and sampled is not None and sampled.task.done():
            # It failed: a new one starts afresh.
            del self._sampled[key]

    def inside(self, rollout: Rollout, inside: Inside) -> Callable[[Answer, tuple[tuple[str, str], ...], float], None]:
        """Say that pods send the requests of a rollout, how that goes, or that it is over; takes their answers."""
        key = rollout.key
        self._inside[key] = inside
        sampled = self._sampled.get(key) or self._open(key)
        self._aim(sampled, rollout)
        sampled.probe.receive(not inside.over)
        self._count()
        return sampled.probe.take

    def forget_asked(self, contexts: Collection[str]) -> None:
        """Let what is decided for these contexts hold for all of their rollouts."""
        self._asked = {key: running for key, running in self._asked.items() if key.context not in contexts}
        self._guarded = {key for key in self._guarded if key.context not in contexts}

    def asked_for(self) -> list[RolloutKey]:
        """The rollouts that somebody, or a guard, asked to sample."""
        return [*self._guarded, *(key for key, running in self._asked.items() if running)]

    def select(self, keys: Collection[RolloutKey]) -> None:
        """The rollouts that somebody looks at: they come first."""
        self._selected = frozenset(keys)

    @contextmanager
    def acting(self, key: RolloutKey) -> Iterator[None]:
        """While an act is sent and its effect is waited for, the rollout moves, whatever its objects say yet."""
        self._acted_on.add(key)
        try:
            yield
        finally:
            self._acted_on.discard(key)

    def plan(self, views: Iterable[RolloutView], find: Callable[[RolloutKey], Rollout | None]) -> set[RolloutKey]:
        """Share the budget between the rollouts to be sampled; returns those that start, stop or begin to wait."""
        scopes: dict[str, SampleScope] = {}
        wanted = [view for view in views if self._wanted(view, scopes)]
        for view in wanted:
            if self._inside.pop(view.rollout.key, None) and (sampled := self._sampled.get(view.rollout.key)):
                self._aim(sampled, view.rollout)
        wishes = [self._wish(view) for view in wanted]
        rates, self._turns = share_budget(wishes, self._budget, self._turns, self._clock.monotonic())
        rates |= limited_together(wishes, rates, PROXIED_TOGETHER)
        before, self._waiting = self._waiting, frozenset(key for key, rate in rates.items() if not rate)
        changed = set(before ^ self._waiting)
        for key in self._sampled.keys() - rates.keys():
            rates[key] = 0.0
        for key, rate in rates.items():
            if self._pace(key, rate, find):
                changed.add(key)
        self._count()
        return changed

    def follow(self, find: Callable[[RolloutKey], Rollout | None]) -> set[RolloutKey]:
        """Point every probe at its rollout's current state from `find`.

        Returns the keys of the rollouts that are sampled now.
        """
        for key, sampled in list(self._sampled.items()):
            rollout = find(key)
            if rollout:
                self._aim(sampled, rollout)
                continue
            del self._sampled[key]
            self._inside.pop(key, None)
            sampled.probe.stop()
            sampled.task.cancel()
        self._count()
        return self._sampled.keys() - self.silent()

    def silent(self) -> set[RolloutKey]:
        """The rollouts that were sampled and are not now: what is known of them gets older."""
        return {key for key, sampled in self._sampled.items() if not sampled.pace[0] and not self._receives(key)}

    def seen(self, rollout: Rollout) -> tuple[tuple[Lane, ...], ProbeView]:
        """The rollout's lanes with what was observed, and its probe."""
        key, probe_target = rollout.key, self._target(rollout)
        sampled = self._sampled.get(key)
        note, idle = self._notes.get(key, "") or why_not_judged(rollout, probe_target), self._idle(key)
        rate = self._asked_rate(key, probe_target)
        if sampled is None:
            return rollout.lanes, replace(IDLE, probe_target=probe_target, asked_rate=rate, message=note, idle=idle)
        view = sampled.probe.view()
        view = replace(view, asked_rate=rate, idle="" if view.running else idle)
        if inside := self._inside.get(key):
            words = inside.state if inside.over or not view.message else view.message
            view = replace(view, source=inside.source, message=words, idle="")
        if sampled.failure:
            view = replace(view, running=False, message=sampled.failure)
        elif note and not view.message:
            view = replace(view, message=note)
        return rollout.lanes if why_not_judged(rollout, probe_target) else sampled.probe.lanes(), view

    async def close(self) -> None:
        """End all probes."""
        tasks = [sampled.task for sampled in self._sampled.values()]
        for sampled in self._sampled.values():
            sampled.probe.stop()
            sampled.task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._sampled.clear()

    def _wanted(self, view: RolloutView, scopes: dict[str, SampleScope]) -> bool:
        """Whether it is to be sampled; `scopes` are those that were looked up for others."""
        key = view.rollout.key
        # Asked for each of many rollouts: most often nobody asked for any, and nothing is acted on.
        if (self._guarded or self._asked) and (key in self._guarded or key in self._asked):
            wanted = key in self._guarded or self._asked[key]
        else:
            if key.context not in scopes:
                scopes[key.context] = self._scope(key.context)
            scope = scopes[key.context]
            wanted = scope is SampleScope.ALL or (scope is SampleScope.MOVING and self._urgent(view))
        if not wanted or (self._chosen.get(key) or view.rollout.probe_target) is None:
            return False
        sampled = self._sampled.get(key)
        return not self._receives(key) and (sampled is None or not sampled.failure)

    def _urgent(self, view: RolloutView) -> bool:
        return view.urgent or (bool(self._acted_on) and view.rollout.key in self._acted_on)

    def _wish(self, view: RolloutView) -> Wish:
        key = view.rollout.key
        sampled = self._sampled.get(key)
        target = self._target(view.rollout)
        through = target.service.context if target and target.service else ""
        doubtful = sampled is not None and sampled.probe.doubtful
        rank = Rank.URGENT if doubtful or self._urgent(view) else Rank.RESTING
        if view.guard and view.guard.state not in FINAL:
            rank = Rank.GUARDED
        return Wish(
            key,
            Rank.SELECTED if key in self._selected else rank,
            self._asked_rate(key, target),
            doubtful=doubtful and not through,
            decided=view.health.health is Health.FINE,
            answers=view.probe.strip_total,
            through=through,
        )

    def _pace(self, key: RolloutKey, rate: float, find: Callable[[RolloutKey], Rollout | None]) -> bool:
        """Send at this rate, 0 for nothing; returns whether that starts or stops the probe."""
        sampled, rollout = self._sampled.get(key), find(key)
        if sampled is None and rate and rollout:
            sampled = self._open(key)
        pace = (rate, key in self._selected)
        if sampled is None or rollout is None or sampled.pace == pace:
            return False
        before, sampled.pace = sampled.pace, pace
        if not rate:
            sampled.probe.stop()
            return True
        sampled.probe.set_rate(rate, first=pace[1])
        if before[0]:
            return False
        self._aim(sampled, rollout)
        sampled.probe.start()
        return True

    def _open(self, key: RolloutKey) -> _Sampled:
        probe = self._make()
        sampled = self._sampled[key] = _Sampled(probe, asyncio.ensure_future(probe.run()))
        sampled.task.add_done_callback(lambda task: self._ended(key, task))
        return sampled

    def _receives(self, key: RolloutKey) -> bool:
        """Whether pods of the cluster send the requests of this rollout."""
        inside = self._inside.get(key)
        return inside is not None and not inside.over

    def _idle(self, key: RolloutKey) -> str:
        """Why nothing is sent to this rollout, if nobody stopped its probe."""
        if key in self._waiting:
            return _WAITS
        return "" if key in self._asked or key in self._guarded else _IDLE.get(self._scope(key.context), "")

    def _aim(self, sampled: _Sampled, rollout: Rollout) -> None:
        target = self._target(rollout)
        # Without lanes the probe samples the Service and judges no split.
        lanes = () if why_not_judged(rollout, target) else rollout.lanes
        target_set = (target, lanes, rollout.versions, rollout.epoch)
        if sampled.target_set != target_set:
            sampled.target_set = target_set
            sampled.probe.set_target(*target_set)

    def _target(self, rollout: Rollout) -> ProbeTarget | None:
        if inside := self._inside.get(rollout.key):
            return inside.probe_target
        return self._chosen.get(rollout.key) or rollout.probe_target

    def _asked_rate(self, key: RolloutKey, target: ProbeTarget | None) -> float:
        asked = self._rates.get(key, self._rate)
        return min(asked, PROXIED_RATE) if target and target.service else asked

    def _ended(self, key: RolloutKey, task: asyncio.Task[None]) -> None:
        if task.cancelled():
            return
        error = task.exception()
        sampled = self._sampled.get(key)
        if error and sampled and sampled.task is task:
            log.error("the probe of %s failed", key, exc_info=error)
            sampled.failure = safe_text(f"internal error of the probe: {type(error).__name__}: {error}")
            self._count()
            self._on_change()

    def _count(self) -> None:
        running = [
            (s.pace[0] > 0 or self._receives(key)) and not s.failure and s.probe.view().running
            for key, s in self._sampled.items()
        ]
        for event, holds in ((self.running, any(running)), (self.resting, not all(running))):
            if holds:
                event.set()
            else:
                event.clear()
