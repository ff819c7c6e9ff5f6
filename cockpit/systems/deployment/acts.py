"""Acts on a Deployment: pause, resume, the way back to a template before, another image, restart, scale."""

from __future__ import annotations

import msgspec

from cockpit.model.lookup import Objects
from cockpit.model.plan import Act, Ask, Change, Plan, Refused
from cockpit.model.rollout import Rollout
from cockpit.systems.editions import Rolling, template_of, way_back
from cockpit.systems.template_acts import Manner, plan_back, plan_image, plan_restart
from cockpit.workloads.answers import refused
from cockpit.workloads.edits import json_patch, op, pointer, ref_to
from cockpit.workloads.ownership import controller_ownership, revert_warnings
from cockpit.workloads.scaling import plan_scale

_NO_SPLIT = "a Deployment has no weights and no steps: pause, resume, scale or roll back"
_PAUSED = "it is paused, so a new template would not be rolled out: resume it first"
_MANNER = Manner()


def whys(state: Rolling, paused: bool, objects: Objects) -> dict[Act, str]:
    """Why each act does not apply; "" where it does."""
    owner = controller_ownership([state.workload], objects)
    if owner:
        return dict.fromkeys(Act, owner.text)
    back = way_back(state, None)
    return {
        Act.PAUSE: "it is paused already" if paused else "",
        Act.RESUME: "" if paused else "it is not paused",
        Act.ROLLBACK: _why_held(state) or (back if isinstance(back, str) else ""),
        Act.SET_IMAGE: _PAUSED if paused else "",
        Act.RESTART: _PAUSED if paused else "",
        Act.SCALE: "",
    }


def _why_held(state: Rolling) -> str:
    """Why there is no way back: while it is paused, its template may be one that nothing runs."""
    if not state.workload.spec.paused or state.current is None or state.current.source is None:
        return ""
    if template_of(state.current.source) == msgspec.json.decode(state.workload.spec.raw_template):
        return ""
    name = state.current.version.name
    return f"it is paused with a template that was never rolled out: {name} is what runs; put its template back by hand"


def plan(state: Rolling, paused: bool, rollout: Rollout, ask: Ask, objects: Objects) -> Plan | Refused:
    owner = controller_ownership([state.workload], objects)
    why = whys(state, paused, objects).get(ask.act, _NO_SPLIT)
    # A named version may be reachable where the one before is not.
    if why and (owner or _why_held(state) or not (ask.act is Act.ROLLBACK and ask.version)):
        return refused(rollout, ask.act, why)
    match ask.act:
        case Act.PAUSE | Act.RESUME:
            return _plan_pause(state, rollout, ask, objects)
        case Act.ROLLBACK:
            return plan_back(state, rollout, ask, objects, _MANNER)
        case Act.SET_IMAGE:
            return plan_image(state, rollout, ask, objects, _MANNER)
        case Act.RESTART:
            return plan_restart(state, rollout, ask, objects, _MANNER)
        case _:
            return _plan_scale(state, rollout, ask, objects)


def _plan_pause(state: Rolling, rollout: Rollout, ask: Ask, objects: Objects) -> Plan:
    pause, deployment, path = ask.act is Act.PAUSE, state.workload, pointer("spec", "paused")
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


def _plan_scale(state: Rolling, rollout: Rollout, ask: Ask, objects: Objects) -> Plan | Refused:
    """One Deployment has one count, whichever of its versions is named."""
    names = [e.version.name for e in state.editions]
    counts = dict(ask.counts)
    if len(set(counts.values())) > 1:
        return refused(rollout, ask.act, "a Deployment has one number of pods for all its versions")
    return plan_scale(rollout, ask, dict.fromkeys(names, state.workload), names if state.service else (), objects)
