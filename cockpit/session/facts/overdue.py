"""Since when each rollout waits for a controller, and when that has taken too long.

A slow controller takes seconds, and a new leader half a minute: after a minute somebody has to look.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Set
from dataclasses import replace

from cockpit.model.ages import seconds_since_epoch, utc_time
from cockpit.model.awaited import Awaited
from cockpit.model.clock import Clock
from cockpit.model.reasons import in_vain
from cockpit.model.refs import RolloutKey
from cockpit.model.rollout import Finding, Rollout
from cockpit.model.values import dataclass
from cockpit.session.facts.unready import dues
from cockpit.systems.progress_findings import not_observed

# Seconds that a controller may take; how long a Lease of a lost leader lasts, and the election, are well within.
PATIENCE = 60.0
# Seconds between two looks at those that wait, at least and at most.
_LEAST, _LOOK = 0.5, 15.0


@dataclass(frozen=True, slots=True)
class _Wait:
    """Seen at `at` (UTC) and `since` (monotonic seconds) first. `found`: it was so when its rollout was first read.

    `began` is when the wait began (UTC), `told` whether it has taken too long.
    """

    at: float
    since: float
    found: bool
    began: float = 0.0
    told: bool = False


class Overdue:
    """Remembers what rollouts wait for; `touch` asks for a rollout to be looked at again."""

    def __init__(
        self, clock: Clock, touch: Callable[[RolloutKey], None], ahead: Callable[[RolloutKey], float] = lambda key: 0.0
    ) -> None:
        """`ahead` is by how many seconds this machine's clock is ahead of that of a rollout's API server."""
        self._clock = clock
        self._ahead = ahead
        self._touch = touch
        self._waits: dict[RolloutKey, dict[tuple[str, ...], _Wait]] = {}
        self._pods: dict[RolloutKey, float] = {}
        self._seen: set[RolloutKey] = set()
        self._waiting = asyncio.Event()

    def told(self, rollout: Rollout, stale: str) -> Rollout:
        """The rollout with a warning for what its controllers have not done for too long.

        While its data is `stale` nothing becomes overdue, and what waits begins to wait anew: the controllers may have
        been cut off too.
        """
        key, before = rollout.key, self._waits.pop(rollout.key, {})
        self._remember_pods(rollout)
        if not rollout.awaited:
            if not stale:
                self._seen.add(key)
            return rollout
        waits: dict[tuple[str, ...], _Wait] = {}
        found = []
        silent = {subject[0]: wait for subject, wait in before.items() if wait.told}
        for awaited in rollout.awaited:
            # One more act brings a controller that is silent no more time.
            wait = before.get(awaited.subject) or silent.get(awaited.what)
            if stale and not (wait and wait.told):
                continue
            wait = wait or _Wait(self._clock.now(), self._clock.monotonic(), key not in self._seen)
            # Since then it has done nothing, whatever was changed later.
            wait = wait if wait.told else replace(wait, began=_began(awaited, wait, self._ahead(key)))
            wait = replace(wait, told=wait.told or self._lasts(wait) >= PATIENCE)
            waits[awaited.subject] = wait
            if wait.told:
                found.append(not_observed(awaited, overdue=f"since {utc_time(wait.began)}"))
        if not stale:
            self._seen.add(key)
        if waits:
            self._waits[key] = waits
        if not all(wait.told for wait in waits.values()):
            self._waiting.set()
        return _with(rollout, found) if found else rollout

    def ahead(self, rollout: Rollout) -> float:
        """By how many seconds this machine's clock is ahead of the API server's; 0 where no pod waits."""
        return self._ahead(rollout.key) if any(dues(rollout)) else 0.0

    def _remember_pods(self, rollout: Rollout) -> None:
        """When pods that are not ready by then have waited for longer than usual, by this machine's clock."""
        now, ahead = self._clock.now(), self.ahead(rollout)
        if coming := [when + ahead for when in dues(rollout) if when + ahead > now]:
            self._pods[rollout.key] = min(coming)
            self._waiting.set()
        else:
            self._pods.pop(rollout.key, None)

    def left(self, keys: Set[RolloutKey]) -> None:
        """Forget rollouts that are no more: another one with the same key waits for something else."""
        for key in keys:
            self._waits.pop(key, None)
            self._pods.pop(key, None)
        self._seen.difference_update(keys)

    def _lasts(self, wait: _Wait) -> float:
        """For how many seconds it has waited; the monotonic clock stands still while the machine sleeps."""
        if wait.began == wait.at:
            return self._clock.monotonic() - wait.since
        return self._clock.now() - wait.began

    async def run(self) -> None:
        """Look again at rollouts that wait, until cancelled: nothing happens to them that would be noticed."""
        while True:
            await self._waiting.wait()
            self._waiting.clear()
            await self._clock.sleep(min(self._next(), _LOOK))
            for key, waits in list(self._waits.items()):
                if not all(wait.told for wait in waits.values()):
                    self._touch(key)
            for key, when in list(self._pods.items()):
                if when <= self._clock.now():
                    del self._pods[key]
                    self._touch(key)
            if self._pods:
                self._waiting.set()

    def _next(self) -> float:
        """Seconds until one of them has waited too long."""
        waits = (wait for waits in self._waits.values() for wait in waits.values() if not wait.told)
        now = self._clock.now()
        left = [*(PATIENCE - self._lasts(wait) for wait in waits), *(when - now for when in self._pods.values())]
        return max(min(left, default=0.0), _LEAST)


def _began(awaited: Awaited, wait: _Wait, ahead: float) -> float:
    """When the wait began (UTC seconds of this machine): by what the objects say where this session did not see it
    begin."""
    said = seconds_since_epoch(awaited.since)
    said = said if said is None else said + ahead
    return wait.at if said is None or (said <= wait.at and not wait.found) else said


def _with(rollout: Rollout, found: list[Finding]) -> Rollout:
    """The rollout with these warnings instead of the notes of its adapter that it may take a moment."""
    others = tuple(each for each in rollout.findings if each.id != "not-observed")
    overdue = replace(rollout, findings=(*found, *others))
    acts = tuple(replace(act, why=in_vain(act.why, overdue)) for act in rollout.acts)
    return replace(overdue, acts=acts)
