"""Plays a record as if it were live: publishes its views at their times, faster or slower, and jumps."""

from __future__ import annotations

import asyncio
import logging
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from cockpit.model.clock import Clock
from cockpit.model.refs import RolloutKey
from cockpit.model.view import FleetView, Playback
from cockpit.record.blocks import RecordError
from cockpit.record.entries import Mark, MarkKind
from cockpit.record.objects import ObjectHistory
from cockpit.record.reader import Moment, Record, Views
from cockpit.record.recorded_answers import RecordedAnswers

log = logging.getLogger(__name__)

SPEEDS = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0)
# Seconds of real time between two looks: as often as a session publishes.
TICK_SECONDS = 0.1
# Seconds of the record for which a key that was pressed is named.
PRESSED_SECONDS = 3.0


class Player(RecordedAnswers):
    """Implements `session.port.Cockpit` on a record, for a face on the same loop. `run` plays until cancelled.

    `restored` is called after a jump, before the view is published, with since when each rollout is as it is.
    """

    def __init__(self, record: Record, clock: Clock, *, paused: bool = False) -> None:
        super().__init__(record, ObjectHistory(record))
        self._clock = clock
        self._views = Views(record)
        self._listeners: dict[object, Callable[[FleetView], None]] = {}
        self._changed = asyncio.Event()
        self._speed = 1.0
        self._paused = paused
        self._at, self._from = record.began, clock.monotonic()
        self._stops, self._pressed = record.stops(), record.pressed()
        self._named = [mark for mark in self._pressed if mark.kind is MarkKind.KEY]
        self._problem, self._told = "", record.began
        self.restored: Callable[[FleetView, Mapping[RolloutKey, tuple[float, bool]]], None] = lambda view, since: None
        self._shown = self._views.seek(record.began)

    def view(self) -> FleetView:
        return replace(self._shown.view, playback=self.playback())

    def here(self) -> Moment:
        """What is shown, as it was recorded."""
        return self._shown

    def subscribe(self, listener: Callable[[FleetView], None]) -> Callable[[], None]:
        token = object()
        self._listeners[token] = listener
        return lambda: self._listeners.pop(token, None) and None

    def now(self) -> float:
        """The moment that is shown, in UTC seconds of the record."""
        if self._paused:
            return self._at
        gone = (self._clock.monotonic() - self._from) * self._speed
        return min(self._at + gone, self.record.ended)

    def playback(self) -> Playback:
        """Where it stands."""
        at, record = self.now(), self.record
        place = bisect_right([stop.at for stop in self._stops], at)
        note = self._stops[place - 1].text if place else ""
        damage = self._problem or (str(record.damage) if record.damage else "")
        place = bisect_right([key.at for key in self._named], at)
        last = self._named[place - 1] if place else None
        pressed = last.text if last and at - last.at <= PRESSED_SECONDS else ""
        return Playback(at, record.began, record.ended, self._speed, self._paused, note, damage, pressed)

    async def run(self) -> None:
        """Publish what comes until cancelled."""
        while True:
            if self._paused:
                await self._changed.wait()
            else:
                await self._clock.sleep(TICK_SECONDS)
            self._changed.clear()
            self.play()

    def play(self) -> None:
        """Show the view of this moment, and pause at the end."""
        now, before = self.now(), self._shown
        try:
            while (upcoming := self._views.upcoming()) is not None and upcoming <= now:
                self._views.advance()
                self._shown = self._views.here()
        except RecordError as error:
            self._stop_at(now, str(error))
        if now >= self.record.ended and not self._paused:
            self._stop_at(self.record.ended)
        elif self._shown is not before or int(now) != int(self._told):
            self._publish()

    def _stop_at(self, at: float, problem: str = "") -> None:
        self._at, self._paused = at, True
        self._problem = problem or self._problem
        self._publish()

    # Controls

    def pause(self) -> None:
        """Pause, or go on; at the end, begin again."""
        if self._paused and self.now() >= self.record.ended:
            self.seek(self.record.began)
        self._set(self.now(), paused=not self._paused)

    def play_at(self, speed: float) -> None:
        """The nearest speed."""
        at, self._speed = self.now(), min(SPEEDS, key=lambda each: abs(each - speed))
        self._set(at, paused=self._paused)

    def faster(self, steps: int) -> None:
        """The next speed, or the one before it."""
        at, place = self.now(), SPEEDS.index(self._speed) + steps
        self._speed = SPEEDS[max(0, min(place, len(SPEEDS) - 1))]
        self._set(at, paused=self._paused)

    def step(self, steps: int) -> None:
        """Pause at the next view, or at the one before this one."""
        at = self._shown.at
        if steps > 0:
            upcoming = self._views.upcoming()
            at = self.record.ended if upcoming is None else upcoming
        else:
            at = self._views.before(at)
        self._paused = True
        self.seek(at)

    def seek(self, at: float) -> None:
        """Go to this moment (UTC seconds)."""
        at = max(self.record.began, min(at, self.record.ended))
        try:
            self._shown = self._views.seek(at)
        except RecordError as error:
            self._problem = str(error)
        self.restored(self._shown.view, self._shown.since)
        self._set(at, paused=self._paused)

    def skip(self, seconds: float) -> None:
        """So many seconds of the record on, or back."""
        self.seek(self.now() + seconds)

    def jump(self, steps: int) -> Mark | None:
        """Go to the next act or finding, or to the one before; returns it, None if there is none."""
        return self._jump(self._stops, steps)

    def jump_to_key(self, steps: int) -> Mark | None:
        """Go to the next key that was pressed or screen that was opened, or to the one before; as `jump`."""
        return self._jump(self._pressed, steps)

    def _jump(self, marks: Sequence[Mark], steps: int) -> Mark | None:
        times, now = [mark.at for mark in marks], self.now()
        # Just after one, back means the one before it.
        place = bisect_right(times, now) if steps > 0 else bisect_left(times, now - min(1.0, self._speed)) - 1
        if not 0 <= place < len(times):
            return None
        self.seek(times[place])
        return marks[place]

    def _set(self, at: float, *, paused: bool) -> None:
        self._at, self._from, self._paused = at, self._clock.monotonic(), paused
        self._changed.set()
        self._publish()

    def _publish(self) -> None:
        view = self.view()
        self._told = view.playback.at if view.playback else 0.0
        for listener in list(self._listeners.values()):
            listener(view)
