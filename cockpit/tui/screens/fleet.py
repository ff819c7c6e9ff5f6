"""The fleet: every rollout of every cluster in one list, and what is to know about the one under the cursor."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container
from textual.notifications import SeverityLevel
from textual.timer import Timer
from textual.widgets import Input

from cockpit.model.plan import ActState
from cockpit.model.refs import RolloutKey
from cockpit.model.text import safe_text
from cockpit.model.view import FleetView, RolloutGroup, RolloutView
from cockpit.tui.acting import latest_sent
from cockpit.tui.empty import empty_lines
from cockpit.tui.fleet_layout import places
from cockpit.tui.footers import FLEET_FOOTER
from cockpit.tui.keys import Key, bindings_on
from cockpit.tui.marks import Marks
from cockpit.tui.messages import ScopeChanged
from cockpit.tui.pace import Pace
from cockpit.tui.rows import Grouping, Order, Section, blocks_of, covered_by, sections_of
from cockpit.tui.scope import Scope
from cockpit.tui.screens.base import CockpitScreen, has_parts
from cockpit.tui.syncing import READING
from cockpit.tui.widgets.brief_pane import BriefPane
from cockpit.tui.widgets.field import Field
from cockpit.tui.widgets.findings import Findings, cluster_findings, localised, wanted_lines
from cockpit.tui.widgets.header_bar import HeaderBar
from cockpit.tui.widgets.key_bar import KeyBar
from cockpit.tui.widgets.rollout_row import KnownSurroundings, label
from cockpit.tui.widgets.rollout_table import RolloutTable, Shown

if TYPE_CHECKING:
    from cockpit.tui.screens.several import SeveralDialog

MOST_BANNERS = 3
# Seconds between two looks at the ages; most of them change by the minute, and nothing is drawn where none did.
AGES_SECONDS = 10.0
# Seconds in which the rows of a first look come in one after the other, and find their groups.
SETTLING_SECONDS = 5.0
_LONGEST_NAME = 120


class FleetScreen(CockpitScreen):
    """Header, what is wrong with clusters, table, brief, keys, and a filter line while typing."""

    BINDINGS: ClassVar[list[BindingType]] = bindings_on("fleet")

    def __init__(self) -> None:
        super().__init__()
        self.words = ""
        self.opened: set[RolloutKey] = set()
        self.order = Order.WHY
        self.grouping = Grouping.STANDING
        self.marks = Marks()
        self.enlarged = False  # whether the list has the whole screen
        self._pace = Pace()
        self._hidden = 0  # rows that the filter hides
        self._problem = ""  # what is wrong with the filter
        self._wanted = 0  # lines that the table wanted at most in this size
        self._ages: Timer | None = None
        self._rows_since: float | None = None
        self._around = KnownSurroundings()

    def compose(self) -> ComposeResult:
        glyphs, zone = self.app_port.glyphs, self.app_port.zone
        header, table, brief = HeaderBar(glyphs, zone), RolloutTable(glyphs), BriefPane(glyphs)
        for pane in (header, table, brief):
            # Until there is a rollout, nothing in them changes: the first paint does not wait for their pieces.
            pane.cut_later = not self.app_port.view.rollouts
        yield header
        yield Findings(glyphs)
        with Container(id="fleet"):
            yield table
            yield brief
        yield Field(
            placeholder="filter: words in name, namespace, system, state; !word ~letters re:PATTERN -l a=b",
            id="filter",
            compact=True,
            select_on_focus=False,
        )
        yield KeyBar()

    def on_mount(self) -> None:
        self.query_one("#filter").display = False
        self.query_one(RolloutTable).focus()
        self._ages = self.set_interval(AGES_SECONDS, self._show_ages)
        self.show_view(self.app_port.view)

    def on_resize(self) -> None:
        self._pace.reset()
        self._wanted = 0
        if has_parts(self):
            self.show_view(self.app_port.view)

    def on_screen_suspend(self) -> None:
        self.query_one(RolloutTable).touched = True
        if self._ages:
            self._ages.pause()

    def on_screen_resume(self) -> None:
        if self._ages:
            self._ages.resume()
        self._pace.reset()
        super().on_screen_resume()

    def _show_ages(self) -> None:
        if self.is_current and has_parts(self):
            self.query_one(RolloutTable).repaint()
            self._show_brief()

    def selected(self) -> RolloutView | None:
        current = self.query_one(RolloutTable).current
        if current is None:
            return None
        group = self._group(current.rollout.key)
        return group.view if group else self.app_port.find(current.rollout.key)

    def selected_keys(self) -> tuple[RolloutKey, ...]:
        view = self.selected()
        group = self._group(view.rollout.key) if view else None
        return group.parts if group else super().selected_keys()

    def _group(self, key: RolloutKey) -> RolloutGroup | None:
        """The group of this row."""
        return next((group for group in self.app_port.view.groups if group.view.rollout.key == key), None)

    def gone(self) -> RolloutKey | None:
        return latest_sent(self.app_port.view)

    def show_view(self, view: FleetView) -> None:
        scope = self.app_port.scope
        view = scope.of(view)
        self.query_one(HeaderBar).show(view, view.clusters, view.rollouts, whole=True, labels=str(scope.labels or ""))
        if not self._pace.due(view.at, view.rollouts, view.clusters):
            return
        sections = self._sections(view)
        rows = {row.rollout.key for section in sections for row in section.rows}
        banners = self._show_banners(view)
        self._place_panes(sum(len(each.rows) + 1 for each in sections) + 2 if sections else 0, banners)
        self.query_one(RolloutTable).show(
            Shown(
                sections,
                empty_lines(view, self.words, scope.words),
                "rollouts",
                self._around.of(view, self.opened),
                self.order,
                self.app_port.seen.since,
                self.app_port.now,
                self.app_port.keymap["fold"].shown,
                self._complete(view),
                self._hidden,
                self.marks.rows(view),
                self._problem or self.marks.words(rows | covered_by(view, rows), escape=not self.words),
                self.app_port.own.columns,
            )
        )
        self._show_brief()
        self.show_keys(FLEET_FOOTER)

    def _complete(self, view: FleetView) -> bool:
        """Whether the first look at the clusters is over: then the cursor stays on its rollout."""
        now = self.app_port.now()
        if self._rows_since is None and view.rollouts and all(c.state not in READING for c in view.clusters):
            self._rows_since = now
        return self._rows_since is not None and now - self._rows_since >= SETTLING_SECONDS

    def _sections(self, view: FleetView) -> list[Section]:
        words = self.words.strip()
        blocks = blocks_of(view, self.opened)
        rows = sum(len(block) for block in blocks)
        self._problem = ""
        if words:
            from cockpit.tui.filtering import Filter

            wanted = Filter(words)
            self._problem = wanted.problem
            # A row of several clusters has only the labels that its parts share, which says nothing of `!=`.
            chosen = blocks_of(Scope(labels=wanted.labels).of(view), self.opened) if wanted.labels else blocks
            found = (list(filter(wanted.matches, block)) for block in chosen)
            blocks = [block for block in found if block]
        self._hidden = max(rows - sum(len(block) for block in blocks), 0)
        sections = sections_of(blocks, self.grouping, self.order, self.app_port.seen, len(view.clusters))
        # What somebody looks for is not folded away.
        return [replace(each, folds=False) for each in sections] if words else sections

    def _show_banners(self, view: FleetView) -> int:
        """Clusters whose data may be stale; returns how many lines they take."""
        pane, glyphs = self.query_one(Findings), self.app_port.glyphs
        found = cluster_findings(view.clusters, self.app_port.zone)
        seen = [localised(each, self.app_port.now(), self.app_port.zone) for each in found]
        # Without rows, the table says the same.
        seen = seen if view.rollouts and self.size.height > 8 else []
        lines = wanted_lines(seen, self.size.width, glyphs, MOST_BANNERS) if seen else 0
        pane.display = bool(lines)
        pane.styles.height = max(lines, 1)
        pane.show(seen)
        return lines

    def _place_panes(self, wanted: int, banners: int) -> None:
        """Give the panes their room; `wanted` is 0 without rows, when only the table has something to say."""
        self._wanted = max(self._wanted, wanted)
        body = max(self.size.height - 2 - banners - self.query_one("#filter").display, 0)
        at = places(self.size.width, body, self._wanted, bool(self.app_port.own.columns.names))
        table, brief = self.query_one(RolloutTable), self.query_one(BriefPane)
        self.set_class(at.beside, "-beside")
        brief.display = bool(wanted) and not self.enlarged and (at.beside or at.brief_lines > 0)
        table.styles.width = at.table_columns if at.beside and brief.display else "1fr"
        brief.styles.height = "1fr" if at.beside else max(at.brief_lines, 1)

    def _show_brief(self) -> None:
        view, port = self.query_one(RolloutTable).current, self.app_port
        pane = self.query_one(BriefPane)
        if view is None:
            pane.show("", None)
            return
        from cockpit.tui.brief import Facts

        before, name, after = label(view.rollout.key, self._around.of(port.scope.of(port.view), self.opened))
        facts = Facts(view, port.view.journal, port.view.read_only, port.keymap, port.glyphs, port.now(), port.zone)
        pane.show(safe_text(f"{before}{name}{after}", _LONGEST_NAME), facts, port.seen.whole(view))

    @on(RolloutTable.CursorMoved)
    def _cursor_moved(self) -> None:
        self._show_brief()
        self.show_keys(FLEET_FOOTER)
        if self.is_current:
            self.tell_selected()

    def action_open(self) -> None:
        """Open the rollout under the cursor, or, if it is in several clusters, its parts below it."""
        view = self.selected()
        if view is None:
            return
        key = view.rollout.key
        if self._group(key) is None:
            from cockpit.tui.screens.rollout import RolloutScreen

            self.app.push_screen(RolloutScreen(key))
            return
        self.opened ^= {key}
        self._again()

    def _again(self) -> None:
        """Show the same view in another way, as somebody asked."""
        self.query_one(RolloutTable).touched = True
        self._pace.reset()
        self.show_view(self.app_port.view)

    def action_mark(self) -> None:
        """Mark the rollout under the cursor, or take its mark away, and go to the next."""
        keys = self.selected_keys()
        if not keys:
            self.app_port.refuse("no rollout is selected")
            return
        self.marks.toggle(keys, self.query_one(RolloutTable).selected)
        self._again()
        self.query_one(RolloutTable).action_move(1)

    def action_mark_range(self) -> None:
        """Mark every row from the one that was marked last to the cursor."""
        rows = self.query_one(RolloutTable).rows_from(self.marks.last)
        if not rows:
            self.app_port.refuse("mark a rollout first; then this key marks all from there to the cursor")
            return
        groups = {group.view.rollout.key: group.parts for group in self.app_port.view.groups}
        self.marks.add(part for row in rows for part in groups.get(row, (row,)))
        self._again()

    def wanted(self, key: Key) -> tuple[ActState, RolloutKey | None]:
        if not self.marks:
            return super().wanted(key)
        from cockpit.tui.several import items_for

        items = items_for(key, self.marks.keys, self.app_port.view)
        fit = next((item for item in items if not item.why), items[0])
        why = f"none of the {len(items)} marked: {safe_text(fit.rollout.name)}: {fit.why}" if fit.why else ""
        return ActState(fit.act, not fit.why, why), fit.rollout

    def action_act(self, id: str) -> None:
        """The act on the rollout under the cursor, or on every marked one."""
        if not self.marks:
            super().action_act(id)
            return
        from cockpit.session.acts.several import MOST
        from cockpit.tui.several import items_for

        key = self.app_port.keymap[id]
        if len(self.marks.keys) > MOST:
            self.app_port.refuse(f"{len(self.marks.keys)} are marked; an act goes to {MOST} at most, unmark some")
        elif not self.wanted(key)[0].enabled:
            self.app_port.refuse(self.wanted(key)[0].why)
        else:
            from cockpit.tui.screens.several import act_on_several

            items = items_for(key, self.marks.keys, self.app_port.view)
            work = act_on_several(self.app, items, self._several_ended)
            self.app.run_worker(work, group="several")

    def _several_ended(self, dialog: SeveralDialog) -> None:
        """What was sent stays marked, so that it can be undone as one."""
        self.marks.keep(dialog.reached)
        if not dialog.is_current:
            severity: SeverityLevel = "error" if dialog.stopped else "information"
            self.app.notify(safe_text(dialog.ended, 500), severity=severity, markup=False, timeout=15)
        if has_parts(self):
            self._again()

    def action_fold(self) -> None:
        """Fold what is at rest, or unfold it."""
        self.query_one(RolloutTable).touched = True
        if why := self.query_one(RolloutTable).fold():
            self.app_port.refuse(why)

    def action_sort(self) -> None:
        """Sort by the next column."""
        self.order = self.order.next
        self._again()

    def action_group(self) -> None:
        """Group by the next of state, namespace, context and system."""
        self.grouping = self.grouping.next
        self._again()

    def action_enlarge(self) -> None:
        """Give the list the whole screen, or its place beside the brief again."""
        self.enlarged = not self.enlarged
        self._again()

    async def action_probe(self) -> None:
        view = self.selected()
        group = self._group(view.rollout.key) if view else None
        if view is None or group is None:
            await super().action_probe()
            return
        for key in group.parts:
            await self.app_port.cockpit.probe(key, not view.probe.running)

    def action_probe_target(self) -> None:
        if not self._asks_for_a_part("each cluster has its own probe target"):
            super().action_probe_target()

    def action_guard(self) -> None:
        if not self._asks_for_a_part("each cluster has a guard of its own"):
            super().action_guard()

    def one_part(self, why: str) -> RolloutView | None:
        return None if self._asks_for_a_part(why) else super().one_part(why)

    def _asks_for_a_part(self, why: str) -> bool:
        """Whether the row covers several clusters; if so, ask the user to choose one first."""
        view = self.selected()
        if view is None or self._group(view.rollout.key) is None:
            return False
        words = f"{safe_text(view.rollout.key.name)}: {why}; press enter and choose one of its parts"
        self.app_port.refuse(words)
        return True

    def action_filter(self) -> None:
        """Open the filter."""
        field = self.query_one("#filter", Input)
        field.display = True
        field.focus()
        self._again()

    def action_back(self) -> None:
        """Clear the filter, or else the marks, or else show everything again."""
        field = self.query_one("#filter", Input)
        if not field.display and not field.value:
            if self.marks:
                self.marks.keep(())
            else:
                self.app_port.scope = Scope()
        field.value = ""
        field.display = False
        self.query_one(RolloutTable).focus()
        self._again()

    @on(ScopeChanged)
    def _scope_changed(self) -> None:
        self._again()

    @on(Input.Changed, "#filter")
    def _filter_changed(self, event: Input.Changed) -> None:
        self.words = event.value
        self._again()

    @on(Input.Submitted, "#filter")
    def _filter_done(self) -> None:
        self.query_one("#filter").display = bool(self.words)
        self.query_one(RolloutTable).focus()
        self._again()
