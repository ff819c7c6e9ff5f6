"""The part of the app that rings where a guard calls for a person."""

from __future__ import annotations

from collections.abc import Mapping

from cockpit.model.refs import RolloutKey
from cockpit.model.text import safe_text
from cockpit.model.view import FleetView
from cockpit.tui.app_part import AppPart


class RingingPart(AppPart):
    """`CockpitApp` inherits it and sets these attributes."""

    view: FleetView
    _rung: Mapping[RolloutKey, int] = {}  # how often the guard of each rollout has rung

    def ring(self) -> None:
        """Ring where a guard calls for a person, once for each call."""
        rung = {view.rollout.key: view.guard for view in self.view.rollouts if view.guard and view.guard.rings}
        for key, guard in rung.items():
            if guard.rings > self._rung.get(key, 0):
                self.bell()
                words = f"{key.name}: guard {guard.state}: {guard.words}"
                self.notify(safe_text(words, 400), severity="error", markup=False, timeout=15)
        self._rung = {key: guard.rings for key, guard in rung.items()}
