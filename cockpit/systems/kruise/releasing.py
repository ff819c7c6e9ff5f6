"""Writes to the workload's template: back to the stable one, or a release of another image.

A release goes back when the workload asks for the stable template again, whole and unchanged: what differs in
anything is one more release. Source: openkruise/rollouts, pkg/util/controller_finder.go.
"""

from __future__ import annotations

from typing import Any

import msgspec

from cockpit.model.fields import entries, mapping, text
from cockpit.model.plan import Ask, Change, Milestone, Plan, Request
from cockpit.model.rollout import Phase, Rollout
from cockpit.model.text import safe_text
from cockpit.systems.kruise.editions import Edition
from cockpit.systems.kruise.reading import STARTED, Release
from cockpit.systems.kruise.spec import Style
from cockpit.systems.kruise.switching import resume_request, spec_warnings
from cockpit.systems.template_acts import RESTARTED
from cockpit.workloads.edits import json_patch, op, pointer
from cockpit.workloads.findings import listed
from cockpit.workloads.ownership import revert_warnings

_TEMPLATE = pointer("spec", "template")


def why_not_rollback(release: Release) -> str:
    target = way_back(release, None)
    return target if isinstance(target, str) else ""


def way_back(release: Release, name: str | None) -> Edition | str:
    """The edition that the workload is to ask for; as text why there is none."""
    subject, progress = release.subject, release.progress
    if subject.workload is None:
        return f"its workload {release.plan.workload[1]} {release.plan.workload[2]} is not there or of an unknown kind"
    if progress.leaving:
        return "the Rollout is being deleted: the release finishes forward; roll the workload back itself"
    if progress.releasing:
        return _back_from_release(release, name)
    if progress.phase in ("Disabling", "Terminating"):
        return "the release finishes forward at present; wait until that is done"
    target = _named(release, name) if name else _before(release)
    if isinstance(target, str):
        return target
    if target.present:
        return f"{release.name(target)} is the present template already"
    return target if target.template else _unrecorded(release, target)


def _back_from_release(release: Release, name: str | None) -> Edition | str:
    """During a release only the stable template is a way back: any other would be one more release."""
    stable, digest = release.stable, release.progress.stable_hash
    if not digest:
        return "the controller has not recorded the stable revision yet; wait a moment"
    if stable is None:
        words = f"nothing on record here has the stable revision {safe_text(digest, 60)}"
        return f"{words}: apply its template from where it is kept"
    if release.progress.finishing:
        words = "the release is finishing forward, and another template is not handled before that is done"
        return f"{words}; wait a moment, then roll back as a release of its own"
    if name is not None and release.subject.named(name) is not stable:
        return f"during a release the only way back is {release.name(stable)}: {name} would be one more release"
    if stable.present:
        return f"it is on its way back to {release.name(stable)}" + (": resume it" if release.paused else " already")
    return stable if stable.template else _unrecorded(release, stable)


def _unrecorded(release: Release, edition: Edition) -> str:
    return f"the template of {release.name(edition)} is not on record any more: apply it from where it is kept"


def _named(release: Release, name: str) -> Edition | str:
    names = listed([version.name for version in release.subject.versions])
    return release.subject.named(name) or f"there is no version {name}; there are {names}"


def _before(release: Release) -> Edition | str:
    older = [e for e in release.subject.editions if not e.present]
    if release.progress.rolled_back:
        return "the last release was rolled back already; name a version to release another one"
    if not older:
        return f"{release.stable_name} is the only template on record: nothing to go back to"
    return max(older, key=lambda e: e.order)


def plan_rollback(release: Release, rollout: Rollout, ask: Ask) -> Plan | str:
    target = way_back(release, ask.version)
    if isinstance(target, str):
        return target
    present = release.subject.present
    now, then = release.name(present) if present else "what is there", release.name(target)
    request = _template_request(release, target.template)
    # The template first: nothing is handled while it is paused, so that no step can go on in between.
    requests = (request, resume_request(release)) if release.paused else (request,)
    under_way = release.progress.releasing
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
        warnings=_back_warnings(release, then),
        raises=not under_way,
        pods=((then, release.subject.desired),) if under_way else (),
        reaches=_back_reached(release, then, under_way),
    )


def _back_reached(release: Release, then: str, under_way: bool) -> Milestone | None:
    if under_way:
        return Milestone(f"rolled back to {then}", phases=(Phase.AT_REST,), stable=then)
    return _started(release)


def _back_warnings(release: Release, then: str) -> tuple[str, ...]:
    found = []
    if not release.progress.releasing:
        found.append(
            f"nothing is under way, so this is a new release of {then} through all steps; disabled, it is none"
        )
    elif release.traffic.derived:
        found.append("traffic goes back as pods are replaced: there is no routing to take it away at once")
    if release.plan.style is Style.BLUE_GREEN and release.progress.releasing:
        found.append(f"the pods of {then} still stand: traffic goes back at once")
    return (*found, *(spec_warnings(release) if release.paused else ()), *_template_warnings(release))


def why_not_release(release: Release) -> str:
    """Why no other template can be released now."""
    workload = release.subject.workload
    if workload is None:
        return f"its workload {release.plan.workload[1]} {release.plan.workload[2]} is not there or of an unknown kind"
    progress = release.progress
    if progress.leaving or progress.finishing or progress.phase in ("Disabling", "Terminating"):
        return "the release finishes forward at present; wait until that is done"
    if release.paused:
        return "it is paused, and a new template is not handled then: resume it first"
    if progress.releasing and release.plan.style is Style.BLUE_GREEN:
        return "a blue-green release takes no other version before it is over: approve its steps or roll back"
    if progress.cancelling or release.reverted:
        return f"it is on its way back to {release.stable_name}; wait until that is done"
    return ""


def plan_image(release: Release, rollout: Rollout, ask: Ask) -> Plan | str:
    workload = release.subject.workload
    if workload is None or ask.image is None:
        return why_not_release(release) or "say which image: CONTAINER=IMAGE"
    containers = entries(msgspec.json.decode(workload.spec.raw_template), "spec", "containers")
    wanted, image = ask.image
    names = [text(container, "name") for container in containers]
    if not wanted and len(names) != 1:
        return f"say which container: {listed(names)}"
    place = 0 if not wanted else names.index(wanted) if wanted in names else None
    if place is None:
        return f"there is no container {safe_text(wanted, 60)}; there are {listed(names)}"
    before = text(containers[place], "image")
    if before == image:
        return f"{names[place]} has {safe_text(image, 120)} already"
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
        requests=(_workload_patch(release, operations, "the image as shown"),),
        expected=(),
        undo="roll back",
        warnings=(*_start_warnings(release), *_template_warnings(release)),
        raises=True,
        reaches=_started(release),
    )


def why_not_restart(release: Release) -> str:
    why = why_not_release(release)
    if why:
        return why
    if release.progress.releasing:
        return "a release is under way: a restart would take its place, from step 1; approve its steps or roll back"
    if release.subject.ref and release.subject.ref.resource.group != "apps":
        return "a workload of Kruise may update in place, and then a mark on its template restarts nothing"
    return ""


def plan_restart(release: Release, rollout: Rollout, ask: Ask) -> Plan | str:
    """A mark on the template with the time, as `kubectl rollout restart` writes it: one more release."""
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
        title=f"release {name} again: every pod of {release.plan.workload[2]} is made anew, step by step",
        changes=(Change("pods", name, f"{name} anew"),),
        requests=(_workload_patch(release, operations, "the workload's spec as shown"),),
        expected=(),
        undo="roll back",
        warnings=(*_start_warnings(release), *_template_warnings(release)),
        reaches=_started(release),
    )


def _started(release: Release) -> Milestone | None:
    """None where no release begins: the template just rolls out."""
    if release.plan.disabled or not release.subject.desired:
        return None
    return Milestone("a release under way", not_phases=(Phase.AT_REST,))


def _start_warnings(release: Release) -> tuple[str, ...]:
    if release.plan.disabled:
        return ("the Rollout is disabled: the template rolls out at once, without steps",)
    if release.progress.releasing:
        return (f"{release.new_name} is under way: this version takes its place and begins at step 1",)
    if not release.subject.desired:
        return ("the workload has no pods: no release starts, the template is just kept",)
    first = release.plan.step(1)
    return () if first and first.seconds is None else ("its first step goes on by itself",)


def _template_request(release: Release, template: Any) -> Request:
    workload = release.subject.workload
    before = msgspec.json.decode(workload.spec.raw_template) if workload else {}
    operations = [op("test", _TEMPLATE, before), op("replace", _TEMPLATE, template)]
    mark = (workload.metadata.annotations or {}).get(STARTED) if workload and release.progress.releasing else None
    if mark is None:
        return _workload_patch(release, operations, "the template as shown")
    # The controller takes the mark away when the release ends: from then on a template is a release, no way back.
    operations.insert(0, op("test", pointer("metadata", "annotations", STARTED), mark))
    return _workload_patch(release, operations, "the template as shown, and that the release is under way")


def _workload_patch(release: Release, operations: list[dict[str, Any]], guard: str) -> Request:
    return json_patch(release.subject.ref or release.ref, operations, guard)


def _template_warnings(release: Release) -> tuple[str, ...]:
    return revert_warnings([release.subject.workload]) if release.subject.workload else ()
