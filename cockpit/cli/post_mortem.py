"""A journal as a page for a post-mortem: when what happened, how the split and the health were, then each act."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cockpit.cli.markdown import code_block, inline, table
from cockpit.cli.times import time_text
from cockpit.cli.words import stated
from cockpit.model.counts import counted
from cockpit.model.journal import ActRecord, Seen, SeenShare
from cockpit.model.lanes import DEFAULT_LANE
from cockpit.model.shares import percent
from cockpit.model.view import Entry, Stage
from cockpit.planning.act_event import NOTE
from cockpit.texts.current import translated

# Cells of a bar that shows a share of the requests.
_BAR = 20
_FULL, _EMPTY = "█", "░"


def post_mortem(acts: Sequence[tuple[Entry, str]]) -> str:
    """Markdown of a journal's entries, oldest first, each with the short name of its rollout."""
    rows = [(time_text(act.at), writer_of(act), name, title_of(act), translated(str(act.stage))) for act, name in acts]
    parts = [
        translated("# Timeline"),
        _span([act for act, _ in acts]),
        _table(("time (UTC)", "who", "rollout", "act", "outcome"), rows),
    ]
    parts += _pictures(acts)
    parts += _findings(acts)
    sent = [(act, name) for act, name in acts if act.stage is not Stage.NOTED]
    parts.append(translated("# Acts"))
    for act, name in sent:
        parts += _section(act, name)
    return "\n\n".join(parts if sent else parts[:-1])


def title_of(entry: Entry) -> str:
    """What was done, in the language of this process; what somebody noted stays in their words."""
    return entry.title if entry.act == NOTE else translated(entry.title)


def writer_of(entry: Entry) -> str:
    """Who did it; a person's name stays as it is."""
    return translated(entry.who)


def _table(heads: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    return table([translated(head) for head in heads], rows)


def _span(entries: Sequence[Entry]) -> str:
    acts = sum(entry.stage is not Stage.NOTED for entry in entries)
    notes = len(entries) - acts
    words = [counted(acts, "act")] if acts or not notes else []
    words += [counted(notes, "note")] if notes else []
    ended = max(entry.until or entry.at for entry in entries)
    return translated(f"{' and '.join(words)}, from {time_text(entries[0].at)} to {time_text(ended)}.")


def _pictures(acts: Sequence[tuple[Entry, str]]) -> Iterator[str]:
    """For each rollout the share that users got of each version at each entry, as bars, with the health."""
    for name in dict.fromkeys(name for _, name in acts):
        seen = [(entry, entry.seen) for entry, of in acts if of == name and entry.seen]
        lines = [line for entry, moment in sorted(seen, key=_by_time) for line in _moment(entry, moment)]
        if lines:
            yield translated(f"# Split and health of {inline(name)}")
            yield code_block(lines)


def _by_time(seen: tuple[Entry, Seen]) -> float:
    return _seen_at(seen[0])


def _seen_at(entry: Entry) -> float:
    """When it was looked: at an act's outcome, where that was awaited."""
    awaited = entry.stage in (Stage.VERIFIED, Stage.UNVERIFIED)
    return entry.until if awaited and entry.until is not None else entry.at


def _moment(entry: Entry, seen: Seen) -> Iterator[str]:
    health = stated(seen.health, seen.why)
    yield f"{time_text(_seen_at(entry))}  {title_of(entry)}  [{translated(seen.phase)}, {health}]"
    for share in seen.shares:
        if (part := _known(share)) is not None:
            lane = "" if share.lane == DEFAULT_LANE else translated(f" in lane {share.lane}")
            yield f"    {_bar(part)} {percent(part):>4}  {share.version}{lane}, {translated(_against(share))}"


def _known(share: SeenShare) -> float | None:
    return share.written if share.observed is None else share.observed


def _against(share: SeenShare) -> str:
    if share.observed is None:
        return "as written; nothing was measured"
    errors = f", {share.errors} failed" if share.errors else ""
    return f"{percent(share.written)} written, {counted(share.samples, 'answer')}{errors}"


def _bar(part: float) -> str:
    cells = round(min(max(part, 0.0), 1.0) * _BAR)
    return _FULL * cells + _EMPTY * (_BAR - cells)


def _findings(acts: Sequence[tuple[Entry, str]]) -> Iterator[str]:
    """What was found, and from when to when it was among what was seen."""
    first: dict[tuple[str, str], float] = {}
    last: dict[tuple[str, str], float] = {}
    for entry, name in acts:
        for text in entry.seen.findings if entry.seen else ():
            at = _seen_at(entry)
            first[name, text] = min(first.get((name, text), at), at)
            last[name, text] = max(last.get((name, text), at), at)
    if first:
        rows = [
            (name, translated(text), time_text(at), time_text(last[name, text])) for (name, text), at in first.items()
        ]
        yield translated("# Findings")
        yield _table(("rollout", "finding", "first seen (UTC)", "last seen (UTC)"), rows)


def _section(act: Entry, name: str) -> list[str]:
    by, on, context = inline(writer_of(act), 200) or translated("unknown"), inline(name), inline(act.rollout.context)
    outcome = inline(stated(str(act.stage), act.why))
    parts = [
        f"## {time_text(act.at)} {inline(title_of(act), 500)}",
        translated(f"By {by}, on {on}, in context {context}. Outcome: {outcome}"),
    ]
    if act.record:
        parts += _record(act.record)
    return [*parts, code_block(act.commands, "sh")] if act.commands else parts


def _record(record: ActRecord) -> Iterator[str]:
    if record.changes:
        changes = inline("; ".join(map(translated, record.changes)))
        yield translated(f"Planned: {changes}")
    if record.requests:
        rows = [(r.what, translated(r.guard), "; ".join(r.changes), translated(r.answer)) for r in record.requests]
        yield _table(("request", "only if", "before -> after", "answer"), rows)
