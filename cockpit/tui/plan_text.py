"""A prepared plan and how it fared, as lines; pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from cockpit.model.plan import Plan, Refused
from cockpit.model.refs import RolloutKey
from cockpit.model.rollout import Owner
from cockpit.model.shares import percent
from cockpit.model.text import safe_text
from cockpit.model.view import Outcome, Prepared, Stage
from cockpit.tui.glyphs import Glyphs
from cockpit.tui.paint import Line, Span, wrap

# A created object is long; more than this is not read in a dialog.
MOST_COMMAND = 2000
HEAD = 10


def plan_lines(prepared: Prepared, owners: Sequence[Owner], width: int, glyphs: Glyphs) -> list[Line]:
    """Everything a person should know before sending, most important first."""
    plan = prepared.plan
    lines: list[Line] = []
    for change in plan.changes:
        text = f"{safe_text(change.what)}  {safe_text(change.before)} {glyphs.arrow} {safe_text(change.after)}"
        lines += _part("change", [text], width, "strong")
    if elsewhere := {request.context for request in plan.requests} - {"", plan.rollout.context}:
        lines += _part("cluster", [f"this is sent to {safe_text(', '.join(elsewhere), 200)}"], width, "waiting")
    if prepared.blocked:
        lines += _part("blocked", [prepared.blocked], width, "risk")
    lines += _part("concern", prepared.concerns, width, "risk")
    lines += _part("warning", plan.cautions(), width, "waiting")
    if plan.raises:
        lines += _part("exposure", ["more users get the new version"], width, "")
    for owner in owners:
        words = f"{safe_text(owner.kind, 60)} {safe_text(owner.name, 80)} owns this and may write it back"
        lines += _part("owner", [words], width, "waiting")
    lines += _part("dry run", prepared.checks, width, "")
    lines += _part("expects", _expected(plan), width, "quiet")
    lines += _part("undo", [plan.undo or "there is no way to undo this with one act"], width, "")
    lines += _part("sends", (safe_text(command, MOST_COMMAND) for command in plan.commands()), width, "accent")
    for line in prepared.diff:
        style = "added" if line.startswith("+") else "removed" if line.startswith("-") else "quiet"
        lines += _part("diff" if line is prepared.diff[0] else "", [line], width, style)
    return lines


def _expected(plan: Plan) -> list[str]:
    shares = [f"{e.version} gets {percent(e.share)} in {e.lane}" for e in plan.expected]
    gone = [f"{ref} is gone" for ref in plan.gone]
    return [", ".join([*shares, *gone])] if shares or gone else []


def _part(head: str, texts: Iterable[str], width: int, style: str) -> list[Line]:
    """Each text wrapped beside its heading, which stands once."""
    lines: list[Line] = []
    for text in texts:
        for words in wrap(safe_text(text, MOST_COMMAND), width - HEAD - 1):
            lines.append((Span(f"{'' if lines else head:<{HEAD}}", "quiet"), Span(words, style)))
    return lines


def refused_lines(refused: Refused, width: int) -> list[Line]:
    """Why there is no plan."""
    return _part("refused", [refused.why], width, "risk")


def stage_lines(outcomes: Sequence[Outcome], width: int, glyphs: Glyphs) -> list[Line]:
    """How far the act is, stage by stage, each with its reason."""
    lines: list[Line] = []
    for outcome in outcomes:
        look = glyphs.stages[outcome.stage]
        why = outcome.refused.why if outcome.refused else outcome.why
        for number, words in enumerate(wrap(safe_text(why, MOST_COMMAND), width - 15)):
            head = f"{look.sign} {look.word}" if number == 0 else ""
            lines.append((Span(f"{head:<14} ", look.style), Span(words)))
    return lines


def title(act: str, key: RolloutKey) -> str:
    """What is asked, of which rollout in which cluster."""
    return f"{act}   {safe_text(key)}"


def outcome_words(outcome: Outcome) -> str:
    """One sentence on how an act ended."""
    why = safe_text(outcome.refused.why if outcome.refused else outcome.why, 400)
    match outcome.stage:
        case Stage.VERIFIED:
            return f"verified: {why}" if why else "verified in objects and traffic"
        case Stage.UNKNOWN:
            return f"it is not known whether it was done: {why}; look before you send again"
        case _:
            return f"{outcome.stage.value}: {why}" if why else outcome.stage.value
