"""Acts on sets: template acts for all, partition acts for all except DaemonSets."""

from __future__ import annotations

from typing import TypeVar

from cockpit.model.advice import telling
from cockpit.model.counts import counted
from cockpit.model.lookup import Objects
from cockpit.model.objects import DaemonSet, StatefulSet
from cockpit.model.plan import Act, Ask, Plan, Refused
from cockpit.model.refs import ADVANCED_STATEFULSETS, CLONESETS, DAEMONSETS, PODS, STATEFULSETS, Resource
from cockpit.model.rights import Right, rights
from cockpit.model.rollout import Rollout
from cockpit.planning.act_table import ActEntry, ActTable, applies, by_state
from cockpit.planning.edits import ref_to
from cockpit.planning.ownership import why_managed
from cockpit.planning.scale import plan_scale
from cockpit.systems.editions import Rolling, leads, way_back
from cockpit.systems.phrases import one_count
from cockpit.systems.sets import partition
from cockpit.systems.sets.partition import StatefulState
from cockpit.systems.sets.state import Set
from cockpit.systems.template_acts import TemplateWriter, blocking, plan_back, plan_image, plan_restart, plan_unblock
from cockpit.workloads.findings import listed
from cockpit.workloads.rolling import ON_DELETE, is_paused, strategy_of

_NO_PAUSE = (
    "a DaemonSet has no pause and no partition: updateStrategy OnDelete stops it, but also changes all later updates"
)
_Kind = TypeVar("_Kind", StatefulSet, DaemonSet)


def _closed(state: tuple[_Kind, Rolling], objects: Objects) -> str:
    return why_managed([state[0]], objects)


def _why_not_back(state: tuple[_Kind, Rolling], objects: Objects) -> str:
    back = way_back(state[1], None)
    if blocking(state[1]):
        return ""
    return back if isinstance(back, str) else ""


def _plan_back(state: tuple[_Kind, Rolling], rollout: Rollout, ask: Ask, objects: Objects) -> Plan | Refused:
    unblock = plan_unblock(state[1], rollout, ask, objects)
    return unblock or plan_back(state[1], rollout, ask, objects, _manner_back(*state))


def _leads_back(state: tuple[_Kind, Rolling], objects: Objects) -> str:
    if pods := blocking(state[1]):
        return f"deletes {listed([pod.name for pod in pods])}, for which the way back waits"
    return leads(state[1], waits=_manner_back(*state).waits)


def _manner_back(workload: Set, state: Rolling) -> TemplateWriter:
    freed = partition.freed(workload, state) if isinstance(workload, StatefulSet) else None
    return freed or _manner(workload, state)


def _plan_image(state: tuple[_Kind, Rolling], rollout: Rollout, ask: Ask, objects: Objects) -> Plan | Refused:
    return plan_image(state[1], rollout, ask, objects, _manner(*state))


def _plan_restart(state: tuple[_Kind, Rolling], rollout: Rollout, ask: Ask, objects: Objects) -> Plan | Refused:
    return plan_restart(state[1], rollout, ask, objects, _manner(*state))


def _plan_scale(state: StatefulState, rollout: Rollout, ask: Ask, objects: Objects) -> Plan | Refused | str:
    workload, rolling = state
    names = [e.version.name for e in rolling.editions]
    if len({count for _, count in ask.counts}) > 1:
        return one_count(ref_to(workload).resource.kind)
    return plan_scale(rollout, ask, dict.fromkeys(names, workload), names if rolling.service else (), objects)


def _manner(workload: Set, state: Rolling) -> TemplateWriter:
    if strategy_of(workload).type == ON_DELETE:
        return TemplateWriter(("updateStrategy OnDelete: each pod keeps its template until you delete it",), waits=True)
    if is_paused(workload):
        return TemplateWriter(("it is paused: no pod is replaced until you resume it",), waits=True)
    if state.held >= workload.desired:
        return TemplateWriter(("the partition holds back every pod: none is replaced until you lower it",), waits=True)
    if state.held:
        held = counted(state.held, "pod keeps its", "pods keep their")
        return TemplateWriter((f"held back by the partition, {held} current template",))
    return TemplateWriter()


def _partitioned(resource: Resource, blocking: tuple[Right, ...] = ()) -> ActTable[StatefulState]:
    return ActTable(
        {
            Act.APPROVE: ActEntry(
                partition.plan_approve, partition.why_not_go_on, leads=by_state(partition.approve_leads)
            ),
            Act.JUMP: ActEntry(partition.plan_jump, partition.why_not_go_on),
            Act.PROMOTE: ActEntry(partition.plan_all, partition.why_not_go_on),
            Act.PAUSE: ActEntry(partition.plan_pause, partition.why_not_pause),
            Act.RESUME: ActEntry(partition.plan_resume, partition.why_not_resume),
            # A named version can be available where the previous one is not.
            Act.ROLLBACK: ActEntry(_plan_back, _why_not_back, named=applies, leads=_leads_back),
            Act.SET_IMAGE: ActEntry(_plan_image),
            Act.RESTART: ActEntry(_plan_restart),
            Act.SCALE: ActEntry(_plan_scale),
        },
        otherwise=telling(
            f"a {resource.kind} splits traffic by number of pods: approve, or jump to a number of new pods",
            Act.APPROVE,
            Act.JUMP,
        ),
        closed=_closed,
        writes=rights("patch", (resource,)),
        own={Act.ROLLBACK: (*rights("patch", (resource,)), *blocking)},
    )


# Pods that would block a rollback are deleted with it.
_BLOCKING = rights("delete", (PODS,))
STATEFULSET_TABLE = _partitioned(STATEFULSETS, _BLOCKING)
ADVANCED_TABLE = _partitioned(ADVANCED_STATEFULSETS, _BLOCKING)
CLONESET_TABLE = _partitioned(CLONESETS)
DAEMONSET_TABLE: ActTable[tuple[DaemonSet, Rolling]] = ActTable(
    {
        Act.ROLLBACK: ActEntry(_plan_back, _why_not_back, named=applies, leads=_leads_back),
        Act.SET_IMAGE: ActEntry(_plan_image),
        Act.RESTART: ActEntry(_plan_restart),
    },
    otherwise=telling(
        "a DaemonSet runs one pod per node and has no weights or steps: roll back or restart", Act.ROLLBACK, Act.RESTART
    ),
    absent={
        Act.PAUSE: _NO_PAUSE,
        Act.RESUME: "a DaemonSet cannot be paused: nothing to resume",
        Act.SCALE: "a DaemonSet runs one pod on each matching node: change its nodeSelector instead",
    },
    closed=_closed,
    writes=rights("patch", (DAEMONSETS,)),
)
