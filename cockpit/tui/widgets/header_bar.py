"""The first line: cluster, namespace, sync state, read-only mode."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import tzinfo

from cockpit.model.counts import counted
from cockpit.model.pairing import NO_PAIRING, PairingView
from cockpit.model.reading import progress_words
from cockpit.model.refs import RolloutKey
from cockpit.model.text import safe_text
from cockpit.model.view import ClusterView, FleetView, RolloutView, Sync
from cockpit.texts.current import Verbatim, translated
from cockpit.tui.glyphs import Glyphs
from cockpit.tui.lines import Line, Span, ends
from cockpit.tui.syncing import READING, unread_words, worst
from cockpit.tui.text import clock_time, sync_look
from cockpit.tui.widgets.painted import Painted

_LABELS_COLUMNS = 24


def header_line(
    view: FleetView,
    clusters: Sequence[ClusterView],
    probes: Sequence[RolloutView],
    width: int,
    glyphs: Glyphs,
    zone: tzinfo | None,
    whole: bool = False,
    labels: str = "",
) -> Line:
    """The header for `clusters`, with the combined rate of `probes`, or, of the `whole` fleet, with their number.

    `labels` are those that choose what is shown.
    """
    left = [Span(" cockpit  ", "quiet"), *_place(clusters, glyphs)]
    if labels:
        left += [Span(glyphs.joiner, "quiet"), Span(Verbatim(f"-l {safe_text(labels, _LABELS_COLUMNS)}"), "waiting")]
    left += [Span(glyphs.joiner, "quiet"), Span(fleet_words(view, glyphs) if whole else probe_words(probes))]
    right: list[Span] = [*playback_spans(view, zone), *reenactment_spans(view, zone)]
    if view.pairing is not NO_PAIRING:
        right += _people(view.pairing, None if whole or not probes else probes[0].rollout.key)
    if words := armed_words(view.rollouts):
        right += [Span(words, "waiting"), Span("  ")]
    if any(cluster.production for cluster in clusters):
        right += [Span(" PRODUCTION ", "production"), Span("  ")]
    if view.read_only or (clusters and all(cluster.read_only for cluster in clusters)):
        right += [Span("READ-ONLY", "waiting"), Span("  ")]
    if cluster := worst(clusters):
        look = sync_look(cluster, glyphs, zone)
        name = f" {safe_text(cluster.context, 20)}" if len(clusters) > 1 and cluster.state is not Sync.LIVE else ""
        word = progress_words(clusters) if cluster.state in READING else ""
        right.append(Span(f"{look.sign} {word or look.word + name}", look.style))
        if words := unread_words(clusters):
            right += [Span(glyphs.joiner, "quiet"), Span(words, "waiting")]
    return ends(left, [*right, Span(" ")], width)


def playback_spans(view: FleetView, zone: tzinfo | None) -> list[Span]:
    """That this is a recording, which moment of it is shown, and how fast it plays; nothing for what is live."""
    shown = view.playback
    if shown is None:
        return []
    pace = "paused" if shown.paused else f"{shown.speed:g}x"
    pressed = [Span(f"key {safe_text(shown.pressed, 40)}", "accent"), Span("  ")] if shown.pressed else []
    return [*pressed, Span(f"RECORDING {clock_time(shown.at, zone)} {pace}", "waiting"), Span("  ")]


def reenactment_spans(view: FleetView, zone: tzinfo | None) -> list[Span]:
    """Whether what the embedded cluster shows is as it was recorded, or its guess; nothing for any other cluster."""
    shown = view.reenactment
    if shown is None:
        return []
    if shown.guess_since is None:
        return [Span("AS RECORDED", "waiting"), Span("  ")]
    return [Span(f"GUESS since {clock_time(shown.guess_since, zone)}", "risk"), Span("  ")]


def _place(clusters: Sequence[ClusterView], glyphs: Glyphs) -> list[Span]:
    if not clusters:
        return [Span("no cluster", "risk")]
    first = clusters[0]
    more = f" and {len(clusters) - 1} more" if len(clusters) > 1 else ""
    namespace = "all namespaces" if first.namespace is None else Verbatim(safe_text(first.namespace, 63))
    place = Span(Verbatim(safe_text(first.context, 60) + translated(more)), "strong")
    return [place, Span(glyphs.joiner, "quiet"), Span(namespace)]


def fleet_words(view: FleetView, glyphs: Glyphs) -> str:
    """How many rollouts there are, each once however many clusters it is in, and how many of them are sampled."""
    grouped = {key for group in view.groups for key in group.parts}
    rows = [each for each in view.rollouts if each.rollout.key not in grouped] + [g.view for g in view.groups]
    running = sum(1 for each in rows if each.probe.running and not each.probe.idle)
    measuring = f"measuring {running}" if running else "measuring none"
    return f"{counted(len(rows), 'rollout')}{glyphs.joiner}{measuring}" if rows else "no rollouts"


def armed_words(rollouts: Sequence[RolloutView]) -> str:
    """How many guards would act by themselves; "" for none."""
    count = sum(1 for shown in rollouts if shown.guard and shown.guard.armed)
    return "" if not count else "guard armed" if count == 1 else f"{count} guards armed"


def _people(pairing: PairingView, key: RolloutKey | None) -> Iterator[Span]:
    """Who else is there, and what is proposed."""
    from cockpit.tui.people import people_words, proposal_words

    if words := people_words(pairing, key):
        yield from (Span(words, "accent"), Span("  "))
    if words := proposal_words(pairing, key):
        yield from (Span(words, "waiting"), Span("  "))


def probe_words(probes: Sequence[RolloutView]) -> str:
    """The rate of the probes; whole numbers, so that it does not flicker."""
    running = [view.probe for view in probes if view.probe.running]
    together = " in all" if len(running) > 1 else ""
    return f"probe {sum(probe.rate for probe in running):.0f}/s{together}" if running else "probe off"


class HeaderBar(Painted):
    """The first line of every screen."""

    TILE = 40
    TILES = 2

    def __init__(self, glyphs: Glyphs, zone: tzinfo | None) -> None:
        super().__init__()
        self.glyphs = glyphs
        self.zone = zone
        self.shown: tuple[FleetView, Sequence[ClusterView], Sequence[RolloutView]] | None = None
        self.whole = False
        self.labels = ""

    def show(
        self,
        view: FleetView,
        clusters: Sequence[ClusterView],
        probes: Sequence[RolloutView],
        *,
        whole: bool = False,
        labels: str = "",
    ) -> None:
        """Show these clusters and probes; `whole`: they are those of the fleet, chosen by `labels`."""
        self.shown, self.whole, self.labels = (view, clusters, probes), whole, labels
        self.repaint()

    def draw(self, width: int, height: int) -> list[Line]:
        if not self.shown:
            return []
        return [header_line(*self.shown, width, self.glyphs, self.zone, self.whole, self.labels)]
