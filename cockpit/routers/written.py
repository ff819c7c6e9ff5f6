"""What a router object says about the two Services that a controller splits between: the written truth."""

from __future__ import annotations

from cockpit.model.refs import Ref
from cockpit.model.rollout import Finding, Severity
from cockpit.model.values import dataclass
from cockpit.workloads.findings import finding, percent


@dataclass(frozen=True, slots=True)
class HeaderLane:
    """Requests that a rule takes out of the split. `share` is the canary's part of them, a fraction of 1.

    It is None if unknown; `declared` is the part that the controller intends for the canary, None for the same as of
    requests that no rule singles out. `match` is the rule in
    words, such as "header user=bob"; `headers` make a request match it, None if no example can be derived. `others` is
    the part of backends other than the two.
    """

    match: str
    headers: tuple[tuple[str, str], ...] | None
    share: float | None
    declared: float | None = 1.0
    others: float = 0.0

    @property
    def stable(self) -> float | None:
        """The stable Service's part of them."""
        return rest_of(self.share, self.others)


@dataclass(frozen=True, slots=True)
class WrittenSplit:
    """The split of one router object between a stable and a canary Service.

    `share` is the canary's part of the requests that no rule singles out, a fraction of 1; None if the object does not
    say (it is missing, or leads to neither of them). `others` is the part of backends other than the two, `strangers`
    are their names, and `beside` are the parts of those that are Services ("namespace/name"). `refs` are the objects
    that it was read from, `problems` what is invalid or misleading in them; because of `unserved_shares` among those a
    configured share is not served.
    """

    share: float | None
    lanes: tuple[HeaderLane, ...] = ()
    refs: tuple[Ref, ...] = ()
    problems: tuple[Finding, ...] = ()
    others: float = 0.0
    strangers: tuple[str, ...] = ()
    unserved_shares: tuple[Finding, ...] = ()
    beside: tuple[tuple[str, float], ...] = ()

    @property
    def stable(self) -> float | None:
        """The stable Service's part of the requests that no rule singles out."""
        return rest_of(self.share, self.others)


def rest_of(share: float | None, others: float) -> float | None:
    """What is left for the stable side; None if the canary's share is unknown."""
    return None if share is None else max(1.0 - share - others, 0.0)


def shares_that_differ(what: str, canary: str, shares: list[float]) -> tuple[Finding, ...]:
    """The finding that the rules of one object give the canary different shares; each share is named once."""
    each = list(dict.fromkeys(shares))
    if len(each) < 2:
        return ()
    why = f"{what} give {canary} different shares: {', '.join(map(percent, each))}; the first is shown"
    return (rules_differ(why),)


def split_of_some(text: str) -> Finding:
    """An object whose split is only for requests with conditions."""
    return finding("split-of-some-requests", Severity.WARNING, text)


def rules_differ(text: str) -> Finding:
    """Rules of one object that split differently, of which one split is shown."""
    return finding("rules-differ", Severity.WARNING, text)
