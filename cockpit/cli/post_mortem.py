"""The acts of a journal as a page for a post-mortem: when what happened, then each act with its commands."""

from __future__ import annotations

from collections.abc import Sequence

from cockpit.cli.markdown import code_block, inline, table
from cockpit.cli.times import time_text
from cockpit.model.counts import counted
from cockpit.model.view import Entry


def post_mortem(acts: Sequence[tuple[Entry, str]]) -> str:
    """Markdown of acts, oldest first, each with the short name of its rollout."""
    rows = [(time_text(act.at), act.who, name, act.title, act.stage) for act, name in acts]
    heads = ("time (UTC)", "who", "rollout", "act", "outcome")
    parts = ["# Timeline", _span([act for act, _ in acts]), table(heads, rows), "# Acts"]
    for act, name in acts:
        parts += _section(act, name)
    return "\n\n".join(parts)


def _span(acts: Sequence[Entry]) -> str:
    return f"{counted(len(acts), 'act')}, from {time_text(acts[0].at)} to {time_text(acts[-1].at)}."


def _section(act: Entry, name: str) -> list[str]:
    outcome = f"{act.stage}: {act.why}" if act.why else str(act.stage)
    who = inline(act.who, 200) or "unknown"
    parts = [
        f"## {time_text(act.at)} {inline(act.title, 500)}",
        f"By {who}, on {inline(name)}, in context {inline(act.rollout.context)}. Outcome: {inline(outcome)}",
    ]
    return [*parts, code_block(act.commands, "sh")] if act.commands else parts
