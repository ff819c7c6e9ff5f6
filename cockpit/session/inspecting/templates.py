"""Revisions of a rollout's workloads, and what differs between two pod templates. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec
import yaml

from cockpit.model.inspection import Revision
from cockpit.model.lookup import Objects
from cockpit.model.objects import ArgoRollout, ControllerRevision, Obj, ReplicaSet, Workload
from cockpit.model.redact import HIDDEN, redacted
from cockpit.model.refs import CONTROLLERREVISIONS, REPLICASETS, Ref
from cockpit.model.rollout import Rollout, Version
from cockpit.model.text import safe_lines, safe_text
from cockpit.model.values import dataclass
from cockpit.systems.editions import number_of, template_of
from cockpit.workloads.images import application_images
from cockpit.workloads.naming import HASH_LABELS

# Set by Argo Rollouts on its ReplicaSets (argo-rollouts, utils/annotations).
_ARGO_REVISION = "rollout.argoproj.io/revision"
_CAUSE = "kubernetes.io/change-cause"
MOST_LINES = 2_000


@dataclass(frozen=True, slots=True)
class _Held:
    """A template in the history of a workload, and the object that holds it."""

    workload: Ref
    source: ReplicaSet | ControllerRevision

    @property
    def number(self) -> int:
        text = (self.source.metadata.annotations or {}).get(_ARGO_REVISION, "")
        return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else number_of(self.source)


def revisions_of(rollout: Rollout, objects: Objects) -> tuple[Revision, ...]:
    """Every template that the rollout's workloads keep, by workload, the newest first."""
    found: list[Revision] = []
    for ref in _workloads(rollout):
        held = sorted(_history(ref, objects), key=lambda each: each.number, reverse=True)
        found += [_revision(each, rollout, current=each is held[0]) for each in held]
    return tuple(found)


def _workloads(rollout: Rollout) -> Sequence[Ref]:
    refs = [*rollout.objects, *(version.workload for version in rollout.versions if version.workload)]
    return list(dict.fromkeys(ref for ref in refs if ref.resource != REPLICASETS))


def _history(ref: Ref, objects: Objects) -> Iterator[_Held]:
    root = objects.get(ref.resource, ref.namespace, ref.name)
    if not isinstance(root, Workload | ArgoRollout) or not root.metadata.uid:
        return
    for resource in (REPLICASETS, CONTROLLERREVISIONS):
        for owned in objects.owned(resource, ref.namespace, root.metadata.uid):
            if isinstance(owned, ReplicaSet | ControllerRevision):
                yield _Held(ref, owned)


def _revision(held: _Held, rollout: Rollout, *, current: bool) -> Revision:
    source, counts = held.source, isinstance(held.source, ReplicaSet)
    uid = source.metadata.uid
    version = next((v for v in rollout.versions if uid in v.identity), None)
    alone = [v for v in rollout.versions if v.workload == held.workload]
    if version is None and current and len(alone) == 1:
        version = alone[0]
    holder = Ref(REPLICASETS if counts else CONTROLLERREVISIONS, source.metadata.namespace, source.metadata.name)
    return Revision(
        held.number,
        held.workload,
        holder,
        uid,
        _images(source),
        source.metadata.creation_timestamp or "",
        version.name if version else "",
        current,
        source.status.ready_replicas if isinstance(source, ReplicaSet) else None,
        source.desired if isinstance(source, ReplicaSet) else None,
        safe_text((source.metadata.annotations or {}).get(_CAUSE, ""), 200),
    )


def _images(source: ReplicaSet | ControllerRevision) -> tuple[str, ...]:
    if isinstance(source, ReplicaSet):
        return tuple(safe_text(image, 300) for image in application_images(source.spec.template))
    spec = (template_of(source) or {}).get("spec")
    containers = spec.get("containers") if isinstance(spec, dict) else None
    listed = containers if isinstance(containers, list) else []
    return tuple(safe_text(c["image"], 300) for c in listed if isinstance(c, dict) and c.get("image"))


def template_named(name: str, rollout: Rollout, objects: Objects) -> dict[str, Any] | str:
    """The pod template of a version, or of a revision by its number; a sentence if there is none."""
    held = [each for ref in _workloads(rollout) for each in _history(ref, objects)]
    version = next((v for v in rollout.versions if v.name == name), None)
    if version:
        own = next((each for each in held if each.source.metadata.uid in version.identity), None)
        found = template_of(own.source) if own else _workload_template(version, objects)
    else:
        numbered = next((each for each in held if str(each.number) == name), None)
        found = template_of(numbered.source) if numbered else None
    if found:
        return _without_hashes(found)
    return f"{safe_text(rollout.key.name)}: no pod template of {safe_text(name, 80)} is kept or can be read"


def _without_hashes(template: dict[str, Any]) -> dict[str, Any]:
    """Without the labels by which controllers tell templates apart, which say nothing of what differs."""
    metadata = template.get("metadata")
    labels = metadata.get("labels") if isinstance(metadata, dict) else None
    if not isinstance(metadata, dict) or not isinstance(labels, dict):
        return template
    kept = {key: value for key, value in labels.items() if key not in HASH_LABELS}
    return {**template, "metadata": {**metadata, "labels": kept}}


def _workload_template(version: Version, objects: Objects) -> dict[str, Any] | None:
    ref = version.workload
    workload: Obj | None = objects.get(ref.resource, ref.namespace, ref.name) if ref else None
    if isinstance(workload, ReplicaSet):
        return template_of(workload)
    found = msgspec.json.decode(workload.spec.raw_template) if isinstance(workload, Workload) else None
    return found if isinstance(found, dict) else None


def difference(old: tuple[str, Mapping[str, Any]], new: tuple[str, Mapping[str, Any]]) -> tuple[str, ...]:
    """What differs between two named templates, as a unified diff of safe lines; none if nothing does.

    Values that can be secret are hidden, and numbered, so that one sees whether they differ.
    """
    numbers: dict[str, int] = {}
    before, after = (_lines(template, numbers) for _, template in (old, new))
    import difflib

    lines = difflib.unified_diff(before, after, safe_text(old[0], 80), safe_text(new[0], 80), lineterm="")
    return tuple(line.rstrip("\n") for line in lines)[:MOST_LINES]


def _lines(template: Mapping[str, Any], numbers: dict[str, int]) -> list[str]:
    shown = _numbered(template, redacted(template), numbers)
    try:
        text = yaml.safe_dump(shown, sort_keys=True, allow_unicode=True, width=1000)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        text = f"cannot be shown as YAML: {error}"
    return list(safe_lines(text, MOST_LINES))


def _numbered(value: Any, shown: Any, numbers: dict[str, int]) -> Any:
    """`shown` with a number behind each hidden value, the same for equal values."""
    if shown == HIDDEN and value != HIDDEN:
        key = repr(value)
        return f"{HIDDEN[:-1]} {numbers.setdefault(key, len(numbers) + 1)})"
    if isinstance(value, dict) and isinstance(shown, dict):
        return {key: _numbered(value.get(key), item, numbers) for key, item in shown.items()}
    if isinstance(value, list | tuple) and isinstance(shown, list):
        return [_numbered(item, seen, numbers) for item, seen in zip(value, shown, strict=True)]
    return shown
