"""YAML, descriptions and events of objects, one after the other, and what differs between two versions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import BindingType

from cockpit.model.ages import age, seconds_since_epoch
from cockpit.model.inspection import EventGroup
from cockpit.model.refs import Ref, RolloutKey
from cockpit.model.rollout import Rollout
from cockpit.model.text import safe_lines, safe_text
from cockpit.texts.current import Verbatim
from cockpit.tui.copying import Copy
from cockpit.tui.footers import OBJECT_FOOTER
from cockpit.tui.inspecting import object_copies
from cockpit.tui.keys import Key, bindings_on
from cockpit.tui.lines import Line, Span, fit
from cockpit.tui.screens.text import MOST_LINES, TextScreen
from cockpit.tui.yaml_text import described_line, diff_line, yaml_line

# What is shown of an object, and its word in the heading.
YAML, DESCRIBE, EVENTS = "yaml", "describe", "events"
WORDS = {YAML: "YAML", DESCRIBE: "description", EVENTS: "events"}
Place = tuple[str, Ref]  # context and object


def places_of(rollout: Rollout) -> tuple[Place, ...]:
    """The objects of a rollout with the cluster that each is in."""
    elsewhere = {version.workload: version.context for version in rollout.versions if version.context}
    return tuple((elsewhere.get(ref) or rollout.key.context, ref) for ref in rollout.objects)


class ObjectText(TextScreen):
    """One of several objects; `what` is YAML, DESCRIBE or EVENTS."""

    PLACE: ClassVar[str] = "object"
    FOOTER: ClassVar[tuple[str, ...]] = OBJECT_FOOTER
    BINDINGS: ClassVar[list[BindingType]] = bindings_on("object")

    def __init__(self, places: Sequence[Place], what: str) -> None:
        super().__init__()
        self.places = places
        self.what = what
        self.turns = 0
        self.groups: tuple[EventGroup, ...] = ()

    @property
    def place(self) -> Place | None:
        """The object shown."""
        return self.places[self.turns % len(self.places)] if self.places else None

    def heading(self) -> str:
        count = len(self.places)
        number = f"   {self.turns % count + 1} of {count}" if count > 1 else ""
        if self.place is None:
            return f"{WORDS[self.what]}: no objects"
        context, ref = self.place
        return f"{WORDS[self.what]} of {safe_text(ref)} in {safe_text(context, 60)}{number}"

    def applies(self, key: Key) -> bool:
        return key.id != "next-object" or len(self.places) > 1

    def action_turn(self, by: int) -> None:
        """Show another object."""
        self.turns += by
        self.main.top = 0
        self.text, self.groups = (), ()
        self.action_refresh()

    async def read(self) -> tuple[str, ...]:
        if self.place is None:
            return ()
        cockpit, (context, ref) = self.app_port.cockpit, self.place
        if self.what == YAML:
            return safe_lines(await cockpit.yaml(context, ref), MOST_LINES)
        if self.what == DESCRIBE:
            return tuple(line for text in await cockpit.describe(context, ref) for line in safe_lines(text, 1) or ("",))
        found = await cockpit.events(context, ref)
        self.groups = () if isinstance(found, str) else found
        return (safe_text(found, 1000),) if isinstance(found, str) else ("no events about it",) * (not found)

    def lines_for(self, width: int) -> Sequence[Line]:
        if self.groups:
            return event_table(self.groups, self.app_port.now())
        colour = yaml_line if self.what == YAML else described_line if self.what == DESCRIBE else None
        return [colour(line) for line in self.text] if colour else super().lines_for(width)

    def copies(self) -> Sequence[Copy]:
        own = object_copies(*self.place) if self.place else ()
        return (*own, *super().copies())


def event_table(groups: Sequence[EventGroup], now: float) -> list[Line]:
    """The events by reason: how long ago the newest was, since when, how often, and their messages."""
    lines: list[Line] = [(Span(f"{'LAST':<6}{'SINCE':<7}{'COUNT':<7}{'REASON':<24}MESSAGE", "quiet"),)]
    for group in groups:
        style = "waiting" if group.type == "Warning" else ""
        first, *more = group.messages or ("",)
        times = f"{_age(group.last, now):<6}{_age(group.first, now):<7}{group.count:<7}"
        reason = fit(Verbatim(f"{'! ' if style else ''}{safe_text(group.reason, 60)}"), 23) + " "
        said = Verbatim(safe_text(first, 500))
        lines.append(
            (
                Span(times, "quiet"),
                Span(reason, f"strong {style}".strip()),
                Span(said, style),
            )
        )
        lines += [(Span(" " * 44), Span(Verbatim(safe_text(message, 500)), style)) for message in more]
    return lines


def _age(at: str, now: float) -> str:
    moment = seconds_since_epoch(at)
    return age(now - moment) if moment is not None else "-"


class DiffText(TextScreen):
    """What differs between the pod templates of two versions, or revisions by their numbers."""

    def __init__(self, key: RolloutKey, old: str, new: str) -> None:
        super().__init__()
        self.key = key
        self.old, self.new = old, new

    def heading(self) -> str:
        names = f"{safe_text(self.old, 60)} {self.app_port.glyphs.arrow} {safe_text(self.new, 60)}"
        return f"pod templates of {safe_text(self.key.name)}: {names}"

    async def read(self) -> tuple[str, ...]:
        found = await self.app_port.cockpit.difference(self.key, self.old, self.new)
        if isinstance(found, str):
            return (safe_text(found, 1000),)
        same = f"{safe_text(self.old, 60)} and {safe_text(self.new, 60)} have the same pod template"
        return tuple(line for text in found for line in safe_lines(text, 1) or ("",)) or (same,)

    def lines_for(self, width: int) -> list[Line]:
        return [diff_line(line) for line in self.text]
