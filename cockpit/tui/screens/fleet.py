"""The fleet: every rollout of every cluster in one list."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import Input

from cockpit.model.refs import RolloutKey
from cockpit.model.view import FleetView, RolloutView, Sync
from cockpit.tui.acting import latest_sent
from cockpit.tui.keys import FLEET_FOOTER, Where
from cockpit.tui.pace import Pace
from cockpit.tui.screens.base import CockpitScreen, bindings
from cockpit.tui.screens.rollout import RolloutScreen
from cockpit.tui.widgets.findings import Findings, cluster_findings, fleet_findings
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

    def on_screen_resume(self) -> None:
        self._pace.reset()
        super().on_screen_resume()

    def selected(self) -> RolloutView | None:
        current = self.query_one(RolloutTable).current
        return self.desk.find(current.rollout.key) if current else None

    def gone(self) -> RolloutKey | None:
        return latest_sent(self.desk.view)

    def show_view(self, view: FleetView) -> None:
        self.query_one(HeaderBar).show(view, view.clusters, view.rollouts)
        if not self._pace.due(view.at, view.rollouts, view.clusters):
            return
        words = self.words.lower().split()
        rows = [row for row in view.rollouts if matches(row, words)] if words else view.rollouts
        findings = self.query_one(Findings)
        told = [*cluster_findings(view.clusters, self.desk.zone), *fleet_findings(view.rollouts)]
        findings.styles.height = max(min(len(told), MOST_FINDINGS), 1)
        findings.show(told, "nothing is wrong that can be seen from here" if view.rollouts else "")
        namespaces = {row.rollout.key.namespace for row in view.rollouts}
        everywhere = len(namespaces) > 1 or any(cluster.namespace is None for cluster in view.clusters)
        self.query_one(RolloutTable).show(rows, self._empty(view), everywhere)
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
        """Open the rollout under the cursor."""
        if view := self.selected():
            self.app.push_screen(RolloutScreen(view.rollout.key))

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
