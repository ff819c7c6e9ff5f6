"""One rollout: what is released, how far it is, what users get, and the way back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from cockpit.model.refs import PODS, Ref, RolloutKey
from cockpit.model.rollout import Finding, Severity
from cockpit.model.text import safe_text
from cockpit.model.view import FleetView, RolloutView, Stage
from cockpit.tui.keys import ROLLOUT_FOOTER, Where
from cockpit.tui.pace import Pace
from cockpit.tui.rows import group_of
from cockpit.tui.screens.base import CockpitScreen, bindings, has_parts
from cockpit.tui.screens.text import FindingsText, PodLog
from cockpit.tui.text import told_share, version_slots
from cockpit.tui.widgets.findings import ORDER, Findings, Told, cluster_findings, fault_words, localised, wanted_lines
from cockpit.tui.widgets.header_bar import HeaderBar
from cockpit.tui.widgets.history_chart import HistoryChart
from cockpit.tui.widgets.key_bar import KeyBar
from cockpit.tui.widgets.probe_strip import ProbeStrip
from cockpit.tui.widgets.shares import Shares
from cockpit.tui.widgets.step_track import StepTrack
from cockpit.tui.widgets.timeline import Timeline, latest
from cockpit.tui.widgets.version_list import VersionList

LINES_OF_A_LANE = 4
# How often what is left of a pause is looked at; it is drawn again when its words change, once a minute.
SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Heights:
    """Lines of each pane; header, title, step and keys take four more, a plan of steps one."""

    shares: int
    versions: int
    strip: int
    chart: int
    findings: int
    journal: int


def heights(total: int, lanes: int, versions: int, findings: int, *, planned: bool = False) -> Heights:
    """Share out the lines of a screen: what must be seen first, then what is good to have."""
    room = total - 4 - planned
    lines = dict.fromkeys(Heights.__slots__, 0)
    wishes = (
        ("shares", LINES_OF_A_LANE),
        ("versions", 3),
        ("findings", 1),
        ("strip", 2),
        ("journal", 1),
        ("findings", min(max(findings, 1), 3)),
        ("versions", min(versions, 6) + 1),
        ("shares", lanes * LINES_OF_A_LANE),
        ("strip", 3),
        ("chart", 5),
        ("journal", 3),
        ("chart", 9),
        ("strip", 5),
        ("findings", findings),
        ("versions", versions + 1),
        ("journal", 12),
        ("chart", 16),
        ("strip", 8),
    )
    for name, wish in wishes:
        free = room - sum(lines.values())
        more = min(wish - lines[name], free)
        # A lane or a chart that is cut in two tells nothing.
        if name == "shares":
            more -= max(more, 0) % LINES_OF_A_LANE
        if name == "chart" and lines["chart"] + more < 4:
            continue
        lines[name] += max(more, 0)
    return Heights(**lines)


class RolloutScreen(CockpitScreen):
    """All panes of one rollout, without scrolling at 80x24."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(Where.ROLLOUT, Where.BOTH, Where.EVERYWHERE)

    def __init__(self, key: RolloutKey) -> None:
        super().__init__()
        self.key = key
        self.slots: dict[str, int] = {}
        self._gone = False
        self._pace = Pace()

    def compose(self) -> ComposeResult:
        glyphs, zone = self.desk.glyphs, self.desk.zone
        yield HeaderBar(glyphs, zone)
        yield StepTrack(glyphs, self.desk.now, zone)
        yield Shares(glyphs)
        yield VersionList(glyphs)
        yield Findings(glyphs, self.desk.keymap["findings"].shown)
        yield ProbeStrip(glyphs)
        yield HistoryChart(glyphs, zone)
        yield Timeline(glyphs, zone, with_name=False)
        yield KeyBar()

    def on_mount(self) -> None:
        self.query_one(VersionList).focus()
        self.show_view(self.desk.view)
        self.set_interval(SECONDS, self.query_one(StepTrack).repaint)

    def on_resize(self) -> None:
        self._pace.reset()
        if has_parts(self):
            self.show_view(self.desk.view)

    def on_screen_resume(self) -> None:
        self._pace.reset()
        super().on_screen_resume()

    def selected(self) -> RolloutView | None:
        return self.desk.find(self.key)

    def gone(self) -> RolloutKey | None:
        return self.key

    def show_view(self, view: FleetView) -> None:
        shown = self.selected()
        clusters = [cluster for cluster in view.clusters if cluster.context == self.key.context]
        self.query_one(HeaderBar).show(view, clusters, [shown] if shown else [])
        if shown is None:
            self._tell_gone()
            return
        self._gone = False
        if self._pace.due(view.at, [shown], clusters):
            told = self._told(view, shown)
            self._share_out(shown, wanted_lines(told, self.size.width, self.desk.glyphs))
            self._show_rollout(shown, told)
            self.show_keys(ROLLOUT_FOOTER)
        self.query_one(ProbeStrip).show(shown.probe, self.slots)
        self._show_journal(view, shown)

    def _told(self, view: FleetView, shown: RolloutView) -> list[Told]:
        """Every finding that is about this rollout, worst first."""
        clusters = [cluster for cluster in view.clusters if cluster.context == self.key.context]
        told = [*cluster_findings(clusters, self.desk.zone), *self._elsewhere(view)]
        told += [Told(finding) for finding in shown.rollout.findings]
        told.sort(key=lambda each: ORDER.index(each.finding.severity))
        return [localised(each, self.desk.now(), self.desk.zone) for each in told]

    def _elsewhere(self, view: FleetView) -> list[Told]:
        """Where the same rollout stands in other clusters."""
        group = group_of(view, self.key)
        others = [
            shown.rollout
            for key in (group.parts if group else ())
            if key != self.key and (shown := self.desk.find(key))
        ]
        return [
            Told(Finding("elsewhere", Severity.INFO, f"{r.phase}, {r.message}"), f"in {r.key.context}") for r in others
        ]

    def _show_rollout(self, view: RolloutView, told: Sequence[Told]) -> None:
        rollout = view.rollout
        names = [version.name for version in rollout.versions]
        names += [share.version for lane in rollout.lanes for share in lane.shares if share.version not in names]
        self.slots = version_slots(names, self.slots)
        self.query_one(StepTrack).show(view)
        self.query_one(Shares).show(rollout.lanes, self.slots, view.probe.running)
        self.query_one(VersionList).show(rollout, self.slots)
        self.query_one(Findings).show(told, fault_words([view]) or "no findings")

    def _show_journal(self, view: FleetView, shown: RolloutView) -> None:
        lane = shown.rollout.default_lane
        told = told_share(shown.rollout, lane)
        journal = latest([entry for entry in view.journal if entry.rollout == self.key])
        points = [point for point in shown.probe.history if lane is None or point.lane == lane.name]
        moments = [entry.at for entry in journal if entry.stage not in {Stage.REFUSED, Stage.DRY_RUN}]
        self.query_one(HistoryChart).show(points, told.version if told else "", self.slots, moments)
        self.query_one(Timeline).show(journal)

    def _share_out(self, view: RolloutView, findings: int) -> None:
        rollout = view.rollout
        counts = len(rollout.lanes), len(rollout.versions), findings
        lines = heights(self.size.height, *counts, planned=bool(rollout.steps))
        self.query_one(StepTrack).styles.height = 3 if rollout.steps else 2
        for pane, height in (
            (Shares, lines.shares),
            (VersionList, lines.versions),
            (Findings, lines.findings),
            (ProbeStrip, lines.strip),
            (HistoryChart, lines.chart),
            (Timeline, lines.journal),
        ):
            widget = self.query_one(pane)
            widget.display = height > 0
            # The last pane takes what is left over.
            widget.styles.height = "1fr" if pane is Timeline and height else height

    def _tell_gone(self) -> None:
        if not self._gone:
            self._gone = True
            self.app.notify(f"{safe_text(self.key)}: this rollout is gone", severity="information", markup=False)

    def action_back(self) -> None:
        """Back to the fleet."""
        self.app.pop_screen()

    def action_findings(self) -> None:
        """Every finding in full."""

        def told() -> list[Told]:
            shown = self.selected()
            return self._told(self.desk.view, shown) if shown else []

        self.app.push_screen(FindingsText(self.key, told))

    def action_logs(self) -> None:
        """The log of the pod under the cursor."""
        versions = self.query_one(VersionList)
        pod, version = versions.pod, versions.version
        if pod is None:
            words = f"{safe_text(self.key.name)}: no pod is there to read from"
            self.desk.refuse(words)
            return
        context = (version and version.context) or self.key.context
        self.app.push_screen(PodLog(context, Ref(PODS, self.key.namespace, pod.name)))
