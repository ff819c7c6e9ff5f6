"""What the fleet and the rollout screen have in common: the view, the keys and what they ask for."""

from __future__ import annotations

from typing import Any

from textual.binding import BindingType
from textual.screen import Screen

from cockpit.model.plan import Act, ActState
from cockpit.model.refs import RolloutKey
from cockpit.model.text import safe_text
from cockpit.model.view import FleetView, RolloutView
from cockpit.tui.acting import state_of, undo_state
from cockpit.tui.aiming import Target, told
from cockpit.tui.desk import Desk, desk_of
from cockpit.tui.keys import KEYS, Key, Where
from cockpit.tui.messages import ActionRequested
from cockpit.tui.screens.ask import target_form
from cockpit.tui.screens.text import ObjectText
from cockpit.tui.widgets.key_bar import KeyBar


def bindings(*places: Where) -> list[BindingType]:
    """Bindings of the keys that work in these places."""
    return [key.binding for key in KEYS if key.where in places]


def has_parts(screen: Screen[Any]) -> bool:
    """False before a screen is composed, when it reads the newest view by itself, and while it is taken down."""
    return screen.is_mounted and len(screen.children) > 0


class CockpitScreen(Screen[None]):
    """Shows the newest view while it is on top, and asks the app for acts."""

    @property
    def desk(self) -> Desk:
        """The app."""
        return desk_of(self.app)

    def selected(self) -> RolloutView | None:
        """The rollout that keys are about."""
        raise NotImplementedError

    def gone(self) -> RolloutKey | None:
        """The rollout that an undo is about where none is selected: an act can have removed it."""
        raise NotImplementedError

    def show_view(self, view: FleetView) -> None:
        """Show this view."""
        raise NotImplementedError

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return not self.desk.leaving and super().check_action(action, parameters)

    def on_screen_resume(self) -> None:
        if has_parts(self):
            self.show_view(self.desk.view)

    def show_keys(self, ids: tuple[str, ...]) -> None:
        """The footer, with what applies now."""
        keys = [self.desk.keymap[id] for id in ids]
        self.query_one(KeyBar).show([(key, self.applies(key)) for key in keys])

    def applies(self, key: Key) -> bool:
        """Whether a key does something for the rollout that is selected."""
        if key.acts:
            return self.wanted(key)[0].enabled
        return key.id not in {"open", "probe", "probe-target", "yaml", "events", "logs"} or self.selected() is not None

    def action_act(self, id: str) -> None:
        """Ask for the act of a key, or say why it does not apply."""
        state, key = self.wanted(self.desk.keymap[id])
        if not state.enabled or key is None:
            self.desk.refuse(state.why)
            return
        self.app.post_message(ActionRequested(key, state.act))

    def wanted(self, key: Key) -> tuple[ActState, RolloutKey | None]:
        """What an act's key asks for, whether it applies, and the rollout that it is about."""
        read_only = self.desk.view.read_only
        if view := self.selected():
            return state_of(key, view, read_only), view.rollout.key
        gone = self.gone() if Act.UNDO in key.acts else None
        return (undo_state(read_only) if gone else state_of(key, None, read_only)), gone

    async def action_probe(self) -> None:
        """Start the probe, or stop it."""
        view = self.selected()
        if view is None:
            self.desk.refuse("no rollout is selected")
            return
        if not view.probe.running and view.probe.door is None:
            self.action_probe_target()
            return
        await self.desk.cockpit.probe(view.rollout.key, not view.probe.running)

    def action_probe_target(self) -> None:
        """Ask where the probe sends, remember it and start the probe."""
        view = self.selected()
        if view is None:
            self.desk.refuse("no rollout is selected")
            return
        key = view.rollout.key

        async def aim(target: Target | None) -> None:
            if target is None:
                return
            kept = await self.desk.cockpit.aim(key, target.door)
            if words := told(view, target, kept):
                self.desk.refuse(safe_text(words))
            if target.door or view.rollout.door:
                await self.desk.cockpit.probe(key, True)

        self.app.push_screen(target_form(view), aim)

    def action_yaml(self) -> None:
        """The objects of the rollout as YAML."""
        self._read("yaml")

    def action_events(self) -> None:
        """The events about its objects."""
        self._read("events")

    def _read(self, what: str) -> None:
        if view := self.selected():
            self.app.push_screen(ObjectText(view.rollout, what))
        else:
            self.desk.refuse("no rollout is selected")
