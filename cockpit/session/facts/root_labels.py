"""What stands on a rollout's root object: labels, short annotations, and whether it is being deleted. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from cockpit.model.objects import Obj
from cockpit.model.rollout import Rollout, Severity
from cockpit.model.text import safe_text
from cockpit.workloads.findings import finding

# A longer annotation, or one that is an object of JSON, is configuration or a copy of the object, and no mark.
LONGEST = 300
MOST = 100
# A Kruise Rollout that is being deleted completes its release first.
_TOLD = frozenset({"terminating"})


def with_root(rollout: Rollout, root: Obj) -> Rollout:
    """The rollout with all that is read from its root object here."""
    return with_deletion(with_root_labels(rollout, root), root)


def with_root_labels(rollout: Rollout, root: Obj) -> Rollout:
    """The rollout with the labels and annotations of the object that it was read from."""
    annotations: Mapping[str, str] = getattr(root.metadata, "annotations", None) or {}
    short = {name: value for name, value in annotations.items() if len(value) <= LONGEST and value[:1] not in "{["}
    return replace(rollout, labels=_pairs(root.metadata.labels or {}), annotations=_pairs(short))


def with_deletion(rollout: Rollout, root: Obj) -> Rollout:
    """The rollout with a finding that its root object is being deleted; adapters that tell it better keep theirs."""
    since = root.metadata.deletion_timestamp
    if since is None or any(found.id in _TOLD for found in rollout.findings):
        return rollout
    finalizers = getattr(root.metadata, "finalizers", None) or []
    words = f"{rollout.objects[0]} is being deleted (since {safe_text(since, 40)}): what is sent to it does not last"
    waits = f"finalizers {', '.join(safe_text(each, 100) for each in finalizers[:5])}" if finalizers else ""
    told = finding("being-deleted", Severity.WARNING, words, waits)
    return replace(rollout, findings=(*rollout.findings, told))


def _pairs(found: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(found.items())[:MOST])
