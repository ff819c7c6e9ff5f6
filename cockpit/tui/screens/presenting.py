"""A rollout in large print, for a room of people: what users get, who answers, what happens, and the next step."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from cockpit.model.refs import RolloutKey
from cockpit.model.view import Cell, FleetView, RolloutView
from cockpit.tui.caption import caption
from cockpit.tui.footers import PRESENTING_FOOTER
from cockpit.tui.keys import bindings_on
from cockpit.tui.screens.base import CockpitScreen
from cockpit.tui.standing import RANKS, cause_of
from cockpit.tui.text import version_slots
from cockpit.tui.widgets.key_bar import KeyBar
from cockpit.tui.widgets.presentation import Presentation

# Seconds between two answers in slow motion.
SLOW = 0.5


class PresentingScreen(CockpitScreen):
    """One rollout after the other; acts work as everywhere."""

    PLACE: ClassVar[str] = "presenting"
    BINDINGS: ClassVar[list[BindingType]] = bindings_on("presenting")

    def __init__(self, key: RolloutKey | None) -> None:
        super().__init__()
        self.key = key
        self.slow = False
        self._upto = 0  # in slow motion: how many answers of all are shown
        self._slots: dict[RolloutKey, dict[str, int]] = {}

    def compose(self) -> ComposeResult:
        yield Presentation(self.app_port.glyphs)
        yield KeyBar()

    def on_mount(self) -> None:
        self.show_view(self.app_port.view)
        self.tell_selected()
        self.set_interval(SLOW, self._one_more)

    def on_resize(self) -> None:
        self.show_view(self.app_port.view)

    def selected(self) -> RolloutView | None:
        return self.app_port.find(self.key) if self.key else None

    def gone(self) -> RolloutKey | None:
        return self.key

    def chosen_key(self) -> RolloutKey | None:
        """The rollout, or the first one if none is chosen or it is gone."""
        views = self._in_turn()
        if self.key is None and views:
            self.key = views[0].rollout.key
        return self.key

    def _in_turn(self) -> list[RolloutView]:
        """All rollouts: what needs somebody, what moves, then the rest; by name."""
        views = self.app_port.view.rollouts
        return sorted(views, key=lambda view: (RANKS[cause_of(view)], str(view.rollout.key)))

    def show_view(self, view: FleetView) -> None:
        if not self.query(Presentation):
            return
        key = self.chosen_key()
        shown, stage = self.selected(), self.query_one(Presentation)
        if shown is None or key is None:
            words = f"{key} is gone" if key else "no rollouts here yet"
            stage.show(None, {}, words, (), "")
        else:
            rollout = shown.rollout
            names = [version.name for version in rollout.versions]
            names += [share.version for lane in rollout.lanes for share in lane.shares if share.version not in names]
            slots = self._slots[key] = version_slots(names, self._slots.get(key, {}))
            keys = sorted(str(each.rollout.key) for each in view.rollouts)
            told = caption(shown, view.journal, self.app_port.now(), self.app_port.keymap)
            words = self.app_port.glyphs.titled(told)
            slow = "  slow motion" if self.slow else ""
            place = f"{keys.index(str(key)) + 1} of {len(keys)}{slow}"
            moves = self.slow or not self.app_port.slow
            stage.show(shown, slots, words, self._answers(shown) if moves else (), place)
        self.show_keys(PRESENTING_FOOTER)

    def _answers(self, shown: RolloutView) -> tuple[Cell, ...]:
        probe = shown.probe
        if not self.slow:
            self._upto = probe.strip_total
            return probe.strip
        # What the probe no longer keeps cannot be shown.
        self._upto = max(self._upto, probe.strip_total - len(probe.strip) + 1)
        later = probe.strip_total - self._upto
        return probe.strip[: len(probe.strip) - later] if later > 0 else probe.strip

    def _one_more(self) -> None:
        shown = self.selected()
        if self.slow and shown is not None and self._upto < shown.probe.strip_total:
            self._upto += 1
            self.show_view(self.app_port.view)

    def action_turn(self, by: int) -> None:
        """The next rollout, or the one before."""
        keys = sorted((view.rollout.key for view in self.app_port.view.rollouts), key=str)
        if not keys:
            return
        at = keys.index(self.key) if self.key in keys else -1
        self.key = keys[(at + by) % len(keys)]
        self.tell_selected()
        self.show_view(self.app_port.view)

    def action_slow(self) -> None:
        """One answer after the other, slowly enough to be told; again: as they come."""
        self.slow = not self.slow
        self.show_view(self.app_port.view)

    def action_back(self) -> None:
        """Back to the screen before."""
        self.app.pop_screen()
