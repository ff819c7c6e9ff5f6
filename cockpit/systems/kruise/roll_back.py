"""Writes to the workload's template: roll back to the stable one, or release another image.

A release is rolled back when the workload gets exactly the stable template again; with any difference it is another
release. Source: openkruise/rollouts, pkg/util/controller_finder.go.
"""

from __future__ import annotations

from typing import Any

import msgspec

from cockpit.model.advice import telling
from cockpit.model.fields import entries, mapping, text
from cockpit.model.plan import Act, Ask, Change, Milestone, Plan, Request
from cockpit.model.rollout import Phase, Rollout
from cockpit.model.text import safe_text
from cockpit.planning.earlier_version import Earlier, cautions, earlier_of, failing, passed_over, why_no_earlier
from cockpit.planning.edits import json_patch, op, pointer
from cockpit.planning.ownership import revert_warnings
from cockpit.planning.way_back import version_warnings
from cockpit.planning.wording import sends_everyone
from cockpit.systems.kruise.editions import LEFT, KruiseEdition
from cockpit.systems.kruise.pause_disable import resume_request, spec_warnings
from cockpit.systems.kruise.spec import KruiseStyle
from cockpit.systems.kruise.state import STARTED, KruiseState
from cockpit.systems.phrases import choose_container, has_image, is_current, no_container, no_template
from cockpit.systems.template_acts import RESTARTED
from cockpit.workloads.findings import listed
from cockpit.workloads.images import application_container

_TEMPLATE = pointer("spec", "template")


def why_not_rollback(release: KruiseState) -> str:
    target = way_back(release, None)
    return target if isinstance(target, str) else ""


def way_back(release: KruiseState, name: str | None) -> KruiseEdition | str:
    """The edition to roll back to; otherwise the reason as text."""
    subject, progress = release.subject, release.progress
    if subject.workload is None:
        return no_workload(release)
    if progress.leaving:
        return "the Rollout is being deleted, and the release completes: roll back the workload itself"
    if progress.releasing:
        return _back_from_release(release, name)
    if progress.phase in ("Disabling", "Terminating"):
        return "the release is completing; wait until it is done"
    target = _named(release, name) if name else _before(release)
    if isinstance(target, str):
        return target
    if target.present:
        return is_current(release.name(target))
    return target if target.template else _unrecorded(release, target)


def no_workload(release: KruiseState) -> str:
    """Why its workload has no template to change."""
    _, kind, name = release.plan.workload
    return f"its workload {kind} {name} does not exist or is of an unsupported kind"


def _back_from_release(release: KruiseState, name: str | None) -> KruiseEdition | str:
    """During a release only the stable template is a rollback: any other would be another release."""
    stable, digest = release.stable, release.progress.stable_hash
    if not digest:
        return "the controller has not recorded the stable revision yet; wait a moment"
    if stable is None:
        words = f"no template with the stable revision {safe_text(digest, 60)} was found"
        return f"{words}: apply it from your manifests"
    if release.progress.finishing:
        words = "the release is completing, and the controller handles no other template until then"
        return f"{words}; wait a moment, then roll back as a new release"
    if name is not None and release.subject.named(name) is not stable:
        return f"during a release you can only roll back to {release.name(stable)}: {name} would be another release"
    if stable.present:
        return telling(
            f"it is already rolling back to {release.name(stable)}"
            + (": resume it" if release.paused else "; wait for it"),
            Act.RESUME,
        )
    return stable if stable.template else _unrecorded(release, stable)


def _unrecorded(release: KruiseState, edition: KruiseEdition) -> str:
    return no_template(release.name(edition))


def _named(release: KruiseState, name: str) -> KruiseEdition | str:
    names = listed([version.name for version in release.subject.versions])
    return release.subject.named(name) or f"no version {name}; the versions are {names}"


def seen(release: KruiseState, edition: KruiseEdition) -> Earlier:
    """An edition as a way back sees it."""
    version, progress = release.subject.version(edition), release.progress
    ready = version.ready if version else 0
    left = bool(edition.hash) and edition.hash == progress.left_hash
    return Earlier(
        uid=edition.candidate.uid,
        name=release.name(edition),
        born=edition.candidate.born,
        number=edition.order,
        ready=ready,
        pods=bool(version and version.pods) or ready > 0,
        against=LEFT if left else failing(version.pods, ready) if version else "",
    )


def _kept(release: KruiseState) -> list[Earlier]:
    """Every edition but that of the present template, as a way back sees it."""
    return [seen(release, edition) for edition in release.subject.editions if not edition.present]


def _before(release: KruiseState) -> KruiseEdition | str:
    """At rest, the edition before the present one; otherwise the reason as text."""
    present, others = release.subject.present, _kept(release)
    if present is None:
        return "its present template is not known yet; wait a moment"
    now = seen(release, present)
    found = earlier_of(now, others)
    if found is None:
        return why_no_earlier(now, others)
    return next(e for e in release.subject.editions if e.candidate.uid == found.uid)


def leads(release: KruiseState) -> str:
    """Where a roll back leads, in a few words."""
    target = way_back(release, None)
    if isinstance(target, str):
        return ""
    name = release.name(target)
    if release.progress.releasing:
        return f"replaces the new pods by {name}" if release.traffic.derived else sends_everyone(name)
    if release.plan.disabled or not release.subject.desired:
        return f"rolls {name} out again, without steps"
    return f"releases {name} again, through all steps"


def plan_rollback(release: KruiseState, rollout: Rollout, ask: Ask) -> Plan | str:
    target = way_back(release, ask.version)
    if isinstance(target, str):
        return target
    present = release.subject.present
    now, then = release.name(present) if present else "the current template", release.name(target)
    request = _template_request(release, target.template)
    # The template first: the controller does nothing while it is paused, so no step can continue in between.
    requests = (request, resume_request(release)) if release.paused else (request,)
    under_way = release.progress.releasing
    goal, current = seen(release, target), seen(release, present) if present else None
    passed = passed_over(current, _kept(release), goal) if current and not ask.version and not under_way else ()
    return Plan(
        act=ask.act,
        rollout=rollout.key,
        title=f"{release.plan.workload[2]} back to {then}",
        changes=(
            Change("pod template", now, then),
            *((Change("release", "paused", "running"),) if release.paused else ()),
        ),
        requests=requests,
        expected=(),
        undo=f"release {now} again, from step 1",
        warnings=(
            *cautions(goal, None if under_way else current),
            *version_warnings(rollout, then, how="" if under_way else "they are created step by step"),
            *_back_warnings(release, then),
            *passed,
        ),
        raises=not under_way,
        risky=bool(goal.against) or (under_way and not goal.ready),
        pods=((then, release.subject.desired),) if under_way else (),
        reaches=_back_reached(release, then, under_way),
        replaces=release.name(present) if present else "",
    )


def _back_reached(release: KruiseState, then: str, under_way: bool) -> Milestone | None:
    if under_way:
        return Milestone(f"rolled back to {then}", phases=(Phase.AT_REST,), stable=then)
    return _started(release)


def _back_warnings(release: KruiseState, then: str) -> tuple[str, ...]:
    found = []
    if not release.progress.releasing:
        found.append(
            f"no release in progress, so this is a new release of {then} through all steps (without steps if disabled)"
        )
    elif release.traffic.derived and release.plan.routing is not None:
        found.append("its trafficRoutings route nothing by weight now: traffic moves back only as pods are replaced")
    elif release.traffic.derived and not release.plan.routing_unknown:
        found.append("without traffic routing, traffic moves back only as pods are replaced")
    if release.plan.style is KruiseStyle.BLUE_GREEN and release.progress.releasing:
        found.append(f"the pods of {then} still run: traffic moves back immediately")
    return (*found, *(spec_warnings(release) if release.paused else ()), *_template_warnings(release))


def why_not_release(release: KruiseState) -> str:
    """Why no other template can be released now; "" if one can."""
    workload = release.subject.workload
    if workload is None:
        return no_workload(release)
    progress = release.progress
    if progress.leaving or progress.finishing or progress.phase in ("Disabling", "Terminating"):
        return "the release is completing; wait until it is done"
    if release.paused:
        return telling(
            "it is paused, and the controller ignores a new template while paused: resume it first", Act.RESUME
        )
    if progress.releasing and release.plan.style is KruiseStyle.BLUE_GREEN:
        return telling(
            "a blue-green release takes no other version until it ends: approve its steps or roll back",
            Act.APPROVE,
            Act.ROLLBACK,
        )
    if progress.cancelling or release.reverted:
        return f"it is rolling back to {release.stable_name}; wait until it is done"
    return ""


def plan_image(release: KruiseState, rollout: Rollout, ask: Ask) -> Plan | str:
    workload = release.subject.workload
    if workload is None or ask.image is None:
        return why_not_release(release) or "say which image, as CONTAINER=IMAGE"
    containers = entries(msgspec.json.decode(workload.spec.raw_template), "spec", "containers")
    wanted, image = ask.image
    names = [text(container, "name") for container in containers]
    template = workload.spec.template
    wanted = wanted or application_container(template.spec.containers, template.metadata.annotations) or ""
    if not wanted:
        return choose_container(names)
    place = names.index(wanted) if wanted in names else None
    if place is None:
        return no_container(wanted, names)
    before = text(containers[place], "image")
    if before == image:
        return has_image(names[place], image)
    path = (*("spec", "template", "spec", "containers"), place)
    operations = [
        op("test", pointer(*path, "name"), names[place]),
        op("test", pointer(*path, "image"), before),
        op("replace", pointer(*path, "image"), image),
    ]
    return Plan(
        act=ask.act,
        rollout=rollout.key,
        title=f"release {safe_text(image, 200)} in {release.plan.workload[2]}",
        changes=(Change(f"image of {names[place]}", safe_text(before, 200), safe_text(image, 200)),),
        requests=(_workload_patch(release, operations, "image as shown"),),
        expected=(),
        undo="roll back",
        warnings=(*_start_warnings(release), *_template_warnings(release)),
        raises=True,
        reaches=_started(release),
        replaces=release.name(release.subject.present) if release.subject.present else "",
    )


def why_not_restart(release: KruiseState) -> str:
    why = why_not_release(release)
    if why:
        return why
    if release.progress.releasing:
        return telling(
            "a release is in progress, and a restart would replace it from step 1: approve its steps or roll back",
            Act.APPROVE,
            Act.ROLLBACK,
        )
    if release.subject.ref and release.subject.ref.resource.group != "apps":
        return (
            "a Kruise workload may update in place, and then the restart annotation restarts nothing: delete its pods"
            " one by one"
        )
    return ""


def plan_restart(release: KruiseState, rollout: Rollout, ask: Ask) -> Plan | str:
    """A timestamp on the template, as `kubectl rollout restart` writes it: this starts another release."""
    workload = release.subject.workload
    if workload is None:
        return why_not_restart(release)
    present = mapping(msgspec.json.decode(workload.spec.raw_template), "metadata", "annotations")
    path = pointer("spec", "template", "metadata", "annotations")
    operations = [
        op("test", pointer("metadata", "generation"), workload.metadata.generation),
        op("add", path, {**present, RESTARTED: ask.at or "now"}),
    ]
    name = release.stable_name
    return Plan(
        act=ask.act,
        rollout=rollout.key,
        title=f"release {name} again: every pod of {release.plan.workload[2]} is replaced, step by step",
        changes=(Change("pods", name, f"{name}, restarted"),),
        requests=(_workload_patch(release, operations, "workload spec as shown"),),
        expected=(),
        undo="roll back",
        warnings=(*_start_warnings(release), *_template_warnings(release)),
        reaches=_started(release),
    )


def _started(release: KruiseState) -> Milestone | None:
    """None if no release starts: the template just rolls out."""
    if release.plan.disabled or not release.subject.desired:
        return None
    return Milestone("a release in progress", not_phases=(Phase.AT_REST,))


def _start_warnings(release: KruiseState) -> tuple[str, ...]:
    if release.plan.disabled:
        return ("the Rollout is disabled: the template rolls out immediately, without steps",)
    if release.progress.releasing:
        return (f"{release.new_name} is being released: this version replaces it and starts at step 1",)
    if not release.subject.desired:
        return ("the workload has no pods: no release starts, only the template changes",)
    first = release.plan.step(1)
    return () if first and first.seconds is None else ("its first step continues without approval",)


def _template_request(release: KruiseState, template: Any) -> Request:
    workload = release.subject.workload
    before = msgspec.json.decode(workload.spec.raw_template) if workload else {}
    operations = [op("test", _TEMPLATE, before), op("replace", _TEMPLATE, template)]
    mark = (workload.metadata.annotations or {}).get(STARTED) if workload and release.progress.releasing else None
    if mark is None:
        return _workload_patch(release, operations, "template as shown")
    # The controller removes the annotation when the release ends: from then on a template is a new release.
    operations.insert(0, op("test", pointer("metadata", "annotations", STARTED), mark))
    return _workload_patch(release, operations, "template and release in progress as shown")


def _workload_patch(release: KruiseState, operations: list[dict[str, Any]], guard: str) -> Request:
    return json_patch(release.subject.ref or release.ref, operations, guard)


def _template_warnings(release: KruiseState) -> tuple[str, ...]:
    return revert_warnings([release.subject.workload]) if release.subject.workload else ()
