"""What the fleet and rollout screens share: the view, the keys and their actions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from textual.screen import Screen

from cockpit.model.plan import Act, ActState
from cockpit.model.reasons import A_RECORDING
from cockpit.model.refs import RolloutKey
from cockpit.model.text import safe_text
from cockpit.model.view import FleetView, RolloutView
from cockpit.tui.acting import state_of, undo_state, why_idle
from cockpit.tui.app_port import AppPort, app_port_of
from cockpit.tui.footers import LIVE_ONLY, of_a_recording, with_pairing
from cockpit.tui.keys import KEYS, Key
from cockpit.tui.messages import ActionRequested
from cockpit.tui.screens.looking import Looking
from cockpit.tui.widgets.key_bar import KeyBar

if TYPE_CHECKING:
    from cockpit.model.probe_job import InsideWish
    from cockpit.tui.probe_targets import TargetInput

# Keys without an act that need a selected rollout.
OF_A_ROLLOUT = frozenset(
    {
        *("open", "probe", "probe-target", "guard", "yaml", "describe", "events", "logs", "pods", "diff", "revisions"),
        *("copy", "controls"),
    }
)
_ACTS = frozenset(key.id for key in KEYS if key.acts)


def has_parts(screen: Screen[Any]) -> bool:
    """False before a screen is composed (it then reads the latest view itself) and while it is removed."""
    return screen.is_mounted and len(screen.children) > 0


class CockpitScreen(Looking):
    """Shows the latest view while it is on top, and asks the app for acts. `PLACE` is its name in the key table."""

    PLACE: ClassVar[str] = "fleet"

    @property
    def app_port(self) -> AppPort:
        """The app."""
        return app_port_of(self.app)

    def selected(self) -> RolloutView | None:
        """The rollout that keys act on."""
        raise NotImplementedError

    def gone(self) -> RolloutKey | None:
        """The rollout to undo if none is selected: an act may have removed it."""
        raise NotImplementedError

    def show_view(self, view: FleetView) -> None:
        """Show this view."""
        raise NotImplementedError

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return not self.app_port.leaving and super().check_action(action, parameters)

    def on_screen_resume(self) -> None:
        if has_parts(self):
            self.show_view(self.app_port.view)
            self.tell_selected()

    def selected_keys(self) -> tuple[RolloutKey, ...]:
        """The rollouts that the user looks at: several if the selected one is in several clusters."""
        view = self.selected()
        return (view.rollout.key,) if view else ()

    def tell_selected(self) -> None:
        """Let the probes of what the user looks at come first."""
        self.app_port.cockpit.select(self.selected_keys())

    def show_keys(self, ids: tuple[str, ...]) -> None:
        """Draw the footer with the keys that apply now."""
        if self.app_port.view.playback:
            ids = of_a_recording(ids, _ACTS)
        elif self.app_port.view.pairing.on:
            ids = with_pairing(ids)
        elif any(self.app_port.view.pairing.proposal(key) for key in self.selected_keys()):
            ids = with_pairing(ids, ("controls",))
        keys = [self.app_port.keymap[id] for id in ids]
        self.query_one(KeyBar).show([(key, self.applies(key)) for key in keys])

    def applies(self, key: Key) -> bool:
        """Whether a key applies to the selected rollout."""
        if key.id not in OF_A_ROLLOUT or self.selected() is not None:
            return not self.why_not(key)
        return False

    def why_not(self, key: Key) -> str:
        """Why a key does nothing now, for the list of keys; "" if it does something."""
        if why := self.app_port.off.get(key.id, ""):
            return why
        if self.app_port.view.playback and (key.acts or key.id in LIVE_ONLY):
            return A_RECORDING
        if key.acts and (state := self.wanted(key)[0]).why:
            return self._why(state)
        view = self.selected()
        return why_idle(key, view) if view else ""

    def action_act(self, id: str) -> None:
        """Request the act of a key, or show why it does not apply."""
        state, key = self.wanted(self.app_port.keymap[id])
        if not state.enabled or key is None:
            self.app_port.refuse(self._why(state))
            return
        self.app.post_message(ActionRequested(key, state.act))

    def _why(self, state: ActState) -> str:
        """Why an act does not apply, with the keys of those that it says to do instead."""
        view, port = self.selected(), self.app_port
        if view is None:
            return state.why
        from cockpit.tui.advising import Keyed

        return Keyed(view, port.view.read_only, port.keymap).words(state.why, state.told)

    def wanted(self, key: Key) -> tuple[ActState, RolloutKey | None]:
        """The act of a key, whether it applies, and to which rollout."""
        read_only = self.app_port.view.read_only
        if view := self.selected():
            return state_of(key, view, read_only), view.rollout.key
        gone = self.gone() if Act.UNDO in key.acts else None
        return (undo_state(read_only) if gone else state_of(key, None, read_only)), gone

    async def action_probe(self) -> None:
        """Start the probe, or stop it."""
        view = self.selected()
        if view is None:
            self.app_port.refuse("no rollout is selected")
            return
        # What pods of the cluster saw is no way from here.
        nowhere = view.probe.probe_target is None or (view.probe.source and view.rollout.probe_target is None)
        if not view.probe.running and nowhere:
            self.action_probe_target()
            return
        await self.app_port.cockpit.probe(view.rollout.key, not view.probe.running)

    def action_probe_target(self) -> None:
        """Ask where the probe sends, remember it and start the probe."""
        view = self.selected()
        if view is None:
            self.app_port.refuse("no rollout is selected")
            return
        if why := self.app_port.off.get("probe-target"):
            self.app_port.refuse(why)
            return
        from cockpit.model.probe_job import InsideWish
        from cockpit.tui.probe_targets import notice
        from cockpit.tui.screens.ask import target_form

        key = view.rollout.key

        async def keep(target: TargetInput | InsideWish | None) -> None:
            if target is None:
                return
            if isinstance(target, InsideWish):
                from cockpit.tui.screens.inside import InsideDialog

                self.app.push_screen(InsideDialog(key, target))
                return
            kept = await self.app_port.cockpit.set_target(key, target.probe_target)
            if words := notice(view, target, kept):
                self.app_port.refuse(safe_text(words))
            if target.probe_target or view.rollout.probe_target:
                await self.app_port.cockpit.probe(key, True)

        self.app.push_screen(target_form(view), keep)

    def action_guard(self) -> None:
        """Propose, arm or disarm the guard of the release."""
        view = self.selected()
        if view is None:
            self.app_port.refuse("no rollout is selected")
        else:
            from cockpit.tui.screens.guard import ask_for_guard

            ask_for_guard(self.app, view.rollout.key)

    def action_controls(self) -> None:
        """Take, hand over or give back the controls."""
        keys = self.selected_keys()
        if len(keys) != 1:
            self.app_port.refuse("it is in several clusters: open it in one" if keys else "no rollout is selected")
        else:
            from cockpit.tui.screens.pairing import ask_for_controls

            ask_for_controls(self.app, keys[0])
