"""Acts on a StatefulSet or DaemonSet: those of the template for both, those of the partition for StatefulSets."""

from __future__ import annotations

from cockpit.model.lookup import Objects
from cockpit.model.objects import StatefulSet
from cockpit.model.plan import Act, Ask, Plan, Refused
from cockpit.model.rollout import Rollout
from cockpit.systems.editions import Rolling, way_back
from cockpit.systems.sets import partition
from cockpit.systems.sets.reading import Set
from cockpit.systems.template_acts import Manner, plan_back, plan_image, plan_restart
from cockpit.workloads.answers import refused
from cockpit.workloads.ownership import controller_ownership
from cockpit.workloads.rolling import ON_DELETE, strategy_of
from cockpit.workloads.scaling import plan_scale

NO_SPLIT = {
    "StatefulSet": "a StatefulSet splits by number of pods: approve or jump to so many pods of the new template",
    "DaemonSet": "a DaemonSet runs one pod on each node and has no weights and no steps: roll back or restart",
}
_NO_PAUSE = (
    "a DaemonSet has no pause and no partition; updateStrategy OnDelete would stop it, which changes how it is updated"
    " from then on"
)
_PARTITION_ACTS = (Act.PAUSE, Act.RESUME, Act.APPROVE, Act.PROMOTE, Act.JUMP)


def whys(workload: Set, state: Rolling, objects: Objects) -> dict[Act, str]:
    """Why each act does not apply; "" where it does."""
    owner = controller_ownership([workload], objects)
    if owner:
        return dict.fromkeys(Act, owner.text)
    back = way_back(state, None)
    found = {
        Act.ROLLBACK: back if isinstance(back, str) else "",
        Act.SET_IMAGE: "",
        Act.RESTART: "",
    }
    if isinstance(workload, StatefulSet):
        return found | partition.whys(workload, state) | {Act.SCALE: ""}
    return found | {
        Act.PAUSE: _NO_PAUSE,
        Act.RESUME: "a DaemonSet cannot be paused, so there is nothing to resume",
        Act.SCALE: "a DaemonSet runs one pod on each node that it fits: there is no number to set",
    }


def plan(workload: Set, state: Rolling, rollout: Rollout, ask: Ask, objects: Objects) -> Plan | Refused:
    owner = controller_ownership([workload], objects)
    otherwise = NO_SPLIT["StatefulSet" if isinstance(workload, StatefulSet) else "DaemonSet"]
    why = whys(workload, state, objects).get(ask.act, otherwise)
    # A named version may be reachable where the one before is not.
    if why and (owner or not (ask.act is Act.ROLLBACK and ask.version)):
        return refused(rollout, ask.act, why)
    match ask.act:
        case Act.ROLLBACK:
            return plan_back(state, rollout, ask, objects, _manner(workload, state))
        case Act.SET_IMAGE:
            return plan_image(state, rollout, ask, objects, _manner(workload, state))
        case Act.RESTART:
            return plan_restart(state, rollout, ask, objects, _manner(workload, state))
        case act if act in _PARTITION_ACTS and isinstance(workload, StatefulSet):
            return partition.plan(workload, state, rollout, ask, objects)
        case _:
            names = [e.version.name for e in state.editions]
            if len({count for _, count in ask.counts}) > 1:
                return refused(rollout, ask.act, "a StatefulSet has one number of pods for all its versions")
            carrying = names if state.service else ()
            return plan_scale(rollout, ask, dict.fromkeys(names, workload), carrying, objects)


def _manner(workload: Set, state: Rolling) -> Manner:
    if strategy_of(workload).type == ON_DELETE:
        return Manner(("updateStrategy OnDelete: each pod keeps its template until somebody deletes it",), waits=True)
    if state.held >= workload.desired:
        return Manner(("the partition holds every pod back: none is replaced until it is lowered",), waits=True)
    if state.held:
        return Manner((f"the partition holds {state.held} pods back: they keep the template that they have",))
    return Manner()
