"""Which earlier version a roll back leads to where a controller keeps older templates; one rule for all of them.

A version that was created after the current one is no way back: the current one was rolled back to from it. Numbers
of revisions do not tell that, because a template that is set again gets the highest one and keeps its object. Of those
that are older, one against which the objects speak is never chosen; of the rest one that still has ready pods, else the
one that was the template last.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from cockpit.model.rollout import PodCell, PodState
from cockpit.model.text import safe_text
from cockpit.model.values import dataclass
from cockpit.workloads.findings import listed

_ANYWAY = "no older version that is known to work; to take one anyway choose it: --to NAME, on the screen :revisions"


@dataclass(frozen=True, slots=True)
class Earlier:
    """A version with a template that a controller keeps, as a way back sees it.

    `born` is when its object was created (RFC 3339), "" if that is not known; `number` that of its revision.
    `pods` is whether it has any, `against` what the objects say against it.
    """

    uid: str
    name: str
    born: str
    number: int
    ready: int = 0
    pods: bool = False
    against: str = ""

    def came_after(self, other: Earlier) -> bool:
        """Whether it was first rolled out after `other`; not if that is not known."""
        return bool(other.born) and self.born > other.born


def why_failing(pods: Iterable[PodCell], ready: int) -> str:
    """Why pods of a version fail of which none is ready; "" if none fails."""
    reasons = dict.fromkeys(pod.reason for pod in pods if pod.state is PodState.FAILING)
    return safe_text(listed(list(reasons)[:3]), 120) if reasons and not ready else ""


def failing(pods: Iterable[PodCell], ready: int) -> str:
    """What its pods say against a version; "" if they say nothing."""
    why = why_failing(pods, ready)
    return f"its pods fail ({why})" if why else ""


def earlier_of(current: Earlier, others: Sequence[Earlier]) -> Earlier | None:
    """The version that a roll back from `current` leads to; None if there is none, which `why_no_earlier` explains."""
    able = [other for other in others if not other.came_after(current) and not other.against]
    return max(able, key=lambda each: (each.ready > 0, each.number, each.born), default=None)


def returning(current: Earlier, others: Sequence[Earlier]) -> tuple[Earlier, ...]:
    """The versions that came after the current template and still have pods: a roll back from them is under way."""
    return tuple(other for other in others if other.came_after(current) and other.pods)


def why_no_earlier(current: Earlier, others: Sequence[Earlier]) -> str:
    """Why no earlier version can be chosen without naming it, and what to do instead."""
    if not others:
        return f"{current.name} is the only template in the revision history: nothing to roll back to"
    # One that may work would have been found: those that are left came after it or have something against them.
    older = [other for other in others if not other.came_after(current)]
    if not older:
        came = listed([other.name for other in others])
        return f"{current.name} is the oldest version here, and {came} came after it; {_ANYWAY}"
    worst = max(older, key=lambda each: (each.number, each.born))
    return f"{worst.name} came before {current.name}, but {worst.against}; {_ANYWAY}"


def why_returning(current: Earlier, others: Sequence[Earlier]) -> str:
    """Why a roll back that is under way is not begun again; "" if none is."""
    leaving = [other.name for other in returning(current, others)]
    if not leaving:
        return ""
    pods = f"pods of {listed(leaving)} are still being replaced"
    return f"it is already rolling back to {current.name}, and {pods}: wait for it, or choose a version with --to"


def passed_over(current: Earlier, others: Sequence[Earlier], target: Earlier) -> tuple[str, ...]:
    """What a plan says that did not choose the revision before, as kubectl would; the reason is in the objects."""
    higher = [other for other in others if other.number > target.number]
    came = [other.name for other in higher if other.came_after(current)]
    bad = [other for other in higher if other.against and not other.came_after(current)]
    return (
        *((f"not to {listed(came)}, from which it was rolled back: --to chooses it all the same",) if came else ()),
        *(f"not to {other.name}: {other.against}" for other in bad),
    )


def cautions(target: Earlier, current: Earlier | None) -> tuple[str, ...]:
    """What a plan says that leads to a version that the objects speak against, or that came after the current one."""
    found = [f"{target.name}: {target.against}; this goes back to it all the same"] if target.against else []
    if current is not None and target.came_after(current):
        found.append(f"{target.name} came after {current.name}: this rolls it out again")
    return tuple(found)
