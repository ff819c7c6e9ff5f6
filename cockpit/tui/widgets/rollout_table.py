"""The fleet table: groups of rollouts in one frame, with a cursor that follows its rollout."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message

from cockpit.model.ages import age
from cockpit.model.refs import RolloutKey
from cockpit.model.text import safe_text
from cockpit.model.values import dataclass
from cockpit.model.view import RolloutView
from cockpit.tui.glyphs import Glyphs
from cockpit.tui.lines import BLANK, Line, Span, clip, told_apart, width_of, window, wrap
from cockpit.tui.own import NO_COLUMNS, OwnColumns
from cockpit.tui.panels import FRAME_COLUMNS, Part, framed
from cockpit.tui.rows import Order, Section
from cockpit.tui.since import Since, short_age
from cockpit.tui.standing import seconds_left
from cockpit.tui.widgets.painted import Painted
from cockpit.tui.widgets.rollout_row import ALONE, Columns, Surroundings, columns, heading, row

# Below these, a frame leaves too little of the rows.
_FEWEST_LINES, _FEWEST_COLUMNS = 6, 30
_FRAME_LINES = 3  # upper edge, headings, lower edge
# Rows whose texts are remembered; beyond that all are worked out anew.
_MOST_LINES = 200


@dataclass(frozen=True, slots=True)
class Shown:
    """What the table shows. `empty` are the lines to show without rows; `ages` gives since when a rollout is so.

    Until the list is `complete`, a cursor that nobody moved stays on the first row. A filter hides `hidden` rows.
    The rows in `marked` have a mark; `marks` says how many there are. `own` are a person's columns.
    """

    sections: Sequence[Section] = ()
    empty: Sequence[str] = ()
    title: str = ""
    around: Surroundings = ALONE
    order: Order = Order.WHY
    ages: Callable[[RolloutView], Since | None] = lambda view: None
    now: Callable[[], float] = lambda: 0.0
    fold_key: str = ""
    complete: bool = True
    hidden: int = 0
    marked: Collection[RolloutKey] = ()
    marks: str = ""
    own: OwnColumns = NO_COLUMNS


@dataclass(frozen=True, slots=True)
class _Item:
    """One line between the edges: the title of a section, or one of its rows."""

    section: Section
    view: RolloutView | None = None


class RolloutTable(Painted, can_focus=True):
    """Rows with a cursor that follows its rollout when the rows move.

    What is at rest is folded to the lines that are left if there is no room for all. `folded` is what a person
    chose, None: what fits.
    """

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
        """The cursor moved to another rollout."""

    def __init__(self, glyphs: Glyphs) -> None:
        super().__init__()
        self.glyphs = glyphs
        self.shown = Shown()
        self.folded: bool | None = None
        self.selected: RolloutKey | None = None
        self.touched = False  # whether somebody moved the cursor
        self._every: Sequence[RolloutView] = ()
        self._index = 0
        self._top = 0
        self._cut: tuple[int, Mapping[str, str]] = (0, {})
        self._cells: dict[RolloutKey, tuple[RolloutView, Sequence[str]]] = {}
        self._lines: dict[int, tuple[tuple[object, ...], Line]] = {}  # by identity of the view, which each one holds

    @property
    def rows(self) -> Sequence[RolloutView]:
        """Every row, folded ones too."""
        return self._every

    @property
    def current(self) -> RolloutView | None:
        """The rollout under the cursor."""
        return self.rows[self._index] if self._index < len(self.rows) else None

    def show(self, shown: Shown) -> None:
        """Show these rollouts."""
        self.shown = shown
        self._cut = (0, {})
        keys = {view.rollout.key for section in shown.sections for view in section.rows} if self._cells else ()
        self._cells = {key: known for key, known in self._cells.items() if key in keys}
        if not self.touched and not shown.complete:
            self.selected = None
        self._every = [view for section in shown.sections for view in section.rows]
        if len(self._lines) > _MOST_LINES:
            self._lines = {}
        found = next((i for i, view in enumerate(self.rows) if view.rollout.key == self.selected), None)
        if self.selected is None and not self.touched:
            found = 0
        # The row is gone: the cursor moves to its neighbour, and acts apply to that one.
        self._index = found if found is not None else max(min(self._index, len(self.rows) - 1), 0)
        self._select()

    def _select(self) -> None:
        before, current = self.selected, self.current
        self.selected = current.rollout.key if current else None
        self.repaint()
        if before != self.selected:
            self.post_message(self.CursorMoved())

    def action_move(self, by: int) -> None:
        """Move the cursor by rows, stopping at the ends; past the last of folded rows, they unfold."""
        self.touched = True
        aim = max(min(self._index + by, len(self.rows) - 1), 0)
        unfolded = self._unfolded(self._room(self.size.width, self.size.height))
        seen = [index for index, view in enumerate(self.rows) if id(view) in unfolded]
        if seen and aim not in seen:
            if self.folded:
                aim = max((each for each in seen if each < aim), default=seen[0])
            else:
                self.folded = False
        self._index = aim
        self._select()

    def rows_from(self, first: RolloutKey | None) -> list[RolloutKey]:
        """The rows between this one and the cursor, both included, but for folded ones; none if it is not shown."""
        keys = [view.rollout.key for view in self.rows]
        if first not in keys or self._index >= len(keys):
            return []
        low, high = sorted((keys.index(first), self._index))
        unfolded = self._unfolded(self._room(self.size.width, self.size.height))
        return [view.rollout.key for view in self.rows[low : high + 1] if id(view) in unfolded]

    def _unfolded(self, room: int) -> set[int]:
        """The rows that are not folded away, by identity: each stands there once."""
        return {id(item.view) for item in self._items(room) if item.view is not None}

    def action_page(self, by: int) -> None:
        """Move the cursor by a screenful."""
        self.action_move(by * max(self._room(self.size.width, self.size.height) - 1, 1))

    def fold(self) -> str:
        """Fold what is at rest, or unfold it; returns why nothing changed, "" if something did."""
        if not any(section.folds for section in self.shown.sections):
            return "nothing folds here: no rollout is at rest, or rows are not grouped by state"
        self.folded = not self._folds(self._room(self.size.width, self.size.height))
        self.repaint()
        return ""

    def _room(self, width: int, height: int) -> int:
        """Lines for rows and titles of groups."""
        return max(height - _FRAME_LINES, 0) if self._framed(width, height) else max(height - (height > 2), 0)

    @staticmethod
    def _framed(width: int, height: int) -> bool:
        return height >= _FEWEST_LINES and width >= _FEWEST_COLUMNS

    def _folds(self, room: int) -> bool:
        """Whether what is at rest is folded now."""
        if self.folded is not None:
            return self.folded
        sections = self.shown.sections
        return len(self.rows) + len(sections) - 1 > room and any(section.folds for section in sections)

    def _items(self, room: int) -> list[_Item]:
        """The lines below the first title: rows, and the titles of further groups. Folded ones hold the cursor's."""
        folds, items = self._folds(room), list[_Item]()
        for number, section in enumerate(self.shown.sections):
            if number:
                items.append(_Item(section))
            views = section.rows
            if folds and section.folds:
                left = 0 if self.folded else max(room - len(items), 0)
                views = self._kept(views, left)
            items += [_Item(section, view) for view in views]
        return items

    def _kept(self, views: Sequence[RolloutView], left: int) -> tuple[RolloutView, ...]:
        """So many of the folded rows, the one under the cursor among them."""
        kept, current = tuple(views[:left]), self.current
        if any(view is current for view in kept) or not any(view is current for view in views):
            return kept
        return (*kept[: max(left - 1, 0)], *(view for view in views if view is current))

    def draw(self, width: int, height: int) -> list[Line]:
        if not self.rows:
            return self._draw_empty(width, height)
        room = self._room(width, height)
        items = self._items(room)
        at = next((n for n, item in enumerate(items) if item.view is not None and item.view is self.current), 0)
        self._top = window(len(items), at, self._top, room)
        # The upper edge names the group of the first row.
        skip = self._top + (self._framed(width, height) and items[self._top].view is None)
        visible = items[skip : skip + room]
        if not self._framed(width, height):
            lines = [line for item in visible for line in self._bare(item, width)]
            return [*([heading(self._columns(width), self.shown.order, self.glyphs)] if height > 2 else []), *lines]
        return self._in_frame(items, visible, width, height)

    def _bare(self, item: _Item, width: int) -> list[Line]:
        return [self._row(item.view, width) if item.view else (Span(f"  {item.section.title}", "quiet"),)]

    def _in_frame(self, items: Sequence[_Item], visible: Sequence[_Item], width: int, height: int) -> list[Line]:
        inner, room = width - FRAME_COLUMNS, height - _FRAME_LINES
        first, folds = visible[0].section, self._folds(room)
        parts = [(first, [heading(self._columns(inner), self.shown.order, self.glyphs)])]
        for item in visible:
            if item.view is None:
                parts.append((item.section, []))
            else:
                parts[-1][1].append(self._row(item.view, inner))
        spare = room - len(visible)
        parts[-1][1].extend([BLANK] * spare)
        framed_parts = [Part(self._title(each), body, self._note(each, folds, room)) for each, body in parts]
        lines = framed(framed_parts, width, self.glyphs.frame, foot=self._foot())
        return _with_thumb(lines, len(items), self._top, room, self.glyphs)

    def _foot(self) -> Line:
        """Where the cursor is, and loudly how many rollouts a filter hides: some of them may need somebody."""
        where = Span(f"{self._index + 1} of {len(self.rows)}", "quiet")
        hidden, marks = self.shown.hidden, self.shown.marks
        filtered = (Span(f"the filter hides {hidden}, esc shows all{self.glyphs.joiner}", "waiting"),) if hidden else ()
        marked = (Span(f"{marks}{self.glyphs.joiner}", "accent"),) if marks else ()
        return (*filtered, *marked, where)

    def _title(self, section: Section) -> Line:
        return (Span(section.title, "strong"), Span(f"{self.glyphs.joiner}{section.count}", "quiet"))

    def _note(self, section: Section, folds: bool, room: int) -> Line:
        """How what is at rest is folded or unfolded, and how many rows are not seen."""
        if not section.folds or not self.shown.fold_key or (not folds and self.folded is None):
            return BLANK
        unfolded = self._unfolded(room) if folds else set[int]()
        hidden = sum(1 for view in section.rows if id(view) not in unfolded) if folds else 0
        words = " unfolds" if folds else " folds"
        more = f"{hidden} more{self.glyphs.joiner}" if hidden else ""
        return (Span(more, "quiet"), Span(self.shown.fold_key, "key"), Span(words, "quiet"))

    def _cuts(self, width: int) -> Mapping[str, str]:
        """The forms of names that look alike in this width."""
        if self._cut[0] != width:
            # A character takes two columns at most.
            long = (view.rollout.key.name for view in self.rows if len(view.rollout.key.name) > width // 2)
            names = map(safe_text, long)
            self._cut = (width, told_apart(names, width, self.glyphs.ellipsis))
        return self._cut[1]

    def _columns(self, width: int) -> Columns:
        return columns(width, self.shown.own.names)

    def _own_cells(self, view: RolloutView) -> Sequence[str]:
        """The values of a person's columns, read again only of a rollout that changed."""
        known = self._cells.get(view.rollout.key)
        if known is None or known[0] is not view:
            known = self._cells[view.rollout.key] = (view, self.shown.own.cells(view))
        return known[1]

    def _row(self, view: RolloutView, width: int) -> Line:
        shown, line = self.shown, self._line(view, self._columns(width))
        mark = self.glyphs.mark if view.rollout.key in shown.marked else " "
        if view is not self.current:
            return (Span(f" {mark}", "key" if mark.strip() else ""), *line)
        marked = (Span(f"{self.glyphs.cursor}{mark}", "key"), *line)
        return tuple(
            Span(span.text, f"{span.style} cursor".strip())
            for span in (*marked, Span(" " * max(width - width_of(marked), 0)))
        )

    def _line(self, view: RolloutView, layout: Columns) -> Line:
        """The row without cursor and mark; worked out again only where something that it shows may be another."""
        shown, now = self.shown, self.shown.now()
        cut, since, left = self._cuts(layout.name), shown.ages(view), seconds_left(view.rollout, now)
        own = self._own_cells(view) if layout.own else ()
        ages = (short_age(since, now, self.glyphs.none), None if left is None else age(left))
        given = (view, layout, shown.around, cut, own, ages)
        known = self._lines.get(id(view))
        if known is None or not all(a is b or a == b for a, b in zip(known[0], given, strict=True)):
            around = replace(shown.around, cut=cut)
            line = row(view, layout, self.glyphs, around, since, now, own)
            known = self._lines[id(view)] = (given, line)
        return known[1]

    def _draw_empty(self, width: int, height: int) -> list[Line]:
        inner = max(width - FRAME_COLUMNS - 2, 8)
        lines: list[Line] = []
        for number, text in enumerate(self.shown.empty):
            style = "" if number == 0 else "quiet"
            lines += [(Span("  "), Span(line, style)) for line in wrap(safe_text(text, 2000), inner - 2)]
        if not self._framed(width, height):
            return [clip(line, width, self.glyphs.ellipsis) for line in lines]
        body = [BLANK, *lines][: height - 2]
        body += [BLANK] * (height - 2 - len(body))
        return framed([Part((Span(self.shown.title, "strong"),), body)], width, self.glyphs.frame)


def _with_thumb(lines: list[Line], count: int, top: int, room: int, glyphs: Glyphs) -> list[Line]:
    """The lines of a frame whose right edge shows which part of a longer list is seen."""
    if count <= room or room <= 0:
        return lines
    size = max(room * room // count, 1)
    start = (room - size) * top // max(count - room, 1)
    begin = len(lines) - 1 - room  # the last `room` lines before the lower edge
    for y in range(begin + start, begin + start + size):
        edge = lines[y][-1]
        lines[y] = (*lines[y][:-1], Span(edge.text[:-1] + glyphs.thumb, edge.style))
    return lines
