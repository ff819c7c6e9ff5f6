"""Formats numbers, times and cluster text for the screen; pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo

from textual.content import Content

from cockpit.model.guard import GuardState, GuardView
from cockpit.model.lazy_re import lazy_re
from cockpit.model.rollout import Lane, Observed, Phase, Role, Rollout, Share, Version
from cockpit.model.text import safe_text
from cockpit.model.view import ClusterView, Sync
from cockpit.texts.current import translated
from cockpit.tui.glyphs import Glyphs, Look
from cockpit.tui.lines import BLANK, Line, Span

MOMENT = lazy_re(
    r"\b(?:(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})T(?P<time>[0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.[0-9]{1,9})?Z"
    r"|(?P<utc>[0-9]{2}:[0-9]{2}:[0-9]{2}) UTC)\b"
)
# Roles of the version being released, most significant first.
RELEASED = (Role.CANARY, Role.NEW, Role.PREVIEW)
# Roles of the version a release starts from, most certain first; the initial order of versions.
BASES = (Role.STABLE, Role.ACTIVE, Role.OLD)


def content(text: object, style: str = "") -> Content:
    """Text for a stock widget: translated, never parsed as markup."""
    return Content.styled(translated(safe_text(text)), style)


def half_width(observed: Observed) -> int:
    """Half the interval in percentage points, at least 1 unless the interval is empty."""
    half = (observed.high - observed.low) * 50
    return max(round(half), 1) if half > 0 else 0


def milliseconds(value: float | None, none: str = "–") -> str:
    """A duration in at most six columns."""
    if value is None:
        return none
    if value >= 10_000:
        return f"{value / 1000:.0f}s"
    return f"{value / 1000:.1f}s" if value >= 1_000 else f"{value:.0f}ms"


def clock_time(at: float, zone: tzinfo | None = None) -> str:
    """UTC seconds as a time of day in `zone` (None: this machine's); dashes for one beyond all calendars."""
    try:
        return datetime.fromtimestamp(at, UTC).astimezone(zone).strftime("%H:%M:%S")
    except (ValueError, OverflowError, OSError):
        return "--:--:--"


def local_times(text: str, now: float, zone: tzinfo | None = None) -> str:
    """The text with every timestamp as a time of day in `zone`, with the date if it is not today.

    Controllers and the session write RFC 3339 or "12:00:00 UTC"; `now` is UTC seconds since 1970.
    """
    today = datetime.fromtimestamp(now, UTC)

    def local(found: re.Match[str]) -> str:
        day, of_day = found["day"], found["time"] or found["utc"]
        try:
            moment = datetime.fromisoformat(f"{day or today.date()}T{of_day}+00:00").astimezone(zone)
        except (ValueError, OverflowError):
            return found[0]
        same = not day or moment.date() == today.astimezone(zone).date()
        return moment.strftime("%H:%M:%S" if same else "%Y-%m-%d %H:%M:%S")

    return MOMENT.sub(local, text)


def main_share(rollout: Rollout, lane: Lane | None) -> Share | None:
    """The share to show if there is room for one: the released version's, or the largest one at rest."""
    if lane is None:
        return None
    for share in lane.shares:
        version = rollout.version(share.version)
        if version and version.role in RELEASED and max(share.declared or 0, share.written or 0) > 0:
            return share
    return max(lane.shares, key=lambda s: s.written or s.declared or 0, default=None)


def released(rollout: Rollout) -> Version | None:
    """The version that a release brings; None if there is none."""
    found = [version for version in rollout.versions if version.role in RELEASED]
    return min(found, key=lambda version: RELEASED.index(version.role), default=None)


def base_of(rollout: Rollout) -> Version | None:
    """The version that a release starts from, and goes back to."""
    found = [version for version in rollout.versions if version.role in BASES]
    return min(found, key=lambda version: BASES.index(version.role), default=None)


def new_share(rollout: Rollout) -> Share | None:
    """The share of the version that is being released, also while it is 0; at rest the largest one."""
    lane = rollout.default_lane
    new = released(rollout) if rollout.phase is not Phase.AT_REST else None
    found = next((share for share in lane.shares if new and share.version == new.name), None) if lane else None
    return found or main_share(rollout, lane)


def pods_of(version: Version, glyphs: Glyphs) -> str:
    """Ready and desired pods; of a version that is replaced, how many there are and how many are to stay."""
    between = "/" if version.ready <= version.desired else glyphs.arrow
    return f"{version.ready}{between}{version.desired}"


def names_of_release(rollout: Rollout) -> tuple[str, ...]:
    """Names of the version that a release starts from and of the one that it brings; at rest of the only one."""
    base, new = base_of(rollout), released(rollout)
    if rollout.phase is not Phase.AT_REST and base and new:
        return base.name, new.name
    main = main_share(rollout, rollout.default_lane)
    only = main.version if main else next((each.name for each in (new, base) if each), "")
    return (only,) if only else ()


def share_bar(share: float, width: int, glyphs: Glyphs, style: str) -> Line:
    """A share as a bar; one between 0 and 1 is neither empty nor full."""
    filled = round(min(max(share, 0.0), 1.0) * width)
    if 0 < share < 1:
        filled = min(max(filled, 1), width - 1)
    full, empty = ("#", ".") if glyphs.ascii else ("█", "░")
    return (Span(full * filled, style or "accent"), Span(empty * (width - filled), "quiet")) if width > 0 else BLANK


def sync_look(cluster: ClusterView, glyphs: Glyphs, zone: tzinfo | None = None) -> Look:
    """Sign and words for a cluster's sync state."""
    look = glyphs.syncs[cluster.state]
    if cluster.state is not Sync.LIVE and cluster.stale_since is not None:
        since = clock_time(cluster.stale_since, zone)
        return Look(look.sign, f"{look.word} since {since}", look.style)
    return look


def guard_words(guard: GuardView | None, zone: tzinfo | None = None) -> str:
    """A guard in a few words, such as "guard armed until 21:40:00"; "" for one that has ended."""
    if guard is None or guard.state is GuardState.ENDED:
        return ""
    if guard.armed and guard.state in (GuardState.WATCHING, GuardState.HOLDING):
        return "guard armed" + (f" until {clock_time(guard.until, zone)}" if guard.until is not None else "")
    return f"guard armed, {guard.state}" if guard.armed else f"guard {guard.state}"


def version_slots(names: Sequence[str], taken: dict[str, int]) -> dict[str, int]:
    """Colour slot by version name; a version keeps its slot while it exists, so a flip does not swap colours."""
    slots = {name: taken[name] for name in names if name in taken}
    for name in sorted(set(names) - set(slots)):
        free = (slot for slot in range(4) if slot not in slots.values())
        slots[name] = next(free, 3)
    return slots
