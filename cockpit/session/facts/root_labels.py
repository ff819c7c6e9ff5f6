"""What people wrote on a rollout's root object: its labels and short annotations. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from cockpit.model.objects import Obj
from cockpit.model.rollout import Rollout

# A longer annotation, or one that is an object of JSON, is configuration or a copy of the object, and no mark.
LONGEST = 300
MOST = 100


def with_root_labels(rollout: Rollout, root: Obj) -> Rollout:
    """The rollout with the labels and annotations of the object that it was read from."""
    annotations: Mapping[str, str] = getattr(root.metadata, "annotations", None) or {}
    short = {name: value for name, value in annotations.items() if len(value) <= LONGEST and value[:1] not in "{["}
    return replace(rollout, labels=_pairs(root.metadata.labels or {}), annotations=_pairs(short))


def _pairs(found: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(found.items())[:MOST])
