"""The two versions that a canary Ingress splits between, and the effect of an edit of its annotations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from msgspec import structs

from cockpit.model.advice import telling
from cockpit.model.lookup import Objects
from cockpit.model.objects import Ingress
from cockpit.model.plan import Act, Expected
from cockpit.model.rollout import Version
from cockpit.planning.ownership import revert_warnings
from cockpit.planning.wording import several_picked
from cockpit.routers.ingress.annotations import is_ruled, rules_of
from cockpit.routers.ingress.findings import leaks, ruled, sessions
from cockpit.routers.ingress.split import CanarySplit, PlacedCanary, lanes_of
from cockpit.workloads.findings import listed

_RULE_KEYS = ("by-header", "by-header-value", "by-header-pattern", "by-cookie")
_QUERY_KEYS = ("by-query", "by-query-value", "by-query-pattern")


def two_versions(split: CanarySplit) -> tuple[Version, Version] | str:
    """The version that main serves and the one that the canary serves; as text, why there are not two."""
    placed = split.canary
    if placed is None:
        return "it has no canary Ingress"
    if placed.canary.loose:
        name = placed.canary.ingress.metadata.name
        return f"the canary Ingress {name} is not attached: {placed.canary.loose}; fix it first"
    if why := ruled(placed):
        return f"{why}: change that one"
    main, canary = split.behind(split.main), split.behind(placed.side)
    if not canary:
        return telling(
            f"the canary's Service {service_name(placed)} does not exist: finish deletes the dangling canary",
            Act.FINISH,
        )
    for side, versions in ((split.main, main), (placed.side, canary)):
        if side and len(versions) != 1:
            names = listed([v.name for v in versions])
            return several_picked(side.upstream.service, names)
    if main[0].name == canary[0].name:
        return telling(f"main and canary both route to {main[0].name}: nothing to split, finish cleans up", Act.FINISH)
    return main[0], canary[0]


def expected_with(
    split: CanarySplit, values: Mapping[str, str | None], *, lane: str | None = None, on: PlacedCanary | None = None
) -> tuple[Expected, ...]:
    """The written shares once these annotations are set (None: removed) on one canary, or on all that count."""
    changed = [on] if on else [b for b in split.placed_canaries if b.counts]
    placed_canaries = tuple(_with(b, split, values) if b in changed else b for b in split.placed_canaries)
    lanes = lanes_of(replace(split, placed_canaries=placed_canaries))
    return tuple(
        Expected(found.name, share.version, share.written or 0.0)
        for found in lanes
        if lane is None or found.name == lane
        for share in found.shares
    )


def _with(placed: PlacedCanary, split: CanarySplit, values: Mapping[str, str | None]) -> PlacedCanary:
    ingress = annotated(placed.canary.ingress, values)
    rules = rules_of(ingress, split.placement.dialect)
    ruled = is_ruled(ingress, split.placement.dialect)
    return replace(placed, canary=replace(placed.canary, ingress=ingress, rules=rules, ruled=ruled))


def annotated(ingress: Ingress, values: Mapping[str, str | None]) -> Ingress:
    """The Ingress as it would be with these annotations."""
    merged = {**(ingress.metadata.annotations or {}), **values}
    kept = {key: value for key, value in merged.items() if value is not None}
    return structs.replace(ingress, metadata=structs.replace(ingress.metadata, annotations=kept))


def off_values(placed: PlacedCanary, split: CanarySplit) -> dict[str, str | None]:
    """Annotations that turn a canary fully off: weight 0 does not disable header and cookie rules, so they go."""
    annotations, dialect = placed.canary.ingress.metadata.annotations or {}, split.placement.dialect
    found: dict[str, str | None] = {}
    for prefix in dialect.prefixes:
        for name in (*_RULE_KEYS, *(_QUERY_KEYS if dialect.has_query else ())):
            if f"{prefix}canary-{name}" in annotations:
                found[f"{prefix}canary-{name}"] = None
        if f"{prefix}canary-weight" in annotations:
            found[f"{prefix}canary-weight"] = "0"
    return found


def exposure_warnings(split: CanarySplit, objects: Objects, share: float) -> tuple[str, ...]:
    """Which other paths the canary's `share` of the requests reaches as well, and who reverts edits of its Ingress."""
    placed = split.canary
    return (
        *(f.text for f in leaks(split) if share),
        *sessions(split),
        *(revert_warnings([placed.canary.ingress], objects) if placed else ()),
    )


def shares_of(pair: tuple[Version, Version], share: float) -> dict[str, float]:
    """The shares of main and canary by version name, if the canary has `share`."""
    main, canary = pair
    return {main.name: 1 - share, canary.name: share}


def service_name(placed: PlacedCanary) -> str:
    return placed.canary.upstream.service if placed.canary.upstream else "(none)"
