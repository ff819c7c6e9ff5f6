"""What a router object says about the two Services that a controller splits between: the written truth."""

from __future__ import annotations

from dataclasses import dataclass

from cockpit.model.refs import Ref
from cockpit.model.rollout import Finding


@dataclass(frozen=True, slots=True)
class HeaderLane:
    """Requests that a rule singles out. `share` is what the canary gets of them, a fraction of 1.

    `match` is the rule in words, such as "header user=bob"; `headers` make a request meet it, None where no
    example can be derived.
    """

    match: str
    headers: tuple[tuple[str, str], ...] | None
    share: float


@dataclass(frozen=True, slots=True)
class Behind:
    """The split of one router object between a stable and a canary Service.

    `share` is what the canary gets of the requests that no rule singles out, a fraction of 1; None where the object
    does not say (it is missing, or leads to neither of them). Other Services in the same rule do not count.
    `refs` are the objects that it was read from, `problems` what of them cannot be, or means something else.
    """

    share: float | None
    lanes: tuple[HeaderLane, ...] = ()
    refs: tuple[Ref, ...] = ()
    problems: tuple[Finding, ...] = ()
