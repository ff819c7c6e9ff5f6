"""Whether requests are answered at all, from a probe's newest answers. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import islice, takewhile

from cockpit.model.rollout import Finding, Followed, Lane, Severity
from cockpit.model.view import Cell, CellKind, ProbeView

# Failures in a row; if one request in five fails, so many happen once in a hundred thousand tries.
_FEWEST_FAILURES = 8
# Seconds for which they go on at least: at a high rate a restarted gateway fails as many at once. Or so many that they
# reach back further than the strip may.
_FEWEST_SECONDS, _MANY = 2.0, 500
# Findings about requests that no version answers, and about those that fail.
UNANSWERED = frozenset({"nobody-answers", "no-answers"})
HURTING = UNANSWERED | {"errors", "client-errors", "service-fails", "real-errors"}
# Newest answers that are looked at; all of them have to fail.
_LATELY = 20


def hurts(finding: Finding) -> bool:
    """Whether so many requests fail that no split makes up for it."""
    return finding.severity is Severity.CRITICAL and finding.id in HURTING


def failing_in_a_row(probe: ProbeView) -> int:
    """How many requests in a row, up to the newest, failed; 0 if they are too few, or came within too short a time."""
    if not probe.running:
        return 0
    run = list(takewhile(lambda cell: cell.kind is CellKind.ERROR, reversed(probe.strip)))
    return len(run) if _for_long(run) else 0


def why_all_fail(lane: Lane, probe: ProbeView) -> str:
    """Why no version answered the newest requests of a lane, in words; "" if one did.

    Counts only requests since the split last changed. A redirect counts as a failure: it says nothing about a version.
    """
    known = _newest(lane, probe, len(probe.strip))
    run = list(takewhile(_fails, reversed(known)))
    if not _for_long(run) or len(run) < min(len(known), _LATELY):
        return ""
    newest = run[:_LATELY]
    if all(map(is_redirect, newest)):
        return redirect_words(newest, probe)
    note = Counter(cell.note for cell in newest if cell.kind is CellKind.ERROR).most_common(1)[0][0]
    reason = f"answered {note}" if note.isdigit() else probe.message or note
    return f"the last {len(newest)} requests failed: {reason}"


def turned_away(lane: str, probe: ProbeView) -> Sequence[Cell]:
    """The newest requests of a lane, if versions answered there once, and now for a time none does: 4xx, and failures.

    Newest first; none where all of them failed without a status of 4xx. Whatever split is written: what fails is known.
    """
    known = any(one.version and one.lane == lane and one.answers for one in probe.health)
    if not known or not probe.running:
        return ()
    run = list(takewhile(_of_nobody, (cell for cell in reversed(probe.strip) if cell.lane == lane)))
    if len(run) < _LATELY or not _for_long(run):
        return ()
    # Failures alone are told as such.
    return run if any(cell.kind is CellKind.UNKNOWN for cell in run[:_LATELY]) else ()


def _of_nobody(cell: Cell) -> bool:
    """Whether no version answered a request, and it failed or got a status of 4xx."""
    rejected = cell.kind is CellKind.UNKNOWN and len(cell.note) == 3 and cell.note.startswith("4")
    return cell.version is None and (cell.kind is CellKind.ERROR or rejected)


def still_answers(lane: Lane, version: str, probe: ProbeView) -> bool:
    """Whether a version is among the newest answers of a lane of which requests do not follow the written split yet."""
    if lane.followed is Followed.YES or not probe.running:
        return False
    cells = islice((cell for cell in reversed(probe.strip) if cell.lane == lane.name), _LATELY)
    return any(cell.version == version for cell in cells)


def redirected(lane: Lane, probe: ProbeView) -> bool:
    """Whether all of the newest answers of a lane are redirects."""
    newest = _newest(lane, probe, _LATELY)
    return bool(newest) and all(map(is_redirect, newest))


def redirect_words(cells: Iterable[Cell], probe: ProbeView) -> str:
    """Where the answers redirect to, and what to do about it."""
    note = Counter(cell.note for cell in cells).most_common(1)[0][0]
    target = probe.probe_target
    if note.endswith("to https") and not (target and target.tls):
        return f"every answer is a redirect to https ({note.split()[0]}): probe the https port"
    return f"every answer is a redirect ({note.split()[0]}): probe the URL that it redirects to"


def is_redirect(cell: Cell) -> bool:
    return cell.kind is CellKind.UNKNOWN and cell.note[:3] in ("301", "302", "303", "307", "308")


def _for_long(run: Sequence[Cell]) -> bool:
    """Whether failures in a row, the newest first, are enough to say that nobody is answered."""
    if len(run) < _FEWEST_FAILURES:
        return False
    return len(run) >= _MANY or run[0].at - run[-1].at >= _FEWEST_SECONDS


def _newest(lane: Lane, probe: ProbeView, most: int) -> list[Cell]:
    """The newest cells of a lane since its split last changed."""
    cells = [cell for cell in probe.strip if cell.lane == lane.name]
    return cells[-min(lane.samples, most) :] if lane.samples and most else []


def _fails(cell: Cell) -> bool:
    return cell.kind is CellKind.ERROR or is_redirect(cell)
