"""The ReplicaSets of a running Experiment as versions beside those of the Rollout (experiments/experiment.go).

Each has the template of the stable or the canary version under a hash of its own, so requests that it answers belong to
neither. Its share is a weight in the router, or without one follows from its pods behind the Service.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from cockpit.model.fields import entries, text, whole
from cockpit.model.lookup import Objects
from cockpit.model.objects import ArgoRollout, Experiment, ReplicaSet
from cockpit.model.refs import EXPERIMENTS, REPLICASETS
from cockpit.model.rollout import Finding, Lane, Role, Rollout, Severity, Share, Version
from cockpit.model.text import safe_text
from cockpit.model.values import dataclass
from cockpit.systems.argo.editions import HASH
from cockpit.workloads.findings import finding, listed, percent
from cockpit.workloads.lookups import of_kind
from cockpit.workloads.owners import controller_of
from cockpit.workloads.versions import Candidate, candidate_of, versions_of

_TEMPLATE = "experiment.argoproj.io/template-name"
# More templates than anyone compares.
_MOST = 8


@dataclass(frozen=True, slots=True)
class Trial:
    """One ReplicaSet of an Experiment. `service` is the one that the router sends its requests to, "" if it has none.

    `weight` is its declared weight in units of the router, None without one.
    """

    experiment: str
    candidate: Candidate
    version: Version
    service: str
    weight: int | None

    @property
    def uid(self) -> str:
        return self.candidate.uid


def trials_of(rollout: ArgoRollout, names: Iterable[str], objects: Objects) -> tuple[Trial, ...]:
    """What the current Experiment runs; `names` are those of the Rollout's versions, which no trial gets."""
    namespace, uid = rollout.metadata.namespace, rollout.metadata.uid
    current = text(rollout.status, "canary", "currentExperiment")
    found = objects.get(EXPERIMENTS, namespace, current) if current else None
    if not isinstance(found, Experiment) or not uid or not found.metadata.uid:
        return ()
    owner = controller_of(found.metadata)
    if owner is None or owner.uid != uid:
        return ()
    owned = of_kind(ReplicaSet, objects.owned(REPLICASETS, namespace, found.metadata.uid))
    sets = sorted((r for r in owned if r.desired or r.status.replicas), key=lambda r: r.metadata.name)[:_MOST]
    candidates = [candidate_of(r, objects) for r in sets]
    versions = versions_of(candidates, {c.uid: Role.TRIAL for c in candidates})
    taken = set(names)
    made = []
    for replica_set, candidate, version in zip(sets, candidates, versions, strict=True):
        name = _free(_name(replica_set), taken)
        taken.add(name)
        digest = (replica_set.metadata.labels or {}).get(HASH, "")
        # Images are those of the stable or the canary version, and name neither.
        marks = frozenset({digest, replica_set.metadata.name} - {""})
        service, weight = _sent(rollout, found, digest)
        made.append(Trial(current, candidate, replace(version, name=name, marks=marks), service, weight))
    return tuple(made)


def _name(replica_set: ReplicaSet) -> str:
    name = safe_text((replica_set.metadata.annotations or {}).get(_TEMPLATE, ""), 40)
    return name or safe_text(replica_set.metadata.name, 40)


def _free(name: str, taken: set[str]) -> str:
    tried = (name, f"{name} (experiment)", *(f"{name} (experiment {number})" for number in range(2, _MOST + 2)))
    return next(each for each in tried if each not in taken)


def _sent(rollout: ArgoRollout, experiment: Experiment, digest: str) -> tuple[str, int | None]:
    """The Service of a trial by the Experiment's status, and its weight by the Rollout's."""
    told = next(
        (t for t in entries(experiment.status, "templateStatuses") if text(t, "podTemplateHash") == digest), None
    )
    weights = entries(rollout.status, "canary", "weights", "additional")
    mine = next((w for w in weights if text(w, "podTemplateHash") == digest), None)
    weight = whole(mine, "weight")
    return text(told, "serviceName") or text(mine, "serviceName"), None if weight is None else max(weight, 0)


def with_trials(
    rollout: Rollout, trials: tuple[Trial, ...], top: int, written: Mapping[str, Mapping[str, float]]
) -> Rollout:
    """The rollout with a version and a row in each lane for every trial.

    `written` are the shares of trials by lane and uid; in a lane that is not among them they are not known.
    """
    if not trials:
        return rollout
    lanes = tuple(_with_rows(lane, trials, top, written.get(lane.name)) for lane in rollout.lanes)
    versions = (*rollout.versions, *(trial.version for trial in trials))
    return replace(rollout, versions=versions, lanes=lanes, findings=(*rollout.findings, _told(trials, lanes)))


def _with_rows(lane: Lane, trials: tuple[Trial, ...], top: int, written: Mapping[str, float] | None) -> Lane:
    def row(trial: Trial) -> Share:
        declared = None if trial.weight is None else min(trial.weight / top, 1.0)
        return Share(trial.version.name, declared, None if written is None else written.get(trial.uid, 0.0))

    return replace(lane, shares=(*lane.shares, *map(row, trials)))


def _told(trials: tuple[Trial, ...], lanes: tuple[Lane, ...]) -> Finding:
    names = {trial.version.name for trial in trials}
    shares = [share for share in lanes[0].shares if share.version in names] if lanes else []
    each = [f"{s.version} {percent(s.written)}" for s in shares if s.written is not None]
    words = f"{listed(each)} of the requests" if each else "a share that is not known"
    name = trials[0].experiment
    return takes_part(f"Experiment {name} runs beside these versions and gets {words}", name)


def takes_part(text: str, about: str = "") -> Finding:
    """An experiment takes a share of the requests."""
    return finding("experiment", Severity.INFO, text, about=about)
