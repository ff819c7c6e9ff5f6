"""What a main Ingress and its canary say about the two Services of a controller's rollout."""

from __future__ import annotations

from cockpit.model.lookup import Objects
from cockpit.model.objects import Ingress
from cockpit.model.refs import INGRESSES, Ref
from cockpit.model.rollout import Finding
from cockpit.planning.edits import ref_to
from cockpit.routers.backends import side_of
from cockpit.routers.ingress.dialect_choice import dialect_of
from cockpit.routers.ingress.findings import dangling, main_empty, unattached_canary, unserved_shares
from cockpit.routers.ingress.locations import locations_of
from cockpit.routers.ingress.no_controller import no_class_finding, why_no_controller
from cockpit.routers.ingress.placement import placements_of
from cockpit.routers.ingress.split import CanarySplit, PlacedCanary, split_of, weighed
from cockpit.routers.traffic_findings import missing_route, route_elsewhere
from cockpit.routers.written import HeaderLane, WrittenSplit, shares_that_differ
from cockpit.workloads.lookups import find_ingress, find_service


def ingress_split(objects: Objects, namespace: str, ingress: str, stable: str, canary: str) -> WrittenSplit:
    """The split that the canaries of a main Ingress write between two Services, with or without pods.

    Without a canary Ingress the canary gets nothing: Argo Rollouts and Kruise Rollouts make and delete it as they go.
    The dialect says what weight and rules mean; only canaries that the gateway attaches count.
    """
    main = find_ingress(objects, namespace, ingress)
    ref = Ref(INGRESSES, namespace, ingress)
    if main is None:
        return missing_route(ref, objects, to=find_service(objects, namespace, stable))
    refs, problems = [ref], []
    idle = why_no_controller(main, objects)
    if idle:
        problems.append(no_class_finding(idle))
    if all(loc.upstream.service != stable for loc in locations_of(main)):
        why = f"Ingress {namespace}/{ingress} does not route to Service {stable}: requests go elsewhere"
        problems.append(route_elsewhere(why))
        return WrittenSplit(None, refs=(ref,), problems=tuple(problems))
    shares: list[tuple[float, float]] = []
    strangers: dict[str, None] = {}
    lanes: dict[str, HeaderLane] = {}
    unserved = _main_empty(main, stable, objects)
    for placement in placements_of(main, objects):
        if placement.upstream.service != stable:
            continue
        split = split_of(placement, objects)
        refs += [ref_to(placed.canary.ingress) for placed in split.placed_canaries]
        problems += _loose(split, canary)
        own_canaries = [placed for placed in split.placed_canaries if _leads_to(placed, canary)]
        problems += filter(None, (dangling(split, placed, driven=True) for placed in own_canaries))
        unserved += unserved_shares(split)
        own = [placed for placed in split.effective if _leads_to(placed, canary)]
        given = weighed(split.effective, placement.dialect)
        others = [(b, share) for b, share in given if share and b.live and not _leads_to(b, canary)]
        strangers |= dict.fromkeys(f"Service {b.canary.upstream.service}" for b, _ in others if b.canary.upstream)
        if own or others:
            shares.append((sum(share for b, share in given if b in own), sum(share for _, share in others)))
        for placed in own:
            for match in placed.canary.rules.matches:
                text = f"{match.kind} {match.text}" if match.kind == "header" else match.text
                lanes.setdefault(text, HeaderLane(text, match.headers, None if idle else 1.0))
            problems += placed.canary.rules.problems
    problems += shares_that_differ(
        f"the paths of Ingress {namespace}/{ingress}", canary, [share for share, _ in shares]
    )
    share, rest = shares[0] if shares else (0.0, 0.0)
    return WrittenSplit(
        None if idle else share,
        tuple(lanes.values()),
        tuple(dict.fromkeys(refs)),
        tuple(dict.fromkeys((*unserved, *problems))),
        rest,
        tuple(strangers),
        tuple(dict.fromkeys(unserved)),
    )


def _main_empty(main: Ingress, stable: str, objects: Objects) -> list[Finding]:
    """The finding that nothing answers for the stable Service, whether there is a canary or not."""
    dialect = dialect_of(main, objects)
    upstreams = dict.fromkeys(loc.upstream for loc in locations_of(main) if loc.upstream.service == stable)
    place, by_target = main.metadata.namespace, dialect.target_ports
    sides = (side_of(upstream, place, objects, by_target=by_target) for upstream in upstreams)
    return [found for side in sides if (found := main_empty(main, side, dialect))]


def _leads_to(placed: PlacedCanary, service: str) -> bool:
    return placed.canary.upstream is not None and placed.canary.upstream.service == service


def _loose(split: CanarySplit, canary: str) -> list[Finding]:
    return [
        unattached_canary(
            f"Ingress {b.canary.ingress.metadata.namespace}/{b.canary.ingress.metadata.name} is not attached:"
            f" {b.canary.loose}; it takes no traffic",
        )
        for b in split.placed_canaries
        if b.canary.loose and _leads_to(b, canary)
    ]
