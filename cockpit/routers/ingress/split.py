"""The actual split of a placement: which version gets which share of which requests.

Order of decisions as in ingress-nginx (balancer.lua, route_to_alternative_balancer): main without endpoints
answers 503 to all; a canary without endpoints leaves everything to main; then header, cookie, weight.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from cockpit.model.lookup import Objects
from cockpit.model.objects import Ingress
from cockpit.model.rollout import Lane, Role, Share, Version
from cockpit.model.values import dataclass
from cockpit.planning.readiness import unanswered, without_service
from cockpit.routers.backends import BackendVersions, Upstream, faceless, side_of
from cockpit.routers.ingress.annotations import CanaryMatch, by_address, enabled, main_guards, rules_of
from cockpit.routers.ingress.dialects import Dialect, Several
from cockpit.routers.ingress.locations import seniority
from cockpit.routers.ingress.no_controller import why_no_controller
from cockpit.routers.ingress.placement import CanaryIngress, CanaryPlacement
from cockpit.routers.version_lookup import VersionLookup
from cockpit.workloads.siblings import siblings_of
from cockpit.workloads.versions import Candidate, candidate_of, versions_of

DEFAULT = "default"
USUAL_ORDER = 10


@dataclass(frozen=True, slots=True)
class PlacedCanary:
    """A canary with its side. `counts`: attached, and no older one is on the same rule.

    `void_by` is an older main of the same Service elsewhere, because of which the canary's rules have no effect;
    `hides` are younger ones, which the gateway no longer serves. `ruled_by` is an older canary Ingress for the same
    Service, whose weight and rules count here too (controller.go, createUpstreams: the first one's policy).
    """

    canary: CanaryIngress
    side: BackendVersions | None
    counts: bool
    void_by: str = ""
    hides: tuple[str, ...] = ()
    ruled_by: str = ""
    by_address: bool = False  # without ready pods its share fails; it does not go to main

    @property
    def live(self) -> bool:
        """True if requests that it claims do not go to main."""
        if not self.counts or self.void_by or self.side is None or self.side.service is None:
            return False
        return self.by_address or not self.side.empty


@dataclass(frozen=True, slots=True)
class CanarySplit(VersionLookup):
    """A placement with everything behind it. `hidden`: the gateway answers 404 for the main's location.

    `no_controller` says why perhaps no controller serves it, so that the written shares are unknown; "" if one does.
    """

    placement: CanaryPlacement
    main: BackendVersions
    placed_canaries: tuple[PlacedCanary, ...]
    candidates: tuple[Candidate, ...]
    versions: tuple[Version, ...]
    hidden: bool
    no_controller: str = ""

    @property
    def place(self) -> str:
        """The rollout as "namespace/name"."""
        return f"{self.placement.main.metadata.namespace}/{self.placement.name}"

    @property
    def guarded(self) -> bool:
        """Whether main without ready pods answers for nobody, the canary's requests included."""
        return main_guards(self.placement.main, self.placement.dialect)

    def why_failing(self, version: Version) -> str:
        """Why a version cannot answer requests, with a way out; "" if it can by a Service of these Ingresses."""
        led = [side for side in self.sides if version in self.behind(side)]
        answers = any(not side.empty for side in led) if led else version.ready > 0
        if gone := next((side.upstream.service for side in led if side.service is None and not answers), ""):
            return without_service(version, gone)
        why = next((f"Service {side.upstream.service} {side.trouble}" for side in led if side.trouble), "")
        return "" if answers else unanswered(version, self.versions, self.place, why)

    @property
    def effective(self) -> tuple[PlacedCanary, ...]:
        return tuple(b for b in self.placed_canaries if b.counts)

    @property
    def canary(self) -> PlacedCanary | None:
        """The placed whose weight acts change: the first that counts; one without rules comes before others."""
        effective = sorted(self.effective, key=lambda placed: placed.canary.ruled)
        return next(iter(effective), next(iter(self.placed_canaries), None))

    def behind(self, side: BackendVersions | None) -> tuple[Version, ...]:
        """The versions behind a side."""
        return tuple(map(self.version_of, side.uids)) if side else ()

    @property
    def idle(self) -> tuple[Candidate, ...]:
        """Versions that are behind no side."""
        used = {uid for side in self.sides for uid in side.uids}
        return tuple(c for c in self.candidates if c.uid not in used)

    @property
    def sides(self) -> tuple[BackendVersions, ...]:
        return (self.main, *(b.side for b in self.placed_canaries if b.side))


def split_of(placement: CanaryPlacement, objects: Objects) -> CanarySplit:
    by_target = placement.dialect.target_ports
    main = side_of(placement.upstream, placement.main.metadata.namespace, objects, by_target=by_target)
    if not main.candidates:
        main = replace(main, candidates=(faceless(placement.upstream, 0),))
    placed_canaries = _placed_canaries(placement, objects)
    sides = [main, *(b.side for b in placed_canaries if b.side)]
    found = {c.uid: c for side in sides for c in side.candidates}
    if len(found) == 1:
        only = next(iter(found.values()))
        for other in siblings_of(only.workload, objects) if only.workload else ():
            found[other.metadata.uid] = candidate_of(other, objects)
    candidates = tuple(sorted(found.values(), key=lambda c: c.age_key))
    versions = versions_of(candidates, _roles(candidates, main, placed_canaries))
    hidden = placement.naming.is_hidden(placement.upstream)
    return CanarySplit(
        placement, main, placed_canaries, candidates, versions, hidden, why_no_controller(placement.main, objects)
    )


def _placed_canaries(placement: CanaryPlacement, objects: Objects) -> tuple[PlacedCanary, ...]:
    """The canaries with their sides, in the order in which their rules are evaluated."""
    found: list[PlacedCanary] = []
    dialect = placement.dialect
    ordered = sorted(placement.canaries, key=lambda c: (_order(c.ingress, dialect), seniority(c.ingress)))
    attached = [c for c in ordered if not c.loose or c.blocks]
    if dialect.first_names:
        # One that names main's own Service is merged into it and blocks no other.
        attached = [c for c in attached if c.upstream != placement.upstream] or attached
    counting = set(map(id, _counting(attached, dialect)))
    sides: dict[Upstream, BackendVersions] = {}
    for canary in ordered:
        counts = not canary.loose and id(canary) in counting
        upstream = canary.upstream
        if upstream and upstream not in sides:
            place = canary.ingress.metadata.namespace
            sides[upstream] = side_of(upstream, place, objects, by_target=dialect.target_ports)
        side = sides[upstream] if upstream else None
        older, younger = _other_mains(placement, canary)
        ruler = _ruler(placement, canary)
        shown = replace(canary, rules=rules_of(ruler, dialect)) if ruler else canary
        ruled_by, address = ruler.metadata.name if ruler else "", by_address(canary.ingress, dialect)
        found.append(PlacedCanary(shown, side, counts, older, younger, ruled_by, address))
    return tuple(found)


def _counting(attached: list[CanaryIngress], dialect: Dialect) -> list[CanaryIngress]:
    """The canaries that take effect together."""
    match dialect.several:
        case Several.ADD_UP:
            return attached
        case Several.ORDERED:
            weighted = [c for c in attached if not c.ruled]
            return [c for c in attached if c.ruled] + weighted[:1]
        case _:
            return attached[:1]


def _order(ingress: Ingress, dialect: Dialect) -> int:
    """The order from the annotation, 1 to 1000; 10 if it is not set."""
    text = (ingress.metadata.annotations or {}).get(dialect.order_key, "") if dialect.order_key else ""
    number = int(text) if text.isascii() and text.isdigit() and len(text) <= 4 else USUAL_ORDER
    return number if 1 <= number <= 1000 else USUAL_ORDER


def _ruler(placement: CanaryPlacement, canary: CanaryIngress) -> Ingress | None:
    """The canary Ingress whose rules count for this one's Service, if it is another one."""
    first = placement.naming.first(canary.upstream) if canary.upstream else None
    other = first is not None and first.metadata.name != canary.ingress.metadata.name
    return first if other and first and enabled(first, placement.dialect) else None


def _other_mains(placement: CanaryPlacement, canary: CanaryIngress) -> tuple[str, tuple[str, ...]]:
    """Mains that name the canary's Service and port: the one older than the canary, and the younger ones."""
    upstream = canary.upstream
    if not placement.dialect.first_names or upstream is None or upstream == placement.upstream:
        return "", ()
    first = placement.naming.first(upstream)
    if first is not None and not enabled(first, placement.dialect):
        return first.metadata.name, ()
    return "", tuple(i.metadata.name for i in placement.naming.mains(upstream))


def _roles(
    candidates: Iterable[Candidate], main: BackendVersions, placed_canaries: Iterable[PlacedCanary]
) -> dict[str, Role]:
    """What main serves is stable, what only a canary serves is the canary; the rest is old or not in use yet."""
    canaries = {uid for b in placed_canaries if b.side for uid in b.side.uids}
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


def lanes_of(split: CanarySplit) -> tuple[Lane, ...]:
    """The default lane, and one per header or cookie rule of the canaries that count."""
    placed_canaries = split.effective or split.placed_canaries[:1]
    default = _lane(split, DEFAULT, "", (), weighed(placed_canaries, split.placement.dialect))
    lanes, takers = {DEFAULT: default}, _Takers(placed_canaries)
    for placed in placed_canaries:
        for match in placed.canary.rules.matches:
            name = match.text
            if name not in lanes:
                taker = takers.of(match) or placed
                lane = _lane(split, name, f"{match.kind} {match.text}", match.headers, [(taker, 1.0)])
                lanes[name] = _unknown(lane) if match.doubtful else lane
    return tuple(lanes.values())


def _unknown(lane: Lane) -> Lane:
    return replace(lane, shares=tuple(replace(share, written=None) for share in lane.shares))


def weighed(placed_canaries: Sequence[PlacedCanary], dialect: Dialect) -> list[tuple[PlacedCanary, float]]:
    """Each canary's part of the requests that no rule singles out."""
    if dialect.several is not Several.ADD_UP:
        return [(b, b.canary.rules.share) for b in placed_canaries]
    open_to_all = [b for b in placed_canaries if not b.canary.ruled]
    weights = [max(b.canary.rules.weight, 0) for b in open_to_all]
    total = max(sum(weights), *(b.canary.rules.total for b in open_to_all[:1]), 1)
    return [(b, weight * 100 // total / 100) for b, weight in zip(open_to_all, weights, strict=True)]


class _Takers:
    """The first canary that takes a request, by what its rules ask for."""

    def __init__(self, placed_canaries: Sequence[PlacedCanary]) -> None:
        self._placed = placed_canaries
        self._first: dict[tuple[str, str | None], int] = {}
        for at, placed in enumerate(placed_canaries):
            for match in placed.canary.rules.matches:
                for wish in _wishes(match):
                    self._first.setdefault(wish, at)

    def of(self, match: CanaryMatch) -> PlacedCanary | None:
        """The first that takes the example request of a match."""
        if not match.headers:
            return None
        # A request without the header and a rule for any value of it have nothing in common.
        sent = {name.lower(): value for name, value in match.headers}
        asked = [wish for name, value in sent.items() for wish in ((name, value), (name, None))]
        found = [self._first[wish] for wish in asked if wish in self._first]
        return self._placed[min(found)] if found else None


def _wishes(match: CanaryMatch) -> list[tuple[str, str | None]]:
    """Headers, each with the value that a rule asks for; None is any value."""
    if match.kind == "cookie":
        return [("cookie", f"{match.name}=always")]
    if match.kind != "header":
        return []
    name = match.name.lower().replace("_", "-")
    return [(name, None)] if match.values is None else [(name, value) for value in match.values]


def _lane(
    split: CanarySplit,
    name: str,
    match: str,
    headers: tuple[tuple[str, str], ...] | None,
    parts: list[tuple[PlacedCanary, float]],
) -> Lane:
    parts = [(placed, max(share, 0.0)) for placed, share in parts]
    written = dict.fromkeys((c.uid for c in split.candidates), 0.0)
    if not split.hidden and not (split.main.empty and split.guarded):
        taken = [(b.side, share) for b, share in parts if b.live and b.side]
        rest = 1.0 - sum(share for _, share in taken)
        for side, share in [(split.main, rest), *taken]:
            for uid, fraction in side.fractions().items():
                written[uid] += share * fraction
    declared = _declared(split, parts)
    shares = tuple(
        Share(v.name, declared.get(c.uid), None if split.no_controller else min(written[c.uid], 1.0))
        for v, c in split.named
    )
    derived = any(len([f for f in side.fractions().values() if f]) > 1 for side in split.sides)
    return Lane(name, match, shares, headers, derived)


def _declared(split: CanarySplit, parts: list[tuple[PlacedCanary, float]]) -> dict[str, float | None]:
    """The shares that the annotations ask for, served or not; None if a side mixes versions."""
    found: dict[str, float | None] = dict.fromkeys((c.uid for c in split.candidates), 0.0)
    rest = 1.0 - sum(share for _, share in parts)
    for side, share in [(split.main, rest), *((b.side, share) for b, share in parts if b.side)]:
        for uid in side.uids:
            before = found[uid]
            found[uid] = None if before is None or len(side.uids) > 1 else before + share
    return found
