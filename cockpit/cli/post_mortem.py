"""A journal as a page for a post-mortem: when what happened, how the split and the health were, then each act."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cockpit.cli.markdown import code_block, inline, table
from cockpit.cli.times import time_text
from cockpit.model.counts import counted
from cockpit.model.journal import ActRecord, Seen, SeenShare
from cockpit.model.lanes import DEFAULT_LANE
from cockpit.model.shares import percent
from cockpit.model.view import Entry, Stage

# Cells of a bar that shows a share of the requests.
_BAR = 20
_FULL, _EMPTY = "█", "░"


def post_mortem(acts: Sequence[tuple[Entry, str]]) -> str:
    """Markdown of a journal's entries, oldest first, each with the short name of its rollout."""
    rows = [(time_text(act.at), act.who, name, act.title, act.stage) for act, name in acts]
    heads = ("time (UTC)", "who", "rollout", "act", "outcome")
    parts = ["# Timeline", _span([act for act, _ in acts]), table(heads, rows)]
    parts += _pictures(acts)
    parts += _findings(acts)
    sent = [(act, name) for act, name in acts if act.stage is not Stage.NOTED]
    parts.append("# Acts")
    for act, name in sent:
        parts += _section(act, name)
    return "\n\n".join(parts if sent else parts[:-1])


def _span(entries: Sequence[Entry]) -> str:
    acts = sum(entry.stage is not Stage.NOTED for entry in entries)
    notes = len(entries) - acts
    words = [counted(acts, "act")] if acts or not notes else []
    words += [counted(notes, "note")] if notes else []
    return f"{' and '.join(words)}, from {time_text(entries[0].at)} to {time_text(entries[-1].at)}."


def _pictures(acts: Sequence[tuple[Entry, str]]) -> Iterator[str]:
    """For each rollout the share that users got of each version at each entry, as bars, with the health."""
    for name in dict.fromkeys(name for _, name in acts):
        seen = [(entry, entry.seen) for entry, of in acts if of == name and entry.seen]
        lines = [line for entry, moment in seen for line in _moment(entry, moment)]
        if lines:
            yield f"# Split and health of {inline(name)}"
            yield code_block(lines)


def _moment(entry: Entry, seen: Seen) -> Iterator[str]:
    why = f": {seen.why}" if seen.why else ""
    yield f"{time_text(entry.at)}  {entry.title}  [{seen.phase}, {seen.health}{why}]"
    for share in seen.shares:
        if (part := _known(share)) is not None:
            lane = "" if share.lane == DEFAULT_LANE else f" in lane {share.lane}"
            yield f"    {_bar(part)} {percent(part):>4}  {share.version}{lane}{_against(share)}"


def _known(share: SeenShare) -> float | None:
    return share.written if share.observed is None else share.observed


def _against(share: SeenShare) -> str:
    if share.observed is None:
        return ", as written; nothing was measured"
    errors = f", {share.errors} failed" if share.errors else ""
    return f", {percent(share.written)} written, {counted(share.samples, 'answer')}{errors}"


def _bar(part: float) -> str:
    cells = round(min(max(part, 0.0), 1.0) * _BAR)
    return _FULL * cells + _EMPTY * (_BAR - cells)


def _findings(acts: Sequence[tuple[Entry, str]]) -> Iterator[str]:
    """What was found, and from when to when it was among what was seen."""
    first: dict[tuple[str, str], float] = {}
    last: dict[tuple[str, str], float] = {}
    for entry, name in acts:
        for text in entry.seen.findings if entry.seen else ():
            first.setdefault((name, text), entry.at)
            last[name, text] = entry.at
    if first:
        rows = [(name, text, time_text(at), time_text(last[name, text])) for (name, text), at in first.items()]
        yield "# Findings"
        yield table(("rollout", "finding", "first seen (UTC)", "last seen (UTC)"), rows)


def _section(act: Entry, name: str) -> list[str]:
    outcome = f"{act.stage}: {act.why}" if act.why else str(act.stage)
    who = inline(act.who, 200) or "unknown"
    parts = [
        f"## {time_text(act.at)} {inline(act.title, 500)}",
        f"By {who}, on {inline(name)}, in context {inline(act.rollout.context)}. Outcome: {inline(outcome)}",
    ]
    if act.record:
        parts += _record(act.record)
    return [*parts, code_block(act.commands, "sh")] if act.commands else parts


def _record(record: ActRecord) -> Iterator[str]:
    if record.changes:
        yield f"Planned: {inline('; '.join(record.changes))}"
    if record.requests:
        rows = [(r.what, r.guard, "; ".join(r.changes), r.answer) for r in record.requests]
        yield table(("request", "only if", "before -> after", "answer"), rows)
