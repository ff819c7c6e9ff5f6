"""Experiments of the embedded cluster: versions side by side for a while (experiments/{controller,experiment}.go).

`demo.cockpit/result` on an AnalysisTemplate that an experiment names says how it ends.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cockpit.demo.controllers import owners
from cockpit.demo.controllers.argo.analysis import COUNTED, RESULT
from cockpit.demo.controllers.argo.conditions import COMPLETED
from cockpit.demo.controllers.argo.context import HASH, MANAGER
from cockpit.demo.controllers.argo.counts import available
from cockpit.demo.controllers.argo.durations import seconds_of
from cockpit.demo.controllers.argo.templates import template_of
from cockpit.demo.controllers.podstate import parse_time
from cockpit.demo.controllers.replicaset import owners_of_pod, wanted
from cockpit.demo.controllers.runtime import Controller, Key
from cockpit.demo.controllers.template_hash import template_hash
from cockpit.demo.controllers.world import World
from cockpit.demo.schemas.customkinds import EXPERIMENTS
from cockpit.demo.schemas.kinds import REPLICASETS, SERVICES
from cockpit.demo.schemas.objects import Object, copied
from cockpit.demo.store.history import Event
from cockpit.demo.store.storage import key_of

NAME, TEMPLATE = "experiment.argoproj.io/name", "experiment.argoproj.io/template-name"


def touches(world: World, event: Event) -> Iterator[Key]:
    """The experiment itself, and the owner of a ReplicaSet."""
    if event.kind is EXPERIMENTS and event.type != "DELETED":
        yield key_of(EXPERIMENTS, event.obj)
    elif event.kind is REPLICASETS:
        yield from owners_of_pod(world, event, EXPERIMENTS.kind)


def reconcile(world: World, key: Key) -> float | None:
    """Bring up a ReplicaSet per template, wait, judge, and take them down."""
    experiment = world.storage.peek(EXPERIMENTS, *key)
    if experiment is None:
        return None
    before, spec = experiment.get("status") or {}, experiment.get("spec") or {}
    if before.get("phase") in COMPLETED:
        for template in spec.get("templates") or []:
            _scaled(world, experiment, template, 0)
        return None
    sets = [_scaled(world, experiment, template, int(template["replicas"])) for template in spec["templates"]]
    up = all(available(rs) == wanted(rs) for rs in sets)
    status: dict[str, Any] = {"phase": "Pending", **before, "templateStatuses": [_told(world, rs) for rs in sets]}
    if up and "availableAt" not in status:
        status |= {"phase": "Running", "availableAt": world.clock.timestamp()}
    left = _left(spec, status, world.clock.now())
    if spec.get("terminate"):
        status |= {"phase": "Successful", "message": "Experiment terminated"}
    elif left is not None and left <= 0:
        status["phase"] = _result(world, key[0], spec)
    if status != before:
        world.storage.update(EXPERIMENTS, {**experiment, "status": status})
    return left if left and status["phase"] not in COMPLETED else None


def _left(spec: dict[str, Any], status: dict[str, Any], now: float) -> float | None:
    """Seconds until the experiment's time is up; None while it has not begun, or without an end."""
    length = seconds_of(spec.get("duration"))
    if "availableAt" not in status or (length < 0 and not spec.get("analyses")):
        return None
    return parse_time(status["availableAt"]) + max(length, 1) - now


def _result(world: World, namespace: str, spec: dict[str, Any]) -> str:
    for reference in spec.get("analyses") or []:
        template = template_of(world, namespace, reference)
        wish = ((template or {"metadata": {}})["metadata"].get("annotations") or {}).get(RESULT)
        if wish in COUNTED and wish != "Successful":
            return str(wish)
    return "Successful"


def _scaled(world: World, experiment: Object, template: dict[str, Any], size: int) -> Object:
    """The ReplicaSet of a template, with so many pods."""
    storage, meta = world.storage, experiment["metadata"]
    name = f"{meta['name']}-{template['name']}"
    stored = storage.peek(REPLICASETS, meta["namespace"], name)
    if stored is not None:
        if wanted(stored) == size:
            return stored
        return storage.update(REPLICASETS, {**stored, "spec": {**stored["spec"], "replicas": size}}, manager=MANAGER)
    pod: dict[str, Any] = copied(template["template"])
    digest = template_hash({"template": pod, "of": name})
    pod["metadata"]["labels"][HASH] = digest
    selector = copied(template["selector"])
    selector.setdefault("matchLabels", {})[HASH] = digest
    made = storage.create(
        REPLICASETS,
        {
            "metadata": {
                "name": name,
                "namespace": meta["namespace"],
                "labels": dict(pod["metadata"]["labels"]),
                "annotations": {NAME: meta["name"], TEMPLATE: template["name"]},
                "ownerReferences": [owners.reference_to(experiment, EXPERIMENTS)],
            },
            "spec": {"replicas": size, "selector": selector, "template": pod},
        },
        manager=MANAGER,
    )
    if "service" in template:
        _serve(world, experiment, made, str((template["service"] or {}).get("name") or name))
    return made


def _serve(world: World, experiment: Object, rs: Object, name: str) -> None:
    """A Service for one template, with the ports of its pods."""
    containers = rs["spec"]["template"]["spec"]["containers"]
    ports = [port["containerPort"] for entry in containers for port in entry.get("ports") or []]
    if not ports or world.storage.peek(SERVICES, rs["metadata"]["namespace"], name) is not None:
        return
    world.storage.create(
        SERVICES,
        {
            "metadata": {
                "name": name,
                "namespace": rs["metadata"]["namespace"],
                "annotations": {NAME: experiment["metadata"]["name"]},
                "ownerReferences": [owners.reference_to(experiment, EXPERIMENTS)],
            },
            "spec": {
                "selector": dict(rs["spec"]["selector"].get("matchLabels") or {}),
                "ports": [{"name": f"port-{port}", "port": port, "targetPort": port} for port in dict.fromkeys(ports)],
            },
        },
        manager=MANAGER,
    )


def _told(world: World, rs: Object) -> dict[str, Any]:
    counts = rs.get("status") or {}
    ready = available(rs) == wanted(rs)
    told: dict[str, Any] = {
        "name": rs["metadata"]["annotations"][TEMPLATE],
        "replicas": counts.get("replicas", 0),
        "readyReplicas": counts.get("readyReplicas", 0),
        "availableReplicas": counts.get("availableReplicas", 0),
        "updatedReplicas": counts.get("replicas", 0),
        "status": "Running" if ready else "Progressing",
        "podTemplateHash": rs["metadata"]["labels"][HASH],
    }
    for service in world.storage.scan(SERVICES, rs["metadata"]["namespace"]):
        if (service["spec"].get("selector") or {}).get(HASH) == told["podTemplateHash"]:
            told["serviceName"] = service["metadata"]["name"]
    return told


CONTROLLER = Controller("argo-experiments", touches, reconcile)
