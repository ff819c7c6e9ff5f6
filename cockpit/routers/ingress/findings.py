"""What an on-call wants told about a main Ingress and its canaries."""

from __future__ import annotations

from collections.abc import Iterator

from cockpit.model.lookup import Objects
from cockpit.model.objects import Ingress
from cockpit.model.rollout import Finding, Severity
from cockpit.routers.ingress.choosing import class_of
from cockpit.routers.ingress.placement import locations_of, strictly_younger
from cockpit.routers.ingress.rules import enabled
from cockpit.routers.ingress.split import Branch, Split
from cockpit.workloads.findings import finding, listed, percent
from cockpit.workloads.lookups import ingresses_of_service
from cockpit.workloads.rolling import is_rolling
from cockpit.workloads.selectors import no_selector


def findings_of(split: Split, objects: Objects) -> tuple[Finding, ...]:
    """All of them, the worst first."""
    found = [
        *_doubt(split),
        *_main(split),
        *_mixes(split),
        *_unselected(split, objects),
        *_rolling(split),
        *leaks(split, objects),
    ]
    for branch in split.branches:
        found += [*branch.canary.rules.problems, *_placing(split, branch), *_behind(split, branch)]
    rank = (Severity.CRITICAL, Severity.WARNING, Severity.INFO)
    return tuple(sorted(dict.fromkeys(found), key=lambda f: rank.index(f.severity)))


def name_of(ingress: Ingress) -> str:
    return f"Ingress {ingress.metadata.namespace}/{ingress.metadata.name}"


def _doubt(split: Split) -> Iterator[Finding]:
    if split.fork.doubt:
        yield finding("dialect-guessed", Severity.WARNING, f"{name_of(split.fork.main)}: {split.fork.doubt}")


def _main(split: Split) -> Iterator[Finding]:
    side, main = split.main, name_of(split.fork.main)
    if split.hidden:
        yield finding(
            "canary-older-than-main",
            Severity.CRITICAL,
            f"{main} names the same Service as its canary, and the canary is older: the gateway answers 404",
            f"both lead to {side.upstream}",
        )
    guards = split.fork.dialect.main_guards
    if side.service is None:
        why = f"Service {side.upstream.service} does not exist"
    elif not side.has_port:
        why = f"Service {side.upstream.service} has no port {side.upstream.port_name or side.upstream.number}"
    else:
        why = f"Service {side.upstream.service} has no ready pods"
    if side.empty:
        yield finding(
            "main-empty",
            Severity.CRITICAL,
            f"{main}: {why}; "
            + ("every request gets 503, those for the canary too" if guards else "its share of the requests gets 503"),
            str(side.upstream),
        )
    for rival in split.fork.rivals:
        canary_keys = [k for k in rival.metadata.annotations or {} if "/canary" in k]
        meant = f" (it has {listed(sorted(canary_keys))}, but is not enabled as a canary)" if canary_keys else ""
        yield finding(
            "second-main",
            Severity.WARNING,
            f"{name_of(rival)} is a second main for the same host and path{meant}; ingress-nginx takes the older,"
            " other gateways the newer",
        )


def _mixes(split: Split) -> Iterator[Finding]:
    for side in split.sides:
        if len(side.candidates) > 1:
            names = listed([v.name for v in split.behind(side)])
            yield finding(
                "not-pinned",
                Severity.WARNING,
                f"Service {side.upstream.service} picks several versions: {names} share by number of ready pods",
            )
        if side.service and side.service.spec.session_affinity == "ClientIP":
            yield finding(
                "sticky",
                Severity.INFO,
                f"Service {side.upstream.service} has sessionAffinity ClientIP: gateways that go through its"
                " address keep to one pod",
            )


def _unselected(split: Split, objects: Objects) -> Iterator[Finding]:
    services = [side.service for side in split.sides if side.service]
    yield from (found for service in services if (found := no_selector(service, objects)))


def _rolling(split: Split) -> Iterator[Finding]:
    for version, candidate in zip(split.versions, split.candidates, strict=True):
        if candidate.workload and candidate.ready and is_rolling(candidate.workload):
            yield finding(
                "rolling",
                Severity.WARNING,
                f"{version.name} is itself being replaced by a rolling update: its pods are of two templates",
                str(candidate.ref),
            )


def leaks(split: Split, objects: Objects) -> Iterator[Finding]:
    """The split belongs to Service and port, so other places that name them are split as well."""
    fork = split.fork
    if not fork.dialect.leaks or not split.effective:
        return
    own = {loc.place for b in split.effective for loc in locations_of(b.canary.ingress)}
    namespace = fork.main.metadata.namespace
    places = [
        f"{loc} ({ingress.metadata.name})"
        for ingress in ingresses_of_service(objects, namespace, fork.upstream.service)
        if class_of(ingress) == class_of(fork.main) and not enabled(ingress, fork.dialect)
        for loc in locations_of(ingress)
        if loc.upstream == fork.upstream and loc.place not in own
    ]
    if places:
        yield finding(
            "leak",
            Severity.WARNING,
            f"the canary's share also reaches {listed(places[:5])}{' and more' if len(places) > 5 else ''}:"
            " they lead to the same Service and port",
            str(fork.upstream),
        )


def _placing(split: Split, branch: Branch) -> Iterator[Finding]:
    canary, main = branch.canary, split.fork.main
    what = name_of(canary.ingress)
    if canary.loose:
        yield finding(
            "unattached-canary",
            Severity.WARNING,
            f"{what} is not attached to {name_of(main)}: {canary.loose}; it takes no traffic",
        )
    elif canary.stray:
        yield finding(
            "unattached-path",
            Severity.WARNING,
            f"{what}: no main has {listed([str(loc) for loc in canary.stray[:5]])}; these paths are dropped",
        )
    oldest = next((b for b in split.branches if b.counts or b.canary.blocks), None)
    if not canary.loose and not branch.counts and oldest:
        yield finding(
            "two-canaries",
            Severity.WARNING,
            f"two canaries on one rule: only {oldest.canary.ingress.metadata.name} counts,"
            f" {canary.ingress.metadata.name} takes no traffic",
        )
    first_names = split.fork.dialect.first_names and not split.hidden
    if first_names and branch.counts and not strictly_younger(canary.ingress, main):
        yield finding(
            "canary-not-younger",
            Severity.INFO,
            f"{what} is not younger than its main: pointing the main at {_service(branch)} would give 404;"
            " promote by selector",
            f"created {canary.ingress.metadata.creation_timestamp} and {main.metadata.creation_timestamp}",
        )


def _behind(split: Split, branch: Branch) -> Iterator[Finding]:
    canary, side = branch.canary, branch.side
    what = name_of(canary.ingress)
    if branch.void_by:
        yield finding(
            "canary-is-main-elsewhere",
            Severity.WARNING,
            f"{what} has no say: Service {_service(branch)} is main of the older Ingress {branch.void_by}, and the"
            " gateway takes it for a main here too; give the canary a Service of its own",
        )
    if branch.hides:
        yield finding(
            "canary-hides-main",
            Severity.CRITICAL,
            f"{what} leads to the Service of the younger {listed(list(branch.hides))}: the gateway answers 404 there",
        )
    if side is None or side.service is None:
        yield finding(
            "dangling-canary",
            Severity.WARNING,
            f"{what} is a dangling canary: Service {_service(branch)} does not exist;"
            " main takes its share, some gateways answer 404; finish deletes it",
        )
    elif not side.has_port:
        yield finding(
            "canary-empty",
            Severity.WARNING,
            f"{what}: Service {_service(branch)} has no such port ({side.upstream}); main takes its share",
        )
    elif side.empty and branch.counts and (canary.rules.share or canary.rules.matches):
        share = percent(canary.rules.share) if canary.rules.share else f"requests with {canary.rules.matches[0].text}"
        yield finding(
            "canary-empty",
            Severity.WARNING,
            f"no ready pods behind {share} of {what}: Service {_service(branch)} is empty, main takes its share",
        )


def _service(branch: Branch) -> str:
    return branch.canary.upstream.service if branch.canary.upstream else "(none)"
