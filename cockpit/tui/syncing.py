"""How far clusters are read, in words; pure."""

from __future__ import annotations

from collections.abc import Sequence

from cockpit.model.counts import counted
from cockpit.model.reading import kind_words
from cockpit.model.text import safe_text
from cockpit.model.view import ClusterView, Sync

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
        parts = list(dict.fromkeys(map(kind_words, reading)))
        more = f" and {counted(len(parts) - _MOST_KINDS, 'more kind')}" if len(parts) > _MOST_KINDS else ""
        if parts:
            place = f"{safe_text(cluster.context, 60)}: " if several else ""
            lines.append(f"{place}reading {', '.join(parts[:_MOST_KINDS])}{more}")
    return lines


def unread_words(clusters: Sequence[ClusterView]) -> str:
    """How many kinds of live clusters may not be read: what they hold looks as if it did not exist; "" for none."""
    live = [cluster for cluster in clusters if cluster.state is Sync.LIVE]
    count = sum(1 for cluster in live for kind in cluster.kinds if kind.state is Sync.FORBIDDEN)
    return f"{counted(count, 'kind')} forbidden" if count else ""
