"""Equal parts of objects, kept once: pods of one version differ in name, node and address, and in little else.

A pod that is decoded by itself takes 4 kB, one that shares its parts takes 1 kB.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

from msgspec.structs import force_setattr

from cockpit.model.objects import EndpointSlice, Obj, Pod

# Parts that are known; beyond that all are forgotten, so that a cluster that changes for days takes no more.
MOST = 50_000


class Shared:
    """The parts that objects decoded so far can share. Objects are frozen, so nobody can change what another has."""

    def __init__(self) -> None:
        self._known: dict[Hashable, Any] = {}
        # What the object before had: in a list the pods of one version follow each other, and comparing two parts takes
        # less than hashing one.
        self._before: dict[str, Any] = {}

    def __len__(self) -> int:
        return len(self._known)

    def pod(self, pod: Pod) -> None:
        """Let a pod use the parts of those before it."""
        meta, spec, status = pod.metadata, pod.spec, pod.status
        self._share(meta, "namespace", meta.namespace)
        self._share(meta, "creation_timestamp", meta.creation_timestamp)
        self._share(meta, "annotations", meta.annotations)
        self._share(meta, "owner_references", meta.owner_references, tuple)
        self._share(meta, "labels", meta.labels, _items)
        self._share(spec, "containers", spec.containers, tuple)
        self._share(spec, "node_name", spec.node_name)
        self._share(status, "phase", status.phase)
        self._share(status, "conditions", status.conditions, tuple)
        self._share(status, "container_statuses", status.container_statuses, tuple)

    def endpoints(self, part: EndpointSlice) -> None:
        """Let the endpoints of a slice share what they are in."""
        for endpoint in part.endpoints or ():
            self._share(endpoint, "conditions", endpoint.conditions)
            if endpoint.target_ref is not None:
                self._share(endpoint.target_ref, "kind", endpoint.target_ref.kind)

    def _share(self, owner: object, name: str, part: Any, make_key: Callable[[Any], Hashable] | None = None) -> None:
        """`make_key` gives what makes two parts equal, if they are not hashable themselves."""
        if part is None:
            return
        if self._before.get(name) == part:
            force_setattr(owner, name, self._before[name])  # type: ignore[arg-type]
            return
        key = make_key(part) if make_key else part
        if len(self._known) >= MOST:
            self._known.clear()
        # Empty parts of several kinds have equal keys.
        found = self._before[name] = self._known.setdefault((name, key), part)
        if found is not part:
            force_setattr(owner, name, found)  # type: ignore[arg-type]


def _items(labels: dict[str, str]) -> Hashable:
    return tuple(labels.items())


def sharer(kind: type[Obj]) -> Callable[[Any], None] | None:
    """What lets the objects of one kind share their parts; None if that would not save much."""
    shared = Shared()
    return {Pod: shared.pod, EndpointSlice: shared.endpoints}.get(kind)  # type: ignore[return-value]
