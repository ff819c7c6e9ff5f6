"""A Kruise Rollout with everything that it controls, as one value."""

from __future__ import annotations

from cockpit.model.lookup import Objects
from cockpit.model.objects import KruiseRollout
from cockpit.model.refs import KRUISE_ROLLOUT_VERSIONS, Ref
from cockpit.model.rollout import PodState, Role
from cockpit.model.values import dataclass
from cockpit.systems.kruise.editions import KruiseEdition
from cockpit.systems.kruise.fields import share
from cockpit.systems.kruise.shared_routing import with_shared_routing
from cockpit.systems.kruise.spec import KruisePlan, KruiseStep, KruiseStyle, plan_of
from cockpit.systems.kruise.split import KruiseSplit, traffic_of
from cockpit.systems.kruise.status import PAUSED, KruiseProgress, asks, progress_of
from cockpit.systems.kruise.workload import KruiseWorkload, subject_of
from cockpit.workloads.lookups import served

# Since 0.6 the admission refuses partition steps with traffic and more than this percentage of pods
# (its flag --partition-percent-limit can change that).
PERCENT_LIMIT = 50
# On a workload from the start of a release until it begins to end.
STARTED = "rollouts.kruise.io/in-progressing"


@dataclass(frozen=True, slots=True)
class KruiseState:
    """`ref` is the Rollout in the version of the API that the cluster serves."""

    ref: Ref
    rollout: KruiseRollout
    plan: KruisePlan
    progress: KruiseProgress
    subject: KruiseWorkload
    traffic: KruiseSplit

    @property
    def step(self) -> KruiseStep | None:
        """The current step; None at rest, while a release starts and while it ends."""
        return self.plan.step(self.progress.index) if self.progress.stepping else None

    @property
    def paused(self) -> bool:
        """Whether it is paused. A pause does not stop a release that is ending (rollout_progressing.go)."""
        progress = self.progress
        return self.plan.paused and progress.releasing and not progress.finishing and not progress.cancelling

    @property
    def stable(self) -> KruiseEdition | None:
        return self.subject.of_role(Role.STABLE)

    @property
    def new(self) -> KruiseEdition | None:
        return self.subject.of_role(Role.CANARY)

    def name(self, edition: KruiseEdition) -> str:
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
        """Whether the workload has the stable template again while another is being released."""
        return self.progress.releasing and self.stable is not None and self.stable.present

    @property
    def wanted(self) -> KruiseEdition | None:
        """The workload's template, if another one is being released and the controller has not taken this one up.

        A canary release begins again with it; a blue-green release refuses it until it has ended
        (rollout_progressing.go, doProgressingInRolling).
        """
        return self.subject.of_role(Role.NEW)

    @property
    def refused(self) -> KruiseEdition | None:
        """The workload's template, if the release stands still because of it."""
        blue_green = self.plan.style is KruiseStyle.BLUE_GREEN
        return self.wanted if blue_green and self.progress.stepping and not self.progress.leaving else None

    @property
    def asks(self) -> bool:
        """Whether it waits for approval. An approval has no effect while it is paused, going back or being deleted."""
        step = self.step
        waits = step is not None and self.progress.state == PAUSED and asks(step, self.plan)
        return waits and not (self.paused or self.reverted or self.wanted or self.progress.leaving)

    @property
    def still_rolling(self) -> bool:
        """Whether the workload replaces pods without a release: it was disabled, rolled back, or not watched."""
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
        """Whether the controller is 0.6 or later, which refuses what earlier ones accepted."""
        return self.progress.steerable

    def covers_all(self, step: KruiseStep) -> bool:
        """A partition step for all pods: since 0.6 it is not routed, and the stable Service selects every version."""
        target = step.target(self.subject.desired)
        partition = self.strict and self.plan.style is KruiseStyle.PARTITION
        return partition and target is not None and target >= self.subject.desired

    def refused_by_admission(self) -> KruiseStep | None:
        """A stored step that admission refuses with each write to the object; /status is not checked."""
        if not self.strict or self.plan.style is not KruiseStyle.PARTITION:
            return None
        return next((step for step in self.plan.steps if over_limit(step)), None)


def over_limit(step: KruiseStep) -> bool:
    """KruiseSplit at a step with too large a share of the pods; a count of pods is never checked."""
    part = share(step.replicas) if isinstance(step.replicas, str) else None
    return step.routed and part is not None and round(part * 100) > PERCENT_LIMIT


def look(rollout: KruiseRollout, objects: Objects) -> KruiseState:
    plan = with_shared_routing(plan_of(rollout), rollout.metadata.namespace, objects)
    progress = progress_of(rollout, plan)
    subject = subject_of(rollout, plan, progress, objects)
    namespace, name = rollout.metadata.namespace, rollout.metadata.name
    return KruiseState(
        Ref(served(objects, KRUISE_ROLLOUT_VERSIONS), namespace, name),
        rollout,
        plan,
        progress,
        subject,
        traffic_of(namespace, plan, progress, subject, objects),
    )


def find(objects: Objects, namespace: str, name: str) -> KruiseRollout | None:
    """The Rollout, in whichever API version the cluster serves it."""
    for resource in KRUISE_ROLLOUT_VERSIONS:
        found = objects.get(resource, namespace, name)
        if isinstance(found, KruiseRollout):
            return found
    return None
