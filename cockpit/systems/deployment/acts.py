"""Acts on a Deployment: pause, resume, the way back to the template before, scale."""

from __future__ import annotations

from typing import Any

import msgspec

from cockpit.model.lookup import Objects
from cockpit.model.plan import Act, Ask, Change, Plan, Refused
from cockpit.model.rollout import Rollout
from cockpit.systems.deployment.reading import Edition, Rolling
from cockpit.workloads.answers import refused
from cockpit.workloads.edits import json_patch, op, pointer, ref_to
from cockpit.workloads.findings import listed
from cockpit.workloads.ownership import controller_ownership, revert_warnings
from cockpit.workloads.scaling import plan_scale

_NO_SPLIT = "a Deployment has no weights and no steps: pause, resume, scale or roll back"
_HASH = "pod-template-hash"


def whys(state: Rolling, objects: Objects) -> dict[Act, str]:
    """Why each act does not apply; "" where it does."""
    owner = controller_ownership([state.deployment], objects)
    if owner:
        return dict.fromkeys(Act, owner.text)
    paused = state.deployment.spec.paused
    back = _way_back(state, None)
    return {
        Act.PAUSE: "it is paused already" if paused else "",
        Act.RESUME: "" if paused else "it is not paused",
        Act.ROLLBACK: back if isinstance(back, str) else "",
        Act.SCALE: "",
    }


def plan(state: Rolling, rollout: Rollout, ask: Ask, objects: Objects) -> Plan | Refused:
    why = whys(state, objects).get(ask.act, _NO_SPLIT)
    # A named version may be reachable where the one before is not.
    if why and not (ask.act is Act.ROLLBACK and ask.version):
        return refused(rollout, ask.act, why)
    match ask.act:
        case Act.PAUSE | Act.RESUME:
            return _plan_pause(state, rollout, ask, objects)
        case Act.ROLLBACK:
            target = _way_back(state, ask.version)
            if isinstance(target, str):
                return refused(rollout, ask.act, target)
            return _plan_back(state, rollout, ask, target, objects)
        case _:
            return _plan_scale(state, rollout, ask, objects)


def _plan_pause(state: Rolling, rollout: Rollout, ask: Ask, objects: Objects) -> Plan:
    pause = ask.act is Act.PAUSE
    deployment, path = state.deployment, pointer("spec", "paused")
    generation = op("test", pointer("metadata", "generation"), deployment.metadata.generation)
    words = {True: "paused", False: "running"}
    # The API drops `paused: false`, so an unpaused Deployment has no field to test.
    request = [generation, op("add", path, True)] if pause else [op("test", path, True), op("remove", path)]
    inverse = [op("test", path, True), op("remove", path)] if pause else [op("add", path, True)]
    return Plan(
        act=ask.act,
        rollout=rollout.key,
        title=f"{ask.act} {deployment.metadata.name}",
        changes=(Change("rolling update", words[not pause], words[pause]),),
        requests=(json_patch(ref_to(deployment), request, "paused and generation as shown"),),
        expected=(),
        inverse=(json_patch(ref_to(deployment), inverse, "paused as written here"),),
        undo="resume it" if pause else "pause it again",
        warnings=revert_warnings([deployment], objects),
        raises=not pause,
    )


def _way_back(state: Rolling, name: str | None) -> Edition | str:
    """The edition to go back to; as text why there is none."""
    if state.current is None:
        return "the controller has not seen the last change yet; wait a moment"
    if name is None:
        return state.previous or f"{state.current.version.name} is the only template on record: nothing to go back to"
    found = next((e for e in state.editions if e.version.name == name), None)
    if found is None:
        return f"there is no version {name}; there are {listed([e.version.name for e in state.editions])}"
    return f"{name} is the present template already" if found is state.current else found


def _plan_back(state: Rolling, rollout: Rollout, ask: Ask, target: Edition, objects: Objects) -> Plan | Refused:
    deployment = state.deployment
    if deployment.spec.paused:
        return refused(rollout, ask.act, "it is paused, so a new template would not be rolled out: resume it first")
    ref, path = ref_to(deployment), pointer("spec", "template")
    before = _template(deployment.spec.raw_template)
    after = _template(target.replica_set.spec.raw_template)
    now = state.current.version.name if state.current else "?"
    slow = "pods are replaced one after the other: it takes as long as a rollout"
    request = [op("test", path, before), op("replace", path, after)]
    inverse = [op("test", path, after), op("replace", path, before)]
    return Plan(
        act=ask.act,
        rollout=rollout.key,
        title=f"{deployment.metadata.name} back to {target.version.name} (revision {target.revision})",
        changes=(Change("pod template", now, target.version.name),),
        requests=(json_patch(ref, request, "the template as shown"),),
        expected=(),
        inverse=(json_patch(ref, inverse, "the template written here"),),
        undo=f"roll {now} out again",
        warnings=(
            slow,
            *revert_warnings([deployment], objects),
        ),
    )


def _template(raw: msgspec.Raw) -> Any:
    """The whole template without the label that the controller adds to a ReplicaSet's copy of it."""
    template = msgspec.json.decode(raw)
    labels = template.get("metadata", {}).get("labels") or {}
    labels.pop(_HASH, None)
    return template


def _plan_scale(state: Rolling, rollout: Rollout, ask: Ask, objects: Objects) -> Plan | Refused:
    """One Deployment has one count, whichever of its versions is named."""
    names = [e.version.name for e in state.editions]
    counts = dict(ask.counts)
    if len(set(counts.values())) > 1:
        return refused(rollout, ask.act, "a Deployment has one number of pods for all its versions")
    return plan_scale(rollout, ask, dict.fromkeys(names, state.deployment), names if state.service else (), objects)
