"""Acts on a Deployment: pause, resume, rollback to an earlier template, set image, restart, scale."""

from __future__ import annotations

import msgspec

from cockpit.model.advice import telling
from cockpit.model.lookup import Objects
from cockpit.model.plan import Act, Ask, Change, Plan, Refused
from cockpit.model.refs import DEPLOYMENTS
from cockpit.model.rights import rights
from cockpit.model.rollout import Rollout
from cockpit.planning.act_table import ActEntry, ActTable, by_state
from cockpit.planning.edits import json_patch, op, pointer, ref_to
from cockpit.planning.ownership import revert_warnings, why_managed
from cockpit.planning.refusals import refused
from cockpit.planning.scale import plan_scale
from cockpit.systems.editions import Rolling, leads, template_of, way_back
from cockpit.systems.phrases import ALREADY_PAUSED, NOT_PAUSED, one_count
from cockpit.systems.template_acts import TemplateWriter, plan_back, plan_image, plan_restart

_PAUSED = telling("it is paused, and no template is rolled out while paused: resume it first", Act.RESUME)
_MANNER = TemplateWriter()


def _closed(state: Rolling, objects: Objects) -> str:
    return why_managed([state.workload], objects)


def _why_not_pause(state: Rolling, objects: Objects) -> str:
    return ALREADY_PAUSED if state.workload.spec.paused else ""


def _why_not_resume(state: Rolling, objects: Objects) -> str:
    return "" if state.workload.spec.paused else NOT_PAUSED


def _why_not_template(state: Rolling, objects: Objects) -> str:
    return _PAUSED if state.workload.spec.paused else ""


def _why_not_back(state: Rolling, objects: Objects) -> str:
    back = way_back(state, None)
    return _why_held(state, objects) or (back if isinstance(back, str) else "")


def _why_held(state: Rolling, objects: Objects) -> str:
    """Why a rollback is not possible: while it is paused, its template may have no pods."""
    if not state.workload.spec.paused or state.current is None or state.current.source is None:
        return ""
    if template_of(state.current.source) == msgspec.json.decode(state.workload.spec.raw_template):
        return ""
    name = state.current.version.name
    return f"it is paused with a template that was never rolled out, and {name} still runs: restore its template"


def _plan_back(state: Rolling, rollout: Rollout, ask: Ask, objects: Objects) -> Plan | Refused:
    return plan_back(state, rollout, ask, objects, _MANNER)


def _plan_image(state: Rolling, rollout: Rollout, ask: Ask, objects: Objects) -> Plan | Refused:
    return plan_image(state, rollout, ask, objects, _MANNER)


def _plan_restart(state: Rolling, rollout: Rollout, ask: Ask, objects: Objects) -> Plan | Refused:
    return plan_restart(state, rollout, ask, objects, _MANNER)


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
    """A Deployment has one replica count for all its versions."""
    names = [e.version.name for e in state.editions]
    counts = dict(ask.counts)
    if len(set(counts.values())) > 1:
        return refused(rollout, ask.act, one_count("Deployment"))
    return plan_scale(rollout, ask, dict.fromkeys(names, state.workload), names if state.service else (), objects)


TABLE: ActTable[Rolling] = ActTable(
    {
        # A named version can be available where the previous one is not.
        Act.ROLLBACK: ActEntry(_plan_back, _why_not_back, named=_why_held, leads=by_state(leads)),
        Act.PAUSE: ActEntry(_plan_pause, _why_not_pause),
        Act.RESUME: ActEntry(_plan_pause, _why_not_resume),
        Act.SET_IMAGE: ActEntry(_plan_image, _why_not_template),
        Act.RESTART: ActEntry(_plan_restart, _why_not_template),
        Act.SCALE: ActEntry(_plan_scale),
    },
    otherwise=telling(
        "a Deployment splits traffic by number of pods, without weights or steps: pause, scale or roll back",
        Act.PAUSE,
        Act.SCALE,
        Act.ROLLBACK,
    ),
    closed=_closed,
    writes=rights("patch", (DEPLOYMENTS,)),
)
