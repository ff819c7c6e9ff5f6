"""What judges a release and what its controller says, as lines below the steps."""

from __future__ import annotations

from cockpit.model.checks import BAD, Check, Metric, limit_words, progress_words, value_words
from cockpit.model.rollout import Phase, Rollout
from cockpit.texts.current import Verbatim, translated
from cockpit.tui.glyphs import Glyphs
from cockpit.tui.lines import Line, Span, clip

# A terminal lower than this has room for one such line, a higher one for some.
LOW, MOST_LINES = 30, 4
_KINDS = {"Experiment": "experiment"}


def check_height(rollout: Rollout, height: int) -> int:
    """How many lines it gets on a screen of this height: none where nothing judges, or the release is over."""
    if rollout.phase is Phase.AT_REST:
        return 0
    return min(len(rollout.checks) + len(rollout.said), MOST_LINES if height >= LOW else 1)


def every_line(rollout: Rollout, glyphs: Glyphs) -> list[Line]:
    """A line for each check, what decides now and the worst first, then what the controller says."""
    lines: list[Line] = [_check(check, glyphs) for check in rollout.checks]
    return lines + [
        (Span(" "), Span(Verbatim(f"{each.where}: "), "quiet"), Span(Verbatim(each.text), "quiet"))
        for each in rollout.said
    ]


def check_lines(rollout: Rollout, most: int, width: int, glyphs: Glyphs) -> list[Line]:
    """The first of all lines, cut to the width; the last one says how many more there are."""
    lines = every_line(rollout, glyphs)
    left = len(lines) - most
    shown = lines[: max(most, 0)]
    if left > 0 and shown:
        more = Span(f"+{left} more  ", "quiet")
        shown[-1] = (shown[-1][0], more, *shown[-1][1:])
    return [clip(line, width, glyphs.ellipsis) for line in shown]


def _check(check: Check, glyphs: Glyphs) -> Line:
    look = glyphs.checks[check.state]
    kind = _KINDS.get(check.kind, "analysis")
    spans = [Span(" "), Span(f"{look.sign} ", look.style), Span(kind), Span(" "), Span(check.part), Span(" ")]
    spans.append(Span(look.word, look.style))
    for metric in _worst_first(check):
        spans += [Span(glyphs.joiner, "quiet"), *_metric(metric, glyphs)]
    if check.message and not check.metrics:
        spans += [Span(glyphs.joiner, "quiet"), Span(Verbatim(check.message))]
    return tuple(spans)


def _worst_first(check: Check) -> list[Metric]:
    return sorted(check.metrics, key=lambda metric: metric.state not in BAD)


def _metric(metric: Metric, glyphs: Glyphs) -> list[Span]:
    """Its name, its last value, how often it was measured, and its limits."""
    look = glyphs.checks[metric.state]
    bad = look.style if metric.state in BAD else ""
    spans = [Span(Verbatim(f"{metric.name} "), bad or "strong")]
    asked = "" if metric.taken is not None else metric.asked
    parts = [
        (Verbatim(value_words(metric, 1)), bad),
        *((words, "") for words in (*progress_words(metric), asked)),
        *((words, "quiet") for words in limit_words(metric)),
    ]
    said = [(translated(words), style) for words, style in parts if words]
    spans += [Span(Verbatim(f"{words}, "), style) for words, style in said[:-1]]
    return spans + [Span(Verbatim(words), style) for words, style in said[-1:]]
