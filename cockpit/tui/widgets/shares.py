"""Who gets what: lane by lane, each version's share as users get it, and beside it what is written for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from cockpit.model.counts import counted, plural
from cockpit.model.health import AnswerHealth, Health
from cockpit.model.lanes import DEFAULT_LANE, chance
from cockpit.model.rollout import Followed, Lane, Rollout, Share, Verdict
from cockpit.model.shares import not_given, percent, rough
from cockpit.model.text import safe_text
from cockpit.model.values import dataclass
from cockpit.model.view import RolloutView
from cockpit.texts.current import translated
from cockpit.tui.glyphs import Glyphs
from cockpit.tui.health_words import URGENT, error_rate
from cockpit.tui.lines import BLANK, Line, Span, clip, fit, fit_end, width_of
from cockpit.tui.panels import between, upper_edge
from cockpit.tui.real_words import real_cells, real_line
from cockpit.tui.text import half_width, milliseconds
from cockpit.tui.widgets.painted import Painted

TITLE = "who gets what"
NOTHING = " no route leads to this rollout"
# Columns of a version's name at most, and of a bar at least and at most: nothing is stretched.
MOST_NAME, LEAST_BAR, MOST_BAR = 24, 6, 40
# Where more of the requests fail without an answer, that is why there is no verdict.
_MOST = 0.5
# Below this width, figures are worth more than bars.
FEWEST_FOR_MORE = 60

# What a verdict says once the probe has stopped: it describes the past.
STOPPED = {
    Verdict.ON: "stopped: was as written",
    Verdict.OFF: "stopped: was not as written",
    Verdict.DOUBTFUL: "stopped: was doubtful",
    Verdict.NOT_YET: "stopped: too few answers",
    Verdict.UNKNOWN: "stopped",
}
FOLLOWED = {
    Followed.NOT_YET: "not yet followed: still the old split",
    Followed.PARTLY: "one gateway still has the old split",
}


@dataclass(frozen=True, slots=True)
class ShareRow:
    """One version in one lane: `errors` is the rate of its requests that fail, `running` whether the probe runs."""

    share: Share
    errors: float | None
    lane: Lane
    running: bool


@dataclass(frozen=True, slots=True)
class ShareColumn:
    """A column of figures, right-aligned below its title. `wanted`: whether a rollout's lanes have anything for it."""

    title: str
    width: int
    cell: Callable[[ShareRow, Glyphs], Span]
    wanted: Callable[[Sequence[Lane]], bool] = lambda lanes: True


def _users(row: ShareRow, glyphs: Glyphs) -> Span:
    seen = row.share.observed
    if seen is None or not seen.samples:
        return Span(glyphs.none, "quiet")
    words = f"{percent(seen.share)} {glyphs.plus_minus}{half_width(seen)}"
    # The bar ends beside this column: there is always a space between them.
    words = words if len(words) < USERS.width else words.replace(" ", "")
    style = "quiet" if not row.running else "risk" if row.lane.verdict is Verdict.OFF else "strong"
    return Span(words, style)


def _written(row: ShareRow, glyphs: Glyphs) -> Span:
    return Span(percent(row.share.written, glyphs.none))


def _declared(row: ShareRow, glyphs: Glyphs) -> Span:
    return Span(percent(row.share.declared, glyphs.none), "waiting" if not_given(row.lane) else "")


def _real(row: ShareRow, glyphs: Glyphs) -> Span:
    cells = real_cells(row.share)
    return Span(cells.share or glyphs.none, "quiet" if row.share.real and row.share.real.stale else "")


def _errors(row: ShareRow, glyphs: Glyphs) -> Span:
    return Span(percent(row.errors, glyphs.none), "risk" if row.errors else "")


def _p50(row: ShareRow, glyphs: Glyphs) -> Span:
    return Span(milliseconds(row.share.observed.p50_ms if row.share.observed else None, glyphs.none))


def _p99(row: ShareRow, glyphs: Glyphs) -> Span:
    return Span(milliseconds(row.share.observed.p99_ms if row.share.observed else None, glyphs.none))


def _declares_otherwise(lanes: Sequence[Lane]) -> bool:
    """Whether something declares a share that is not the written one."""
    unwritten = any(s.declared is not None and s.written is None for lane in lanes for s in lane.shares)
    return unwritten or any(not_given(lane) for lane in lanes)


USERS = ShareColumn("USERS", 8, _users)
# What users get comes first, then what should make it so, then how they fare with it.
COLUMNS = (
    USERS,
    ShareColumn("WRITTEN", 8, _written),
    ShareColumn("DECLARED", 9, _declared, _declares_otherwise),
    ShareColumn("REAL", 6, _real, lambda lanes: any(s.real for lane in lanes for s in lane.shares)),
    ShareColumn("ERRORS", 7, _errors),
    ShareColumn("P50", 7, _p50),
    ShareColumn("P99", 7, _p99, lambda lanes: any(s.observed for lane in lanes for s in lane.shares)),
)


def columns_for(lanes: Sequence[Lane], width: int, columns: Sequence[ShareColumn] = COLUMNS) -> list[ShareColumn]:
    """The columns that have something to say, as many of them as leave half of the width to a name and a bar."""
    shown: list[ShareColumn] = []
    room = max(width * 43 // 100, width // 2 if width < FEWEST_FOR_MORE else 0, USERS.width)
    for column in columns:
        if column.wanted(lanes) and sum(c.width for c in (*shown, column)) <= room:
            shown.append(column)
    return shown


def split_words(lane: Lane) -> str:
    """What the answers say of the written split."""
    if lane.followed is not Followed.YES:
        return ("OFF: " if lane.verdict is Verdict.OFF else "") + FOLLOWED[lane.followed]
    if lane.sticky:
        return "one client: not compared"
    match lane.verdict:
        case Verdict.OFF:
            return "OFF: not as written"
        case Verdict.DOUBTFUL:
            return "doubtful: perhaps not as written"
        case Verdict.NOT_YET:
            return (
                f"measuring: ~{rough(lane.missing)} more {plural(lane.missing, 'answer')}"
                if lane.missing
                else "measuring"
            )
        case Verdict.UNKNOWN if lane.unanswered and lane.unanswered.share > _MOST:
            return "no verdict: no version answers"
        case Verdict.UNKNOWN if lane.unknown * 2 > lane.samples:
            return "no verdict: answers name no version"
        case Verdict.UNKNOWN:
            return "no verdict" if lane.samples else "nothing observed"
    return "split as written"


def split_span(lane: Lane, glyphs: Glyphs, *, running: bool, health: Health) -> Span:
    """The verdict with its sign. A right split is no good news while something else speaks against the rollout."""
    if lane.samples and not running:
        return Span(f"{glyphs.stopped.sign} {STOPPED[lane.verdict]}", glyphs.stopped.style)
    look = glyphs.verdicts[lane.verdict]
    if lane.verdict is Verdict.ON and lane.followed is Followed.YES and health in URGENT:
        look = glyphs.stopped
    return Span(f"{look.sign} {split_words(lane)}", look.style)


def lane_lines(
    lane: Lane, only: bool, slots: Mapping[str, int], width: int, glyphs: Glyphs, *, running: bool = True,
    health: Health = Health.NOT_MEASURED, known: Sequence[AnswerHealth] = (), roles: Mapping[str, str] | None = None,
    columns: Sequence[ShareColumn] | None = None,
) -> list[Line]:  # fmt: skip
    """A heading with the verdict and the names of the columns, and a line for each version; all bars have one scale.

    `known` is what the probe knows of the versions' answers, `roles` says what each version is.
    """
    roles = roles or {}
    columns = columns_for([lane], width) if columns is None else columns
    figures = sum(column.width for column in columns)
    names = [_name(share, roles, glyphs) for share in lane.rows]
    name = min(max((width_of((Span(n),)) for n in names), default=0), max(width - figures - LEAST_BAR - 5, 4))
    bar = min(max(width - name - figures - 5, 0), MOST_BAR)
    own = [each for each in known if each.lane == lane.name]
    lines = [lane_heading(lane, only, width, glyphs, running, health, columns)]
    for share, words in zip(lane.rows, names, strict=True):
        slot = slots.get(share.version, 3)
        row = ShareRow(share, error_rate(own, share), lane, running)
        cells = [_cell(column.cell(row, glyphs), column.width) for column in columns]
        left = (
            Span(f" {glyphs.cells[slot]} ", f"version-{slot + 1}"),
            Span(fit_end(words, name, glyphs.ellipsis) + " ", f"version-{slot + 1}"),
            *share_bar(share, slot, bar, glyphs),
        )
        gap = Span(" " * max(width - 1 - width_of(left) - figures, 0))
        lines.append(clip((*left, gap, *cells), width, glyphs.ellipsis))
    return lines


def _name(share: Share, roles: Mapping[str, str], glyphs: Glyphs) -> str:
    role = roles.get(share.version, "")
    name = fit_end(safe_text(share.version, 63), MOST_NAME, glyphs.ellipsis).rstrip()
    return f"{name} {role}" if role and role != share.version else name


def _cell(span: Span, width: int) -> Span:
    return Span(fit(span.text, width, "right"), span.style)


def lane_heading(
    lane: Lane, only: bool, width: int, glyphs: Glyphs, running: bool, health: Health, columns: Sequence[ShareColumn]
) -> Line:
    """The lane's requests and the verdict over the versions, the columns' names over their figures."""
    rest = "all requests" if only else "all other requests"
    match = safe_text(lane.match, 60) or (rest if lane.name == DEFAULT_LANE else safe_text(lane.name, 60))
    verdict = split_span(lane, glyphs, running=running, health=health)
    titles = "".join(fit(column.title, column.width, "right") for column in columns)
    room = width - len(titles) - 2
    left: Line = (Span(f" {match}", "strong"), Span("  "), verdict)
    if width_of(left) > room:
        # The verdict is news; which requests a lane has can be guessed from a part of it, or it is the only one.
        short = "" if only else fit(match, max(room - width_of((verdict,)) - 3, 8), ellipsis=glyphs.ellipsis).rstrip()
        left = clip((Span(f" {short}", "strong"), Span("  " if short else ""), verdict), room, glyphs.ellipsis)
    for words in _details(lane):
        if width_of(left) + width_of((Span(words),)) + 2 <= room:
            left = (*left, Span(f"  {words}", "quiet"))
    gap = Span(" " * max(width - 1 - width_of(left) - len(titles), 1))
    return clip((*left, gap, Span(titles, "quiet")), width)


def _details(lane: Lane) -> list[str]:
    """What else there is to say of a lane's answers, most important first."""
    words = []
    if lane.p_value is not None and lane.verdict is Verdict.OFF:
        words.append(chance(lane.p_value))
    if lane.derived:
        words.append("by pod counts")
    if lane.samples:
        odd = f", {rough(lane.errors)} {plural(lane.errors, 'error')}" if lane.errors else ""
        odd += f", {rough(lane.unknown)} of unknown version" if lane.unknown else ""
        words.append(f"{rough(lane.samples)} {plural(lane.samples, 'answer')}{odd}")
    return words


def share_bar(share: Share, slot: int, width: int, glyphs: Glyphs) -> list[Span]:
    """What users get in the version's sign, with its interval after it; a thin line of what is written if unknown."""
    seen = share.observed
    if seen is None or not seen.samples:
        written = round(min(max(share.written or 0.0, 0.0), 1.0) * width)
        return [Span(glyphs.rule * written, "quiet"), Span(" " * (width - written))]
    filled, high = (min(max(round(x * width), 0), width) for x in (seen.share, seen.high))
    filled = max(filled, min(1, width)) if seen.share > 0 else filled
    _, line, _, right = glyphs.interval
    after = (line * (high - filled - 1) + right) if high > filled else ""
    style = f"version-{slot + 1}"
    return [Span(glyphs.bars[slot] * filled, style), Span(after, "quiet"), Span(" " * (width - filled - len(after)))]


def lane_height(lane: Lane) -> int:
    """Lines of a lane."""
    return 1 + len(lane.rows)


def roles_of(rollout: Rollout) -> dict[str, str]:
    """What each version is, by name."""
    return {version.name: translated(version.role.value) for version in rollout.versions}


class Shares(Painted, can_focus=True):
    """The lanes of a rollout, as many as fit. With `framed`, below the upper edge of a panel that the strip closes."""

    TILE = 10
    TILES = 12

    def __init__(self, glyphs: Glyphs) -> None:
        super().__init__()
        self.glyphs = glyphs
        self.view: RolloutView | None = None
        self.slots: Mapping[str, int] = {}
        self.framed = False

    def show(self, view: RolloutView, slots: Mapping[str, int]) -> None:
        """Show the lanes of this rollout; `slots` gives colours by version."""
        self.view, self.slots = view, slots
        self.repaint()

    def draw(self, width: int, height: int) -> list[Line]:
        if self.view is None:
            return []
        if not self.framed:
            return self._lanes(self.view, width, height)
        frame = self.glyphs.frame
        body = self._lanes(self.view, width - 2, height - 1)
        body += [BLANK] * (height - 1 - len(body))
        style = "key" if self.has_focus else "quiet"
        top = upper_edge((Span(TITLE, "strong"),), width, frame, style, _note(self.view))
        return [top, *(between(line, width, frame, style) for line in body)]

    def _lanes(self, view: RolloutView, width: int, height: int) -> list[Line]:
        """As many lanes as fit, and below them what a Prometheus says of real users, with its age."""
        real = real_line(view.rollout.lanes, view.real, self.slots, width, self.glyphs) if height > 1 else None
        return (
            self._lane_lines(view, width, height)
            if real is None
            else [*self._lane_lines(view, width, height - 1), real]
        )

    def _lane_lines(self, view: RolloutView, width: int, height: int) -> list[Line]:
        lanes = view.rollout.lanes
        lines: list[Line] = []
        columns, roles = columns_for(lanes, width), roles_of(view.rollout)
        for number, lane in enumerate(lanes):
            of_lane = lane_lines(
                lane, len(lanes) == 1, self.slots, width, self.glyphs, running=view.probe.running,
                health=view.health.health, known=view.probe.health, roles=roles, columns=columns,
            )  # fmt: skip
            if len(lines) + len(of_lane) > height - (number < len(lanes) - 1) and lines:
                hidden = counted(len(lanes) - number, "more lane")
                return [*lines[: height - 1], (Span(f" {hidden}: make the terminal taller", "quiet"),)]
            lines += of_lane
        if len(lines) > height > 1:
            more = counted(len(lines) - height + 1, "more version")
            return [*lines[: height - 1], (Span(f" {more}", "quiet"),)]
        return lines or [(Span(NOTHING, "quiet"),)]


def _note(view: RolloutView) -> Line:
    """How many answers there are, and how fast they come; whole numbers, so that it does not flicker."""
    probe = view.probe
    if not probe.running:
        return (Span("probe off", "waiting"),)
    answers = f"{rough(probe.total)} {plural(probe.total, 'answer')}"
    return (Span(f"{answers}, {probe.rate:.0f}/s", "quiet"),)
