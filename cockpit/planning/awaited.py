"""What the controllers of a rollout's workloads have not done yet: one rule for every system and router. Pure.

A controller that does not run leaves two traces: a spec that is newer than what its status has seen, and a status that
counts other pods than there are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from cockpit.model.awaited import Awaited
from cockpit.model.lookup import Objects
from cockpit.model.objects import DaemonSet, Obj, Workload
from cockpit.model.refs import PODS, Ref
from cockpit.model.rollout import Rollout
from cockpit.planning.writers import unseen_since
from cockpit.workloads.owners import controller_of, pods_of, ref_of

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
        str(ref_of(workload)),
        controller_name(workload),
        CHANGE,
        ("generation", str(generation)),
        unseen_since(workload),
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
    for workload in _with_pods(rollout, workloads):
        pods = pods_of(workload, objects)
        ready = sum([pod.ready for pod in pods])
        leaving = sum([pod.metadata.deletion_timestamp is not None for pod in pods])
        reported = workload.status.ready_replicas
        # A DaemonSet reports one pod for each node that should run one: no second one while one surges, and none on
        # nodes that were tainted later.
        least = 0 if isinstance(workload, DaemonSet) else ready
        # Some controllers count a pod that leaves as long as it is ready.
        if not least <= reported <= ready + leaving:
            undone = f"counted its ready pods anew ({reported} in its status, {ready} there)"
            yield Awaited(str(ref_of(workload)), controller_name(workload), undone, ("ready", str(reported)))


def _with_pods(rollout: Rollout, workloads: Mapping[str, Workload]) -> Iterator[Workload]:
    """The workloads that are versions, and the Deployments of ReplicaSets that are.

    A version can have pods of another workload besides, so that its own are no count.
    """
    by_ref = {ref_of(workload): workload for workload in workloads.values()}
    found: dict[str, Workload] = {}
    for version in rollout.own_versions:
        workload = by_ref.get(version.workload) if version.workload else None
        owner = controller_of(workload.metadata) if workload else None
        for uid in (workload.metadata.uid if workload else "", owner.uid if owner else ""):
            if uid in workloads:
                found[uid] = workloads[uid]
    yield from found.values()
