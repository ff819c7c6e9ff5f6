"""Pod templates: roll back to an older one, and set another image."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import msgspec

from cockpit.model.fields import entries, mapping, text, whole
from cockpit.model.objects import Container, ReplicaSet
from cockpit.model.plan import Ask, Change, Milestone, Plan, Refused, Request
from cockpit.model.rollout import Phase, Rollout
from cockpit.planning.edits import Operation, json_patch, op, pointer, ref_to
from cockpit.planning.ownership import revert_warnings
from cockpit.planning.refusals import refused
from cockpit.planning.way_back import short_of_pods, way_back_warnings
from cockpit.systems.argo.editions import annotation, find_edition, revision_of
from cockpit.systems.argo.expectations import expected, why_not_seen
from cockpit.systems.argo.old_templates import carried_back, original
from cockpit.systems.argo.state import ArgoState, stable_set, within
from cockpit.systems.argo.strategy import AS_PODS_COME, is_dynamic
from cockpit.systems.argo.write import generation_test, spec_request, unpause
from cockpit.systems.phrases import choose_container, has_image, is_current, no_container
from cockpit.workloads.findings import listed
from cockpit.workloads.images import application_container, image_tag

_TEMPLATE = pointer("spec", "template")
_LISTS = ("containers", "initContainers")


def why_not_back(state: ArgoState) -> str:
    if why := why_not_seen(state):
        return why
    if why := _why_not_written(state):
        return why
    if state.updating or _unused(state):
        return "" if stable_set(state) else "the ReplicaSet of the stable version no longer exists: set the image again"
    return "" if _previous(state) else "no older revision to roll back to"


def _why_not_written(state: ArgoState) -> str:
    """Why the template cannot be written; with a workloadRef it is the workload's template."""
    kind, name = state.workload_ref
    if not kind or state.source is not None:
        return ""
    return f"its template comes from {kind} {name}, which cannot be read here: change it there"


def _unused(state: ArgoState) -> bool:
    """Whether the current template may have no pods yet, so that the hash in the status is of an older one."""
    return not state.status.observed or state.behind or bool(state.invalid)


def _previous(state: ArgoState) -> ReplicaSet | None:
    """The previous one: a version that still has ready pods, or pods, else the highest revision before the current one.

    A version that was replaced because its pods failed keeps them for a while, too, and has never been stable.
    """
    older = [r for r in state.sets if state.current is None or r is not state.current.replica_set]
    return max(older, key=lambda r: (r.status.ready_replicas > 0, r.desired > 0, revision_of(r)), default=None)


def plan_back(state: ArgoState, rollout: Rollout, ask: Ask) -> Plan | Refused:
    """Roll back to the named version, else to the stable one, or to the previous one if the stable one is current.

    The current hash in the status matches the template only after the controller has observed it.
    """
    if ask.version is not None:
        target: ReplicaSet | str | None = find_edition(ask.version, state.editions, state.sets)
    else:
        target = stable_set(state) if state.updating or _unused(state) else _previous(state)
    if isinstance(target, str):
        return refused(rollout, ask.act, target)
    if target is None:
        return refused(rollout, ask.act, "no older revision to roll back to")
    current = None if _unused(state) else state.current
    if current is not None and current.replica_set.metadata.uid == target.metadata.uid:
        return refused(rollout, ask.act, is_current(current.name))
    try:
        template = original(target)
        if current is not None:
            template = carried_back(_template(state), original(current.replica_set), template)
    except (ValueError, RecursionError):
        return refused(rollout, ask.act, f"the template of ReplicaSet {target.metadata.name} cannot be read")
    return _back(state, rollout, ask, target, template)


def _back(state: ArgoState, rollout: Rollout, ask: Ask, target: ReplicaSet, template: dict[str, Any]) -> Plan:
    way = _way(state, target)
    named = next((e.name for e in state.editions if e.uid == target.metadata.uid), None)
    name = named or f"revision {revision_of(target)}"
    now = _current(state) or "the current template"
    requests = [_write(state, [op("replace", _TEMPLATE, template)])]
    if state.status.paused:
        # Pods of the abandoned version would stay while it is paused. The template comes first, so that the version
        # it replaces does not continue with another step.
        requests.append(unpause(state, guarded=state.source is not None))
    return Plan(
        act=ask.act,
        rollout=rollout.key,
        title=f"{state.rollout.metadata.name} back to {name} (revision {revision_of(target)})",
        changes=(Change("pod template", now, name),),
        requests=tuple(requests),
        expected=expected(rollout, name, 1.0) if way is not TemplateSource.RELEASE and named else (),
        undo=_again(state, now),
        warnings=(
            way,
            *_readiness(state, target, name, way),
            *_guessed(target, way, ask),
            *_stuck(state),
            *revert_warnings([state.source or state.rollout]),
        ),
        reaches=Milestone(f"{name} being rolled out", not_phases=(Phase.AT_REST, Phase.ABORTED))
        if way is TemplateSource.RELEASE
        else Milestone(f"{name} stable and at rest", phases=(Phase.AT_REST,), identity=target.metadata.uid),
        replaces=_current(state),
    )


def _readiness(state: ArgoState, target: ReplicaSet, name: str, way: TemplateSource) -> tuple[str, ...]:
    """How many pods of the target version are ready, and how fast traffic moves there."""
    edition = next((e for e in state.editions if e.uid == target.metadata.uid), None)
    how = "they are created step by step" if way is TemplateSource.RELEASE else ""
    if edition is None:
        return short_of_pods(name, max(target.status.ready_replicas, 0), target.desired)
    slow = (AS_PODS_COME,) if way is TemplateSource.HOME and is_dynamic(state.rollout) else ()
    return (*way_back_warnings(edition.version, how=how), *slow)


def _again(state: ArgoState, now: str) -> str:
    if state.current is None or _unused(state):
        return "no ReplicaSet holds the previous template: restore it from your manifests"
    return f"roll out {now} again: rollback --to {state.current.revision}"


def _stuck(state: ArgoState) -> tuple[str, ...]:
    return (f"the controller does nothing while the spec is invalid: {state.invalid}",) if state.invalid else ()


class TemplateSource(StrEnum):
    """What kind of rollback it is; the values are the plan's warnings (rollout/sync.go, isFastRollback)."""

    HOME = "the steps are skipped: all traffic moves to the stable version immediately"
    SWITCH = "its pods still run: the active Service switches immediately"
    WINDOW = "within rollbackWindow: steps and analysis are skipped, and traffic may move before all pods are ready"
    RELEASE = "this is a new release of the older template: it goes through all steps; promote skips them"


def _way(state: ArgoState, target: ReplicaSet) -> TemplateSource:
    stable = stable_set(state)
    if (state.updating or _unused(state)) and stable is not None and target.metadata.uid == stable.metadata.uid:
        return TemplateSource.HOME
    if annotation(target, "scale-down-deadline") and target.desired and not state.strategy.is_canary:
        return TemplateSource.SWITCH
    window = whole(state.rollout.spec, "rollbackWindow", "revisions") or 0
    return TemplateSource.WINDOW if stable and within(target, stable, state.sets, window) else TemplateSource.RELEASE


def _guessed(target: ReplicaSet, way: TemplateSource, ask: Ask) -> tuple[str, ...]:
    """Which revision was chosen, if none was named."""
    if ask.version is not None or way is TemplateSource.HOME:
        return ()
    images = listed([image_tag(c.image) or c.image for c in target.spec.template.spec.containers][:3])
    guess = f"revision {revision_of(target)} ({images}) is the previous one"
    return (f"{guess}, which may never have been stable: choose another with --to",)


def _write(state: ArgoState, changes: list[Operation]) -> Request:
    """A patch of the Rollout's template, or of the workload that it refers to."""
    source = state.source
    if not state.workload_ref[0] or source is None:
        return spec_request(state, changes)
    test = {**generation_test(state), "value": source.metadata.generation}
    return json_patch(ref_to(source), [test, *changes], "generation as shown")


def why_not_image(state: ArgoState) -> str:
    if why := _why_not_written(state):
        return why
    return "" if _containers(state) else "its template has no containers"


def plan_image(state: ArgoState, rollout: Rollout, ask: Ask) -> Plan | Refused:
    found = _containers(state)
    names = [name for _, name, _ in found]
    container, image = ask.image or ("", "")
    if not image or any(c.isspace() for c in image):
        return refused(rollout, ask.act, f"say which image, as CONTAINER=IMAGE; containers: {listed(names)}")
    container = container or _application(state)
    if not container and len(found) > 1:
        return refused(rollout, ask.act, choose_container(names))
    place = next((entry for entry in found if not container or entry[1] == container), None)
    if place is None:
        return refused(rollout, ask.act, no_container(container, names))
    path, name, before = place
    if before == image:
        return refused(rollout, ask.act, has_image(name, image))
    source = state.source
    inverse = [op("test", path, image), op("replace", path, before)]
    fast = _fast(state, image)
    waits = ("it is paused by hand: nothing is rolled out until you resume it",) if state.status.paused else ()
    again = ("an update is in progress: this one replaces it, from the first step",) if state.updating else ()
    return Plan(
        act=ask.act,
        rollout=rollout.key,
        title=f"set image of {name} to {image}",
        changes=(Change(f"image of {name}", before, image),),
        requests=(_write(state, [op("replace", path, image)]),),
        expected=(),
        inverse=(json_patch(ref_to(source) if source else state.ref, inverse, "the image written here"),),
        undo="the previous image, rolled out the same way",
        warnings=(*again, *waits, *fast, *revert_warnings([source or state.rollout])),
        raises=True,
        reaches=None
        if fast
        else Milestone("the new image being rolled out", not_phases=(Phase.AT_REST, Phase.ABORTED)),
        replaces=_current(state),
    )


def _current(state: ArgoState) -> str:
    """The version of the current template; "" while no ReplicaSet may have it."""
    return state.current.name if state.current and not _unused(state) else ""


def _fast(state: ArgoState, image: str) -> tuple[str, ...]:
    """Warnings about a switch without a stop: to the stable version, or to a version with running pods."""
    stable = state.stable
    if state.updating and stable and image in stable.version.images:
        return (f"if this is the template of {stable.name}, the update ends: all traffic moves back to it immediately",)
    if state.strategy.is_canary:
        return ()
    kept = [e for e in state.editions if image in e.version.images and e.leaves_at and e.candidate.desired]
    return tuple(
        f"{e.name} still has its pods: if this is its template, the active Service switches immediately" for e in kept
    )


def _template(state: ArgoState) -> dict[str, Any]:
    """The current template of the Rollout or of the workload that it refers to."""
    if state.source is not None:
        return mapping(msgspec.json.decode(state.source.spec.raw_template))
    return mapping(state.rollout.spec, "template")


def _application(state: ArgoState) -> str:
    """The name of the application's container; "" if several could be it."""
    template = _template(state)
    containers = [Container(text(c, "name"), text(c, "image")) for c in entries(template, "spec", "containers")]
    annotations = {key: str(value) for key, value in mapping(template, "metadata", "annotations").items()}
    return application_container(containers, annotations) or ""


def _containers(state: ArgoState) -> list[tuple[str, str, str]]:
    """Path of the image, name and image of each container of the template."""
    template = _template(state)
    return [
        (pointer("spec", "template", "spec", kind, index, "image"), text(entry, "name"), text(entry, "image"))
        for kind in _LISTS
        for index, entry in enumerate(entries(template, "spec", kind))
        if text(entry, "image")
    ]
