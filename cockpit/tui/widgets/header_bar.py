"""The first line: which cluster and namespace, how far its facts can be trusted, what cannot be done."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo

from cockpit.model.text import safe_text
from cockpit.model.view import ClusterView, FleetView, RolloutView, Sync
from cockpit.tui.glyphs import Glyphs
from cockpit.tui.paint import Line, Span, ends
from cockpit.tui.text import sync_look
from cockpit.tui.widgets.painted import Painted

# Worst first: one cluster that is not live must not hide behind others that are.
WORST = (Sync.REFUSED, Sync.RETRYING, Sync.FORBIDDEN, Sync.CONNECTING, Sync.SYNCING, Sync.ABSENT, Sync.LIVE)


def worst(clusters: Sequence[ClusterView]) -> ClusterView | None:
    """The cluster whose facts can be trusted least."""
    return min(clusters, key=lambda cluster: WORST.index(cluster.state), default=None)


def header_line(
    view: FleetView,
    clusters: Sequence[ClusterView],
    probes: Sequence[RolloutView],
    width: int,
    glyphs: Glyphs,
    zone: tzinfo | None,
) -> Line:
    """The header over `clusters`, with the rate of the probes of `probes` together."""
    bar = f" {glyphs.separator} "
    left = [Span(" cockpit", "strong"), Span(bar, "quiet"), *_place(clusters)]
    right: list[Span] = []
    if any(cluster.production for cluster in clusters):
        right += [Span(" PRODUCTION ", "production"), Span(" ")]
    if view.read_only:
        right += [Span("READ-ONLY", "waiting"), Span(bar, "quiet")]
    if cluster := worst(clusters):
        look = sync_look(cluster, glyphs, zone)
        name = f" {safe_text(cluster.context, 20)}" if len(clusters) > 1 and cluster.state is not Sync.LIVE else ""
        right.append(Span(f"{look.sign} {look.word}{name}", look.style))
    right += [Span(bar, "quiet"), Span(probe_words(probes))]
    return ends(left, [*right, Span(" ")], width)


def _place(clusters: Sequence[ClusterView]) -> list[Span]:
    if not clusters:
        return [Span("no cluster", "risk")]
    first = clusters[0]
    more = f" and {len(clusters) - 1} more" if len(clusters) > 1 else ""
    namespace = "all namespaces" if first.namespace is None else safe_text(first.namespace, 63)
    return [Span(safe_text(first.context, 60) + more, "strong"), Span(f" / {namespace}")]


def probe_words(probes: Sequence[RolloutView]) -> str:
    """The rate of the probes in words; whole numbers, so that it does not flicker."""
    running = [view.probe for view in probes if view.probe.running]
    together = " in all" if len(running) > 1 else ""
    return f"probe {sum(probe.rate for probe in running):.0f}/s{together}" if running else "probe off"


class HeaderBar(Painted):
    """One line over every screen."""

    TILE = 40
    TILES = 2

    def __init__(self, glyphs: Glyphs, zone: tzinfo | None) -> None:
        super().__init__()
        self.glyphs = glyphs
        self.zone = zone
        self.shown: tuple[FleetView, Sequence[ClusterView], Sequence[RolloutView]] | None = None

    def show(self, view: FleetView, clusters: Sequence[ClusterView], probes: Sequence[RolloutView]) -> None:
        """Tell about these clusters and probes."""
        self.shown = (view, clusters, probes)
        self.repaint()

    def draw(self, width: int, height: int) -> list[Line]:
        return [header_line(*self.shown, width, self.glyphs, self.zone)] if self.shown else []
