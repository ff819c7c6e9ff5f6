"""The split that a VirtualService makes: which version gets which share of which requests."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from cockpit.model.lookup import Objects
from cockpit.model.refs import VIRTUALSERVICE_VERSIONS, Ref
from cockpit.model.rollout import Lane, Role, Share, Version
from cockpit.model.values import dataclass
from cockpit.planning.readiness import unanswered, without_service
from cockpit.planning.stable_version import oldest_first, stable_of
from cockpit.planning.steps import Stepping, StepPlan, stepping_of
from cockpit.routers.istio.destination_rules import Viewer, viewer_of
from cockpit.routers.istio.destinations import DestinationVersions, side_of, subsets_for
from cockpit.routers.istio.route_groups import RouteGroup
from cockpit.routers.istio.routes import Destination, IstioRoute, Subset
from cockpit.routers.version_lookup import VersionLookup
from cockpit.workloads.lookups import served
from cockpit.workloads.owners import workloads_matching
from cockpit.workloads.versions import Candidate, candidate_of, versions_of

DEFAULT = "default"


# Prefix of the names of lanes whose requests a delegate's root keeps.
AT_ROOT = "root: "
NO_DEFAULT_ROUTE = "it has no default route for plain requests, so no split to change: add one first"


def no_destination(names: str) -> str:
    """Why versions cannot be given requests of their own; `names` are theirs, as in a sentence."""
    return f"no destination leads to {names} alone: give it its own subset first"


@dataclass(frozen=True, slots=True)
class VirtualServiceSplit(VersionLookup):
    """A group with everything behind it. `sides` are those of its destinations, and of subsets without requests."""

    group: RouteGroup
    ref: Ref
    sides: tuple[DestinationVersions, ...]
    candidates: tuple[Candidate, ...]
    versions: tuple[Version, ...]
    stepping: Stepping

    def side(self, target: Destination) -> DestinationVersions:
        return next(s for s in self.sides if s.target.place == target.place)

    def behind(self, side: DestinationVersions) -> tuple[Version, ...]:
        return tuple(map(self.version_of, side.uids))

    def alone(self, name: str) -> DestinationVersions | None:
        """A destination with only this version behind it; one that a route uses comes first."""
        candidate = self.candidate(name)
        return next((s for s in self.sides if candidate and s.uids == (candidate.uid,)), None)

    @property
    def place(self) -> str:
        """The rollout as "namespace/name"."""
        return f"{self.ref.namespace}/{self.group.name}"

    def why_failing(self, version: Version) -> str:
        """Why a version cannot answer requests, with a way out; "" if it can."""
        side = self.alone(version.name)
        answers = not side.empty if side else version.ready > 0
        if side and side.service is None and side.target.service and not answers:
            return without_service(version, "/".join(side.target.service))
        why = side.missing or side.unserved if side else ""
        return "" if answers else unanswered(version, self.versions, self.place, why)

    @property
    def stable(self) -> Version | None:
        return next((v for v in self.versions if v.role is Role.STABLE), None)


def split_of(group: RouteGroup, objects: Objects) -> VirtualServiceSplit:
    namespace = group.service.metadata.namespace
    sides, subsets = _sides(group, viewer_of(group.service, objects), objects)
    found = {c.uid: c for side in sides.values() for c in side.candidates}
    for side in list(sides.values()):
        for waiting in _beside(side, objects):
            found.setdefault(waiting.uid, waiting)
    candidates = tuple(sorted(found.values(), key=lambda c: c.age_key))
    versions = _named(candidates, sides.values(), subsets)
    ref = Ref(served(objects, VIRTUALSERVICE_VERSIONS), namespace, group.service.metadata.name)
    stepping = stepping_of(ref, group.service.metadata, [v.name for v in versions])
    split = VirtualServiceSplit(group, ref, tuple(sides.values()), candidates, versions, stepping)
    roles = _roles(split)
    return replace(split, versions=tuple(replace(v, role=roles[v.name]) for v in split.versions))


def _sides(
    group: RouteGroup, viewer: Viewer, objects: Objects
) -> tuple[dict[tuple[str, str], DestinationVersions], list[Subset]]:
    """The destinations by host and subset, those of unused subsets with pods behind them too, and all subsets."""
    sides: dict[tuple[str, str], DestinationVersions] = {}
    of_host: dict[str, dict[str, Subset]] = {}
    routes = (*((group.default,) if group.default else ()), *group.routes, *group.outside)
    for target in (entry.target for route in routes for entry in route.weighted):
        if target.host not in of_host:
            of_host[target.host] = subsets_for(target.host, viewer, objects)
        if target.place not in sides:
            sides[target.place] = side_of(target, viewer, objects, of_host[target.host])
    for host, subsets in of_host.items():
        port = _port(sides.values(), host)
        for target in (Destination(host, name, port) for name in subsets if (host, name) not in sides):
            unused = side_of(target, viewer, objects, subsets)
            if any(c.workload or c.pods for c in unused.candidates):
                sides[target.place] = unused
    return sides, [subset for subsets in of_host.values() for subset in subsets.values()]


def _port(sides: Iterable[DestinationVersions], host: str) -> int | None:
    return next((s.target.port for s in sides if s.target.host == host), None)


def _beside(side: DestinationVersions, objects: Objects) -> Iterable[Candidate]:
    """Workloads behind the Service that the side's subset does not select: versions that need a subset."""
    if side.service is None or not side.target.subset or not side.service.spec.selector:
        return
    for workload in workloads_matching(side.service.spec.selector, side.service.metadata.namespace, objects):
        yield candidate_of(workload, objects)


def _named(
    candidates: Sequence[Candidate], sides: Iterable[DestinationVersions], subsets: Sequence[Subset]
) -> tuple[Version, ...]:
    """Versions named by their subset if one selects only them, else as versions are named everywhere."""
    versions = versions_of(candidates, dict.fromkeys((c.uid for c in candidates), Role.NEW))
    by_uid = {s.uids[0]: s.target.subset for s in sides if len(s.uids) == 1 and s.target.subset}
    known = {s.name for s in subsets}
    names = [by_uid.get(c.uid) or v.name for v, c in zip(versions, candidates, strict=True)]
    if len(set(names)) < len(names):
        return versions
    return tuple(
        replace(v, name=name, marks=v.marks | ({name} if name in known else set()))
        for v, name in zip(versions, names, strict=True)
    )


def written_of(split: VirtualServiceSplit, route: IstioRoute) -> dict[str, float | None]:
    """The written shares of a route by version; None for all if no weight is above 0, which proxies reject."""
    if not route.total:
        return dict.fromkeys((v.name for v in split.versions), None)
    found = dict.fromkeys((v.name for v in split.versions), 0.0)
    for target, share in route.shares():
        for uid, fraction in split.side(target).fractions().items():
            found[split.version_of(uid).name] += share * fraction
    return {name: min(share, 1.0) for name, share in found.items()}


def lanes_of(split: VirtualServiceSplit) -> tuple[Lane, ...]:
    """The default lane, and one per route that singles requests out and is reached by some."""
    group, lanes = split.group, []
    if group.default:
        lanes.append(_lane(split, group.default, DEFAULT, "", ()))
    for route in group.routes:
        if route == group.default or route in group.dropped or group.shadow_of(route):
            continue
        text = " or ".join(m.text or "every request" for m in route.matches)
        name = text.removeprefix("header ") if text.count("header ") == 1 else text
        taken = {lane.name for lane in lanes}
        request = group.request_for(route)
        headers = tuple((request.headers or {}).items()) if request else None
        lanes.append(
            _lane(split, route, name if name not in taken else f"{name} (route {route.index + 1})", text, headers)
        )
    for route in group.outside:
        asked = " or ".join(m.text for m in route.matches if m.text) or "all other requests"
        lanes.append(_lane(split, route, f"{AT_ROOT}{asked}", asked, None))
    return tuple(lanes)


def _lane(
    split: VirtualServiceSplit, route: IstioRoute, name: str, match: str, headers: tuple[tuple[str, str], ...] | None
) -> Lane:
    written = written_of(split, route)
    plan = split.stepping.active
    declared = dict(written)
    if plan and plan.now is not None and name == DEFAULT:
        # By the plan; versions that are not in it keep what is written.
        declared[plan.version] = plan.now
        others = sum(share or 0.0 for v, share in written.items() if v not in (plan.version, plan.base))
        declared[plan.base] = max(1.0 - plan.now - others, 0.0)
    shares = tuple(Share(v.name, declared[v.name], written[v.name]) for v in split.versions)
    derived = any(len([f for f in split.side(t).fractions().values() if f]) > 1 for t, s in route.shares() if s)
    return Lane(name, match, shares, headers, derived)


def _serving(split: VirtualServiceSplit) -> set[str]:
    """Versions that answer requests: by a destination with ready endpoints; without a destination, by their pods."""
    led = {uid for side in split.sides for uid in side.uids}
    answering = {uid for side in split.sides for uid, count in side.counts if count}
    answering |= {c.uid for c in split.candidates if c.uid not in led and c.ready}
    # Pods of a ReplicaSet that may not be read belong to no version.
    return {version.name for version, candidate in split.named if candidate.uid in answering}


def _roles(split: VirtualServiceSplit) -> dict[str, Role]:
    """Of the versions that plain requests reach, one is stable; others that they or a rule reach are canaries.

    A step plan names its versions itself. The rest is old or not in use yet.
    """
    group, order = split.group, {v.name: c.age_key for v, c in split.named}
    default = written_of(split, group.default) if group.default else {}
    carrying = [name for name, share in default.items() if share]
    joined = [route for route in group.routes if route not in group.dropped]
    by_rule = {name for route in joined for name, share in written_of(split, route).items() if share}
    serving = _serving(split)
    plan: StepPlan | None = split.stepping.active
    by_age = oldest_first({name: order[name][0] for name in sorted(order, key=lambda name: order[name])}, default)
    stable = plan.base if plan else stable_of(by_age, carrying, serving)
    canaries = {*carrying, *by_rule, *((plan.version,) if plan else ())} - {stable}

    def is_older(name: str) -> bool:
        """Whether a version was in use before: a destination that leads nowhere has no age, so only if it answers."""
        return order[name] < order[stable] and bool(order[name][0] or name in serving)

    return {
        name: Role.STABLE
        if name == stable
        else Role.CANARY
        if name in canaries
        else Role.OLD
        if is_older(name)
        else Role.NEW
        for name in order
    }
