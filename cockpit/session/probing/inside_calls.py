"""The part of a session's port that samples from inside a cluster."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from cockpit.model.plan import Refused
from cockpit.model.probe_job import InsideWish, JobShape
from cockpit.model.refs import RolloutKey
from cockpit.model.view import Outcome, Prepared
from cockpit.session.acts.conductor import tell
from cockpit.session.probing.inside import InsideProbes
from cockpit.session.probing.jobs import ProbeJobs
from cockpit.workloads.probe_targets import FoundTarget

if TYPE_CHECKING:
    from cockpit.probe.from_pods import JobReport
    from cockpit.probe.sample import SampleOrder, SampleResult


class InsideCalls:
    """Each answers as `port.Cockpit` says; a session has the jobs and the probes that do it."""

    _jobs: ProbeJobs
    _inside: InsideProbes

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
