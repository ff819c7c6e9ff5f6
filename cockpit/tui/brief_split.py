"""Who gets what, in one table: users, written shares and errors of each version in each lane; pure."""

from __future__ import annotations

from rich.cells import cell_len

from cockpit.model.health import Level
from cockpit.model.rollout import Lane, Share
from cockpit.model.shares import percent
from cockpit.model.text import safe_text
from cockpit.model.view import RolloutView
from cockpit.texts.current import Verbatim
from cockpit.tui.glyphs import Glyphs
from cockpit.tui.health_words import error_rate
from cockpit.tui.lines import Line, Span, fit, fit_front
from cockpit.tui.text import milliseconds, share_bar

_FIGURES = (("USERS", 7), ("WRITTEN", 9), ("ERRORS", 8), ("P50", 8))
_MOST_LANES = 4
_LONGEST_NAME = 18
_FEWEST_BAR, _LONGEST_BAR = 8, 40


def split_lines(view: RolloutView, width: int, glyphs: Glyphs) -> list[Line]:
    """Headings, then a line for each version of each lane; none where no split is known, or without room."""
    lanes = [lane for lane in view.rollout.lanes if lane.shares][:_MOST_LANES]
    names = [safe_text(share.version, 63) for lane in lanes for share in lane.rows]
    name = min(max(map(cell_len, names), default=0), _LONGEST_NAME)
    figures = list(_FIGURES)
    while (bar := width - sum(size for _, size in figures) - name - 3) < _FEWEST_BAR and len(figures) > 1:
        figures.pop()
    if not lanes or bar < _FEWEST_BAR:
        return []
    bar = min(bar, _LONGEST_BAR)
    heads = "".join(fit(head, size, "right") for head, size in figures)
    lines: list[Line] = [(Span(" " * (name + bar + 3)), Span(heads, "quiet"))]
    for lane in lanes:
        if lane.match:
            lines.append((Span(Verbatim(f" {safe_text(lane.match, 200)}"), "quiet"),))
        shown = [_share_line(view, lane, share, name, bar, glyphs) for share in lane.rows]
        # Name and bar stand before the figures; the narrow pane has fewer of these.
        lines += [line[: -len(_FIGURES)] + line[-len(_FIGURES) :][: len(figures)] for line in shown]
    return lines


def _share_line(view: RolloutView, lane: Lane, share: Share, name: int, bar: int, glyphs: Glyphs) -> Line:
    observed = share.observed if share.observed and share.observed.samples else None
    seen = observed.share if observed else share.written
    known = [one for one in view.probe.health if one.lane == lane.name]
    rate, median = error_rate(known, share), share.observed.p50_ms if share.observed else None
    levels = (max(one.failing, one.worse) for one in known if one.version == share.version)
    hurts = bool(rate) and max(levels, default=Level.CALM) > Level.CALM
    return (
        Span(Verbatim(f" {fit_front(safe_text(share.version, 63), name, glyphs.ellipsis)} ")),
        *share_bar(seen or 0.0, bar, glyphs, "quiet" if not observed else "risk" if hurts else ""),
        Span(" " + fit(percent(observed.share if observed else None, glyphs.none), 7, "right"), "strong"),
        Span(fit(percent(share.written, glyphs.none), 9, "right"), "quiet"),
        Span(fit(percent(rate, glyphs.none), 8, "right"), "risk" if hurts else "quiet"),
        Span(fit(milliseconds(median, glyphs.none), 8, "right"), "quiet"),
    )
