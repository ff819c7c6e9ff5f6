"""The pods of a rollout as rows that can be sorted and filtered; pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from cockpit.model.ages import age, seconds_since_epoch
from cockpit.model.rollout import PodCell, PodState, Rollout, Version
from cockpit.model.text import safe_text
from cockpit.model.values import dataclass
from cockpit.texts.current import Verbatim
from cockpit.tui.glyphs import Glyphs
from cockpit.tui.lines import Line, Span, fit, fit_end

_WORST = (PodState.FAILING, PodState.STARTING, PodState.LEAVING, PodState.READY)


@dataclass(frozen=True, slots=True)
class PodRow:
    """One pod, its version and the cluster it is in ("" for that of the rollout)."""

    pod: PodCell
    version: Version

    @property
    def text(self) -> str:
        """What a filter looks at."""
        pod = self.pod
        parts = (pod.name, self.version.name, pod.node, pod.state.value, pod.reason, self.version.context)
        return " ".join(parts).lower()


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its title, what it sorts by (worst or largest first where `down`), and whether it is a number."""

    title: str
    key: Callable[[PodRow], object]
    number: bool = False


COLUMNS = (
    Column("NAME", lambda row: row.pod.name),
    Column("VERSION", lambda row: row.version.name),
    Column("READY", lambda row: (_WORST.index(row.pod.state), row.pod.name)),
    Column("RESTARTS", lambda row: -row.pod.restarts, number=True),
    Column("AGE", lambda row: row.pod.created, number=True),
    Column("NODE", lambda row: row.pod.node),
    Column("WHY", lambda row: (not row.pod.reason, row.pod.reason)),
)


def rows_of(rollout: Rollout) -> list[PodRow]:
    """Every pod of every version."""
    return [PodRow(pod, version) for version in rollout.versions for pod in version.pods]


def arranged(rows: Sequence[PodRow], column: int, *, reverse: bool, words: str) -> list[PodRow]:
    """The rows that contain every word, sorted by a column, then by name."""
    wanted = words.lower().split()
    found = [row for row in rows if all(word in row.text for word in wanted)]
    found.sort(key=lambda row: row.pod.name)
    found.sort(key=COLUMNS[column].key, reverse=reverse)  # type: ignore[arg-type]
    return found


@dataclass(frozen=True, slots=True)
class PodColumns:
    """Widths in columns; names, nodes and reasons share what the others leave."""

    name: int
    version: int
    ready: int
    restarts: int
    age: int
    node: int
    why: int


def pod_columns(rows: Sequence[PodRow], width: int) -> PodColumns:
    """The widths for these rows: as wide as needed, and names are cut last."""
    ready, restarts, since = 14, 9, 6
    longest = {
        "name": max((len(row.pod.name) for row in rows), default=4),
        "version": max((len(safe_text(row.version.name, 63)) for row in rows), default=7),
        "node": max((len(row.pod.node) for row in rows), default=4),
    }
    version = min(max(longest["version"], 7), 14 if width < 110 else 24)
    room = width - 2 - version - ready - restarts - since - 6
    name = min(max(longest["name"], 4), max(room - 8, 8))
    node = min(max(longest["node"], 4), max(room - name, 0), 40)
    why = max(room - name - node, 0)
    return PodColumns(name, version, ready, restarts, since, node, why)


def pod_heading(layout: PodColumns, column: int, *, reverse: bool, glyphs: Glyphs) -> Line:
    """The names of the columns, with a sign at the one that sorts."""
    sizes = (layout.name, layout.version, layout.ready, layout.restarts, layout.age, layout.node, layout.why)
    spans: list[Span] = [Span("  ")]
    for number, (each, size) in enumerate(zip(COLUMNS, sizes, strict=True)):
        if size < 3:
            continue
        sign = ("^" if reverse else "v") if glyphs.ascii else ("▴" if reverse else "▾")
        title = f"{each.title}{sign if number == column else ''}"
        align = "right" if each.number else "left"
        spans.append(Span(fit(title, size, align) + " ", "strong" if number == column else "quiet"))
    return tuple(spans)


def pod_line(row: PodRow, layout: PodColumns, slot: int, glyphs: Glyphs, now: float) -> Line:
    """One pod."""
    pod, cut = row.pod, glyphs.ellipsis
    look = glyphs.pods[pod.state]
    made = seconds_since_epoch(pod.created)
    count = f" {pod.ready}/{pod.containers}" if pod.containers else ""
    spans = [
        Span(fit_end(safe_text(pod.name, 253), layout.name, cut) + " ", "strong"),
        Span(fit_end(safe_text(row.version.name, 63), layout.version, cut) + " ", f"version-{slot + 1}"),
        Span(fit(f"{look.sign} {look.word}{count}", layout.ready, ellipsis=cut) + " ", look.style),
        Span(fit(str(pod.restarts), layout.restarts, "right") + " ", "waiting" if pod.restarts else "quiet"),
        Span(fit(age(now - made) if made is not None else glyphs.none, layout.age, "right") + " ", "quiet"),
    ]
    if layout.node >= 3:
        spans.append(Span(fit_end(pod.node or glyphs.none, layout.node, cut) + " "))
    if layout.why >= 3:
        spans.append(Span(fit(Verbatim(pod.reason), layout.why, ellipsis=cut), look.style))
    return tuple(spans)
