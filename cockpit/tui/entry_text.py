"""What the journal knows of an entry beside its line: what was seen, what was planned, what each request changed."""

from __future__ import annotations

from collections.abc import Iterator

from cockpit.model.journal import Origin, Seen, SeenShare
from cockpit.model.lanes import in_lane
from cockpit.model.shares import percent
from cockpit.model.text import safe_text
from cockpit.model.view import Entry

_ORIGINS = {
    Origin.EVENT: "told by the Event of another session, which says what its writer claims",
    Origin.CHANGE: "seen in the objects; no cockpit sent it",
}


def more_of(entry: Entry) -> Iterator[str]:
    """One sentence a line, safe to show."""
    if origin := _ORIGINS.get(entry.origin):
        yield origin
    if entry.record:
        yield from (f"planned: {safe_text(change)}" for change in entry.record.changes)
        for request in entry.record.requests:
            changes = "; ".join(map(safe_text, request.changes)) or "not sent, or nothing changed"
            answer = f" ({safe_text(request.answer)})" if request.answer else ""
            yield f"{safe_text(request.what)}: {changes}{answer}"
    if entry.seen:
        yield f"seen: {seen_words(entry.seen)}"


def seen_words(seen: Seen) -> str:
    """Shares and health at a moment, in a sentence."""
    why = f": {safe_text(seen.why)}" if seen.why else ""
    shares = ", ".join(_share(share) for share in seen.shares)
    return f"{shares + '; ' if shares else ''}{safe_text(seen.phase)}, {safe_text(seen.health)}{why}"


def _share(share: SeenShare) -> str:
    name = f"{safe_text(share.version, 63)}{in_lane(safe_text(share.lane, 63))}"
    if share.observed is None:
        return f"{name} {percent(share.written)} written"
    errors = f", {share.errors} failed" if share.errors else ""
    return f"{name} {percent(share.observed)} of {share.samples} answers, {percent(share.written)} written{errors}"
