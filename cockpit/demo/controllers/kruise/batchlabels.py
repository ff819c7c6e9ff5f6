"""The labels that say to which release and batch a new pod belongs (pkg/controller/batchrelease/labelpatch)."""

from __future__ import annotations

from cockpit.demo.controllers.kruise import batchplan, names
from cockpit.demo.controllers.kruise.controls import Info, current_batch
from cockpit.demo.controllers.kruise.writes import patch
from cockpit.demo.controllers.world import World
from cockpit.demo.errors import NotFound
from cockpit.demo.schemas.kinds import PODS
from cockpit.demo.schemas.objects import Object


def labelled(world: World, batch: Object, info: Info) -> None:
    """Label new pods that have no batch yet, the last batch first; every pod of a Deployment gets its revision."""
    name = batch["spec"]["releasePlan"].get("rolloutID")
    if not name:
        return
    room = batchplan.increments(batch, info.replicas, current_batch(batch))
    fresh: list[Object] = []
    for pod in info.pods:
        if pod["metadata"].get("deletionTimestamp"):
            continue
        labels = pod["metadata"].get("labels") or {}
        if names.REVISION_HASH not in labels:
            label_pods(world, [pod], {names.REVISION_HASH: pod["revision"]})
        if pod["revision"] != info.newest or labels.get(names.NO_NEED_UPDATE) == name:
            continue
        number = labels.get(names.BATCH_ID, "")
        if labels.get(names.ROLLOUT_ID) == name and number.isdecimal() and 0 < int(number) <= len(room):
            room[int(number) - 1] -= 1
        else:
            fresh.append(pod)
    for number in range(len(room) - 1, -1, -1):
        for _ in range(room[number]):
            if fresh:
                label_pods(world, [fresh.pop()], {names.ROLLOUT_ID: name, names.BATCH_ID: str(number + 1)})


def label_pods(world: World, pods: list[Object], labels: dict[str, str]) -> None:
    """Add labels to pods; one that is gone is passed over."""
    for pod in pods:
        try:
            patch(world, PODS, pod, {"metadata": {"labels": labels}})
        except NotFound:
            continue
