"""A refusal as every adapter words it, and the epoch of a split."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from cockpit.model.advice import acts_told
from cockpit.model.plan import Act, Refused
from cockpit.model.rollout import Rollout
from cockpit.model.text import safe_text
from cockpit.planning.wording import gone


def refused(rollout: Rollout, act: Act, why: str, told: tuple[Act, ...] = ()) -> Refused:
    """A refusal that names the act, the root object and its cluster; `told` are the acts that its reason advises."""
    root = f"{rollout.objects[0]}" if rollout.objects else str(rollout.key)
    words = safe_text(f"{act} refused for {root} in {rollout.key.context}: {why}", 700)
    return Refused(act, rollout.key, words, told or acts_told(why))


def refused_gone(rollout: Rollout, act: Act, what: str) -> Refused:
    """A refusal because `what`, the object that the rollout was read from, was deleted meanwhile."""
    return refused(rollout, act, gone(what))


def epoch_of(*deciding: Any) -> str:
    """A short text that changes exactly when one of the JSON values in `deciding` changes."""
    text = json.dumps(deciding, sort_keys=True, default=str)
    return hashlib.blake2b(text.encode(errors="replace"), digest_size=8).hexdigest()
