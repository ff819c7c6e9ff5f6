"""The Lease of an armed guard: what others read of it, and the hash by which two cockpits mean the same guard."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.model.armed import ToldGuard
from cockpit.model.guard import GuardOrder, parse_conditions
from cockpit.model.objects import Lease
from cockpit.model.pairing import Person
from cockpit.model.plan import Act, Plan
from cockpit.model.refs import RolloutKey
from cockpit.model.second import Second
from cockpit.pairing.guard_lease import CONTENT, GuardLease, guard_ref, read_guard, told_again, told_first
from cockpit.pairing.marks import MOST_TEXT
from cockpit.pairing.plan_hash import is_way_back, kinds_of
from cockpit.session.guarding.told import is_less

KEY = RolloutKey("prod", "shop", "web", "ingress")
ANN = Person("ann", "desk", "s-ann")
TOLD = ToldGuard("g1", KEY, "goes back by itself when hurt for 30s", 1_700_000_000.0, 1_700_001_800.0)
NOW = "2026-01-01T00:00:00.000000Z"


def stored(told: ToldGuard = TOLD, me: Person = ANN, **metadata: Any) -> dict[str, Any]:
    """The Lease as the API server has it."""
    body: dict[str, Any] = told_first(told, "shop", me, NOW).body
    return {**body, "metadata": {**body["metadata"], "uid": "u1", "resourceVersion": "7", **metadata}}


def read(doc: dict[str, Any], session: str = "s-ben", context: str = "prod") -> GuardLease | None:
    return read_guard(msgspec.convert(doc, Lease), context, session)


def found(doc: dict[str, Any], session: str = "s-ben", context: str = "prod") -> GuardLease:
    guard = read(doc, session, context)
    assert guard
    return guard


def test_what_was_told_is_read_back_by_both() -> None:
    theirs, mine = found(stored()), found(stored(), "s-ann")
    assert (theirs.guard.told, theirs.guard.person, theirs.guard.mine) == (TOLD, ANN, False)
    assert (mine.guard.mine, mine.digest) == (True, theirs.digest)
    assert len(theirs.digest) == 64


def test_another_name_of_the_context_is_the_same_guard() -> None:
    assert found(stored(), context="there").digest == found(stored()).digest


@given(st.integers(1, 10**9), st.text(max_size=30))
def test_a_renewal_says_nothing(rv: int, renewed: str) -> None:
    later = stored(resourceVersion=str(rv), managedFields=[{"time": renewed}])
    later["spec"]["renewTime"] = renewed
    assert found(later).digest == found(stored()).digest


@given(st.sampled_from(CONTENT), st.text(max_size=30))
def test_anything_else_that_is_told_makes_it_another_guard(name: str, value: str) -> None:
    changed = stored()
    if changed["metadata"]["annotations"].get(name) == value:
        return
    changed["metadata"]["annotations"][name] = value
    now = read(changed)
    assert now is None or now.digest != found(stored()).digest


@pytest.mark.parametrize(
    "changed", [stored(uid="u2"), stored(me=replace(ANN, session="s-eve")), stored(replace(TOLD, id="g2"))]
)
def test_another_lease_or_holder_is_another_guard(changed: dict[str, Any]) -> None:
    assert found(changed).digest != found(stored()).digest


@pytest.mark.parametrize(
    "doc",
    [
        {**stored(), "spec": {}},
        stored(name="cockpit-pilot-1"),
        stored(annotations={}),
        stored(annotations={**stored()["metadata"]["annotations"], "rollouts.cockpit/since": "yesterday"}),
        stored(annotations={**stored()["metadata"]["annotations"], "rollouts.cockpit/rollout": "shop/web"}),
    ],
)
def test_what_is_of_no_guard_is_not_read(doc: dict[str, Any]) -> None:
    assert read(doc) is None


words = st.text(st.characters(exclude_categories=["Cs"]), max_size=2000)


@given(st.dictionaries(st.sampled_from(CONTENT), words), words)
def test_whatever_a_lease_says_is_safe_and_short(said: dict[str, str], holder: str) -> None:
    doc = stored(annotations={**stored()["metadata"]["annotations"], **said})
    doc["spec"]["holderIdentity"] = holder
    guard = read(doc)
    if guard:
        texts = (guard.guard.told.words, str(guard.guard.person), guard.guard.person.session, guard.guard.told.id)
        assert all(len(text) <= MOST_TEXT and text.isprintable() for text in texts)
        assert guard.guard.told.since >= 0


def test_a_renewal_is_for_the_lease_as_it_was_read_and_sets_everything_right() -> None:
    request = told_again(TOLD, guard_ref("g1", "shop"), "7", ANN, NOW)
    assert request.body["metadata"]["resourceVersion"] == "7"
    assert set(request.body["metadata"]["annotations"]) == set(CONTENT)


HURT = parse_conditions(["hurt for 30s"])
MORE = parse_conditions(["hurt for 30s", "split off"])


@pytest.mark.parametrize(
    ("order", "until", "less"),
    [
        (None, None, True),
        (GuardOrder(HURT), None, True),
        (GuardOrder(HURT, True), None, False),
        (GuardOrder(HURT, True), 100.0, False),
        (GuardOrder(MORE, True), 100.0, False),
        (GuardOrder(parse_conditions(["split off"]), True), 100.0, True),
        (GuardOrder(parse_conditions(["hurt for 60s"]), True), 100.0, True),
        (GuardOrder(HURT, True, 89.0), 100.0, True),
        (GuardOrder(HURT, True, 91.0), 100.0, False),
        (GuardOrder(HURT, True, 9999.0), None, True),
    ],
)
def test_an_order_that_acts_on_less_or_not_as_long_takes_a_guard_away(
    order: GuardOrder | None, until: float | None, less: bool
) -> None:
    assert is_less(order, GuardOrder(HURT, True), until, 10.0) is less


def plan(act: Act, **more: Any) -> Plan:
    return Plan(act, KEY, "", (), (), (), **more)


def test_what_disarms_needs_somebody_for_that_and_nothing_else() -> None:
    assert kinds_of(plan(Act.DISARM)) == {Second.DISARM}


@pytest.mark.parametrize(
    ("made", "back"),
    [
        (plan(Act.ROLLBACK), True),
        (plan(Act.ABORT), True),
        (plan(Act.ROLLBACK, raises=True), False),
        (plan(Act.ROLLBACK, final=True), False),
        (plan(Act.SET_WEIGHT), False),
        (plan(Act.UNDO), False),
    ],
)
def test_only_a_rollback_or_an_abort_that_raises_nothing_is_a_way_back(made: Plan, back: bool) -> None:
    assert is_way_back(made) is back
