"""The probe of one rollout: it asks lane after lane, and keeps what came of it since the split last changed."""

from __future__ import annotations

import asyncio
import itertools
from collections import deque
from collections.abc import Callable, Sequence

from cockpit.model.clock import Clock
from cockpit.model.door import Door
from cockpit.model.rollout import Lane, Version
from cockpit.model.view import Cell, CellKind, ProbeView
from cockpit.probe.health import HealthRecord
from cockpit.probe.pacer import Budget, Pacer, bounded_rate
from cockpit.probe.recognise import Reading, Recogniser, VersionFromError
from cockpit.probe.record import NAMELESS, LaneRecord
from cockpit.probe.sender import DEFAULT_TIMEOUT, Answer, ProbeRequest, Transport
from cockpit.probe.trouble import describe_failure, describe_nameless
from cockpit.probe.window import History, Strip

DEFAULT_RATE = 5.0  # requests per second: a split shows within a minute, and production does not notice
SETTLE = 2.0  # seconds that gateways take to follow a changed object: a poll, a push, a late slice
STRIP_LENGTH = 1000
HISTORY_SLICE, HISTORY_LENGTH = 5.0, 500
RATE_WINDOW = 5.0
EVERYTHING = Lane("default", "", ())


class Probe:
    """Samples one rollout through its door.

    Counts begin afresh when epoch or door change; a request that left before, or within `settle` seconds
    after, is shown in the strip but not counted. Everything happens on the loop that runs `run`.
    """

    def __init__(
        self,
        transport: Transport,
        clock: Clock,
        budget: Budget,
        *,
        rate: float = DEFAULT_RATE,
        concurrency: int = 8,
        timeout: float = DEFAULT_TIMEOUT,
        settle: float = SETTLE,
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        self._transport, self._clock, self._budget = transport, clock, budget
        self._pacer = Pacer(clock, rate)
        self._places = asyncio.Semaphore(max(concurrency, 1))
        self._timeout, self._settle, self._changed = timeout, settle, changed
        self._wanted = False
        self._go = asyncio.Event()
        self._door: Door | None = None
        self._lanes: tuple[Lane, ...] = ()
        self._versions: tuple[Version, ...] = ()
        self._epoch: str | None = None
        self._recogniser = Recogniser("auto")
        self._order = itertools.cycle([EVERYTHING])
        self._records: dict[str, LaneRecord] = {}
        self._health = HealthRecord()
        self._counting_from = 0.0
        self._epoch_since: float | None = None
        self._strip = Strip(STRIP_LENGTH)
        self._history = History(HISTORY_SLICE, HISTORY_LENGTH)
        self._recent: deque[float] = deque(maxlen=int(RATE_WINDOW * 2000))
        self._nameless = 0
        self._message = ""
        self._revision = 0
        self._view: tuple[int, float, ProbeView] | None = None
        self._filled: tuple[int, tuple[Lane, ...]] | None = None

    def aim(self, door: Door | None, lanes: Sequence[Lane], versions: Sequence[Version], epoch: str) -> None:
        """Probe this door for these lanes and versions; call it again whenever the rollout changes."""
        same_door = door == self._door
        if same_door and epoch == self._epoch and self._lanes == tuple(lanes) and self._versions == tuple(versions):
            return
        if not same_door or self._versions != tuple(versions) or self._epoch is None:
            self._recogniser, trouble = _recogniser(door, versions)
            self._message = trouble if trouble or not same_door else self._message
        if not same_door:
            self._health.forget()
        if not same_door or epoch != self._epoch:
            self._begin(settling=self._epoch is not None and same_door)
        if _ways(lanes) != _ways(self._lanes):
            self._order = itertools.cycle(_turns(lanes))
        self._door, self._lanes, self._versions, self._epoch = door, tuple(lanes), tuple(versions), epoch
        self._records = {
            lane.name: self._record(lane) for lane in (self._lanes or (EVERYTHING,)) if lane.headers is not None
        }
        self._decide()

    def start(self) -> None:
        """Sample, from the next beat on."""
        self._wanted = True
        self._decide()

    def stop(self) -> None:
        """Send nothing more; what is under way still comes in."""
        self._wanted = False
        self._decide()

    def set_rate(self, rate: float) -> None:
        """Requests per second that are asked for, within bounds."""
        self._pacer.rate = bounded_rate(rate)
        self._note_change()

    @property
    def revision(self) -> int:
        """Grows with every change of what `lanes` and `view` say."""
        return self._revision

    async def run(self) -> None:
        """Send requests until cancelled."""
        async with asyncio.TaskGroup() as requests:
            while True:
                await self._go.wait()
                due = await self._budget.turn(await self._pacer.beat())
                await self._places.acquire()
                try:
                    await self._budget.take()
                except asyncio.CancelledError:
                    self._places.release()
                    raise
                if self._go.is_set() and self._door is not None:
                    requests.create_task(self._ask(self._door, next(self._order), due))
                else:
                    self._free()

    def lanes(self) -> tuple[Lane, ...]:
        """The aimed lanes with what was observed. `Lane.samples` are all requests counted; those of
        `Observed` are the answers that named a version, of which its share is."""
        if self._filled is None or self._filled[0] != self._revision:
            filled = tuple(
                record.filled(lane, self._go.is_set()) if (record := self._records.get(lane.name)) else lane
                for lane in self._lanes
            )
            self._filled = (self._revision, filled)
        return self._filled[1]

    def view(self) -> ProbeView:
        """The probe as a face shows it; counts are since the epoch. The same object while nothing changed."""
        rate = self._rate()
        if self._view is None or self._view[:2] != (self._revision, rate):
            records = self._records.values()
            view = ProbeView(
                running=self._go.is_set(),
                door=self._door,
                rate=rate,
                asked_rate=self._pacer.rate,
                total=sum(record.samples for record in records),
                errors=sum(record.errors for record in records),
                unknown=sum(record.unknown for record in records),
                epoch_since=self._epoch_since,
                strip=self._strip.cells(),
                strip_total=self._strip.total,
                history=self._history.points(),
                message=self._message,
                health=self._health.of(self._versions),
            )
            self._view = (self._revision, rate, view)
        return self._view[2]

    def _begin(self, settling: bool) -> None:
        self._records = {}
        self._counting_from = self._clock.monotonic() + (self._settle if settling else 0.0)
        self._epoch_since = self._clock.now()
        self._nameless = 0

    def _record(self, lane: Lane) -> LaneRecord:
        known = self._records.get(lane.name)
        return known if known is not None and known.follows(lane) else LaneRecord(lane)

    def _decide(self) -> None:
        if self._wanted and self._door is not None and self._records:
            self._go.set()
        else:
            self._go.clear()
        self._note_change()

    def _free(self) -> None:
        self._budget.give_back()
        self._places.release()

    async def _ask(self, door: Door, lane: Lane, due: float) -> None:
        begun, epoch, recogniser = self._clock.monotonic(), self._epoch, self._recogniser
        versions = self._versions
        try:
            request = ProbeRequest(door, lane.headers or (), self._timeout)
            answer = await self._transport.send(request)
        finally:
            self._free()
        reading = recogniser.read(answer)
        self._show(lane, reading)
        if door == self._door:
            if answered := next((version for version in versions if version.name == reading.version), None):
                self._health.count(answered, reading.kind is CellKind.ERROR)
            record = self._records.get(lane.name)
            if record is not None and epoch == self._epoch and begun >= self._counting_from:
                record.count(reading, (self._clock.monotonic() - due) * 1000)
            self._explain(door, answer, reading)
        self._note_change()

    def _show(self, lane: Lane, reading: Reading) -> None:
        self._strip.append(Cell(reading.kind, reading.version, lane.name, reading.note))
        self._recent.append(self._clock.monotonic())
        if reading.version is not None:
            self._history.add(self._clock.now(), lane.name, reading.version)

    def _explain(self, door: Door, answer: Answer, reading: Reading) -> None:
        self._nameless = self._nameless + 1 if reading.kind is CellKind.UNKNOWN else 0
        if answer.failure is not None:
            self._message = describe_failure(door, answer)
        elif self._nameless >= NAMELESS:
            self._message = describe_nameless(door, answer)
        elif reading.version is not None:
            self._message = ""

    def _rate(self) -> float:
        since = self._clock.monotonic() - RATE_WINDOW
        while self._recent and self._recent[0] < since:
            self._recent.popleft()
        return round(len(self._recent) / RATE_WINDOW, 1)

    def _note_change(self) -> None:
        self._revision += 1
        self._changed()


def _recogniser(door: Door | None, versions: Sequence[Version]) -> tuple[Recogniser, str]:
    """How to read the door's answers, and what is wrong with how it says to."""
    try:
        return Recogniser(door.version_from if door else "auto", versions), ""
    except VersionFromError as error:
        return Recogniser("auto", versions), f"--version-from {error}; versions are looked for as with auto"


def _ways(lanes: Sequence[Lane]) -> list[tuple[str, object]]:
    """What of the lanes decides how they are asked."""
    return [(lane.name, lane.headers) for lane in lanes]


def _turns(lanes: Sequence[Lane]) -> list[Lane]:
    """The order of asking: in turn, and the default lane every other time."""
    asked = [lane for lane in lanes if lane.headers is not None] if lanes else [EVERYTHING]
    default = next((lane for lane in asked if lane.name == "default"), None)
    others = [lane for lane in asked if lane is not default]
    if default is None or not others:
        return asked
    return [lane for other in others for lane in (default, other)]
