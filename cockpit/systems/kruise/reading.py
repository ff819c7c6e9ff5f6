"""A Kruise Rollout with everything that it drives, as one value."""

from __future__ import annotations

from dataclasses import dataclass

from cockpit.model.lookup import Objects
from cockpit.model.objects import KruiseRollout
from cockpit.model.refs import KRUISE_ROLLOUTS, KRUISE_ROLLOUTS_V1ALPHA1, Ref, Resource
from cockpit.model.rollout import PodState, Role
from cockpit.systems.kruise.editions import Edition
from cockpit.systems.kruise.fields import share
from cockpit.systems.kruise.spec import Plan, PlanStep, Style, plan_of
from cockpit.systems.kruise.status import PAUSED, Progress, asks, progress_of
from cockpit.systems.kruise.traffic import Traffic, traffic_of
from cockpit.systems.kruise.workload import Subject, subject_of

# Since 0.6 the admission refuses partition steps with traffic and more than this percentage of pods
# (its flag --partition-percent-limit may set another).
PERCENT_LIMIT = 50
# On a workload from the start of a release until its end begins.
STARTED = "rollouts.kruise.io/in-progressing"


@dataclass(frozen=True, slots=True)
class Release:
    """`ref` is the Rollout in the version of the API that the cluster serves."""

    ref: Ref
    rollout: KruiseRollout
    plan: Plan
    progress: Progress
    subject: Subject
    traffic: Traffic

    @property
    def step(self) -> PlanStep | None:
        """The step under way; None at rest, while it begins and while it ends."""
        return self.plan.step(self.progress.index) if self.progress.stepping else None

    @property
    def paused(self) -> bool:
        """Whether it is asked to stand still. What ends a release is not held by that (rollout_progressing.go)."""
        progress = self.progress
        return self.plan.paused and progress.releasing and not progress.finishing and not progress.cancelling

    @property
    def stable(self) -> Edition | None:
        return self.subject.of_role(Role.STABLE)

    @property
    def new(self) -> Edition | None:
        return self.subject.of_role(Role.CANARY)

    def name(self, edition: Edition) -> str:
        version = self.subject.version(edition)
        return version.name if version else edition.hash

    @property
    def stable_name(self) -> str:
        return self.name(self.stable) if self.stable else "the stable version"

    @property
    def new_name(self) -> str:
        return self.name(self.new) if self.new else "the new version"

    @property
    def reverted(self) -> bool:
        """The workload asks for the stable template again while a release of another is under way."""
        return self.progress.releasing and self.stable is not None and self.stable.present

    @property
    def asks(self) -> bool:
        """Whether it waits for an approval. None moves it while it is paused or on its way back."""
        step = self.step
        waits = step is not None and self.progress.state == PAUSED and asks(step, self.plan)
        return waits and not (self.paused or self.reverted)

    @property
    def still_rolling(self) -> bool:
        """The workload replaces pods although no release is under way: it was disabled, rolled back, or not watched."""
        workload = self.subject.workload
        if self.progress.releasing or workload is None or workload.spec.paused:
            return False
        return any(
            pod.state is not PodState.LEAVING
            for version in self.subject.versions
            if version.role is Role.OLD
            for pod in version.pods
        )

    @property
    def strict(self) -> bool:
        """Whether the controller is of 0.6 or later, which refuses what earlier ones took."""
        return self.progress.steerable

    def covers_all(self, step: PlanStep) -> bool:
        """A partition step for all pods: since 0.6 it is not routed, and the stable Service picks every version."""
        target = step.target(self.subject.desired)
        partition = self.strict and self.plan.style is Style.PARTITION
        return partition and target is not None and target >= self.subject.desired

    def refused_by_admission(self) -> PlanStep | None:
        """A stored step that admission refuses with each write to the object; /status is not checked."""
        if not self.strict or self.plan.style is not Style.PARTITION:
            return None
        return next((step for step in self.plan.steps if over_limit(step)), None)


def over_limit(step: PlanStep) -> bool:
    """Traffic at a step with too large a share of the pods; a count of pods is never checked."""
    part = share(step.replicas) if isinstance(step.replicas, str) else None
    return step.routed and part is not None and round(part * 100) > PERCENT_LIMIT


def look(rollout: KruiseRollout, objects: Objects) -> Release:
    plan = plan_of(rollout)
    progress = progress_of(rollout, plan)
    subject = subject_of(rollout, plan, progress, objects)
    namespace, name = rollout.metadata.namespace, rollout.metadata.name
    return Release(
        Ref(_served(objects), namespace, name),
        rollout,
        plan,
        progress,
        subject,
        traffic_of(namespace, plan, progress, subject, objects),
    )


def _served(objects: Objects) -> Resource:
    """The version that is followed: v1beta1 wherever it is served, because v1alpha1 loses fields on the way."""
    old_only = objects.known(KRUISE_ROLLOUTS_V1ALPHA1) and not objects.known(KRUISE_ROLLOUTS)
    return KRUISE_ROLLOUTS_V1ALPHA1 if old_only else KRUISE_ROLLOUTS


def find(objects: Objects, namespace: str, name: str) -> KruiseRollout | None:
    """In whichever version the cluster serves it."""
    for resource in (KRUISE_ROLLOUTS, KRUISE_ROLLOUTS_V1ALPHA1):
        found = objects.get(resource, namespace, name)
        if isinstance(found, KruiseRollout):
            return found
    return None
