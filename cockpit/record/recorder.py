"""Records a session while it runs: takes what happens on the session's loop, and writes in a thread of its own."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import field
from typing import Self

import msgspec

from cockpit.model.clock import Clock
from cockpit.model.counts import counted
from cockpit.model.plan import Act, Plan, Refused
from cockpit.model.refs import Resource, RolloutKey
from cockpit.model.text import safe_text
from cockpit.model.values import dataclass
from cockpit.model.view import FleetView
from cockpit.record.entries import MarkKind, PlanSeen, key_words
from cockpit.record.versions import fields_of, sent_of
from cockpit.record.writer import Writer, resource_words

log = logging.getLogger(__name__)

# Seconds from one write to the next: what is lost at most when the program is killed.
FLUSH_SECONDS = 2.0
# Bytes of lists and watches that may wait to be written.
MOST_WAITING = 512 << 20
# The same beside a running screen.
RING_WAITING = 8 << 20

_Job = Callable[[Writer], None]


class _Event(msgspec.Struct, gc=False):
    type: str
    object: dict[str, msgspec.Raw]


class _Items(msgspec.Struct):
    items: list[msgspec.Raw] | None = None


_event = msgspec.json.Decoder(_Event).decode
_items = msgspec.json.Decoder(_Items).decode
_UNFIT = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class Recorder:
    """Use as a context: writes until it is left. `problem` says why nothing is written any more, "" while all is well.

    Methods return at once and may be called from any thread. With `lists` false, only watch events are kept of objects,
    so that nothing is held of those that do not change.
    """

    def __init__(
        self,
        writer: Writer,
        clock: Clock,
        *,
        lists: bool = True,
        threaded: bool = True,
        most_waiting: int = MOST_WAITING,
    ) -> None:
        self._most_waiting = most_waiting
        self._writer = writer
        self._clock = clock
        self._lists = lists
        self._jobs: deque[tuple[_Job, int]] = deque()
        self._waiting = self._lost = 0
        self._news = threading.Event()
        self._ending = False
        self._writing = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="record", daemon=True) if threaded else None
        self.problem = ""

    def __enter__(self) -> Self:
        if self._thread:
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ending = True
        self._news.set()
        if self._thread:
            self._thread.join()
        self.work()
        with self._writing:
            self._guarded(lambda writer: writer.close())

    def now(self) -> float:
        """What it writes as the time: UTC seconds."""
        return self._clock.now()

    def view(self, view: FleetView) -> None:
        """A view was published."""
        at = self._clock.now()
        self._put(lambda writer: writer.view(at, view))

    def mark(self, kind: MarkKind, text: str, rollout: RolloutKey | None = None) -> None:
        """Something happened that a person may want to jump to."""
        at = self._clock.now()
        self._put(lambda writer: writer.mark(at, kind, safe_text(text, 200), rollout))

    def plan(self, key: RolloutKey, act: Act, plan: Plan | Refused) -> None:
        """What an act would have done now."""
        seen = plan_seen(self._clock.now(), key, act, plan)
        self._put(lambda writer: writer.plan(seen))

    def tap(self, context: str) -> ContextTap:
        """Takes the bytes of one cluster."""
        return ContextTap(self, context)

    def lines(self, context: str, resource: Resource, lines: Sequence[bytes]) -> None:
        """Events of a watch."""
        at = self._clock.now()
        self._put(lambda writer: _take_lines(writer, at, context, resource, lines), sum(map(len, lines)))

    def page(self, context: str, resource: Resource, body: bytes, listing: Listing, last: bool) -> None:
        """A page of a list, which `listing` collects until the last page."""
        if self._lists:
            at = self._clock.now()
            taken = self._put(lambda writer: _take_page(writer, at, context, resource, body, listing, last), len(body))
            listing.whole = listing.whole and taken

    def work(self) -> None:
        """Write what is waiting."""
        with self._writing:
            while self._jobs:
                job, size = self._jobs.popleft()
                self._waiting -= size
                self._guarded(job)
            self._tell_lost()
            self._guarded(lambda writer: writer.flush())

    def _tell_lost(self) -> None:
        """Say in the record that it has a gap."""
        lost, self._lost = self._lost, 0
        if lost:
            at = self._clock.now()
            words = f"{counted(lost, 'batch', 'batches')} of watch events came too fast to be recorded"
            self._guarded(lambda writer: writer.mark(at, MarkKind.GAP, words))

    def _put(self, job: _Job, size: int = 0) -> bool:
        """Let it be written; False if it is lost."""
        if self.problem:
            return False
        if self._waiting + size > self._most_waiting:
            self._lost += 1
            return False
        self._waiting += size
        self._jobs.append((job, size))
        return True

    def _run(self) -> None:
        while not self._ending:
            self._news.wait(FLUSH_SECONDS)
            self.work()

    def _guarded(self, job: _Job) -> None:
        """A record that cannot be written must not end the session."""
        if self.problem:
            return
        try:
            job(self._writer)
        except OSError as error:
            self.problem = safe_text(f"not recorded any more: {error.strerror or error}")
        except Exception as error:
            log.exception("recording failed")
            self.problem = safe_text(f"internal error while recording: {type(error).__name__}: {error}")


@dataclass(slots=True)
class Listing:
    """The names of a list's objects, page by page. Unless it is whole, it does not say what is gone."""

    names: list[tuple[str, str]] = field(default_factory=list)
    whole: bool = True


@dataclass(slots=True)
class ContextTap:
    """Implements `kube.tap.Tap` for one context."""

    recorder: Recorder
    context: str
    _listings: dict[Resource, Listing] = field(init=False, default_factory=dict)

    def page(self, resource: Resource, body: bytes, *, first: bool, last: bool) -> None:
        if first:
            self._listings[resource] = Listing()
        self.recorder.page(
            self.context, resource, body, self._listings.setdefault(resource, Listing(whole=False)), last
        )

    def lines(self, resource: Resource, lines: Sequence[bytes]) -> None:
        self.recorder.lines(self.context, resource, lines)


def _take_lines(writer: Writer, at: float, context: str, resource: Resource, lines: Sequence[bytes]) -> None:
    for line in lines:
        try:
            event = _event(line)
            if event.type == "DELETED":
                writer.removed(at, context, resource, *sent_of(event.object).names)
            elif event.type in ("ADDED", "MODIFIED"):
                writer.object(at, context, resource, event.object)
        except _UNFIT:
            continue  # the session says so in its view


def _take_page(
    writer: Writer,
    at: float,
    context: str,
    resource: Resource,
    body: bytes,
    listing: Listing,
    last: bool,
) -> None:
    try:
        items = _items(body).items or []
    except _UNFIT:
        listing.whole = False
        return
    # Items of a list do not say what they are.
    said = {"apiVersion": resource.api_version, "kind": resource.kind}
    common = {name: msgspec.Raw(msgspec.json.encode(value)) for name, value in said.items()}
    for raw in items:
        try:
            fields = {**common, **fields_of(raw)}
            listing.names.append(writer.object(at, context, resource, fields))
        except _UNFIT:
            listing.whole = False
    if last and listing.whole:
        writer.listed(at, context, resource, listing.names)


def plan_seen(at: float, key: RolloutKey, act: Act, plan: Plan | Refused) -> PlanSeen:
    """What an act would have done at this time, without what it would write."""
    words = key_words(key)
    if isinstance(plan, Refused):
        return PlanSeen(at, words, act, why=plan.why)
    requests = [(r.verb.value, resource_words(r.ref.resource), r.ref.namespace, r.ref.name) for r in plan.requests]
    return PlanSeen(at, words, act, plan.title, plan.undo, requests, undoable=plan.undoable)
