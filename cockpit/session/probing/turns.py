"""How the probes of all rollouts share one budget of requests per second. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from enum import IntEnum

from cockpit.model.refs import RolloutKey
from cockpit.model.sampling import DOUBT_FACTOR
from cockpit.model.values import dataclass

# The part of what those before them leave that others get in any case, so that nobody waits for ever: rollouts at rest
# beside the selected one, and what moves beside what is guarded.
RESERVE = 0.1
# The part of the budget that what moves or is hurt keeps beside the selected rollouts: a guarded release is measured,
# whatever somebody looks at.
URGENT_PART = 0.5
# A turn ends after so many answers if they decided something, and after so many seconds if they cannot.
TURN_ANSWERS = 60
TURN_SECONDS = 60.0
# A rest smaller than this comes from rounding.
_NOTHING = 1e-6


class Rank(IntEnum):
    """Who comes first."""

    SELECTED = 0  # somebody looks at it
    GUARDED = 1  # a guard needs its answers
    URGENT = 2  # it moves, or it is hurt or doubtful
    RESTING = 3


@dataclass(frozen=True, slots=True)
class Wish:
    """A rollout that may be sampled: `asked` is requests per second, `answers` how many came so far.

    `decided` is true if it is known what its users get.
    """

    key: RolloutKey
    rank: Rank
    asked: float
    doubtful: bool = False
    decided: bool = False
    answers: int = 0
    through: str = ""  # the API server that its requests go through; "" for none


@dataclass(frozen=True, slots=True)
class Turn:
    """A rollout at rest that is sampled since `since` (monotonic seconds), when it had so many answers."""

    key: RolloutKey
    since: float
    answers: int

    def is_over(self, wish: Wish, now: float) -> bool:
        """Whether the next one's turn has come."""
        enough = wish.decided and wish.answers - self.answers >= TURN_ANSWERS
        return enough or now - self.since >= TURN_SECONDS


@dataclass(frozen=True, slots=True)
class Turns:
    """Whose turn it is, and when each rollout was sampled last (monotonic seconds)."""

    current: tuple[Turn, ...] = ()
    last: Mapping[RolloutKey, float] = field(default_factory=dict)


NO_TURNS = Turns()


def share_budget(
    wishes: Sequence[Wish], budget: float, before: Turns, now: float
) -> tuple[dict[RolloutKey, float], Turns]:
    """Requests per second for each rollout, at most `budget` together, and whose turn it is from `now` on.

    The selected rollout gets what it asks for at once, of at least half of the budget. Guarded ones come next, and what
    moves or is hurt shares the rest equally. What is left then decides doubts, and rollouts at rest take turns. A rate
    of 0 means that a rollout waits for its turn.
    """
    selected, guarded, urgent, resting = ([wish for wish in wishes if wish.rank is rank] for rank in Rank)
    kept = min(sum(wish.asked for wish in (*guarded, *urgent)), URGENT_PART * budget)
    rates = _levelled({wish.key: wish.asked for wish in selected}, budget - kept)
    left = max(budget - sum(rates.values()), 0.0)
    reserve = min(RESERVE * left, sum(wish.asked for wish in resting))
    room = left - reserve
    for group, part in ((guarded, 1 - RESERVE if urgent else 1.0), (urgent, 1.0)):
        given = _levelled({wish.key: wish.asked for wish in group}, room * part)
        rates |= given
        room -= sum(given.values())
    for group in (selected, guarded, urgent):
        spare = max(budget - reserve - sum(rates.values()), 0.0)
        doubtful = {wish.key: wish.asked * (DOUBT_FACTOR - 1) for wish in group if wish.doubtful}
        for key, more in _levelled(doubtful, spare).items():
            rates[key] += more
    rates |= {wish.key: 0.0 for wish in resting}
    going = {turn.key: turn for turn in before.current}
    turns, last = [], {}
    for wish in wishes:
        turn = going.get(wish.key)
        if turn is not None and turn.is_over(wish, now):
            del going[wish.key]
        if wish.rank is not Rank.RESTING or (turn is not None and wish.key not in going):
            last[wish.key] = now
        elif wish.key in before.last:
            last[wish.key] = before.last[wish.key]
    for wish, rate in _in_turn(resting, max(budget - sum(rates.values()), 0.0), going, last):
        rates[wish.key] = rate
        turns.append(going.get(wish.key) or Turn(wish.key, now, wish.answers))
    return rates, Turns(tuple(turns), last)


def limited_together(wishes: Sequence[Wish], rates: Mapping[RolloutKey, float], most: float) -> dict[RolloutKey, float]:
    """The rates through API servers, at most `most` through each: selected and guarded first, the others level."""
    limited: dict[RolloutKey, float] = {}
    for server in {wish.through for wish in wishes if wish.through}:
        room = most
        for ranks in ((Rank.SELECTED,), (Rank.GUARDED,), (Rank.URGENT, Rank.RESTING)):
            group = [wish for wish in wishes if wish.through == server and wish.rank in ranks]
            # Guarded ones leave something to the others, as in the budget.
            part = 1 - RESERVE if ranks == (Rank.GUARDED,) else 1.0
            levelled = _levelled({wish.key: rates[wish.key] for wish in group if rates[wish.key]}, room * part)
            limited |= levelled
            room -= sum(levelled.values())
    return limited


def _in_turn(
    resting: Sequence[Wish], room: float, going: Mapping[RolloutKey, Turn], last: Mapping[RolloutKey, float]
) -> list[tuple[Wish, float]]:
    """The rollouts at rest whose turn it is, with their rates: one at least, and as many as fit at their full rate."""

    def place(wish: Wish) -> tuple[bool, float, RolloutKey]:
        turn = going.get(wish.key)
        # Who was never sampled comes before all others that wait.
        return turn is None, turn.since if turn else last.get(wish.key, float("-inf")), wish.key

    taken: list[tuple[Wish, float]] = []
    for wish in sorted(resting, key=place):
        if room <= _NOTHING or (taken and wish.asked > room):
            break
        taken.append((wish, min(wish.asked, room)))
        room -= taken[-1][1]
    return taken


def _levelled(wants: Mapping[RolloutKey, float], room: float) -> dict[RolloutKey, float]:
    """What each gets of `room`: all it wants if that fits, else the same as the others who want more."""
    rates: dict[RolloutKey, float] = {}
    for number, (key, want) in enumerate(sorted(wants.items(), key=lambda item: (item[1], item[0]))):
        rates[key] = max(min(want, room / (len(wants) - number)), 0.0)
        room -= rates[key]
    return rates
