"""Which rollouts of a fleet changed from one view to the next, without looking at those that did not. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import compress, count
from operator import is_not

from cockpit.model.view import RolloutView


def changed_places(before: Sequence[RolloutView], after: Sequence[RolloutView]) -> list[int] | None:
    """The places of `after` that hold another object than before; None if rollouts came, went or moved.

    Usually few of many changed, and of the others only the identities are compared.
    """
    if len(before) != len(after):
        return None
    places = list(compress(count(), map(is_not, before, after)))
    return None if any(before[n].rollout.key != after[n].rollout.key for n in places) else places
