"""The Lease of a rollout's pilot: what it says, and the writes that change it.

Every write names the version of the Lease that it was decided on, so that of two writes at once the API server takes
one. The holder is `holderIdentity`, a session; an empty one is a Lease that was given back.
"""

from __future__ import annotations

from typing import Any

from cockpit.model.ages import seconds_since_epoch
from cockpit.model.objects import Lease
from cockpit.model.pairing import Person, Question
from cockpit.model.plan import PatchType, Request, Verb
from cockpit.model.refs import LEASES, Ref, RolloutKey
from cockpit.model.text import safe_text
from cockpit.model.values import dataclass
from cockpit.pairing import marks

# Seconds: how long a Lease lasts without a renewal, and how often it is renewed. Three renewals may get lost.
LEASE_SECONDS, RENEW_SECONDS = 30.0, 8.0
# For so long after the last write of its Lease a holder may begin a request; later it renews first.
SAFE_SECONDS = 15.0
# A write may arrive this long after it was sent: API servers give a request up after 60 s (kube-apiserver,
# --request-timeout), and proxies hold one for as long.
MAY_ARRIVE_SECONDS = 180.0
# A Lease whose holder was about to send is not taken over before everything that was sent has arrived or is lost.
ACTING_SECONDS = SAFE_SECONDS + MAY_ARRIVE_SECONDS + LEASE_SECONDS
# What a Lease of a stranger may ask for.
_LONGEST = 300.0


@dataclass(frozen=True, slots=True)
class PilotLease:
    """What the Lease of a rollout says; `holder` has session "" if nobody holds it.

    `heard` changes with each renewal: whoever waits for silence compares it for equality. `version` is the
    resourceVersion.
    """

    ref: Ref
    rollout: RolloutKey | None
    holder: Person
    since: float | None
    heard: tuple[str, str, int]
    version: str
    uid: str = ""
    lasts: float = LEASE_SECONDS
    acting: str = ""
    asked: Question | None = None
    offered: str = ""
    declined: str = ""
    reason: str = ""

    @property
    def free(self) -> bool:
        """Whether it was given back."""
        return not self.holder.session

    @property
    def patience(self) -> float:
        """Seconds without a renewal after which somebody else may take it over."""
        return max(self.lasts, ACTING_SECONDS) if self.acting else self.lasts


def read_pilot(lease: Lease, context: str) -> PilotLease:
    """What a Lease says; whatever does not make sense in it is left out."""
    meta, spec = lease.metadata, lease.spec
    said = meta.annotations or {}
    holder = spec.holder_identity or ""
    asked = marks.unpacked(said.get(marks.ASKED, ""))
    lasts = float(spec.lease_duration_seconds or LEASE_SECONDS)
    return PilotLease(
        ref=Ref(LEASES, meta.namespace, meta.name),
        rollout=marks.controls_named(said.get(marks.ROLLOUT, ""), context),
        holder=marks.person_of(holder, said),
        since=seconds_since_epoch(spec.acquire_time),
        heard=(holder, spec.renew_time or "", spec.lease_transitions or 0),
        version=meta.resource_version,
        uid=meta.uid,
        lasts=min(max(lasts, LEASE_SECONDS), _LONGEST),
        acting=safe_text(said.get(marks.ACTING, ""), marks.MOST_TEXT),
        asked=Question(*asked) if asked else None,
        offered=safe_text(said.get(marks.OFFERED, ""), marks.MOST_NAME),
        declined=safe_text(said.get(marks.DECLINED, ""), marks.MOST_NAME),
        reason=safe_text(said.get(marks.REASON, ""), marks.MOST_TEXT),
    )


_CLEARED: dict[str, Any] = {
    marks.ACTING: None,
    marks.ASKED: None,
    marks.OFFERED: None,
    marks.DECLINED: None,
    marks.REASON: None,
}


def created(ref: Ref, key: RolloutKey, me: Person, now: str, acting: str = "") -> Request:
    """The first Lease of a rollout; refused by the server if there is one already. `now` is RFC 3339 in micros."""
    annotations = {**marks.about(me), marks.ROLLOUT: marks.controls_text(key)}
    if acting:
        annotations[marks.ACTING] = acting
    body = {
        "apiVersion": LEASES.api_version,
        "kind": LEASES.kind,
        "metadata": {
            "name": ref.name,
            "namespace": ref.namespace,
            "labels": {marks.KIND_LABEL: marks.PILOT},
            "annotations": annotations,
        },
        "spec": {**_held(me, now), "acquireTime": now, "leaseTransitions": 0},
    }
    return Request(Verb.CREATE, ref, body)


def taken(lease: PilotLease, key: RolloutKey, me: Person, now: str, reason: str = "", acting: str = "") -> Request:
    """The Lease with another holder: free, silent, offered or handed over."""
    annotations = {**_CLEARED, **marks.about(me), marks.ROLLOUT: marks.controls_text(key)}
    annotations |= {marks.REASON: reason[: marks.MOST_TEXT] or None, marks.ACTING: acting or None}
    spec = {**_held(me, now), "acquireTime": now, "leaseTransitions": _next(lease)}
    return _patch(lease, annotations, spec, {marks.KIND_LABEL: marks.PILOT})


def renewed(lease: PilotLease, me: Person, now: str, acting: str = "") -> Request:
    """The holder is still there, and is about to send `acting`, or nothing."""
    return _patch(lease, {**marks.about(me), marks.ACTING: acting[: marks.MOST_TEXT] or None}, _held(me, now))


def given_to(lease: PilotLease, key: RolloutKey, to: Question, now: str) -> Request:
    """The holder hands the controls over to who asked for them."""
    return taken(lease, key, to.person, now, to.reason)


def released(lease: PilotLease) -> Request:
    """The holder gives the Lease back: it is deleted, if nobody wrote it meanwhile."""
    conditions = {"uid": lease.uid, "resourceVersion": lease.version}
    return Request(Verb.DELETE, lease.ref, {"kind": "DeleteOptions", "apiVersion": "v1", "preconditions": conditions})


def asking(lease: PilotLease, me: Person, reason: str) -> Request:
    """A question to the holder; it is no renewal."""
    return _patch(lease, {marks.ASKED: marks.packed(me, reason), marks.DECLINED: None})


def offering(lease: PilotLease, to: str) -> Request:
    """The holder offers the controls to a session; "" withdraws the offer."""
    return _patch(lease, {marks.OFFERED: to or None, marks.ASKED: None, marks.DECLINED: None})


def declining(lease: PilotLease) -> Request:
    """The answer no: of the holder to a question, or of the other side to an offer."""
    asker = lease.asked.person.session if lease.asked else None
    return _patch(lease, {marks.ASKED: None, marks.OFFERED: None, marks.DECLINED: asker})


def _held(me: Person, now: str) -> dict[str, Any]:
    return {"holderIdentity": me.session, "leaseDurationSeconds": int(LEASE_SECONDS), "renewTime": now}


def _next(lease: PilotLease) -> int:
    """The number of changes of the holder; the server keeps 32 bits."""
    return min(max(lease.heard[2], 0) + 1, 2**31 - 1)


def _patch(
    lease: PilotLease,
    annotations: dict[str, Any],
    spec: dict[str, Any] | None = None,
    labels: dict[str, Any] | None = None,
) -> Request:
    metadata: dict[str, Any] = {"resourceVersion": lease.version, "annotations": annotations}
    if labels:
        metadata["labels"] = labels
    body: dict[str, Any] = {"metadata": metadata}
    if spec:
        body["spec"] = spec
    return Request(Verb.PATCH, lease.ref, body, PatchType.MERGE, guard=f"version {lease.version}")
