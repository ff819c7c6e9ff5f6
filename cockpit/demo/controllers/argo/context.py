"""What one reconcile of a Rollout works on: the objects as they were read, and what it decides along the way."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from cockpit.demo.controllers.argo.pauses import Pauses
from cockpit.demo.controllers.argo.plan import Plan
from cockpit.demo.controllers.recorder import EventKind
from cockpit.demo.controllers.world import World
from cockpit.demo.schemas.customkinds import ARGO_ROLLOUTS
from cockpit.demo.schemas.objects import Object

COMPONENT = MANAGER = "rollouts-controller"
HASH = "rollouts-pod-template-hash"
REVISION = "rollout.argoproj.io/revision"


@dataclass
class Context:
    """`status` is what was read; nothing that is decided here changes it. ReplicaSets are as they were read too.

    `new` is the ReplicaSet of the template that the spec has, `stable` the one that an abort goes back to, `others`
    are neither. `weights` are those to be written into `status.canary.weights`. `wakes` are seconds after which the
    Rollout wants to be looked at again.
    """

    world: World
    rollout: Object
    plan: Plan
    template: dict[str, Any]
    all: list[Object]
    new: Object | None
    stable: Object | None
    pauses: Pauses
    weights: dict[str, Any] | None
    restarted_at: str | None
    workload_generation: str | None = None
    wakes: list[float] = field(default_factory=list)
    # AnalysisRuns by the field of the status that names them, the step's Experiment, and the plug-ins' statuses.
    runs: dict[str, Object] = field(default_factory=dict)
    experiment: Object | None = None
    plugins: list[dict[str, Any]] | None = None

    @property
    def status(self) -> dict[str, Any]:
        """The status as it was read."""
        return self.rollout.get("status") or {}

    @property
    def spec(self) -> dict[str, Any]:
        """The spec."""
        return self.rollout.get("spec") or {}

    @property
    def name(self) -> str:
        """The Rollout's name."""
        return str(self.rollout["metadata"]["name"])

    @property
    def namespace(self) -> str:
        """The Rollout's namespace."""
        return str(self.rollout["metadata"]["namespace"])

    @property
    def others(self) -> list[Object]:
        """ReplicaSets that are neither new nor stable."""
        chosen = {rs["metadata"]["name"] for rs in (self.new, self.stable) if rs}
        return [rs for rs in self.all if rs["metadata"]["name"] not in chosen]

    @property
    def older(self) -> list[Object]:
        """Every ReplicaSet but the new one."""
        return [rs for rs in self.all if self.new is None or rs["metadata"]["name"] != self.new["metadata"]["name"]]

    @property
    def now(self) -> float:
        """Unix seconds."""
        return self.world.clock.now()

    @property
    def halted(self) -> bool:
        """Whether sizes and switches stay as they are: paused by the spec, or by a run that came to no result."""
        return bool(self.spec.get("paused")) or self.pauses.since("InconclusiveAnalysisRun") is not None

    def tell(self, reason: str, message: str, type_: EventKind = "Normal") -> None:
        """Leave an Event on the Rollout."""
        self.world.tell(ARGO_ROLLOUTS, self.rollout, reason, message, COMPONENT, type_)


def hash_of(rs: Object | None) -> str:
    """The hash that names a version; empty without ReplicaSet."""
    return str(((rs or {"metadata": {}})["metadata"].get("labels") or {}).get(HASH) or "")


def revision_of(obj: Object) -> int:
    """The number of a revision; 0 when there is none."""
    text = str((obj["metadata"].get("annotations") or {}).get(REVISION, ""))
    return int(text) if text.isdecimal() and len(text) < 10 else 0
