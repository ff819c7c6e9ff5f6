"""Scaling the workloads behind versions, the same for every system in which people set the counts."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from cockpit.model.lookup import Objects
from cockpit.model.objects import DaemonSet, Workload
from cockpit.model.plan import Ask, Change, Plan, Refused
from cockpit.model.rollout import Rollout
from cockpit.planning.capacity import capacity_warning
from cockpit.planning.edits import ref_to, scale_edit
from cockpit.planning.ownership import revert_warnings, why_managed
from cockpit.planning.refusals import refused
from cockpit.planning.wording import no_version
from cockpit.workloads.findings import listed
from cockpit.workloads.scalers import scaler_of

MOST_PODS = 10_000  # far above any sane count: more is a typing mistake


def plan_scale(
    rollout: Rollout, ask: Ask, workloads: Mapping[str, Workload | None], carrying: Collection[str], objects: Objects
) -> Plan | Refused:
    """Set pod counts by version name. `carrying` are the versions that must not lose their last pod."""
    if not ask.counts:
        return refused(rollout, ask.act, "say how many: VERSION=COUNT")
    for name, count in ask.counts:
        why = _why_not(name, count, workloads, carrying)
        if why:
            return refused(rollout, ask.act, why)
    wanted = [(name, w, count) for name, count in ask.counts if (w := workloads[name]) and w.desired != count]
    if not wanted:
        return refused(rollout, ask.act, "these counts are already set")
    if why := why_managed([w for _, w, _ in wanted], objects):
        return refused(rollout, ask.act, why)
    scalers = [(scaler, count) for _, w, count in wanted if (scaler := scaler_of(w, objects))]
    lost = next((why for scaler, count in scalers if (why := scaler.why_not(count))), "")
    if lost:
        return refused(rollout, ask.act, lost)
    # Versions of one workload share its count.
    edits = list({ref_to(w): scale_edit(w, count) for _, w, count in wanted}.values())
    less = [(name, w.desired, count) for name, w, count in wanted if name in carrying]
    return Plan(
        act=ask.act,
        rollout=rollout.key,
        title="scale " + listed([f"{name} to {count}" for name, _, count in wanted]),
        changes=tuple(Change(f"{name} pods ({ref_to(w)})", str(w.desired), str(count)) for name, w, count in wanted),
        requests=tuple(e.request for e in edits),
        expected=(),
        inverse=tuple(e.inverse for e in reversed(edits) if e.inverse),
        undo="the previous counts",
        warnings=(
            *(text for name, before, count in less for text in capacity_warning(name, count, before)),
            *(scaler.warning(count) for scaler, count in scalers),
            *revert_warnings([w for _, w, _ in wanted], objects),
        ),
        pods=tuple((name, count) for name, w, count in wanted if _only_version(name, w, rollout, workloads)),
    )


def _only_version(name: str, workload: Workload, rollout: Rollout, workloads: Mapping[str, Workload | None]) -> bool:
    """Whether all pods of a workload are of this version; a Deployment in a rollout has pods of several."""
    sharing = [v for v in rollout.versions if workloads.get(v.name) is workload]
    return len(sharing) == 1 or [v.name for v in sharing if v.desired or v.ready] == [name]


def _why_not(name: str, count: int, workloads: Mapping[str, Workload | None], carrying: Collection[str]) -> str:
    if name not in workloads:
        return no_version(name, list(workloads))
    if workloads[name] is None:
        return f"the pods of {name} belong to no workload that can be scaled"
    if isinstance(workloads[name], DaemonSet):
        return f"the pods of {name} belong to a DaemonSet, one per matching node: there is no count to set"
    if not 0 <= count <= MOST_PODS:
        return f"{name}={count}: a count must be 0 to {MOST_PODS}"
    if count == 0 and name in carrying:
        return f"{name} takes traffic: without pods every request fails; move the traffic first"
    return ""
