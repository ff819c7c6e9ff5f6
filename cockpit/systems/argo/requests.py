"""Guarded writes to a Rollout: each tests exactly what it was decided by, so that one sent twice fails the second time.

The controller writes the status all the time, so `resourceVersion` would refuse what nobody else touched. Kubernetes
takes a test of null for a field that is not there as held (evanphx/json-patch), which RFC 6902 leaves open.
"""

from __future__ import annotations

from collections.abc import Iterable

from cockpit.model.fields import mapping
from cockpit.model.plan import PatchType, Request, Verb
from cockpit.systems.argo.reading import State
from cockpit.workloads.edits import Operation, json_patch, op, pointer

VERSIONS = ("currentPodHash", "stableRS", "promoteFull", "abort")
PLACE = (*VERSIONS, "currentStepIndex", "pauseConditions", "controllerPause")


def status_request(
    state: State, changes: Iterable[Operation], tested: Iterable[str], *, consumed: bool = False, whole: bool = True
) -> Request:
    """A patch of the status that holds only while the fields in `tested` are as they were read.

    `whole` tests the generation too; not where an earlier request of the same plan changes the spec.
    """
    status = mapping(state.rollout.status)
    keys = tuple(tested)
    tests = [op("test", pointer("status", key), status.get(key)) for key in keys]
    if whole:
        tests.insert(0, generation_test(state))
    guard = f"{', '.join(keys)}{' and generation' if whole else ''} as shown"
    return Request(Verb.PATCH, state.ref, [*tests, *changes], PatchType.JSON, "status", guard, consumed)


def spec_request(state: State, changes: Iterable[Operation]) -> Request:
    """A patch of the spec that holds only while the spec is the one that was read: its generation counts its changes.

    The API server compares texts inside a `test` byte by byte, so a template with `&` or `<` never equals itself.
    """
    return json_patch(state.ref, [generation_test(state), *changes], "generation as shown")


def generation_test(state: State) -> Operation:
    return op("test", pointer("metadata", "generation"), state.rollout.metadata.generation)


def set_status(key: str, value: object) -> Operation:
    return op("add", pointer("status", key), value)


def drop_status(state: State, *keys: str) -> list[Operation]:
    """Removes those of the fields that are there."""
    status = mapping(state.rollout.status)
    return [op("remove", pointer("status", key)) for key in keys if key in status]


def unpause(state: State, *, guarded: bool = True) -> Request:
    """Take `spec.paused` away, if it is set; nothing else of the spec is touched."""
    path = pointer("spec", "paused")
    operations = [op("test", path, True), op("remove", path)]
    if guarded:
        operations.insert(0, generation_test(state))
    return json_patch(state.ref, operations, "paused as shown")


def pause(state: State) -> Request:
    return spec_request(state, [op("add", pointer("spec", "paused"), True)])
