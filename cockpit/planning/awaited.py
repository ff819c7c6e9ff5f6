"""What the controllers of a rollout's workloads have not done yet: one rule for every system and router. Pure.

A controller that does not run leaves two traces: a spec that is newer than what its status has seen, and a status that
counts other pods than there are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from cockpit.model.awaited import Awaited
from cockpit.model.lookup import Objects
from cockpit.model.objects import Obj, Workload
from cockpit.model.refs import PODS, Ref
from cockpit.model.rollout import PodCell, PodState, Rollout
from cockpit.planning.writers import last_write
from cockpit.workloads.owners import controller_of, ref_of

CHANGE = "picked up the last change"


def with_awaited(rollout: Rollout, objects: Objects) -> Rollout:
    """The rollout with what the controllers of its workloads have to do, after what its own controller has to."""
    workloads = _workloads(rollout, objects)
    known = {awaited.what for awaited in rollout.awaited}
    found = (
        *(one for each in workloads.values() if (one := unseen_change(each)) and one.what not in known),
        *_counts(rollout, workloads, objects),
    )
    return replace(rollout, awaited=(*rollout.awaited, *found)) if found else rollout


def unseen_change(workload: Workload) -> Awaited | None:
    """The last change of a workload, if its controller's status is about an earlier one."""
    seen, generation = workload.status.observed_generation, workload.metadata.generation
    if seen >= generation:
        return None
    return Awaited(
        str(ref_of(workload)), controller_name(workload), CHANGE, ("generation", str(generation)), last_write(workload)
    )


def controller_name(workload: Workload) -> str:
    """Which program looks after a workload of this kind."""
    return "kube-controller-manager" if ref_of(workload).resource.group == "apps" else "the Kruise controller"


def _workloads(rollout: Rollout, objects: Objects) -> Mapping[str, Workload]:
    """The workloads among a rollout's objects, by uid."""
    refs = dict.fromkeys((*rollout.objects, *(version.workload for version in rollout.versions)))
    found: Iterator[Obj | None] = (_get(ref, objects) for ref in refs if ref is not None)
    return {each.metadata.uid: each for each in found if isinstance(each, Workload)}


def _get(ref: Ref, objects: Objects) -> Obj | None:
    return objects.get(ref.resource, ref.namespace, ref.name)


def _counts(rollout: Rollout, workloads: Mapping[str, Workload], objects: Objects) -> Iterator[Awaited]:
    """Workloads whose status reports other pods as ready than are."""
    if not objects.known(PODS) or objects.unread(PODS):
        return
    pods = _pods_by_owner(rollout, workloads)
    for uid, workload in workloads.items():
        ready = sum(pod.state is PodState.READY for pod in pods.get(uid, {}).values())
        leaving = sum(pod.state is PodState.LEAVING for pod in pods.get(uid, {}).values())
        reported = workload.status.ready_replicas
        # Some controllers count a pod that leaves as long as it is ready.
        if uid in pods and not ready <= reported <= ready + leaving:
            undone = f"counted its ready pods anew ({reported} in its status, {ready} there)"
            yield Awaited(str(ref_of(workload)), controller_name(workload), undone, ("ready", str(reported)))


def _pods_by_owner(rollout: Rollout, workloads: Mapping[str, Workload]) -> dict[str, dict[str, PodCell]]:
    """The pods of each workload, also of a Deployment of which the ReplicaSets are versions; all by uid."""
    by_ref = {ref_of(workload): workload for workload in workloads.values()}
    found: dict[str, dict[str, PodCell]] = {}
    for version in rollout.own_versions:
        workload = by_ref.get(version.workload) if version.workload else None
        owner = controller_of(workload.metadata) if workload else None
        for each in (workload.metadata if workload else None, owner):
            if each is not None:
                found.setdefault(each.uid, {}).update((pod.uid, pod) for pod in version.pods)
    return found
