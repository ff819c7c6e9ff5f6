"""Pod templates: roll back to an older one, and set another image."""

from __future__ import annotations

from typing import Any

import msgspec

from cockpit.model.fields import entries, mapping, text
from cockpit.model.objects import Container, ReplicaSet
from cockpit.model.plan import Ask, Change, Milestone, Plan, Refused, Request
from cockpit.model.rollout import Phase, Rollout
from cockpit.planning.earlier_version import cautions, passed_over
from cockpit.planning.edits import Operation, json_patch, op, pointer, ref_to
from cockpit.planning.ownership import revert_warnings
from cockpit.planning.refusals import refused
from cockpit.planning.way_back import moves, short_of_pods, way_back_warnings
from cockpit.systems.argo.editions import find_edition, revision_of
from cockpit.systems.argo.expectations import expected
from cockpit.systems.argo.old_templates import carried_back, original
from cockpit.systems.argo.phases import returning
from cockpit.systems.argo.state import ArgoState
from cockpit.systems.argo.strategy import AS_PODS_COME, is_dynamic
from cockpit.systems.argo.way_back import (
    TemplateSource,
    name_of,
    others_of,
    seen,
    target_of,
    unswitched,
    unused,
    way_of,
    why_not_written,
)
from cockpit.systems.argo.write import generation_test, spec_request, unpause
from cockpit.systems.phrases import choose_container, has_image, is_current, no_container
from cockpit.workloads.findings import listed
from cockpit.workloads.images import application_container, image_tag

_TEMPLATE = pointer("spec", "template")
_LISTS = ("containers", "initContainers")


def plan_back(state: ArgoState, rollout: Rollout, ask: Ask) -> Plan | Refused:
    """Roll back to the named version, else to the stable one, or to the previous one if the stable one is current.

    The current hash in the status matches the template only after the controller has observed it.
    """
    named = ask.version is not None
    target = find_edition(ask.version or "", state.editions, state.sets) if named else target_of(state)
    if isinstance(target, str):
        return refused(rollout, ask.act, target)
    current = None if unused(state) else state.current
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
    way = way_of(state, target)
    name, listed_now = name_of(state, target), any(e.uid == target.metadata.uid for e in state.editions)
    present = None if unused(state) or state.current is None else seen(state, state.current.replica_set)
    goal = seen(state, target)
    # Home to the stable version takes a release back, also one of an older template.
    left = None if way is TemplateSource.HOME else present
    passed = passed_over(left, others_of(state, state.current), goal) if left and state.current else ()
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
        expected=expected(rollout, name, 1.0) if way is not TemplateSource.RELEASE and listed_now else (),
        undo=_again(state, now),
        warnings=(
            *cautions(goal, left),
            *_readiness(state, target, name, way),
            *moves(_manner(state, way), rollout),
            *_guessed(target, way, ask),
            *(passed if ask.version is None else ()),
            *_stuck(state),
            *revert_warnings([state.source or state.rollout]),
        ),
        reaches=Milestone(f"{name} being rolled out", not_phases=(Phase.AT_REST, Phase.ABORTED))
        if way is TemplateSource.RELEASE
        else Milestone(f"{name} stable and at rest", phases=(Phase.AT_REST,), identity=target.metadata.uid),
        replaces=_current(state),
        raises=left is not None and goal.came_after(left),
        risky=bool(goal.against) or (way is not TemplateSource.RELEASE and not goal.ready),
    )


_AS_REPLACED = "the steps are skipped; without traffic routing, traffic moves back as pods are replaced"
_STAYS = "users are on it already and stay on it"
_THERE = "the release was aborted, so traffic is on the stable version already: this ends what is left of it"
_RETURNING = "the release was aborted, and its traffic has not all returned: this does not bring it back any sooner"


def _manner(state: ArgoState, way: TemplateSource) -> str:
    """How it gets there, as a warning of the plan."""
    if way is not TemplateSource.HOME:
        return way
    if state.status.abort or state.status.aborted:
        return _RETURNING if returning(state) else _THERE
    if not state.strategy.is_canary and unswitched(state):
        return _STAYS
    return way if state.strategy.routers or not state.strategy.is_canary else _AS_REPLACED


def _readiness(state: ArgoState, target: ReplicaSet, name: str, way: TemplateSource) -> tuple[str, ...]:
    """How many pods of the target version are ready, and how fast traffic moves there."""
    edition = next((e for e in state.editions if e.uid == target.metadata.uid), None)
    how = "they are created step by step" if way is TemplateSource.RELEASE else ""
    if edition is None:
        return short_of_pods(name, max(target.status.ready_replicas, 0), target.desired)
    slow = (AS_PODS_COME,) if way is TemplateSource.HOME and is_dynamic(state.rollout) else ()
    return (*way_back_warnings(edition.version, how=how), *slow)


def _again(state: ArgoState, now: str) -> str:
    if state.current is None or unused(state):
        return "no ReplicaSet holds the previous template: restore it from your manifests"
    return f"roll out {now} again: rollback --to {state.current.revision}"


def _stuck(state: ArgoState) -> tuple[str, ...]:
    return (f"the controller does nothing while the spec is invalid: {state.invalid}",) if state.invalid else ()


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
    if why := why_not_written(state):
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
    return state.current.name if state.current and not unused(state) else ""


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
