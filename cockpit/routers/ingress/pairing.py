"""The two versions that a canary Ingress splits between, and what an edit of its annotations would make of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from msgspec import structs

from cockpit.model.lookup import Objects
from cockpit.model.objects import Ingress
from cockpit.model.plan import Expected
from cockpit.model.rollout import Version
from cockpit.routers.ingress.findings import leaks
from cockpit.routers.ingress.rules import is_ruled, rules_of
from cockpit.routers.ingress.split import Branch, Split, lanes_of
from cockpit.workloads.findings import listed, percent
from cockpit.workloads.ownership import revert_warnings

_CLOSE = 1e-6
_RULE_KEYS = ("by-header", "by-header-value", "by-header-pattern", "by-cookie")
_QUERY_KEYS = ("by-query", "by-query-value", "by-query-pattern")


def two_versions(split: Split) -> tuple[Version, Version] | str:
    """The version that main serves and the one that the canary serves; as text why there are not two."""
    branch = split.canary
    if branch is None:
        return "there is no canary Ingress"
    if branch.canary.loose:
        return f"the canary Ingress {branch.canary.ingress.metadata.name} is not attached: {branch.canary.loose}"
    main, canary = split.behind(split.main), split.behind(branch.side)
    if not canary:
        return f"the canary's Service {service_name(branch)} does not exist: finish deletes the dangling canary"
    for side, versions in ((split.main, main), (branch.side, canary)):
        if side and len(versions) != 1:
            names = listed([v.name for v in versions])
            return f"Service {side.upstream.service} picks {names}: narrow its selector to one version first"
    if main[0].name == canary[0].name:
        return f"main and canary both lead to {main[0].name}: there is nothing to split, finish cleans up"
    return main[0], canary[0]


def expected_with(
    split: Split, values: Mapping[str, str | None], *, lane: str | None = None, on: Branch | None = None
) -> tuple[Expected, ...]:
    """What is written once these annotations are set (None: removed) on one canary, or on all that count."""
    changed = [on] if on else [b for b in split.branches if b.counts]
    branches = tuple(_with(b, split, values) if b in changed else b for b in split.branches)
    lanes = lanes_of(replace(split, branches=branches))
    return tuple(
        Expected(found.name, share.version, share.written or 0.0)
        for found in lanes
        if lane is None or found.name == lane
        for share in found.shares
    )


def _with(branch: Branch, split: Split, values: Mapping[str, str | None]) -> Branch:
    ingress = annotated(branch.canary.ingress, values)
    rules = rules_of(ingress, split.fork.dialect)
    ruled = is_ruled(ingress, split.fork.dialect)
    return replace(branch, canary=replace(branch.canary, ingress=ingress, rules=rules, ruled=ruled))


def annotated(ingress: Ingress, values: Mapping[str, str | None]) -> Ingress:
    """The Ingress as it would be with these annotations."""
    merged = {**(ingress.metadata.annotations or {}), **values}
    kept = {key: value for key, value in merged.items() if value is not None}
    return structs.replace(ingress, metadata=structs.replace(ingress.metadata, annotations=kept))


def off_values(branch: Branch, split: Split) -> dict[str, str | None]:
    """Annotations that turn a canary fully off: weight 0 leaves the rules for single requests in force, so they go."""
    annotations, dialect = branch.canary.ingress.metadata.annotations or {}, split.fork.dialect
    found: dict[str, str | None] = {}
    for prefix in dialect.prefixes:
        for name in (*_RULE_KEYS, *(_QUERY_KEYS if dialect.has_query else ())):
            if f"{prefix}canary-{name}" in annotations:
                found[f"{prefix}canary-{name}"] = None
        if f"{prefix}canary-weight" in annotations:
            found[f"{prefix}canary-weight"] = "0"
    return found


def exposure_warnings(split: Split, objects: Objects, main: Version, canary: Version, share: float) -> tuple[str, ...]:
    """What could go wrong when the canary gets `share` of the requests."""
    branch = split.canary
    return (
        *capacity_warnings(main, canary, share),
        *(f.text for f in leaks(split, objects) if share),
        *(revert_warnings([branch.canary.ingress], objects) if branch else ()),
    )


def capacity_warnings(main: Version, canary: Version, share: float) -> tuple[str, ...]:
    """A share above the version's part of all ready pods loads each of its pods more than the others."""
    ready = main.ready + canary.ready
    if ready and share > canary.ready / ready + _CLOSE:
        return (f"capacity: {percent(share)} of the traffic on {canary.ready} of {ready} ready pods",)
    return ()


def service_name(branch: Branch) -> str:
    return branch.canary.upstream.service if branch.canary.upstream else "(none)"
