"""The Lease of a session that has a cockpit open: what it says, and the writes that keep it."""

from __future__ import annotations

from typing import Any

from cockpit.model.ages import seconds_since_epoch
from cockpit.model.objects import Lease
from cockpit.model.pairing import Person, Presence
from cockpit.model.plan import PatchType, Request, Verb
from cockpit.model.refs import LEASES, Ref, RolloutKey
from cockpit.model.values import dataclass
from cockpit.pairing import marks

# Seconds: how long a session counts as here without a renewal, and how often it renews.
PRESENT_SECONDS, ANNOUNCE_SECONDS = 45.0, 15.0
# A Lease that nobody renews for so long is what a session left behind that was killed.
ABANDONED_SECONDS = 600.0


@dataclass(frozen=True, slots=True)
class PresenceLease:
    """What the Lease of a session says; `heard` and `version` as in `pilot_lease.PilotLease`."""

    ref: Ref
    person: Person
    rollout: RolloutKey | None
    since: float | None
    heard: tuple[str, str, int]
    version: str
    uid: str

    def seen(self, context: str, me: str) -> Presence:
        """It as a face shows it."""
        return Presence(self.person, context, self.rollout, self.since, self.person.session == me)


def read_presence(lease: Lease, context: str) -> PresenceLease | None:
    """What a Lease says; None if nobody holds it."""
    meta, spec = lease.metadata, lease.spec
    if not spec.holder_identity:
        return None
    said = meta.annotations or {}
    return PresenceLease(
        ref=Ref(LEASES, meta.namespace, meta.name),
        person=marks.person_of(spec.holder_identity, said),
        rollout=marks.rollout_of(said.get(marks.ROLLOUT, ""), context),
        since=seconds_since_epoch(spec.acquire_time),
        heard=(spec.holder_identity, spec.renew_time or "", spec.lease_transitions or 0),
        version=meta.resource_version,
        uid=meta.uid,
    )


def announced(ref: Ref, me: Person, rollout: RolloutKey | None, now: str, since: str) -> Request:
    """The first Lease of a session. Times are RFC 3339 in micros."""
    body = {
        "apiVersion": LEASES.api_version,
        "kind": LEASES.kind,
        "metadata": {
            "name": ref.name,
            "namespace": ref.namespace,
            "labels": {marks.KIND_LABEL: marks.PRESENCE},
            "annotations": {**marks.about(me), **_looks_at(rollout)},
        },
        "spec": {**_held(me, now), "acquireTime": since},
    }
    return Request(Verb.CREATE, ref, body)


def still_here(ref: Ref, version: str, me: Person, rollout: RolloutKey | None, now: str) -> Request:
    """The session is still there, and looks at `rollout`."""
    metadata = {"resourceVersion": version, "annotations": {**marks.about(me), **_looks_at(rollout)}}
    return Request(Verb.PATCH, ref, {"metadata": metadata, "spec": _held(me, now)}, PatchType.MERGE)


def removed(ref: Ref, uid: str, version: str) -> Request:
    """The Lease of a session that ended, unless somebody renewed it meanwhile."""
    body = {"kind": "DeleteOptions", "apiVersion": "v1", "preconditions": {"uid": uid, "resourceVersion": version}}
    return Request(Verb.DELETE, ref, body)


def _looks_at(rollout: RolloutKey | None) -> dict[str, Any]:
    return {marks.ROLLOUT: marks.rollout_text(rollout) if rollout else None}


def _held(me: Person, now: str) -> dict[str, Any]:
    return {"holderIdentity": me.session, "leaseDurationSeconds": int(PRESENT_SECONDS), "renewTime": now}
