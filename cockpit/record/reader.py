"""Reads a record: its times, its marks, the view at any moment, and every object as it was then."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from cockpit.model.refs import RolloutKey
from cockpit.model.values import dataclass
from cockpit.model.view import Entry as JournalEntry
from cockpit.model.view import FleetView, RolloutView
from cockpit.record.blocks import Block, Damage, Part, RecordError, read_blocks, read_header, unpack, window
from cockpit.record.checking import check
from cockpit.record.delta import PatchError, applied
from cockpit.record.entries import Entry, Mark, MarkKind, PlanSeen, ViewSeen, decode
from cockpit.session.facts.groups import groups_of

T = TypeVar("T")


class Record:
    """A record that was read from a file. `damage` says where it stops to be readable, None if it is whole."""

    def __init__(self, data: bytes) -> None:
        """Raises RecordError if nothing of it can be shown."""
        self.header, start = read_header(data)
        self.damage: Damage | None = None
        self._blocks: dict[Part, list[Block]] = {part: [] for part in Part}
        for found in read_blocks(data, start):
            if isinstance(found, Damage):
                self.damage = found
            else:
                self._blocks[found.part].append(found)
        views = self._blocks[Part.VIEWS]
        if not views or not views[0].whole:
            where = f": {self.damage}" if self.damage else ""
            raise RecordError(f"holds no view to begin with{where}")
        self.began, self.ended = views[0].first, views[-1].last
        happened = list(self.entries(Part.MARKS))
        self.marks = [each for each in happened if isinstance(each, Mark)]
        self.plans = [each for each in happened if isinstance(each, PlanSeen)]

    @property
    def views(self) -> Sequence[Block]:
        """The blocks with views."""
        return self._blocks[Part.VIEWS]

    def entries(self, part: Part) -> Iterator[Entry]:
        """All entries of a part; reading ends where a block cannot be read."""
        before = b""
        for block in self._blocks[part]:
            before = b"" if block.whole else before
            try:
                raw = unpack(block, before)
                found = decode(raw, block.at)
            except RecordError as error:
                self.damage = self.damage or Damage(block.at, str(error))
                return
            before = window(before, raw)
            yield from found

    def cut(self, number: int, why: str) -> None:
        """Forget the views from this block on, as it cannot be shown. Raises RecordError if none is left."""
        views = self._blocks[Part.VIEWS]
        damage = Damage(views[number].at, why)
        if number == 0:
            where = f": {damage}"
            raise RecordError(f"holds no view to begin with{where}")
        del views[number:]
        self.damage, self.ended = damage, views[-1].last

    def stops(self) -> list[Mark]:
        """The acts and findings, in order."""
        return [mark for mark in self.marks if mark.kind in (MarkKind.ACT, MarkKind.FINDING)]

    def pressed(self) -> list[Mark]:
        """The keys that somebody pressed and the screens that they opened, in order."""
        return [mark for mark in self.marks if mark.kind in (MarkKind.KEY, MarkKind.SCREEN)]


def open_record(path: Path) -> Record:
    """Read a file. Raises RecordError, which says what is wrong with it and where, and OSError."""
    try:
        return Record(path.read_bytes())
    except RecordError as error:
        raise RecordError(f"{path}: {error}") from None


@dataclass(frozen=True, slots=True)
class Moment:
    """A view and when it was published. `since` says since when rollouts are as they are (UTC seconds), and whether
    that is known or only how long it was seen."""

    at: float
    view: FleetView
    since: Mapping[RolloutKey, tuple[float, bool]]


class Views:
    """A place in the views of a record, which moves."""

    def __init__(self, record: Record) -> None:
        self._record = record
        self._block = -1
        self._start = 0  # the block from which the last seek read on
        self._passed: list[float] = []  # times of the views since then
        self._window = b""
        self._entries: list[Entry] = []
        self._next = 0
        self._plain: Any = None
        self._since: dict[RolloutKey, tuple[float, bool]] = {}
        self._at = 0.0
        self._builder = _Builder()

    def seek(self, at: float) -> Moment:
        """The view that was shown at this time: the last one that was published until then, else the first one.

        Where views cannot be restored, the record is cut off before them. Raises RecordError if none is left.
        """
        while True:
            try:
                self._go_to(at)
                return self._moment()
            except RecordError as error:
                self._record.cut(self._block, str(error))

    def here(self) -> Moment:
        """The view at this place; where it cannot be restored, the last one before it that can."""
        try:
            return self._moment()
        except RecordError as error:
            self._record.cut(self._block, str(error))
            return self.seek(self._record.ended)

    def _moment(self) -> Moment:
        return Moment(self._at, self._builder.view(self._plain), dict(self._since))

    def _go_to(self, at: float) -> None:
        views = self._record.views
        place = max(bisect_right([block.first for block in views], at) - 1, 0)
        start = next((n for n in range(place, -1, -1) if views[n].whole), 0)
        self._since.clear()
        self._passed.clear()
        self._plain = None
        self._start = start
        self._load(start)
        if self._entries:
            self._step()
        while (upcoming := self._upcoming()) is not None and upcoming <= at:
            self._step()

    @property
    def passed(self) -> int:
        """How many views were restored since the last seek began."""
        return len(self._passed)

    def upcoming(self) -> float | None:
        """When the next view was published; None at the end."""
        try:
            return self._upcoming()
        except RecordError as error:
            self._record.cut(self._block, str(error))
            self.seek(self._record.ended)
            return None

    def _upcoming(self) -> float | None:
        while self._next >= len(self._entries):
            if self._block + 1 >= len(self._record.views):
                return None
            self._load(self._block + 1)
        return self._entries[self._next].at

    def advance(self) -> bool:
        """Go to the next view; false at the end."""
        if self.upcoming() is None:
            return False
        try:
            self._step()
        except RecordError as error:
            self._record.cut(self._block, str(error))
            self.seek(self._record.ended)
            return False
        return True

    def before(self, at: float) -> float:
        """When the view before the one of this time was published; the first one's time if there is none."""
        earlier = [each for each in self._passed if each < at]
        if earlier:
            return earlier[-1]
        return self._record.views[self._start - 1].last if self._start else self._record.began

    def _step(self) -> None:
        entry = self._entries[self._next]
        self._next += 1
        if not isinstance(entry, ViewSeen):
            return
        try:
            self._plain = applied(self._plain, entry.patch)
        except PatchError as error:
            raise RecordError(f"a view cannot be restored: {error}") from None
        self._since.update((RolloutKey(*key), (at, known)) for key, at, known in entry.since)
        self._at = entry.at
        self._passed.append(entry.at)

    def _load(self, number: int) -> None:
        block = self._record.views[number]
        before = b"" if block.whole else self._window
        # From here on, what fails is of this block.
        self._block, self._entries, self._next = number, [], 0
        raw = unpack(block, before)
        self._entries = decode(raw, block.at)
        self._window = window(before, raw)


class _Builder:
    """Makes views of plain values. What did not change stays the same object, as in a session."""

    def __init__(self) -> None:
        self._rollouts: dict[int, tuple[Any, RolloutView]] = {}
        self._journal: dict[int, tuple[Any, JournalEntry]] = {}
        self._last: tuple[Any, FleetView] | None = None

    def view(self, plain: Any) -> FleetView:
        """Raises RecordError."""
        if self._last and self._last[0] is plain:
            return self._last[1]
        try:
            rollouts, self._rollouts = _made(plain["rollouts"], RolloutView, self._rollouts)
            journal, self._journal = _made(plain["journal"], JournalEntry, self._journal)
            bare = msgspec.convert({**plain, "rollouts": [], "journal": []}, FleetView)
            check(bare)
        except (msgspec.ValidationError, KeyError, TypeError, ValueError, RecursionError) as error:
            raise RecordError(f"a view holds what this cockpit does not know: {error}") from None
        view = replace(bare, rollouts=rollouts, journal=journal)
        if len(view.clusters) > 1:
            before = self._last[1] if self._last else None
            groups = groups_of(rollouts, before.rollouts, before.groups) if before else groups_of(rollouts)
            view = replace(view, groups=groups)
        self._last = (plain, view)
        return view


def _made(
    plain: Sequence[Any], kind: type[T], known: dict[int, tuple[Any, T]]
) -> tuple[tuple[T, ...], dict[int, tuple[Any, T]]]:
    """The values made of plain ones, and those that are known now. An id is of one object as long as it is held."""
    made = {}
    for each in plain:
        before = known.get(id(each))
        if before is None or before[0] is not each:
            before = (each, msgspec.convert(each, kind))
            check(before[1])
        made[id(each)] = before
    return tuple(made[id(each)][1] for each in plain), made
