"""Workloads that replace their own pods: the templates that they have or had, as versions of one rollout."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from cockpit.model.objects import ControllerRevision, DaemonSet, Deployment, ReplicaSet, Service, StatefulSet
from cockpit.model.rollout import Finding, Lane, Severity, Share, Version
from cockpit.model.text import safe_text
from cockpit.workloads.edits import ref_to
from cockpit.workloads.findings import finding, listed
from cockpit.workloads.versions import Candidate

# Set by the Deployment controller on the Deployment and on each of its ReplicaSets.
REVISION = "deployment.kubernetes.io/revision"
_HASH = "pod-template-hash"

Source = ReplicaSet | ControllerRevision
Updating = Deployment | StatefulSet | DaemonSet


@dataclass(frozen=True, slots=True)
class Edition:
    """One template with its pods. `source` is the object that keeps it; None where that cannot be read."""

    source: Source | None
    candidate: Candidate
    version: Version

    @property
    def number(self) -> int:
        return number_of(self.source) if self.source else 0


@dataclass(frozen=True, slots=True)
class Rolling:
    """A workload, its present template's edition, the editions that matter, oldest first, and its Service.

    `history` are all templates on record, oldest first. `held` is the number of pods that are to keep the older
    template, because somebody holds the update there.
    """

    workload: Updating
    current: Edition | None
    editions: tuple[Edition, ...]
    history: tuple[Source, ...]
    service: Service | None
    held: int = 0

    @property
    def previous(self) -> Edition | None:
        """The edition that an undo goes back to: the youngest that is older than the present one."""
        older = [e for e in self.editions if e is not self.current and e.source]
        if self.current is not None:
            older = [e for e in older if e.number < self.current.number]
        return max(older, key=lambda e: e.number, default=None)

    @property
    def before(self) -> tuple[Edition, ...]:
        """Editions with pods that are not of the present template."""
        return tuple(e for e in self.editions if e is not self.current and (e.version.pods or e.version.ready))


@dataclass(frozen=True, slots=True)
class Goal:
    """A template to go back to, and how to call it."""

    source: Source
    name: str


def number_of(source: Source) -> int:
    """The revision number; 0 where there is none."""
    if isinstance(source, ControllerRevision):
        return source.revision
    text = (source.metadata.annotations or {}).get(REVISION, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else 0


def template_of(source: Source) -> dict[str, Any] | None:
    """The whole pod template without what a controller adds to its copy of it; None where it holds none.

    A ControllerRevision holds a strategic merge patch that replaces the template as a whole (apps/v1).
    """
    if isinstance(source, ReplicaSet):
        found = msgspec.json.decode(source.spec.raw_template)
        labels = found.get("metadata", {}).get("labels") or {}
        labels.pop(_HASH, None)
        return dict(found)
    spec = (source.data or {}).get("spec")
    template = spec.get("template") if isinstance(spec, dict) else None
    if not isinstance(template, dict) or not template:
        return None
    return {key: value for key, value in template.items() if key != "$patch"}


def way_back(state: Rolling, name: str | None) -> Goal | str:
    """The template to go back to, by the name of a version or a revision number; as text why there is none."""
    current = state.current
    if current is None:
        return "the controller has not seen the last change yet; wait a moment"
    if name is None:
        found = state.previous
        if found is None:
            return f"{current.version.name} is the only template on record: nothing to go back to"
    else:
        found = next((e for e in state.editions if e.version.name == name), None)
    if found is current:
        return f"{name} is the present template already"
    if found is not None:
        kept = f"the template of {found.version.name} is not on record any more"
        return Goal(found.source, found.version.name) if found.source and template_of(found.source) else kept
    return _by_number(state, name or "")


def _by_number(state: Rolling, name: str) -> Goal | str:
    numbers = [number_of(s) for s in state.history]
    known = listed([e.version.name for e in state.editions])
    if not name.isascii() or not name.isdigit() or len(name) > 18 or int(name) not in numbers:
        on_record = listed([str(n) for n in numbers])
        return f"there is no version {safe_text(name, 80)}; there are {known}, and revisions {on_record}"
    source = state.history[numbers.index(int(name))]
    if state.current and state.current.source is source:
        return f"revision {name} is the present template already"
    shown = next((e.version.name for e in state.editions if e.source is source), f"revision {name}")
    return Goal(source, shown) if template_of(source) else f"revision {name} holds no template"


def lanes_by_ready_pods(state: Rolling) -> tuple[Lane, ...]:
    """What a Service that selects the pods makes of them: nobody declared it, ready pods decide."""
    if state.service is None:
        return ()
    selector = (state.service.spec.selector or {}).items()
    ready = [e.version.ready if selector <= e.candidate.labels.items() else 0 for e in state.editions]
    total = sum(ready)
    shares = tuple(
        Share(e.version.name, None, count / total if total else 0.0)
        for e, count in zip(state.editions, ready, strict=True)
    )
    return (Lane("default", "", shares, derived=True),) if shares else ()


def service_findings(state: Rolling) -> tuple[Finding, ...]:
    """What users of its Service notice."""
    found = []
    if state.service and state.workload.desired and not any(e.version.ready for e in state.editions):
        text = f"{ref_to(state.workload)} has no ready pods: requests fail"
        found.append(finding("no-ready-pods", Severity.CRITICAL, text, reasons(state.editions)))
    if state.service and state.service.spec.session_affinity == "ClientIP":
        name = f"{state.service.metadata.namespace}/{state.service.metadata.name}"
        found.append(
            finding("sticky", Severity.INFO, f"Service {name} keeps each client address on one pod", "ClientIP")
        )
    return tuple(found)


def reasons(editions: Sequence[Edition]) -> str:
    """Why pods are not ready, each reason once."""
    return safe_text(", ".join(dict.fromkeys(c.reason for e in editions for c in e.version.pods if c.reason)))
