"""What an on-call wants told, worst first, each with its evidence."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import tzinfo

from cockpit.model.rollout import Finding, Severity
from cockpit.model.text import safe_text
from cockpit.model.view import ClusterView, RolloutView, Sync
from cockpit.tui.glyphs import Glyphs
from cockpit.tui.paint import Line, Span, clip, width_of, wrap_line
from cockpit.tui.text import clock_time, rough, told_times
from cockpit.tui.widgets.painted import Painted

_LOST = frozenset({Sync.RETRYING, Sync.REFUSED, Sync.FORBIDDEN})
INDENT = 11  # where the words of a warning begin
MOST_TEXT = 1000
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


def localised(told: Told, now: float, zone: tzinfo | None) -> Told:
    """The same with its times as the rest of the screen tells them."""
    text, evidence = (told_times(words, now, zone) for words in (told.finding.text, told.finding.evidence))
    return replace(told, finding=replace(told.finding, text=text, evidence=evidence))


def finding_spans(told: Told, glyphs: Glyphs) -> Line:
    """Sign and word, name, text, evidence."""
    look = glyphs.severities[told.finding.severity]
    name = f"{safe_text(told.name, 40)}: " if told.name else ""
    evidence = safe_text(told.finding.evidence, MOST_TEXT)
    return (
        Span(f" {look.sign} {look.word} ", look.style),
        Span(name, "strong"),
        Span(safe_text(told.finding.text, MOST_TEXT)),
        Span(f"  {evidence}" if evidence else "", "quiet"),
    )


def finding_lines(told: Told, width: int, glyphs: Glyphs, most: int) -> list[Line]:
    """One finding in at most so many lines; what does not fit is cut."""
    line = finding_spans(told, glyphs)
    if width_of(line) <= width:
        return [line]
    wrapped = wrap_line(line, width, INDENT)
    rest = tuple(span for each in wrapped[most - 1 :] for span in each)
    return [*wrapped[: most - 1], clip(rest if most > 1 else line, width, glyphs.ellipsis)]


def wanted_lines(told: Sequence[Told], width: int, glyphs: Glyphs) -> int:
    """Lines in which the findings would be told with two for each long one."""
    return sum(len(finding_lines(each, width, glyphs, 2)) for each in told)


def fault_words(rollouts: Iterable[RolloutView]) -> str:
    """Errors that running probes have seen, where they are no finding yet; "" where there are none."""
    probes = [view.probe for view in rollouts if view.probe.running]
    errors = sum(probe.errors for probe in probes)
    word = "error" if errors == 1 else "errors"
    return (
        f"{rough(errors)} {word} among {rough(sum(probe.total for probe in probes))} answers so far" if errors else ""
    )


class Findings(Painted):
    """As many findings as there is room for, long ones in two lines if there is, and how many more there are.

    `key` is the key that shows all of them in full, "" where there is none.
    """

    def __init__(self, glyphs: Glyphs, key: str = "") -> None:
        super().__init__()
        self.glyphs = glyphs
        self.key = key
        self.told: Sequence[Told] = ()
        self.none = ""

    def show(self, told: Sequence[Told], none: str) -> None:
        """Show these, or `none` where nothing is to be told."""
        self.told, self.none = told, none
        self.repaint()

    def draw(self, width: int, height: int) -> list[Line]:
        if not self.told:
            return [(Span(f" {self.none}", "quiet"),)]
        shown = self.told[:height]
        spare = height - len(shown)
        lines: list[Line] = []
        for told in shown:
            of_one = finding_lines(told, width, self.glyphs, 2 if spare else 1)
            spare -= len(of_one) - 1
            lines += of_one
        hidden = len(self.told) - len(shown)
        more = f" {hidden} more" if hidden else ""
        cut = any(line and line[-1].text.endswith(self.glyphs.ellipsis) for line in lines)
        if self.key and (hidden or cut):
            more += f" {self.key}: in full"
        if more:
            lines[-1] = (*clip(lines[-1], width - len(more) - 1, self.glyphs.ellipsis), Span(f"{more} ", "quiet"))
        return lines
