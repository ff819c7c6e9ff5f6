"""The screen on a recording: the same screens, with keys to pause, to change the speed and to go to a moment."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, ClassVar

from textual.binding import BindingType

from cockpit.model.refs import RolloutKey
from cockpit.model.view import FleetView
from cockpit.record.entries import Mark
from cockpit.record.player import Player
from cockpit.tui.app import CockpitApp
from cockpit.tui.keys import KEYS, Where
from cockpit.tui.order import VersionOrder
from cockpit.tui.screens.base import has_parts
from cockpit.tui.screens.rollout import RolloutScreen
from cockpit.tui.text import clock_time


class ReplayApp(CockpitApp):
    """`player` is the port and the clock. With `playing` false nothing moves until somebody says so."""

    BINDINGS: ClassVar[list[BindingType]] = [key.binding for key in KEYS if key.where is Where.REPLAY]

    def __init__(self, player: Player, *, playing: bool = True, **more: Any) -> None:
        super().__init__(player, now=player.now, **more)
        self._player = player
        self._plays = playing
        self._playing: asyncio.Task[None] | None = None
        player.restored, player.refused = self._restore, self.refuse
        here = player.here()
        self._restore(here.view, here.since)
        self.view = self._order.apply(player.view())
        if damage := player.playback().damage:
            until = clock_time(player.record.ended, self.zone)
            self._problems.append(f"the recording is {damage}; what follows {until} is lost")

    def on_mount(self) -> None:
        super().on_mount()
        if self._plays:
            self._playing = asyncio.create_task(self._player.run(), name="replay")

    def on_unmount(self) -> None:
        super().on_unmount()
        if self._playing:
            self._playing.cancel()

    def _restore(self, view: FleetView, since: Mapping[RolloutKey, tuple[float, bool]]) -> None:
        self._order = VersionOrder()
        self._order.keep(view)
        self.seen.restore(self._order.apply(view), since)
        # Events are read from time to time, but after a jump they are those of another moment.
        for each in self.screen_stack if self.is_running else ():
            if isinstance(each, RolloutScreen) and has_parts(each):
                self.call_after_refresh(each.read_events)

    def _ask_what_to_sample(self) -> None:
        """Nothing is sampled in a recording."""

    def action_leave(self) -> None:
        """Quit."""
        self.exit()

    def action_play(self) -> None:
        """Pause, or go on."""
        self._player.pause()

    def action_step(self, steps: int) -> None:
        """Pause at the next view, or at the one before."""
        self._player.step(steps)

    def action_faster(self, steps: int) -> None:
        """The next speed, or the one before."""
        self._player.faster(steps)

    def action_skip(self, seconds: int) -> None:
        """So many seconds on, or back."""
        self._player.skip(seconds)

    def action_tenth(self, number: int) -> None:
        """To that tenth of the recording."""
        record = self._player.record
        self._player.seek(record.began + (record.ended - record.began) * number / 10)

    def action_jump(self, steps: int) -> None:
        """To the next act or finding, or to the one before."""
        where = "follows" if steps > 0 else "before this"
        self._tell_jump(self._player.jump(steps), f"no act or finding {where} in the recording")

    def action_jump_to_key(self, steps: int) -> None:
        """To the next key that was pressed or screen that was opened, or to the one before."""
        where = "follows" if steps > 0 else "before this"
        self._tell_jump(self._player.jump_to_key(steps), f"no key {where} in the recording")

    def _tell_jump(self, mark: Mark | None, otherwise: str) -> None:
        if mark is None:
            self.refuse(otherwise)
        else:
            self.notify(f"{clock_time(mark.at, self.zone)} {mark.kind}: {mark.text}", markup=False, timeout=5)
