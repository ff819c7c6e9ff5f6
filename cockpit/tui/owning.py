"""The part of the app that runs a user's own commands and shows their links."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from cockpit.model.hyperlinks import link_target
from cockpit.model.placeholders import PlaceholderError, filled_script, filled_url, filled_words, values_of
from cockpit.model.reasons import READ_ONLY, VIEW_ONLY
from cockpit.model.rollout import Rollout
from cockpit.model.view import FleetView
from cockpit.tui.app_part import AppPart
from cockpit.tui.keys import Keymap
from cockpit.tui.own import NOTHING_OWN, Own, OwnEntry, own_keys
from cockpit.tui.screens.base import CockpitScreen

SHELL = ("sh", "-c")


class OwningPart(AppPart):
    """`CockpitApp` inherits it and sets these attributes."""

    view: FleetView
    keymap: Keymap
    refuse: Callable[[str], None]
    own: Own = NOTHING_OWN
    off: Mapping[str, str]
    _own_by_key: Mapping[str, OwnEntry]

    def take_own(self, own: Own) -> list[str]:
        """Use these commands and links; returns the problems of their keys."""
        self.own = own
        self._own_by_key, problems = own_keys(own.entries, self.keymap)
        for key in self._own_by_key:
            self.bind(key, f"own({key!r})", show=False)
        return problems

    def action_own(self, key: str) -> None:
        """Run or open what has this key, where it has a rollout to be about."""
        if isinstance(self.screen, CockpitScreen) and self.screen.PLACE in ("fleet", "rollout"):
            self.start_own(self._own_by_key[key])

    def start_own(self, entry: OwnEntry) -> None:
        """Run a command about the selected rollout, or show a link."""
        top = self.screen
        shown = top.selected() if isinstance(top, CockpitScreen) else None
        if shown is None or not shown.rollout.key.context:
            self.refuse("open the rollout of one cluster first" if shown else "no rollout is selected")
            return
        if self.off and not entry.url:
            self.refuse(f"{entry.name}: {VIEW_ONLY}")
            return
        try:
            if entry.url:
                self._show_link(entry, filled_url(entry.url, values_of(shown.rollout)))
            else:
                self._ask_or_run(entry, shown.rollout, self._words(entry, shown.rollout))
        except PlaceholderError as problem:
            self.refuse(f"{entry.name}: nothing was run: {problem}")

    def _show_link(self, entry: OwnEntry, url: str) -> None:
        from cockpit.tui.screens.text import Printed

        self.push_screen(Printed(entry.name, url, link_target(url) if self.own.hyperlinks else ""))

    def _words(self, entry: OwnEntry, rollout: Rollout) -> tuple[str, ...]:
        values = values_of(rollout)
        return (*SHELL, filled_script(entry.words, values)) if entry.shell else filled_words(entry.words, values)

    def _ask_or_run(self, entry: OwnEntry, rollout: Rollout, words: tuple[str, ...]) -> None:
        from cockpit.tui.screens.output import OutputScreen
        from cockpit.tui.screens.run_form import RunForm

        run = self.own.run
        if run is None or self.view.playback is not None:
            self.refuse(f"{entry.name}: a recording is shown, so nothing is run")
            return
        if not entry.dangerous:
            self.push_screen(OutputScreen(entry.name, words, run, again=True))
            return
        cluster = next((each for each in self.view.clusters if each.context == rollout.key.context), None)
        if self.view.read_only or (cluster and cluster.read_only):
            self.refuse(f"{entry.name}: {READ_ONLY}")
            return

        def answered(yes: bool | None) -> None:
            if yes:
                self.push_screen(OutputScreen(entry.name, words, run, again=False))

        self.push_screen(RunForm(entry.name, rollout, words), answered)
