"""How far the lists of clusters are, in words; pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from cockpit.model.text import safe_text
from cockpit.model.view import ClusterView, KindSync, Sync


def progress_words(clusters: Sequence[ClusterView]) -> str:
    """The slowest list in a few words, "reading Pods 4,200 of about 10,000"; "" if none is long."""
    reading = [kind for cluster in clusters for kind in cluster.kinds if kind.expected]
    slowest = max(reading, key=lambda kind: kind.expected - kind.read, default=None)
    return f"reading {kind_words(slowest)}" if slowest else ""


def kind_words(kind: KindSync) -> str:
    """One kind, with counts where the server says how much there is; it changes while it is read."""
    name = several_of(safe_text(kind.kind, 60))
    return f"{name} {kind.read:,} of about {kind.expected:,}" if kind.expected else name


def several_of(kind: str) -> str:
    """The name of a kind for several objects: Pods, Ingresses, Canaries."""
    if kind.endswith("y") and kind[-2:-1] not in "aeiou":
        return f"{kind[:-1]}ies"
    return f"{kind}es" if kind.endswith("s") else f"{kind}s"


def one_of_each(kinds: Sequence[KindSync]) -> tuple[KindSync, ...]:
    """Each kind once: a cluster serves one or more versions of its API, and the others are no kinds of their own.

    Of a kind that the cluster does not serve at all, one version stands for all.
    """
    found: dict[tuple[str, str], list[KindSync]] = {}
    for kind in kinds:
        found.setdefault((kind.kind, kind.group), []).append(kind)
    served = {name: [kind for kind in same if kind.state is not Sync.ABSENT] for name, same in found.items()}
    return tuple(kind for name, same in found.items() for kind in served[name] or same[-1:])


def kind_names(kinds: Sequence[KindSync]) -> list[str]:
    """The name of each kind, with its group where several groups have one of this name: Gateway.networking.istio.io."""
    several = Counter(kind.kind for kind in kinds)
    return [f"{kind.kind}.{kind.group}" if several[kind.kind] > 1 and kind.group else kind.kind for kind in kinds]
