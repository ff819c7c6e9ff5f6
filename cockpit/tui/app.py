"""The app: it holds the newest view, the keys and the themes, and opens screens."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from datetime import tzinfo
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import App
from textual.binding import Binding, BindingType
from textual.widgets import Input
from textual.worker import Worker, WorkerState

from cockpit.model.plan import Act, Ask
from cockpit.model.refs import RolloutKey
from cockpit.model.text import safe_text
from cockpit.model.view import FleetView, Outcome, RolloutGroup, RolloutView, Stage
from cockpit.session.port import Cockpit
from cockpit.tui.glyphs import ASCII, UNICODE
from cockpit.tui.keys import Key, remapped
from cockpit.tui.messages import ActionFinished, ActionRequested, ViewPublished
from cockpit.tui.order import VersionOrder
from cockpit.tui.plan_text import outcome_words
from cockpit.tui.rows import parts_for
from cockpit.tui.screens.ask import ChoiceForm, form_for
from cockpit.tui.screens.base import CockpitScreen, has_parts
from cockpit.tui.screens.fleet import FleetScreen
from cockpit.tui.screens.help import HelpScreen
from cockpit.tui.screens.journal import JournalScreen
from cockpit.tui.screens.palette import Command, PaletteScreen, commands
from cockpit.tui.screens.plan import PlanDialog
from cockpit.tui.screens.rollout import RolloutScreen
from cockpit.tui.themes import FALLBACK, load_themes, packaged_directory

# Long enough for a line or two; the key can be pressed again.
REFUSAL_SECONDS = 3.0
BAD_ENDS = {Stage.REFUSED, Stage.UNVERIFIED, Stage.UNKNOWN}


class CockpitApp(App[None]):
    """The screen on one session.

    `themes_dir` is the user's own; `zone` is where times of day are told, `now` what time it is. `painted` is called
    once the first picture stands.
    """

    CSS_PATH: ClassVar = ["styles/base.tcss", "styles/screens.tcss", "styles/dialogs.tcss"]
    ENABLE_COMMAND_PALETTE = False
    TITLE = "cockpit"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+q", "leave", "quit", show=False, priority=True)]

    def __init__(
        self,
        cockpit: Cockpit,
        *,
        theme: str = FALLBACK,
        keymap: Mapping[str, str] | None = None,
        themes_dir: Path | None = None,
        glyphs: str = "unicode",
        zone: tzinfo | None = None,
        now: Callable[[], float] = time.time,
        painted: Callable[[], None] = lambda: None,
    ) -> None:
        # Greys made from colours can be hard to read; under NO_COLOR the terminal's own two colours are used.
        super().__init__(ansi_color=True if "NO_COLOR" in os.environ else None)
        self.cockpit = cockpit
        self._order = VersionOrder()
        self.view: FleetView = self._order.apply(cockpit.view())
        self.glyphs = ASCII if glyphs == "ascii" else UNICODE
        self.keymap = remapped(keymap or {})
        self.zone = zone
        self.now = now
        self._painted = painted
        self.animation_level = "none"
        self._themes = load_themes(packaged_directory(), [themes_dir] if themes_dir else [])
        self._problems = [*self.keymap.problems, *self._themes.problems]
        for each in self._themes.themes.values():
            self.register_theme(each)
        if theme not in self._themes.themes:
            names = ", ".join(self._themes.themes)
            self._problems.append(f"there is no usable theme called {theme}; {FALLBACK} is shown; themes are {names}")
        usable = theme if theme in self._themes.themes else FALLBACK
        self.theme = "ansi" if self.no_color else usable
        self._unsubscribe: Callable[[], None] = lambda: None

    def get_theme_variable_defaults(self) -> dict[str, str]:
        # The library's own themes are current for a moment while the app starts.
        return dict(self._themes.themes[FALLBACK].variables) if hasattr(self, "_themes") else {}

    def get_default_screen(self) -> FleetScreen:
        return FleetScreen()

    def on_mount(self) -> None:
        self.set_keymap(self.keymap.changed)
        self._unsubscribe = self.cockpit.subscribe(self._published)
        self.post_message(ViewPublished(self.cockpit.view()))
        self.call_after_refresh(self._painted)
        for problem in self._problems:
            self.notify(safe_text(problem, 500), severity="warning", markup=False, timeout=15)

    def on_unmount(self) -> None:
        self._unsubscribe()

    def _published(self, view: FleetView) -> None:
        # In the session's thread: posting is all that is safe here.
        self.post_message(ViewPublished(view))

    @on(ViewPublished)
    def _show(self, message: ViewPublished) -> None:
        self.view = self._order.apply(message.view)
        top = self.screen_stack[-1] if self.screen_stack else None
        if isinstance(top, CockpitScreen | JournalScreen) and has_parts(top):
            top.show_view(self.view)

    @property
    def leaving(self) -> bool:
        """Whether the app ends: no screen can be opened any more."""
        return self._exit

    def find(self, key: RolloutKey) -> RolloutView | None:
        """The rollout as it is in the newest view."""
        return next((view for view in self.view.rollouts if view.rollout.key == key), None)

    @on(ActionRequested)
    def _act_requested(self, message: ActionRequested) -> None:
        group = next((g for g in self.view.groups if g.view.rollout.key == message.rollout), None)
        if group is not None:
            self._choose_part(group, message.act)
            return
        view = self.find(message.rollout)
        if view is None:
            # An act can have removed the rollout; its undo brings it back.
            if message.act is Act.UNDO:
                self.push_screen(PlanDialog(message.rollout, Ask(Act.UNDO), ()))
            else:
                self.refuse(f"{safe_text(message.rollout)}: this rollout is gone")
            return

        def plan(ask: Ask | None) -> None:
            if ask is not None:
                self.push_screen(PlanDialog(message.rollout, ask, view.rollout.owners))

        if form := form_for(view.rollout, message.act):
            self.push_screen(form, plan)
        else:
            plan(Ask(message.act))

    def _choose_part(self, group: RolloutGroup, act: Act) -> None:
        """An act goes to one cluster: ask for which, unless it applies in one only."""
        parts = parts_for(self.view, group, act)
        fit = [part for part in parts if not part.why]
        if len(fit) == 1:
            self.post_message(ActionRequested(fit[0].key, act))
            return

        def chosen(key: RolloutKey | None) -> None:
            if key is not None:
                self.post_message(ActionRequested(key, act))

        if fit:
            title = f"{act.value} {safe_text(group.view.rollout.key.name)}: in which cluster?"
            self.push_screen(ChoiceForm(title, [(part.words, part.key) for part in fit], enter="goes on"), chosen)
        elif parts:
            self.refuse(parts[0].why)

    def refuse(self, why: str) -> None:
        """Say why nothing was done; a newer reason takes the place of the one before."""
        for notification in list(self._notifications):
            if notification.severity == "warning":
                self._unnotify(notification, refresh=False)
        self.notify(safe_text(why), severity="warning", markup=False, timeout=REFUSAL_SECONDS)

    @on(ActionFinished)
    def _act_finished(self, message: ActionFinished) -> None:
        if isinstance(self.screen, PlanDialog) and self.screen.rollout == message.rollout:
            return
        self.tell(message.rollout, message.outcome)

    def tell(self, rollout: RolloutKey, outcome: Outcome) -> None:
        """How an act ended, for those who left its dialog."""
        severity = "error" if outcome.stage in BAD_ENDS else "information"
        title = outcome.plan.title if outcome.plan else ""
        words = f"{rollout.name}: {title}: {outcome_words(outcome)}"
        self.notify(safe_text(words, 500), severity=severity, markup=False, timeout=15)  # type: ignore[arg-type]

    @on(Worker.StateChanged)
    def _worker_failed(self, event: Worker.StateChanged) -> None:
        if event.state is WorkerState.ERROR:
            error = event.worker.error
            words = safe_text(f"{type(error).__name__}: {error}", 400)
            self.notify(f"{event.worker.group}: {words}", severity="error", markup=False, timeout=15)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        # A colon that is typed into a field is a colon.
        if action == "palette":
            return not self.leaving and isinstance(self.screen, CockpitScreen) and not isinstance(self.focused, Input)
        return super().check_action(action, parameters)

    def action_leave(self) -> None:
        """Quit; nothing on the cluster changes by it."""
        self.exit()

    def action_next_theme(self) -> None:
        """The next theme by name."""
        self.theme = self._themes.after(self.theme)
        self.notify(f"theme {self.theme}", markup=False, timeout=2)

    def action_journal(self) -> None:
        """Open the journal."""
        self.push_screen(JournalScreen())

    def action_keys(self) -> None:
        """Open the list of keys."""
        top = self.screen
        self.push_screen(HelpScreen(lambda key: top.wanted(key)[0].why if isinstance(top, CockpitScreen) else ""))

    def action_palette(self) -> None:
        """Open the palette."""
        entries = commands(self.keymap, self.view, isinstance(self.screen, RolloutScreen))
        self.push_screen(PaletteScreen(entries), self._chosen)

    async def _chosen(self, command: Command | None) -> None:
        if command is None:
            return
        if command.rollout is not None:
            if isinstance(self.screen, RolloutScreen):
                self.pop_screen()
            self.push_screen(RolloutScreen(command.rollout))
        elif command.key is not None:
            await self.run_action(_action_of(command.key), self.screen)


def _action_of(key: Key) -> str:
    return f"act({key.id!r})" if key.acts else key.action
