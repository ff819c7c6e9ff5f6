"""A Kruise Rollout with everything that it drives, as one value."""

from __future__ import annotations

from dataclasses import dataclass

from cockpit.model.lookup import Objects
from cockpit.model.objects import KruiseRollout
from cockpit.model.refs import KRUISE_ROLLOUTS, KRUISE_ROLLOUTS_V1ALPHA1, Ref, Resource
from cockpit.model.rollout import PodState, Role
from cockpit.systems.kruise.editions import Edition
from cockpit.systems.kruise.spec import Plan, PlanStep, Style, plan_of
from cockpit.systems.kruise.status import Progress, progress_of
from cockpit.systems.kruise.traffic import Traffic, traffic_of
from cockpit.systems.kruise.workload import Subject, subject_of

# Since 0.6 the admission refuses partition steps with traffic and more than this percentage of pods
# (its flag --partition-percent-limit may set another).
PERCENT_LIMIT = 50


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
        return self.plan.paused and self.progress.releasing

    @property
    def stable(self) -> Edition | None:
        return self.subject.of_role(Role.STABLE)

    @property
    def new(self) -> Edition | None:
        return self.subject.of_role(Role.CANARY)

    def name(self, edition: Edition | None) -> str:
        version = self.subject.version(edition)
        return version.name if version else "the new version" if edition is None else edition.hash

    @property
    def reverted(self) -> bool:
        """The workload asks for the stable template again while a release of another is under way."""
        return self.progress.releasing and self.stable is not None and self.stable.present

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

    def refused_by_admission(self) -> PlanStep | None:
        """A stored step that admission refuses with each write to the object; /status is not checked."""
        if not self.strict or self.plan.style is not Style.PARTITION:
            return None
        return next((step for step in self.plan.steps if over_limit(step)), None)


def over_limit(step: PlanStep) -> bool:
    """Traffic at a step with too large a share of the pods; a count of pods is never checked."""
    replicas = step.replicas
    return step.routed and isinstance(replicas, str) and _percent(replicas) > PERCENT_LIMIT


def _percent(text: str) -> int:
    digits = text.strip().removesuffix("%")
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= 3 else 0


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
