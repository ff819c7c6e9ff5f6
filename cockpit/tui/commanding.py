"""The part of the app that runs what is typed after a colon, and asks what to sample."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from textual.widgets import Input

from cockpit.model.reasons import VIEW_ONLY
from cockpit.model.refs import RolloutKey
from cockpit.model.sampling import SampleScope
from cockpit.model.view import FleetView
from cockpit.session.port import Cockpit
from cockpit.tui.app_part import AppPart
from cockpit.tui.keys import Keymap, action_of
from cockpit.tui.messages import ScopeChanged
from cockpit.tui.own import Own, OwnEntry
from cockpit.tui.sampling import question_lines, undecided
from cockpit.tui.scope import Scope, contexts
from cockpit.tui.screens.base import CockpitScreen
from cockpit.tui.themes import Themes
from cockpit.tui.widgets.below import SeenBelow

if TYPE_CHECKING:
    from cockpit.tui.commands import Command

# Seconds, enough to read a line or two; the key can be pressed again.
REFUSAL_SECONDS = 3.0


class CommandingPart(AppPart):
    """`CockpitApp` inherits it and sets these attributes. `off` are the keys that are off here, with the reason."""

    view: FleetView
    cockpit: Cockpit
    keymap: Keymap
    scope: Scope
    off: Mapping[str, str]
    own: Own
    themes: Themes
    refuse: Callable[[str], None]
    note: Callable[[str], Coroutine[Any, Any, None]]
    start_own: Callable[[OwnEntry], None]
    _asked_to_sample = False

    @property
    def leaving(self) -> bool:
        """Whether the app is exiting."""
        raise NotImplementedError

    def action_palette(self) -> None:
        """Open the palette."""
        from cockpit.tui.commands import commands
        from cockpit.tui.screens.palette import PaletteScreen

        top = self.screen
        place = top.PLACE if isinstance(top, SeenBelow) else "fleet"
        entries = commands(self.keymap, self.view, place, list(self.themes.themes), self.scope, self.own.entries)
        kept = self.theme

        def preview(entry: Command | None) -> None:
            # Without colours there is nothing to see.
            self.theme = kept if self.no_color or entry is None else entry.theme or kept

        async def chosen(command: Command | None) -> None:
            preview(command)
            if command is not None:
                await self._chosen(command)

        self.push_screen(PaletteScreen(entries, preview), chosen)

    async def _chosen(self, command: Command) -> None:
        if self.off and (command.sample is not None or command.note):
            self.refuse(VIEW_ONLY)
        elif command.rollout is not None:
            self.go_to(command.rollout)
        elif command.only is not None:
            self._back_to_fleet()
            cleared = self.scope.labels and not command.only.labels
            self.scope = command.only
            self.screen.post_message(ScopeChanged())
            words = f"shown: {self.scope.words or 'everything'}"
            self.notify(f"labels cleared; {words}" if cleared else words, markup=False, timeout=3)
        elif command.theme:
            self.theme = command.theme
        elif command.sample is not None:
            await self._sample(contexts(self.view), command.sample)
        elif command.prometheus:
            await self.cockpit.find_prometheus(contexts(self.view))
            self.notify("reading Prometheus for what is open, moves or is hurt", markup=False, timeout=REFUSAL_SECONDS)
        elif command.note:
            await self.note(command.note.strip())
        elif command.own is not None:
            self.start_own(command.own)
        elif command.key is not None:
            await self.run_action(action_of(command.key), self.screen)

    def go_to(self, key: RolloutKey) -> None:
        from cockpit.tui.screens.rollout import RolloutScreen

        self._back_to_fleet()
        self.push_screen(RolloutScreen(key))

    def ask_what_to_sample(self) -> None:
        """Ask once where nobody decided yet, as soon as nothing else is being asked or typed."""
        if self.off or self._asked_to_sample or self.leaving or not isinstance(self.screen, CockpitScreen):
            return
        contexts = undecided(self.view)
        if not contexts or isinstance(self.focused, Input):
            return
        from cockpit.tui.screens.sampling import SampleForm

        self._asked_to_sample = True

        async def decide(scope: SampleScope | None) -> None:
            if scope is not None and scope is not SampleScope.UNDECIDED:
                await self._sample(contexts, scope)

        self.push_screen(SampleForm(question_lines(self.view, contexts)), decide)

    async def _sample(self, contexts: Sequence[str], scope: SampleScope) -> None:
        kept = await self.cockpit.sample(contexts, scope)
        if kept.problem:
            self.refuse(f"used for this session, but not remembered: {kept.problem}")

    def _back_to_fleet(self) -> None:
        """Close every screen above the fleet."""
        while len(self.screen_stack) > 1:
            self.pop_screen()
