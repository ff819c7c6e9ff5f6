"""Numbers, times and cluster text as they are written on screen; pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo

from textual.content import Content

from cockpit.model.rollout import Lane, Observed, Role, Rollout, Share
from cockpit.model.text import safe_text
from cockpit.model.view import ClusterView, Sync
from cockpit.tui.glyphs import Glyphs, Look

MOMENT = re.compile(
    r"\b(?:(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})T(?P<time>[0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.[0-9]{1,9})?Z"
    r"|(?P<utc>[0-9]{2}:[0-9]{2}:[0-9]{2}) UTC)\b"
)
# Roles of the version that a release is about, most telling first.
RELEASED = (Role.CANARY, Role.NEW, Role.PREVIEW)


def content(text: object, style: str = "") -> Content:
    """Cluster text for a stock widget: shown as it is, never read as markup."""
    return Content.styled(safe_text(text), style)


def half_width(observed: Observed) -> int:
    """Half of the interval in points of percent, at least 1 while there is any doubt."""
    half = (observed.high - observed.low) * 50
    return max(round(half), 1) if half > 0 else 0


def milliseconds(value: float | None, none: str = "–") -> str:
    """A duration in at most six columns."""
    if value is None:
        return none
    if value >= 10_000:
        return f"{value / 1000:.0f}s"
    return f"{value / 1000:.1f}s" if value >= 1_000 else f"{value:.0f}ms"


def rough(count: int) -> str:
    """A growing number in steps, so that it is not drawn again with every answer: exact up to 100."""
    if count < 100:
        return str(count)
    return str(count // 10 * 10) if count < 1000 else f"{count // 100 / 10:.1f}k"


def clock_time(at: float, zone: tzinfo | None = None) -> str:
    """UTC seconds as a time of day in `zone` (None: that of this machine)."""
    return datetime.fromtimestamp(at, UTC).astimezone(zone).strftime("%H:%M:%S")


def told_times(text: str, now: float, zone: tzinfo | None = None) -> str:
    """The text with every moment in it as a time of day in `zone`, with the date where it is not today's.

    Controllers and the session write RFC 3339 or "12:00:00 UTC"; `now` is UTC seconds since 1970.
    """
    today = datetime.fromtimestamp(now, UTC)

    def told(found: re.Match[str]) -> str:
        day, of_day = found["day"], found["time"] or found["utc"]
        try:
            moment = datetime.fromisoformat(f"{day or today.date()}T{of_day}+00:00").astimezone(zone)
        except (ValueError, OverflowError):
            return found[0]
        same = not day or moment.date() == today.astimezone(zone).date()
        return moment.strftime("%H:%M:%S" if same else "%Y-%m-%d %H:%M:%S")

    return MOMENT.sub(told, text)


def told_share(rollout: Rollout, lane: Lane | None) -> Share | None:
    """The share to tell where there is room for one: the released version's, at rest that of the busiest."""
    if lane is None:
        return None
    for share in lane.shares:
        version = rollout.version(share.version)
        if version and version.role in RELEASED and max(share.declared or 0, share.written or 0) > 0:
            return share
    return max(lane.shares, key=lambda s: s.written or s.declared or 0, default=None)


def sync_look(cluster: ClusterView, glyphs: Glyphs, zone: tzinfo | None = None) -> Look:
    """Sign and words of how far a cluster's facts can be trusted."""
    look = glyphs.syncs[cluster.state]
    if cluster.state is not Sync.LIVE and cluster.stale_since is not None:
        since = clock_time(cluster.stale_since, zone)
        return Look(look.sign, f"{look.word} since {since}", look.style)
    return look


def version_slots(names: Sequence[str], taken: dict[str, int]) -> dict[str, int]:
    """Colour and sign by version name; a version keeps its slot as long as it lives, so that a flip moves no colour."""
    slots = {name: taken[name] for name in names if name in taken}
    for name in sorted(set(names) - set(slots)):
        free = (slot for slot in range(4) if slot not in slots.values())
        slots[name] = next(free, 3)
    return slots
