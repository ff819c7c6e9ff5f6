"""Which doubts are worth a sentence: chance makes short ones on a healthy rollout, a few in an hour."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from cockpit.cli.waiting import shown_in
from cockpit.model.health import Health
from cockpit.model.rollout import Severity, Verdict

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from cockpit.model.refs import RolloutKey
    from cockpit.model.rollout import Finding, Lane, Rollout
    from cockpit.model.view import FleetView, RolloutView

# Seconds that a doubt has to last. By chance it lasts for some dozens of answers; what is wrong goes on to users that
# are hurt, which is told at once.
LASTING_SECONDS = 60.0
# Warnings that answers raise one by one; all others stand in objects, and come and go with them.
_OF_ANSWERS = frozenset({"split-off", "answers-of-others", "nobody-answers", "errors", "client-errors", "slower"})


class Lasting:
    """Remembers since when each rollout is in doubt."""

    def __init__(self) -> None:
        self._since: dict[RolloutKey, float] = {}

    def told(self, last: FleetView, view: FleetView) -> FleetView:
        """`view` without doubts that have not lasted; `last` is the one that was told before."""
        return replace(view, rollouts=tuple(self._steady(last, each, view.at) for each in view.rollouts))

    def _steady(self, last: FleetView, now: RolloutView, at: float) -> RolloutView:
        key = now.rollout.key
        before = shown_in(last, key)
        if now.health.health is Health.HURT:
            # What else may be wrong comes and goes with every few answers; what is, is told.
            self._since.pop(key, None)
            told = before.rollout.findings if before else ()
            return replace(now, rollout=replace(now.rollout, findings=tuple(_findings(now.rollout, told))))
        if before is None or before.health.health is not Health.FINE or not _doubted_by_answers(now):
            self._since.pop(key, None)
            return now
        since = self._since[key] = min(self._since.get(key, at), at)
        if at - since >= LASTING_SECONDS:
            return now
        rollout = replace(
            now.rollout, lanes=tuple(_lanes(before.rollout, now.rollout)), findings=tuple(_findings(now.rollout))
        )
        return replace(now, rollout=rollout, health=before.health)


def _doubted_by_answers(now: RolloutView) -> bool:
    """Whether it is doubtful, and nothing but answers says so, for which chance may be to blame."""
    certain = any(lane.verdict is Verdict.OFF for lane in now.rollout.lanes)
    doubted = any(map(_is_of_answers, now.rollout.findings)) or any(map(_is_doubtful, now.rollout.lanes))
    others = any(each.severity is Severity.WARNING and not _is_of_answers(each) for each in now.rollout.findings)
    return now.health.health is Health.DOUBTFUL and doubted and not others and not certain


def _is_of_answers(found: Finding) -> bool:
    return found.severity is Severity.WARNING and found.id in _OF_ANSWERS


def _is_doubtful(lane: Lane) -> bool:
    return lane.verdict is Verdict.DOUBTFUL


def _lanes(before: Rollout, now: Rollout) -> Iterator[Lane]:
    earlier = {lane.name: lane.verdict for lane in before.lanes}
    for lane in now.lanes:
        yield replace(lane, verdict=earlier.get(lane.name, lane.verdict)) if _is_doubtful(lane) else lane


def _findings(now: Rollout, told: Collection[Finding] = ()) -> Iterator[Finding]:
    """The findings without doubts, save those that were `told` and are not resolved yet."""
    known = {found.subject for found in told}
    return (found for found in now.findings if not _is_of_answers(found) or found.subject in known)
