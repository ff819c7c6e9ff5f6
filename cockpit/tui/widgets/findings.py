"""Findings, worst first, each with its evidence."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import tzinfo

from cockpit.model.health import Health, RolloutHealth
from cockpit.model.rollout import Finding, Severity
from cockpit.model.text import safe_text
from cockpit.model.values import dataclass
from cockpit.model.view import ClusterView, RolloutView, Sync
from cockpit.texts.current import Verbatim
from cockpit.tui.glyphs import Glyphs, Look
from cockpit.tui.keys import Keymap
from cockpit.tui.lines import Line, Span, clip, width_of, wrap_line
from cockpit.tui.text import clock_time, local_times
from cockpit.tui.widgets.painted import Painted

_LOST = frozenset({Sync.RETRYING, Sync.REFUSED, Sync.FORBIDDEN})
INDENT = 11  # where the words of a warning begin
MOST_TEXT = 1000
ORDER = (
    *(Severity.CRITICAL, Health.HURT, Health.DOUBTFUL, Health.NOT_MEASURED, Severity.WARNING, Severity.INFO),
    Health.FINE,
)


@dataclass(frozen=True, slots=True)
class FindingLines:
    """A finding, or a health with its reason, and the name to show it under."""

    finding: Finding | RolloutHealth
    name: str = ""
    note: str = ""

    @property
    def text(self) -> str:
        return self.finding.reason if isinstance(self.finding, RolloutHealth) else self.finding.text

    @property
    def evidence(self) -> str:
        return self.note if isinstance(self.finding, RolloutHealth) else self.finding.evidence

    @property
    def rank(self) -> int:
        """Worst first."""
        found = self.finding
        return ORDER.index(found.health if isinstance(found, RolloutHealth) else found.severity)

    def look(self, glyphs: Glyphs) -> Look:
        found = self.finding
        return glyphs.healths[found.health] if isinstance(found, RolloutHealth) else glyphs.severities[found.severity]


def health_line(view: RolloutView, keymap: Keymap) -> list[FindingLines]:
    """A rollout's health in one sentence, unless one of its findings says the same."""
    from cockpit.tui.health_words import fault_words, said_by_a_finding, told_health

    if said_by_a_finding(view):
        return []
    note = "" if view.health.health is Health.FINE else fault_words([view])
    return [FindingLines(told_health(view, keymap), note=note)]


def cluster_findings(clusters: Iterable[ClusterView], zone: tzinfo | None) -> list[FindingLines]:
    """Clusters whose data may be stale, with the reason, which does not fit in the header."""
    found = []
    for cluster in clusters:
        if cluster.state in _LOST and cluster.message:
            from cockpit.workloads.findings import finding

            since = f" since {clock_time(cluster.stale_since, zone)}" if cluster.stale_since is not None else ""
            lost = finding(
                "not-read", Severity.CRITICAL, f"not read{since}: {cluster.message}", "this data may be stale"
            )
            found.append(FindingLines(lost, cluster.context))
    return found


def localised(shown: FindingLines, now: float, zone: tzinfo | None) -> FindingLines:
    """The same finding with times in the screen's format and time zone."""
    found, text = shown.finding, local_times(shown.text, now, zone)
    if isinstance(found, RolloutHealth):
        return replace(shown, finding=replace(found, reason=text))
    return replace(shown, finding=replace(found, text=text, evidence=local_times(found.evidence, now, zone)))


def finding_spans(shown: FindingLines, glyphs: Glyphs) -> Line:
    """Sign and word, name, text, evidence."""
    look = shown.look(glyphs)
    name = f"{safe_text(shown.name, 40)}: " if shown.name else ""
    evidence = safe_text(shown.evidence, MOST_TEXT)
    colon = ":" if isinstance(shown.finding, RolloutHealth) and shown.text and not shown.name else ""
    return (
        Span(f" {look.sign} {look.word}{colon} ", look.style),
        Span(Verbatim(name), "strong"),
        Span(shown.text if isinstance(shown.text, Verbatim) else safe_text(shown.text, MOST_TEXT)),
        Span(f"  {evidence}" if evidence else "", "quiet"),
    )


def finding_lines(shown: FindingLines, width: int, glyphs: Glyphs, most: int) -> list[Line]:
    """One finding in at most `most` lines; the rest is cut."""
    line = finding_spans(shown, glyphs)
    if width_of(line) <= width:
        return [line]
    # A little more than is shown, so that the cut is visible; wrapping the rest of a long text is wasted.
    wrapped = wrap_line(clip(line, 2 * (most + 1) * width, glyphs.ellipsis), width, INDENT)
    rest = tuple(span for each in wrapped[most - 1 :] for span in each)
    return [*wrapped[: most - 1], clip(rest if most > 1 else line, width, glyphs.ellipsis)]


def wanted_lines(found: Sequence[FindingLines], width: int, glyphs: Glyphs, most: int) -> int:
    """Lines needed to show the findings, two for each long one, at most `most`."""
    return min(sum(len(finding_lines(each, width, glyphs, 2)) for each in found[:most]), most)


class Findings(Painted):
    """As many findings as fit, long ones in two lines if possible, and how many more there are."""

    def __init__(self, glyphs: Glyphs) -> None:
        super().__init__()
        self.glyphs = glyphs
        self.found: Sequence[FindingLines] = ()

    def show(self, found: Sequence[FindingLines]) -> None:
        """Show these findings."""
        self.found = found
        self.repaint()

    def draw(self, width: int, height: int) -> list[Line]:
        if not self.found:
            return []
        shown = self.found[:height]
        spare = height - len(shown)
        lines: list[Line] = []
        for each in shown:
            of_one = finding_lines(each, width, self.glyphs, 2 if spare else 1)
            spare -= len(of_one) - 1
            lines += of_one
        hidden = len(self.found) - len(shown)
        if hidden:
            more = f" {hidden} more"
            lines[-1] = (*clip(lines[-1], width - len(more) - 1, self.glyphs.ellipsis), Span(f"{more} ", "quiet"))
        return lines
