"""An act by one person, undone by another who knows of it by its Event alone: over every adapter and every act.

No controller runs here, so a controller's release stands still; `tests/journeys/test_undo_of_others.py` plays those.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import msgspec
import pytest

from cockpit.model.adapter import Adapter
from cockpit.model.objects import Event
from cockpit.model.plan import Act, Plan, Refused, Request
from cockpit.model.refs import PODS
from cockpit.model.release_state import ReleaseState, release_state
from cockpit.model.rollout import Rollout
from cockpit.model.view import Stage
from cockpit.planning.act_event import Subject, ToldAct, new_event, others_act, told_by
from cockpit.planning.undo_of_others import OthersAct, undo_plan
from cockpit.session.acts.undo import SentAct, UndoStack, step_back
from cockpit.session.facts.adapters import ADAPTERS
from tests.adapters.situations import HERE, SITUATIONS, situation
from tests.adapters.test_acts import sensible
from tests.objects import Cluster, ConflictError

NOW = "2026-01-01T00:00:00.000000Z"


@dataclass(frozen=True)
class Played:
    """An act of Ann's that was carried out, and what Ben's cockpit plans to undo it, on the objects as they are.

    `now` is the rollout after it.
    """

    adapter: Adapter
    before: Rollout
    now: Rollout
    act: Plan
    cluster: Cluster
    undo: Plan | Refused


def heard(plan: Plan, before: Rollout) -> OthersAct:
    """What another session knows of an act, by its Event."""
    told = ToldAct(
        *("id1", "session1", "ann", before.key.name, before.key.system, plan.act, plan.title, Stage.SENT),
        changes=tuple(map(str, plan.changes)),
        before=release_state(before),
        expected=plan.expected,
        pods=plan.pods,
        gone=tuple(map(str, plan.gone)),
        replaces=plan.replaces,
    )
    body = new_event(told, Subject(before.objects[0], "uid-1"), NOW)
    read = told_by(msgspec.convert(body, Event, strict=False))
    assert read is not None
    known = others_act(read)
    assert known is not None
    return known


def read_again(cluster: Cluster, adapter: Adapter, before: Rollout) -> Rollout | None:
    found = (
        each for kind in adapter.roots for root in cluster.every(kind, HERE) for each in adapter.read(root, cluster)
    )
    return next((each for each in found if each.key == before.key), None)


def carry_out(cluster: Cluster, plan: Plan) -> None:
    for request in plan.requests:
        cluster.send(request)
    cluster.balance()


@cache
def played(name: str) -> tuple[Played, ...]:
    return tuple(_played(name))


def _played(name: str) -> Iterator[Played]:
    cluster, rollouts = situation(name)
    for adapter, before in rollouts:
        for state in (state for state in before.acts if state.enabled):
            for ask in sensible(before, state):
                act = adapter.plan(before, ask, cluster)
                if not isinstance(act, Plan) or not act.requests:
                    continue
                after = copy.deepcopy(cluster)
                for doc in after.docs.values():
                    doc["metadata"].setdefault("generation", 0)
                try:
                    carry_out(after, act)
                except ConflictError:
                    continue  # it tests a field that an API server fills in
                now = read_again(after, adapter, before)
                if now is not None:
                    undo = undo_plan(heard(act, before), now, adapter, after, NOW)
                    yield Played(adapter, before, now, act, after, undo)


def settings(state: ReleaseState, act: Act) -> tuple[object, ...]:
    """What has to be as before: the shares of every lane, and what the act is about."""
    shares = {(lane, version): round(share, 4) for lane, version, share in state.shares if share}
    own = {
        Act.SCALE: sum(count for _, count in state.pods),
        **dict.fromkeys((Act.PAUSE, Act.RESUME), state.paused),
    }
    return shares, own.get(act)


@pytest.mark.parametrize("name", SITUATIONS)
def test_an_undo_leads_back_to_before_or_says_why_not(name: str) -> None:
    for each in played(name):
        if isinstance(each.undo, Refused):
            assert each.undo.why.startswith(f"undo {each.act.title}, sent by ann as its Event says: "), each.undo.why
            assert len(each.undo.why) > len(each.act.title) + 30, each.undo.why
            continue
        assert each.undo.act is Act.UNDO
        assert each.undo.title == f"undo {each.act.title}, sent by ann as its Event says"
        carry_out(each.cluster, each.undo)
        back = read_again(each.cluster, each.adapter, each.before)
        assert back is not None
        after, before = release_state(back), release_state(each.before)
        lost_plan = any("the step plan back" in warning for warning in each.undo.warnings)
        assert lost_plan or (after.step, after.steps) == (before.step, before.steps), each.undo.warnings
        assert settings(after, each.act.act) == settings(before, each.act.act), (each.act.title, each.undo)


@pytest.mark.parametrize("name", SITUATIONS)
def test_what_a_face_says_of_an_undo_is_what_there_is_to_send(name: str) -> None:
    """The words are chosen before it is known what will be done, the steps are made of what was."""
    for each in played(name):
        done = [SentAct(request, before=read_before(each, request)) for request in each.act.requests]
        step = step_back(each.act, each.before, done)
        assert each.act.undoable is bool(step.requests), each.act.title
        stack = UndoStack()
        stack.push(each.before.key, step)
        undoing, why = stack.standing(each.before.key, each.now)
        assert undoing is not None
        assert bool(why) is not (each.act.undoable and not step.nowhere)


def read_before(each: Played, request: Request) -> dict[str, Any]:
    owned = [{"kind": "ReplicaSet", "name": "rs", "controller": True}] if request.ref.resource == PODS else []
    return {"metadata": {"name": request.ref.name, "uid": f"uid-{request.ref.name}", "ownerReferences": owned}}


def test_every_act_whose_inverse_can_be_known_without_a_controller_is_undone_somewhere() -> None:
    undone: dict[str, set[Act]] = {adapter.id: set() for adapter in ADAPTERS}
    for name in SITUATIONS:
        for each in played(name):
            if isinstance(each.undo, Plan):
                undone[each.adapter.id].add(each.act.act)
    assert undone == UNDONE


_ROUTED = {
    *(Act.APPROVE, Act.HEADER, Act.JUMP, Act.PROMOTE, Act.ROLLBACK, Act.SCALE, Act.SET_WEIGHT, Act.STEPS),
}
# Templates are undone from the revisions that a controller keeps: see the journeys.
UNDONE: dict[str, set[Act]] = {
    "argo": {Act.ABORT, Act.JUMP, Act.PAUSE, Act.RESUME, Act.SCALE},
    "kruise": {Act.DISABLE, Act.ENABLE, Act.PAUSE, Act.RESUME, Act.SET_IMAGE},
    "flagger": {Act.PAUSE, Act.RESUME},
    "istio": _ROUTED,
    "gateway-api": _ROUTED,
    "ingress": _ROUTED,
    "traefik": {Act.SCALE},
    "red-black": {Act.DISABLE, Act.ENABLE, Act.FLIP, Act.PROMOTE, Act.ROLLBACK, Act.SCALE},
    "service": {Act.FLIP, Act.PROMOTE, Act.ROLLBACK, Act.SCALE},
    "deployment": {Act.PAUSE, Act.RESUME, Act.SCALE},
    "statefulset": {Act.RESUME, Act.SCALE},
    "daemonset": set(),
    "cloneset": {Act.PAUSE, Act.RESUME, Act.SCALE},
    "advanced-statefulset": {Act.PAUSE, Act.RESUME, Act.SCALE},
}


@pytest.mark.parametrize("name", [name for name in SITUATIONS if name.startswith(("mesh", "route", "ingress"))])
def test_an_act_that_is_not_in_force_any_more_is_not_undone(name: str) -> None:
    """What an Event claims has to stand in the objects: on those from before the act, nothing is undone."""
    cluster, rollouts = situation(name)
    for adapter, before in rollouts:
        for each in (each for each in played(name) if each.before.key == before.key and each.adapter is adapter):
            if each.act.act in (Act.HEADER, Act.SET_WEIGHT, Act.PROMOTE, Act.STEPS, Act.SCALE):
                undo = undo_plan(heard(each.act, before), before, adapter, cluster, NOW)
                assert isinstance(undo, Refused), (each.act.title, undo)
