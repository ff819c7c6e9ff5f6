"""What a Prometheus says of real users' requests, in the words of the screen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cockpit.model.health import Level
from cockpit.model.real_traffic import RealView, age_words
from cockpit.model.rollout import Lane, Share
from cockpit.model.shares import percent, rough
from cockpit.model.text import safe_text
from cockpit.model.values import dataclass
from cockpit.tui.glyphs import Glyphs
from cockpit.tui.lines import Line, Span, clip, fit_end


@dataclass(frozen=True, slots=True)
class RealCells:
    """The figures of one version as cells of a table, "" where nothing tells them; `style` is that of its errors."""

    share: str = ""
    errors: str = ""
    time: str = ""
    style: str = ""


def real_cells(share: Share) -> RealCells:
    """Share, errors and time of a version's real requests; p99 where the histogram tells it, else the mean."""
    real = share.real
    if real is None:
        return RealCells()
    time = next(
        (
            f"{name} {value:.0f} ms"
            for name, value in (("p99", real.p99_ms), ("p50", real.p50_ms), ("mean", real.mean_ms))
            if value is not None
        ),
        "",
    )
    style = "quiet" if real.stale else {Level.ALARM: "risk", Level.DOUBTFUL: "waiting"}.get(real.failing, "")
    return RealCells(percent(real.share, "no requests"), percent(real.error_rate, ""), time, style)


def real_words(share: Share) -> str:
    """The same as one text: "26%, 3% errors, p99 254 ms"; "" if nothing is known."""
    cells = real_cells(share)
    errors = f"{cells.errors} errors" if cells.errors else ""
    return ", ".join(filter(None, (cells.share, errors, cells.time)))


def real_line(
    lanes: Sequence[Lane], view: RealView | None, slots: Mapping[str, int], width: int, glyphs: Glyphs
) -> Line | None:
    """One line for a rollout's real traffic; None if no Prometheus is read."""
    if view is None:
        return None
    shares = [share for lane in lanes for share in lane.shares if share.real is not None]
    spans = [Span(" real users  ", "quiet")]
    for share in shares:
        spans.append(Span(fit_end(safe_text(share.version, 63), 12, glyphs.ellipsis).rstrip(), _style(share, slots)))
        spans.append(Span(f" {real_words(share)}   ", real_cells(share).style))
    if (untold := view.of("")) and untold.requests:
        errors = f", {percent(untold.error_rate)} errors" if untold.errors else ""
        spans.append(Span(f"{rough(round(untold.requests))} requests, version not told{errors}   ", "quiet"))
    if view.stale and view.read_at is not None:
        spans.append(Span(age_words(view), "waiting"))
    elif view.problem:
        spans.append(Span(safe_text(view.problem, 300), "quiet"))
    return clip(tuple(spans), width)


def _style(share: Share, slots: Mapping[str, int]) -> str:
    return f"version-{slots.get(share.version, 3) + 1}"
