"""What a person might ask for with an act, to find out which requests it takes. Nothing of it is sent."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from cockpit.model.lanes import DEFAULT_LANE
from cockpit.model.plan import Act, ActState, Ask
from cockpit.model.rollout import Rollout

# Enough to meet each version and each step of a usual rollout.
_MOST = 12
_SHARES = (0.5, 0.25, 1.0, 0.0)
_HEADER = ("x-cockpit", "always")
_STEPS = (0.5, 1.0)


def sample_asks(state: ActState, rollout: Rollout) -> tuple[Ask, ...]:
    """Asks of this act with arguments that the rollout may take, the likeliest first; some can be refused."""
    return tuple(islice(_asks(state, rollout), _MOST))


def _asks(state: ActState, rollout: Rollout) -> Iterator[Ask]:
    act, names = state.act, [version.name for version in reversed(rollout.versions)]
    match act:
        case Act.SET_WEIGHT:
            written = _written(rollout)
            for name in names:
                shares = [share for share in _SHARES if share != written.get(name)]
                yield from (Ask(act, weights=((name, share),)) for share in shares[:2])
        case Act.HEADER:
            yield from (Ask(act, version=name, header=_HEADER) for name in names)
        case Act.STEPS:
            yield from (Ask(act, version=name, steps=_STEPS) for name in names)
        case Act.SCALE:
            # One of them is not the count of a workload that several versions share.
            yield from (Ask(act, counts=((v.name, v.desired + m),)) for v in reversed(rollout.versions) for m in (1, 2))
        case Act.JUMP:
            current = rollout.step.index if rollout.step else 0
            count = rollout.step.count if rollout.step else 1
            yield from (Ask(act, step=step) for step in range(1, count + 1) if step != current)
        case Act.SET_IMAGE:
            yield Ask(act, image=("", "rollout.invalid/image:none"))
        case _:
            yield Ask(act)
            yield from (Ask(act, version=name) for name in (*state.versions, *names))


def _written(rollout: Rollout) -> dict[str, float | None]:
    shares = next((lane.shares for lane in rollout.lanes if lane.name == DEFAULT_LANE), ())
    return {share.version: share.written for share in shares}
