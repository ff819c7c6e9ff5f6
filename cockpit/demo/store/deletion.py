"""When an object under deletion is marked, and when it goes."""

from __future__ import annotations

from cockpit.demo.clock import stamp
from cockpit.demo.rules.crds import mark_terminating
from cockpit.demo.schemas.kinds import NAMESPACES, PODS, Kind
from cockpit.demo.schemas.objects import Object
from cockpit.demo.schemas.storedkinds import CUSTOMRESOURCEDEFINITIONS

FOREGROUND = "foregroundDeletion"
ORPHAN = "orphan"
CRD_CLEANUP = "customresourcecleanup.apiextensions.k8s.io"
DEFAULT_POD_GRACE = 30
PENDING = "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon"


def mark(kind: Kind, obj: Object, propagation: str, grace: int | None, now: float) -> Object:
    """`obj` as a delete request leaves it: timestamp, grace period and the finalizers of its propagation."""
    meta = obj["metadata"]
    finalizers = _finalizers(meta, propagation)
    first = not meta.get("deletionTimestamp")
    if kind is CUSTOMRESOURCEDEFINITIONS and first:
        finalizers = [*(entry for entry in finalizers if entry != CRD_CLEANUP), CRD_CLEANUP]
        mark_terminating(obj, "InstanceDeletionPending", PENDING, stamp(now))
    meta["finalizers"] = finalizers
    if not finalizers:
        del meta["finalizers"]
    seconds = _grace(kind, obj, grace)
    if first:
        meta["deletionTimestamp"] = stamp(now + seconds)
        if kind not in (NAMESPACES, CUSTOMRESOURCEDEFINITIONS):
            meta["deletionGracePeriodSeconds"] = seconds
        if meta.get("generation") and kind is not CUSTOMRESOURCEDEFINITIONS:
            meta["generation"] += 1
    elif grace is not None and seconds < meta.get("deletionGracePeriodSeconds", 0):
        meta["deletionTimestamp"] = stamp(now + seconds)
        meta["deletionGracePeriodSeconds"] = seconds
    if kind is NAMESPACES:
        obj.setdefault("status", {})["phase"] = "Terminating"
    return obj


def _finalizers(meta: Object, propagation: str) -> list[str]:
    """A second request without Foreground or Orphan leaves them as the first one set them."""
    present = list(meta.get("finalizers") or [])
    others = [entry for entry in present if entry not in (FOREGROUND, ORPHAN)]
    if propagation == "Foreground":
        return [*others, FOREGROUND]
    if propagation == "Orphan":
        return [*others, ORPHAN]
    return present if meta.get("deletionTimestamp") else others


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
