"""The part of a session's port that samples from inside a cluster."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

from cockpit.model.plan import Refused
from cockpit.model.probe_job import InsideWish, JobShape
from cockpit.model.refs import RolloutKey
from cockpit.model.view import Outcome, Prepared
from cockpit.session.acts.conductor import tell
from cockpit.workloads.probe_targets import FoundTarget

if TYPE_CHECKING:
    import random

    from cockpit.model.clock import Clock
    from cockpit.model.rollout import Rollout
    from cockpit.probe.from_pods import JobReport
    from cockpit.probe.sample import SampleOrder, SampleResult
    from cockpit.session.acts.journal_lines import JournalLines
    from cockpit.session.acts.surroundings import Surroundings
    from cockpit.session.probing.inside import InsideProbes
    from cockpit.session.probing.jobs import ProbeJobs
    from cockpit.session.probing.probes import Probes


def inside_opener(
    session: Surroundings,
    clock: Clock,
    logbook: JournalLines,
    rng: random.Random,
    probes: Probes,
    rollout: Callable[[RolloutKey], Rollout | None],
) -> Callable[[], tuple[ProbeJobs, InsideProbes]]:
    """What makes the jobs of a session, and the probes that show what their pods see."""

    def open_inside() -> tuple[ProbeJobs, InsideProbes]:
        from cockpit.session.probing.inside import InsideProbes
        from cockpit.session.probing.jobs import ProbeJobs

        jobs = ProbeJobs(session, clock, logbook, rng)
        return jobs, InsideProbes(jobs, probes, rollout, session.touch)

    return open_inside


class InsideCalls:
    """Each answers as `port.Cockpit` says. What does it is loaded for the first one: most sessions need none of it."""

    _open_inside: Callable[[], tuple[ProbeJobs, InsideProbes]]

    @cached_property
    def _parts(self) -> tuple[ProbeJobs, InsideProbes]:
        return self._open_inside()

    @property
    def _jobs(self) -> ProbeJobs:
        return self._parts[0]

    @property
    def _inside(self) -> InsideProbes:
        return self._parts[1]

    def stop_inside(self, key: RolloutKey) -> None:
        """Stop the pods that sample this rollout, if there are any."""
        if "_parts" in vars(self):
            self._inside.stop(key)

    async def close_inside(self) -> None:
        """Delete what still runs in a cluster."""
        if "_parts" in vars(self):
            await self._jobs.close()

    async def target_inside(self, key: RolloutKey) -> FoundTarget:
        return self._jobs.target(key)

    async def prepare_job(
        self, key: RolloutKey, order: SampleOrder, shape: JobShape, workers: int | None = None
    ) -> Prepared | Refused:
        return await self._jobs.prepare(key, order, shape, workers)

    async def run_job(self, prepared: Prepared, progress: Callable[[SampleResult], None]) -> JobReport:
        return await self._jobs.run(prepared, progress)

    async def prepare_inside(self, key: RolloutKey, wish: InsideWish) -> Prepared | Refused:
        return await self._inside.prepare(key, wish)

    async def probe_inside(self, prepared: Prepared, report: Callable[[Outcome], None]) -> Outcome:
        return await self._inside.run(prepared, lambda outcome: tell(report, outcome))
