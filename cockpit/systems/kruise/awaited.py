"""What only the Kruise Rollouts controller can do next."""

from __future__ import annotations

from collections.abc import Iterator

from cockpit.model.awaited import Awaited
from cockpit.model.fields import whole
from cockpit.model.rollout import PodState
from cockpit.planning.awaited import CHANGE
from cockpit.planning.writers import last_write, unseen_since
from cockpit.systems.kruise import status
from cockpit.systems.kruise.findings import never_reached
from cockpit.systems.kruise.state import STARTED, KruiseState
from cockpit.systems.kruise.status import until

CONTROLLER = "the Kruise Rollouts controller"
# States of a step in which it waits for nobody else.
_OWN = {
    status.BEFORE_UPGRADE: "begun the step",
    status.TRAFFIC: "routed the traffic of the step",
    status.ANALYSIS: "gone on with the step",
    status.READY: "gone on after the last approval",
}


def awaited_of(release: KruiseState) -> tuple[Awaited, ...]:
    """The first of what it has to do; the later ones follow from it."""
    return (*_unseen(release), *_taken_up(release), *_steps(release), *_ends(release))[:1]


def _unseen(release: KruiseState) -> Iterator[Awaited]:
    meta = release.rollout.metadata
    seen = whole(release.rollout.status, "observedGeneration") or 0
    if seen < meta.generation:
        undone, since = (CHANGE, unseen_since(release.rollout)) if seen else ("seen it", meta.creation_timestamp)
        yield _by(release, undone, ("generation", str(meta.generation)), since)


def _taken_up(release: KruiseState) -> Iterator[Awaited]:
    """A template of the workload that it does not release yet, or has not turned round for."""
    workload, progress = release.subject.workload, release.progress
    if workload is None or release.paused or release.plan.disabled or progress.leaving:
        return
    template = ("template", release.subject.present.hash if release.subject.present else "")
    if progress.phase == "Healthy" and STARTED in (workload.metadata.annotations or {}):
        yield _by(release, "begun the release", template, last_write(workload))
    elif release.wanted and not release.refused:
        yield _by(release, f"taken up {release.name(release.wanted)}", template, last_write(workload))
    elif release.reverted and progress.stepping:
        yield _by(release, f"begun to go back to {release.stable_name}", template, last_write(workload))


def _steps(release: KruiseState) -> Iterator[Awaited]:
    progress, step = release.progress, release.step
    if release.paused or progress.leaving or release.refused:
        return
    if progress.starting:
        yield _by(release, "begun the release", ("start",), progress.updated_at)
    if step is None:
        return
    place, approved = (str(step.index), progress.state), progress.state == status.READY
    if progress.state == status.UPGRADE and not never_reached(release, step):
        new, target = release.subject.version(release.new), step.target(release.subject.desired)
        reached = new is not None and target is not None and new.ready >= target
        if reached or _settled(release):
            yield _by(release, f"gone on with the pods of step {step.index}", place)
    elif progress.state in _OWN:
        # An approval leaves the time of the pause as it is.
        yield _by(release, _OWN[progress.state], place, None if approved else progress.updated_at)
    elif end := until(progress, step, release.plan):
        yield _by(release, "gone on after the end of the pause", (*place, end), end)


def _ends(release: KruiseState) -> Iterator[Awaited]:
    """A release that ends or goes back while no pod is on its way."""
    progress = release.progress
    if (progress.finishing or progress.cancelling) and _settled(release):
        undone = "finished the release" if progress.finishing else "gone back"
        yield _by(release, undone, (progress.reason,))


def _settled(release: KruiseState) -> bool:
    """Whether its pods wait for nothing: they are all ready, and none of them leaves."""
    pods = [pod for version in release.subject.versions for pod in version.pods]
    return bool(pods) and all(pod.state is PodState.READY for pod in pods)


def _by(release: KruiseState, undone: str, token: tuple[str, ...], since: str | None = None) -> Awaited:
    return Awaited(str(release.ref), CONTROLLER, undone, token, since or None)
