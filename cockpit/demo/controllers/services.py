"""Services: EndpointSlices and Endpoints follow the pods that a selector selects."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from cockpit.demo.controllers import owners
from cockpit.demo.controllers.podshape import containers
from cockpit.demo.controllers.podstate import is_finished, is_ready
from cockpit.demo.controllers.runtime import Controller, Key
from cockpit.demo.controllers.world import SERVICE_LABEL, World
from cockpit.demo.rules.metadata import random_suffix
from cockpit.demo.schemas.kinds import ENDPOINTS, ENDPOINTSLICES, PODS, SERVICES
from cockpit.demo.schemas.objects import Object
from cockpit.demo.store.history import Event
from cockpit.demo.store.storage import key_of

MANAGED_BY = "endpointslice.kubernetes.io/managed-by"
COMPONENT = "endpointslice-controller.k8s.io"
MANAGER = "kube-controller-manager"
PER_SLICE = 100
Ports = tuple[tuple[str, str, int], ...]


def touches(world: World, event: Event) -> Iterator[Key]:
    """The Service itself, the Services that select a changed pod, and the Service of a changed slice."""
    if event.kind is SERVICES:
        yield key_of(SERVICES, event.obj)
    elif event.kind is PODS:
        for pod in (event.obj, event.old):
            for service in world.services_selecting(pod) if pod else ():
                yield key_of(SERVICES, service)
    elif event.kind is ENDPOINTSLICES:
        name = (event.obj["metadata"].get("labels") or {}).get(SERVICE_LABEL)
        if name:
            yield (event.obj["metadata"]["namespace"], name)


def reconcile(world: World, key: Key) -> float | None:
    """Write the slices of one Service; a Service without selector has none of ours."""
    service = world.storage.peek(SERVICES, *key)
    ours = [
        piece
        for piece in world.slices.under(("service", *key))
        if (piece["metadata"].get("labels") or {}).get(MANAGED_BY) == COMPONENT
    ]
    if service is None:
        for piece in ours:
            world.storage.delete(ENDPOINTSLICES, *key_of(ENDPOINTSLICES, piece))
        if world.storage.peek(ENDPOINTS, *key):
            world.storage.delete(ENDPOINTS, *key)
        return None
    selector = (service.get("spec") or {}).get("selector")
    if not selector or service["spec"].get("type") == "ExternalName" or service["metadata"].get("deletionTimestamp"):
        return None
    pods = [
        pod
        for pod in world.pods_selected(key[0], selector)
        if (pod.get("status") or {}).get("podIP") and not is_finished(pod)
    ]
    groups = group_by_ports(service, pods)
    _write_slices(world, service, groups, ours)
    _write_endpoints(world, service, groups)
    return None


def group_by_ports(service: Object, pods: list[Object]) -> dict[Ports, list[Object]]:
    """Pods under the ports that the Service's ports lead to; a pod lacks a named port that it does not have.

    Without pods there is still one group, so that the Service has a slice.
    """
    groups: dict[Ports, list[Object]] = defaultdict(list)
    for pod in sorted(pods, key=lambda pod: str(pod["metadata"]["name"])):
        groups[_ports(service, pod)].append(pod)
    return dict(groups) or {(): []}


def _ports(service: Object, pod: Object) -> Ports:
    found = []
    for port in service["spec"].get("ports") or []:
        protocol = port.get("protocol") or "TCP"
        target = port.get("targetPort") or port.get("port")
        number = target if isinstance(target, int) else _container_port(pod, str(target), protocol)
        if number is not None:
            found.append((port.get("name") or "", protocol, number))
    return tuple(found)


def _container_port(pod: Object, name: str, protocol: str) -> int | None:
    sidecars = [c for c in pod["spec"].get("initContainers") or [] if c.get("restartPolicy") == "Always"]
    for container in [*containers(pod), *sidecars]:
        for port in container.get("ports") or []:
            if port.get("name") == name and (port.get("protocol") or "TCP") == protocol:
                number: int = port["containerPort"]
                return number
    return None


def endpoint(service: Object, pod: Object) -> dict[str, Any]:
    """One pod as a slice shows it: `serving` is Ready, `ready` is that and not terminating."""
    ending, serving = bool(pod["metadata"].get("deletionTimestamp")), is_ready(pod)
    always = bool(service["spec"].get("publishNotReadyAddresses"))
    return {
        "addresses": [pod["status"]["podIP"]],
        "conditions": {
            "ready": always or (serving and not ending),
            "serving": serving or always,
            "terminating": ending,
        },
        "nodeName": pod["spec"].get("nodeName", ""),
        "targetRef": _target(pod),
    }


def _target(pod: Object) -> dict[str, str]:
    meta = pod["metadata"]
    return {"kind": "Pod", "namespace": meta["namespace"], "name": meta["name"], "uid": meta["uid"]}


def _write_slices(world: World, service: Object, groups: dict[Ports, list[Object]], ours: list[Object]) -> None:
    """Reuse the slices there are, the ones with the same ports first."""
    wishes: list[tuple[list[dict[str, Any]], list[dict[str, Any]]]] = []
    for ports, pods in groups.items():
        shown: list[dict[str, Any]] = [{"name": n, "protocol": p, "port": number} for n, p, number in ports]
        for start in range(0, max(len(pods), 1), PER_SLICE):
            wishes.append((shown, [endpoint(service, pod) for pod in pods[start : start + PER_SLICE]]))
    left = sorted(ours, key=lambda piece: str(piece["metadata"]["name"]))
    for ports_shown, endpoints in wishes:
        match = next((piece for piece in left if piece.get("ports") == ports_shown), left[0] if left else None)
        if match is None:
            world.storage.create(ENDPOINTSLICES, _new_slice(world, service, ports_shown, endpoints), manager=MANAGER)
            continue
        left.remove(match)
        if match.get("ports") != ports_shown or match.get("endpoints") != endpoints:
            changed = {**match, "ports": ports_shown, "endpoints": endpoints}
            world.storage.update(ENDPOINTSLICES, changed, manager=MANAGER)
    for piece in left:
        world.storage.delete(ENDPOINTSLICES, *key_of(ENDPOINTSLICES, piece))


def _new_slice(
    world: World, service: Object, ports: list[dict[str, Any]], endpoints: list[dict[str, Any]]
) -> dict[str, Any]:
    meta = service["metadata"]
    labels = {**(meta.get("labels") or {}), SERVICE_LABEL: meta["name"], MANAGED_BY: COMPONENT}
    return {
        "metadata": {
            "name": f"{meta['name']}-{random_suffix(world.storage.rng)}",
            "generateName": f"{meta['name']}-",
            "namespace": meta["namespace"],
            "labels": labels,
            "ownerReferences": [owners.reference_to(service, SERVICES)],
        },
        "addressType": "IPv4",
        "endpoints": endpoints,
        "ports": ports,
    }


def _write_endpoints(world: World, service: Object, groups: dict[Ports, list[Object]]) -> None:
    """The older Endpoints object of the same name, which `kubectl get endpoints` shows."""
    always, subsets = bool(service["spec"].get("publishNotReadyAddresses")), []
    for ports, pods in groups.items():
        living = [pod for pod in pods if not pod["metadata"].get("deletionTimestamp")]
        subset = {
            "addresses": [_address(pod) for pod in living if always or is_ready(pod)],
            "notReadyAddresses": [_address(pod) for pod in living if not always and not is_ready(pod)],
            "ports": [
                {"port": number, "protocol": protocol} | ({"name": name} if name else {})
                for name, protocol, number in ports
            ],
        }
        if living and ports:
            subsets.append({field: value for field, value in subset.items() if value})
    meta = service["metadata"]
    stored = world.storage.peek(ENDPOINTS, meta["namespace"], meta["name"])
    if stored is None:
        wish: dict[str, Any] = {"metadata": {"name": meta["name"], "namespace": meta["namespace"]}}
        if meta.get("labels"):
            wish["metadata"]["labels"] = dict(meta["labels"])
        world.storage.create(ENDPOINTS, wish | ({"subsets": subsets} if subsets else {}), manager=MANAGER)
    elif (stored.get("subsets") or []) != subsets:
        world.storage.update(ENDPOINTS, {**stored, "subsets": subsets}, manager=MANAGER)


def _address(pod: Object) -> dict[str, Any]:
    node = pod["spec"].get("nodeName", "")
    return {"ip": pod["status"]["podIP"], "nodeName": node, "targetRef": _target(pod)}


CONTROLLER = Controller("services", touches, reconcile)
