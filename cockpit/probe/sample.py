"""One sampling run: a number of answers, a duration, or until there is a verdict."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from cockpit.model.clock import Clock
from cockpit.model.probe_answer import PhaseTimes, phases_document
from cockpit.model.probe_target import ProbeTarget
from cockpit.model.rollout import OTHERS, Lane, Role, Rollout, Verdict, Version
from cockpit.model.values import dataclass
from cockpit.model.view import CellKind
from cockpit.probe.expect import Expectation, ExpectationJudge
from cockpit.probe.own_load import HELD, OwnLoad
from cockpit.probe.pacer import Pacer
from cockpit.probe.phases import Phases
from cockpit.probe.recognise import Recogniser, VersionReading
from cockpit.probe.record import mostly_nameless, observed
from cockpit.probe.sender import DEFAULT_TIMEOUT, Answer, Failure, ProbeRequest, ProbeTransport
from cockpit.probe.stats import always_valid, wilson
from cockpit.probe.sticky import SessionSeen, SessionTally, StickyClient
from cockpit.probe.trouble import describe_failure, describe_nameless, describe_older
from cockpit.probe.verdict import Judge, Ruling, is_astray, of_no_version
from cockpit.probe.window import Tally

# Seconds after which sampling without a verdict ends, if neither count nor duration is given.
PATIENCE = 60.0
# Most versions that answers may name if the versions are not known; a server with more makes names up.
MOST_VERSIONS = 50
_PROGRESS_EVERY = 0.1


@dataclass(frozen=True, slots=True)
class SampleOrder:
    """What to sample and when to stop.

    `headers` select a lane. Without `versions`, the names in the answers are used. `written` are the shares to judge
    by, fractions of 1; `expected` replaces them. Sampling ends after `count` answers or `duration` seconds; with
    neither, once there is a verdict, after `patience` seconds at the latest.
    """

    probe_target: ProbeTarget
    headers: tuple[tuple[str, str], ...] = ()
    versions: tuple[Version, ...] = ()
    written: Mapping[str, float | None] | None = None
    expected: Expectation | None = None
    count: int | None = None
    duration: float | None = None
    rate: float = 20.0
    concurrency: int = 8
    timeout: float = DEFAULT_TIMEOUT
    patience: float = PATIENCE


def order_of(
    rollout: Rollout, lane: Lane | None, probe_target: ProbeTarget, expected: Expectation | None, own: Mapping[str, Any]
) -> SampleOrder:
    """The order for one lane of a rollout; `own` are the fields that say how fast and how long."""
    return SampleOrder(
        probe_target,
        headers=(lane.headers or ()) if lane else (),
        versions=rollout.versions,
        written={share.version: share.written for share in lane.shares} if lane else None,
        expected=expected,
        **own,
    )


@dataclass(frozen=True, slots=True)
class SampledVersion:
    """What was observed of one version, or of everything that belongs to none. Times are in ms.

    `low` and `high` are the interval at 95 %: Wilson's after a given count, else the always-valid one. `share` is the
    part of all answers, including those that name no version once at least one does.
    """

    version: str
    answers: int
    share: float
    low: float
    high: float
    errors: int
    p50_ms: float | None
    p99_ms: float | None


@dataclass(frozen=True, slots=True)
class SampleResult:
    """The result of sampling. `text` is the verdict in words, `message` what is wrong with the target.

    `redirects` are answers with a status of 3xx: they are not followed. `session` is what a client that keeps its
    cookies got, besides `samples`; None if there was none. `too_slow` says that times are not the service's.
    """

    target: str
    samples: int
    errors: int
    unknown: int
    seconds: float
    verdict: Verdict
    versions: tuple[SampledVersion, ...]
    p_value: float | None = None
    text: str = ""
    message: str = ""
    redirects: int = 0
    phases: tuple[PhaseTimes, ...] = ()
    session: SessionSeen | None = None
    too_slow: str = ""

    def document(self) -> dict[str, Any]:
        """As JSON: the fields of the `probe` command."""
        versions = [{name: getattr(version, name) for name in SampledVersion.__slots__} for version in self.versions]
        own = {name: getattr(self, name) for name in SampleResult.__slots__}
        own["phases"] = phases_document(self.phases)
        own["session"] = self.session.document() if self.session else None
        return {**own, "verdict": self.verdict.value, "versions": versions}


async def sample(
    transport: ProbeTransport,
    clock: Clock,
    order: SampleOrder,
    progress: Callable[[SampleResult], None] = lambda _: None,
    own_load: OwnLoad | None = None,
    rng: random.Random | None = None,
) -> SampleResult:
    """Sample as ordered; `progress` is called at most ten times a second. Raises VersionFromError.

    `rng` spaces requests by chance, as in `Pacer`.
    """
    run = SampleRun(clock, order, progress, own_load, rng)
    await run.requests(transport)
    return run.result()


class SampleRun:
    """Counts and judges the answers of one sampling run, whoever sends the requests. Raises VersionFromError."""

    def __init__(
        self,
        clock: Clock,
        order: SampleOrder,
        progress: Callable[[SampleResult], None],
        own_load: OwnLoad | None = None,
        rng: random.Random | None = None,
    ) -> None:
        self._clock, self._order, self._progress = clock, order, progress
        self._own_load, self._rng = own_load, rng
        self._too_slow = ""
        self._phases = Phases(everything=True)
        self._redirects = 0
        self._client = StickyClient(order.probe_target) if order.probe_target.cookies else None
        self._session = SessionTally()
        self._recogniser = Recogniser(order.probe_target.version_from, order.versions)
        self._tally = Tally()
        self._others = {version.name for version in order.versions if version.role is Role.OTHERS}
        self._named = bool(order.versions) or order.expected is not None
        written = order.written or {}
        self._written_beside = sum(written.get(name) or 0.0 for name in self._others)
        own = {name: share for name, share in written.items() if name not in self._others}
        self._judge = ExpectationJudge(order.expected) if order.expected else Judge(own)
        # A fixed number of answers is looked at once.
        self._interval = always_valid if order.count is None else wilson
        self._begun = clock.monotonic()
        self._told = self._begun
        self._message = ""
        self._decided = False

    async def requests(self, transport: ProbeTransport) -> None:
        """Send until the order is complete, then wait for the requests in flight."""
        pacer = Pacer(self._clock, self._order.rate, self._rng)
        places = asyncio.Semaphore(max(self._order.concurrency, 1))
        sent, held = 0, False
        async with asyncio.TaskGroup() as under_way:
            while not self._enough(sent):
                due = await pacer.beat(held=held)
                self._note_load(pacer)
                began = self._clock.monotonic()
                await places.acquire()
                held = self._clock.monotonic() - began > HELD
                if self._enough(sent):
                    break
                client = self._client if sent % 2 else None
                under_way.create_task(self._ask(transport, due, places, client))
                sent += 1

    def result(self) -> SampleResult:
        """What is known so far."""
        tally, ruling = self._tally, self._ruling()
        return SampleResult(
            target=self._order.probe_target.place,
            samples=tally.samples,
            errors=tally.errors,
            unknown=tally.unknown,
            seconds=round(self._clock.monotonic() - self._begun, 3),
            verdict=ruling.verdict if tally.named else Verdict.UNKNOWN,
            versions=self._versions(),
            p_value=ruling.p_value,
            text=ruling.text,
            message=self._message,
            redirects=self._redirects,
            phases=self._phases.times(),
            session=self._session.seen() if self._client else None,
            too_slow=self._too_slow,
        )

    def _enough(self, sent: int) -> bool:
        order, elapsed = self._order, self._clock.monotonic() - self._begun
        if order.count is not None and sent >= order.count:
            return True
        if order.duration is not None and elapsed >= order.duration:
            return True
        return order.count is None and order.duration is None and (self._decided or elapsed >= order.patience)

    def _note_load(self, pacer: Pacer) -> None:
        """Take in the beat that has just come, if somebody watches them."""
        if self._own_load is not None:
            self._own_load.beat(pacer.late, pacer.missed)
            self._too_slow = self._own_load.trouble or self._too_slow

    async def _ask(
        self, transport: ProbeTransport, due: float, places: asyncio.Semaphore, client: StickyClient | None
    ) -> None:
        order, answer = self._order, None
        turn = client.begin(order.headers, self._clock.now()) if client else None
        headers, kept = turn or (order.headers, False)
        try:
            answer = await transport.send(ProbeRequest(order.probe_target, headers, order.timeout))
        finally:
            places.release()
            if client and turn:
                client.end(answer, self._clock.now())
        self.take(answer, (self._clock.monotonic() - due) * 1000, kept=kept)

    @property
    def decided(self) -> bool:
        """Whether there is a verdict that ends sampling."""
        return self._decided

    def take(self, answer: Answer, ms: float, *, kept: bool = False) -> None:
        """Count an answer that took `ms` milliseconds; `kept`: to a client that had kept cookies.

        A request that did not get as far as the service is not counted.
        """
        if self._decided:
            return  # answers that were in flight at the verdict must not change it
        if answer.failure is Failure.NO_WAY:
            self._message = describe_failure(self._order.probe_target, answer)
            return
        reading = self._bounded(self._recogniser.read(answer))
        self._phases.add(answer)
        self._redirects += answer.failure is None and answer.status is not None and 300 <= answer.status < 400
        if kept:
            self._session.count(reading, ms)
        else:
            self._tally.count(reading, ms)
            if reading.version is not None and reading.version not in self._others:
                self._judge.see(reading.version)
        self._explain(answer, reading)
        self._tell()
        if self._order.count is None and self._order.duration is None:
            self._decided = self._ruling().verdict in (Verdict.ON, Verdict.OFF)

    def _explain(self, answer: Answer, reading: VersionReading) -> None:
        if answer.failure is not None:
            self._message = describe_failure(self._order.probe_target, answer)
        elif reading.version is not None:
            self._message = describe_older(self._order.probe_target, answer)
        elif reading.kind is CellKind.UNKNOWN and not self._tally.named:
            self._message = describe_nameless(self._order.probe_target, answer)

    def _tell(self) -> None:
        now = self._clock.monotonic()
        if now - self._told >= _PROGRESS_EVERY:
            self._told = now
            self._progress(self.result())

    def _bounded(self, reading: VersionReading) -> VersionReading:
        known = self._tally.versions
        if reading.version is None or reading.version in known or len(known) < MOST_VERSIONS:
            return reading
        kind = CellKind.UNKNOWN if reading.kind is CellKind.ANSWER else reading.kind
        return replace(reading, kind=kind, version=None)

    def _ruling(self) -> Ruling:
        tally = self._tally
        ruling, others = self._judge.ruling(), self._beside()
        if ruling.verdict is not Verdict.OFF and mostly_nameless(tally):
            return Ruling(Verdict.UNKNOWN, ruling.p_value, "most requests name no version")
        if ruling.verdict is Verdict.OFF or not is_astray(others, tally.answered, self._written_beside):
            return ruling
        return Ruling(Verdict.UNKNOWN, ruling.p_value, of_no_version(others, tally.answered))

    def _beside(self) -> int:
        """Answers that belong to none of the versions; 0 if it is not known which there are."""
        if not self._named:
            return 0
        return self._tally.unknown + sum(c.answers for name, c in self._tally.versions.items() if name in self._others)

    def _versions(self) -> tuple[SampledVersion, ...]:
        """The versions that answered or could have, by name."""
        expected = self._order.expected.shares if self._order.expected else {}
        names = {*self._tally.versions, *(version.name for version in self._order.versions), *expected}
        if self._beside():
            names.add(OTHERS)
        found = []
        for name in sorted(names):
            beside = name in self._others or (name == OTHERS and self._named)
            seen = observed(self._tally, name, beside, self._interval)
            if seen is not None:
                times = (seen.p50_ms, seen.p99_ms)
                found.append(SampledVersion(name, seen.answers, seen.share, seen.low, seen.high, seen.errors, *times))
        return tuple(found)
