"""A Rollout with everything that describes its state."""

from __future__ import annotations

from collections.abc import Mapping

from cockpit.model.fields import entries, mapping, text, whole
from cockpit.model.lookup import Objects
from cockpit.model.objects import ArgoRollout, Deployment, Obj, ReplicaSet
from cockpit.model.refs import ARGO_ROLLOUTS, DEPLOYMENTS, REPLICASETS, Ref
from cockpit.model.rollout import PodState
from cockpit.model.values import dataclass
from cockpit.systems.argo.editions import ArgoEdition, editions_of, hash_of, revision_of, sets_of
from cockpit.systems.argo.emptied import emptied_ingress
from cockpit.systems.argo.past_runs import failed_analyses
from cockpit.systems.argo.status import ArgoStatus, status_of
from cockpit.systems.argo.steps import StepSpec, weight_at
from cockpit.systems.argo.strategy import ArgoStrategy, strategy_of
from cockpit.systems.argo.trials import Trial, trials_of
from cockpit.workloads.images import image_repository, image_tag
from cockpit.workloads.scalers import Scaler, scaler_for

SOURCES = {"Deployment": DEPLOYMENTS, "ReplicaSet": REPLICASETS}


@dataclass(frozen=True, slots=True)
class ArgoState:
    """`sets` are all its ReplicaSets, `editions` those that are shown, both oldest revision first.

    `trials` are the ReplicaSets of its Experiment. `source` is the workload in `workloadRef`; None if the Rollout has
    its own template or the workload cannot be read. `emptied` is the Ingress that answers 503 once the canary has 100%;
    "" if none does. `against` is what judgements say against a ReplicaSet as a way back, by uid.
    """

    rollout: ArgoRollout
    strategy: ArgoStrategy
    status: ArgoStatus
    sets: tuple[ReplicaSet, ...]
    editions: tuple[ArgoEdition, ...]
    source: Deployment | ReplicaSet | None
    against: Mapping[str, str]
    scaler: Scaler | None = None
    emptied: str = ""
    trials: tuple[Trial, ...] = ()

    @property
    def ref(self) -> Ref:
        return Ref(ARGO_ROLLOUTS, self.rollout.metadata.namespace, self.rollout.metadata.name)

    @property
    def replicas(self) -> int:
        """Desired pods in total; absent means 1."""
        found = whole(self.rollout.spec, "replicas")
        return 1 if found is None else max(found, 0)

    @property
    def current(self) -> ArgoEdition | None:
        """The edition of the current template."""
        return self._edition(self.status.current)

    @property
    def stable(self) -> ArgoEdition | None:
        return self._edition(self.status.stable)

    @property
    def behind(self) -> bool:
        """Whether the status describes an older template, although it counts as observed.

        The controller stores the generation with some conditions before it handles the template (rollout/sync.go,
        patchCondition), and it does not handle a new template while paused by hand.
        """
        current = self.current
        if current is None:
            return False
        newest = max(map(revision_of, self.sets), default=0)
        return 0 < current.revision < newest or not self._is_present(current)

    @property
    def invalid(self) -> str:
        """Why the controller rejects the spec; "" if it accepts it."""
        found = self.status.conditions.get("InvalidSpec")
        return found.message or "InvalidSpec" if found and found.status == "True" else ""

    @property
    def updating(self) -> bool:
        """Whether an update is in progress, including one that is aborted or waiting."""
        status = self.status
        return bool(status.current and status.stable) and not status.promoted

    @property
    def at(self) -> int | None:
        """The current step, counted from 0; None without one: at rest, aborted, all done, in a full promotion."""
        status, steps = self.status, self.strategy.steps
        moving = self.updating and not (status.abort or status.aborted or status.promote_full)
        index = status.index or 0
        return index if moving and steps and index < len(steps) else None

    @property
    def step(self) -> StepSpec | None:
        return None if self.at is None else self.strategy.steps[self.at]

    @property
    def weight(self) -> float:
        """The canary's declared share by spec and status, as a fraction of 1 (argo-rollouts, GetCurrentSetWeight)."""
        status, steps = self.status, self.strategy.steps
        if status.abort or status.aborted:
            return 0.0
        if status.promoted or status.promote_full or not steps or (status.index or 0) >= len(steps):
            return 1.0
        return weight_at(steps, status.index or 0) / self.strategy.top

    @property
    def starts(self) -> bool:
        """Whether its first pods start and none fails: the condition Healthy comes with the first health, and stays.

        A spec that the controller rejects starts nothing.
        """
        cells = [cell for edition in self.editions for cell in edition.version.pods]
        failing = any(cell.state is PodState.FAILING for cell in cells)
        begins = len(self.editions) <= 1 and "Healthy" not in self.status.conditions
        return begins and not failing and not self.invalid

    @property
    def workload_ref(self) -> tuple[str, str]:
        """Kind and name of the workload in `workloadRef`; "" if the Rollout has its own template."""
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

    def _is_present(self, edition: ArgoEdition) -> bool:
        """Whether it has the images of the current template; admission may have changed registry or digest."""
        if self.source is not None:
            wanted = {c.name: c.image for c in self.source.spec.template.spec.containers}
        else:
            containers = entries(self.rollout.spec, "template", "spec", "containers")
            wanted = {text(c, "name"): text(c, "image") for c in containers}
        made = {c.name: c.image for c in edition.replica_set.spec.template.spec.containers}
        return all(_short(made.get(name, "")) == _short(image) for name, image in wanted.items() if image)

    def _edition(self, wanted: str) -> ArgoEdition | None:
        return next((e for e in self.editions if wanted and e.hash == wanted), None)


def _short(image: str) -> tuple[str, str]:
    return image_repository(image).rpartition("/")[2], image_tag(image) or "latest"


def within(target: ReplicaSet, stable: ReplicaSet, sets: tuple[ReplicaSet, ...], window: int) -> bool:
    """Whether a rollback from `stable` to `target` is within `window` revisions, by creation time."""
    made, until = (r.metadata.creation_timestamp or "" for r in (target, stable))
    between = [r for r in sets if made < (r.metadata.creation_timestamp or "") < until]
    return made < until and len(between) < window


def look(rollout: ArgoRollout, objects: Objects) -> ArgoState:
    strategy, status = strategy_of(rollout), status_of(rollout)
    sets = sets_of(rollout, objects)
    against = failed_analyses(rollout, status.stable, sets, objects)
    editions = editions_of(sets, strategy, status, objects, against)
    ref = Ref(ARGO_ROLLOUTS, rollout.metadata.namespace, rollout.metadata.name)
    emptied = emptied_ingress(rollout, strategy, objects)
    source, scaler = _source(rollout, objects), scaler_for(ref, objects)
    trials = trials_of(rollout, [edition.name for edition in editions], objects)
    return ArgoState(rollout, strategy, status, sets, editions, source, against, scaler, emptied, trials)


def _source(rollout: ArgoRollout, objects: Objects) -> Deployment | ReplicaSet | None:
    reference = mapping(rollout.spec, "workloadRef")
    resource = SOURCES.get(text(reference, "kind"))
    found: Obj | None = None
    if resource and text(reference, "name"):
        found = objects.get(resource, rollout.metadata.namespace, text(reference, "name"))
    return found if isinstance(found, Deployment | ReplicaSet) else None


def stable_set(state: ArgoState) -> ReplicaSet | None:
    """The ReplicaSet of the stable version, shown or not."""
    return next((r for r in state.sets if state.status.stable and hash_of(r) == state.status.stable), None)
