"""The app: holds the latest view, the keys and the themes, and opens screens.

Each screen but the first is loaded when it is first opened: the first paint waits for what is imported here.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on
from textual.app import App
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.timer import Timer
from textual.widgets import Input
from textual.worker import Worker, WorkerState

from cockpit.model.label_selector import LabelSelector
from cockpit.model.plan import Act, Ask
from cockpit.model.reasons import VIEW_ONLY
from cockpit.model.refs import RolloutKey
from cockpit.model.text import safe_text
from cockpit.model.view import FleetView, Outcome, RolloutGroup, RolloutView, Stage
from cockpit.session.port import Cockpit
from cockpit.tui.commanding import REFUSAL_SECONDS, CommandingPart
from cockpit.tui.glyphs import ASCII, UNICODE
from cockpit.tui.keeping import Keeping
from cockpit.tui.keys import KEEPING, KEYS, Key, Where, remapped
from cockpit.tui.messages import ActionFinished, ActionRequested, ViewPublished
from cockpit.tui.noting import NotingPart
from cockpit.tui.order import VersionOrder
from cockpit.tui.own import NOTHING_OWN, Own
from cockpit.tui.owning import OwningPart
from cockpit.tui.pace import SLOW_SECONDS, Spacing
from cockpit.tui.painting import PaintingPart
from cockpit.tui.pairing import PairingPart
from cockpit.tui.ringing import RingingPart
from cockpit.tui.rows import parts_for
from cockpit.tui.scope import Scope
from cockpit.tui.screens.base import CockpitScreen, has_parts
from cockpit.tui.screens.fleet import FleetScreen
from cockpit.tui.since import FirstSeen
from cockpit.tui.theme_file import ThemeFile
from cockpit.tui.themes import FALLBACK, load_themes, packaged_directory
from cockpit.tui.widgets.below import Below, SeenBelow

if TYPE_CHECKING:
    from cockpit.tui.screens.leaving import Leave

BAD_ENDS = {Stage.REFUSED, Stage.UNVERIFIED, Stage.UNKNOWN}


class CockpitApp(CommandingPart, PairingPart, NotingPart, OwningPart, RingingPart, PaintingPart, Keeping, App[None]):
    """The screen on one session.

    `themes_dir` is the user's own; `zone` is the time zone of times of day, `now` gives the current time. `painted`
    is called after the first paint. `program` is how it was started: its name and where its clusters are.
    `snapshots` is the folder for what is saved of a screen, `problems` are those of the settings. With `presenting` it
    opens in large print. With `slow` it is painted seldom and nothing moves.
    `keep_record` writes the last hour to a file, and returns why it did not. `own` are the user's commands, links and
    columns. `labels` choose what it shows first. `view_only`: nothing is kept on this machine.
    """

    CSS_PATH: ClassVar = ["styles/base.tcss", "styles/screens.tcss", "styles/dialogs.tcss"]
    ENABLE_COMMAND_PALETTE = False
    TITLE = "cockpit"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+q", "leave", "quit", show=False, priority=True),
        *(key.binding for key in KEYS if key.where is Where.APP),
    ]

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
        snapshots: Path | None = None,
        problems: Sequence[str] = (),
        program: Sequence[str] = ("cockpit",),
        presenting: bool = False,
        slow: bool = False,
        keep_record: Callable[[Path], str] | None = None,
        own: Own = NOTHING_OWN,
        labels: LabelSelector | None = None,
        view_only: bool = False,
    ) -> None:
        # Greys derived from colours can be hard to read, so NO_COLOR uses the terminal's own two colours.
        super().__init__(ansi_color=True if "NO_COLOR" in os.environ else None)
        self.cockpit = cockpit
        self._order = VersionOrder()
        self.view: FleetView = self._order.apply(cockpit.view())
        self._places: tuple[Sequence[RolloutView], Mapping[RolloutKey, RolloutView]] = ((), {})
        self.glyphs = ASCII if glyphs == "ascii" else UNICODE
        self.keymap = remapped(keymap or {})
        self.zone = zone
        self.now = now
        self.scope = Scope(labels=labels)
        self.off = dict.fromkeys(KEEPING, VIEW_ONLY) if view_only else {}
        self.snapshots = snapshots
        self.seen = FirstSeen(now())
        self.seen.note(self.view, now())
        self.keep_record = keep_record
        self._painted = painted
        self._program = program
        self._presenting = presenting
        self.slow = slow
        self._spacing = Spacing(SLOW_SECONDS if slow else 0.0)
        self._later: Timer | None = None  # draws what was held back
        self.parting: tuple[str, ...] = ()  # lines to print once the terminal is given back
        self.animation_level = "none"
        self.themes = load_themes(packaged_directory(), [themes_dir] if themes_dir else [])
        self._problems = [*problems, *self.keymap.problems, *self.themes.problems, *self.take_own(own)]
        for each in self.themes.themes.values():
            self.register_theme(each)
        usable, problem = self.themes.usable(theme)
        self._problems += [problem] if problem else []
        self._begin_in("ansi" if self.no_color else usable)
        self._unsubscribe: Callable[[], None] = lambda: None

    def _begin_in(self, theme: str) -> None:
        """Take a theme before any style sheet is read; setting it would have all read twice before the first paint."""
        self.set_reactive(App.theme, theme)
        chosen = self.current_theme
        self.set_class(True, f"-theme-{chosen.name}", update=False)
        self.set_class(chosen.dark, "-dark-mode", update=False)
        self.set_class(not chosen.dark, "-light-mode", update=False)
        self._refresh_truecolor_filter(self.ansi_theme)
        self.stylesheet.set_variables(self.get_css_variables())

    def get_theme_variable_defaults(self) -> dict[str, str]:
        # While the app starts, the library's own themes are briefly active.
        return dict(self.themes.themes[FALLBACK].variables) if hasattr(self, "themes") else {}

    def get_default_screen(self) -> FleetScreen:
        return FleetScreen()

    def on_mount(self) -> None:
        self.set_keymap(self.keymap.changed)
        self._unsubscribe = self.cockpit.subscribe(self._published)
        self.cockpit.follow_others()
        self.theme_file = ThemeFile(self, self.themes.files, self.refuse)
        self.post_message(ViewPublished(self.cockpit.view()))
        self.call_after_refresh(self._painted)
        if self._presenting:
            from cockpit.tui.screens.presenting import PresentingScreen

            self.push_screen(PresentingScreen(None))
        for problem in self._problems:
            self.notify(safe_text(problem, 500), severity="warning", markup=False, timeout=15)

    def on_unmount(self) -> None:
        self._unsubscribe()

    def _published(self, view: FleetView) -> None:
        # Runs in the session's thread, where only posting is safe.
        self.post_message(ViewPublished(view))

    @on(ViewPublished)
    def _show(self, message: ViewPublished) -> None:
        self.view = self._order.apply(message.view)
        self.seen.note(self.view, self.now())
        self.ring()
        if self._spacing.lets_through(self.view.at):
            self._draw()
        else:
            self.draw_later()
        self.ask_what_to_sample()
        self.show_pairing()

    def draw_later(self) -> None:
        """Draw what is held back once no newer view came for a while."""
        if self._later is None:
            self._later = self.set_timer(SLOW_SECONDS, self._draw)

    def _draw(self) -> None:
        """Show the latest view on what is in sight."""
        if self._later is not None:
            self._later.stop()
            self._later = None
        for each in self._in_sight():
            show = getattr(each, "show_view", None)
            if show is not None and has_parts(each):
                show(self.view)

    def _in_sight(self) -> Iterator[Screen[Any]]:
        """The screen on top, and those that it leaves visible."""
        for each in reversed(self.screen_stack):
            yield each
            if not any(isinstance(part, Below) for part in each.children):
                return

    @property
    def leaving(self) -> bool:
        """Whether the app is exiting: no more screens can be opened."""
        return self._exit

    def find(self, key: RolloutKey) -> RolloutView | None:
        """The rollout in the latest view."""
        if self._places[0] is not self.view.rollouts:
            self._places = (self.view.rollouts, {view.rollout.key: view for view in self.view.rollouts})
        return self._places[1].get(key)

    @on(ActionRequested)
    def _act_requested(self, message: ActionRequested) -> None:
        from cockpit.tui.screens.ask import Form, form_for
        from cockpit.tui.screens.dialog import ActDialog
        from cockpit.tui.screens.plan import PlanDialog

        if isinstance(self.screen, ActDialog | Form):
            # Pressed before the dialog of another key was there: a second one would hide the first.
            self.refuse(f"{message.act.value} was not asked for: this dialog comes first, esc leaves it")
            return
        group = next((g for g in self.view.groups if g.view.rollout.key == message.rollout), None)
        if group is not None:
            self._choose_part(group, message.act)
            return
        view = self.find(message.rollout)
        if view is None:
            # The act may have removed the rollout; undo brings it back.
            if message.act is Act.UNDO:
                self.push_screen(PlanDialog(message.rollout, Ask(Act.UNDO), ()))
            else:
                self.refuse(f"{safe_text(message.rollout)}: this rollout is gone")
            return

        def plan(ask: Ask | None) -> None:
            if ask is not None:
                self.push_screen(PlanDialog(message.rollout, ask, view.rollout.owners))

        if form := form_for(view.rollout, message.act, self.view.journal):
            self.push_screen(form, plan)
        else:
            plan(Ask(message.act))

    def _choose_part(self, group: RolloutGroup, act: Act) -> None:
        """An act goes to one cluster: ask which one, unless it applies in only one."""
        parts = parts_for(self.view, group, act)
        fit = [part for part in parts if not part.why]
        if len(fit) == 1:
            self.post_message(ActionRequested(fit[0].key, act))
            return

        def chosen(key: RolloutKey | None) -> None:
            if key is not None:
                self.post_message(ActionRequested(key, act))

        if fit:
            from cockpit.tui.screens.ask import ChoiceForm

            title = f"{act.value} {safe_text(group.view.rollout.key.name)}: in which cluster?"
            self.push_screen(ChoiceForm(title, [(part.words, part.key) for part in fit], enter="continue"), chosen)
        elif parts:
            self.refuse(parts[0].why)

    def refuse(self, why: str) -> None:
        """Show why nothing was done; a newer reason replaces the previous one."""
        for notification in list(self._notifications):
            if notification.severity == "warning":
                self._unnotify(notification, refresh=False)
        self.notify(safe_text(why), severity="warning", markup=False, timeout=REFUSAL_SECONDS)

    @on(ActionFinished)
    def _act_finished(self, message: ActionFinished) -> None:
        from cockpit.tui.screens.plan import PlanDialog

        if isinstance(self.screen, PlanDialog) and self.screen.rollout == message.rollout:
            return
        self.tell(message.rollout, message.outcome)

    def tell(self, rollout: RolloutKey, outcome: Outcome) -> None:
        """Show how an act ended if its dialog was closed."""
        from cockpit.tui.plan_text import outcome_words

        severity = "error" if outcome.stage in BAD_ENDS else "information"
        title = self.glyphs.titled(outcome.plan.title) if outcome.plan else ""
        words = f"{rollout.name}: {title}: {outcome_words(outcome)}"
        self.notify(safe_text(words, 500), severity=severity, markup=False, timeout=15)

    @on(Worker.StateChanged)
    def _worker_failed(self, event: Worker.StateChanged) -> None:
        if event.state is WorkerState.ERROR:
            error = event.worker.error
            words = safe_text(f"{type(error).__name__}: {error}", 400)
            self.notify(f"{event.worker.group}: {words}", severity="error", markup=False, timeout=15)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        # In an input field, a colon is text.
        if action == "palette":
            looks = isinstance(self.screen, SeenBelow)
            return not self.leaving and looks and not isinstance(self.focused, Input)
        return super().check_action(action, parameters)

    def action_leave(self) -> None:
        """Quit; nothing in the cluster changes. Asks first where an armed guard would end."""
        from cockpit.tui.screens.leaving import LeaveForm, armed_rollouts

        guarded = armed_rollouts(self.view)
        if not guarded:
            self.exit()
        elif not isinstance(self.screen, LeaveForm):
            self.push_screen(LeaveForm(guarded), self._leave)

    async def _leave(self, choice: Leave | None) -> None:
        from cockpit.tui.screens.leaving import Leave, armed_rollouts, guard_command

        guarded = armed_rollouts(self.view)
        if choice is Leave.DISARM:
            for shown in guarded:
                if why := await self.cockpit.guard(shown.rollout.key, None):
                    self.refuse(why)
                    return
        elif choice is Leave.PRINT:
            self.parting = tuple(guard_command(shown, self.view, self.now(), self._program) for shown in guarded)
        else:
            return
        self.exit()

    def action_next_theme(self) -> None:
        """The next theme by name."""
        self.theme = self.themes.after(self.theme)
        self.notify(f"theme {self.theme}", markup=False, timeout=2)

    def action_journal(self) -> None:
        """Open the journal."""
        from cockpit.tui.screens.journal import JournalScreen

        self.push_screen(JournalScreen())

    def action_present(self) -> None:
        """The selected rollout in large print."""
        from cockpit.tui.screens.presenting import PresentingScreen

        top = self.screen
        view = top.selected() if isinstance(top, CockpitScreen) else None
        self.push_screen(PresentingScreen(view.rollout.key if view else None))

    def action_keys(self) -> None:
        """Open the list of keys."""
        from cockpit.tui.screens.help import HelpScreen

        top = self.screen

        def refusal(key: Key) -> str:
            return top.why_not(key) if isinstance(top, CockpitScreen) else self.off.get(key.id, "")

        self.push_screen(HelpScreen(refusal))

    @property
    def is_free(self) -> bool:
        looks = isinstance(self.screen, SeenBelow)
        return looks and not self.leaving and not isinstance(self.focused, Input)
