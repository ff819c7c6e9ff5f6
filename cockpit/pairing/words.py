"""What is said about the controls of a rollout: refusals, warnings, and how to ask. Pure."""

from __future__ import annotations

import math

from cockpit.model.pairing import Person
from cockpit.model.refs import RolloutKey
from cockpit.pairing.pilot_lease import PilotLease

HOW_TO_ASK = 'ask for them with the key for the controls, or with --take-over "reason"'


def held_by(key: RolloutKey, holder: Person) -> str:
    """Who has the controls."""
    return f"{holder} has the controls of {key.namespace}/{key.name}"


def refusal(key: RolloutKey, holder: Person, silent: bool) -> str:
    """Why an act is refused in strict mode, and what to do."""
    if silent:
        return (
            f"{held_by(key, holder)} and is silent; take them over with the key for the controls,"
            ' or with --take-over "reason"'
        )
    return f"{held_by(key, holder)}; {HOW_TO_ASK}"


def warned(key: RolloutKey, holder: Person) -> str:
    """What is said in advisory mode before an act that is sent all the same."""
    return f"{held_by(key, holder)}: say so before you act (pilot is advisory here, so nothing stops you)"


def not_known(key: RolloutKey, why: str) -> str:
    """Why an act is refused in strict mode if the pilot cannot be read or written."""
    return (
        f"the controls of {key.namespace}/{key.name} cannot be taken, and pilot is strict in {key.context}: {why}"
        " To act without them, set pairing.pilot to advisory"
    )


def still_acting(lease: PilotLease, silent: float) -> str:
    """Why the controls of a holder who was about to send are not taken over yet."""
    left = math.ceil(max(lease.patience - silent, 0.0))
    return f"{lease.holder} was sending ({lease.acting}), which may still arrive; in {left} s they can be taken over"


def heard_lately(lease: PilotLease, silent: float) -> str:
    """Why the controls of a holder are not taken over yet."""
    left = math.ceil(max(lease.patience - silent, 0.0))
    return f"{lease.holder} was heard {int(silent)} s ago; if it stays silent they can be taken over in {left} s"


def no_right(context: str, what: str, namespace: str) -> str:
    """That a right to Leases is missing, and how to get it; `namespace` "" for all of them."""
    where = f" in namespace {namespace}" if namespace else ""
    return f"{context} does not allow you to {what}{where} (cockpit doctor --manifests pairing prints the role)"
