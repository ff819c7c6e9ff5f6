"""The split that a fork really makes: which version gets which share of which requests.

Order of decisions as in ingress-nginx (balancer.lua, route_to_alternative_balancer): main without endpoints
answers 503 to all; a canary without endpoints leaves everything to main; then header, cookie, weight.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from cockpit.model.lookup import Objects
from cockpit.model.objects import Ingress
from cockpit.model.rollout import Lane, Role, Share, Version
from cockpit.routers.ingress.dialects import Dialect, Several
from cockpit.routers.ingress.placement import Canary, Fork, first_naming, is_hidden, naming, seniority
from cockpit.routers.ingress.rules import Match, enabled
from cockpit.routers.sides import Side, faceless, side_of
from cockpit.workloads.siblings import siblings_of
from cockpit.workloads.versions import Candidate, candidate_of, versions_of

DEFAULT = "default"
USUAL_ORDER = 10


@dataclass(frozen=True, slots=True)
class Branch:
    """A canary with its side. `counts`: attached, and not outdone by an older one on the same rule.

    `void_by` is an older main elsewhere of the same Service, by which the canary's rules do not exist;
    `hides` are younger ones, which the gateway no longer serves.
    """

    canary: Canary
    side: Side | None
    counts: bool
    void_by: str = ""
    hides: tuple[str, ...] = ()

    @property
    def live(self) -> bool:
        """True where requests that it claims arrive at its pods."""
        return self.counts and not self.void_by and self.side is not None and not self.side.empty


@dataclass(frozen=True, slots=True)
class Split:
    """A fork with everything behind it. `hidden`: the gateway answers 404 for the main's location."""

    fork: Fork
    main: Side
    branches: tuple[Branch, ...]
    candidates: tuple[Candidate, ...]
    versions: tuple[Version, ...]
    hidden: bool

    @property
    def effective(self) -> tuple[Branch, ...]:
        return tuple(b for b in self.branches if b.counts)

    @property
    def canary(self) -> Branch | None:
        """The branch whose weight acts are about: the first that counts, one without rules before others."""
        effective = sorted(self.effective, key=lambda branch: branch.canary.ruled)
        return next(iter(effective), next(iter(self.branches), None))

    def version_of(self, uid: str) -> Version:
        return next(v for v, c in zip(self.versions, self.candidates, strict=True) if c.uid == uid)

    def candidate(self, name: str) -> Candidate | None:
        return next((c for v, c in zip(self.versions, self.candidates, strict=True) if v.name == name), None)

    def behind(self, side: Side | None) -> tuple[Version, ...]:
        """The versions behind a side."""
        return tuple(map(self.version_of, side.uids)) if side else ()

    @property
    def idle(self) -> tuple[Candidate, ...]:
        """Versions behind no side at all."""
        used = {uid for side in self.sides for uid in side.uids}
        return tuple(c for c in self.candidates if c.uid not in used)

    @property
    def sides(self) -> tuple[Side, ...]:
        return (self.main, *(b.side for b in self.branches if b.side))


def split_of(fork: Fork, objects: Objects) -> Split:
    main = side_of(fork.upstream, fork.main.metadata.namespace, objects)
    if not main.candidates:
        main = replace(main, candidates=(faceless(fork.upstream, 0),))
    branches = _branches(fork, objects)
    sides = [main, *(b.side for b in branches if b.side)]
    found = {c.uid: c for side in sides for c in side.candidates}
    if len(found) == 1:
        only = next(iter(found.values()))
        for other in siblings_of(only.workload, objects) if only.workload else ():
            found[other.metadata.uid] = candidate_of(other, objects)
    candidates = tuple(sorted(found.values(), key=lambda c: c.age_key))
    versions = versions_of(candidates, _roles(candidates, main, branches))
    return Split(fork, main, branches, candidates, versions, is_hidden(fork.upstream, fork.main, fork.dialect, objects))


def _branches(fork: Fork, objects: Objects) -> tuple[Branch, ...]:
    """The canaries with their sides, in the order in which their rules are asked."""
    found: list[Branch] = []
    dialect = fork.dialect
    ordered = sorted(fork.canaries, key=lambda c: (_order(c.ingress, dialect), seniority(c.ingress)))
    attached = [c for c in ordered if not c.loose or c.blocks]
    if dialect.first_names:
        # One that names main's own Service is merged into it and stands in nobody's way.
        attached = [c for c in attached if c.upstream != fork.upstream] or attached
    counting = _counting(attached, dialect)
    for canary in ordered:
        counts = not canary.loose and canary in counting
        namespace = canary.ingress.metadata.namespace
        side = side_of(canary.upstream, namespace, objects) if canary.upstream else None
        older, younger = _other_mains(fork, canary, objects)
        found.append(Branch(canary, side, counts, older, younger))
    return tuple(found)


def _counting(attached: list[Canary], dialect: Dialect) -> list[Canary]:
    """The canaries that have a say beside each other."""
    match dialect.several:
        case Several.ADD_UP:
            return attached
        case Several.ORDERED:
            weighted = [c for c in attached if not c.ruled]
            return [c for c in attached if c.ruled] + weighted[:1]
        case _:
            return attached[:1]


def _order(ingress: Ingress, dialect: Dialect) -> int:
    """What the annotation says of its place, from 1 to 1000; 10 where it does not."""
    text = (ingress.metadata.annotations or {}).get(dialect.order_key, "") if dialect.order_key else ""
    number = int(text) if text.isascii() and text.isdigit() and len(text) <= 4 else USUAL_ORDER
    return number if 1 <= number <= 1000 else USUAL_ORDER


def _other_mains(fork: Fork, canary: Canary, objects: Objects) -> tuple[str, tuple[str, ...]]:
    """Mains that name the canary's Service and port: the one that was there before the canary, and those after."""
    upstream = canary.upstream
    if not fork.dialect.first_names or upstream is None or upstream == fork.upstream:
        return "", ()
    first = first_naming(upstream, fork.main, fork.dialect, objects)
    if first is not None and not enabled(first, fork.dialect):
        return first.metadata.name, ()
    mains = [i for i in naming(upstream, fork.main, objects) if not enabled(i, fork.dialect)]
    return "", tuple(i.metadata.name for i in mains)


def _roles(candidates: Iterable[Candidate], main: Side, branches: Iterable[Branch]) -> dict[str, Role]:
    """What main serves is stable, what only a canary serves is the canary; the rest is old, or not in use yet."""
    canaries = {uid for b in branches if b.side for uid in b.side.uids}
    newest = max((c.age_key for c in candidates if c.uid in main.uids), default=("", ()))
    return {
        c.uid: Role.STABLE
        if c.uid in main.uids
        else Role.CANARY
        if c.uid in canaries
        else Role.OLD
        if c.age_key < newest
        else Role.NEW
        for c in candidates
    }


def lanes_of(split: Split) -> tuple[Lane, ...]:
    """The default lane, and one per header or cookie rule of the canaries that count."""
    branches = split.effective or split.branches[:1]
    lanes = [_lane(split, DEFAULT, "", (), weighed(branches, split.fork.dialect))]
    for branch in branches:
        for match in branch.canary.rules.matches:
            name = match.text
            if all(lane.name != name for lane in lanes):
                taker = _taker(branches, match) or branch
                lanes.append(_lane(split, name, f"{match.kind} {match.text}", match.headers, [(taker, 1.0)]))
    return tuple(lanes)


def weighed(branches: Sequence[Branch], dialect: Dialect) -> list[tuple[Branch, float]]:
    """What each canary gets of the requests that no rule singles out."""
    if dialect.several is not Several.ADD_UP:
        return [(b, b.canary.rules.share) for b in branches]
    open_to_all = [b for b in branches if not b.canary.ruled]
    weights = [max(b.canary.rules.weight, 0) for b in open_to_all]
    total = max(sum(weights), *(b.canary.rules.total for b in open_to_all[:1]), 1)
    return [(b, weight * 100 // total / 100) for b, weight in zip(open_to_all, weights, strict=True)]


def _taker(branches: Sequence[Branch], match: Match) -> Branch | None:
    """The first canary that takes a request which meets a match by its example."""
    if not match.headers:
        return None
    sent = {name.lower(): value for name, value in match.headers}
    return next((b for b in branches if any(_meets(sent, m) for m in b.canary.rules.matches)), None)


def _meets(sent: dict[str, str], match: Match) -> bool:
    if match.kind == "cookie":
        return sent.get("cookie") == f"{match.name}=always"
    value = sent.get(match.name.lower().replace("_", "-")) if match.kind == "header" else None
    return value is not None and (match.values is None or value in match.values)


def _lane(
    split: Split,
    name: str,
    match: str,
    headers: tuple[tuple[str, str], ...] | None,
    parts: list[tuple[Branch, float]],
) -> Lane:
    parts = [(branch, max(share, 0.0)) for branch, share in parts]
    written = dict.fromkeys((c.uid for c in split.candidates), 0.0)
    if not split.hidden and not (split.main.empty and split.fork.dialect.main_guards):
        taken = [(b.side, share) for b, share in parts if b.live and b.side]
        rest = 1.0 - sum(share for _, share in taken)
        for side, share in [(split.main, rest), *taken]:
            for uid, fraction in side.fractions().items():
                written[uid] += share * fraction
    declared = _declared(split, parts)
    shares = tuple(
        Share(v.name, declared.get(c.uid), min(written[c.uid], 1.0))
        for v, c in zip(split.versions, split.candidates, strict=True)
    )
    derived = any(len([f for f in side.fractions().values() if f]) > 1 for side in split.sides)
    return Lane(name, match, shares, headers, derived)


def _declared(split: Split, parts: list[tuple[Branch, float]]) -> dict[str, float | None]:
    """The annotations at their word, whatever becomes of them; None where a side mixes versions."""
    found: dict[str, float | None] = dict.fromkeys((c.uid for c in split.candidates), 0.0)
    rest = 1.0 - sum(share for _, share in parts)
    for side, share in [(split.main, rest), *((b.side, share) for b, share in parts if b.side)]:
        for uid in side.uids:
            before = found[uid]
            found[uid] = None if before is None or len(side.uids) > 1 else before + share
    return found
