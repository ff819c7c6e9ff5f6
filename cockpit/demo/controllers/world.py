"""What every controller has access to: objects, indexes, the clock, and Events."""

from __future__ import annotations

import random
from collections.abc import Hashable, Iterator
from typing import Any

from cockpit.demo.clock import DemoClock
from cockpit.demo.controllers.index import Index
from cockpit.demo.controllers.owners import controller_of
from cockpit.demo.controllers.recorder import EventKind, Recorder
from cockpit.demo.schemas.kinds import ENDPOINTSLICES, PODS, REPLICASETS, SERVICES, Kind
from cockpit.demo.schemas.labelselectors import selects
from cockpit.demo.schemas.objects import Object
from cockpit.demo.store.history import Event
from cockpit.demo.store.storage import Storage

SERVICE_LABEL = "kubernetes.io/service-name"


class World:
    """Storage, clock and chance of one cluster, with indexes that follow every write."""

    def __init__(self, storage: Storage, clock: DemoClock, rng: random.Random) -> None:
        self.storage = storage
        self.clock = clock
        self.rng = rng
        self.recorder = Recorder(storage)
        self.pods = Index(storage, PODS, _keys_of_pod)
        self.replicasets = Index(storage, REPLICASETS, _keys_of_dependent)
        self.services = Index(storage, SERVICES, _keys_of_service)
        self.slices = Index(storage, ENDPOINTSLICES, _keys_of_slice)

    def follow(self, event: Event) -> None:
        """Take one write into the indexes."""
        for index in (self.pods, self.replicasets, self.services, self.slices):
            index.follow(event)

    def tell(self, kind: Kind, obj: Object, reason: str, message: str, component: str, type_: EventKind) -> None:
        """Leave an Event on `obj`."""
        self.recorder.tell(kind, obj, type_, reason, message, component)

    def write_status(self, kind: Kind, obj: Object, status: dict[str, Any]) -> Object:
        """Replace the status of `obj`; Conflict when it changed since.

        Not noted in `managedFields`, which would be most of the work of a cluster with many pods.
        """
        meta = obj["metadata"]
        names = {field: meta[field] for field in ("name", "namespace", "resourceVersion") if field in meta}
        return self.storage.update(kind, {"metadata": names, "status": status}, subresource="status")

    def pods_selected(self, namespace: str, pairs: dict[str, str]) -> list[Object]:
        """The pods whose labels contain every pair; none for no pairs."""
        if not pairs:
            return []
        rarest = min(pairs.items(), key=lambda pair: self.pods.size(("label", namespace, *pair)))
        found = self.pods.under(("label", namespace, *rarest))
        return [pod for pod in found if selects(pairs, pod["metadata"].get("labels") or {})]

    def services_selecting(self, pod: Object) -> list[Object]:
        """The Services of the pod's namespace whose selector its labels fulfil."""
        labels = pod["metadata"].get("labels") or {}
        namespace = pod["metadata"]["namespace"]
        return [
            service
            for pair in labels.items()
            for service in self.services.under(("selector", namespace, *pair))
            if selects(service["spec"]["selector"], labels)
        ]


def _keys_of_dependent(obj: Object) -> Iterator[Hashable]:
    owner = controller_of(obj)
    yield ("owner", owner.get("uid")) if owner else ("orphan", obj["metadata"]["namespace"])


def _keys_of_pod(pod: Object) -> Iterator[Hashable]:
    yield from _keys_of_dependent(pod)
    namespace = pod["metadata"]["namespace"]
    for key, value in (pod["metadata"].get("labels") or {}).items():
        yield ("label", namespace, key, value)


def _keys_of_service(service: Object) -> Iterator[Hashable]:
    """A Service lies under one pair of its selector, so that a pod finds it once."""
    selector = (service.get("spec") or {}).get("selector")
    if selector:
        yield ("selector", service["metadata"]["namespace"], *min(selector.items()))


def _keys_of_slice(obj: Object) -> Iterator[Hashable]:
    service = (obj["metadata"].get("labels") or {}).get(SERVICE_LABEL)
    if service:
        yield ("service", obj["metadata"]["namespace"], service)
