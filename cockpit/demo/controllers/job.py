"""Jobs: pods that run to their end, up to a number of completions, failures or seconds.

Source: kubernetes, pkg/controller/job/job_controller.go and pkg/controller/ttlafterfinished. Left out are indexed
completions, policies for failed pods and the finalizer that each pod of a Job carries.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from cockpit.demo.controllers.podstate import is_active, is_ready, parse_time
from cockpit.demo.controllers.replicaset import owners_of_pod, pod_from
from cockpit.demo.controllers.runtime import Controller, Key
from cockpit.demo.controllers.world import World
from cockpit.demo.errors import ApiError
from cockpit.demo.schemas.kinds import PODS
from cockpit.demo.schemas.objects import Object
from cockpit.demo.schemas.storedkinds import JOBS
from cockpit.demo.store.history import Event
from cockpit.demo.store.storage import key_of

COMPONENT = "job-controller"
# A failed pod is replaced after 10 s, then after twice as long each time (DefaultJobPodFailureBackOff).
FIRST_BACKOFF, LONGEST_BACKOFF = 10.0, 600.0
DEADLINE = ("DeadlineExceeded", "Job was active longer than specified deadline")
BACKOFF = ("BackoffLimitExceeded", "Job has reached the specified backoff limit")
REACHED = ("CompletionsReached", "Reached expected number of succeeded pods")
# What decides the end is noted first; the end itself once no pod runs any more.
TARGETS = {"Failed": "FailureTarget", "Complete": "SuccessCriteriaMet"}


@dataclass(frozen=True)
class Pods:
    """The pods of a Job by how far they are."""

    active: tuple[Object, ...]
    ending: tuple[Object, ...]
    succeeded: int
    failed: tuple[Object, ...]


def touches(world: World, event: Event) -> Iterator[Key]:
    """The Job itself, and the owner of a changed pod."""
    if event.kind is JOBS:
        yield key_of(JOBS, event.obj)
    elif event.kind is PODS:
        yield from owners_of_pod(world, event, JOBS.kind)


def reconcile(world: World, key: Key) -> float | None:
    """Pods where they are missing, the end when it is reached, and the status."""
    job = world.storage.peek(JOBS, *key)
    if job is None or job["metadata"].get("deletionTimestamp"):
        return None
    if is_over(job):
        return _expire(world, job)
    pods = _pods(world, job)
    end = _end(world, job, pods)
    again = None
    if end or job["spec"].get("suspend"):
        _stop(world, pods)
    else:
        again = _fill(world, job, pods)
    _tell_status(world, job, end)
    return again


def is_over(job: Object) -> bool:
    """Whether the Job is complete or has failed."""
    return any(
        entry.get("type") in TARGETS and entry.get("status") == "True"
        for entry in (job.get("status") or {}).get("conditions") or []
    )


def _pods(world: World, job: Object) -> Pods:
    pods = world.pods.under(("owner", job["metadata"]["uid"]))
    phases = [(pod, (pod.get("status") or {}).get("phase")) for pod in pods]
    return Pods(
        active=tuple(pod for pod in pods if is_active(pod)),
        ending=tuple(
            pod
            for pod, phase in phases
            if pod["metadata"].get("deletionTimestamp") and phase not in ("Succeeded", "Failed")
        ),
        succeeded=sum(phase == "Succeeded" for _, phase in phases),
        failed=tuple(pod for pod, phase in phases if phase == "Failed"),
    )


def _end(world: World, job: Object, pods: Pods) -> tuple[str, str, str] | None:
    """Condition, reason and message of the end that is reached; None while the Job goes on."""
    spec = job["spec"]
    for type_, target in TARGETS.items():
        known = _condition(job, target)
        if known:
            return type_, known["reason"], known["message"]
    if len(pods.failed) > spec.get("backoffLimit", 6):
        return ("Failed", *BACKOFF)
    if _deadline(world, job) == 0:
        return ("Failed", *DEADLINE)
    wanted = spec.get("completions")
    done = pods.succeeded >= wanted if wanted is not None else pods.succeeded > 0 and not pods.active
    return ("Complete", *REACHED) if done else None


def _deadline(world: World, job: Object) -> float | None:
    """Seconds until the Job's deadline, 0 once it has passed; None without one."""
    limit, begun = job["spec"].get("activeDeadlineSeconds"), (job.get("status") or {}).get("startTime")
    if limit is None or job["spec"].get("suspend"):
        return None
    since = parse_time(begun) if begun else world.clock.now()
    return max(0.0, since + float(limit) - world.clock.now())


def _stop(world: World, pods: Pods) -> None:
    for pod in pods.active:
        world.storage.delete(PODS, *key_of(PODS, pod))


def _fill(world: World, job: Object, pods: Pods) -> float | None:
    """Create missing pods; the answer is when to look again."""
    spec = job["spec"]
    wanted, parallel = spec.get("completions"), spec.get("parallelism", 1)
    if wanted is not None:
        parallel = min(parallel, max(wanted - pods.succeeded, 0))
    elif pods.succeeded:
        parallel = 0
    missing = parallel - len(pods.active) - len(pods.ending)
    waits = [left for left in (_deadline(world, job),) if left is not None]
    if missing > 0 and (pause := _backoff(world, pods)):
        return min([pause, *waits])
    for _ in range(missing):
        try:
            name = world.storage.create(PODS, pod_from(job, JOBS))["metadata"]["name"]
        except ApiError as error:
            world.tell(JOBS, job, "FailedCreate", f"Error creating: {error.message}", COMPONENT, "Warning")
            return min([5.0, *waits])
        world.tell(JOBS, job, "SuccessfulCreate", f"Created pod: {name}", COMPONENT, "Normal")
    for pod in pods.active[: max(0, -missing)]:
        world.storage.delete(PODS, *key_of(PODS, pod))
    return min(waits, default=None)


def _backoff(world: World, pods: Pods) -> float:
    """Seconds until a failed pod may be replaced."""
    if not pods.failed:
        return 0.0
    last = max(_finished(pod) for pod in pods.failed)
    pause: float = min(FIRST_BACKOFF * 2.0 ** min(len(pods.failed) - 1, 9), LONGEST_BACKOFF)
    return max(0.0, last + pause - world.clock.now())


def _finished(pod: Object) -> float:
    states = [(entry.get("state") or {}) for entry in (pod.get("status") or {}).get("containerStatuses") or []]
    return max((parse_time((state.get("terminated") or {}).get("finishedAt")) for state in states), default=0.0)


def _expire(world: World, job: Object) -> float | None:
    """Delete a finished Job once its time to live has passed."""
    limit = job["spec"].get("ttlSecondsAfterFinished")
    if limit is None:
        return None
    since = max(
        parse_time(entry.get("lastTransitionTime"))
        for entry in job["status"]["conditions"]
        if entry.get("type") in TARGETS
    )
    left = since + float(limit) - world.clock.now()
    if left > 0:
        return left
    world.storage.delete(JOBS, *key_of(JOBS, job), propagation="Foreground")
    return None


def _tell_status(world: World, job: Object, end: tuple[str, str, str] | None) -> None:
    stored = world.storage.peek(JOBS, *key_of(JOBS, job))
    if stored is None:
        return
    pods, before, now = _pods(world, job), stored.get("status") or {}, world.clock.timestamp()
    status: dict[str, Any] = {
        "active": len(pods.active),
        "ready": sum(is_ready(pod) for pod in pods.active),
        "succeeded": pods.succeeded,
        "failed": len(pods.failed),
        "terminating": len(pods.ending),
    }
    status = {field: count for field, count in status.items() if count or field in ("ready", "terminating")}
    conditions = list(before.get("conditions") or [])
    if stored["spec"].get("suspend"):
        conditions = _with(conditions, ("Suspended", "JobSuspended", "Job suspended"), now)
    else:
        status["startTime"] = before.get("startTime") or now
    if end:
        conditions = _with(conditions, (TARGETS[end[0]], *end[1:]), now)
        if not pods.active and not pods.ending:
            conditions = _with(conditions, end, now)
            kind = "Normal" if end[0] == "Complete" else "Warning"
            message = "Job completed" if end[0] == "Complete" else end[2]
            reason = "Completed" if end[0] == "Complete" else end[1]
            world.tell(JOBS, stored, reason, message, COMPONENT, "Normal" if kind == "Normal" else "Warning")
            if end[0] == "Complete":
                status["completionTime"] = now
    if conditions:
        status["conditions"] = conditions
    if status != before:
        world.write_status(JOBS, stored, status)


def _with(conditions: list[dict[str, Any]], wish: tuple[str, str, str], now: str) -> list[dict[str, Any]]:
    type_, reason, message = wish
    if any(entry.get("type") == type_ and entry.get("status") == "True" for entry in conditions):
        return conditions
    entry = {"type": type_, "status": "True", "reason": reason, "message": message}
    return [*conditions, {**entry, "lastProbeTime": now, "lastTransitionTime": now}]


def _condition(job: Object, type_: str) -> dict[str, Any] | None:
    found = (job.get("status") or {}).get("conditions") or []
    return next((entry for entry in found if entry.get("type") == type_ and entry.get("status") == "True"), None)


CONTROLLER = Controller("job", touches, reconcile)
