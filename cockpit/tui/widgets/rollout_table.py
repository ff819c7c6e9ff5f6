"""The fleet: one row a rollout, with the three shares side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from rich.cells import cell_len
from textual.binding import Binding, BindingType
from textual.message import Message

from cockpit.model.refs import RolloutKey
from cockpit.model.rollout import Lane, Rollout, Severity, Share, Verdict, Version
from cockpit.model.shares import percent
from cockpit.model.text import safe_text
from cockpit.model.view import RolloutView
from cockpit.tui.glyphs import Glyphs
from cockpit.tui.paint import Line, Span, fit, fit_end, fit_middle, window
from cockpit.tui.text import half_width, told_share
from cockpit.tui.widgets.painted import Painted

OBSERVED = 14  # a share, its interval and a verdict of six columns


@dataclass(frozen=True, slots=True)
class Columns:
    """Widths in columns; 0 leaves a column out. Two more in front hold the cursor."""

    context: int
    name: int
    system: int
    phase: int
    step: int
    declared: int
    written: int
    observed: int
    pods: int


def columns(width: int, steps: bool, contexts: bool, systems: int = 99) -> Columns:
    """The same parts at every width: more room goes to names and pods. `systems` is the longest name of a system."""
    wide = width >= 110
    step = (6 if wide else 4) if steps else 0
    declared, written = (12, 8) if wide else (8, 5)
    context = (14 if wide else 9) if contexts else 0
    # With several clusters in 80 columns there is room for where it is or for what it is.
    system = 13 if wide else 0 if contexts else 8 if steps else 10
    system = min(system, max(systems, 6))
    phase = 13 if wide else 11  # the longest word gives way
    sizes = [size for size in (context, system, phase, step, declared, written, OBSERVED) if size]
    rest = max(width - 2 - sum(sizes) - len(sizes) - 1, 12)
    pods = max(min(rest * 2 // 5, 30), 9)
    return Columns(context, rest - pods, system, phase, step, declared, written, OBSERVED, pods)


def heading(layout: Columns) -> Line:
    """The names of the columns."""
    cells = [
        *(fit(text, size) for text, size in (("CONTEXT", layout.context), ("ROLLOUT", layout.name)) if size),
        *([fit("SYSTEM", layout.system)] if layout.system else []),
        fit("PHASE", layout.phase),
        *([fit("STEP", layout.step)] if layout.step else []),
        fit("DECLARED", layout.declared),
        fit("WRITTEN" if layout.written > 6 else "WRITE", layout.written),
        fit("OBSERVED", layout.observed),
        fit("PODS", layout.pods),
    ]
    return (Span("  "), Span(" ".join(cells), "quiet"))


def row(view: RolloutView, layout: Columns, glyphs: Glyphs, with_namespace: bool, place: str = "") -> Line:
    """One rollout; names are as the cluster has them, made safe. `place` stands instead of its context."""
    rollout = view.rollout
    lane = rollout.default_lane
    told = told_share(rollout, lane)
    phase = glyphs.phases[rollout.phase]
    cut = glyphs.ellipsis
    spans = [
        *(
            [Span(fit(place or safe_text(rollout.key.context, 60), layout.context, ellipsis=cut) + " ")]
            if layout.context
            else []
        ),
        *_name(rollout, layout.name, with_namespace, cut),
        *([Span(fit(safe_text(rollout.key.system, 40), layout.system, ellipsis=cut) + " ")] if layout.system else []),
        Span(fit(f"{phase.sign} {phase.word}", layout.phase, ellipsis=cut) + " ", phase.style),
        *([Span(fit(step_words(rollout, glyphs), layout.step) + " ")] if layout.step else []),
        Span(fit(_differ(rollout, told) or _declared(told, layout.declared, glyphs), layout.declared) + " "),
        Span(fit(percent(told.written if told else None, glyphs.none), layout.written) + " "),
        *_observed(lane, told, layout.observed, glyphs, view.probe.running, hurt=_hurt(rollout)),
        Span(" " + fit(pods_words(rollout, layout.pods, cut), layout.pods, ellipsis=cut)),
    ]
    return tuple(spans)


def _name(rollout: Rollout, width: int, with_namespace: bool, cut: str) -> list[Span]:
    """The name, behind its namespace where there may be several; the namespace gives way first, to two columns."""
    name = safe_text(rollout.key.name)
    if not with_namespace:
        return [Span(fit_middle(name, width, cut) + " ", "strong")]
    room = max(width - cell_len(name) - 1, 2)
    namespace = safe_text(rollout.key.namespace, 63)
    place = (fit(namespace, room, ellipsis=cut) if cell_len(namespace) > room else namespace) + "/"
    return [Span(place, "quiet"), Span(fit_middle(name, width - cell_len(place), cut) + " ", "strong")]


def step_words(rollout: Rollout, glyphs: Glyphs) -> str:
    """Which step of how many."""
    return f"{rollout.step.index}/{rollout.step.count}" if rollout.step else glyphs.none


def _differ(rollout: Rollout, told: Share | None) -> str:
    """What to say of a group (its key has no context) whose clusters do not agree on a share."""
    unknown = told is not None and told.declared is None and told.written is None
    return "differ" if unknown and not rollout.key.context else ""


def _declared(told: Share | None, width: int, glyphs: Glyphs) -> str:
    if told is None:
        return glyphs.none
    share = percent(told.declared if told.declared is not None else told.written, glyphs.none)
    return f"{fit_end(safe_text(told.version, 63), width - 1 - len(share), glyphs.ellipsis).rstrip()} {share}"


def _hurt(rollout: Rollout) -> bool:
    """Whether something hurts users now: then a split that is as written is no good news."""
    return any(finding.severity is Severity.CRITICAL for finding in rollout.findings)


def _observed(
    lane: Lane | None, told: Share | None, width: int, glyphs: Glyphs, running: bool, *, hurt: bool
) -> list[Span]:
    observed = told.observed if told else None
    if lane is None or observed is None or not observed.samples:
        return [Span(fit(glyphs.none, width), "quiet")]
    if not running:
        # No interval: the word that it is past needs its room.
        return [Span(fit(f"{percent(observed.share)} {glyphs.stopped.word}", width), glyphs.stopped.style)]
    look = glyphs.verdicts[lane.verdict]
    if hurt and lane.verdict is not Verdict.OFF:
        look = glyphs.failing
    number = f"{percent(observed.share)}{glyphs.plus_minus}{half_width(observed)}"
    return [Span(fit(number, 7) + " "), Span(fit(f"{look.sign} {look.word}", width - 8), look.style)]


def pods_words(rollout: Rollout, width: int, ellipsis: str = "…") -> str:
    """Ready and desired pods by version, each with its name.

    Where there is no room, versions without pods go first; then one number stands where all are ready, then names
    lose their beginnings, and last only the version with most pods is left, with how many more there are.
    """
    versions = [v for v in rollout.versions if v.ready or v.desired] or list(rollout.versions)[:1]
    for among, short in ((list(rollout.versions), False), (versions, False), (versions, True)):
        words = [(safe_text(v.name, 63), _count(v, short)) for v in among]
        full = " ".join(f"{name} {count}" for name, count in words)
        if cell_len(full) <= width:
            return full
    room = (width - sum(len(count) + 2 for _, count in words) + 1) // len(words)
    if room > 2 * len(ellipsis):
        return " ".join(f"{fit_end(name, min(room, cell_len(name)), ellipsis)} {count}" for name, count in words)
    most = max(versions, key=lambda v: (v.desired, v.ready))
    more = f" +{len(versions) - 1}" if len(versions) > 1 else ""
    count = _count(most, True)
    name = safe_text(most.name, 63)
    room = max(width - len(count) - len(more) - 1, len(ellipsis) + 1)
    return f"{fit_end(name, min(room, cell_len(name)), ellipsis)} {count}{more}"


def _count(version: Version, short: bool) -> str:
    ready, desired = version.ready, version.desired
    return str(desired) if short and ready == desired else f"{ready}/{desired}"


class RolloutTable(Painted, can_focus=True):
    """Rows with a cursor that stays on its rollout, wherever that row goes."""

    TILE = 20
    TILES = 6
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "up", show=False),
        Binding("down,j", "move(1)", "down", show=False),
        Binding("pageup", "page(-1)", "page up", show=False),
        Binding("pagedown", "page(1)", "page down", show=False),
        Binding("home", "move(-100000)", "first", show=False),
        Binding("end", "move(100000)", "last", show=False),
    ]

    class CursorMoved(Message):
        """The cursor is on another rollout."""

    def __init__(self, glyphs: Glyphs) -> None:
        super().__init__()
        self.glyphs = glyphs
        self.rows: Sequence[RolloutView] = ()
        self.empty = ""
        self.with_namespace = False
        self.parts: Mapping[RolloutKey, int] = {}
        self.selected: RolloutKey | None = None
        self._index = 0
        self._top = 0

    @property
    def current(self) -> RolloutView | None:
        """The rollout under the cursor."""
        return self.rows[self._index] if self._index < len(self.rows) else None

    def show(
        self,
        rows: Sequence[RolloutView],
        empty: str,
        with_namespace: bool,
        parts: Mapping[RolloutKey, int] | None = None,
    ) -> None:
        """Show these rollouts, or `empty` where there are none; `parts` are how many clusters a group is in."""
        self.rows, self.empty, self.with_namespace, self.parts = rows, empty, with_namespace, parts or {}
        found = next((i for i, view in enumerate(rows) if view.rollout.key == self.selected), None)
        # The row is gone: its neighbour takes the cursor, and acts ask for what is then under it.
        self._index = found if found is not None else max(min(self._index, len(rows) - 1), 0)
        self._select()

    def select(self, key: RolloutKey) -> None:
        """Put the cursor on a rollout."""
        self.selected = key
        self.show(self.rows, self.empty, self.with_namespace, self.parts)

    def _select(self) -> None:
        before, current = self.selected, self.current
        self.selected = current.rollout.key if current else None
        self.repaint()
        if before != self.selected:
            self.post_message(self.CursorMoved())

    def action_move(self, by: int) -> None:
        """Move the cursor by rows, no further than the ends."""
        self._index = max(min(self._index + by, len(self.rows) - 1), 0)
        self._select()

    def action_page(self, by: int) -> None:
        """Move the cursor by what is on screen."""
        self.action_move(by * max(self.size.height - 2, 1))

    def _place(self, key: RolloutKey) -> str:
        """Where a row is, if that is more or less than a cluster: a group, or a part below its group's row."""
        if key in self.parts:
            opened = any(replace(view.rollout.key, context="") == key and view.rollout.key != key for view in self.rows)
            return f"{self.glyphs.opened if opened else self.glyphs.closed} {self.parts[key]} parts"
        return f"  {safe_text(key.context, 60)}" if replace(key, context="") in self.parts else ""

    def draw(self, width: int, height: int) -> list[Line]:
        if not self.rows:
            layout = columns(width, False, bool(self.parts))
            return [heading(layout), (Span("  " + safe_text(self.empty), "quiet"),)]
        contexts = bool(self.parts) or len({view.rollout.key.context for view in self.rows}) > 1
        systems = max(cell_len(safe_text(view.rollout.key.system, 40)) for view in self.rows)
        layout = columns(width, any(view.rollout.step for view in self.rows), contexts, systems)
        self._top = window(len(self.rows), self._index, self._top, height - 1)
        lines = [heading(layout)]
        for index, view in enumerate(self.rows[self._top : self._top + height - 1], self._top):
            line = row(view, layout, self.glyphs, self.with_namespace, self._place(view.rollout.key))
            here = index == self._index
            lines.append(_with_cursor(line, self.glyphs) if here else (Span("  "), *line))
        return lines


def _with_cursor(line: Line, glyphs: Glyphs) -> Line:
    marked = (Span(f"{glyphs.cursor} ", "key"), *line)
    return tuple(Span(span.text, f"{span.style} cursor".strip()) for span in marked)
