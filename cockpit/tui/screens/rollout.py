"""One rollout: what hurts and the way back, who gets what, the way so far, and the pods beside the journal."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widget import Widget
from textual.worker import WorkType

from cockpit.model.finding_order import folded
from cockpit.model.health import Health
from cockpit.model.lanes import DEFAULT_LANE
from cockpit.model.plan import Ask, Plan, Refused
from cockpit.model.refs import RolloutKey
from cockpit.model.rollout import Finding, PodCell, Rollout, Severity, Version
from cockpit.model.text import safe_text
from cockpit.model.view import Entry, FleetView, RolloutView, successor
from cockpit.tui.advising import Keyed
from cockpit.tui.check_lines import every_line
from cockpit.tui.footers import ROLLOUT_FOOTER
from cockpit.tui.health_words import fault_words, told_health
from cockpit.tui.history import ZOOMS, History, charted, moments_of
from cockpit.tui.keys import bindings_on
from cockpit.tui.lines import Line
from cockpit.tui.pace import Pace, facts
from cockpit.tui.rollout_layout import Needs, Place, Places, alone, main_width, places
from cockpit.tui.rows import group_of
from cockpit.tui.screens.base import CockpitScreen, has_parts
from cockpit.tui.screens.text import FindingsText
from cockpit.tui.standing import Cause, cause_of
from cockpit.tui.text import BASES, local_times, version_slots
from cockpit.tui.way_back import back_line, wants_way_back, way_back
from cockpit.tui.widgets.event_list import EventList
from cockpit.tui.widgets.findings import FindingLines, cluster_findings, health_line, localised
from cockpit.tui.widgets.header_bar import HeaderBar
from cockpit.tui.widgets.health_panel import HealthPanel, Told, least_height, told_of, wanted_height
from cockpit.tui.widgets.history_chart import HistoryChart, Picture
from cockpit.tui.widgets.key_bar import KeyBar
from cockpit.tui.widgets.probe_strip import ProbeStrip
from cockpit.tui.widgets.shares import Shares, lane_height
from cockpit.tui.widgets.step_track import StepTrack, track_height
from cockpit.tui.widgets.timeline import Timeline, latest
from cockpit.tui.widgets.version_list import VersionList
from cockpit.workloads.findings import finding

# Seconds between checks of what changes with time alone, which is redrawn when it changes, once a minute.
SECONDS = 10.0
# Seconds between reads of the events, which nothing watches, and of how many objects.
EVENT_SECONDS, MOST_OBJECTS = 20.0, 6


class RolloutScreen(CockpitScreen):
    """All panes of one rollout, without scrolling at 80x24."""

    PLACE: ClassVar[str] = "rollout"
    BINDINGS: ClassVar[list[BindingType]] = bindings_on("rollout")

    def __init__(self, key: RolloutKey) -> None:
        super().__init__()
        self.key = key
        self.slots: dict[str, int] = {}
        self.zoom: float | None = ZOOMS[0]
        self.times = False
        self.lane = ""  # the lane whose way is shown; "" for the default one
        self.charted = ""
        self.enlarged = ""  # the pane that has the whole screen, by its name in `Places`
        self._gone = False
        self._pace = Pace()
        self._places = Places()
        self._back: Plan | Refused | None = None
        self._back_of: tuple[object, ...] = ()

    def compose(self) -> ComposeResult:
        port = self.app_port
        glyphs, zone = port.glyphs, port.zone
        yield HeaderBar(glyphs, zone)
        yield StepTrack(glyphs, port.now, zone)
        yield HealthPanel(glyphs, port.keymap["findings"].shown)
        yield Shares(glyphs)
        yield ProbeStrip(glyphs, slow=self.app_port.slow)
        yield HistoryChart(glyphs, zone, port.keymap["zoom"].shown)
        yield VersionList(glyphs)
        yield Timeline(glyphs, zone, with_name=False)
        yield EventList(glyphs)
        yield KeyBar()

    def on_mount(self) -> None:
        self.query_one(VersionList).focus()
        self.show_view(self.app_port.view)
        self.tell_selected()
        self.set_interval(SECONDS, self.query_one(StepTrack).repaint)
        self.set_interval(EVENT_SECONDS, self.read_events)

    def on_resize(self) -> None:
        self._pace.reset()
        if has_parts(self):
            self.show_view(self.app_port.view)

    def on_screen_resume(self) -> None:
        self._pace.reset()
        super().on_screen_resume()

    def selected(self) -> RolloutView | None:
        return self.app_port.find(self.key)

    def selected_keys(self) -> tuple[RolloutKey, ...]:
        return (self.key,)

    def gone(self) -> RolloutKey | None:
        return self.key

    def show_view(self, view: FleetView) -> None:
        shown = self.selected() or self._follow(view)
        clusters = [cluster for cluster in view.clusters if cluster.context == self.key.context]
        self.query_one(HeaderBar).show(view, clusters, [shown] if shown else [])
        if shown is None:
            self._tell_gone()
            return
        self._gone = False
        self.query_one(Timeline).show(latest(_told_of(shown.rollout, view)))
        if self._pace.due(view.at, [shown], clusters):
            self._look_for_the_way_back(shown)
            self._show_rollout(view, shown)
            self.show_keys(ROLLOUT_FOOTER)
        self.query_one(ProbeStrip).show(shown.probe, self.slots)

    def _show_rollout(self, view: FleetView, shown: RolloutView) -> None:
        rollout = shown.rollout
        names = [version.name for version in rollout.versions]
        names += [share.version for lane in rollout.lanes for share in lane.shares if share.version not in names]
        self.slots = version_slots(names, self.slots)
        picture = self._picture(view, shown)
        told = self._told(view, shown)
        self._place(shown, told)
        self.query_one(StepTrack).show(shown, self.charted)
        self.query_one(HealthPanel).show(told)
        self.query_one(Shares).show(shown, self.slots)
        self.query_one(HistoryChart).show(picture)
        self.query_one(VersionList).show(rollout, self.slots)

    # What is told

    def _told(self, view: FleetView, shown: RolloutView) -> Told:
        port = self.app_port
        health = told_health(shown, port.keymap)
        keyed = Keyed(shown, view.read_only, port.keymap)
        reason = local_times(health.reason, port.now(), port.zone)
        health = replace(health, reason=keyed.words(reason, keyed.acts_of(health.reason)))
        found = self._findings(view, shown)
        note = "" if shown.health.health is Health.FINE else fault_words([shown])
        back = back_line(shown, self._back, port.keymap, port.glyphs, keyed.words)
        word = "the release fails" if cause_of(shown) is Cause.FAILING else ""
        return told_of(health, note, back, found, self._around(view), word)

    def _around(self, view: FleetView) -> list[FindingLines]:
        """Clusters that may be stale, and the same rollout in other clusters."""
        clusters = [cluster for cluster in view.clusters if cluster.context == self.key.context]
        return [*cluster_findings(clusters, self.app_port.zone), *self._elsewhere(view)]

    def _found(self, view: FleetView, shown: RolloutView) -> list[FindingLines]:
        """The health of this rollout and every finding about it, worst first."""
        found = [*self._around(view), *health_line(shown, self.app_port.keymap)]
        found = [localised(each, self.app_port.now(), self.app_port.zone) for each in found]
        return sorted([*found, *self._findings(view, shown)], key=lambda each: each.rank)

    def _findings(self, view: FleetView, shown: RolloutView) -> list[FindingLines]:
        """The findings about this rollout, in the times and with the keys of this screen."""
        port, keyed = self.app_port, Keyed(shown, view.read_only, self.app_port.keymap)
        found = [localised(FindingLines(each), port.now(), port.zone) for each in folded(shown.rollout.findings)]
        return [replace(each, finding=keyed.found(each.finding)) for each in found if isinstance(each.finding, Finding)]

    def _elsewhere(self, view: FleetView) -> list[FindingLines]:
        """The state of the same rollout in other clusters."""
        group = group_of(view, self.key)
        others = [
            shown.rollout
            for key in (group.parts if group else ())
            if key != self.key and (shown := self.app_port.find(key))
        ]
        return [
            FindingLines(finding("elsewhere", Severity.INFO, f"{r.phase}, {r.message}"), f"in {r.key.context}")
            for r in others
        ]

    def _look_for_the_way_back(self, shown: RolloutView) -> None:
        """Ask the session what the way back would do, again whenever the rollout changes."""
        state = way_back(shown)
        of = facts(shown)[:2] if state and state.enabled and wants_way_back(shown) else ()
        if of == self._back_of:
            return
        self._back_of = of
        if not of or state is None:
            self._back = None
            return
        ask = Ask(state.act)

        async def outline() -> None:
            self._back = await self.app_port.cockpit.outline(self.key, ask)
            if has_parts(self) and (now := self.selected()):
                told = self._told(self.app_port.view, now)
                self._place(now, told)
                self.query_one(HealthPanel).show(told)

        self.run_worker(outline(), group="way back", exclusive=True, exit_on_error=False)

    # The picture of the release

    def _picture(self, view: FleetView, shown: RolloutView) -> Picture:
        rollout, probe = shown.rollout, shown.probe
        names = [lane.name for lane in rollout.lanes]
        default = rollout.default_lane.name if rollout.default_lane else DEFAULT_LANE
        lane = self.lane if self.lane in names else default
        splits = tuple(split for split in probe.splits if split.lane == lane)
        self.charted = charted(rollout, lane, self.charted, splits)
        base = next((v.name for v in rollout.versions if v.role in BASES and v.name != self.charted), "")
        entries = [entry for entry in view.journal if entry.rollout == self.key]
        history = History(
            lane,
            tuple(point for point in probe.history if point.lane == lane),
            splits,
            moments_of(splits, entries, self.charted, view.user),
        )
        slot = self.slots.get(self.charted, 3)
        return Picture(history, self.charted, base, slot, self.zoom, self.times, probe.running, several=len(names) > 1)

    def _redraw_the_way(self) -> None:
        if shown := self.selected():
            self.query_one(HistoryChart).show(self._picture(self.app_port.view, shown))

    def action_zoom(self) -> None:
        """Show the last minute, the last ten, or the whole release."""
        self.zoom = ZOOMS[(ZOOMS.index(self.zoom) + 1) % len(ZOOMS)]
        self._redraw_the_way()

    def action_measure(self) -> None:
        """Show the median time of answers instead of the share, or the other way round."""
        self.times = not self.times
        self._redraw_the_way()

    def action_lane(self) -> None:
        """Show the way of the next lane."""
        shown = self.selected()
        names = [lane.name for lane in shown.rollout.lanes] if shown else []
        if len(names) < 2:
            self.app_port.refuse(f"{safe_text(self.key.name)}: all requests are in one lane")
            return
        now = self.query_one(HistoryChart).picture.history.lane
        self.lane = names[(names.index(now) + 1) % len(names)] if now in names else names[0]
        self.charted = ""
        self._redraw_the_way()

    # Where the panes stand

    def _place(self, shown: RolloutView, told: Told) -> None:
        rollout = shown.rollout
        pods = sum(1 + len(version.pods) for version in rollout.versions) + 2
        width, height = self.size
        lanes = [lane_height(lane) for lane in rollout.lanes] or [1]
        lanes[-1] += shown.real is not None  # what a Prometheus says
        needs = Needs(
            track_height(shown, height), tuple(lanes),
            wanted_height(told, main_width(width), self.app_port.glyphs, height), pods,
            least_height(told, main_width(width), self.app_port.glyphs), len(self.query_one(Timeline).entries) + 2,
            shown.probe.running or bool(shown.probe.history or shown.probe.splits),
        )  # fmt: skip
        found = places(width, height, needs)
        if self.enlarged:
            found = alone(found, self.enlarged, width, height)
        if found == self._places:
            return
        self._places = found
        self.query_one(Shares).framed = self.query_one(ProbeStrip).framed = found.framed
        for kind, place in (
            (StepTrack, found.title),
            (HealthPanel, found.health),
            (Shares, found.shares),
            (ProbeStrip, found.strip),
            (HistoryChart, found.chart),
            (VersionList, found.pods),
            (Timeline, found.journal),
            (EventList, found.events),
        ):
            self._put(self.query_one(kind), place)
        self.read_events()

    def _put(self, pane: Widget, place: Place) -> None:
        room = place.width > 0 and place.height > 0
        # A hidden pane loses the focus for good; one without lines keeps it until there is room.
        pane.display = room or pane is self.focused
        pane.styles.width, pane.styles.height = place.width, place.height
        pane.styles.offset = (place.x, place.y)

    def read_events(self) -> None:
        """Read the events about the rollout's objects, if there is room to show them and somebody looks."""
        shown = self.selected()
        if shown is None or not self._places.events.height or not self.is_current:
            return
        context, refs = self.key.context, shown.rollout.objects[:MOST_OBJECTS]

        async def read() -> None:
            found = [await self.app_port.cockpit.events(context, ref) for ref in refs]
            if has_parts(self):
                groups = [group for each in found if not isinstance(each, str) for group in each]
                problem = next((each for each in found if isinstance(each, str)), "")
                self.query_one(EventList).show(groups, problem, self.app_port.now())

        # Handed over uncalled: a newer reading may take its place before it begins.
        work: WorkType[None] = read
        self.run_worker(work, group="events", exclusive=True, exit_on_error=False)

    def _follow(self, view: FleetView) -> RolloutView | None:
        """Go on with what the rollout became when another system began to drive it."""
        found = successor(self.key, view.rollouts)
        if found is not None:
            self.key = found.rollout.key
            words = f"the system {safe_text(self.key.system, 40)} drives {safe_text(self.key)} now"
            self.app.notify(words, severity="information", markup=False)
            self._pace.reset()
            self.tell_selected()
        return found

    def _tell_gone(self) -> None:
        if not self._gone:
            self._gone = True
            self.app.notify(f"{safe_text(self.key)}: this rollout is gone", severity="information", markup=False)

    def action_back(self) -> None:
        """Every pane in its place again, or else back to the fleet."""
        if self.enlarged:
            self.action_enlarge()
        else:
            self.app.pop_screen()

    def action_enlarge(self) -> None:
        """Give the focused pane the whole screen, or every pane its place again."""
        names = {Timeline: "journal", HistoryChart: "chart", Shares: "shares"}
        focused = next((name for kind, name in names.items() if isinstance(self.focused, kind)), "pods")
        self.enlarged = "" if self.enlarged else focused
        self.on_resize()

    def action_findings(self) -> None:
        """Every finding in full, and what judges the release."""

        def found() -> list[FindingLines]:
            shown = self.selected()
            return self._found(self.app_port.view, shown) if shown else []

        def checks() -> list[Line]:
            shown = self.selected()
            return every_line(shown.rollout, self.app_port.glyphs) if shown else []

        self.app.push_screen(FindingsText(self.key, found, checks))

    def chosen_pod(self) -> tuple[Version, PodCell] | None:
        return self.query_one(VersionList).chosen


def _told_of(rollout: Rollout, view: FleetView) -> list[Entry]:
    """What the journal tells of a rollout, also from when another system drove it."""
    others = {each.rollout.key for each in view.rollouts} - {rollout.key}
    return [entry for entry in view.journal if rollout.was(entry.rollout) and entry.rollout not in others]
