"""What a TrafficSplit says about the two Services of a controller's rollout (servicemeshinterface.io, traffic-split).

Weights are parts of their sum, of all requests or, with `matches`, of those that a group describes. In
v1alpha1 a weight is a quantity, which may be written in thousandths ("500m").
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from cockpit.model.fields import entries, mapping, text
from cockpit.model.lazy_re import lazy_re
from cockpit.model.lookup import Objects
from cockpit.model.objects import TrafficSplit
from cockpit.model.refs import TRAFFICSPLIT_VERSIONS, Ref
from cockpit.model.text import safe_text
from cockpit.routers.traffic_findings import missing_route
from cockpit.routers.weights import weights_split
from cockpit.routers.written import HeaderLane, WrittenSplit, split_of_some
from cockpit.workloads.lookups import served

_MOST_BACKENDS, _MOST_NAMES = 200, 5
_QUANTITY = lazy_re(r"([0-9]{1,12})(?:\.([0-9]{1,6}))?(m?)", re.ASCII)


def trafficsplit_split(objects: Objects, namespace: str, name: str, stable: str, canary: str) -> WrittenSplit:
    """The split that a TrafficSplit writes between two Services of its namespace."""
    ref = Ref(served(objects, TRAFFICSPLIT_VERSIONS), namespace, name)
    found = objects.get(ref.resource, namespace, name)
    if not isinstance(found, TrafficSplit):
        return missing_route(ref, objects)
    backends = entries(found.spec, "backends")[:_MOST_BACKENDS]
    weights = ((_short(text(entry, "service")), _weight(mapping(entry).get("weight"))) for entry in backends)
    split = weights_split(ref, weights, stable, canary)
    return _of_some(split, ref, entries(found.spec, "matches"))


def _of_some(split: WrittenSplit, ref: Ref, matches: list[Any]) -> WrittenSplit:
    """The split of a TrafficSplit with `matches`: those groups of requests only, whose conditions are not read here."""
    if not matches:
        return split
    kinds = [f"{text(each, 'kind') or 'group'} {text(each, 'name')}" for each in matches[:_MOST_NAMES]]
    words = safe_text(" or ".join(kinds), 200)
    lane = HeaderLane(words, None, split.share, declared=split.share or 0.0, others=split.others)
    why = f"{ref} splits only requests of {words}: what all others get is not written there"
    return replace(split, share=None, lanes=(lane,), problems=(*split.problems, split_of_some(why)))


def _short(service: str) -> str:
    """A Service's name without its namespace and domain, which a mesh also takes."""
    return service.partition(".")[0]


def _weight(value: Any) -> float:
    """A whole number or a quantity; 0 for anything else."""
    if isinstance(value, int) and not isinstance(value, bool):
        return float(value) if 0 <= value < 1 << 31 else 0.0
    parts = _QUANTITY.fullmatch(value) if isinstance(value, str) else None
    if parts is None:
        return 0.0
    number = float(f"{parts[1]}.{parts[2] or 0}")
    return number / 1000 if parts[3] else number
