"""What an on-call wants told, worst first, each with its evidence."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import tzinfo

from cockpit.model.rollout import Finding, Severity
from cockpit.model.text import safe_text
from cockpit.model.view import ClusterView, RolloutView, Sync
from cockpit.tui.glyphs import Glyphs
from cockpit.tui.paint import Line, Span, clip
from cockpit.tui.text import clock_time
from cockpit.tui.widgets.painted import Painted

_LOST = frozenset({Sync.RETRYING, Sync.REFUSED, Sync.FORBIDDEN})
ORDER = (Severity.CRITICAL, Severity.WARNING, Severity.INFO)


@dataclass(frozen=True, slots=True)
class Told:
    """A finding with the name it is told under."""

    finding: Finding
    name: str = ""


def fleet_findings(rollouts: Iterable[RolloutView]) -> list[Told]:
    """Findings of all rollouts that need a look, worst first; what is only worth knowing stays on their screens."""
    views = list(rollouts)
    several = len({view.rollout.key.context for view in views}) > 1
    told = [
        Told(finding, f"{view.rollout.key.context}:{view.rollout.key.name}" if several else view.rollout.key.name)
        for view in views
        for finding in view.rollout.findings
        if finding.severity is not Severity.INFO
    ]
    return sorted(told, key=lambda t: ORDER.index(t.finding.severity))


def cluster_findings(clusters: Iterable[ClusterView], zone: tzinfo | None) -> list[Told]:
    """Clusters of which what is shown may be old, with the reason; the header has room only for the word."""
    told = []
    for cluster in clusters:
        if cluster.state in _LOST and cluster.message:
            since = f" since {clock_time(cluster.stale_since, zone)}" if cluster.stale_since is not None else ""
            finding = Finding(
                "not-read", Severity.CRITICAL, f"not read{since}: {cluster.message}", "what is shown may be old"
            )
            told.append(Told(finding, cluster.context))
    return told


def finding_line(told: Told, width: int, glyphs: Glyphs) -> Line:
    """One finding in one line: sign and word, name, text, evidence."""
    look = glyphs.severities[told.finding.severity]
    name = f"{safe_text(told.name, 40)}: " if told.name else ""
    evidence = safe_text(told.finding.evidence)
    spans = (
        Span(f" {look.sign} {look.word} ", look.style),
        Span(name, "strong"),
        Span(safe_text(told.finding.text)),
        Span(f"  {evidence}" if evidence else "", "quiet"),
    )
    return clip(spans, width, glyphs.ellipsis)


class Findings(Painted):
    """As many findings as there is room for, and how many more there are."""

    def __init__(self, glyphs: Glyphs) -> None:
        super().__init__()
        self.glyphs = glyphs
        self.told: Sequence[Told] = ()
        self.none = ""

    def show(self, told: Sequence[Told], none: str) -> None:
        """Show these, or `none` where nothing is to be told."""
        self.told, self.none = told, none
        self.repaint()

    def draw(self, width: int, height: int) -> list[Line]:
        if not self.told:
            return [(Span(f" {self.none}", "quiet"),)]
        lines = [finding_line(told, width, self.glyphs) for told in self.told[:height]]
        if hidden := len(self.told) - len(lines):
            more = f" {hidden} more "
            lines[-1] = (*clip(lines[-1], width - len(more), self.glyphs.ellipsis), Span(more, "quiet"))
        return lines
