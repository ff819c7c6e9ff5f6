"""Follows the pods of a probe in the cluster through their logs, and says why they send nothing."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from cockpit.kube.errors import KubeError, NotFound
from cockpit.kube.job_pods import JobPods, PodProgress, progress_of
from cockpit.kube.logs import follow_log
from cockpit.model.clock import Clock
from cockpit.model.counts import counted
from cockpit.model.plan import Request
from cockpit.model.probe_answer import Answer
from cockpit.model.refs import PODS, Ref
from cockpit.model.text import safe_text
from cockpit.model.values import dataclass
from cockpit.planning.probe_job import PROBE_LABEL, START_SECONDS
from cockpit.planning.probe_script import CONTAINER, body_limit
from cockpit.probe.from_pods import PodAnswers
from cockpit.probe.sample import SampleOrder, SampleResult
from cockpit.session.changes import first_of
from cockpit.session.facts.cluster import Cluster

log = logging.getLogger(__name__)

_LOOK_SECONDS = 0.5
# A Job's controller creates pods within this time, or says why it cannot.
_CREATE_SECONDS = 10.0
# How often a log is opened again that ended before the pod said so, such as after a lost connection.
_ATTEMPTS = 5
_SPARE_SECONDS = 30.0
NONE_STARTED = "no pod has started"

Progress = Callable[[SampleResult], None]


@dataclass(frozen=True, slots=True)
class JobWatch:
    """Who wants to know more of a Job than its result: `state` is called with how far it is, in words that change,
    `hear` with each answer and how many seconds ago a pod wrote it."""

    state: Callable[[str], None]
    hear: Callable[[Answer, float], None]


UNWATCHED = JobWatch(lambda _: None, lambda _answer, _ago: None)


class JobFollower:
    """Reads the logs of a Job's pods as they start, until all have ended or no more answers are needed.

    `request` created the Job, `uid` is the one that it got. `heard` are the pods whose log is read.
    """

    def __init__(
        self,
        cluster: Cluster,
        clock: Clock,
        request: Request,
        uid: str,
        order: SampleOrder,
        progress: Progress,
        watch: JobWatch = UNWATCHED,
    ) -> None:
        spec = request.body["spec"]
        variables = {entry["name"]: entry["value"] for entry in spec["template"]["spec"]["containers"][0]["env"]}
        self._cluster, self._clock, self._job, self._uid = cluster, clock, request.ref, uid
        self.pods: int = spec["parallelism"]
        self._deadline: float = spec["activeDeadlineSeconds"]
        limit = body_limit(order.probe_target.version_from)
        self.answers = PodAnswers(clock, order, int(variables["WORKERS"]), limit, progress, watch.hear)
        self._tell = watch.state
        self.heard: dict[str, asyncio.Task[None]] = {}
        self._done = asyncio.Event()
        self._problems: dict[str, str] = {}

    async def to_the_end(self) -> str:
        """Follow; the answer is what went wrong, "" if nothing did."""
        begun = self._clock.monotonic()
        try:
            while True:
                pods = await self._look()
                if self.answers.complete:
                    return ""
                passed = self._clock.monotonic() - begun
                if pods is not None and (over := await self._why_over(pods, passed)) is not None:
                    return over
                if passed >= self._deadline + _SPARE_SECONDS:
                    return f"{self._job} did not end in time"
                await first_of(self._done.wait(), self._clock.sleep(_LOOK_SECONDS))
                self._done.clear()
        finally:
            tasks = list(self.heard.values())
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _look(self) -> list[PodProgress] | None:
        """Begin to read the logs of pods that have started; None if the pods could not be listed."""
        sought = JobPods(self._job, self._uid, (PROBE_LABEL, self._job.name), CONTAINER)
        try:
            pods = list(await progress_of(self._cluster.api, sought))
        except KubeError as error:
            log.warning("pods of %s: %s", self._job, error)
            return None
        for pod in pods:
            if pod.started and pod.name not in self.heard:
                self.heard[pod.name] = asyncio.ensure_future(self._read(pod.name))
        self._tell(self._how_far(pods))
        return pods

    def _how_far(self, pods: list[PodProgress]) -> str:
        """How many pods have started and ended, and what keeps the others from starting."""
        over = sum(pod.over for pod in pods)
        words = f"{len(self.heard)} of {counted(self.pods, 'pod')} started" + (f", {over} ended" if over else "")
        why = self._why_not_started(pods) if len(self.heard) < self.pods else ""
        return f"{words}: {why}" if why and why != NONE_STARTED else words

    async def _read(self, pod: str) -> None:
        ref = Ref(PODS, self._job.namespace, pod)
        try:
            for _ in range(_ATTEMPTS):
                try:
                    async for batch in follow_log(self._cluster.api, ref, CONTAINER):
                        self.answers.take(pod, batch)
                        if self.answers.complete:
                            return
                except NotFound:
                    self._problems[pod] = f"pod {pod} was deleted"
                    return
                except KubeError as error:
                    self._problems[pod] = safe_text(f"pod {pod}: {error}", 300)
                if self.answers.has_ended(pod):
                    self._problems.pop(pod, None)
                    return
                await self._clock.sleep(_LOOK_SECONDS)
        finally:
            self._done.set()

    async def _why_over(self, pods: list[PodProgress], passed: float) -> str | None:
        """What went wrong if nothing more can come, "" if nothing did; None while something can come."""
        if any(not task.done() for task in self.heard.values()):
            return None
        waiting = [pod for pod in pods if not pod.started]
        if not self.heard:
            if not pods and passed >= _CREATE_SECONDS and (why := await self._why_no_pods()):
                return why
            if any(pod.hopeless for pod in waiting) or passed >= START_SECONDS:
                return self._why_not_started(waiting) or "no pod was created"
        if len(pods) >= self.pods and not waiting:
            return "; ".join(dict.fromkeys(self._of_pods(pods)))
        try:
            job = await self._cluster.api.get(self._job)
        except NotFound:
            return f"{self._job} was deleted by someone else"
        except KubeError:
            return None
        for condition in (job.get("status") or {}).get("conditions") or []:
            if condition.get("type") == "Failed" and condition.get("status") == "True":
                why = self._why_not_started(pods) or "; ".join(self._of_pods(pods))
                return safe_text(f"the Job failed: {why or condition.get('message') or condition.get('reason')}", 500)
        return None

    def _of_pods(self, pods: list[PodProgress]) -> list[str]:
        found = []
        for pod in pods:
            silent = self.answers.why_silent(pod.name)
            if silent:
                found.append(f"{silent}; choose another image with --image")
            elif not self.answers.has_ended(pod.name):
                words = self._problems.get(pod.name) or self.answers.said(pod.name) or pod.why
                found.append(safe_text(f"pod {pod.name} ended early: {words}", 400))
        return found

    def _why_not_started(self, pods: list[PodProgress]) -> str:
        for pod in sorted(pods, key=lambda pod: not pod.hopeless):
            if not pod.started and pod.why:
                return f"pod {pod.name} does not start: {pod.why}"
        return NONE_STARTED if pods and not any(pod.started for pod in pods) else ""

    async def _why_no_pods(self) -> str:
        """What the Job's controller says about pods that it cannot create, such as a quota; "" if it says nothing."""
        try:
            events = await self._cluster.api.events(self._job)
        except KubeError:
            events = []
        warned = [str(event.get("message")) for event in events if event.get("type") == "Warning"]
        return safe_text(f"no pod was created: {warned[-1]}", 500) if warned else ""
