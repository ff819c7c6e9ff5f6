"""The template of an older revision, as it was in the Rollout."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from cockpit.model.fields import entries, mapping, text
from cockpit.model.objects import ReplicaSet
from cockpit.systems.argo.editions import HASH, annotation

_EPHEMERAL = "rollout.argoproj.io/ephemeral-metadata"
_MISSING: Any = object()


def carried_back(live: Any, before: Any, after: Any) -> Any:
    """`live` with what changed from `before` to `after`, and nothing else.

    A ReplicaSet's copy contains API defaults that the Rollout's template lacks. Written as a whole it would have
    another hash, and with injected anti-affinity the controller would not recognise its own ReplicaSet.
    """
    if before == after and live is not _MISSING:
        return live
    if isinstance(live, dict) and isinstance(before, dict) and isinstance(after, dict):
        result = {key: value for key, value in live.items() if key in after or key not in before}
        for key, value in after.items():
            if before.get(key, _MISSING) != value:
                result[key] = carried_back(live.get(key, _MISSING), before.get(key, _MISSING), value)
        return result
    lists = isinstance(live, list) and isinstance(before, list) and isinstance(after, list)
    if lists and len(live) == len(before) == len(after):
        return [carried_back(*each) for each in zip(live, before, after, strict=True)]
    return after


def original(replica_set: ReplicaSet) -> dict[str, Any]:
    """The template as it was in the Rollout, without what the controller added to its copy.

    With the hash, role metadata or anti-affinity left in, the controller would see another template and roll out a
    new ReplicaSet instead of the old one.
    """
    template = mapping(msgspec.json.decode(replica_set.spec.raw_template))
    metadata = mapping(template, "metadata")
    injected = _injected(annotation(replica_set, _EPHEMERAL))
    _drop(mapping(metadata, "labels"), {HASH, *mapping(injected, "labels")})
    _drop(mapping(metadata, "annotations"), set(mapping(injected, "annotations")))
    if metadata.get("annotations") == {}:
        del metadata["annotations"]
    _without_anti_affinity(mapping(template, "spec"))
    return template


def _injected(written: str) -> Any:
    try:
        return json.loads(written) if written else {}
    except (ValueError, RecursionError):
        return {}


def _drop(found: dict[str, Any], keys: set[str]) -> None:
    for key in keys:
        found.pop(key, None)


def _without_anti_affinity(spec: dict[str, Any]) -> None:
    """Remove the terms on the hash label, and what is empty afterwards (utils/replicaset/replicaset.go)."""
    anti = mapping(spec, "affinity", "podAntiAffinity")
    for key in [k for k in anti if isinstance(anti[k], list)]:
        kept = [term for term in anti[key] if not _on_hash(term)]
        if kept == anti[key]:
            continue
        anti[key] = kept
        if not kept:
            del anti[key]
            if not anti:
                del spec["affinity"]["podAntiAffinity"]
                if not spec["affinity"]:
                    del spec["affinity"]


def _on_hash(term: Any) -> bool:
    weighted = mapping(term, "podAffinityTerm") or mapping(term)
    expressions = entries(weighted, "labelSelector", "matchExpressions")
    return any(text(expression, "key") == HASH for expression in expressions)
