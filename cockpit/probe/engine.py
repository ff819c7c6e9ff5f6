"""The probe of one rollout: it samples lane after lane and keeps the results since the split last changed."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections import deque
from collections.abc import Callable, Iterator, Sequence

from cockpit.model.clock import Clock, LastingTime
from cockpit.model.lanes import DEFAULT_LANE
from cockpit.model.probe_target import ProbeTarget
from cockpit.model.rollout import Lane, Version
from cockpit.model.view import Cell, CellKind, ProbeView
from cockpit.probe.answer_health import AnswerRecord
from cockpit.probe.error_detector import TOLERATED
from cockpit.probe.history import History
from cockpit.probe.own_load import HELD, OwnLoad
from cockpit.probe.pacer import Budget, Pacer, bounded_rate
from cockpit.probe.phases import Phases
from cockpit.probe.recognise import Recogniser, VersionFromError, VersionReading
from cockpit.probe.record import NAMELESS, LaneRecord
from cockpit.probe.sender import DEFAULT_TIMEOUT, Answer, Failure, ProbeRequest, ProbeTransport
from cockpit.probe.sticky import StickyClient, sticky_lane, sticky_name
from cockpit.probe.trouble import describe_failure, describe_nameless, describe_older
from cockpit.probe.window import Strip

DEFAULT_RATE = 5.0  # requests per second: enough to see a split within a minute, too few for production to notice
SETTLE = 2.0  # seconds that gateways need to apply a changed object: a poll, a push, a late EndpointSlice
STRIP_LENGTH = 1000
HISTORY_SLICE, HISTORY_LENGTH = 5.0, 150
RATE_WINDOW = 5.0
EVERYTHING = Lane(DEFAULT_LANE, "", ())
# A lane, and whether it is the turn of its client that keeps cookies.
_Turn = tuple[Lane, bool]


class Probe:
    """Samples one rollout through its probe target.

    Counts of a lane restart when its split, its requests or the probe target change. A request sent before that, or
    one that does not follow the new split yet, is shown in the strip but not counted. What is known of a version's
    errors and times stays; more than `max_errors` (a fraction) of its answers are too many. `own_load`
    tells when times are not the service's; None: nobody watches that. `rng` spaces requests by chance. Everything runs
    on the event loop that runs `run`.
    """

    def __init__(
        self,
        transport: ProbeTransport,
        clock: Clock,
        budget: Budget,
        *,
        rate: float = DEFAULT_RATE,
        concurrency: int = 8,
        timeout: float = DEFAULT_TIMEOUT,
        settle: float = SETTLE,
        max_errors: float = TOLERATED,
        own_load: OwnLoad | None = None,
        changed: Callable[[], None] = lambda: None,
        rng: random.Random | None = None,
    ) -> None:
        self._transport, self._clock, self._budget = transport, clock, budget
        self._first = False
        self._pacer = Pacer(clock, rate, rng)
        self._places = asyncio.Semaphore(max(concurrency, 1))
        self._timeout, self._settle, self._changed = timeout, settle, changed
        self._wanted = self._receiving = False
        self._go = asyncio.Event()
        self._probe_target: ProbeTarget | None = None
        self._measured: ProbeTarget | None = None  # where the answers came from that are remembered
        self._lanes: tuple[Lane, ...] = ()
        self._versions: tuple[Version, ...] = ()
        self._epoch: str | None = None
        self._recogniser = Recogniser("auto")
        self._order: Iterator[_Turn] = itertools.cycle([(EVERYTHING, False)])
        self._clients: dict[tuple[ProbeTarget, str], StickyClient] = {}
        self._sticky: tuple[Lane, ...] = ()
        self._own_load = own_load
        self._too_slow = ""
        self._phases = Phases()
        self._records: dict[str, LaneRecord] = {}
        self._health = AnswerRecord(max_errors)
        self._lasting = LastingTime(clock)
        self._strip = Strip(STRIP_LENGTH)
        self._history = History(HISTORY_SLICE, HISTORY_LENGTH)
        self._recent: deque[float] = deque(maxlen=int(RATE_WINDOW * 2000))
        self._nameless = 0
        self._message = ""
        self._revision = 0
        self._view: tuple[int, float, ProbeView] | None = None
        self._filled: tuple[int, tuple[Lane, ...]] | None = None

    def set_target(
        self, probe_target: ProbeTarget | None, lanes: Sequence[Lane], versions: Sequence[Version], epoch: str
    ) -> None:
        """Probe this probe target for these lanes and versions; call it again whenever the rollout changes."""
        same_target = probe_target == self._probe_target
        if same_target and epoch == self._epoch and self._lanes == tuple(lanes) and self._versions == tuple(versions):
            return
        if not same_target or self._versions != tuple(versions) or self._epoch is None:
            self._recogniser, trouble = _recogniser(probe_target, versions)
            self._message = trouble if trouble or not same_target else self._message
        if probe_target is not None and probe_target != self._measured:
            self._health.forget()
            self._phases = Phases()
            self._measured = probe_target
        self._health.follow(versions)
        if not same_target:
            self._clients = {}
        if not same_target or epoch != self._epoch:
            self._begin(same_target)
        cookies = probe_target is not None and probe_target.cookies
        if not same_target or _ways(lanes) != _ways(self._lanes):
            self._order = itertools.cycle(_turns(lanes, cookies))
        before = {lane.name for lane in self._lanes} if same_target and self._epoch is not None else set()
        self._probe_target, self._lanes, self._versions, self._epoch = (
            probe_target,
            tuple(lanes),
            tuple(versions),
            epoch,
        )
        now = self._clock.monotonic()
        sent = [lane for lane in (self._lanes or (EVERYTHING,)) if lane.headers is not None]
        self._sticky = tuple(sticky_lane(lane) for lane in sent) if cookies else ()
        self._records = {lane.name: self._record(lane, lane.name in before, now) for lane in (*sent, *self._sticky)}
        self._history.write(self._clock.now(), self._lanes)
        self._decide()

    def start(self) -> None:
        """Start sampling with the next beat."""
        self._wanted = True
        self._decide()

    def stop(self) -> None:
        """Send nothing more; requests in flight still come in."""
        self._wanted = False
        self._decide()

    def receive(self, receiving: bool) -> None:
        """Take answers to the requests of others (`take`) and send none, or no longer."""
        self._receiving, self._too_slow = receiving, ""
        self._decide()

    def take(self, answer: Answer, headers: tuple[tuple[str, str], ...], ago: float) -> None:
        """Count an answer to a request with these headers that somebody else sent, `ago` seconds after it came in."""
        lane = next((lane for lane in self._lanes or (EVERYTHING,) if lane.headers == headers), None)
        if self._receiving and self._probe_target is not None and lane is not None:
            came = self._clock.monotonic() - max(ago, 0.0)
            begun = came - answer.total_ms / 1000
            record, times = self._records.get(lane.name), (begun, begun, came)
            self._take(self._probe_target, lane.name, record, answer, self._recogniser, self._versions, times)

    def set_rate(self, rate: float, *, first: bool = False) -> None:
        """Set the requests per second, limited to the allowed range; `first` comes before all other probes."""
        self._pacer.rate, self._first = bounded_rate(rate), first
        self._note_change()

    @property
    def doubtful(self) -> bool:
        """Whether more answers are needed to decide about something that speaks against a version or the split."""
        return self._health.doubtful(self._clock.monotonic()) or any(r.doubtful for r in self._records.values())

    @property
    def revision(self) -> int:
        """Increases whenever the result of `lanes` or `view` changes."""
        return self._revision

    async def run(self) -> None:
        """Send requests until cancelled."""
        held = True  # nobody was late while nothing was wanted
        async with asyncio.TaskGroup() as requests:
            while True:
                held = held or not self._go.is_set()
                await self._go.wait()
                due = await self._pacer.beat(held=held)
                self._note_load()
                began = self._clock.monotonic()
                due = await self._budget.turn(due, first=self._first)
                await self._places.acquire()
                try:
                    give_back = await self._budget.take(first=self._first)
                except asyncio.CancelledError:
                    self._places.release()
                    raise
                held = self._clock.monotonic() - began > HELD
                if self._go.is_set() and self._probe_target is not None:
                    requests.create_task(self._ask(self._probe_target, *next(self._order), due, give_back))
                else:
                    self._free(give_back)

    def lanes(self) -> tuple[Lane, ...]:
        """The lanes given to `set_target`, with what was observed, and those of clients that keep their cookies.

        `Lane.samples` counts all requests; `Observed.samples` counts the answers that shares are taken of.
        """
        if self._filled is None or self._filled[0] != self._revision:
            filled = tuple(
                record.filled(lane, self._looking) if (record := self._records.get(lane.name)) else lane
                for lane in (*self._lanes, *(self._sticky if self._lanes else ()))
            )
            self._filled = (self._revision, filled)
        return self._filled[1]

    def view(self) -> ProbeView:
        """The probe as a face shows it. The same object until something changes."""
        rate = self._rate()
        if self._view is None or self._view[:2] != (self._revision, rate):
            records = self._records.values()
            view = ProbeView(
                running=self._looking,
                probe_target=self._probe_target,
                rate=rate,
                asked_rate=self._pacer.rate,
                total=sum(record.samples for record in records),
                errors=sum(record.errors for record in records),
                unknown=sum(record.unknown for record in records),
                strip=self._strip.cells(),
                strip_total=self._strip.total,
                history=self._history.points(),
                splits=self._history.splits(),
                message=self._message or self._too_slow,
                health=self._health.of(
                    [*self._records],
                    self._versions,
                    self._lasting.seconds(),
                    self._clock.now(),
                    timed=not self._too_slow,
                ),
                phases=self._phases.times(),
                too_slow=self._too_slow,
            )
            self._view = (self._revision, rate, view)
        return self._view[2]

    def _begin(self, same_target: bool) -> None:
        if not same_target:
            self._records = {}
        self._nameless = 0

    def _record(self, lane: Lane, changed: bool, at: float) -> LaneRecord:
        known = self._records.get(lane.name)
        if known is not None and known.follows(lane):
            return known
        return LaneRecord(lane, known if changed else None, at, self._settle, self._clock.now())

    @property
    def _looking(self) -> bool:
        """Whether answers come in, or may."""
        return self._receiving or self._go.is_set()

    def _decide(self) -> None:
        if self._wanted and not self._receiving and self._probe_target is not None and self._records:
            self._go.set()
        else:
            self._go.clear()
        self._note_change()

    def _note_load(self) -> None:
        """Take in the beat that has just come, if somebody watches them."""
        if self._own_load is None:
            return
        self._own_load.beat(self._pacer.late, self._pacer.missed)
        trouble = self._own_load.trouble
        if trouble != self._too_slow:
            self._too_slow = trouble
            self._note_change()

    def _free(self, give_back: Callable[[], None]) -> None:
        give_back()
        self._places.release()

    async def _ask(
        self, probe_target: ProbeTarget, lane: Lane, sticky: bool, due: float, give_back: Callable[[], None]
    ) -> None:
        begun, recogniser, versions = self._clock.monotonic(), self._recogniser, self._versions
        # By target, because cookies of one must not reach another.
        who = (probe_target, lane.name)
        client = self._clients.setdefault(who, StickyClient(probe_target)) if sticky else None
        turn = client.begin(lane.headers or (), self._clock.now()) if client else None
        headers, kept = turn or (lane.headers or (), False)
        name = sticky_name(lane.name) if kept else lane.name
        record, answer = self._records.get(name), None
        try:
            answer = await self._transport.send(ProbeRequest(probe_target, headers, self._timeout))
        finally:
            self._free(give_back)
            if client and turn:
                client.end(answer, self._clock.now())
        times = (due, begun, self._clock.monotonic())
        self._take(probe_target, name, record, answer, recogniser, versions, times)

    def _take(
        self,
        probe_target: ProbeTarget,
        lane: str,
        record: LaneRecord | None,
        answer: Answer,
        recogniser: Recogniser,
        versions: Sequence[Version],
        times: tuple[float, float, float],
    ) -> None:
        """Take in an answer that was due, asked for and came at these times."""
        due, begun, came = times
        if answer.failure is Failure.NO_WAY:
            self._message = describe_failure(probe_target, answer)
            self._note_change()
            return
        reading = recogniser.read(answer)
        self._show(lane, reading, (came - begun) * 1000)
        if probe_target == self._probe_target:
            # Shares count from when a request was due; a version is not slow because the probe is late.
            ms, took = (came - due) * 1000, (came - begun) * 1000
            answered = next((version for version in versions if version.name == reading.version), None)
            failed, at = reading.kind is CellKind.ERROR, self._lasting.seconds()
            timed = None if self._too_slow else took
            self._health.count(lane, answered, versions, failed, timed, at, reading.rejected)
            self._phases.add(answer)
            # A record of another split takes no answers of this one.
            if record is not None and record is self._records.get(lane):
                record.count(reading, ms, begun)
            self._explain(probe_target, answer, reading)
        self._note_change()

    def _show(self, lane: str, reading: VersionReading, took: float) -> None:
        self._strip.append(Cell(reading.kind, reading.version, lane, reading.note, now := self._clock.monotonic()))
        self._recent.append(now)
        self._history.add(self._clock.now(), lane, reading, took)

    def _explain(self, probe_target: ProbeTarget, answer: Answer, reading: VersionReading) -> None:
        self._nameless = self._nameless + 1 if reading.kind is CellKind.UNKNOWN else 0
        if answer.failure is not None:
            self._message = describe_failure(probe_target, answer)
        elif self._nameless >= NAMELESS:
            self._message = describe_nameless(probe_target, answer)
        elif reading.version is not None:
            self._message = describe_older(probe_target, answer)

    def _rate(self) -> float:
        since = self._clock.monotonic() - RATE_WINDOW
        while self._recent and self._recent[0] < since:
            self._recent.popleft()
        return round(len(self._recent) / RATE_WINDOW, 1)

    def _note_change(self) -> None:
        self._revision += 1
        self._changed()


def _recogniser(probe_target: ProbeTarget | None, versions: Sequence[Version]) -> tuple[Recogniser, str]:
    """How to read the probe target's answers, and what is wrong with its `version_from`; "" if it is valid."""
    try:
        return Recogniser(probe_target.version_from if probe_target else "auto", versions), ""
    except VersionFromError as error:
        return Recogniser("auto", versions), f"--version-from {error}; using auto instead"


def _ways(lanes: Sequence[Lane]) -> list[tuple[str, object]]:
    """The parts of the lanes that decide how they are sampled."""
    return [(lane.name, lane.headers) for lane in lanes]


def _turns(lanes: Sequence[Lane], cookies: bool) -> list[_Turn]:
    """The order of sampling; with `cookies` each turn of a lane is followed by one of a client that keeps them."""
    ways = (False, True) if cookies else (False,)
    return [(lane, sticky) for lane in _lanes_in_turn(lanes) for sticky in ways]


def _lanes_in_turn(lanes: Sequence[Lane]) -> list[Lane]:
    """Lanes take turns, and every second request goes to the default lane."""
    asked = [lane for lane in lanes if lane.headers is not None] if lanes else [EVERYTHING]
    default = next((lane for lane in asked if lane.name == DEFAULT_LANE), None)
    others = [lane for lane in asked if lane is not default]
    if default is None or not others:
        return asked
    return [lane for other in others for lane in (default, other)]
