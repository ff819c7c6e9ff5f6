"""The probes of a session: one for each rollout that somebody asked to sample."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from cockpit.model.door import Door
from cockpit.model.refs import RolloutKey
from cockpit.model.rollout import Lane, Rollout, Version
from cockpit.model.text import safe_text
from cockpit.model.view import ProbeView
from cockpit.session.assemble import IDLE

log = logging.getLogger(__name__)


class Sampling(Protocol):
    """What a session needs of `probe.Probe`."""

    def aim(self, door: Door | None, lanes: tuple[Lane, ...], versions: tuple[Version, ...], epoch: str) -> None: ...

    def start(self) -> None: ...

    def stop(self) -> None: ...

    def set_rate(self, rate: float) -> None: ...

    async def run(self) -> None: ...

    def lanes(self) -> tuple[Lane, ...]: ...

    def view(self) -> ProbeView: ...


@dataclass(slots=True)
class _Sampled:
    probe: Sampling
    task: asyncio.Task[None]
    aimed: tuple[object, ...] = ()
    failure: str = ""


class Probes:
    """Starts, aims and stops probes. `rate` is answers per second of each one unless asked otherwise.

    A probe belongs to a rollout: where that disappears, it ends, and begins anew when it is back. `on_change`
    is called when a probe's state changes by itself.
    """

    def __init__(self, make: Callable[[], Sampling], rate: float, on_change: Callable[[], None]) -> None:
        self._make = make
        self._rate = rate
        self._on_change = on_change
        self._sampled: dict[RolloutKey, _Sampled] = {}
        self._chosen: dict[RolloutKey, Door] = {}
        self._notes: dict[RolloutKey, str] = {}
        self._rates: dict[RolloutKey, float] = {}
        self._wanted: set[RolloutKey] = set()
        self.running = asyncio.Event()  # set while at least one samples

    def choose(self, key: RolloutKey, door: Door | None, rate: float | None = None, note: str = "") -> None:
        """Where a rollout's probe sends; None: as derived. `note` is for people, such as a header that is missing."""
        if door is None:
            self._chosen.pop(key, None)
        else:
            self._chosen[key] = door
        self._notes[key] = note
        if rate is not None:
            self._rates[key] = rate
        sampled = self._sampled.get(key)
        if sampled:
            sampled.aimed = ()
            sampled.probe.set_rate(self._rates.get(key, self._rate))

    def start(self, rollout: Rollout) -> None:
        self._wanted.add(rollout.key)
        sampled = self._sampled.get(rollout.key)
        if sampled is None or sampled.task.done():
            probe = self._make()
            probe.set_rate(self._rates.get(rollout.key, self._rate))
            sampled = _Sampled(probe, asyncio.ensure_future(probe.run()))
            sampled.task.add_done_callback(lambda task: self._ended(rollout.key, task))
            self._sampled[rollout.key] = sampled
        self._aim(sampled, rollout)
        sampled.probe.start()
        self._count()

    def stop(self, key: RolloutKey) -> None:
        """Stop sampling; what was seen stays to be looked at."""
        self._wanted.discard(key)
        sampled = self._sampled.get(key)
        if sampled:
            sampled.probe.stop()
        self._count()

    def follow(self, find: Callable[[RolloutKey], Rollout | None]) -> set[RolloutKey]:
        """Aim every probe at its rollout as `find` has it now; the keys of all that have a probe."""
        for key, sampled in list(self._sampled.items()):
            rollout = find(key)
            if rollout:
                self._aim(sampled, rollout)
                continue
            del self._sampled[key]
            sampled.probe.stop()
            sampled.task.cancel()
        for key in self._wanted - self._sampled.keys():
            rollout = find(key)
            if rollout:
                self.start(rollout)
        self._count()
        return set(self._sampled)

    def seen(self, rollout: Rollout) -> tuple[tuple[Lane, ...], ProbeView]:
        """The rollout's lanes with what was observed, and its probe."""
        sampled = self._sampled.get(rollout.key)
        door = self._chosen.get(rollout.key) or rollout.door
        note = self._notes.get(rollout.key, "")
        if sampled is None:
            rate = self._rates.get(rollout.key, self._rate)
            return rollout.lanes, replace(IDLE, door=door, asked_rate=rate, message=note)
        view = sampled.probe.view()
        if sampled.failure:
            view = replace(view, running=False, message=sampled.failure)
        elif note and not view.message:
            view = replace(view, message=note)
        return sampled.probe.lanes(), view

    async def close(self) -> None:
        """End all probes."""
        tasks = [sampled.task for sampled in self._sampled.values()]
        for sampled in self._sampled.values():
            sampled.probe.stop()
            sampled.task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._sampled.clear()

    def _aim(self, sampled: _Sampled, rollout: Rollout) -> None:
        aimed = (self._chosen.get(rollout.key) or rollout.door, rollout.lanes, rollout.versions, rollout.epoch)
        if sampled.aimed != aimed:
            sampled.aimed = aimed
            sampled.probe.aim(*aimed)

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
        if any(not s.failure and s.probe.view().running for s in self._sampled.values()):
            self.running.set()
        else:
            self.running.clear()
