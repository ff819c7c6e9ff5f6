"""Pod templates: the way back to an older one, and another image."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import msgspec

from cockpit.model.fields import entries, mapping, text, whole
from cockpit.model.objects import ReplicaSet
from cockpit.model.plan import Ask, Change, Milestone, Plan, Refused, Request
from cockpit.model.rollout import Phase, Rollout
from cockpit.systems.argo.editions import annotation, find_edition, revision_of
from cockpit.systems.argo.originals import carried_back, original
from cockpit.systems.argo.promises import expected, why_not_seen
from cockpit.systems.argo.reading import State, stable_set, within
from cockpit.systems.argo.requests import generation_test, spec_request, unpause
from cockpit.workloads.answers import refused
from cockpit.workloads.edits import Operation, json_patch, op, pointer, ref_to
from cockpit.workloads.findings import listed
from cockpit.workloads.naming import image_tag
from cockpit.workloads.ownership import revert_warnings

_TEMPLATE = pointer("spec", "template")
_LISTS = ("containers", "initContainers")


def why_not_back(state: State) -> str:
    if why := why_not_seen(state):
        return why
    if why := _why_not_written(state):
        return why
    if state.updating or _unused(state):
        return "" if stable_set(state) else "the ReplicaSet of the stable version is gone: set the image anew"
    return "" if _previous(state) else "there is no older revision on record: nothing to go back to"


def _why_not_written(state: State) -> str:
    """Why the template cannot be written; of a workloadRef it is the workload's."""
    kind, name = state.workload_ref
    if not kind or state.source is not None:
        return ""
    return f"its template is that of {kind} {name}, which is not known here: change it there"


def _unused(state: State) -> bool:
    """Whether pods of the present template may not have been made, so that what the status calls current is older."""
    return not state.status.observed or state.behind or bool(state.invalid)


def _previous(state: State) -> ReplicaSet | None:
    """The one before: what still has its pods, else the highest revision that is older than the present."""
    older = [r for r in state.sets if state.current is None or r is not state.current.replica_set]
    kept = [r for r in older if r.desired]
    return max(kept or older, key=revision_of, default=None)


def plan_back(state: State, rollout: Rollout, ask: Ask) -> Plan | Refused:
    """To the version that is named; else to the stable one, and where that is the present one, to the one before.

    What the status calls current is the present template only once the controller has taken that up.
    """
    if ask.version is not None:
        target: ReplicaSet | str | None = find_edition(ask.version, state.editions, state.sets)
    else:
        target = stable_set(state) if state.updating or _unused(state) else _previous(state)
    if isinstance(target, str):
        return refused(rollout, ask.act, target)
    if target is None:
        return refused(rollout, ask.act, "there is no older revision on record: nothing to go back to")
    current = None if _unused(state) else state.current
    if current is not None and current.replica_set.metadata.uid == target.metadata.uid:
        return refused(rollout, ask.act, f"{current.name} is the present template already")
    try:
        template = original(target)
        if current is not None:
            template = carried_back(_template(state), original(current.replica_set), template)
    except (ValueError, RecursionError):
        return refused(rollout, ask.act, f"the template of ReplicaSet {target.metadata.name} cannot be read")
    return _back(state, rollout, ask, target, template)


def _back(state: State, rollout: Rollout, ask: Ask, target: ReplicaSet, template: dict[str, Any]) -> Plan:
    way = _way(state, target)
    named = next((e.name for e in state.editions if e.uid == target.metadata.uid), None)
    name = named or f"revision {revision_of(target)}"
    now = state.current.name if state.current and not _unused(state) else "the present template"
    requests = [_write(state, [op("replace", _TEMPLATE, template)])]
    if state.status.paused:
        # Pods of the version that is given up would stay while it is paused. The template comes first: what it
        # replaces does not go on a step.
        requests.append(unpause(state, guarded=state.source is not None))
    return Plan(
        act=ask.act,
        rollout=rollout.key,
        title=f"{state.rollout.metadata.name} back to {name} (revision {revision_of(target)})",
        changes=(Change("pod template", now, name),),
        requests=tuple(requests),
        expected=expected(rollout, name, 1.0) if way is not Way.RELEASE and named else (),
        undo=_again(state, now),
        warnings=(way, *_guessed(target, way, ask), *_stuck(state), *revert_warnings([state.source or state.rollout])),
        reaches=Milestone(f"{name} on its way", not_phases=(Phase.AT_REST, Phase.ABORTED))
        if way is Way.RELEASE
        else Milestone(f"{name} stable and at rest", phases=(Phase.AT_REST,), identity=target.metadata.uid),
    )


def _again(state: State, now: str) -> str:
    if state.current is None or _unused(state):
        return "write the template of before where it is kept: no ReplicaSet was made of it"
    return f"roll {now} out again: rollback --to {state.current.revision}"


def _stuck(state: State) -> tuple[str, ...]:
    return (f"the controller does nothing while the spec is invalid: {state.invalid}",) if state.invalid else ()


class Way(StrEnum):
    """What kind of way back it is, in the words that a plan warns with (rollout/sync.go, isFastRollback)."""

    HOME = "the steps are skipped: all traffic goes to the stable version at once"
    SWITCH = "its pods still run: the active Service is switched at once"
    WINDOW = "within rollbackWindow: steps and analysis are skipped, and traffic may move before all pods stand"
    RELEASE = "this is a new release of the older template: it takes all steps; promote skips them"


def _way(state: State, target: ReplicaSet) -> Way:
    stable = stable_set(state)
    if (state.updating or _unused(state)) and stable is not None and target.metadata.uid == stable.metadata.uid:
        return Way.HOME
    if annotation(target, "scale-down-deadline") and target.desired and not state.strategy.is_canary:
        return Way.SWITCH
    window = whole(state.rollout.spec, "rollbackWindow", "revisions") or 0
    return Way.WINDOW if stable and within(target, stable, state.sets, window) else Way.RELEASE


def _guessed(target: ReplicaSet, way: Way, ask: Ask) -> tuple[str, ...]:
    """Which revision it is, where nobody named one."""
    if ask.version is not None or way is Way.HOME:
        return ()
    images = listed([image_tag(c.image) or c.image for c in target.spec.template.spec.containers][:3])
    guess = f"revision {revision_of(target)} ({images}) is the one before"
    return (f"{guess}, which need not have been stable: name another with --to",)


def _write(state: State, changes: list[Operation]) -> Request:
    """A patch of the Rollout's template, or of the workload's that it refers to."""
    source = state.source
    if not state.workload_ref[0] or source is None:
        return spec_request(state, changes)
    test = {**generation_test(state), "value": source.metadata.generation}
    return json_patch(ref_to(source), [test, *changes], "generation as shown")


def why_not_image(state: State) -> str:
    if why := _why_not_written(state):
        return why
    return "" if _containers(state) else "its template has no containers"


def plan_image(state: State, rollout: Rollout, ask: Ask) -> Plan | Refused:
    found = _containers(state)
    names = [name for _, name, _ in found]
    container, image = ask.image or ("", "")
    if not image or any(c.isspace() for c in image):
        return refused(rollout, ask.act, f"say which image: CONTAINER=IMAGE; there are {listed(names)}")
    if not container and len(found) > 1:
        return refused(rollout, ask.act, f"say which container: {listed(names)}")
    place = next((entry for entry in found if not container or entry[1] == container), None)
    if place is None:
        return refused(rollout, ask.act, f"there is no container {container}; there are {listed(names)}")
    path, name, before = place
    if before == image:
        return refused(rollout, ask.act, f"{name} has image {image} already")
    source = state.source
    inverse = [op("test", path, image), op("replace", path, before)]
    fast = _fast(state, image)
    waits = ("it is paused by hand: nothing is rolled out until it is resumed",) if state.status.paused else ()
    again = ("an update is under way: its place is taken, from the first step",) if state.updating else ()
    return Plan(
        act=ask.act,
        rollout=rollout.key,
        title=f"set image of {name} to {image}",
        changes=(Change(f"image of {name}", before, image),),
        requests=(_write(state, [op("replace", path, image)]),),
        expected=(),
        inverse=(json_patch(ref_to(source) if source else state.ref, inverse, "the image written here"),),
        undo="the image of before, rolled out the same way",
        warnings=(*again, *waits, *fast, *revert_warnings([source or state.rollout])),
        raises=True,
        reaches=None if fast else Milestone("the new image on its way", not_phases=(Phase.AT_REST, Phase.ABORTED)),
    )


def _fast(state: State, image: str) -> tuple[str, ...]:
    """A version with that image may be gone to without a stop: the stable one in an update, or one whose pods run."""
    stable = state.stable
    if state.updating and stable and image in stable.version.images:
        return (f"if it is the template of {stable.name}, the update ends: all traffic goes back to that at once",)
    if state.strategy.is_canary:
        return ()
    kept = [e for e in state.editions if image in e.version.images and e.leaves_at and e.candidate.desired]
    return tuple(
        f"{e.name} still has its pods: if it is the same template, the active Service is switched at once" for e in kept
    )


def _template(state: State) -> dict[str, Any]:
    """The present template, of the Rollout or of the workload that it refers to."""
    if state.source is not None:
        return mapping(msgspec.json.decode(state.source.spec.raw_template))
    return mapping(state.rollout.spec, "template")


def _containers(state: State) -> list[tuple[str, str, str]]:
    """Path of the image, name and image of each container of the template."""
    template = _template(state)
    return [
        (pointer("spec", "template", "spec", kind, index, "image"), text(entry, "name"), text(entry, "image"))
        for kind in _LISTS
        for index, entry in enumerate(entries(template, "spec", kind))
        if text(entry, "image")
    ]
