"""Names and annotations of the Lease that holds a proposal, as cockpits and the admission policy read them."""

from __future__ import annotations

import hashlib

from cockpit.model.lazy_re import lazy_re
from cockpit.model.pairing import controls_of
from cockpit.model.refs import CONFIGMAPS, LEASES, Ref, RolloutKey
from cockpit.pairing.marks import KIND_LABEL, PREFIX, ROLLOUT, controls_text

PROPOSAL = "proposal"
SELECTOR = f"{KIND_LABEL}={PROPOSAL}"
NAME_PREFIX, LOCK_PREFIX = "cockpit-proposal.", "cockpit-lock."

ID, PROPOSER, WHY, LASTS = PREFIX + "proposal", PREFIX + "proposer", PREFIX + "why", PREFIX + "lasts"
ASK, TITLE, PLAN = PREFIX + "ask", PREFIX + "title", PREFIX + "plan"
CONFIRMED_BY, ENDED, ENDED_BY = PREFIX + "confirmed-by", PREFIX + "ended", PREFIX + "ended-by"

# What is written once, when something is proposed; under the policy the API server refuses to change it.
CONTENT = (ID, PROPOSER, WHY, LASTS, ASK, TITLE, PLAN, ROLLOUT)
WITHDRAWN, SENT = "withdrawn", "sent"

# The policies that `cockpit doctor --manifests pairing` prints; the API server names them in what it refuses.
POLICY, LOCK, LOCK_MAPS = "cockpit-second-person", "cockpit-second-person-lock", "cockpit-second-person-lock-maps"

# Names of objects (RFC 1123 subdomains) may have 253 characters.
_NAME = lazy_re(r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?")
_LONGEST_NAME = 253


def proposal_ref(key: RolloutKey, namespace: str = "") -> Ref:
    """The Lease of a rollout's proposal: one for each rollout, whatever its system, in its namespace or `namespace`.

    It has a name that people can write into a policy's binding, unless that is no name of an object.
    """
    name = f"{NAME_PREFIX}{key.namespace}.{key.name}"
    if len(name) > _LONGEST_NAME or not _NAME.fullmatch(name) or ".." in name:
        name = NAME_PREFIX + hashlib.sha256(controls_text(controls_of(key)).encode()).hexdigest()[:40]
    return Ref(LEASES, namespace or key.namespace, name)


def lock_ref(key: RolloutKey, namespace: str = "") -> Ref:
    """The ConfigMap of a rollout's lock, where a team has made one: it says for whom somebody else confirmed something.

    The parameter of a policy has to be there all the time, which a proposal is not.
    """
    proposal = proposal_ref(key, namespace)
    return Ref(CONFIGMAPS, proposal.namespace, LOCK_PREFIX + proposal.name.removeprefix(NAME_PREFIX))
