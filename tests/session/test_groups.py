"""The same rollout in several clusters as one row: what they agree on, the worst of the rest, and where acts go."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from cockpit.model.plan import Act, ActState
from cockpit.model.refs import DEPLOYMENTS, Ref, RolloutKey
from cockpit.model.rollout import Finding, Lane, Observed, Phase, Role, Rollout, Severity, Share, Step, Verdict, Version
from cockpit.model.view import RolloutView
from cockpit.session.facts.assemble import IDLE
from cockpit.session.facts.groups import groups_of


def part(context: str, share: float = 0.3, phase: Phase = Phase.CANARY, **more: object) -> RolloutView:
    versions = (
        Version("v1", Role.STABLE, ("web:v1",), Ref(DEPLOYMENTS, "shop", "v1"), 2, 2),
        Version("v2", Role.CANARY, ("web:v2",), Ref(DEPLOYMENTS, "shop", "v2"), 1, 1),
    )
    shares = (Share("v1", 1 - share, 1 - share), Share("v2", share, share))
    values: dict[str, object] = {"versions": versions, "lanes": (Lane("default", "", shares),), **more}
    key = RolloutKey(context, "shop", "web", "ingress")
    rollout = Rollout(key, "ingress", phase, "", objects=(), epoch="1", **values)  # type: ignore[arg-type]
    return RolloutView(rollout, IDLE)


def test_one_rollout_in_two_clusters_is_one_group_and_another_name_is_none() -> None:
    alone = replace(part("a").rollout, key=RolloutKey("a", "shop", "db", "ingress"))
    other_system = replace(part("b").rollout, key=RolloutKey("b", "shop", "web", "argo"))
    views = (part("a"), RolloutView(alone, IDLE), part("b"), RolloutView(other_system, IDLE))
    [group] = groups_of(views)
    assert [key.context for key in group.parts] == ["a", "b"]
    assert group.view.rollout.key == RolloutKey("", "shop", "web", "ingress")


def test_shares_are_told_where_the_clusters_agree_and_not_where_they_differ() -> None:
    [same] = groups_of((part("a", 0.3), part("b", 0.3)))
    assert [share.written for share in same.view.rollout.lanes[0].shares] == [0.7, 0.3]
    [differ] = groups_of((part("a", 0.3), part("b", 0.5)))
    assert [share.written for share in differ.view.rollout.lanes[0].shares] == [None, None]


def test_a_version_that_one_cluster_does_not_have_gets_nothing_there() -> None:
    only_v1 = part("b", lanes=(Lane("default", "", (Share("v1", 1.0, 1.0),)),))
    [group] = groups_of((part("a", 0.3), only_v1))
    assert [share.written for share in group.view.rollout.lanes[0].shares] == [None, None]
    [unused] = groups_of((part("a", 0.0), only_v1))
    assert [share.written for share in unused.view.rollout.lanes[0].shares] == [1.0, 0.0]


def test_pods_add_up_and_the_worst_phase_and_verdict_are_told() -> None:
    seen = (Share("v1", 0.7, 0.7, Observed(0.5, 0.4, 0.6, 90)), Share("v2", 0.3, 0.3, Observed(0.5, 0.4, 0.6, 90)))
    off = part("b", phase=Phase.DEGRADED, lanes=(Lane("default", "", seen, verdict=Verdict.OFF, samples=90),))
    warned = part("a", findings=(Finding("x", Severity.INFO, "little"),))
    hurt = replace(off, rollout=replace(off.rollout, findings=(Finding("y", Severity.CRITICAL, "much"),)))
    [group] = groups_of((warned, hurt))
    rollout = group.view.rollout
    assert rollout.phase is Phase.DEGRADED
    assert rollout.lanes[0].verdict is Verdict.OFF
    assert rollout.lanes[0].shares[1].observed == Observed(0.5, 0.4, 0.6, 90)
    assert [(v.name, v.ready, v.desired, v.workload) for v in rollout.versions] == [
        ("v1", 4, 4, None),
        ("v2", 2, 2, None),
    ]
    assert [found.text for found in rollout.findings] == ["b: much", "a: little"]


def test_an_act_applies_where_it_does_in_one_of_them() -> None:
    approve, refuse = ActState(Act.APPROVE, True), ActState(Act.APPROVE, False, "nothing waits")
    [group] = groups_of((part("a", acts=(refuse,)), part("b", acts=(approve,))))
    assert group.view.rollout.acts == (approve,)


def test_the_step_is_that_of_the_part_that_is_least_far() -> None:
    [group] = groups_of((part("a", step=Step(3, 4, 0.5)), part("b", step=Step(2, 4, 0.2))))
    assert group.view.rollout.step == Step(2, 4, 0.2)
    [half] = groups_of((part("a", step=Step(3, 4, 0.5)), part("b")))
    assert half.view.rollout.step is None


def test_a_change_makes_its_own_group_anew_and_keeps_the_others() -> None:
    def named(name: str) -> list[RolloutView]:
        keyed = (part(context) for context in "ab")
        return [replace(v, rollout=replace(v.rollout, key=replace(v.rollout.key, name=name))) for v in keyed]

    before = [*named("db"), *named("web")]
    groups = groups_of(before)
    after = [*before[:3], replace(before[3], acting="flip")]
    kept, made = groups_of(after, before, groups)
    assert kept is groups[0]
    assert (made.view.acting, groups[1].view.acting) == ("b: flip", "")
    assert [group.parts for group in groups_of(after[:3], before, groups)] == [groups[0].parts]


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.floats(0, 1), st.sampled_from(list(Phase))), unique_by=lambda p: p[0])
)
def test_any_parts_make_a_group_that_holds_each_of_them_once(parts: list[tuple[str, float, Phase]]) -> None:
    views = [part(context, share, phase) for context, share, phase in parts]
    groups = groups_of(views)
    assert len(groups) == (len(parts) > 1)
    for group in groups:
        assert [key.context for key in group.parts] == [context for context, _, _ in parts]
