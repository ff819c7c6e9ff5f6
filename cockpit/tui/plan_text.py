"""A prepared plan and its progress, as lines; pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from cockpit.model.plan import Plan, Refused
from cockpit.model.refs import RolloutKey
from cockpit.model.rollout import Owner
from cockpit.model.shares import percent
from cockpit.model.text import safe_text
from cockpit.model.view import Counting, Outcome, Prepared, Stage
from cockpit.texts.current import Verbatim
from cockpit.tui.glyphs import Glyphs
from cockpit.tui.lines import Line, Span, wrap
from cockpit.tui.way_back import sends_words

# A created object is long; nobody reads more than this in a dialog.
MOST_COMMAND = 2000
NO_UNDO = "no single act can undo this"
HEAD = 10
BAR = 20


def plan_lines(
    prepared: Prepared, owners: Sequence[Owner], width: int, glyphs: Glyphs, *, details: bool = False
) -> list[Line]:
    """What a plan changes, for whom, what speaks against it and what undoes it; with `details`, also how it is sent."""
    lines = change_lines(prepared, owners, width, glyphs)
    lines += _part("undo", [prepared.plan.undo or NO_UNDO], width, "")
    if details:
        return lines + detail_lines(prepared, width)
    return lines + _part("sends", [sends_words(prepared.plan)], width, "quiet")


def short_lines(
    prepared: Prepared, owners: Sequence[Owner], width: int, glyphs: Glyphs, *, details: bool = False
) -> list[Line]:
    """The same for one plan of several: that it can be undone goes without saying."""
    lines = change_lines(prepared, owners, width, glyphs)
    if not prepared.plan.undo:
        lines += _part("undo", [NO_UNDO], width, "")
    return lines + detail_lines(prepared, width) if details else lines


def change_lines(prepared: Prepared, owners: Sequence[Owner], width: int, glyphs: Glyphs) -> list[Line]:
    """What a plan changes, for whom, and what speaks against it."""
    plan = prepared.plan
    lines: list[Line] = []
    for change in plan.changes:
        text = f"{safe_text(change.what)}  {safe_text(change.before)} {glyphs.arrow} {safe_text(change.after)}"
        lines += _part("change", [text], width, "strong")
    if elsewhere := {request.context for request in plan.requests} - {"", plan.rollout.context}:
        lines += _part("cluster", [f"this is sent to {safe_text(', '.join(elsewhere), 200)}"], width, "waiting")
    if prepared.blocked:
        head, style = ("second", "waiting") if prepared.proposable else ("blocked", "risk")
        lines += _part(head, [prepared.blocked], width, style)
    lines += _part("outage", [plan.ends_outage] if plan.ends_outage else [], width, "strong")
    if plan.raises and plan.exposes:
        lines += _part("exposure", ["sends more users to the new version"], width, "waiting")
    lines += _part("concern", prepared.concerns, width, "risk")
    lines += _part("warning", plan.cautions(), width, "waiting")
    for owner in owners:
        words = f"{safe_text(owner.kind, 60)} {safe_text(owner.name, 80)} manages this and may overwrite it"
        lines += _part("owner", [words], width, "waiting")
    return lines


def detail_lines(prepared: Prepared, width: int) -> list[Line]:
    """How a plan is sent: the answers of the dry run, what is waited for, the kubectl lines, and the patch."""
    plan = prepared.plan
    lines = _part("dry run", prepared.checks, width, "")
    lines += _part("expects", _expected(plan), width, "quiet")
    lines += _part(
        "sends", (Verbatim(safe_text(command, MOST_COMMAND)) for command in plan.commands()), width, "accent"
    )
    for line in prepared.diff:
        style = "added" if line.startswith("+") else "removed" if line.startswith("-") else "quiet"
        lines += _part(
            "diff" if line is prepared.diff[0] else "", [Verbatim(safe_text(line, MOST_COMMAND))], width, style
        )
    return lines


def _expected(plan: Plan) -> list[str]:
    shares = [f"{e.version} gets {percent(e.share)} in {e.lane}" for e in plan.expected]
    gone = [f"{ref} is gone" for ref in plan.gone]
    return [", ".join([*shares, *gone])] if shares or gone else []


def _part(head: str, texts: Iterable[str], width: int, style: str) -> list[Line]:
    """Each text wrapped beside one heading."""
    lines: list[Line] = []
    for text in texts:
        safe = text if isinstance(text, Verbatim) else safe_text(text, MOST_COMMAND)
        for words in wrap(safe, width - HEAD - 1):
            lines.append((Span(f"{'' if lines else head:<{HEAD}}", "quiet"), Span(words, style)))
    return lines


def proposal_lines(words: Sequence[str], width: int) -> list[Line]:
    """What is proposed, by whom and why, and what came of it."""
    return _part("second", words, width, "waiting")


def refused_lines(refused: Refused, width: int) -> list[Line]:
    """Why there is no plan."""
    return _part("refused", [refused.why], width, "risk")


def outdated_lines(why: str, key: str, width: int) -> list[Line]:
    """Why a plan cannot be sent any more, and the key that makes a new one."""
    return _part("outdated", [f"this changed since the plan was made: {why}", f"{key} plans again"], width, "risk")


def stage_lines(outcomes: Sequence[Outcome], width: int, glyphs: Glyphs) -> list[Line]:
    """The stages of the act so far, each with its reason, and how far the counting of answers is."""
    lines: list[Line] = []
    for outcome in outcomes:
        look = glyphs.stages[outcome.stage]
        why = outcome.refused.why if outcome.refused else outcome.why
        for number, words in enumerate(wrap(safe_text(why, MOST_COMMAND).replace("->", glyphs.arrow), width - 15)):
            head = f"{look.sign} {look.word}" if number == 0 else ""
            lines.append((Span(f"{head:<14} ", look.style), Span(words)))
    if outcomes and outcomes[-1].stage is Stage.SENT and (counting := outcomes[-1].counting):
        lines.append(counting_line(counting, glyphs))
    return lines


def counting_line(counting: Counting, glyphs: Glyphs) -> Line:
    """How many answers are in, and how many are still missing, as a bar."""
    whole = counting.answers + counting.missing
    done = round(BAR * counting.answers / whole) if whole else BAR
    bar = (Span(glyphs.bars[0] * done, "accent"), Span(glyphs.rule * (BAR - done), "quiet"))
    return (Span(" " * 15), *bar, Span(f"  {counting.answers} of about {whole} answers", "quiet"))


def title(act: str, key: RolloutKey, glyphs: Glyphs) -> str:
    """The act, the rollout and its cluster."""
    return f"{glyphs.titled(act)}   {safe_text(key)}"


def outcome_words(outcome: Outcome) -> str:
    """One sentence on how an act ended."""
    why = safe_text(outcome.refused.why if outcome.refused else outcome.why, 400)
    match outcome.stage:
        case Stage.VERIFIED:
            return f"verified: {why}" if why else "verified in objects and traffic"
        case Stage.UNKNOWN:
            return f"outcome unknown: {why}; check the objects before you send again"
        case _:
            return f"{outcome.stage.value}: {why}" if why else outcome.stage.value
