"""Texts for the steps and states of a Kruise Rollout."""

from __future__ import annotations

from cockpit.model.counts import counted
from cockpit.model.rollout import PlannedStep, Step
from cockpit.model.text import safe_text
from cockpit.systems.kruise import status
from cockpit.systems.kruise.editions import KruiseEdition
from cockpit.systems.kruise.spec import KruisePlan, KruiseStep
from cockpit.systems.kruise.state import KruiseState
from cockpit.systems.kruise.status import asks, until
from cockpit.workloads.findings import percent

_STATES = {
    status.BEFORE_UPGRADE: "getting ready",
    status.UPGRADE: "upgrading pods",
    status.TRAFFIC: "routing traffic",
    status.ANALYSIS: "routing traffic",
    status.READY: "continuing",
}

_LEAVING = "being deleted: the release completes without steps"


def title(step: KruiseStep, plan: KruisePlan) -> str:
    """What a step asks for, such as "A/B User-Agent=Android, 1 pod" or "50%, 50% of pods, wait 60s"."""
    parts = []
    if step.matches:
        rules = " or ".join(" and ".join(h.words for h in match) or "a path" for match in step.matches)
        parts.append(f"A/B {rules}")
    if step.share is not None and plan.routing:
        parts.append(percent(step.share))
    if isinstance(step.replicas, int):
        parts.append(counted(step.replicas, "pod"))
    elif step.replicas:
        parts.append(f"{step.replicas} of pods")
    if step.seconds and not status.skips_pause(step, plan):
        parts.append(f"wait {step.seconds}s")
    return safe_text(", ".join(parts), 120) or f"step {step.index}"


def planned_steps(plan: KruisePlan) -> tuple[PlannedStep, ...]:
    return tuple(PlannedStep(title(step, plan), weight(step, plan), asks(step, plan)) for step in plan.steps)


def weight(step: KruiseStep, plan: KruisePlan) -> float | None:
    """The declared share of requests that match no rule; None without routing."""
    return step.share if plan.routing else None


def step_of(release: KruiseState) -> Step | None:
    """The current step; None at rest, while a release starts and while it ends."""
    step, progress, plan = release.step, release.progress, release.plan
    if step is None:
        return None
    return Step(
        index=step.index,
        count=len(plan.steps),
        weight=weight(step, plan),
        title=title(step, plan),
        until=None if release.paused else until(progress, step, plan),
        asks=release.asks,
    )


def message(release: KruiseState) -> str:
    """The state in a few words."""
    progress, plan = release.progress, release.plan
    if release.subject.missing:
        return f"its workload {plan.workload[1]} {plan.workload[2]} does not exist"
    if release.subject.unread:
        return f"its workload {plan.workload[1]} {plan.workload[2]} could not be read"
    if release.still_rolling and progress.phase in ("Healthy", "Disabled"):
        return f"{release.stable_name} replaces all pods, without steps"
    match progress.phase:
        case "Progressing":
            return _releasing(release)
        case "Healthy":
            if progress.rolled_back:
                return f"rolled back to {release.stable_name}"
            return f"{release.stable_name} is released"
        case "Disabling":
            return "being disabled: the release completes without steps"
        case "Disabled":
            return "disabled: a new template rolls out without steps"
        case "Terminating":
            return _LEAVING
        case _:
            return progress.message or "the controller has not seen it yet"


def _releasing(release: KruiseState) -> str:
    progress, step = release.progress, release.step
    if progress.leaving:
        return _LEAVING
    if release.paused:
        back = "; the rollback continues after you resume it" if release.reverted else ""
        return f"paused{_at(release)}{back}"
    if progress.cancelling or release.reverted:
        return f"rolling back to {release.stable_name}" + _stage(progress.finalising)
    if release.wanted and progress.stepping:
        return overtaken(release, release.wanted)
    if step is None:
        return ("finishing" + _stage(progress.finalising)) if progress.reason != "Initializing" else "starting"
    if progress.state == status.PAUSED:
        what = "waits for approval" if asks(step, release.plan) else f"continues after {step.seconds}s"
    else:
        what = _STATES.get(progress.state, safe_text(progress.state, 40) or "starting")
    return f"{release.new_name}{_at(release)}: {what}"


def overtaken(release: KruiseState, wanted: KruiseEdition) -> str:
    """What becomes of a template that replaced the one that is being released."""
    name = release.name(wanted)
    if release.refused:
        return f"{name} is not released: a blue-green release takes no other version until {release.new_name} has ended"
    return f"{name} replaces {release.new_name}{_at(release)}: the controller has not started it yet"


def _at(release: KruiseState) -> str:
    return f" at step {release.step.index}/{len(release.plan.steps)}" if release.step else ""


def _stage(finalising: str) -> str:
    return f" ({finalising})" if finalising and finalising != "END" else ""
