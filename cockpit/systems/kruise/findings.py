"""What an on-call engineer needs to know about a Kruise Rollout, which has no phase for a failure."""

from __future__ import annotations

from cockpit.model.advice import telling
from cockpit.model.fields import text
from cockpit.model.lookup import Objects
from cockpit.model.plan import Act
from cockpit.model.rollout import Finding, PodState, Severity
from cockpit.planning.mesh_hosts import mesh_findings
from cockpit.routers.traffic_findings import misses_ready, no_ready_pods, none_ready_yet, not_pinned, without_port
from cockpit.systems.kruise import status
from cockpit.systems.kruise.autoscaling import autoscaler_findings
from cockpit.systems.kruise.shared_routing import shared_routing_findings
from cockpit.systems.kruise.spec import KruiseStep, KruiseStyle
from cockpit.systems.kruise.state import PERCENT_LIMIT, STARTED, KruiseState
from cockpit.systems.kruise.words import overtaken
from cockpit.systems.progress_findings import rolled_back, scaled_to_zero
from cockpit.workloads.findings import finding, percent
from cockpit.workloads.unread import rests_on_unread

_WATCHED = "rollouts.kruise.io/workload-type"
_CLOSE = 0.004


def findings_of(release: KruiseState, objects: Objects) -> tuple[Finding, ...]:
    found = [
        *_workload(release),
        *stuck_upgrade(release),
        *_refused(release),
        *stuck_routing(release),
        *_nobody(release),
        *_missed(release, objects),
        *_written(release),
        *_left_rules(release),
        *_ended(release),
        *_unnoticed(release),
        *_shape(release),
        *shared_routing_findings(release.plan, _what(release), release.ref.namespace, objects),
        *autoscaler_findings(release, objects),
        *_mesh(release, objects),
        *without_port(release.traffic.service, objects, release.traffic.canary),
    ]
    # A missing router object matters only during a release.
    return (*found, *release.traffic.problems)


def _mesh(release: KruiseState, objects: Objects) -> tuple[Finding, ...]:
    """Mesh clients may bypass the Service where it alone splits the traffic."""
    service = release.traffic.service
    return mesh_findings(service, objects) if service and release.plan.routing is None else ()


def _what(release: KruiseState) -> str:
    return f"Kruise Rollout {release.ref.namespace}/{release.ref.name}"


def _workload(release: KruiseState) -> list[Finding]:
    api_version, kind, name = release.plan.workload
    if release.subject.workload is not None:
        return []
    if release.subject.missing:
        words = f"{_what(release)}: {kind} {name} does not exist; the controller resets the status until it exists"
        return [finding("workload-missing", Severity.WARNING, words, release.progress.message)]
    if release.subject.unread:
        words = f"{_what(release)} drives {kind} {name}, which could not be read:"
        words += " its pods are not shown, and it cannot be rolled back here"
    else:
        words = f"{_what(release)} drives {kind or 'a workload'} {name} of {api_version or 'no API'},"
        words += " which the cockpit does not support: its pods are not shown, and it cannot be rolled back here"
    return [finding("workload-unread", Severity.WARNING, words)]


def stuck_upgrade(release: KruiseState) -> list[Finding]:
    """Failing pods of the new version block a step forever: there is no timeout and no phase Failed."""
    new = release.subject.version(release.new)
    if release.progress.state not in (status.UPGRADE, status.BEFORE_UPGRADE) or release.step is None or new is None:
        return []
    if release.wanted:
        return []
    failing = [pod for pod in new.pods if pod.state is PodState.FAILING]
    target = release.step.target(release.subject.desired)
    if never_reached(release, release.step) and target is not None and new.ready < target:
        words = (
            f"{_what(release)} cannot leave step {release.step.index}: it asks for {release.step.replicas} pods after"
        )
        words += " a percentage, and the controller already counts it as reached; roll back, or jump to another step"
        return [_stuck_step(telling(words, Act.ROLLBACK, Act.JUMP))]
    if not failing:
        return []
    counts = f"{new.ready} of {target if target is not None else new.desired} pods of {new.name} are ready"
    reasons = ", ".join(dict.fromkeys(pod.reason for pod in failing if pod.reason))
    words = f"{_what(release)} cannot leave step {release.step.index}: {counts}, {len(failing)} fail ({reasons})"
    digest = text(release.subject.release.status, "message") if release.subject.release else ""
    return [_stuck_step(telling(f"{words}; it waits forever: roll back or fix them", Act.ROLLBACK), digest)]


def _refused(release: KruiseState) -> list[Finding]:
    """A template that came in the middle of a blue-green release: nothing moves, and the phase does not say so."""
    if release.refused is None:
        return []
    words = f"{_what(release)} stands still: {overtaken(release, release.refused)}; roll back to {release.stable_name},"
    words += f" or give the workload the template of {release.new_name} again"
    return [_stuck_step(telling(words, Act.ROLLBACK), release.progress.message)]


def _stuck_step(text: str, evidence: str = "") -> Finding:
    return finding("stuck-step", Severity.WARNING, text, evidence)


def never_reached(release: KruiseState, step: KruiseStep | None) -> bool:
    """Whether a step of a Deployment has a count of pods after a percentage, which the controller counts as less.

    It compares both as parts of ten million pods and never lowers a partition
    (control.IsCurrentMoreThanOrEqualToDesired).
    """
    return (
        step is not None
        and release.plan.style is KruiseStyle.PARTITION
        and release.plan.workload[1] == "Deployment"
        and isinstance(step.replicas, int)
        and any(isinstance(before.replicas, str) for before in release.plan.steps[: step.index - 1])
    )


def stuck_routing(release: KruiseState) -> list[Finding]:
    """What the controller retries without reporting it in the status."""
    progress, routing = release.progress, release.plan.routing
    if routing is None or not progress.releasing:
        return []
    found = []
    if release.traffic.service is None:
        found.append(
            f"{_what(release)}: Service {routing.service} does not exist, and the release cannot continue without it"
        )
    if progress.state == status.TRAFFIC and progress.stepping:
        for missing, name in ((progress.stable_hash, "stableRevision"), (progress.new_hash, "podTemplateHash")):
            if not missing:
                words = f"{_what(release)} cannot route traffic: status.{progress.part}.{name} is empty"
                found.append(words)
    return [finding("stuck-routing", Severity.WARNING, words) for words in found]


def cannot_route(release: KruiseState, objects: Objects) -> bool:
    """Whether the controller certainly waits, without an end, for a Service, or for its route before the first step."""
    if release.plan.routing is None or not release.progress.releasing:
        return False
    lost = stuck_routing(release) if release.traffic.service is None else []
    missing = [found for found in release.traffic.problems if found.id == "route-missing"]
    waits = [*lost, *(missing if not release.progress.stepping else ())]
    return any(not rests_on_unread(found, objects) for found in waits)


def _nobody(release: KruiseState) -> list[Finding]:
    """Without a router the Service's pods answer; with one, the router's findings tell which share is not served."""
    subject, traffic = release.subject, release.traffic
    ready = traffic.others.ready or any(version.ready for version in subject.versions)
    what = f"{release.plan.workload[1]} {release.ref.namespace}/{release.plan.workload[2]}"
    if subject.workload is not None and not subject.desired and traffic.service is not None and not ready:
        return [scaled_to_zero(what)]
    if release.plan.routing is not None or traffic.service is None or not subject.desired or ready:
        return []
    reasons = dict.fromkeys(pod.reason for version in subject.versions for pod in version.pods if pod.reason)
    if subject.starts:
        return [none_ready_yet(what, ", ".join(reasons))]
    return [no_ready_pods(f"{what} has no ready pods: requests fail", ", ".join(reasons))]


def _missed(release: KruiseState, objects: Objects) -> list[Finding]:
    """The Service of its users selects none of its pods, which are ready."""
    pods = [pod for edition in release.subject.editions for pod in edition.candidate.pods]
    known = {release.progress.stable_hash, release.progress.new_hash, *(e.hash for e in release.subject.editions)}
    # A set's pods carry the name of their revision, or its hash alone.
    hashes = {*known, *(f"{release.plan.workload[2]}-{each}" for each in known)}
    root = f"{release.plan.workload[1]} {release.plan.workload[2]}"
    return list(misses_ready(release.traffic.service, root, pods, objects, hashes=hashes))


def _written(release: KruiseState) -> list[Finding]:
    """Differences between traffic and step, once the controller has finished the step."""
    step, progress = release.step, release.progress
    if step is None or progress.state != status.PAUSED or release.plan.routing is None or _restarting(release):
        return []
    found = []
    unrouted = release.covers_all(step)
    if step.routed and not release.traffic.pinned and not unrouted:
        words = (
            f"Service {release.plan.routing.service} does not select a single version: it mixes them by number of pods,"
        )
        found.append(not_pinned(f"{words} regardless of the router"))
    lane = release.traffic.lanes[0] if release.traffic.lanes else None
    new = release.subject.version(release.new)
    share = next((s for s in lane.shares if new and s.version == new.name), None) if lane else None
    if share is None or share.declared is None or share.written is None or found or unrouted:
        return found
    if abs(share.declared - share.written) > _CLOSE:
        words = f"{share.version}: step {step.index} declares {percent(share.declared)},"
        words += f" {percent(share.written)} is written: someone else changed it, and the next step overwrites it"
        found.append(finding("edited-by-hand", Severity.WARNING, words))
    return found


def _restarting(release: KruiseState) -> bool:
    """Whether the controller is about to begin again with another template, and takes back what it routed so far."""
    return release.wanted is not None and release.refused is None


def _left_rules(release: KruiseState) -> list[Finding]:
    """A rule of an earlier step that still sends requests to the new version: in HTTPRoutes it stays until the end."""
    step, new = release.step, release.subject.version(release.new)
    if step is None or step.matches or new is None or release.progress.state != status.PAUSED or _restarting(release):
        return []
    return [
        finding(
            "rule-left",
            Severity.INFO,
            f"requests with {lane.match} still go to {new.name}, which step {step.index} does not ask for: the rule of"
            " an earlier step stays until the release ends",
        )
        for lane in release.traffic.lanes[1:]
        if any(share.version == new.name and share.written for share in lane.shares)
    ]


def _ended(release: KruiseState) -> list[Finding]:
    progress, found = release.progress, []
    if progress.leaving:
        words = f"{_what(release)} is being deleted: the release completes"
        words += (
            "; if its controller is not running, the finalizer blocks the deletion and the workload stays unchanged"
        )
        found.append(finding("terminating", Severity.WARNING, words, progress.finalising))
    elif progress.phase in ("Disabled", "Disabling") or release.plan.disabled:
        words = f"{_what(release)} is disabled: a new template rolls out immediately, without steps"
        found.append(finding("disabled", Severity.INFO, words))
    if progress.rolled_back:
        words = f"{_what(release)}: the last release was rolled back"
        if progress.state == status.PAUSED:
            words += f"; {progress.state} in its status is left over, and approving does nothing"
        found.append(rolled_back(words, Severity.INFO))
    if release.paused and release.reverted:
        words = telling(
            f"{_what(release)} is paused, which blocks the rollback to {release.stable_name}: resume it", Act.RESUME
        )
        found.append(finding("paused-way-back", Severity.WARNING, words))
    return found


def _unnoticed(release: KruiseState) -> list[Finding]:
    """A template that changed while the controller did not watch the workload rolls out without steps."""
    workload, progress = release.subject.workload, release.progress
    if workload is None or progress.phase != "Healthy" or release.plan.disabled:
        return []
    if STARTED in (workload.metadata.annotations or {}):
        return []
    what = f"{release.plan.workload[1]} {workload.metadata.name}"
    if release.still_rolling and not progress.rolled_back:
        words = f"{what} rolls {release.stable_name} out without the steps of {_what(release)}"
        return [finding("natively-rolled", Severity.WARNING, words, _why_native(release))]
    if _WATCHED not in (workload.metadata.labels or {}):
        words = f"{what} has no label {_WATCHED} yet: a new template would roll out without steps"
        return [finding("not-watched", Severity.INFO, words)]
    return []


def _why_native(release: KruiseState) -> str:
    labels = release.subject.workload.metadata.labels if release.subject.workload else None
    if _WATCHED not in (labels or {}):
        return f"label {_WATCHED} is missing: the template changed before the controller had seen the workload"
    return "no release started: with traffic routing the workload needs pods, and exactly one active version"


def _shape(release: KruiseState) -> list[Finding]:
    """Fields of the spec that do not do what they seem to."""
    found, routing = [], release.plan.routing
    if not release.plan.steps:
        words = f"{_what(release)} shows no steps: it may be blue-green, which v1alpha1 does not contain"
        found.append(finding("no-steps", Severity.WARNING, words))
    if routing and routing.count > 1:
        words = f"{_what(release)} lists {routing.count} routings: the controller uses only the first"
        found.append(finding("several-routings", Severity.WARNING, words))
    if (
        routing is None
        and not release.plan.shared_routing
        and any(step.share is not None for step in release.plan.steps)
    ):
        words = f"{_what(release)} has weights but no traffic routing: traffic follows the number of pods"
        found.append(finding("weights-unused", Severity.INFO, words))
    late = next((step for step in release.plan.steps if never_reached(release, step)), None)
    if late is not None:
        words = f"{_what(release)}: step {late.index} has {late.replicas} pods after a step with a percentage: Kruise"
        words += " Rollouts never reaches it for a Deployment; use counts in every step, or percentages in every step"
        found.append(finding("unreachable-step", Severity.WARNING, words))
    step = release.refused_by_admission()
    if step is not None:
        words = f"{_what(release)}: step {step.index} has traffic and {step.replicas} of the pods, so Kruise 0.6 and"
        words += f" later refuse every write to the object (pause, weight, disable) above {PERCENT_LIMIT}%;"
        found.append(finding("strict-admission", Severity.WARNING, f"{words} use a count of pods instead"))
    return found
