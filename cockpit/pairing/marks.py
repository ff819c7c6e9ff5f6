"""Names, labels and annotations of the Leases through which cockpits know of each other."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import msgspec

from cockpit.model.pairing import Person
from cockpit.model.refs import LEASES, Ref, RolloutKey
from cockpit.model.text import safe_text

PREFIX = "rollouts.cockpit/"
KIND_LABEL = PREFIX + "lease"
PRESENCE, PILOT = "presence", "pilot"
SELECTOR = f"{KIND_LABEL} in ({PILOT},{PRESENCE})"

USER, HOST, ROLLOUT = PREFIX + "user", PREFIX + "host", PREFIX + "rollout"
ACTING, REASON = PREFIX + "acting", PREFIX + "reason"
ASKED, OFFERED, DECLINED = PREFIX + "asked", PREFIX + "offered", PREFIX + "declined"

MOST_NAME, MOST_TEXT = 100, 300
_LONGEST = 600  # two names of objects and a system


def pilot_ref(key: RolloutKey, namespace: str = "") -> Ref:
    """The Lease of a rollout's pilot, in the rollout's namespace or in `namespace`."""
    digest = hashlib.sha256(controls_text(key).encode()).hexdigest()[:20]
    return Ref(LEASES, namespace or key.namespace, f"cockpit-pilot-{digest}")


def presence_ref(session: str, namespace: str) -> Ref:
    """The Lease of a session."""
    return Ref(LEASES, namespace, f"cockpit-presence-{session}")


def controls_text(key: RolloutKey) -> str:
    """What controls are of, within its cluster: a rollout whatever its system, see `controls_of`."""
    return f"{key.namespace}/{key.name}"


def controls_named(text: str, context: str) -> RolloutKey | None:
    """What the annotation of a pilot's Lease names; None for anything else."""
    parts = text.split("/")
    if len(parts) != 2 or not all(parts) or len(text) > _LONGEST:
        return None
    namespace, name = (safe_text(part, 253) for part in parts)
    return RolloutKey(context, namespace, name, "")


def rollout_text(key: RolloutKey) -> str:
    """A rollout within its cluster: contexts have other names on other machines."""
    return f"{key.namespace}/{key.name}/{key.system}"


def rollout_of(text: str, context: str) -> RolloutKey | None:
    """The rollout that an annotation names; None for anything else."""
    parts = text.split("/")
    if len(parts) != 3 or not all(parts) or len(text) > _LONGEST:
        return None
    return RolloutKey(context, *(safe_text(part, 253) for part in parts))


def person_of(session: str, annotations: Mapping[str, str]) -> Person:
    """Who holds a Lease, as far as it says."""
    user = safe_text(annotations.get(USER, ""), MOST_NAME) or "somebody"
    return Person(user, safe_text(annotations.get(HOST, ""), MOST_NAME), safe_text(session, MOST_NAME))


def about(person: Person) -> dict[str, Any]:
    """The annotations that say who a person is."""
    return {USER: person.user, HOST: person.host}


def packed(person: Person, reason: str) -> str:
    """A question as the value of an annotation."""
    words = {"session": person.session, "user": person.user, "host": person.host, "reason": reason[:MOST_TEXT]}
    return msgspec.json.encode(words).decode()


class _Packed(msgspec.Struct):
    session: str = ""
    user: str = ""
    host: str = ""
    reason: str = ""


def unpacked(text: str) -> tuple[Person, str] | None:
    """The question in an annotation's value; None for anything else."""
    try:
        found = msgspec.json.decode(text[:4000].encode(errors="replace"), type=_Packed)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    if not found.session:
        return None
    said = {USER: found.user, HOST: found.host}
    return person_of(found.session, said), safe_text(found.reason, MOST_TEXT)
