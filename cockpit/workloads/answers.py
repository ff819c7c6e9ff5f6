"""What an adapter answers to an act that cannot be: the states it lists and the refusals it gives."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from cockpit.model.plan import Act, ActState, Refused
from cockpit.model.rollout import Rollout
from cockpit.model.text import safe_text

# Undo belongs to whoever keeps the journal, not to an adapter.
_ASKED_OF_ADAPTERS = tuple(act for act in Act if act is not Act.UNDO)


def act_states(whys: Mapping[Act, str], otherwise: str) -> tuple[ActState, ...]:
    """Every act with why it does not apply ("" where it does); `otherwise` for acts the system does not have."""
    return tuple(
        ActState(act, not whys.get(act, otherwise), safe_text(whys.get(act, otherwise), 500))
        for act in _ASKED_OF_ADAPTERS
    )


def refused(rollout: Rollout, act: Act, why: str) -> Refused:
    """A refusal that names the act, the root object and its cluster."""
    root = f"{rollout.objects[0]}" if rollout.objects else str(rollout.key)
    return Refused(act, rollout.key, safe_text(f"{act} refused for {root} in {rollout.key.context}: {why}", 700))


def epoch_of(*deciding: Any) -> str:
    """A short text that differs exactly where one of the JSON values in `deciding` does."""
    text = json.dumps(deciding, sort_keys=True, default=str)
    return hashlib.blake2b(text.encode(errors="replace"), digest_size=8).hexdigest()
