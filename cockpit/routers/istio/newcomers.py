"""Versions that have pods behind the Service and no subset yet: the subset that a share needs."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from cockpit.model.lookup import Objects
from cockpit.model.objects import DestinationRule
from cockpit.routers.istio.edits import subsets_edit
from cockpit.routers.istio.routes import Subset, Target
from cockpit.routers.istio.sides import Side
from cockpit.routers.istio.split import Split
from cockpit.workloads.edits import Edit
from cockpit.workloads.naming import VERSION_LABELS

_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class Newcomer:
    """A subset to be made: beside `beside`, in its DestinationRule, with this one label."""

    name: str
    label: tuple[str, str]
    beside: Side


@dataclass(frozen=True, slots=True)
class NewSubset:
    """The edit that makes a subset, it in words, and the rule that gets it."""

    name: str
    words: str
    edit: Edit
    rule: DestinationRule


def newcomer(split: Split, name: str) -> Newcomer | None:
    """The subset that would pick this version and no other; None where nothing tells it apart so simply."""
    candidate = split.candidate(name)
    beside = next((s for s in split.sides if s.subset and s.service), None)
    if candidate is None or candidate.workload is None or beside is None or not _NAME.fullmatch(name):
        return None
    if beside.subset is None or any(candidate.uid in side.uids for side in split.sides):
        return None
    for key in (*beside.subset.labels, *VERSION_LABELS):
        value = candidate.labels.get(key)
        if value and all(c.labels.get(key) != value for c in split.candidates if c.uid != candidate.uid):
            return Newcomer(name, (key, value), beside)
    return None


def with_subset(split: Split, names: Iterable[str], objects: Objects) -> tuple[Split, NewSubset | None]:
    """The split as it is with a subset for the first of `names` that needs one, and what makes it."""
    found = next((n for name in names if not split.alone(name) and (n := newcomer(split, name))), None)
    subset, candidate = (found.beside.subset, split.candidate(found.name)) if found else (None, None)
    if found is None or subset is None or candidate is None:
        return split, None
    key, value = found.label
    raw = {"name": found.name, "labels": {key: value}}
    edit = subsets_edit(subset, [*subset.rule.spec["subsets"], raw], objects)
    target = Target(found.beside.target.host, found.name, found.beside.target.port)
    made = Subset(found.name, {key: value}, subset.rule, len(subset.rule.spec["subsets"]), raw)
    side = Side(target, found.beside.service, made, "", ((candidate.uid, candidate.ready),), (candidate,))
    return replace(split, sides=(*split.sides, side)), NewSubset(found.name, f"{key}={value}", edit, subset.rule)
