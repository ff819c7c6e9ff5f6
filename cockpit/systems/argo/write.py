"""Guarded writes to a Rollout: each tests exactly the fields it was based on, so the same write fails if sent twice.

The controller updates the status all the time, so a guard by `resourceVersion` would refuse valid writes. In Kubernetes
a test of null passes for a missing field (evanphx/json-patch), which RFC 6902 leaves open.
"""

from __future__ import annotations

from collections.abc import Iterable

from cockpit.model.fields import mapping
from cockpit.model.plan import PatchType, Request, Verb
from cockpit.planning.edits import Operation, json_patch, op, pointer
from cockpit.systems.argo.state import ArgoState

VERSIONS = ("currentPodHash", "stableRS", "promoteFull", "abort")
PLACE = (*VERSIONS, "currentStepIndex", "pauseConditions", "controllerPause")


def status_request(
    state: ArgoState, changes: Iterable[Operation], tested: Iterable[str], *, consumed: bool = False, whole: bool = True
) -> Request:
    """A patch of the status that applies only while the fields in `tested` are unchanged.

    `whole` tests the generation too; false if an earlier request of the same plan changes the spec.
    """
    status = mapping(state.rollout.status)
    keys = tuple(tested)
    tests = [op("test", pointer("status", key), status.get(key)) for key in keys]
    if whole:
        tests.insert(0, generation_test(state))
    guard = f"{', '.join(keys)}{' and generation' if whole else ''} as shown"
    return Request(Verb.PATCH, state.ref, [*tests, *changes], PatchType.JSON, "status", guard, consumed)


def spec_request(state: ArgoState, changes: Iterable[Operation]) -> Request:
    """A patch of the spec that applies only while the spec is unchanged, by its generation.

    The API server compares texts inside a `test` byte by byte, so a template with `&` or `<` never equals itself.
    """
    return json_patch(state.ref, [generation_test(state), *changes], "generation as shown")


def generation_test(state: ArgoState) -> Operation:
    return op("test", pointer("metadata", "generation"), state.rollout.metadata.generation)


def set_status(key: str, value: object) -> Operation:
    return op("add", pointer("status", key), value)


def drop_status(state: ArgoState, *keys: str) -> list[Operation]:
    """Remove those of the fields that exist."""
    status = mapping(state.rollout.status)
    return [op("remove", pointer("status", key)) for key in keys if key in status]


def unpause(state: ArgoState, *, guarded: bool = True) -> Request:
    """Remove `spec.paused`, if it is set; the rest of the spec is not touched."""
    path = pointer("spec", "paused")
    operations = [op("test", path, True), op("remove", path)]
    if guarded:
        operations.insert(0, generation_test(state))
    return json_patch(state.ref, operations, "paused as shown")


def pause(state: ArgoState) -> Request:
    return spec_request(state, [op("add", pointer("spec", "paused"), True)])
