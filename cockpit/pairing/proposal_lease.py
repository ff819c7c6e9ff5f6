"""The Lease that holds a proposal: what it says, and the writes that change it.

What was proposed is written once, by creating the Lease; a new proposal replaces it by another Lease. So its
creationTimestamp, which the API server sets, is when it was proposed. Every write names the version that it was decided
on, so that of two writes at once the API server takes one. Whatever a Lease says comes from strangers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import msgspec

from cockpit.model.ages import seconds_since_epoch
from cockpit.model.objects import Lease
from cockpit.model.plan import Act, Ask, PatchType, Request, Verb
from cockpit.model.refs import LEASES, Ref, RolloutKey
from cockpit.model.second import Proposal, ProposalState
from cockpit.model.text import safe_text
from cockpit.pairing import proposal_marks as marks
from cockpit.pairing.marks import KIND_LABEL, MOST_NAME, MOST_TEXT, ROLLOUT, rollout_of, rollout_text

# Seconds for which a proposal can last at most.
LONGEST_SECONDS = 86_400.0
_MOST_ASK, _MOST_WORD, _MOST_ITEMS = 4000, 300, 50
_PLAN_DIGITS = 64
# Acts that another cockpit can plan from the ask alone: an undo is of what this machine sent.
_NEVER = (Act.UNDO, Act.PROBE)


class ProposalLease(msgspec.Struct, frozen=True):
    """A proposal and the Lease that it was read from; `proposer` and `confirmer` are as the Lease spells them."""

    ref: Ref
    proposal: Proposal
    proposer: str
    confirmer: str
    version: str
    uid: str

    def seen(self, user: str, now: float | None) -> Proposal:
        """It as a face shows it to `user`, at `now` by the API server's clock; None if that is not known."""
        mine, state = self.proposer == user, self.proposal.state
        if not self.proposal.over and now is not None and now >= self.proposal.made + self.proposal.lasts:
            state = ProposalState.EXPIRED
        return replace(self.proposal, mine=mine, state=state)


def can_be_proposed(ask: Ask) -> bool:
    """Whether another cockpit can make the same plan from the ask."""
    return ask.act not in _NEVER and _is_modest(ask)


def read_proposal(lease: Lease, context: str, namespace: str = "") -> ProposalLease | None:
    """What a Lease says; None if it is no proposal, or not where the proposal of its rollout has to be."""
    meta = lease.metadata
    said = meta.annotations or {}
    key, made = rollout_of(said.get(ROLLOUT, ""), context), seconds_since_epoch(meta.creation_timestamp)
    ref = Ref(LEASES, meta.namespace, meta.name)
    proposer, plan, id = (said.get(name, "") for name in (marks.PROPOSER, marks.PLAN, marks.ID))
    if key is None or made is None or not proposer or not id or len(plan) != _PLAN_DIGITS:
        return None
    if ref != marks.proposal_ref(key, namespace):
        return None
    confirmer = said.get(marks.CONFIRMED_BY, "")
    found = Proposal(
        id=safe_text(id, MOST_NAME),
        rollout=key,
        ask=_ask(said.get(marks.ASK, "")),
        title=safe_text(said.get(marks.TITLE, ""), MOST_TEXT),
        plan=safe_text(plan, _PLAN_DIGITS),
        proposer=safe_text(proposer, MOST_NAME),
        why=safe_text(said.get(marks.WHY, ""), MOST_TEXT),
        made=made,
        lasts=_seconds(said.get(marks.LASTS, "")),
        confirmer=safe_text(confirmer, MOST_NAME),
        state=_state(said, confirmer),
        ended_by=safe_text(said.get(marks.ENDED_BY, ""), MOST_NAME),
    )
    return ProposalLease(ref, found, proposer, confirmer, meta.resource_version, meta.uid)


def _state(said: Mapping[str, str], confirmer: str) -> ProposalState:
    ended = said.get(marks.ENDED, "")
    if ended:
        return ProposalState.SENT if ended == marks.SENT else ProposalState.WITHDRAWN
    return ProposalState.CONFIRMED if confirmer else ProposalState.OPEN


def _seconds(text: str) -> float:
    """How long a proposal lasts; what makes no sense lasts not at all."""
    return min(float(text), LONGEST_SECONDS) if text.isascii() and text.isdigit() and len(text) < 7 else 0.0


def _ask(text: str) -> Ask | None:
    if len(text) > _MOST_ASK:
        return None
    try:
        ask = msgspec.json.decode(text.encode(errors="replace"), type=Ask)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return ask if can_be_proposed(ask) else None


def _is_modest(ask: Ask) -> bool:
    """Whether no part of it is longer than a person's would be."""
    words = [ask.version, ask.by, ask.at, *(ask.header or ()), *(ask.image or ())]
    words += [name for name, _ in (*ask.weights, *ask.counts)]
    lists = (ask.weights, ask.counts, ask.steps)
    return all(len(word or "") <= _MOST_WORD for word in words) and all(len(each) <= _MOST_ITEMS for each in lists)


# Writes


def proposed(
    key: RolloutKey, namespace: str, *, id: str, user: str, ask: Ask, title: str, plan: str, why: str, lasts: float
) -> Request:
    """A new proposal; refused by the server if there is one already."""
    ref = marks.proposal_ref(key, namespace)
    annotations = {
        marks.ID: id,
        ROLLOUT: rollout_text(key),
        marks.PROPOSER: user,
        marks.WHY: why[:MOST_TEXT],
        marks.LASTS: str(int(lasts)),
        marks.ASK: msgspec.json.encode(ask).decode(),
        marks.TITLE: title[:MOST_TEXT],
        marks.PLAN: plan,
    }
    metadata = {"name": ref.name, "namespace": ref.namespace, "labels": {KIND_LABEL: marks.PROPOSAL}}
    body = {
        "apiVersion": LEASES.api_version,
        "kind": LEASES.kind,
        "metadata": {**metadata, "annotations": annotations},
        "spec": {},
    }
    return Request(Verb.CREATE, ref, body)


def forged(namespace: str, user: str) -> Request:
    """A confirmation in another's name, which the API server refuses under the policy; to be tried, never sent."""
    request = _trial(namespace, user, "forged")
    request.body["metadata"]["annotations"][marks.CONFIRMED_BY] = f"somebody other than {user}"
    return request


def honest(namespace: str, user: str) -> Request:
    """A Lease that the API server would create, and by whose creationTimestamp it tells its time; never sent."""
    return _trial(namespace, user, "clock")


def _trial(namespace: str, user: str, name: str) -> Request:
    ref = Ref(LEASES, namespace, f"{marks.NAME_PREFIX}{name}")
    annotations = {marks.PROPOSER: user}
    metadata = {"name": ref.name, "namespace": namespace, "annotations": annotations}
    return Request(
        Verb.CREATE, ref, {"apiVersion": LEASES.api_version, "kind": LEASES.kind, "metadata": metadata, "spec": {}}
    )


def confirmed(lease: ProposalLease, user: str) -> Request:
    """Somebody else confirms it."""
    return _patch(lease, {marks.CONFIRMED_BY: user})


def ended(lease: ProposalLease, how: str, user: str) -> Request:
    """Nothing comes of it any more: `how` is WITHDRAWN or SENT."""
    return _patch(lease, {marks.ENDED: how, marks.ENDED_BY: user})


def removed(lease: ProposalLease) -> Request:
    """A proposal that is over makes room for another one."""
    conditions = {"uid": lease.uid, "resourceVersion": lease.version}
    return Request(Verb.DELETE, lease.ref, {"kind": "DeleteOptions", "apiVersion": "v1", "preconditions": conditions})


def _patch(lease: ProposalLease, annotations: dict[str, Any]) -> Request:
    # The uid keeps a write for one proposal from reaching the next one of the same name.
    metadata = {"uid": lease.uid, "resourceVersion": lease.version, "annotations": annotations}
    return Request(Verb.PATCH, lease.ref, {"metadata": metadata}, PatchType.MERGE, guard=f"version {lease.version}")
