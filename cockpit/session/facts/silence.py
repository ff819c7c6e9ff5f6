"""Whether nothing is heard from anywhere any more, so that this machine may be offline rather than a service down.

Two things speak: the probes' targets, and the API servers. While every probe is without a connection and no byte of a
watch came since, the API servers are asked at once: their answer, within a moment, makes an outage what it is. Where
one address alone fails, both are possible, and it stays as loud as it was.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import takewhile

from cockpit.kube.errors import KubeError
from cockpit.model.ages import utc_time
from cockpit.model.clock import Clock
from cockpit.model.finding_order import leading, worst_first
from cockpit.model.health import Health, RolloutHealth
from cockpit.model.probe_answer import Failure
from cockpit.model.rollout import Finding, Severity
from cockpit.model.values import dataclass
from cockpit.model.view import Cell, CellKind, ProbeView, RolloutView
from cockpit.session.facts.cluster import Cluster
from cockpit.session.facts.failing import UNANSWERED
from cockpit.workloads.findings import finding

# Failures that an absent network explains; who refuses, resets or answers is there.
_UNCONNECTED = frozenset({Failure.TIMEOUT, Failure.DNS, Failure.UNREACHABLE})
# Failures of one probe in a row before it counts as one that hears nothing.
_FEWEST = 3
# What was under way when the network went may still come in, in seconds: an answer, and a byte of a watch.
_ANSWER_UNDER_WAY, _BYTE_UNDER_WAY = 1.0, 0.5
# Seconds between two questions to the API servers.
_ASK_SECONDS = 1.0
# Kubernetes lets everybody read it (system:public-info-viewer); a refusal is an answer too.
_QUESTION = "/version"


@dataclass(frozen=True, slots=True)
class Silence:
    """Nothing was heard since `since` (UTC); so many addresses were tried since.

    Failures in a row that began before `begin` (monotonic seconds) have another reason. `until` is when something was
    heard again (UTC); None while nothing is.
    """

    begin: float
    since: float
    places: int
    until: float | None = None


def silence(probes: Iterable[ProbeView], heard: float, monotonic: float, now: float) -> Silence | None:
    """Since when nothing is heard from any target or API server; None if something is, or if nobody asks.

    `heard` is when an API server last said something (monotonic seconds).
    """
    asking = [probe for probe in probes if probe.running and not probe.idle and not probe.source and probe.strip]
    answered = max((_answered(probe) for probe in asking), default=0.0)
    begin = max(heard - _BYTE_UNDER_WAY, answered - _ANSWER_UNDER_WAY)
    vain = [probe for probe in asking if (run := _in_vain(probe)) and len(run) >= _FEWEST and run[0].at >= begin]
    if not vain:
        return None
    places = {probe.probe_target.address for probe in vain if probe.probe_target}
    return Silence(begin, now - (monotonic - max(heard, answered)), len(places))


def _answered(probe: ProbeView) -> float:
    """When anything last came from the target of a probe."""
    return next((cell.at for cell in reversed(probe.strip) if not _unconnected(cell)), 0.0)


def _in_vain(probe: ProbeView) -> Sequence[Cell]:
    """The newest requests in a row that found no connection, oldest first."""
    return list(takewhile(_unconnected, reversed(probe.strip)))[::-1]


def _unconnected(cell: Cell) -> bool:
    return cell.kind is CellKind.ERROR and cell.note in _UNCONNECTED


def told_with(view: RolloutView, found: Silence) -> RolloutView:
    """A rollout whose requests nobody answered, with what the silence says of it; any other as it is.

    What failed before the silence began stays what it was.
    """
    mine = [each for each in view.rollout.findings if _says_unanswered(each) and _fits(each, view, found)]
    if not mine:
        return view
    told = {id(each): _told(each, found) for each in mine}
    findings = worst_first([told.get(id(each), each) for each in view.rollout.findings])
    worst = leading(findings)
    health = Health.HURT if worst else Health.DOUBTFUL
    reason = RolloutHealth(health, (worst or told[id(mine[0])]).text)
    return replace(view, rollout=replace(view.rollout, findings=findings), health=reason)


def _says_unanswered(found: Finding) -> bool:
    return found.severity is Severity.CRITICAL and found.id in UNANSWERED


def _fits(each: Finding, view: RolloutView, found: Silence) -> bool:
    """Whether what the finding tells of began with the silence, and did not go on after it."""
    if found.until is None:
        run = _in_vain(view.probe)
        return bool(run) and run[0].at >= found.begin
    # A status of 4xx is something that was heard.
    nobody = (one for one in view.probe.health if not one.version)
    failed = [at for one in nobody for at in (one.failed_at, one.rejected_at) if at is not None]
    newest = max(failed, default=0.0)
    return each.id == "nobody-answers" and found.since - _ANSWER_UNDER_WAY <= newest <= found.until


def _told(each: Finding, found: Silence) -> Finding:
    since = utc_time(found.since)
    if found.until is not None:
        words = f"{each.text}; the newest of them while nothing was heard from anywhere, until {utc_time(found.until)}"
    elif found.places > 1:
        words = f"no answers from anywhere since {since}: is this machine offline?"
    else:
        # One address alone: as loud as before, and both are said.
        return replace(
            each, text=f"{each.text}; no API server was heard since {since} either: is this machine offline?"
        )
    return finding("offline", Severity.WARNING, words, each.text, about=each.about)


class Silences:
    """Watches for a silence of all `clusters` and probes. While there is one, the API servers are asked."""

    def __init__(self, clusters: Mapping[str, Cluster], clock: Clock) -> None:
        self._clusters = clusters
        self._clock = clock
        self._now: Silence | None = None
        self._found_at = 0.0
        self._past: Silence | None = None
        self._begun = asyncio.Event()

    def told(self, views: Sequence[RolloutView]) -> Sequence[RolloutView]:
        """The rollouts, with what a silence says of those that nobody answers."""
        monotonic, now = self._clock.monotonic(), self._clock.now()
        heard = max((cluster.pulse.at for cluster in self._clusters.values()), default=0.0)
        found = silence((view.probe for view in views), heard, monotonic, now)
        if found is not None and self._now is None:
            self._found_at = monotonic
        # Where an API server answers within a moment there was no silence, only nobody who spoke.
        lasted = monotonic - self._found_at > _ANSWER_UNDER_WAY
        if found is None and self._now is not None and self._now.places > 1 and lasted:
            self._past = replace(self._now, until=now)
        self._now = found
        if found is not None:
            self._begun.set()
        known = found or self._past
        return views if known is None else _same_or([told_with(view, known) for view in views], views)

    async def run(self) -> None:
        """Ask the API servers while nothing is heard, until cancelled."""
        while True:
            await self._begun.wait()
            # A question that is given up because reading begins anew is no reason to ask no more.
            await asyncio.gather(*map(_ask, self._clusters.values()), return_exceptions=True)
            await self._clock.sleep(_ASK_SECONDS)
            if self._now is None:
                self._begun.clear()


async def _ask(cluster: Cluster) -> None:
    # What cannot be reached says nothing, and the watches say why.
    with contextlib.suppress(KubeError):
        await cluster.pulse.ask(_QUESTION, "its version")


def _same_or(told: Sequence[RolloutView], views: Sequence[RolloutView]) -> Sequence[RolloutView]:
    same = all(a is b for a, b in zip(told, views, strict=True))
    return views if same else told
