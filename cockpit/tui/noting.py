"""The part of the app that writes notes into the journal."""

from __future__ import annotations

from collections.abc import Callable

from cockpit.model.text import safe_text
from cockpit.model.view import FleetView
from cockpit.session.port import Cockpit
from cockpit.tui.app_part import AppPart
from cockpit.tui.screens.base import CockpitScreen


class NotingPart(AppPart):
    """`CockpitApp` inherits it and sets these attributes."""

    view: FleetView
    cockpit: Cockpit
    refuse: Callable[[str], None]

    async def note(self, words: str) -> None:
        """Write a note about the rollout that is selected, in each cluster where it is."""
        from cockpit.tui.screens.journal import JournalScreen

        top = self.screen
        view = top.selected() if isinstance(top, CockpitScreen) else None
        entry = top.main.current if isinstance(top, JournalScreen) else None
        key = view.rollout.key if view else entry.rollout if entry else None
        if not words or key is None:
            self.refuse("type the note: note users report errors" if key else "select a rollout to write a note about")
            return
        group = next((each for each in self.view.groups if each.view.rollout.key == key), None)
        for part in group.parts if group else (key,):
            if why := await self.cockpit.note(part, words):
                self.refuse(why)
                return
        self.notify(safe_text(f"noted: {words}"), markup=False, timeout=3)
