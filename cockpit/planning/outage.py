"""Whether an act ends an outage: nobody is answered now, and it leads requests to ready pods. One rule for all acts."""

from __future__ import annotations

from dataclasses import replace

from cockpit.model.counts import counted
from cockpit.model.lanes import CLOSE
from cockpit.model.plan import Plan
from cockpit.model.rollout import Lane, Rollout, Severity, Verdict
from cockpit.workloads.findings import listed

# Verdicts that answers have led to.
_MEASURED = frozenset({Verdict.ON, Verdict.DOUBTFUL, Verdict.OFF})


def with_outage(plan: Plan, rollout: Rollout | None) -> Plan:
    """The plan, which says so if it ends an outage, and only then; `rollout` is as it is known by now."""
    ends = ends_outage(plan, rollout) if rollout else ""
    return replace(plan, ends_outage=ends) if ends != plan.ends_outage else plan


def ends_outage(plan: Plan, rollout: Rollout) -> str:
    """What a plan says that leads requests to ready pods where none that gets requests has any; "" for any other.

    Pods may be there all the same, unread, or answer without being ready: then no finding says for certain that users
    are hurt.
    """
    lane = rollout.default_lane
    hurt = any(found.severity is Severity.CRITICAL for found in rollout.findings)
    if lane is None or not hurt or not all(_serves_nobody(each, rollout) for each in rollout.lanes):
        return ""
    gains = dict.fromkeys(e.version for e in plan.expected if e.lane == lane.name and e.share > CLOSE)
    able = [version for name in gains if (version := rollout.version(name)) and version.ready]
    if not able:
        return ""
    to = listed([f"{counted(version.ready, 'ready pod')} of {version.name}" for version in able])
    return f"ends it: no ready pod gets requests now, and this leads them to {to}"


def _serves_nobody(lane: Lane, rollout: Rollout) -> bool:
    """Whether no version with a share has a ready pod, as far as that is known, and no answer says otherwise."""
    if lane.verdict in _MEASURED or lane.samples > lane.errors + lane.unknown or not lane.shares:
        return False
    for share in lane.shares:
        if share.written is None or (share.others and share.written > CLOSE):
            return False
        version = rollout.version(share.version)
        if share.written > CLOSE and (version is None or version.ready):
            return False
    return True
