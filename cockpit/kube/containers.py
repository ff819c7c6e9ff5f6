"""The containers of a pod, as `kubectl logs` chooses among them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

MAIN_CONTAINER = "kubectl.kubernetes.io/default-container"


def containers_of(pod: Mapping[str, Any]) -> tuple[str, ...]:
    """The names of a pod's containers: first the one that `kubectl logs` picks, then the others, then those that run
    before them or were added to debug.
    """
    spec, metadata = _map(pod.get("spec")), _map(pod.get("metadata"))
    chosen = _map(metadata.get("annotations")).get(MAIN_CONTAINER)
    names = [
        str(container["name"])
        for field in ("containers", "initContainers", "ephemeralContainers")
        for container in _list(spec.get(field))
        if isinstance(container, Mapping) and container.get("name")
    ]
    if chosen in names:
        names.remove(str(chosen))
        names.insert(0, str(chosen))
    return tuple(dict.fromkeys(names))


def _map(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
