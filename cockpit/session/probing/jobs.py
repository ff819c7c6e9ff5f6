"""Probes in the cluster: prepares the Job, creates it, reads what its pods write, and deletes it, whatever happens."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import random
from dataclasses import replace
from typing import Any

from cockpit.kube.errors import KubeError, NotFound, UnknownOutcome
from cockpit.model.clock import Clock
from cockpit.model.counts import counted
from cockpit.model.plan import Act, Plan, Refused, Request, Verb
from cockpit.model.probe_job import JobShape
from cockpit.model.reasons import READ_ONLY
from cockpit.model.refs import JOBS, PODS, Ref, RolloutKey
from cockpit.model.values import dataclass
from cockpit.model.view import Prepared, Stage
from cockpit.planning.probe_job import TTL_SECONDS, ProbeLoad, probe_job_plan
from cockpit.planning.probe_job_rights import NEEDED_RIGHTS
from cockpit.probe.from_pods import JobReport
from cockpit.probe.sample import SampleOrder
from cockpit.routers.inside_target import inside_target
from cockpit.session.acts.dry_run import try_out
from cockpit.session.acts.journal_lines import JournalLines
from cockpit.session.acts.surroundings import Surroundings
from cockpit.session.facts.cluster import Cluster
from cockpit.session.probing.job_follower import UNWATCHED, JobFollower, JobWatch, Progress
from cockpit.workloads.probe_targets import FoundTarget

# A count without a time ends after as many times the seconds that it should take.
_SLOWNESS = 3
_SPARE_SECONDS = 30.0
_MOST_PREPARED = 8
# A creation without an answer may still be carried out; the Job is looked for this long, in seconds.
_LATE_SECONDS, _LOOK_SECONDS = 5.0, 0.5


@dataclass(frozen=True, slots=True)
class _Order:
    prepared: Prepared
    order: SampleOrder


class ProbeJobs:
    """The probes of a session that run in its clusters."""

    def __init__(self, surroundings: Surroundings, clock: Clock, logbook: JournalLines, rng: random.Random) -> None:
        self._surroundings = surroundings
        self._clock = clock
        self._logbook = logbook
        self._rng = rng
        self._orders: dict[int, _Order] = {}
        self._under_way: set[asyncio.Task[object]] = set()

    def target(self, key: RolloutKey) -> FoundTarget:
        """Where pods of the cluster send a rollout's requests."""
        cluster = self._surroundings.cluster(key.context)
        rollout = cluster.rollout(key) if cluster else None
        if cluster is None or rollout is None:
            return FoundTarget(missing=f"no rollout {key} ({key.system}): it may have been deleted; refresh the list")
        return inside_target(rollout, cluster.objects(rollout))

    async def prepare(
        self, key: RolloutKey, order: SampleOrder, shape: JobShape, workers: int | None = None
    ) -> Prepared | Refused:
        """The plan of the Job, with what the API server says of it."""
        cluster = self._surroundings.cluster(key.context)
        rollout = cluster.rollout(key) if cluster else None
        if cluster is None or rollout is None:
            return Refused(Act.PROBE, key, f"no rollout {key} ({key.system}): it may have been deleted")
        token = f"{self._rng.getrandbits(128):032x}"
        plan = probe_job_plan(rollout, _load(order), shape, cluster.objects(rollout), token, workers)
        if isinstance(plan, Refused):
            return plan
        try:
            trial = await try_out(cluster, plan, {})
            missing = await _missing_rights(cluster, plan)
        except KubeError as error:
            return Refused(Act.PROBE, key, f"{plan.title}: {error}")
        blocked = READ_ONLY if cluster.sender.read_only else "; ".join(dict.fromkeys([trial.blocked, *missing]))
        prepared = Prepared(
            plan,
            (*trial.checks, _needs(plan), *missing),
            blocked.strip("; "),
            production=cluster.production,
            diff=trial.diff,
        )
        self._orders[id(prepared)] = _Order(prepared, order)
        while len(self._orders) > _MOST_PREPARED:
            del self._orders[next(iter(self._orders))]
        return prepared

    async def run(self, prepared: Prepared, progress: Progress, watch: JobWatch = UNWATCHED) -> JobReport:
        """Create the Job, follow it to its end, and delete it; also when it is cancelled."""
        known = self._orders.pop(id(prepared), None)
        cluster = self._surroundings.cluster(prepared.plan.rollout.context)
        if known is None or cluster is None:
            return JobReport(Stage.REFUSED, "nothing was sent: this plan was already sent; prepare it again")
        if prepared.blocked:
            return JobReport(Stage.REFUSED, f"nothing was sent: {prepared.blocked}")
        task = asyncio.current_task()
        if task:
            self._under_way.add(task)
        try:
            return await self._carry_out(cluster, prepared.plan, known.order, progress, watch)
        finally:
            if task:
                self._under_way.discard(task)

    async def close(self) -> None:
        """End the probes that run, and wait until their Jobs are deleted."""
        under_way = self._under_way - {asyncio.current_task()}
        for task in under_way:
            task.cancel()
        if under_way:
            await asyncio.wait(under_way)

    async def _carry_out(
        self, cluster: Cluster, plan: Plan, order: SampleOrder, progress: Progress, watch: JobWatch
    ) -> JobReport:
        act_id, who = self._logbook.new_id(), f"{cluster.api.user}@{cluster.context}"

        async def note(stage: Stage, why: str) -> None:
            await self._logbook.note(act_id, who, plan, stage, why)
            self._surroundings.touch()

        async def note_and_tell(stage: Stage, words: str) -> None:
            watch.state(words)
            await note(stage, words)

        await note_and_tell(Stage.SENDING, plan.title)
        (request,) = plan.requests
        creation = asyncio.ensure_future(cluster.sender.send(request))
        try:
            made = await asyncio.shield(creation)
        except asyncio.CancelledError:
            await _undisturbed(creation)  # only then it is known whether there is a Job to delete
            failure = creation.exception()
            if failure is not None and not isinstance(failure, UnknownOutcome):
                words = f"ended while the Job was being created; nothing was created: {failure}"
                await note_and_tell(Stage.REFUSED, words)
                raise
            left = await self._removed(cluster, request, None)
            await note_and_tell(Stage.UNVERIFIED, f"ended while the Job was being created; {left or 'it was deleted'}")
            raise
        except UnknownOutcome as error:
            left = await self._removed(cluster, request, None)
            why = f"{error}; {left or 'the Job was deleted'}"
            await note(Stage.UNKNOWN, why)
            return JobReport(Stage.UNKNOWN, why, left=left)
        except KubeError as error:
            await note(Stage.REFUSED, str(error))
            return JobReport(Stage.REFUSED, f"nothing was created: {error}")
        uid = str((made.get("metadata") or {}).get("uid") or "")
        following = JobFollower(cluster, self._clock, request, uid, order, progress, watch)
        left = ""
        try:
            why = await following.to_the_end()
        except BaseException:
            left = await self._removed(cluster, request, uid)
            await note_and_tell(Stage.UNVERIFIED, f"stopped; {left or 'the Job was deleted'}")
            raise
        left = await self._removed(cluster, request, uid)
        result = following.answers.result()
        answered = f"{counted(result.samples, 'answer')} from {len(following.heard)} of {following.pods} pods"
        stage = Stage.VERIFIED if result.samples and not why else Stage.UNVERIFIED
        words = "; ".join(text for text in (answered, why, left or "the Job was deleted") if text)
        await note(stage, words)
        if why and result.samples:
            result = replace(result, message="; ".join(text for text in (result.message, why) if text))
        return JobReport(stage, words, result if result.samples else None, left)

    async def _removed(self, cluster: Cluster, creation: Request, uid: str | None) -> str:
        """Delete the Job with its pods, even if the caller is cancelled; what to know if that failed, else "".

        `creation` is the request that creates it, and `uid` what it got; None if it is not known to exist.
        """
        removal = asyncio.ensure_future(_remove(cluster, creation, uid, self._clock))
        await _undisturbed(removal)
        return removal.result()


async def _undisturbed(task: asyncio.Future[Any]) -> None:
    """Wait until a task has ended, even if the caller is cancelled meanwhile."""
    while not task.done():
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.wait([task])


async def _remove(cluster: Cluster, creation: Request, uid: str | None, clock: Clock) -> str:
    body: dict[str, object] = {"propagationPolicy": "Background"}
    if uid:
        body["preconditions"] = {"uid": uid}
    job = f"{creation.ref} in {cluster.context}"
    by_itself = (
        f"it ends within {creation.body['spec']['activeDeadlineSeconds']} s"
        f" and is deleted by itself {TTL_SECONDS} s later"
    )
    begun = clock.monotonic()
    for attempt in itertools.count(1):
        missing = False
        try:
            await cluster.sender.send(Request(Verb.DELETE, creation.ref, body))
            return ""
        except NotFound:
            if uid is not None:
                return ""
            missing = True
        except UnknownOutcome:
            pass
        except KubeError as error:
            return f"{job} was not deleted ({error}); {by_itself}"
        if attempt > 1 and (not missing or clock.monotonic() - begun >= _LATE_SECONDS):
            break
        if missing:
            await clock.sleep(_LOOK_SECONDS)
    if missing:
        return f"{job} was not found, but may still be created; then {by_itself}"
    return f"{job} may not have been deleted; {by_itself}"


async def _missing_rights(cluster: Cluster, plan: Plan) -> list[str]:
    job = plan.requests[0].ref
    pods = Ref(PODS, job.namespace, "")
    asked = [(needed, *needed.resource.partition("/")) for needed in NEEDED_RIGHTS]
    answers = [
        await cluster.api.allowed(needed.verb, job if plural == JOBS.plural else pods, subresource or None)
        for needed, plural, _, subresource in asked
    ]
    return [answer for answer in answers if answer]


def _needs(plan: Plan) -> str:
    return f"needs in namespace {plan.rollout.namespace}: create and delete jobs, list pods, read their logs"


def _load(order: SampleOrder) -> ProbeLoad:
    if order.duration is not None:
        seconds = order.duration
    elif order.count is not None:
        seconds = order.count / order.rate * _SLOWNESS + _SPARE_SECONDS
    else:
        seconds = order.patience
    return ProbeLoad(order.probe_target, order.headers, order.rate, order.count, seconds, order.timeout)
