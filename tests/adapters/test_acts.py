"""What every adapter owes to whoever lists acts and asks for them, whichever system it reads."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from cockpit.model.adapter import Adapter
from cockpit.model.plan import Act, ActState, Ask, Plan, Refused, Verb
from cockpit.model.rollout import Rollout
from cockpit.planning.act_table import ASKED_OF_ADAPTERS
from cockpit.planning.sample_asks import sample_asks
from cockpit.session.facts.adapters import ADAPTERS
from tests.adapters.situations import SITUATIONS, situation
from tests.objects import Cluster

Found = tuple[Cluster, tuple[tuple[Adapter, Rollout], ...]]


@pytest.fixture(params=SITUATIONS)
def found(request: pytest.FixtureRequest) -> Found:
    return situation(request.param)


def sensible(rollout: Rollout, state: ActState) -> Iterator[Ask]:
    """Asks as somebody makes who looked at the rollout."""
    act, names = state.act, [v.name for v in rollout.own_versions]
    newest = names[-1] if names else "v1"
    match act:
        case Act.SET_WEIGHT:
            yield Ask(act, weights=((newest, 0.3),))
            yield Ask(act, weights=((newest, 0.0),))
        case Act.SCALE:
            yield Ask(act, counts=((newest, 7),))
        case Act.HEADER:
            yield Ask(act, version=newest, header=("x-tester", "yes"))
            yield Ask(act, version=newest)
        case Act.STEPS:
            yield Ask(act, version=newest, steps=(0.9, 1.0))
            yield Ask(act, version=newest)
        case Act.JUMP:
            yield from (Ask(act, step=number) for number in range(1, 5))
        case Act.SET_IMAGE:
            yield Ask(act, image=("", "shop/web:v9"))
        case _ if state.versions:
            yield from (Ask(act, version=name) for name in state.versions)
        case _ if state.ways:
            yield from (Ask(act, by=way.id) for way in state.ways if not way.why)
        case _:
            yield Ask(act)


def generic(rollout: Rollout) -> set[str]:
    """Reasons that stand for several acts: those are not about what was asked."""
    whys = [state.why for state in rollout.acts if state.why]
    return {why for why in whys if whys.count(why) > 2}


def test_what_is_listed_is_what_a_refusal_says(found: Found) -> None:
    cluster, rollouts = found
    assert rollouts
    for adapter, rollout in rollouts:
        assert [state.act for state in rollout.acts] == list(ASKED_OF_ADAPTERS), rollout.key
        for state in rollout.acts:
            if state.enabled:
                assert not state.why
                continue
            assert state.why
            for ask in (Ask(state.act), *(a for a in sensible(rollout, state) if not a.version)):
                answer = adapter.plan(rollout, ask, cluster)
                assert isinstance(answer, Refused), (rollout.key, ask)
                assert answer.act is state.act
                assert answer.why.endswith(f": {state.why}"), (rollout.key, ask)
                assert answer.why.startswith(f"{state.act} refused for ")


def test_an_act_that_applies_is_planned(found: Found) -> None:
    cluster, rollouts = found
    for adapter, rollout in rollouts:
        for state in (state for state in rollout.acts if state.enabled):
            answers = [adapter.plan(rollout, ask, cluster) for ask in sensible(rollout, state)]
            why = [answer.why for answer in answers if isinstance(answer, Refused)]
            assert not any(w.endswith(f": {text}") for w in why for text in generic(rollout)), (rollout.key, why)
            assert all(answer.act is state.act for answer in answers), (rollout.key, state.act)
            if state.act not in (Act.SET_WEIGHT, Act.STEPS, Act.HEADER, Act.JUMP, Act.FINISH):
                assert any(isinstance(answer, Plan) for answer in answers), (rollout.key, state.act, why)


def test_a_sample_of_an_act_tells_what_it_writes(found: Found) -> None:
    cluster, rollouts = found
    for adapter, rollout in rollouts:
        for state in (state for state in rollout.acts if state.enabled):
            answers = [adapter.plan(rollout, ask, cluster) for ask in sensible(rollout, state)]
            needed = {r.right for plan in answers if isinstance(plan, Plan) for r in plan.requests}
            samples = (adapter.plan(rollout, ask, cluster) for ask in sample_asks(state, rollout))
            plan = next((plan for plan in samples if isinstance(plan, Plan) and plan.requests), None)
            assert needed <= set(adapter.writes[state.act]), (rollout.key, state.act)
            if needed:
                assert plan, (rollout.key, state.act)
                assert not needed.isdisjoint({r.right for r in plan.requests}), (rollout.key, state.act)


def test_without_arguments_an_act_that_applies_says_which_are_missing(found: Found) -> None:
    cluster, rollouts = found
    for adapter, rollout in rollouts:
        for state in (state for state in rollout.acts if state.enabled):
            answer = adapter.plan(rollout, Ask(state.act), cluster)
            if isinstance(answer, Refused) and state.act not in (Act.FINISH, Act.HEADER, Act.STEPS):
                assert ": say " in answer.why, (rollout.key, answer.why)


def test_an_argument_that_an_act_does_not_take_is_refused_and_not_ignored(found: Found) -> None:
    cluster, rollouts = found
    for adapter, rollout in rollouts:
        for state in (state for state in rollout.acts if state.enabled):
            if not state.ways:
                answer = adapter.plan(rollout, Ask(state.act, by="selector"), cluster)
                assert isinstance(answer, Refused), (rollout.key, state.act)
                assert "leave out --by selector" in answer.why
            if state.act is Act.STEPS:
                continue  # without shares it ends the plan, whichever version that is about
            answer = adapter.plan(rollout, Ask(state.act, version="no such version"), cluster)
            assert isinstance(answer, Refused), (rollout.key, state.act)


def test_versions_to_choose_from_are_versions_of_the_rollout(found: Found) -> None:
    for _, rollout in found[1]:
        for state in rollout.acts:
            assert set(state.versions) <= {v.name for v in rollout.own_versions}


def test_the_situations_show_every_adapter_and_every_act_of_its_card() -> None:
    seen: dict[str, set[Act]] = {adapter.id: set() for adapter in ADAPTERS}
    for name in SITUATIONS:
        for adapter, rollout in situation(name)[1]:
            seen[adapter.id] |= {state.act for state in rollout.acts if state.enabled}
    for adapter in ADAPTERS:
        assert seen[adapter.id] == {act for card in adapter.cards for act in card.acts}, adapter.id


def test_what_production_asks_the_name_for_is_what_it_does_and_not_what_it_is_called(found: Found) -> None:
    cluster, rollouts = found
    for adapter, rollout in rollouts:
        plans = [
            plan
            for state in rollout.acts
            if state.enabled
            for ask in sensible(rollout, state)
            if isinstance(plan := adapter.plan(rollout, ask, cluster), Plan)
        ]
        decisive = {_effect(plan) for plan in plans if plan.decisive}
        for plan in plans:
            everybody = any(e.lane == "default" and e.share == 1 for e in plan.expected)
            if plan.raises and everybody and not plan.ends_outage:
                assert plan.decisive, plan.title
            if plan.expected and plan.raises:
                assert plan.decisive is (_effect(plan) in decisive), plan.title


def _effect(plan: Plan) -> tuple[object, ...]:
    """What a plan leads to, whatever it is called."""
    deletes = frozenset(request.ref for request in plan.requests if request.verb is Verb.DELETE)
    return plan.expected, plan.reaches, plan.raises, deletes
