"""Versions whose analysis failed when they were last released: no way back leads to one unless it is named."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from cockpit.model.fields import text
from cockpit.model.lookup import Objects
from cockpit.model.objects import AnalysisRun, ArgoRollout, ReplicaSet
from cockpit.model.refs import ANALYSISRUNS
from cockpit.model.text import safe_text
from cockpit.systems.argo.editions import HASH, REVISION, hash_of, revision_of
from cockpit.workloads.lookups import of_kind


def failed_analyses(
    rollout: ArgoRollout, stable: str, sets: Iterable[ReplicaSet], objects: Objects
) -> Mapping[str, str]:
    """What the newest AnalysisRun of a ReplicaSet says against it, by uid; nothing against the stable one.

    A revision that was released again has runs of that release: those of an earlier number are about another one.
    """
    uid = rollout.metadata.uid
    runs = of_kind(AnalysisRun, objects.owned(ANALYSISRUNS, rollout.metadata.namespace, uid)) if uid else ()
    newest: dict[tuple[str, str], AnalysisRun] = {}
    for run in sorted(runs, key=lambda each: (each.metadata.creation_timestamp or "", each.metadata.name)):
        labels, annotations = run.metadata.labels or {}, run.metadata.annotations or {}
        newest[labels.get(HASH, ""), annotations.get(REVISION, "")] = run
    found: dict[str, str] = {}
    for each in sets:
        last = newest.get((hash_of(each), str(revision_of(each)))) if hash_of(each) != stable else None
        if last and text(last.status, "phase") == "Failed":
            found[each.metadata.uid] = f"its analysis failed (AnalysisRun {safe_text(last.metadata.name, 100)})"
    return found
