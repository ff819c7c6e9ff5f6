"""The pods of a rollout as a list: where each is, how it is, and a key to its log, YAML and events."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import BindingType

from cockpit.model.counts import counted
from cockpit.model.refs import PODS, Ref, RolloutKey
from cockpit.model.text import safe_text
from cockpit.model.view import FleetView
from cockpit.tui.copying import Copy, log_command
from cockpit.tui.footers import PODS_FOOTER
from cockpit.tui.inspecting import object_copies
from cockpit.tui.keys import bindings_on
from cockpit.tui.lines import Line
from cockpit.tui.pod_rows import COLUMNS, PodRow, arranged, pod_columns, pod_heading, pod_line, rows_of
from cockpit.tui.screens.logs import LogScreen
from cockpit.tui.screens.objects import DESCRIBE, EVENTS, YAML, ObjectText
from cockpit.tui.screens.reading import ListScreen
from cockpit.tui.text import version_slots

# The column to begin with: what is wrong comes first.
READY = next(number for number, column in enumerate(COLUMNS) if column.title == "READY")


class PodsScreen(ListScreen):
    """Every pod of every version of one rollout."""

    PLACE: ClassVar[str] = "pods"
    FOOTER: ClassVar[tuple[str, ...]] = PODS_FOOTER
    BINDINGS: ClassVar[list[BindingType]] = bindings_on("pods")
    search_hint = "show only pods with these words in name, version, node, state or reason"

    def __init__(self, key: RolloutKey) -> None:
        super().__init__(key)
        self.column = READY
        self.reversed = False
        self.slots: dict[str, int] = {}
        self.rows: list[PodRow] = []
        self.count = 0

    def on_mount(self) -> None:
        super().on_mount()
        self._show()

    def heading(self) -> str:
        return f"pods of {safe_text(self.key)}"

    def note(self) -> str:
        return f"{len(self.rows)} of {self.count}" if self.words else counted(self.count, "pod")

    def show_view(self, view: FleetView) -> None:
        self._show()

    def _show(self) -> None:
        view = self.app_port.find(self.key)
        everything = rows_of(view.rollout) if view else []
        if view:
            self.slots = version_slots([version.name for version in view.rollout.versions], self.slots)
        self.count = len(everything)
        self.rows = arranged(everything, self.column, reverse=self.reversed, words=self.words)
        empty = "no pods" if view else "this rollout is gone"
        empty = f"no pod matches '{safe_text(self.words)}'; esc clears the filter" if self.words else empty
        self.main.show([row.pod.uid for row in self.rows], empty)
        self.show_heading()

    def build(self, width: int) -> tuple[Line, Sequence[Line]]:
        """The heading and a line for each pod."""
        glyphs, now = self.app_port.glyphs, self.app_port.now()
        layout = pod_columns(self.rows, width)
        lines = [pod_line(row, layout, self.slots.get(row.version.name, 3), glyphs, now) for row in self.rows]
        return pod_heading(layout, self.column, reverse=self.reversed, glyphs=glyphs), lines

    def search(self, words: str) -> None:
        self.words = words
        self._show()

    def action_sort(self) -> None:
        """Sort by the next column."""
        self.column = (self.column + 1) % len(COLUMNS)
        self.reversed = False
        self._show()

    def action_reverse(self) -> None:
        """Sort the other way round."""
        self.reversed = not self.reversed
        self._show()

    # The pod under the cursor

    @property
    def chosen(self) -> PodRow | None:
        """The row under the cursor."""
        return next((row for row in self.rows if row.pod.uid == self.main.current), None)

    def _place(self, row: PodRow) -> tuple[str, Ref]:
        return row.version.context or self.key.context, Ref(PODS, self.key.namespace, row.pod.name)

    def _open(self, what: str) -> None:
        row = self.chosen
        if row is None:
            self.app_port.refuse(f"{safe_text(self.key.name)}: no pod is selected")
        else:
            self.app.push_screen(ObjectText((self._place(row),), what))

    def action_log(self) -> None:
        """The log of the pod."""
        row = self.chosen
        if row is None:
            self.app_port.refuse(f"{safe_text(self.key.name)}: no pod is selected")
        else:
            self.app.push_screen(LogScreen(self.key, row.version.name, row.pod.name))

    def action_yaml(self) -> None:
        """The pod as YAML."""
        self._open(YAML)

    def action_describe(self) -> None:
        """What matters of the pod."""
        self._open(DESCRIBE)

    def action_events(self) -> None:
        """Events about the pod."""
        self._open(EVENTS)

    def action_refresh(self) -> None:
        self._show()
        super().action_refresh()

    def copies(self) -> Sequence[Copy]:
        row = self.chosen
        if row is None:
            return ()
        context, ref = self._place(row)
        logs = Copy("kubectl command for its log", log_command(context, ref, "", previous=False))
        return (*object_copies(context, ref), logs)
