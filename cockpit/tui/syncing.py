"""How far clusters are read, in words; pure."""

from __future__ import annotations

from collections.abc import Sequence

from cockpit.model.counts import counted
from cockpit.model.text import safe_text
from cockpit.model.view import ClusterView, KindSync, Sync

READING = (Sync.CONNECTING, Sync.SYNCING)
_MOST_KINDS = 6
# Worst first: a live cluster must not hide one that is not.
WORST = (Sync.REFUSED, Sync.RETRYING, Sync.FORBIDDEN, Sync.CONNECTING, Sync.SYNCING, Sync.ABSENT, Sync.LIVE)


def worst(clusters: Sequence[ClusterView]) -> ClusterView | None:
    """The cluster in the worst sync state."""
    return min(clusters, key=lambda cluster: WORST.index(cluster.state), default=None)


def progress_lines(clusters: Sequence[ClusterView]) -> list[str]:
    """What is being read, with counts where the server says how much there is."""
    lines = []
    several = len(clusters) > 1
    for cluster in clusters:
        reading = sorted((kind for kind in cluster.kinds if kind.state in READING), key=lambda kind: -kind.expected)
        # Several groups can serve kinds of one name.
        parts = list(dict.fromkeys(map(_kind_words, reading)))
        more = f" and {counted(len(parts) - _MOST_KINDS, 'more kind')}" if len(parts) > _MOST_KINDS else ""
        if parts:
            place = f"{safe_text(cluster.context, 60)}: " if several else ""
            lines.append(f"{place}reading {', '.join(parts[:_MOST_KINDS])}{more}")
    return lines


def progress_words(clusters: Sequence[ClusterView]) -> str:
    """The slowest list in a few words, "reading Pods 4,200 of 10,000"; "" if none takes several pages."""
    reading = [kind for cluster in clusters for kind in cluster.kinds if kind.expected]
    slowest = max(reading, key=lambda kind: kind.expected - kind.read, default=None)
    return f"reading {_kind_words(slowest)}" if slowest else ""


def _kind_words(kind: KindSync) -> str:
    name = several_of(safe_text(kind.kind, 60))
    return f"{name} {kind.read:,} of {kind.expected:,}" if kind.expected else name


def several_of(kind: str) -> str:
    """The name of a kind for several objects: Pods, Ingresses, Canaries."""
    if kind.endswith("y") and kind[-2:-1] not in "aeiou":
        return f"{kind[:-1]}ies"
    return f"{kind}es" if kind.endswith("s") else f"{kind}s"
