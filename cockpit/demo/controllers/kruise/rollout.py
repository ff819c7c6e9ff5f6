"""Rollouts of Kruise: phases, finalizer and what begins a release (openkruise/rollouts pkg/controller/rollout)."""

from __future__ import annotations

from collections.abc import Iterator

from cockpit.demo.controllers.kruise import names, plan, progressing, releases, steps, workload
from cockpit.demo.controllers.kruise import status as status_of
from cockpit.demo.controllers.kruise.finalising import DELETED, DISABLED, finalise
from cockpit.demo.controllers.kruise.grace import Grace
from cockpit.demo.controllers.kruise.profile import LEGACY, Clobber, profile_in
from cockpit.demo.controllers.kruise.release import Release
from cockpit.demo.controllers.kruise.workload import Workload
from cockpit.demo.controllers.kruise.writes import add_finalizer, annotate, drop_finalizer, patch, write_status
from cockpit.demo.controllers.runtime import Controller, Key
from cockpit.demo.controllers.world import World
from cockpit.demo.schemas.customkinds import BATCHRELEASES, KRUISE_ROLLOUTS
from cockpit.demo.schemas.objects import Object
from cockpit.demo.store.history import Event
from cockpit.demo.store.storage import key_of


def controller() -> Controller:
    """The controller of Rollouts, with its own memory for waits and for what it wrote last."""
    grace, clobber = Grace(), Clobber()

    def look(world: World, key: Key) -> float | None:
        stored = world.storage.peek(KRUISE_ROLLOUTS, *key)
        if stored is not None and clobber.strikes(world, stored):
            return None
        again = reconcile(world, grace, key)
        if (known := world.storage.peek(KRUISE_ROLLOUTS, *key)) is not None:
            clobber.remember(known, known.get("status") or {})
        return again

    return Controller("kruise-rollout", touches, look)


def touches(world: World, event: Event) -> Iterator[Key]:
    """The Rollout itself, the one of a changed BatchRelease (they share a name) or workload."""
    if event.kind is KRUISE_ROLLOUTS:
        yield key_of(KRUISE_ROLLOUTS, event.obj)
    elif event.kind is BATCHRELEASES and event.type == "MODIFIED":
        yield key_of(BATCHRELEASES, event.obj)
    elif event.kind in workload.KINDS:
        namespace, name = key_of(event.kind, event.obj)
        for rollout in world.storage.scan(KRUISE_ROLLOUTS, namespace):
            reference = plan.reference_of(rollout)
            if reference.get("name") == name and workload.kind_named(reference) is event.kind:
                yield key_of(KRUISE_ROLLOUTS, rollout)


def reconcile(world: World, grace: Grace, key: Key) -> float | None:
    """One look at a Rollout."""
    stored = world.storage.peek(KRUISE_ROLLOUTS, *key)
    if stored is None or not plan.steps_of(stored):
        return None
    rollout = _claimed(world, stored)
    if rollout is None:
        return None
    _label_workload(world, rollout)
    rollout = _hashed(world, rollout)
    found = workload.find(world, rollout)
    legacy = profile_in(world.storage, key[0]) == LEGACY
    release = Release(world, grace, rollout, status_of.decoded(rollout.get("status")), found, legacy)
    if not _look(release):
        return float(names.GRACE)
    phase = (rollout.get("status") or {}).get("phase")
    if phase == "Progressing":
        progressing.run(release)
    elif phase == "Terminating":
        _terminate(release)
    elif phase == "Disabling":
        _disable(release)
    _write(release)
    return release.recheck


def _claimed(world: World, rollout: Object) -> Object | None:
    """The Rollout with its finalizer; None when it was let go."""
    if not rollout["metadata"].get("deletionTimestamp"):
        return add_finalizer(world, KRUISE_ROLLOUTS, rollout, names.ROLLOUT_FINALIZER)
    ended = status_of.condition_of(rollout.get("status") or {}, status_of.TERMINATING)
    if ended.get("reason") != progressing.COMPLETED:
        return rollout
    drop_finalizer(world, KRUISE_ROLLOUTS, rollout, names.ROLLOUT_FINALIZER)
    return None


def _label_workload(world: World, rollout: Object) -> None:
    """The webhook looks at labelled workloads only."""
    reference = plan.reference_of(rollout)
    kind = workload.kind_named(reference)
    obj = kind and world.storage.peek(kind, rollout["metadata"]["namespace"], reference.get("name", ""))
    if not kind or not obj:
        return
    label = {names.WORKLOAD_TYPE: workload.TYPES[kind]}
    if (obj["metadata"].get("labels") or {}).get(names.WORKLOAD_TYPE) != workload.TYPES[kind]:
        patch(world, kind, obj, {"metadata": {"labels": label}})


def _hashed(world: World, rollout: Object) -> Object:
    digest = plan.digest_of(rollout)
    if (rollout["metadata"].get("annotations") or {}).get(names.HASH) == digest:
        return rollout
    return annotate(world, KRUISE_ROLLOUTS, rollout, {names.HASH: digest})


def _look(release: Release) -> bool:
    """Work out the phase; False while the workload's status is behind its spec."""
    rollout, status, found = release.rollout, release.status, release.workload
    status["observedGeneration"] = rollout["metadata"].get("generation", 1)
    if rollout["metadata"].get("deletionTimestamp"):
        if status.get("phase") != "Terminating":
            status["phase"] = "Terminating"
            message = "Rollout is in terminating"
            status_of.set_condition(status, status_of.TERMINATING, "True", "InTerminating", message, release.now)
        return True
    disabled = bool(rollout["spec"].get("disabled"))
    if disabled and status.get("phase") not in ("Disabled", "Disabling"):
        running = status.get("phase") == "Progressing"
        status["phase"] = "Disabling" if running else "Disabled"
        release.say("Disabling rollout, release resources" if running else "Rollout is disabled")
    status.setdefault("phase", "Initial")
    if found is None:
        if not disabled:
            observed = status["observedGeneration"]
            status.clear()
            status.update(observedGeneration=observed, phase="Initial", message="Workload Not Found")
        return True
    if not found.consistent:
        return False
    if release.sub and status_of.revision_of(status) == found.canary != "":
        release.sub["observedRolloutID"] = releases.release_id(found)
        release.sub["observedWorkloadGeneration"] = found.obj["metadata"].get("generation", 1)
    _enter_phase(release, found)
    return True


def _enter_phase(release: Release, found: Workload) -> None:
    status = release.status
    if status["phase"] == "Initial" or (status["phase"] == "Disabled" and not release.rollout["spec"].get("disabled")):
        status["phase"] = "Healthy"
        release.say("rollout is healthy")
    elif status["phase"] == "Healthy" and found.progressing:
        status["phase"] = "Progressing"
        reason, message = progressing.INITIALIZING, "Rollout is in Progressing"
        status_of.set_condition(status, status_of.PROGRESSING, "True", reason, message, release.now)
        status_of.drop_condition(status, status_of.SUCCEEDED)
    elif status["phase"] == "Healthy" and not release.sub:
        _pretend(release, found)


def _pretend(release: Release, found: Workload) -> None:
    """A workload that was there first looks as if its version had been released."""
    sub = progressing.begin(release, found)
    last = len(plan.steps_of(release.rollout))
    sub |= {"podTemplateHash": found.template_hash, "currentStepIndex": last, "currentStepState": steps.COMPLETED}
    if not release.legacy:
        sub["nextStepIndex"] = plan.next_index(release.rollout, last)
    del sub["lastUpdateTime"]
    progressing.place_sub(release, sub, found.canary)
    release.say("workload deployment is completed")


def _terminate(release: Release) -> None:
    status = release.status
    if status_of.condition_of(status, status_of.TERMINATING).get("reason") == progressing.COMPLETED:
        return
    if not finalise(release, DELETED):
        release.again()
        return
    status_of.move(status, status_of.TERMINATING, "False", progressing.COMPLETED, "", release.now)


def _disable(release: Release) -> None:
    if not finalise(release, DISABLED):
        release.again()
        return
    release.status["phase"] = "Disabled"
    release.say("Rollout is disabled")


def _write(release: Release) -> None:
    sub, status = release.sub, release.status
    if sub and not release.legacy:
        status["currentStepIndex"] = sub.get("currentStepIndex", 0)
        status["currentStepState"] = sub.get("currentStepState", "")
    elif release.legacy:
        status.pop("currentStepIndex", None)
        status.pop("currentStepState", None)
    else:
        status.setdefault("currentStepIndex", 0)
        status.setdefault("currentStepState", "")
    write_status(release.world, KRUISE_ROLLOUTS, release.rollout, status)
