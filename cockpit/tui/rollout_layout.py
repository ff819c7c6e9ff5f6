"""Where each pane of the rollout screen stands, for every size of the terminal; pure."""

from __future__ import annotations

from dataclasses import replace

from cockpit.model.values import dataclass

# From this width on there are two columns.
WIDE = 110
# Header and keys.
FIXED = 2
# A chart lower than this shows nothing, and a higher one no more.
LEAST_CHART, MOST_CHART = 5, 24
# A list of events with fewer lines is not worth its frame.
LEAST_EVENTS = 6
ALL = 1000


@dataclass(frozen=True, slots=True)
class Place:
    """A pane's column and line, and its size; no size, no pane."""

    x: int = 0
    y: int = 0
    width: int = 0
    height: int = 0


@dataclass(frozen=True, slots=True)
class Needs:
    """Lines that the parts of a rollout want: its title, each lane, what was found, its pods and its journal.

    `charted` is whether the way so far has anything to show.
    """

    title: int
    lanes: tuple[int, ...]
    health: int
    pods: int
    least: int = 4  # lines of what hurts and the way back, before anything else gets more
    journal: int = 5
    charted: bool = True


@dataclass(frozen=True, slots=True)
class Places:
    """The panes by place; `framed` is whether who gets what has a frame, which its strip closes."""

    title: Place = Place()
    health: Place = Place()
    shares: Place = Place()
    strip: Place = Place()
    chart: Place = Place()
    pods: Place = Place()
    journal: Place = Place()
    events: Place = Place()
    framed: bool = False


def shared_out(room: int, wishes: list[tuple[str, int]]) -> dict[str, int]:
    """Lines by pane: each wish in order, as far as there are lines left.

    A frame and the chart are there as a whole or not at all.
    """
    lines = dict.fromkeys((name for name, _ in wishes), 0)
    for name, wish in wishes:
        more = min(wish - lines[name], room - sum(lines.values()))
        if name == "frame" and more < wish:
            continue
        if name == "chart" and lines[name] + more < LEAST_CHART:
            continue
        lines[name] += max(more, 0)
    return lines


def places(width: int, height: int, needs: Needs) -> Places:
    """The panes in a terminal of this size: one column of them, or two."""
    title = min(needs.title, max(height - FIXED, 0))
    room = max(height - FIXED - title, 0)
    top = 1 + title
    head = Place(0, 1, width, title)
    return _two_columns(width, top, room, head, needs) if width >= WIDE else _one(width, top, room, head, needs)


def alone(found: Places, pane: str, width: int, height: int) -> Places:
    """The title, and below it one pane by its name in `Places`, with all the room there is."""
    title = replace(found.title, width=width)
    top = title.y + title.height
    room = Place(0, top, width, max(height - FIXED - title.height, 0))
    if pane == "shares" and room.height > 4:
        # The strip of answers closes the frame.
        strip = Place(0, top + room.height - 2, width, 2)
        return Places(title, shares=replace(room, height=room.height - 2), strip=strip, framed=True)
    return replace(Places(title, framed=found.framed), **{pane: room})  # type: ignore[arg-type]


def main_width(width: int) -> int:
    """The columns of what hurts, who gets what and the way so far."""
    return width * 3 // 5 if width >= WIDE else width


def _first_wishes(needs: Needs) -> list[tuple[str, int]]:
    """What is always there first: who gets what, and what hurts with the way back."""
    first = needs.lanes[0] if needs.lanes else 1
    return [
        ("shares", min(first, 3)),
        ("health", 1),
        ("below", 1),
        ("shares", min(first, 5)),
        ("frame", 2),
        ("health", min(needs.health, needs.least)),
    ]


def _drawn(wishes: list[tuple[str, int]], needs: Needs) -> list[tuple[str, int]]:
    """The wishes; a chart with nothing to draw comes last, and is no higher than it takes to say so."""
    if needs.charted:
        return wishes
    return [*(wish for wish in wishes if wish[0] != "chart"), ("chart", LEAST_CHART)]


def _one(width: int, top: int, room: int, head: Place, needs: Needs) -> Places:
    everyone, two = sum(needs.lanes) or 1, sum(needs.lanes[:2]) or 1
    wishes = [
        *_first_wishes(needs),
        ("answers", 1),
        ("below", 3),
        ("chart", LEAST_CHART),
        ("health", min(needs.health, 7)),
        ("shares", min(two, 8)),
        ("below", 4),
        ("chart", 7),
        ("health", min(needs.health, 9)),
        ("shares", min(everyone, 16)),
        ("below", min(max(needs.pods, 5), 8)),
        ("chart", 10),
        ("health", needs.health),
        ("shares", everyone),
        ("chart", 14),
    ]
    lines = shared_out(room, [*_drawn(wishes, needs), ("below", ALL)])
    panes = _upper(0, top, width, lines)
    y = panes.strip.y + panes.strip.height
    chart = Place(0, y, width, lines["chart"])
    below = y + lines["chart"]
    pods = min(max(width * 2 // 5, 32), width)
    pods = width if width - pods < 20 else pods
    return Places(
        head, panes.health, panes.shares, panes.strip, chart, Place(0, below, pods, lines["below"]),
        Place(pods, below, width - pods, lines["below"] if width > pods else 0), framed=panes.framed,
    )  # fmt: skip


def _two_columns(width: int, top: int, room: int, head: Place, needs: Needs) -> Places:
    left = main_width(width)
    everyone = sum(needs.lanes) or 1
    wishes = [
        *((name, wish) for name, wish in _first_wishes(needs) if name != "below"),
        ("answers", 1),
        ("health", min(needs.health, 6)),
        ("chart", 8),
        ("shares", everyone),
        ("chart", 12),
        ("health", needs.health),
        ("chart", MOST_CHART),
    ]
    lines = shared_out(room, _drawn(wishes, needs))
    panes = _upper(0, top, left, lines)
    y = panes.strip.y + panes.strip.height
    chart = Place(0, y, left, lines["chart"])
    right = width - left
    pods = min(max(needs.pods, 4), max(room - 6, room // 2))
    below = top + pods
    # Events fill what is left, in the column that has more of it.
    rest = top + room - y - chart.height
    journal = min(max(needs.journal, 5), room - pods)
    beside = room - pods - journal
    events = Place()
    if rest >= LEAST_EVENTS:
        events = Place(0, y + chart.height, left, rest)
    elif beside >= LEAST_EVENTS:
        events = Place(left, below + journal, right, beside)
    if events.x == 0:
        journal = room - pods
    return Places(
        head, panes.health, panes.shares, panes.strip, chart, Place(left, top, right, pods),
        Place(left, below, right, journal), events, panes.framed,
    )  # fmt: skip


def _upper(x: int, top: int, width: int, lines: dict[str, int]) -> Places:
    """What hurts, who gets what, and the strip that closes its frame, below each other."""
    framed = lines["frame"] > 0
    shares = lines["shares"] + framed
    strip = lines["answers"] + framed
    health = Place(x, top, width, lines["health"])
    below = top + health.height
    return Places(
        health=health,
        shares=Place(x, below, width, shares),
        strip=Place(x, below + shares, width, strip),
        framed=framed,
    )
