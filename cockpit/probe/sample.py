"""Sampling once: so many answers, or for so long, or until the question is decided."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from cockpit.model.clock import Clock
from cockpit.model.door import Door
from cockpit.model.rollout import Verdict, Version
from cockpit.model.view import CellKind
from cockpit.probe.expect import Expectation, meets
from cockpit.probe.pacer import Pacer
from cockpit.probe.recognise import Reading, Recogniser
from cockpit.probe.record import observed
from cockpit.probe.sender import DEFAULT_TIMEOUT, Answer, ProbeRequest, Transport
from cockpit.probe.trouble import describe_failure, describe_nameless
from cockpit.probe.verdict import Judge, Ruling
from cockpit.probe.window import Tally

# Seconds after which an undecided question is given up, where neither count nor duration is asked for.
PATIENCE = 60.0
# Versions that answers may name where nobody knows them; more is a server that makes names up.
MOST_VERSIONS = 50
_PROGRESS_EVERY = 0.1


@dataclass(frozen=True, slots=True)
class SampleOrder:
    """What to sample and when to stop.

    `headers` put requests into a lane. Without `versions`, what answers call themselves is taken. `written`
    are the shares to judge by, fractions of 1; `expected` takes their place. It ends after `count` answers
    or `duration` seconds; with neither, once the question is decided, at the latest after `PATIENCE`.
    """

    door: Door
    headers: tuple[tuple[str, str], ...] = ()
    versions: tuple[Version, ...] = ()
    written: Mapping[str, float | None] | None = None
    expected: Expectation | None = None
    count: int | None = None
    duration: float | None = None
    rate: float = 20.0
    concurrency: int = 8
    timeout: float = DEFAULT_TIMEOUT


@dataclass(frozen=True, slots=True)
class SampledVersion:
    """What was seen of one version. `share` is of the answers that named one; low and high by Wilson; times in ms."""

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
    """What sampling came to. `text` is the verdict in words, `message` what is wrong with the target."""

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

    def document(self) -> dict[str, Any]:
        """As JSON: the fields of the `probe` command."""
        versions = [{name: getattr(version, name) for name in SampledVersion.__slots__} for version in self.versions]
        own = {name: getattr(self, name) for name in SampleResult.__slots__}
        return {**own, "verdict": self.verdict.value, "versions": versions}


async def sample(
    transport: Transport,
    clock: Clock,
    order: SampleOrder,
    progress: Callable[[SampleResult], None] = lambda _: None,
) -> SampleResult:
    """Sample by the order; `progress` hears at most ten times a second. Raises VersionFromError."""
    run = _Sampling(transport, clock, order, progress)
    await run.requests()
    return run.result()


class _Sampling:
    def __init__(
        self, transport: Transport, clock: Clock, order: SampleOrder, progress: Callable[[SampleResult], None]
    ) -> None:
        self._transport, self._clock, self._order, self._progress = transport, clock, order, progress
        self._recogniser = Recogniser(order.door.version_from, order.versions)
        self._tally = Tally()
        self._judge = Judge(order.written or {})
        self._begun = clock.monotonic()
        self._told = self._begun
        self._message = ""
        self._decided = False

    async def requests(self) -> None:
        """Send until the order is filled, then wait for what is under way."""
        pacer = Pacer(self._clock, self._order.rate)
        places = asyncio.Semaphore(max(self._order.concurrency, 1))
        sent = 0
        async with asyncio.TaskGroup() as under_way:
            while not self._enough(sent):
                due = await pacer.beat()
                await places.acquire()
                if self._enough(sent):
                    break
                under_way.create_task(self._ask(due, places))
                sent += 1

    def result(self) -> SampleResult:
        """What is known by now."""
        tally, ruling = self._tally, self._ruling()
        return SampleResult(
            target=self._order.door.url,
            samples=tally.samples,
            errors=tally.errors,
            unknown=tally.unknown,
            seconds=round(self._clock.monotonic() - self._begun, 3),
            verdict=ruling.verdict if tally.named else Verdict.UNKNOWN,
            versions=self._versions(),
            p_value=ruling.p_value,
            text=ruling.text,
            message=self._message,
        )

    def _enough(self, sent: int) -> bool:
        order, elapsed = self._order, self._clock.monotonic() - self._begun
        if order.count is not None and sent >= order.count:
            return True
        if order.duration is not None and elapsed >= order.duration:
            return True
        return order.count is None and order.duration is None and (self._decided or elapsed >= PATIENCE)

    async def _ask(self, due: float, places: asyncio.Semaphore) -> None:
        order = self._order
        try:
            answer = await self._transport.send(ProbeRequest(order.door, order.headers, order.timeout))
        finally:
            places.release()
        self._take(answer, (self._clock.monotonic() - due) * 1000)

    def _take(self, answer: Answer, ms: float) -> None:
        if self._decided:
            return  # what was under way when the question was decided must not open it again
        reading = self._bounded(self._recogniser.read(answer))
        self._tally.count(reading, ms)
        if reading.version is not None:
            self._judge.see(reading.version)
        if answer.failure is not None:
            self._message = describe_failure(self._order.door, answer)
        elif reading.version is not None:
            self._message = ""
        elif reading.kind is CellKind.UNKNOWN and not self._tally.named:
            self._message = describe_nameless(self._order.door, answer)
        now = self._clock.monotonic()
        if now - self._told >= _PROGRESS_EVERY:
            self._told = now
            self._progress(self.result())
        if self._order.count is None and self._order.duration is None:
            self._decided = self._ruling().verdict in (Verdict.ON, Verdict.OFF)

    def _bounded(self, reading: Reading) -> Reading:
        known = self._tally.versions
        if reading.version is None or reading.version in known or len(known) < MOST_VERSIONS:
            return reading
        kind = CellKind.UNKNOWN if reading.kind is CellKind.ANSWER else reading.kind
        return replace(reading, kind=kind, version=None)

    def _ruling(self) -> Ruling:
        if self._order.expected is not None:
            return meets(self._order.expected, {name: count.answers for name, count in self._tally.versions.items()})
        return self._judge.ruling()

    def _versions(self) -> tuple[SampledVersion, ...]:
        """The versions that answered or could have, by name."""
        expected = self._order.expected.shares if self._order.expected else {}
        names = {*self._tally.versions, *(version.name for version in self._order.versions), *expected}
        found = []
        for name in sorted(names):
            seen = observed(self._tally, name)
            if seen is not None:
                answers = self._tally.versions[name].answers if name in self._tally.versions else 0
                times = (seen.p50_ms, seen.p99_ms)
                found.append(SampledVersion(name, answers, seen.share, seen.low, seen.high, seen.errors, *times))
        return tuple(found)
