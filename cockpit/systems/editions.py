"""Workloads that replace their own pods: their current and earlier templates as versions of one rollout."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from cockpit.model.fields import entries, text
from cockpit.model.objects import ControllerRevision, DaemonSet, Deployment, ReplicaSet, Service, StatefulSet
from cockpit.model.reasons import WAIT
from cockpit.model.rollout import Lane, PodState, Share, Version
from cockpit.model.text import safe_text
from cockpit.model.values import dataclass
from cockpit.planning.earlier_version import Earlier, earlier_of, failing, why_no_earlier, why_returning
from cockpit.systems.on_record import Record, meant_by, on_record
from cockpit.systems.phrases import NOT_SEEN, is_current, no_template
from cockpit.workloads.endpoints import reached
from cockpit.workloads.findings import listed
from cockpit.workloads.images import image_tag
from cockpit.workloads.meant import Meant
from cockpit.workloads.others import NO_OTHERS, Others
from cockpit.workloads.versions import Candidate, pod_cell

# Set by the Deployment controller on the Deployment and on each of its ReplicaSets.
REVISION = "deployment.kubernetes.io/revision"
_HASH = "pod-template-hash"

Source = ReplicaSet | ControllerRevision
Updating = Deployment | StatefulSet | DaemonSet


@dataclass(frozen=True, slots=True)
class TemplateEdition:
    """One template with its pods. `source` is the object that holds it; None if that cannot be read."""

    source: Source | None
    candidate: Candidate
    version: Version

    @property
    def number(self) -> int:
        return number_of(self.source) if self.source else 0


@dataclass(frozen=True, slots=True)
class Rolling:
    """A workload, the edition of its current template, the editions to show (oldest first), and its Service.

    `history` is the revision history, oldest first. `held` is the number of pods that keep the old template because
    the update is held back. `others` are ready pods behind the Service that belong to other workloads, `portless` are
    names of those that have none of its ports, `published` of those that get requests whether they are ready or not.
    `meant` is a Service that should select its pods and does not.
    """

    workload: Updating
    current: TemplateEdition | None
    editions: tuple[TemplateEdition, ...]
    history: tuple[Source, ...]
    service: Service | None
    held: int = 0
    others: Others = NO_OTHERS
    portless: frozenset[str] = frozenset()
    published: frozenset[str] = frozenset()
    meant: Meant | None = None

    @property
    def present(self) -> Earlier | None:
        """The current template as a way back sees it; None if it is not on record."""
        source = self.current.source if self.current else None
        return self.seen(source) if source else None

    @property
    def kept(self) -> tuple[Earlier, ...]:
        """Every other template on record as a way back sees it, oldest first."""
        now = self.current.source if self.current else None
        return tuple(self.seen(source) for source in self.history if source is not now)

    def seen(self, source: Source) -> Earlier:
        """A template on record as a way back sees it, by the name of its version where that is shown."""
        edition = next((e for e in self.editions if e.source is source), None)
        return earlier(source, edition.candidate if edition else None, edition.version.name if edition else "")

    @property
    def before(self) -> tuple[TemplateEdition, ...]:
        """Editions with pods that do not have the current template."""
        return tuple(e for e in self.editions if e is not self.current and (e.version.pods or e.version.ready))


@dataclass(frozen=True, slots=True)
class TemplateGoal:
    """A template to roll back to, and its name."""

    source: Source
    name: str


def number_of(source: Source) -> int:
    """The revision number; 0 if there is none."""
    if isinstance(source, ControllerRevision):
        return source.revision
    text = (source.metadata.annotations or {}).get(REVISION, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else 0


def template_of(source: Source) -> dict[str, Any] | None:
    """The whole pod template without what a controller adds to its copy; None if `source` holds none.

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


def earlier(source: Source, candidate: Candidate | None, name: str = "") -> Earlier:
    """A template on record as a way back sees it; `candidate` has its pods, `name` is "" where it is not shown."""
    pods = tuple(map(pod_cell, candidate.pods if candidate else ()))
    ready = candidate.ready if candidate else 0
    return Earlier(
        uid=source.metadata.uid,
        name=name or f"revision {number_of(source)}",
        born=source.metadata.creation_timestamp or "",
        number=number_of(source),
        ready=ready,
        pods=any(pod.state is not PodState.LEAVING for pod in pods) or ready > 0,
        against=failing(pods, ready),
    )


def led_back_to(current: Source | None, history: Sequence[Source], pods: Mapping[str, Candidate]) -> Source | None:
    """The template that a roll back leads to, so that its version is shown; `pods` by the uid of their template."""
    if current is None:
        return None
    known = {source.metadata.uid: source for source in history if source is not current}
    others = [earlier(source, pods.get(uid)) for uid, source in known.items()]
    found = earlier_of(earlier(current, pods.get(current.metadata.uid)), others)
    return known[found.uid] if found else None


def way_back(state: Rolling, name: str | None) -> TemplateGoal | str:
    """The template to roll back to, by version name or revision number; otherwise the reason as text."""
    current = state.current
    if current is None:
        return NOT_SEEN + WAIT
    if name is None:
        return _chosen(state, current)
    found = next((e for e in state.editions if e.version.name == name), None)
    if found is current:
        return is_current(name)
    if found is not None:
        kept = no_template(found.version.name)
        return TemplateGoal(found.source, found.version.name) if found.source and template_of(found.source) else kept
    return _on_record(state, name)


def _chosen(state: Rolling, current: TemplateEdition) -> TemplateGoal | str:
    """The template that a roll back leads to if none is named; otherwise the reason as text."""
    present, others = state.present, state.kept
    if present is None:
        return no_template(current.version.name)
    if why := why_returning(present, others):
        return why
    found = earlier_of(present, others)
    if found is None:
        return why_no_earlier(present, others)
    source = next(s for s in state.history if s.metadata.uid == found.uid)
    return TemplateGoal(source, found.name) if template_of(source) else no_template(found.name)


def leads(state: Rolling, *, waits: bool = False) -> str:
    """Where a roll back leads, in a few words; `waits` is whether no pod is replaced by itself."""
    goal = way_back(state, None)
    if isinstance(goal, str):
        return ""
    if waits:
        return f"makes {goal.name} the template again, and replaces no pod"
    return f"rolls {goal.name} out again, pod by pod"


def _on_record(state: Rolling, name: str) -> TemplateGoal | str:
    records = [Record(s, number_of(s), (s.metadata.name,), _tags(s)) for s in state.history]
    source = meant_by(name, records)
    if source is None:
        known = listed([e.version.name for e in state.editions])
        return f"no version {safe_text(name, 80)}; the versions are {known}; revisions: {on_record(records)}"
    if isinstance(source, str):
        return source
    number = number_of(source)
    if state.current and state.current.source is source:
        return is_current(f"revision {number}")
    shown = next((e.version.name for e in state.editions if e.source is source), f"revision {number}")
    return (
        TemplateGoal(source, shown)
        if template_of(source)
        else f"revision {number} holds no template: choose another revision"
    )


def _tags(source: Source) -> set[str]:
    """The tags of a template's images; labels tell several templates alike."""
    images = [text(each, "image") for each in entries(template_of(source), "spec", "containers")]
    return {safe_text(tag, 80) for image in images if (tag := image_tag(image))}


def lanes_by_ready_pods(state: Rolling) -> tuple[Lane, ...]:
    """The split by a Service that selects the pods: nothing is declared, ready pods decide."""
    if state.service is None:
        return ()
    ready = [pods_reached(state, e) for e in state.editions]
    total = sum(ready) + state.others.ready
    shares = tuple(
        Share(e.version.name, None, count / total if total else 0.0)
        for e, count in zip(state.editions, ready, strict=True)
    )
    return (Lane("default", "", shares, derived=True),) if shares else ()


def pods_reached(state: Rolling, edition: TemplateEdition) -> int:
    """How many pods of an edition get requests through the Service."""
    selector = (state.service.spec.selector or {} if state.service else {}).items()
    pods = edition.candidate.pods
    if not selector:
        return 0
    if state.published:
        return sum(pod.metadata.name in state.published for pod in pods)
    if selector <= edition.candidate.labels.items():
        return reached(pods, edition.version.ready, state.portless)
    # Labels that somebody puts on single pods, such as on the one that leads.
    chosen = [pod for pod in pods if pod.ready and selector <= (pod.metadata.labels or {}).items()]
    return reached(chosen, len(chosen), state.portless)


def reasons(editions: Sequence[TemplateEdition]) -> str:
    """Why pods are not ready, each reason once."""
    return safe_text(", ".join(dict.fromkeys(c.reason for e in editions for c in e.version.pods if c.reason)))
