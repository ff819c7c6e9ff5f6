"""The three truths: declared, written and observed share as bars one under the other, lane by lane."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cockpit.model.rollout import Lane, Share, Verdict
from cockpit.model.shares import percent
from cockpit.model.text import safe_text
from cockpit.tui.glyphs import Glyphs
from cockpit.tui.paint import Line, Span, clip, ends, fit, fit_end
from cockpit.tui.text import half_width, rough
from cockpit.tui.widgets.painted import Painted

LABEL = 10
NUMBERS_NARROW, NUMBERS_WIDE = 26, 40

VERDICTS = {
    Verdict.ON: "ok: as written",
    Verdict.OFF: "OFF: not what is written",
    Verdict.NOT_YET: "too few answers yet",
    Verdict.UNKNOWN: "nothing observed",
}
# The same where no answers come any more: it tells the past.
STOPPED = {
    Verdict.ON: "stopped: was as written",
    Verdict.OFF: "stopped: was not as written",
    Verdict.NOT_YET: "stopped: too few answers",
    Verdict.UNKNOWN: "stopped",
}


def lane_lines(
    lane: Lane, only: bool, slots: Mapping[str, int], width: int, glyphs: Glyphs, *, running: bool = True
) -> list[Line]:
    """A heading with the verdict, and three bars on one scale from 0 to 100%."""
    numbers = NUMBERS_WIDE if width >= 110 else NUMBERS_NARROW
    bar = max(width - LABEL - numbers - 3, 8)
    declared = [share.declared for share in lane.shares]
    written = [share.written for share in lane.shares]
    observed = [share.observed.share if share.observed else None for share in lane.shares]
    rows = (("declared", declared), ("written", written), ("observed", observed))
    lines = [lane_heading(lane, only, width, glyphs, running)]
    for name, shares in rows:
        words = share_words(lane.shares, shares, name == "observed", slots, glyphs)
        spans = share_bar(lane.shares, shares, slots, bar, glyphs)
        if name == "observed":
            spans = with_interval(spans, lane.shares, bar, glyphs)
        lines.append(clip((Span(f" {fit(name, LABEL - 1)}", "quiet"), *spans, Span("  "), *words), width))
    return lines


def lane_heading(lane: Lane, only: bool, width: int, glyphs: Glyphs, running: bool) -> Line:
    """Which requests, and what the answers say about the written split while a probe is running."""
    rest = "all requests" if only else "all other requests"
    match = safe_text(lane.match, 60) or (rest if lane.name == "default" else safe_text(lane.name, 60))
    stopped = lane.samples and not running
    look = glyphs.stopped if stopped else glyphs.verdicts[lane.verdict]
    verdict = STOPPED[lane.verdict] if stopped else VERDICTS[lane.verdict]
    odd = f", {rough(lane.errors)} errors" if lane.errors else ""
    odd += f", {rough(lane.unknown)} of no known version" if lane.unknown else ""
    chance = f"  {chance_words(lane.p_value)}" if lane.p_value is not None and lane.verdict is Verdict.OFF else ""
    left = (Span(f" {match}", "strong"), Span("  by pod counts" if lane.derived else "", "quiet"))
    right = (
        Span(f"{look.sign} {verdict}", look.style),
        Span(f"  {rough(lane.samples)} answers{odd}{chance} " if lane.samples else " ", "quiet"),
    )
    return ends(left, right, width)


def chance_words(p_value: float) -> str:
    """How likely so odd a split is by chance."""
    return f"p={p_value:.3f}" if p_value >= 0.001 else "p<0.001"


def share_bar(
    names: Sequence[Share], shares: Sequence[float | None], slots: Mapping[str, int], width: int, glyphs: Glyphs
) -> list[Span]:
    """Each version's part of the bar in its colour and sign; what nobody knows stays blank."""
    if all(share is None for share in shares):
        return [Span(fit(glyphs.none, width), "quiet")]
    spans = []
    total, at = 0.0, 0
    for share, value in zip(names, shares, strict=True):
        total += max(value or 0.0, 0.0)
        end = min(round(total * width), width)
        slot = slots.get(share.version, 3)
        spans.append(Span(glyphs.bars[slot] * max(end - at, 0), f"version-{slot + 1}"))
        at = max(at, end)
    return [*spans, Span(" " * (width - at))]


def with_interval(spans: list[Span], shares: Sequence[Share], width: int, glyphs: Glyphs) -> list[Span]:
    """The bar with the interval of the last version marked around its beginning."""
    last = shares[-1].observed if len(shares) > 1 else None
    if last is None or not last.samples:
        return spans
    left, line, point, right = glyphs.interval
    low, at, high = (min(max(round((1 - x) * width), 0), width - 1) for x in (last.high, last.share, last.low))
    if high - low < 2:
        return spans
    columns = [(character, span.style) for span in spans for character in span.text]
    for x in range(low, high + 1):
        columns[x] = (left if x == low else right if x == high else point if x == at else line, "strong")
    return _joined(columns)


def _joined(columns: Sequence[tuple[str, str]]) -> list[Span]:
    spans: list[Span] = []
    for character, style in columns:
        if spans and spans[-1].style == style:
            spans[-1] = Span(spans[-1].text + character, style)
        else:
            spans.append(Span(character, style))
    return spans


def _short(version: str, glyphs: Glyphs) -> str:
    return fit_end(safe_text(version, 63), 12, glyphs.ellipsis).rstrip()


def share_words(
    names: Sequence[Share], shares: Sequence[float | None], interval: bool, slots: Mapping[str, int], glyphs: Glyphs
) -> list[Span]:
    """The same in numbers, version by version."""
    spans = []
    for share, value in zip(names, shares, strict=True):
        style = f"version-{slots.get(share.version, 3) + 1}"
        text = f"{_short(share.version, glyphs)} {percent(value, glyphs.none)}"
        if interval and share is names[-1] and share.observed and share.observed.samples:
            text += f" {glyphs.plus_minus}{half_width(share.observed)}"
        spans.append(Span(f"{text}  ", style))
    return spans


class Shares(Painted):
    """All lanes of a rollout, as many as there is room for."""

    TILE = 10
    TILES = 12

    def __init__(self, glyphs: Glyphs) -> None:
        super().__init__()
        self.glyphs = glyphs
        self.lanes: Sequence[Lane] = ()
        self.slots: Mapping[str, int] = {}
        self.running = False

    def show(self, lanes: Sequence[Lane], slots: Mapping[str, int], running: bool) -> None:
        """Show these lanes; `slots` gives colours by version, `running` whether answers still come."""
        self.lanes, self.slots, self.running = lanes, slots, running
        self.repaint()

    def draw(self, width: int, height: int) -> list[Line]:
        lines: list[Line] = []
        for lane in self.lanes:
            if len(lines) + 4 > height and lines:
                hidden = len(self.lanes) - len(lines) // 4
                return [*lines[: height - 1], (Span(f" {hidden} more lanes: make the terminal taller", "quiet"),)]
            only = len(self.lanes) == 1
            lines += lane_lines(lane, only, self.slots, width, self.glyphs, running=self.running)
        return lines
