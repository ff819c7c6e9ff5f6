"""What a BatchRelease does to a workload: one control per kind and style."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Protocol

from cockpit.demo.controllers.kruise import names
from cockpit.demo.controllers.world import World
from cockpit.demo.errors import ApiError
from cockpit.demo.schemas.kinds import Kind
from cockpit.demo.schemas.objects import Object


class NotReadyError(ApiError):
    """The workload is not yet as far; the text says what is missing. Tried again later."""


class BadPlanError(ApiError):
    """The workload was changed in a way that the release cannot go on with."""


@dataclass(frozen=True)
class Info:
    """What a control knows of its workload; revisions as the controller compares them."""

    obj: Object
    replicas: int
    stable: str = ""
    newest: str = ""
    updated: int = 0
    updated_ready: int = 0
    observed: bool = True
    # The pods of every version, and how many there are by the workload's status.
    pods: tuple[Object, ...] = ()
    all: int = 0


@dataclass(frozen=True)
class Goal:
    """What the current batch requires: pods to label, and ready pods."""

    planned: int
    desired: int
    # The value for the workload's own field: partition or surge.
    setting: Any = None


class Control(Protocol):
    """One way to release a workload in batches."""

    def info(self) -> Info | None:
        """The workload; None when it is gone."""

    def claim(self, batch: Object) -> None:
        """Take the workload over."""

    def goal(self, batch: Object) -> Goal:
        """What the current batch requires."""

    def upgrade(self, batch: Object, goal: Goal) -> None:
        """Let the batch begin."""

    def release(self, batch: Object) -> None:
        """Let the workload go; NotReadyError while there is something to wait for."""


def control_info(batch: Object) -> str:
    """The owner reference that a workload under control carries as an annotation."""
    return json.dumps(
        {
            "apiVersion": "rollouts.kruise.io/v1beta1",
            "kind": "BatchRelease",
            "name": batch["metadata"]["name"],
            "uid": batch["metadata"]["uid"],
            "controller": True,
            "blockOwnerDeletion": True,
        },
        separators=(",", ":"),
    )


def is_controlled(batch: Object, obj: Object) -> bool:
    """Whether the workload carries the reference to this very BatchRelease."""
    return f'"{batch["metadata"]["uid"]}"' in (obj["metadata"].get("annotations") or {}).get(names.CONTROL_INFO, "")


def current_batch(batch: Object) -> int:
    """The number of the current batch, from 0."""
    return int(((batch.get("status") or {}).get("canaryStatus") or {}).get("currentBatch", 0))


def goes_forward(batch: Object) -> bool:
    """Whether the end of the release means that everything becomes new."""
    return batch["spec"]["releasePlan"].get("batchPartition") is None


@dataclass(frozen=True)
class Held:
    """One workload of one kind, for controls to build on."""

    world: World
    kind: Kind
    namespace: str
    name: str

    def stored(self) -> Object | None:
        """The workload as it is stored."""
        return self.world.storage.peek(self.kind, self.namespace, self.name)

    def there(self) -> Object:
        """The workload; NotFound when it is gone."""
        self.world.storage.record(self.kind, self.namespace, self.name)
        found = self.stored()
        assert found is not None
        return found
