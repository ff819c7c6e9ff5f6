"""Whether enough pods are ready for a share: each pod should carry no more than the pods of the traffic carry now."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from cockpit.model.lanes import CLOSE
from cockpit.model.rollout import Version
from cockpit.workloads.findings import percent


def capacity_warning(name: str, pods: int, needed: float, what: str = "its traffic") -> tuple[str, ...]:
    """The warning that a version has fewer ready pods than it needs to carry `what`; none if it has enough."""
    if pods >= needed - CLOSE:
        return ()
    ready = "1 ready pod" if pods == 1 else f"{pods} ready pods"
    return (
        f"capacity: {name} carries {what} on {ready}; it needs {math.ceil(needed - CLOSE)} to keep the load per pod",
    )


def share_capacity(name: str, share: float, pods: int, carrying: int) -> tuple[str, ...]:
    """The same for a share of the traffic, all of which `carrying` pods carry now."""
    return capacity_warning(name, pods, share * carrying, f"{percent(share)} of the traffic")


def capacity_warnings(
    versions: Sequence[Version], before: Mapping[str, float], after: Mapping[str, float]
) -> tuple[str, ...]:
    """The warnings for each version whose share rises, by version name, from `before` to `after`."""
    carrying = sum(v.ready for v in versions if before.get(v.name))
    risen = (v for v in versions if after.get(v.name, 0.0) > before.get(v.name, 0.0) + CLOSE)
    return tuple(text for v in risen for text in share_capacity(v.name, after[v.name], v.ready, carrying))
