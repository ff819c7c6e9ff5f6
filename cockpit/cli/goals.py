"""What a command waits for, and how the wait ends."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import click
from click.shell_completion import CompletionItem

from cockpit.cli.exit_codes import ExitCode
from cockpit.cli.probe_targets import why_no_target
from cockpit.cli.running import CommandFailed
from cockpit.cli.waiting import require_read
from cockpit.cli.words import health, step_words, waits_for_a_person
from cockpit.model.counts import counted
from cockpit.model.durations import duration_words
from cockpit.model.guard import GuardOrder, GuardState, why_no_release
from cockpit.model.health import Health
from cockpit.model.lazy_re import lazy_re
from cockpit.model.refs import RolloutKey
from cockpit.model.rollout import LOST, Phase, Rollout
from cockpit.model.values import dataclass
from cockpit.model.view import FleetView, RolloutView
from cockpit.session.guarding.evaluate import Seen, Watch, judged, started
from cockpit.session.port import Cockpit

_STEP = lazy_re("step=([1-9][0-9]{0,5})")


class Kind(StrEnum):
    """What can be waited for."""

    WAITING = "waiting"
    HEALTHY = "healthy"
    DONE = "done"
    STEP = "step"


@dataclass(frozen=True, slots=True)
class Goal:
    """`step` is counted from 1; it is set for STEP only."""

    kind: Kind
    step: int = 0

    def __str__(self) -> str:
        """As it is typed."""
        return f"step={self.step}" if self.kind is Kind.STEP else str(self.kind)


class GoalType(click.ParamType[Goal]):
    """One of some goals, as typed: waiting, healthy, done, step=3."""

    name = "goal"

    def __init__(self, *kinds: Kind) -> None:
        self._kinds = kinds
        self.words = ", ".join("step=N" if kind is Kind.STEP else str(kind) for kind in kinds)

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
        """The goals; a step without its number."""
        words = [f"{kind}=" if kind is Kind.STEP else str(kind) for kind in self._kinds]
        return [CompletionItem(word) for word in words if word.startswith(incomplete)]

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Goal:
        """The goal of the words."""
        if isinstance(value, Goal):
            return value
        step = _STEP.fullmatch(value)
        kind = "step" if step else value
        if kind not in self._kinds or (kind == value == Kind.STEP):
            self.fail(f"{value!r} cannot be waited for; write one of {self.words}", param, ctx)
        return Goal(Kind(kind), int(step[1]) if step else 0)


@dataclass(frozen=True, slots=True)
class End:
    """How a wait ended, in one sentence."""

    code: ExitCode
    words: str


class Pursuit:
    """The wait of one rollout for a goal, view by view; the end of a release is the one that a guard sees."""

    def __init__(self, key: RolloutKey, goal: Goal) -> None:
        self._key = key
        self._goal = goal
        self._release: Watch | None = None

    async def begin(self, cockpit: Cockpit, shown: RolloutView) -> None:
        """Measure what has to be measured; raises CommandFailed if it cannot be, or objects were not read."""
        require_read(cockpit.view(), shown)
        if self._goal.kind is Kind.HEALTHY:
            self._require_target(shown)
            await cockpit.probe(self._key, True)

    def look(self, view: FleetView, shown: RolloutView | None) -> End | None:
        """The end, or None while the wait goes on; raises CommandFailed for a rollout that is gone."""
        if shown is None:
            raise CommandFailed(f"{self._key} is gone; nothing is left to wait for")
        if shown.stale:
            return None
        rollout = shown.rollout
        if rollout.phase in LOST:
            why = f": {rollout.message}" if rollout.message else ""
            return self._end(ExitCode.DEGRADED, f"{rollout.phase}{why}")
        if words := self._reached(shown):
            return self._end(ExitCode.FINE, words)
        if self._goal.kind is Kind.HEALTHY:
            self._require_target(shown)
            return None
        return self._ended(view, shown)

    def late(self, shown: RolloutView | None, seconds: float) -> End:
        """The end of a wait of so many seconds; raises CommandFailed if objects could not be read in the end."""
        if shown is None:
            raise CommandFailed(f"{self._key} is gone; nothing is left to wait for")
        begun = f"not {self._goal} after {duration_words(seconds)}"
        if shown.stale:
            raise CommandFailed(f"{self._key}: {begun}: what is known may be old: {shown.stale}", ExitCode.UNREAD)
        now = health(shown.health) if self._goal.kind is Kind.HEALTHY else _where(shown.rollout)
        return self._end(ExitCode.TIMED_OUT, f"{begun}: {now}")

    def _end(self, code: ExitCode, words: str) -> End:
        return End(code, f"{self._key}: {words}")

    def _require_target(self, shown: RolloutView) -> None:
        """As in `verify`: without requests no health is known."""
        if shown.probe.probe_target is None and shown.rollout.probe_target is None:
            raise CommandFailed(f"{self._key}: {why_no_target(shown.rollout)}")

    def _reached(self, shown: RolloutView) -> str:
        """How the goal was reached; "" if it was not."""
        rollout, goal = shown.rollout, self._goal
        match goal.kind:
            case Kind.WAITING if waits_for_a_person(rollout):
                return _where(rollout)
            case Kind.HEALTHY if shown.health.health is Health.FINE:
                return health(shown.health)
            case Kind.DONE if self._release is None and rollout.phase is Phase.AT_REST:
                return why_no_release(rollout)
            case Kind.STEP if rollout.step and rollout.step.index >= goal.step:
                return _where(rollout)
        return ""

    def _ended(self, view: FleetView, shown: RolloutView) -> End | None:
        """What the end of the release means for the goal; None while it goes on, or before it begins."""
        rollout, goal = shown.rollout, self._goal
        if self._release is None:
            if why_no_release(rollout):
                return None
            self._release = started(GuardOrder(()), rollout, 0.0, view.at)
        if rollout.step and rollout.step.count < goal.step:
            return self._end(
                ExitCode.ERROR, f"it has {counted(rollout.step.count, 'step')}, so step {goal.step} never comes"
            )
        self._release = judged(self._release, Seen(shown, "", 0.0, view.at))
        if self._release.state is not GuardState.ENDED:
            return None
        if self._release.aborted:
            return self._end(ExitCode.DEGRADED, "the release was taken back")
        if rollout.phase is not Phase.AT_REST:
            return self._end(ExitCode.SUPERSEDED, self._release.words)
        if goal.kind is Kind.WAITING:
            return self._end(ExitCode.ERROR, f"{self._release.words}, without waiting for approval")
        return self._end(ExitCode.FINE, self._release.words)


def _where(rollout: Rollout) -> str:
    """The phase and the step."""
    return f"{rollout.phase}" + (f", step {step_words(rollout)}" if rollout.step else "")
