"""Which version of a blue-green Service took all traffic before the one that takes it now.

Sources, in this order: the record of the last flip; when each version was first rolled out (its oldest ReplicaSet, not
the Deployment, which stays while versions come and go); if neither tells, the only other version that has ready pods.
The record covers flips from every machine, which a local journal does not. The managedFields of the selector are not
used: they say who wrote it last and when, not what it was.
"""

from __future__ import annotations

from collections.abc import Sequence

from cockpit.model.objects import Service
from cockpit.model.values import dataclass
from cockpit.routers.service.flip_record import FlipRecord
from cockpit.workloads.versions import Candidate, came_before


@dataclass(frozen=True, slots=True)
class WayBack:
    """The uid of the version to go back to, None if none is known.

    `guessed`: nothing shows that it took traffic before. `settled`: after a roll back, when nothing shows which of the
    others are old. `older` are the uids of all versions older than the active one.
    """

    uid: str | None
    guessed: bool = False
    settled: bool = False
    older: frozenset[str] = frozenset()


NO_WAY_BACK = WayBack(None)


def way_back(
    service: Service, record: FlipRecord | None, active: Candidate, candidates: Sequence[Candidate]
) -> WayBack:
    """`candidates` are all versions, the oldest first."""
    others = [c for c in candidates if c is not active]
    older = [c for c in others if came_before(c, active)]
    if record is not None:
        as_recorded = dict(record.after.selector) == (service.spec.selector or {})
        by_hand = record.before is not None and dict(record.before.selector) == (service.spec.selector or {})
        if (as_recorded and record.before is None) or (by_hand and not as_recorded):
            return WayBack(None, settled=True)
        # If the selector was written by hand since, the target of the flip is the version that was left.
        pick = record.before if as_recorded else record.after
        found = pick.among(others) if pick else None
        if found:
            return WayBack(found.uid, older=frozenset({found.uid, *(c.uid for c in older)}))
    if older:
        return WayBack(older[-1].uid, older=frozenset(c.uid for c in older))
    ready = [c for c in others if c.ready]
    if len(ready) == 1 and came_before(active, ready[0]) is None:
        return WayBack(ready[0].uid, guessed=True)
    return WayBack(None)
