"""The split that a VirtualService makes: which version gets which share of which requests."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from cockpit.model.lookup import Objects
from cockpit.model.refs import Ref
from cockpit.model.rollout import Lane, Role, Share, Version
from cockpit.routers.istio.bundles import Bundle
from cockpit.routers.istio.routes import VIRTUAL_SERVICES, Route, Subset, Target, served
from cockpit.routers.istio.sides import Side, side_of, subsets_for
from cockpit.workloads.owners import workloads_matching
from cockpit.workloads.steps import Stepping, StepPlan, stepping_of
from cockpit.workloads.versions import Candidate, candidate_of, versions_of

DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Split:
    """A bundle with everything behind it. `sides` are those of its destinations, and of subsets nobody is sent to."""

    bundle: Bundle
    ref: Ref
    sides: tuple[Side, ...]
    candidates: tuple[Candidate, ...]
    versions: tuple[Version, ...]
    stepping: Stepping

    def version_of(self, uid: str) -> Version:
        return next(v for v, c in zip(self.versions, self.candidates, strict=True) if c.uid == uid)

    def candidate(self, name: str) -> Candidate | None:
        return next((c for v, c in zip(self.versions, self.candidates, strict=True) if v.name == name), None)

    def side(self, target: Target) -> Side:
        return next(s for s in self.sides if s.target.place == target.place)

    def behind(self, side: Side) -> tuple[Version, ...]:
        return tuple(map(self.version_of, side.uids))

    def alone(self, name: str) -> Side | None:
        """A destination behind which there is this version and no other; one that a route uses comes first."""
        candidate = self.candidate(name)
        return next((s for s in self.sides if candidate and s.uids == (candidate.uid,)), None)

    @property
    def stable(self) -> Version | None:
        return next((v for v in self.versions if v.role is Role.STABLE), None)


def split_of(bundle: Bundle, objects: Objects) -> Split:
    namespace = bundle.service.metadata.namespace
    sides: dict[tuple[str, str], Side] = {}
    for route in (*((bundle.default,) if bundle.default else ()), *bundle.routes):
        for leg in route.legs:
            sides.setdefault(leg.target.place, side_of(leg.target, namespace, objects))
    hosts = list(dict.fromkeys(host for host, _ in sides))
    subsets = [s for host in hosts for s in subsets_for(host, namespace, objects)]
    for host in hosts:
        for subset in subsets_for(host, namespace, objects):
            unused = side_of(Target(host, subset.name, _port(sides.values(), host)), namespace, objects)
            if any(c.workload or c.pods for c in unused.candidates):
                sides.setdefault(unused.target.place, unused)
    found = {c.uid: c for side in sides.values() for c in side.candidates}
    for side in list(sides.values()):
        for waiting in _beside(side, objects):
            found.setdefault(waiting.uid, waiting)
    candidates = tuple(sorted(found.values(), key=lambda c: c.age_key))
    versions = _named(candidates, sides.values(), subsets)
    ref = Ref(served(objects, VIRTUAL_SERVICES), namespace, bundle.service.metadata.name)
    stepping = stepping_of(ref, bundle.service.metadata, [v.name for v in versions])
    split = Split(bundle, ref, tuple(sides.values()), candidates, versions, stepping)
    roles = _roles(split)
    return replace(split, versions=tuple(replace(v, role=roles[v.name]) for v in split.versions))


def _port(sides: Iterable[Side], host: str) -> int | None:
    return next((s.target.port for s in sides if s.target.host == host), None)


def _beside(side: Side, objects: Objects) -> Iterable[Candidate]:
    """Workloads behind the Service that the side's subset does not pick: versions that wait for a subset."""
    if side.service is None or not side.target.subset or not side.service.spec.selector:
        return
    for workload in workloads_matching(side.service.spec.selector, side.service.metadata.namespace, objects):
        yield candidate_of(workload, objects)


def _named(candidates: Sequence[Candidate], sides: Iterable[Side], subsets: Sequence[Subset]) -> tuple[Version, ...]:
    """Versions by their subset where one picks them alone, else as versions are named everywhere."""
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


def written_of(split: Split, route: Route) -> dict[str, float | None]:
    """What a route writes, by version; None for all where no weight is above 0, which proxies do not take in."""
    if not route.total:
        return dict.fromkeys((v.name for v in split.versions), None)
    found = dict.fromkeys((v.name for v in split.versions), 0.0)
    for target, share in route.shares():
        for uid, fraction in split.side(target).fractions().items():
            found[split.version_of(uid).name] += share * fraction
    return {name: min(share, 1.0) for name, share in found.items()}


def lanes_of(split: Split) -> tuple[Lane, ...]:
    """The default lane, and one per route that singles requests out and that some come to."""
    bundle, lanes = split.bundle, []
    if bundle.default:
        lanes.append(_lane(split, bundle.default, DEFAULT, "", ()))
    for route in bundle.routes:
        if route == bundle.default or bundle.shadow_of(route):
            continue
        text = " or ".join(m.text or "every request" for m in route.matches)
        name = text.removeprefix("header ") if text.count("header ") == 1 else text
        taken = {lane.name for lane in lanes}
        request = bundle.request_for(route)
        headers = tuple((request.headers or {}).items()) if request else None
        lanes.append(
            _lane(split, route, name if name not in taken else f"{name} (route {route.index + 1})", text, headers)
        )
    return tuple(lanes)


def _lane(split: Split, route: Route, name: str, match: str, headers: tuple[tuple[str, str], ...] | None) -> Lane:
    written = written_of(split, route)
    plan = split.stepping.active
    declared = dict(written)
    if plan and plan.now is not None and name == DEFAULT:
        # By the plan; who is no part of it keeps what is written.
        declared[plan.version] = plan.now
        others = sum(share or 0.0 for v, share in written.items() if v not in (plan.version, plan.base))
        declared[plan.base] = max(1.0 - plan.now - others, 0.0)
    shares = tuple(Share(v.name, declared[v.name], written[v.name]) for v in split.versions)
    derived = any(len([f for f in split.side(t).fractions().values() if f]) > 1 for t, s in route.shares() if s)
    return Lane(name, match, shares, headers, derived)


def _roles(split: Split) -> dict[str, Role]:
    """The oldest version that plain requests reach is stable; what else they or a rule reach is the canary.

    A step plan says itself who is who. The rest is old, or not in use yet.
    """
    bundle, order = split.bundle, {v.name: c.age_key for v, c in zip(split.versions, split.candidates, strict=True)}
    default = written_of(split, bundle.default) if bundle.default else {}
    carrying = [name for name, share in default.items() if share]
    by_rule = {name for route in bundle.routes for name, share in written_of(split, route).items() if share}
    plan: StepPlan | None = split.stepping.active
    stable = plan.base if plan else min(carrying or order, key=lambda name: order[name], default="")
    canaries = {*carrying, *by_rule, *((plan.version,) if plan else ())} - {stable}
    return {
        name: Role.STABLE
        if name == stable
        else Role.CANARY
        if name in canaries
        else Role.OLD
        if order[name] < order[stable]
        else Role.NEW
        for name in order
    }
