"""The nodes that pods land on."""

from __future__ import annotations

from typing import Any

from cockpit.demo.controllers.world import World
from cockpit.demo.schemas.kinds import NODES

NAMES = ("node-1", "node-2")


def ensure_nodes(world: World) -> None:
    """Create the nodes unless they are there."""
    for number, name in enumerate(NAMES, start=1):
        if world.storage.peek(NODES, None, name) is None:
            world.storage.create(NODES, _node(name, f"192.168.0.{10 + number}", world.clock.timestamp()))


def _node(name: str, address: str, now: str) -> dict[str, Any]:
    capacity = {"cpu": "32", "memory": "256Gi", "pods": "10000"}
    conditions = [
        ("MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
        ("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
        ("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
        ("Ready", "True", "KubeletReady", "kubelet is posting ready status"),
    ]
    return {
        "metadata": {
            "name": name,
            "labels": {
                "kubernetes.io/hostname": name,
                "kubernetes.io/os": "linux",
                "kubernetes.io/arch": "amd64",
            },
        },
        "spec": {"podCIDR": "10.244.0.0/16"},
        "status": {
            "capacity": capacity,
            "allocatable": dict(capacity),
            "addresses": [{"type": "InternalIP", "address": address}, {"type": "Hostname", "address": name}],
            "conditions": [
                {
                    "type": type_,
                    "status": status,
                    "reason": reason,
                    "message": message,
                    "lastHeartbeatTime": now,
                    "lastTransitionTime": now,
                }
                for type_, status, reason, message in conditions
            ],
            "nodeInfo": {
                "architecture": "amd64",
                "operatingSystem": "linux",
                "osImage": "none: an embedded cluster",
                "kernelVersion": "",
                "containerRuntimeVersion": "",
                "kubeletVersion": "v1.34.2",
                "kubeProxyVersion": "",
                "bootID": "",
                "machineID": "",
                "systemUUID": "",
            },
        },
    }
