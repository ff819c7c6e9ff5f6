"""What a plan that goes back says about its target version: how many of its pods are ready, if not all are.

A version without a ready pod is never a silent target: if the traffic would move at once the act is refused with a
way out, if a controller moves it the plan warns.
"""

from __future__ import annotations

from collections.abc import Container, Iterable

from cockpit.model.plan import Act, Plan
from cockpit.model.remedies import unmended
from cockpit.model.rollout import Rollout, Version
from cockpit.planning.readiness import readiness
from cockpit.workloads.findings import listed
from cockpit.workloads.versions import Candidate, came_before


def way_back_warnings(version: Version, *, how: str = "") -> tuple[str, ...]:
    """What a plan says about the version that it goes back to; `how` is what happens to it if no pod is ready."""
    if version.ready:
        return short_of_pods(version.name, version.ready, version.desired)
    then = how or "requests to it fail until it has some"
    if not version.desired:
        return (f"{version.name} has no pods: {then}",)
    return (
        readiness(version.name, version.ready, version.desired),
        f"{version.name} has no ready pods: {then}",
    )


def short_of_pods(name: str, ready: int, desired: int) -> tuple[str, ...]:
    """How many pods of a version are ready, where some are not: that all is well is no warning."""
    return (readiness(name, ready, desired),) if ready < desired else ()


def forward_warnings(
    target: Version, named: Iterable[tuple[Version, Candidate]], takes: Container[str]
) -> tuple[str, ...]:
    """What a way back says that leads to a newer version, because older ones that take requests have no ready pods.

    `named` are all versions with their candidates, `takes` the names of those that take requests.
    """
    pairs = list(named)
    newer = next((c for v, c in pairs if v.name == target.name), None)
    older_dead = [v.name for v, c in pairs if newer and v.name in takes and not v.ready and came_before(c, newer)]
    if not older_dead:
        return ()
    verb = "is older and has" if len(older_dead) == 1 else "are older and have"
    return (f"{listed(older_dead)} {verb} no ready pods: this sends all traffic to the newer {target.name}",)


def no_help(plan: Plan, rollout: Rollout) -> tuple[str, ...]:
    """What speaks against a way back where nothing that hurts is the fault of a version."""
    remedy = unmended(rollout) if plan.act in (Act.ROLLBACK, Act.ABORT) else ""
    return (f"no version is at fault, so going back does not help: {remedy}",) if remedy else ()


def moves(manner: str, rollout: Rollout) -> tuple[str, ...]:
    """How a way back moves the traffic, unless requests fail wherever they are sent."""
    return () if unmended(rollout) else (manner,)


def version_warnings(rollout: Rollout, name: str, *, how: str = "") -> tuple[str, ...]:
    """The same by the version's name; a version that the rollout does not have has no pods."""
    version = rollout.version(name)
    return way_back_warnings(version, how=how) if version else (f"{name} has no pods" + (f": {how}" if how else ""),)
