"""The Lease that tells others of an armed guard: what it says, and the writes that keep it.

The guard itself lives in its session; nobody disarms it by deleting the Lease, which is then written again. So that
two cockpits can mean the same guard, it has a hash: over what is told of it, not over when it was heard last.
"""

from __future__ import annotations

import hashlib
from typing import Any

from cockpit.model.ages import LAST_SECOND
from cockpit.model.armed import ArmedGuard, ToldGuard
from cockpit.model.objects import Lease
from cockpit.model.pairing import Person
from cockpit.model.plan import PatchType, Request, Verb
from cockpit.model.refs import LEASES, Ref
from cockpit.model.text import safe_text
from cockpit.model.values import dataclass
from cockpit.pairing import marks
from cockpit.pairing.plan_hash import canonical

GUARD = "guard"
SELECTOR = f"{marks.KIND_LABEL}={GUARD}"
WORDS, SINCE, UNTIL = marks.PREFIX + "guard", marks.PREFIX + "since", marks.PREFIX + "until"
# What is told of a guard; a change of any of it makes it another guard.
CONTENT = (marks.USER, marks.HOST, marks.ROLLOUT, WORDS, SINCE, UNTIL)
# Seconds: how long it counts as armed without a renewal, and how often it is renewed.
TOLD_SECONDS, RENEW_SECONDS = 45.0, 15.0


@dataclass(frozen=True, slots=True)
class GuardLease:
    """What the Lease of a guard says; `digest` is its hash, `heard` and `version` as in `pilot_lease.PilotLease`."""

    ref: Ref
    guard: ArmedGuard
    digest: str
    heard: tuple[str, str, int]
    version: str
    uid: str


def guard_ref(id: str, namespace: str) -> Ref:
    """The Lease of a guard."""
    return Ref(LEASES, namespace, f"cockpit-guard-{id}")


def read_guard(lease: Lease, context: str, session: str) -> GuardLease | None:
    """What a Lease says; None if it is of no guard. `session` is this one, to tell its own guards."""
    meta, spec = lease.metadata, lease.spec
    said, holder = meta.annotations or {}, spec.holder_identity or ""
    key = marks.rollout_of(said.get(marks.ROLLOUT, ""), context)
    id, since = meta.name.removeprefix("cockpit-guard-"), _seconds(said.get(SINCE, ""))
    ref = Ref(LEASES, meta.namespace, meta.name)
    if not holder or key is None or since is None or ref != guard_ref(id, meta.namespace):
        return None
    words = safe_text(said.get(WORDS, ""), marks.MOST_TEXT)
    told = ToldGuard(safe_text(id, marks.MOST_NAME), key, words, since, _seconds(said.get(UNTIL, "")))
    heard = (holder, spec.renew_time or "", spec.lease_transitions or 0)
    guard = ArmedGuard(told, marks.person_of(holder, said), holder == session)
    return GuardLease(ref, guard, _digest(lease), heard, meta.resource_version, meta.uid)


def _digest(lease: Lease) -> str:
    """SHA-256 over what is told, as the Lease spells it, and which Lease it is."""
    said = lease.metadata.annotations or {}
    means = {
        "lease": [lease.metadata.namespace, lease.metadata.name, lease.metadata.uid],
        "holder": lease.spec.holder_identity,
        "told": {name: said.get(name) for name in CONTENT},
    }
    return hashlib.sha256(canonical(means)).hexdigest()


def _seconds(text: str) -> float | None:
    """Whole UTC seconds; None for what is no date of a calendar."""
    found = float(text) if text.isascii() and text.isdigit() and len(text) < 13 else None
    return found if found is not None and found <= LAST_SECOND else None


def told_first(told: ToldGuard, namespace: str, me: Person, now: str) -> Request:
    """The first Lease of a guard. `now` is RFC 3339 in micros."""
    ref = guard_ref(told.id, namespace)
    metadata = {
        "name": ref.name,
        "namespace": ref.namespace,
        "labels": {marks.KIND_LABEL: GUARD},
        "annotations": _said(told, me),
    }
    body = {"apiVersion": LEASES.api_version, "kind": LEASES.kind, "metadata": metadata, "spec": _held(me, now)}
    return Request(Verb.CREATE, ref, body)


def told_again(told: ToldGuard, ref: Ref, version: str, me: Person, now: str) -> Request:
    """The guard is still armed; what somebody else wrote into its Lease is set right."""
    metadata = {"resourceVersion": version, "annotations": _said(told, me)}
    return Request(Verb.PATCH, ref, {"metadata": metadata, "spec": _held(me, now)}, PatchType.MERGE)


def _said(told: ToldGuard, me: Person) -> dict[str, Any]:
    until = None if told.until is None else str(int(told.until))
    place = {marks.ROLLOUT: marks.rollout_text(told.rollout)}
    return {**marks.about(me), **place, WORDS: told.words[: marks.MOST_TEXT], SINCE: str(int(told.since)), UNTIL: until}


def _held(me: Person, now: str) -> dict[str, Any]:
    return {"holderIdentity": me.session, "leaseDurationSeconds": int(TOLD_SECONDS), "renewTime": now}
