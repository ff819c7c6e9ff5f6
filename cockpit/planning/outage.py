"""Whether an act ends an outage: nobody is answered now, and it leads requests to ready pods. One rule for all acts."""

from __future__ import annotations

from dataclasses import replace

from cockpit.model.counts import counted
from cockpit.model.lanes import CLOSE
from cockpit.model.plan import Plan
from cockpit.model.rollout import Lane, Rollout, Verdict
from cockpit.workloads.findings import listed


def with_outage(plan: Plan, rollout: Rollout | None) -> Plan:
    """The plan, which says so if it ends an outage."""
    ends = ends_outage(plan, rollout) if rollout else ""
    return replace(plan, ends_outage=ends) if ends else plan


def ends_outage(plan: Plan, rollout: Rollout) -> str:
    """What a plan says that leads requests to ready pods where none that gets requests has any; "" for any other."""
    lane = rollout.default_lane
    if lane is None or not _serves_nobody(lane, rollout):
        return ""
    gains = dict.fromkeys(e.version for e in plan.expected if e.lane == lane.name and e.share > CLOSE)
    able = [version for name in gains if (version := rollout.version(name)) and version.ready]
    if not able:
        return ""
    to = listed([f"{counted(version.ready, 'ready pod')} of {version.name}" for version in able])
    return f"ends it: no ready pod gets requests now, and this leads them to {to}"


def _serves_nobody(lane: Lane, rollout: Rollout) -> bool:
    """Whether no version with a share has a ready pod, as far as that is known, and no answer says otherwise."""
    if lane.verdict in (Verdict.ON, Verdict.DOUBTFUL) or not lane.shares:
        return False
    for share in lane.shares:
        if share.written is None or (share.others and share.written > CLOSE):
            return False
        version = rollout.version(share.version)
        if share.written > CLOSE and (version is None or version.ready):
            return False
    return True
