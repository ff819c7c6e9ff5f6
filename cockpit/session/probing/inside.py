"""Probes from inside the cluster: what the pods of a Job see is shown as what the probe of a rollout sees."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

from cockpit.model.counts import counted
from cockpit.model.lanes import DEFAULT_LANE
from cockpit.model.plan import Act, Plan, Refused
from cockpit.model.probe_answer import Answer
from cockpit.model.probe_job import InsideWish
from cockpit.model.probe_target import ProbeTarget
from cockpit.model.refs import RolloutKey
from cockpit.model.rollout import Rollout
from cockpit.model.text import safe_text
from cockpit.model.values import dataclass
from cockpit.model.view import Outcome, Prepared, Stage
from cockpit.probe.from_pods import JobReport
from cockpit.probe.sample import order_of
from cockpit.session.probing.job_follower import JobWatch
from cockpit.session.probing.jobs import ProbeJobs
from cockpit.session.probing.probes import Inside, Probes

_MOST_PREPARED = 8


@dataclass(frozen=True, slots=True)
class _Aim:
    """Where the pods of a prepared Job send, and with which headers."""

    prepared: Prepared
    probe_target: ProbeTarget
    headers: tuple[tuple[str, str], ...]


class InsideProbes:
    """Starts, shows and stops them, at most one for each rollout.

    `find` gives a rollout as it is now, `touch` says that one is to be shown anew.
    """

    def __init__(
        self,
        jobs: ProbeJobs,
        probes: Probes,
        find: Callable[[RolloutKey], Rollout | None],
        touch: Callable[[RolloutKey], None],
    ) -> None:
        self._jobs, self._probes, self._find, self._touch = jobs, probes, find, touch
        self._aims: dict[int, _Aim] = {}
        self._under_way: dict[RolloutKey, asyncio.Task[JobReport]] = {}

    async def prepare(self, key: RolloutKey, wish: InsideWish) -> Prepared | Refused:
        """The plan of the Job for the rollout's default lane, with what the API server says of it."""
        rollout, found = self._find(key), self._jobs.target(key)
        if key in self._under_way:
            return Refused(Act.PROBE, key, "pods of the cluster probe it already: stop them first")
        if rollout is None or found.probe_target is None:
            return Refused(Act.PROBE, key, found.missing)
        lane = next((lane for lane in rollout.lanes if lane.name == DEFAULT_LANE and lane.headers is not None), None)
        pace = {"rate": wish.rate, "duration": wish.seconds}
        order = order_of(rollout, lane, found.probe_target, None, pace)
        prepared = await self._jobs.prepare(key, order, wish.shape)
        if isinstance(prepared, Prepared):
            self._aims[id(prepared)] = _Aim(prepared, order.probe_target, order.headers)
            while len(self._aims) > _MOST_PREPARED:
                del self._aims[next(iter(self._aims))]
        return prepared

    async def run(self, prepared: Prepared, report: Callable[[Outcome], None]) -> Outcome:
        """Create the Job, and show what its pods see until they end or it is stopped; `report` tells how far it is."""
        plan, aim = prepared.plan, self._aims.pop(id(prepared), None)
        key = plan.rollout
        if aim is None or key in self._under_way:
            return Outcome(Stage.REFUSED, "nothing was sent: this plan was already sent; plan it anew", plan)
        shown = _Shown(self, aim, report)
        running = asyncio.ensure_future(self._jobs.run(prepared, lambda _: None, JobWatch(shown.state, shown.hear)))
        self._under_way[key] = running

        def ended(_: object) -> None:
            del self._under_way[key]
            shown.end(_outcome(running, shown.words, plan))

        running.add_done_callback(ended)
        try:
            await asyncio.wait([running])
        finally:
            running.cancel()  # if the caller gives up: the Job is deleted nevertheless
        return _outcome(running, shown.words, plan)

    def stop(self, key: RolloutKey) -> None:
        """End the probe of a rollout, if there is one; its Job is deleted."""
        if running := self._under_way.get(key):
            running.cancel()

    def show(self, key: RolloutKey, inside: Inside) -> Callable[[Answer, tuple[tuple[str, str], ...], float], None]:
        """Show how the probe of a rollout is going; what it gives takes answers."""
        rollout = self._find(key)
        if rollout is None:
            self.stop(key)
            return lambda _answer, _headers, _ago: None
        try:
            return self._probes.inside(rollout, inside)
        finally:
            self._touch(key)


class _Shown:
    """What is shown of one such probe while it runs. `words` are the last about its state."""

    def __init__(self, owner: InsideProbes, aim: _Aim, report: Callable[[Outcome], None]) -> None:
        plan = aim.prepared.plan
        pods = plan.requests[0].body["spec"]["parallelism"]
        self._owner, self._aim, self._report, self._plan = owner, aim, report, plan
        self._inside = Inside(aim.probe_target, f"from the cluster, {counted(pods, 'pod')}")
        self.words = ""
        self._answers = 0
        self._take: Callable[[Answer, tuple[tuple[str, str], ...], float], None] | None = None

    def state(self, words: str) -> None:
        if words == self.words:
            return
        stage = Stage.SENT if self.words else Stage.SENDING
        self.words = words
        self._show(words if not self._answers else "")
        self._report(Outcome(stage, words, self._plan))

    def hear(self, answer: Answer, ago: float) -> None:
        if not self._answers:
            self._show("")
        self._answers += 1
        if self._take is not None:
            self._take(answer, self._aim.headers, ago)

    def end(self, outcome: Outcome) -> None:
        self._show(outcome.why, over=True)

    def _show(self, words: str, over: bool = False) -> None:
        self._inside = replace(self._inside, state=words, over=over)
        self._take = self._owner.show(self._plan.rollout, self._inside)


def _outcome(running: asyncio.Task[JobReport], words: str, plan: Plan) -> Outcome:
    if running.cancelled():
        return Outcome(Stage.UNVERIFIED, words, plan)
    if error := running.exception():
        return Outcome(Stage.UNKNOWN, safe_text(f"{type(error).__name__}: {error}; {words}"), plan)
    report = running.result()
    return Outcome(report.stage, report.why, plan)
