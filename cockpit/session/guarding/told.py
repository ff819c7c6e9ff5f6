"""What is said of a guard's order, what others are told of an armed one, and whether an order takes it away."""

from __future__ import annotations

import math

from cockpit.model.armed import ToldGuard
from cockpit.model.guard import GuardOrder
from cockpit.model.refs import RolloutKey
from cockpit.model.text import safe_text
from cockpit.session.guarding.evaluate import Watch


def guard_words(order: GuardOrder) -> str:
    """What the guard does and when, such as "goes back by itself when hurt for 30s"."""
    conditions = " or ".join(map(str, order.conditions))
    return f"{'goes back by itself' if order.armed else 'proposes the way back'} when {conditions}"


def told_of(id: str, key: RolloutKey, watch: Watch, since: float) -> ToldGuard:
    """What others are told of an armed guard, in whole seconds."""
    words = safe_text(guard_words(watch.order), 300)
    return ToldGuard(id, key, words, math.floor(since), None if watch.until is None else math.ceil(watch.until))


def is_less(order: GuardOrder | None, armed: GuardOrder, until: float | None, now: float) -> bool:
    """Whether an order in place of an armed one, which lasts until `until`, would act on less, or not for as long."""
    if order is None or not order.armed or not set(armed.conditions) <= set(order.conditions):
        return True
    return order.seconds is not None and (until is None or now + order.seconds < until)
