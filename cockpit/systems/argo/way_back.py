"""Where a roll back of a Rollout leads, and how it gets there; source: argo-rollouts, rollout/sync.go."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum

from cockpit.model.fields import whole
from cockpit.model.lookup import Objects
from cockpit.model.objects import ReplicaSet
from cockpit.planning.earlier_version import Earlier, earlier_of, failing, why_no_earlier
from cockpit.systems.argo.editions import ArgoEdition, annotation, past_of, revision_of
from cockpit.systems.argo.expectations import why_not_seen
from cockpit.systems.argo.state import ArgoState, stable_set, within
from cockpit.systems.argo.strategy import is_dynamic
from cockpit.systems.argo.written import written_of


class TemplateSource(StrEnum):
    """What kind of rollback it is; the values are the plan's warnings (rollout/sync.go, isFastRollback)."""

    HOME = "the steps are skipped: all traffic moves to the stable version immediately"
    SWITCH = "its pods still run: the active Service switches immediately"
    WINDOW = "within rollbackWindow: steps and analysis are skipped, and traffic may move before all pods are ready"
    RELEASE = "this is a new release of the older template: it goes through all steps; promote skips them"


def way_of(state: ArgoState, target: ReplicaSet) -> TemplateSource:
    stable = stable_set(state)
    if (state.updating or unused(state)) and stable is not None and target.metadata.uid == stable.metadata.uid:
        return TemplateSource.HOME
    if annotation(target, "scale-down-deadline") and target.desired and not state.strategy.is_canary:
        return TemplateSource.SWITCH
    window = whole(state.rollout.spec, "rollbackWindow", "revisions") or 0
    return TemplateSource.WINDOW if stable and within(target, stable, state.sets, window) else TemplateSource.RELEASE


def why_not_back(state: ArgoState) -> str:
    if why := why_not_seen(state):
        return why
    if why := why_not_written(state):
        return why
    target = target_of(state)
    return target if isinstance(target, str) else ""


def leads(state: ArgoState, objects: Objects) -> str:
    """Where a roll back leads, in a few words."""
    target = target_of(state)
    return _words(state, target, objects) if isinstance(target, ReplicaSet) else ""


def _words(state: ArgoState, target: ReplicaSet, objects: Objects) -> str:
    name = name_of(state, target)
    match way_of(state, target):
        case TemplateSource.HOME:
            return _words_home(state, name, objects)
        case TemplateSource.SWITCH:
            return f"switches the active Service to {name} at once"
        case TemplateSource.WINDOW:
            return f"rolls {name} out again at once, without steps"
    if not state.strategy.is_canary:
        return f"releases {name} again, up to its preview"
    return f"releases {name} again, through all steps" if state.strategy.steps else f"rolls {name} out again"


def _words_home(state: ArgoState, name: str, objects: Objects) -> str:
    """What going home to the stable version does, which has all traffic already after an abort."""
    status = state.status
    if status.abort or status.aborted or not state.updating:
        return f"makes {name} the template again; users are on it already"
    if not state.strategy.is_canary:
        stays = f"makes {name} the template again; users stay on it"
        return stays if unswitched(state) else f"switches back to {name} at once"
    if not state.strategy.routers:
        return f"rolls back to {name}, pod by pod"
    if any(found.id == "route-missing" for found in written_of(state, objects).findings):
        return f"rolls back to {name}, and users get it once its route is there"
    return f"sends everyone to {name}" + (", as its pods come" if is_dynamic(state.rollout) else " at once")


def unswitched(state: ArgoState) -> bool:
    """Whether the active Service of a blue-green release still leads to the stable version."""
    return bool(state.status.active) and state.status.active == state.status.stable


def why_not_written(state: ArgoState) -> str:
    """Why the template cannot be written; with a workloadRef it is the workload's template."""
    kind, name = state.workload_ref
    if not kind or state.source is not None:
        return ""
    return f"its template comes from {kind} {name}, which cannot be read here: change it there"


def unused(state: ArgoState) -> bool:
    """Whether the current template may have no pods yet, so that the hash in the status is of an older one."""
    return not state.status.observed or state.behind or bool(state.invalid)


def seen(state: ArgoState, replica_set: ReplicaSet) -> Earlier:
    """A revision as a way back sees it."""
    judged = state.against.get(replica_set.metadata.uid, "")
    alone = past_of(replica_set, judged)
    version = next((e.version for e in state.editions if e.uid == replica_set.metadata.uid), None)
    if version is None:
        return alone
    against = failing(version.pods, version.ready) or judged
    return replace(alone, name=version.name, ready=version.ready, against=against)


def name_of(state: ArgoState, replica_set: ReplicaSet) -> str:
    named = next((e.name for e in state.editions if e.uid == replica_set.metadata.uid), None)
    return named or f"revision {revision_of(replica_set)}"


def _previous(state: ArgoState) -> ReplicaSet | str:
    """The version before the current one at rest; otherwise the reason as text."""
    if state.current is None:
        return "no older revision to roll back to"
    now = seen(state, state.current.replica_set)
    others = others_of(state, state.current)
    found = earlier_of(now, others)
    return why_no_earlier(now, others) if found is None else _set_of(state, found)


def others_of(state: ArgoState, current: ArgoEdition) -> list[Earlier]:
    return [seen(state, r) for r in state.sets if r is not current.replica_set]


def _set_of(state: ArgoState, found: Earlier) -> ReplicaSet:
    return next(r for r in state.sets if r.metadata.uid == found.uid)


def target_of(state: ArgoState) -> ReplicaSet | str:
    """Where a roll back leads without a name: home to the stable version during an update, else to the one before."""
    if not (state.updating or unused(state)):
        return _previous(state)
    return stable_set(state) or "the ReplicaSet of the stable version no longer exists: set the image again"
