"""A Rollout with everything that says how it stands."""

from __future__ import annotations

from dataclasses import dataclass

from cockpit.model.fields import mapping, text, whole
from cockpit.model.lookup import Objects
from cockpit.model.objects import ArgoRollout, Deployment, Obj, ReplicaSet
from cockpit.model.refs import ARGO_ROLLOUTS, DEPLOYMENTS, REPLICASETS, Ref
from cockpit.systems.argo.editions import Edition, editions_of, hash_of, sets_of
from cockpit.systems.argo.status import Status, status_of
from cockpit.systems.argo.steps import StepSpec, weight_at
from cockpit.systems.argo.strategy import Strategy, strategy_of
from cockpit.workloads.scalers import Scaler, scaler_for

_WORKLOADS = {"Deployment": DEPLOYMENTS, "ReplicaSet": REPLICASETS}


@dataclass(frozen=True, slots=True)
class State:
    """`sets` are all ReplicaSets on record, `editions` those that are shown, both oldest revision first.

    `source` is the workload that the template is taken from (`workloadRef`); None where the Rollout has its own,
    or where that workload cannot be read.
    """

    rollout: ArgoRollout
    strategy: Strategy
    status: Status
    sets: tuple[ReplicaSet, ...]
    editions: tuple[Edition, ...]
    source: Deployment | ReplicaSet | None
    scaler: Scaler | None = None

    @property
    def ref(self) -> Ref:
        return Ref(ARGO_ROLLOUTS, self.rollout.metadata.namespace, self.rollout.metadata.name)

    @property
    def replicas(self) -> int:
        """Pods asked for in all; absent means 1."""
        found = whole(self.rollout.spec, "replicas")
        return 1 if found is None else max(found, 0)

    @property
    def current(self) -> Edition | None:
        """The edition of the present template."""
        return self._edition(self.status.current)

    @property
    def stable(self) -> Edition | None:
        return self._edition(self.status.stable)

    @property
    def updating(self) -> bool:
        """An update is under way, aborted or waiting included."""
        status = self.status
        return bool(status.current and status.stable) and not status.promoted

    @property
    def at(self) -> int | None:
        """The step it is at, counted from 0; None outside of steps: at rest, aborted, all done, being promoted."""
        status, steps = self.status, self.strategy.steps
        moving = self.updating and not (status.abort or status.aborted or status.promote_full)
        index = status.index or 0
        return index if moving and steps and index < len(steps) else None

    @property
    def step(self) -> StepSpec | None:
        return None if self.at is None else self.strategy.steps[self.at]

    @property
    def weight(self) -> float:
        """The share that spec and status ask for the canary, as a fraction of 1 (reference: GetCurrentSetWeight)."""
        status, steps = self.status, self.strategy.steps
        if status.abort or status.aborted:
            return 0.0
        if status.promoted or status.promote_full or not steps or (status.index or 0) >= len(steps):
            return 1.0
        return weight_at(steps, status.index or 0) / self.strategy.top

    @property
    def workload_ref(self) -> tuple[str, str]:
        """Kind and name of the workload that the template is taken from; "" where the Rollout has its own."""
        reference = mapping(self.rollout.spec, "workloadRef")
        return text(reference, "kind"), text(reference, "name")

    @property
    def in_window(self) -> bool:
        """A rollback inside `rollbackWindow`: steps are skipped and an abort is ignored (rollout/replicaset.go)."""
        current, stable = self.current, self.stable
        window = whole(self.rollout.spec, "rollbackWindow", "revisions") or 0
        if current is None or stable is None or window <= 0:
            return False
        return within(current.replica_set, stable.replica_set, self.sets, window)

    def _edition(self, wanted: str) -> Edition | None:
        return next((e for e in self.editions if wanted and e.hash == wanted), None)


def within(target: ReplicaSet, stable: ReplicaSet, sets: tuple[ReplicaSet, ...], window: int) -> bool:
    """Whether a way back from `stable` to `target` is within so many revisions, by when each was made."""
    made, until = (r.metadata.creation_timestamp or "" for r in (target, stable))
    between = [r for r in sets if made < (r.metadata.creation_timestamp or "") < until]
    return made < until and len(between) < window


def look(rollout: ArgoRollout, objects: Objects) -> State:
    strategy, status = strategy_of(rollout), status_of(rollout)
    sets = sets_of(rollout, objects)
    editions = editions_of(sets, strategy, status, objects)
    ref = Ref(ARGO_ROLLOUTS, rollout.metadata.namespace, rollout.metadata.name)
    return State(rollout, strategy, status, sets, editions, _source(rollout, objects), scaler_for(ref, objects))


def _source(rollout: ArgoRollout, objects: Objects) -> Deployment | ReplicaSet | None:
    reference = mapping(rollout.spec, "workloadRef")
    resource = _WORKLOADS.get(text(reference, "kind"))
    found: Obj | None = None
    if resource and text(reference, "name"):
        found = objects.get(resource, rollout.metadata.namespace, text(reference, "name"))
    return found if isinstance(found, Deployment | ReplicaSet) else None


def stable_set(state: State) -> ReplicaSet | None:
    """The ReplicaSet of the stable version, shown or not."""
    return next((r for r in state.sets if state.status.stable and hash_of(r) == state.status.stable), None)
