"""The fleet: every rollout of every cluster in one list."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import Input

from cockpit.model.refs import RolloutKey
from cockpit.model.text import safe_text
from cockpit.model.view import FleetView, RolloutGroup, RolloutView, Sync
from cockpit.tui.acting import latest_sent
from cockpit.tui.keys import FLEET_FOOTER, Where
from cockpit.tui.pace import Pace
from cockpit.tui.rows import rows_of
from cockpit.tui.screens.base import CockpitScreen, bindings, has_parts
from cockpit.tui.screens.rollout import RolloutScreen
from cockpit.tui.widgets.findings import (
    Findings,
    cluster_findings,
    fault_words,
    fleet_findings,
    localised,
    wanted_lines,
)
from cockpit.tui.widgets.header_bar import HeaderBar, worst
from cockpit.tui.widgets.key_bar import KeyBar
from cockpit.tui.widgets.rollout_table import RolloutTable

MOST_FINDINGS = 4


def matches(view: RolloutView, words: Sequence[str]) -> bool:
    """Whether each word is in what a row says."""
    rollout = view.rollout
    text = f"{rollout.key} {rollout.key.system} {rollout.router} {rollout.phase.value}".lower()
    return all(word in text for word in words)


class FleetScreen(CockpitScreen):
    """Header, table, findings, keys; a filter line while one is typed."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(Where.FLEET, Where.BOTH, Where.EVERYWHERE)

    def __init__(self) -> None:
        super().__init__()
        self.words = ""
        self.opened: set[RolloutKey] = set()
        self._pace = Pace()

    def compose(self) -> ComposeResult:
        glyphs, zone = self.desk.glyphs, self.desk.zone
        yield HeaderBar(glyphs, zone)
        yield RolloutTable(glyphs)
        yield Findings(glyphs)
        yield Input(
            placeholder="filter: words in name, namespace, system or phase",
            id="filter",
            compact=True,
            select_on_focus=False,
        )
        yield KeyBar()

    def on_mount(self) -> None:
        self.query_one("#filter").display = False
        self.query_one(RolloutTable).focus()
        self.show_view(self.desk.view)

    def on_resize(self) -> None:
        self._pace.reset()
        if has_parts(self):
            self.show_view(self.desk.view)

    def on_screen_resume(self) -> None:
        self._pace.reset()
        super().on_screen_resume()

    def selected(self) -> RolloutView | None:
        current = self.query_one(RolloutTable).current
        if current is None:
            return None
        group = self._group(current.rollout.key)
        return group.view if group else self.desk.find(current.rollout.key)

    def _group(self, key: RolloutKey) -> RolloutGroup | None:
        """The group whose row this is."""
        return next((group for group in self.desk.view.groups if group.view.rollout.key == key), None)

    def gone(self) -> RolloutKey | None:
        return latest_sent(self.desk.view)

    def show_view(self, view: FleetView) -> None:
        self.query_one(HeaderBar).show(view, view.clusters, view.rollouts)
        if not self._pace.due(view.at, view.rollouts, view.clusters):
            return
        words = self.words.lower().split()
        rows = [row for row in rows_of(view, self.opened) if not words or matches(row, words)]
        findings = self.query_one(Findings)
        told = [*cluster_findings(view.clusters, self.desk.zone), *fleet_findings(view.rollouts)]
        told = [localised(each, self.desk.now(), self.desk.zone) for each in told]
        wanted = wanted_lines(told, self.size.width, self.desk.glyphs)
        findings.styles.height = max(min(wanted, MOST_FINDINGS), 1)
        nothing = fault_words(view.rollouts) or "nothing is wrong that can be seen from here"
        findings.show(told, nothing if view.rollouts else "")
        namespaces = {row.rollout.key.namespace for row in view.rollouts}
        everywhere = len(namespaces) > 1 or any(cluster.namespace is None for cluster in view.clusters)
        parts = {group.view.rollout.key: len(group.parts) for group in view.groups}
        self.query_one(RolloutTable).show(rows, self._empty(view), everywhere, parts)
        self.show_keys(FLEET_FOOTER)

    def _empty(self, view: FleetView) -> str:
        cluster = worst(view.clusters)
        if self.words and view.rollouts:
            return f"no rollout has '{self.words}' in it; esc ends the filter"
        if cluster is not None and cluster.state is not Sync.LIVE:
            return f"{cluster.context}: {cluster.state.value} {cluster.message}"
        return "no rollouts here: nothing splits or moves traffic in these namespaces"

    @on(RolloutTable.CursorMoved)
    def _cursor_moved(self) -> None:
        self.show_keys(FLEET_FOOTER)

    def action_open(self) -> None:
        """Open the rollout under the cursor; of one in several clusters its parts, below it."""
        view = self.selected()
        if view is None:
            return
        key = view.rollout.key
        if self._group(key) is None:
            self.app.push_screen(RolloutScreen(key))
            return
        self.opened ^= {key}
        self._pace.reset()
        self.show_view(self.desk.view)

    async def action_probe(self) -> None:
        view = self.selected()
        group = self._group(view.rollout.key) if view else None
        if view is None or group is None:
            await super().action_probe()
            return
        for key in group.parts:
            await self.desk.cockpit.probe(key, not view.probe.running)

    def action_probe_target(self) -> None:
        if not self._asks_for_a_part("the probe of each cluster has a target of its own"):
            super().action_probe_target()

    def action_yaml(self) -> None:
        if not self._asks_for_a_part("objects are of one cluster"):
            super().action_yaml()

    def action_events(self) -> None:
        if not self._asks_for_a_part("events are of one cluster"):
            super().action_events()

    def _asks_for_a_part(self, why: str) -> bool:
        """Whether the row is of several clusters, which is told: one has to be chosen first."""
        view = self.selected()
        if view is None or self._group(view.rollout.key) is None:
            return False
        words = f"{safe_text(view.rollout.key.name)}: {why}; enter shows its parts, choose one"
        self.desk.refuse(words)
        return True

    def action_filter(self) -> None:
        """Type a filter."""
        field = self.query_one("#filter", Input)
        field.display = True
        field.focus()

    def action_back(self) -> None:
        """End the filter."""
        field = self.query_one("#filter", Input)
        field.value = ""
        field.display = False
        self.query_one(RolloutTable).focus()

    @on(Input.Changed, "#filter")
    def _filter_changed(self, event: Input.Changed) -> None:
        self.words = event.value
        self._pace.reset()
        self.show_view(self.desk.view)

    @on(Input.Submitted, "#filter")
    def _filter_done(self) -> None:
        self.query_one("#filter").display = bool(self.words)
        self.query_one(RolloutTable).focus()
