"""When an object under deletion is marked, and when it goes."""

from __future__ import annotations

from cockpit.demo.clock import stamp
from cockpit.demo.schemas.kinds import NAMESPACES, PODS, Kind
from cockpit.demo.schemas.objects import Object

FOREGROUND = "foregroundDeletion"
ORPHAN = "orphan"
DEFAULT_POD_GRACE = 30


def mark(kind: Kind, obj: Object, propagation: str, grace: int | None, now: float) -> Object:
    """`obj` as a delete request leaves it: timestamp, grace period and the finalizers of its propagation."""
    meta = obj["metadata"]
    finalizers = [entry for entry in meta.get("finalizers") or [] if entry not in (FOREGROUND, ORPHAN)]
    if propagation == "Foreground":
        finalizers.append(FOREGROUND)
    elif propagation == "Orphan":
        finalizers.append(ORPHAN)
    elif meta.get("deletionTimestamp"):
        finalizers = list(meta.get("finalizers") or [])
    meta["finalizers"] = finalizers
    if not finalizers:
        del meta["finalizers"]
    seconds = _grace(kind, obj, grace)
    if not meta.get("deletionTimestamp"):
        meta["deletionTimestamp"] = stamp(now + seconds)
        if kind is not NAMESPACES:
            meta["deletionGracePeriodSeconds"] = seconds
        if meta.get("generation"):
            meta["generation"] += 1
    elif grace is not None and seconds < meta.get("deletionGracePeriodSeconds", 0):
        meta["deletionTimestamp"] = stamp(now + seconds)
        meta["deletionGracePeriodSeconds"] = seconds
    if kind is NAMESPACES:
        obj.setdefault("status", {})["phase"] = "Terminating"
    return obj


def is_over(kind: Kind, obj: Object) -> bool:
    """Whether an object marked for deletion has nothing left that holds it."""
    meta = obj["metadata"]
    if not meta.get("deletionTimestamp") or meta.get("finalizers"):
        return False
    if kind is NAMESPACES and (obj.get("spec") or {}).get("finalizers"):
        return False
    return not meta.get("deletionGracePeriodSeconds")


def _grace(kind: Kind, obj: Object, asked: int | None) -> int:
    """Only a pod that a kubelet runs has a grace period."""
    if kind is not PODS or not (obj.get("spec") or {}).get("nodeName"):
        return 0
    if (obj.get("status") or {}).get("phase") in ("Succeeded", "Failed"):
        return 0
    if asked is not None:
        return max(asked, 0)
    own = obj["spec"].get("terminationGracePeriodSeconds")
    return own if isinstance(own, int) else DEFAULT_POD_GRACE
