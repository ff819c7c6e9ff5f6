"""Whom a change is told of, where several wrote between two readings. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from cockpit.model.plan import Change
from cockpit.model.refs import Ref
from cockpit.planning.writers import UNNAMED, Managers, Writer, controller_between, writer_between
from cockpit.session.journal.object_changes import FieldsChange

# Characters by which an image is known again in a line.
_TELLING = 60


def writer_of(before: Mapping[Ref, Managers], after: Mapping[Ref, Managers], fields: Iterable[FieldsChange]) -> Writer:
    """Whoever wrote one of the objects last; the root's writer before a controller that follows it.

    Whoever set `fields` before all others.
    """
    setters = [each.writer for each in fields if each.writer.manager and not each.writer.controller]
    found = [each for ref, now in after.items() if (each := writer_between(before.get(ref, {}), now))]
    people = [each for each in found if not each.controller]
    return max(setters or people or found, key=lambda each: each.at or 0.0, default=UNNAMED)


def controller_of(before: Mapping[Ref, Managers], after: Mapping[Ref, Managers]) -> Writer | None:
    """The controller that wrote one of the objects last."""
    found = (controller_between(before.get(ref, {}), now) for ref, now in after.items())
    return max(filter(None, found), key=lambda each: each.at or 0.0, default=None)


def by_whom(
    writer: Writer, controller: Writer | None, changes: tuple[Change, ...]
) -> Iterator[tuple[Writer, tuple[Change, ...]]]:
    """Who set what: the version is a person's wish, and the shares that come with it the controller's first step."""
    wished = tuple(change for change in changes if of_image(change))
    steps = tuple(change for change in changes if not of_image(change))
    if controller is None or writer.controller or not (writer.manager and wished and steps):
        yield writer, changes
        return
    yield writer, wished
    yield controller, steps


def of_image(change: Change) -> bool:
    return change.what.partition(" ")[0] in ("image", "version")


def is_said(change: Change, said: str) -> bool:
    """Whether an image is in what was told, which may be cut."""
    return change.after[:_TELLING] in said
