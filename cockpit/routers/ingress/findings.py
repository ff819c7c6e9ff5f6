"""What an on-call engineer needs to know about a main Ingress and its canaries."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from cockpit.model.advice import telling
from cockpit.model.lookup import Objects
from cockpit.model.objects import Ingress
from cockpit.model.plan import Act
from cockpit.model.rollout import Finding, Severity
from cockpit.routers.backends import BackendVersions
from cockpit.routers.ingress.annotations import (
    by_address,
    enabled,
    keeps_sessions,
    main_guards,
    redirected_by,
    shares_sessions,
)
from cockpit.routers.ingress.dialects import Dialect
from cockpit.routers.ingress.locations import strictly_younger
from cockpit.routers.ingress.no_controller import no_class_finding
from cockpit.routers.ingress.split import CanarySplit, PlacedCanary, weighed
from cockpit.routers.ingress.turn_aways import turn_aways
from cockpit.routers.traffic_findings import (
    answered_by_route,
    other_ports,
    outside_names,
    picks_several,
    rolling_versions,
    sticky,
)
from cockpit.routers.version_lookup import services_of
from cockpit.workloads.findings import NOBODY_SERVED, finding, listed, percent
from cockpit.workloads.selectors import no_selector


def findings_of(split: CanarySplit, objects: Objects) -> tuple[Finding, ...]:
    """All findings, the worst first."""
    found = [
        *unserved_shares(split),
        *_doubt(split),
        *_main(split),
        *_mixes(split),
        *_unselected(split, objects),
        *_rolling(split),
        *outside_names(services_of(split), Severity.WARNING),
        *other_ports(services_of(split), (c.workload for c in split.candidates)),
        *leaks(split),
        *(sticky(why) for why in sessions(split)),
        *turn_aways(split.placement.main),
    ]
    for placed in split.placed_canaries:
        found += [*placed.canary.rules.problems, *_placing(split, placed), *_behind(split, placed)]
    rank = (Severity.CRITICAL, Severity.WARNING, Severity.INFO)
    return tuple(sorted(dict.fromkeys(found), key=lambda f: rank.index(f.severity)))


def name_of(ingress: Ingress) -> str:
    return f"Ingress {ingress.metadata.namespace}/{ingress.metadata.name}"


def _doubt(split: CanarySplit) -> Iterator[Finding]:
    if split.no_controller:
        yield no_class_finding(split.no_controller)
    if split.placement.doubt:
        yield finding("dialect-guessed", Severity.WARNING, f"{name_of(split.placement.main)}: {split.placement.doubt}")


def unserved_shares(split: CanarySplit) -> tuple[Finding, ...]:
    """Findings because of which a configured share is not served, the worst first."""
    lost = main_empty(split.placement.main, split.main, split.placement.dialect)
    # Without a canary that counts, the first one shows the intent.
    meant = split.effective or split.placed_canaries[:1]
    weights = weighed(meant, split.placement.dialect)
    given = {id(placed): share for placed, share in weights}
    shares = [given.get(id(placed), 0.0) for placed in meant]
    # If the canary takes everything, an empty main has nothing to lose.
    if lost and not split.guarded and sum(shares) >= 1:
        lost = None
    asked = (_not_given(split, placed, share) for placed, share in zip(meant, shares, strict=True))
    return (*((lost,) if lost else ()), *filter(None, asked))


def main_empty(main: Ingress, side: BackendVersions, dialect: Dialect) -> Finding | None:
    """The finding of a main Ingress with nothing behind it; None if something answers."""
    if not side.trouble:
        return None
    rest = "its share of the requests gets 503"
    if main_guards(main, dialect):
        rest = NOBODY_SERVED
    elif by_address(main, dialect):
        rest = "its share of the requests fails, because they are sent to the Service's own address"
    why = f"{name_of(main)}: Service {side.upstream.service} {side.trouble}; {rest}"
    lost = finding("main-empty", Severity.CRITICAL, why, str(side.upstream))
    return replace(lost, whatever_pods=side.service is None or not side.has_port)


def _not_given(split: CanarySplit, placed: PlacedCanary, share: float) -> Finding | None:
    """Why a canary does not get what its annotations say; None if it does, or if they ask for nothing."""
    matches = placed.canary.rules.matches
    if not share and not matches:
        return None
    part = percent(share) if share else f"requests with {matches[0].text}"
    if placed.canary.loose or placed.void_by:
        return next(iter((*_loose(split, placed), *_void(placed))))
    if placed.side is None or placed.side.service is None:
        return None if split.placement.dialect.missing_to_main else dangling(split, placed)
    return _empty(placed, placed.side, part) if placed.side.trouble else None


def _main(split: CanarySplit) -> Iterator[Finding]:
    side, main = split.main, name_of(split.placement.main)
    if split.hidden:
        yield finding(
            "canary-older-than-main",
            Severity.CRITICAL,
            f"{main} names the same Service as its older canary: the gateway answers 404",
            f"both route to {side.upstream}",
        )
    if lost := main_empty(split.placement.main, side, split.placement.dialect):
        yield lost
    if key := redirected_by(split.placement.main, split.placement.dialect):
        yield answered_by_route(
            Severity.WARNING, f"{main} redirects every request ({key}): none of them gets to a version"
        )
    for rival in split.placement.rivals:
        canary_keys = [k for k in rival.metadata.annotations or {} if "/canary" in k]
        meant = f" (it has {listed(sorted(canary_keys))}, but is not enabled as a canary)" if canary_keys else ""
        yield finding(
            "second-main",
            Severity.WARNING,
            f"{name_of(rival)} is a second main for the same host and path{meant}; ingress-nginx uses the older,"
            " other gateways the newer",
        )


def _mixes(split: CanarySplit) -> Iterator[Finding]:
    for side in split.sides:
        if len(side.candidates) > 1:
            yield picks_several(f"Service {side.upstream.service}", [v.name for v in split.behind(side)])
        if side.service and side.service.spec.session_affinity == "ClientIP":
            yield sticky(
                f"Service {side.upstream.service} has sessionAffinity ClientIP: gateways that use its"
                " address stay on one pod",
            )


def _unselected(split: CanarySplit, objects: Objects) -> Iterator[Finding]:
    services = [side.service for side in split.sides if side.service]
    yield from (found for service in services if (found := no_selector(service, objects)))


def _rolling(split: CanarySplit) -> Iterator[Finding]:
    yield from rolling_versions(zip((v.name for v in split.versions), split.candidates, strict=True))


def leaks(split: CanarySplit) -> Iterator[Finding]:
    """The split belongs to Service and port, so other paths that name them are split as well."""
    placement = split.placement
    if not placement.dialect.leaks or not split.effective:
        return
    naming = placement.naming
    leading = [
        (ingress, loc)
        for ingress in naming.of_service(placement.upstream.service)
        if not enabled(ingress, placement.dialect)
        for loc in naming.leading(ingress, placement.upstream)
    ]
    own, here = naming.places(b.canary.ingress for b in split.effective), {loc.place for loc in placement.locations}
    # A canary on another host counts here too: then all places but these are others.
    own = own if own & here else frozenset(here)
    places = [f"{loc} ({ingress.metadata.name})" for ingress, loc in leading if loc.place not in own]
    if places:
        yield finding(
            "leak",
            Severity.WARNING,
            f"the canary's share also reaches {listed(places[:5])}{' and more' if len(places) > 5 else ''}:"
            " they route to the same Service and port",
            str(placement.upstream),
        )


def sessions(split: CanarySplit) -> Iterator[str]:
    """Clients that no weight moves, because of a cookie that names their backend."""
    main = split.placement.main
    if not split.effective or not keeps_sessions(main, split.placement.dialect):
        return
    shared = all(shares_sessions(placed.canary.ingress) for placed in split.effective)
    where = "main or canary" if shared else "main"
    yield f"{name_of(main)} sets a cookie: clients that have it from {where} stay there, whatever weight and rules say"


def _placing(split: CanarySplit, placed: PlacedCanary) -> Iterator[Finding]:
    canary, main = placed.canary, split.placement.main
    what = name_of(canary.ingress)
    yield from _loose(split, placed)
    if canary.unmatched and not canary.loose:
        yield finding(
            "unattached-path",
            Severity.WARNING,
            f"{what}: no main has {listed([str(loc) for loc in canary.unmatched[:5]])}, so the gateway drops them",
        )
    oldest = next((b for b in split.placed_canaries if b.counts or b.canary.blocks), None)
    if not canary.loose and not placed.counts and oldest:
        yield finding(
            "two-canaries",
            Severity.WARNING,
            f"two canaries on one rule: only {oldest.canary.ingress.metadata.name} counts,"
            f" {canary.ingress.metadata.name} takes no traffic",
        )
    first_names = split.placement.dialect.first_names and not split.hidden
    if first_names and placed.counts and not strictly_younger(canary.ingress, main):
        yield finding(
            "canary-not-younger",
            Severity.INFO,
            f"{what} is not younger than its main: if main pointed at Service {_service(placed)}, the gateway"
            " would answer 404; so promote changes the selector of the main's Service",
            f"created {canary.ingress.metadata.creation_timestamp} and {main.metadata.creation_timestamp}",
        )


def _loose(split: CanarySplit, placed: PlacedCanary) -> Iterator[Finding]:
    if placed.canary.loose:
        what, main = name_of(placed.canary.ingress), name_of(split.placement.main)
        why = f"{what} is not attached to {main}: {placed.canary.loose}"
        yield unattached_canary(f"{why}; it takes no traffic")


def unattached_canary(text: str) -> Finding:
    """A canary Ingress that the gateway gives no requests, because it belongs to no main."""
    return finding("unattached-canary", Severity.WARNING, text)


def ruled(placed: PlacedCanary) -> str:
    """Why a canary's own weight and rules do not count; "" if they do."""
    if not placed.ruled_by:
        return ""
    return (
        f"{name_of(placed.canary.ingress)} has no say: the older canary Ingress {placed.ruled_by} names Service"
        f" {_service(placed)} too, and its weight and rules count for both"
    )


def _void(placed: PlacedCanary) -> Iterator[Finding]:
    if placed.void_by:
        yield finding(
            "canary-is-main-elsewhere",
            Severity.WARNING,
            f"{name_of(placed.canary.ingress)} has no effect: Service {_service(placed)} is main of the older Ingress"
            f" {placed.void_by}, and the gateway treats it as main here too; give the canary its own Service",
        )


def dangling(split: CanarySplit, placed: PlacedCanary, *, driven: bool = False) -> Finding | None:
    """That the Service of a canary does not exist; None if it does. A note where it asks for no requests.

    One that is `driven` by a controller is not deleted: the release needs its Service.
    """
    if placed.side is not None and placed.side.service is not None:
        return None
    asks = _asks(split, placed)
    then = "it asks for no requests"
    if asks:
        sure = split.placement.dialect.missing_to_main
        then = "main takes its share" if sure else "main takes its share, but some gateways answer 404"
    severity = Severity.WARNING if asks else Severity.INFO
    what = f"{name_of(placed.canary.ingress)} is a dangling canary"
    after = "the release needs that Service, create it again" if driven else "finish deletes it"
    text = telling(f"{what}: Service {_service(placed)} does not exist; {then}; {after}", Act.FINISH)
    return finding("dangling-canary", severity, text)


def _asks(split: CanarySplit, placed: PlacedCanary) -> bool:
    """Whether its annotations ask for requests at all."""
    given = sum(share for each, share in weighed([placed], split.placement.dialect) if each is placed)
    return given > 0 or bool(placed.canary.rules.matches)


def _empty(placed: PlacedCanary, side: BackendVersions, part: str, *, asks: bool = True) -> Finding:
    what = name_of(placed.canary.ingress)
    if not side.has_port:
        why = f"{what}: Service {_service(placed)} has no such port ({side.upstream}); main takes its share"
    elif side.missed:
        then = "its share fails" if placed.by_address else "main takes its share"
        why = f"{what}: Service {_service(placed)} {side.missed}; {then}"
    elif placed.by_address:
        why = f"no ready pods behind {part} of {what}: Service {_service(placed)} is empty, its share fails"
    else:
        why = f"no ready pods behind {part} of {what}: Service {_service(placed)} is empty, main takes its share"
    return finding("canary-empty", Severity.WARNING if asks else Severity.INFO, why)


def _behind(split: CanarySplit, placed: PlacedCanary) -> Iterator[Finding]:
    """Problems of a canary's Service, whatever the canary asks for."""
    yield from _void(placed)
    if placed.counts and (why := ruled(placed)):
        yield finding("ruled-by-another-canary", Severity.WARNING, f"{why}; give each canary a Service of its own")
    if placed.hides:
        yield finding(
            "canary-hides-main",
            Severity.CRITICAL,
            f"{name_of(placed.canary.ingress)} names the Service of the younger {listed(list(placed.hides))}: the"
            " gateway answers 404 there",
        )
    if lost := dangling(split, placed):
        yield lost
    elif placed.side and not placed.side.has_port:
        yield _empty(placed, placed.side, "", asks=_asks(split, placed))


def _service(placed: PlacedCanary) -> str:
    return placed.canary.upstream.service if placed.canary.upstream else "(none)"
