"""Versions with pods behind the Service but no subset yet: the subset that a share needs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from cockpit.model.lazy_re import lazy_re
from cockpit.model.lookup import Objects
from cockpit.model.objects import DestinationRule
from cockpit.model.values import dataclass
from cockpit.planning.edits import Edit
from cockpit.routers.istio.destination_rules import is_for_one_host
from cockpit.routers.istio.destinations import DestinationVersions
from cockpit.routers.istio.routes import Destination, Subset
from cockpit.routers.istio.split import VirtualServiceSplit
from cockpit.routers.istio.write import subsets_edit
from cockpit.workloads.naming import VERSION_LABELS

_NAME = lazy_re(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class Newcomer:
    """A subset to create: next to `beside`, in its DestinationRule, with this one label."""

    name: str
    label: tuple[str, str]
    beside: DestinationVersions


@dataclass(frozen=True, slots=True)
class NewSubset:
    """The edit that creates a subset, the subset in words, and the rule that gets it."""

    name: str
    words: str
    edit: Edit
    rule: DestinationRule


def newcomer(split: VirtualServiceSplit, name: str) -> Newcomer | None:
    """The subset that would select this version and no other; None if no single label tells it apart."""
    candidate = split.candidate(name)
    beside = next((s for s in split.sides if s.subset and s.service), None)
    if candidate is None or candidate.workload is None or beside is None or not _NAME.fullmatch(name):
        return None
    if beside.subset is None or any(candidate.uid in side.uids for side in split.sides):
        return None
    if not is_for_one_host(beside.subset.rule):
        return None
    for key in (*beside.subset.labels, *VERSION_LABELS):
        value = candidate.labels.get(key)
        if value and all(c.labels.get(key) != value for c in split.candidates if c.uid != candidate.uid):
            return Newcomer(name, (key, value), beside)
    return None


def with_subset(
    split: VirtualServiceSplit, names: Iterable[str], objects: Objects
) -> tuple[VirtualServiceSplit, NewSubset | None]:
    """The split with a subset for the first of `names` that needs one, and the edit that creates it."""
    found = next((n for name in names if not split.alone(name) and (n := newcomer(split, name))), None)
    subset, candidate = (found.beside.subset, split.candidate(found.name)) if found else (None, None)
    if found is None or subset is None or candidate is None:
        return split, None
    key, value = found.label
    raw = {"name": found.name, "labels": {key: value}}
    edit = subsets_edit(subset, [*subset.rule.spec["subsets"], raw], objects)
    target = Destination(found.beside.target.host, found.name, found.beside.target.port)
    made = Subset(found.name, {key: value}, subset.rule, len(subset.rule.spec["subsets"]), raw)
    side = DestinationVersions(
        target, found.beside.service, made, "", ((candidate.uid, candidate.ready),), (candidate,)
    )
    return replace(split, sides=(*split.sides, side)), NewSubset(found.name, f"{key}={value}", edit, subset.rule)
