"""The split between two Services that a flat list of weights makes, as several routers write it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from cockpit.model.refs import Ref
from cockpit.model.rollout import Finding
from cockpit.routers.traffic_findings import no_weight, route_elsewhere
from cockpit.routers.written import HeaderLane, WrittenSplit


def weights_split(
    ref: Ref,
    weights: Iterable[tuple[str, float]],
    stable: str,
    canary: str,
    *,
    lanes: Sequence[HeaderLane] = (),
    problems: Sequence[Finding] = (),
    unserved: Sequence[Finding] = (),
) -> WrittenSplit:
    """What weights by the name of a Service say about the canary's share; they are parts of their sum.

    `problems` and `unserved` are what was found beside: the latter take away a share that is asked for.
    """
    by_name: dict[str, float] = {}
    for name, weight in weights:
        by_name[name] = by_name.get(name, 0.0) + max(weight, 0.0)
    total = sum(by_name.values())
    own = (stable, canary)
    if not set(own) & set(by_name):
        found = (*unserved, *problems, route_elsewhere(f"{ref} leads to neither {stable or 'stable'} nor {canary}"))
        return WrittenSplit(None, tuple(lanes), (ref,), found, unserved_shares=tuple(unserved))
    if not total:
        lost = (*unserved, no_weight(f"weights of {ref} are all 0: requests fail"))
        return WrittenSplit(None, tuple(lanes), (ref,), (*lost, *problems), unserved_shares=lost)
    beside = [(name, weight / total) for name, weight in by_name.items() if weight and name not in own]
    return WrittenSplit(
        by_name.get(canary, 0.0) / total,
        tuple(lanes),
        (ref,),
        (*unserved, *problems),
        sum(share for _, share in beside),
        tuple(name if _is_no_service(name) else f"Service {name}" for name, _ in beside),
        tuple(unserved),
        tuple((f"{ref.namespace}/{name}", share) for name, share in beside if not _is_no_service(name)),
    )


def _is_no_service(name: str) -> bool:
    """Whether it is another object, named with its kind, as in "ApisixUpstream far"."""
    return " " in name
