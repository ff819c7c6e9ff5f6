"""What a VirtualService says about the stable and the canary of a controller's rollout."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from cockpit.model.lookup import Objects
from cockpit.model.objects.istio import full_host
from cockpit.model.refs import Ref
from cockpit.model.rollout import Finding, Severity
from cockpit.routers.behind import Behind, HeaderLane
from cockpit.routers.istio.matches import example
from cockpit.routers.istio.routes import VIRTUAL_SERVICES, Route, Target, find_virtual_service, routes_of, served
from cockpit.workloads.findings import finding, percent


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two: a Service of the VirtualService's namespace (or any host), a subset of a host, or both.

    Without `host` every destination of that subset counts, as where a DestinationRule's subsets are steered.
    """

    host: str = ""
    subset: str = ""

    def takes(self, target: Target, namespace: str) -> bool:
        host = not self.host or full_host(self.host, namespace) == target.host
        return host and self.subset == target.subset


def virtualservice_behind(
    objects: Objects, namespace: str, name: str, stable: Side, canary: Side, *, routes: Collection[str] = ()
) -> Behind:
    """The split that a VirtualService writes between two sides; with `routes` only http routes of these names count
    for the default share, as Argo Rollouts steers them. Routes that single requests out are lanes where they lead to
    the canary at all."""
    ref = Ref(served(objects, VIRTUAL_SERVICES), namespace, name)
    what = f"VirtualService {namespace}/{name}"
    found = find_virtual_service(objects, namespace, name)
    if found is None:
        why = f"{what} does not exist in {objects.context}: nothing splits the traffic"
        return Behind(None, refs=(ref,), problems=(finding("route-missing", Severity.WARNING, why),))
    shares: list[float] = []
    lanes: dict[str, HeaderLane] = {}
    problems: list[Finding] = []
    for route in routes_of(found):
        if not any(side.takes(leg.target, namespace) for leg in route.legs for side in (stable, canary)):
            continue
        share = _share(route, stable, canary, namespace)
        if share is None:
            why = f"{what} route {route.index + 1} gives stable and canary no weight: requests fail"
            problems.append(finding("no-weight", Severity.CRITICAL, why))
            continue
        singled = [match for match in route.matches if match.singles_out]
        if len(singled) < len(route.matches):
            if not routes or route.name in routes:
                shares.append(share)
        elif share:
            for match in singled:
                request = example(match)
                headers = tuple((request.headers or {}).items()) if request else None
                lanes.setdefault(match.text, HeaderLane(match.text, headers, share))
    if len(set(shares)) > 1:
        why = f"the routes of {what} give the canary different shares: {', '.join(map(percent, shares))}"
        problems.append(finding("rules-differ", Severity.WARNING, f"{why}; the first is shown"))
    if not shares:
        named = f" named {', '.join(sorted(routes))}" if routes else ""
        why = f"no http route{named} of {what} leads plain requests to the stable or the canary"
        problems.append(finding("route-elsewhere", Severity.WARNING, why))
    return Behind(shares[0] if shares else None, tuple(lanes.values()), (ref,), tuple(problems))


def _share(route: Route, stable: Side, canary: Side, namespace: str) -> float | None:
    """The canary's part of what both get; None where they get nothing."""
    parts = [sum(s for t, s in route.shares() if side.takes(t, namespace)) for side in (stable, canary)]
    return parts[1] / sum(parts) if sum(parts) else None
