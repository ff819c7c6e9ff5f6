"""One table says what applies, what is planned and what is refused."""

from __future__ import annotations

import pytest

from cockpit.model.lookup import Objects
from cockpit.model.plan import Act, ActWay, Ask, PatchType, Plan, Refused, Request, Verb
from cockpit.model.refs import SERVICES, Ref, RolloutKey
from cockpit.model.rights import right
from cockpit.model.rollout import Phase, Rollout
from cockpit.planning.act_table import ASKED_OF_ADAPTERS, ActEntry, ActTable, applies
from tests.objects import Cluster

ROLLOUT = Rollout(RolloutKey("test", "shop", "web", "x"), "x", Phase.AT_REST, "", (), (), (), "")
WAYS = (ActWay("sideways", "by the left"), ActWay("upwards", "by the lift", "the lift is out of order"))


def made(state: str, rollout: Rollout, ask: Ask, objects: Objects) -> Plan | str:
    if not ask.version and ask.act is Act.FLIP:
        return "say which version"
    return Plan(ask.act, rollout.key, state, (), (), ())


TABLE: ActTable[str] = ActTable(
    {
        Act.FLIP: ActEntry(made, named=applies, versions=lambda state, _: ("v1", "v2")),
        Act.PAUSE: ActEntry(made, lambda state, _: f"it is {state}"),
        Act.ROLLBACK: ActEntry(made, lambda state, _: "nothing is older: name a version", named=applies),
        Act.PROMOTE: ActEntry(made, ways=lambda state, _: WAYS),
    },
    otherwise="there is no such thing here: flip it",
    absent={Act.HEADER: "headers are not read: flip it", Act.SCALE: lambda state: f"{state} is not scaled: pause it"},
    closed=lambda state, _: "a controller drives it: act there" if state == "driven" else "",
)


def answer(ask: Ask, state: str = "paused") -> Plan | Refused:
    return TABLE.plan(state, ROLLOUT, ask, Cluster())


def test_states_say_of_every_act_why_it_does_not_apply() -> None:
    states = {state.act: state for state in TABLE.states("paused", Cluster())}
    assert tuple(states) == ASKED_OF_ADAPTERS
    assert Act.UNDO not in states
    assert {act for act, state in states.items() if state.enabled} == {Act.FLIP, Act.PROMOTE}
    assert states[Act.PAUSE].why == "it is paused"
    assert states[Act.HEADER].why == "headers are not read: flip it"
    assert states[Act.SCALE].why == "paused is not scaled: pause it"
    assert states[Act.RESTART].why == "there is no such thing here: flip it"
    assert states[Act.FLIP].versions == ("v1", "v2")
    assert states[Act.PROMOTE].ways == WAYS


def test_a_plan_writes_only_what_its_act_may_write() -> None:
    service = Ref(SERVICES, "shop", "web")

    def patching(state: str, rollout: Rollout, ask: Ask, objects: Objects) -> Plan:
        requests = (Request(Verb.PATCH, service, {}, PatchType.MERGE),)
        return Plan(ask.act, rollout.key, state, (), requests, ())

    table: ActTable[str] = ActTable(
        {Act.FLIP: ActEntry(patching), Act.SCALE: ActEntry(patching)},
        otherwise="no",
        writes=(right("patch", SERVICES),),
        own={Act.SCALE: (right("patch", SERVICES, "scale"),)},
    )
    assert isinstance(table.plan("", ROLLOUT, Ask(Act.FLIP), Cluster()), Plan)
    with pytest.raises(ValueError, match="scale must not patch services"):
        table.plan("", ROLLOUT, Ask(Act.SCALE), Cluster())
    assert table.writes_by_act == {
        Act.FLIP: (right("patch", SERVICES),),
        Act.SCALE: (right("patch", SERVICES, "scale"),),
    }


@pytest.mark.parametrize("state", ["paused", "driven", "x" * 600])
def test_a_refusal_ends_in_what_is_listed(state: str) -> None:
    for listed in TABLE.states(state, Cluster()):
        found = answer(Ask(listed.act), state)
        if not listed.enabled:
            assert isinstance(found, Refused)
            assert found.why == f"{listed.act} refused for test:shop/web in test: {listed.why}"


def test_a_controller_closes_every_act() -> None:
    assert {state.why for state in TABLE.states("driven", Cluster())} == {"a controller drives it: act there"}
    assert isinstance(answer(Ask(Act.FLIP, version="v1"), "driven"), Refused)


@pytest.mark.parametrize(
    ("ask", "why"),
    [
        (Ask(Act.FLIP), "say which version"),
        (Ask(Act.PROMOTE, version="v1"), "promote applies to the whole rollout: do not name a version"),
        (Ask(Act.FLIP, version="v1", by="sideways"), "there is only one way to flip here: leave out --by sideways"),
        (Ask(Act.PROMOTE, by="downwards"), "no way 'downwards' to promote: use sideways or upwards"),
        (Ask(Act.PROMOTE, by="upwards"), "the lift is out of order"),
    ],
)
def test_arguments_that_an_act_does_not_take_are_refused(ask: Ask, why: str) -> None:
    found = answer(ask)
    assert isinstance(found, Refused)
    assert found.why.endswith(f": {why}")


def test_a_version_that_is_named_may_be_reachable_where_the_usual_one_is_not() -> None:
    assert isinstance(answer(Ask(Act.ROLLBACK)), Refused)
    assert isinstance(answer(Ask(Act.ROLLBACK, version="v1")), Plan)
    assert isinstance(answer(Ask(Act.PROMOTE, by="sideways")), Plan)


def test_the_acts_of_the_card_are_those_that_can_be_planned() -> None:
    assert TABLE.acts == (Act.FLIP, Act.PAUSE, Act.ROLLBACK, Act.PROMOTE)
