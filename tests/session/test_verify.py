"""When objects and probe agree with a plan, and what is missing where they do not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cockpit.model.door import Door
from cockpit.model.plan import Act, Expected, Milestone, Plan
from cockpit.model.refs import INGRESSES, Ref, RolloutKey
from cockpit.model.rollout import Lane, Observed, Phase, Role, Rollout, Share, Step, Verdict, Version
from cockpit.model.view import RolloutView
from cockpit.session.assemble import IDLE
from cockpit.session.verify import agreement

KEY = RolloutKey("test", "shop", "web", "ingress")
CANARY = Ref(INGRESSES, "shop", "canary")
PLAN = Plan(Act.SET_WEIGHT, KEY, "v2 50%", (), (), (Expected("default", "v1", 0.5), Expected("default", "v2", 0.5)))


def lane(written: float | None, verdict: Verdict = Verdict.UNKNOWN, samples: int = 0, name: str = "default") -> Lane:
    seen = Observed(0.5, 0.4, 0.6, samples) if samples else None
    v1 = None if written is None else 1 - written
    shares = (Share("v1", v1, v1, seen), Share("v2", written, written, seen))
    return Lane(name, "", shares, verdict=verdict, samples=samples)


def view(*lanes: Lane, running: bool = True, door: bool = True) -> RolloutView:
    rollout = Rollout(KEY, "ingress", Phase.CANARY, "", (), lanes, (), "1", door_missing="no address")
    return RolloutView(rollout, replace(IDLE, running=running, door=Door("a", 80, "a") if door else None))


@pytest.mark.parametrize(
    ("seen", "reached", "words"),
    [
        (view(lane(0.3, Verdict.ON, 99)), False, "v2: 30% is written, 50% is expected"),
        (view(lane(None)), False, "v2: nothing known is written, 50% is expected"),
        (view(lane(0.5, Verdict.ON, 99)), True, "written, and 99 answers agree"),
        (view(lane(0.5, Verdict.NOT_YET, 20)), False, "as written, but 20 answers are too few to tell"),
        (view(lane(0.5)), False, "as written, but no answer has named a version yet"),
        (view(lane(0.5, Verdict.OFF, 80)), False, "80 answers say otherwise: v1 50%, v2 50%"),
        (view(lane(0.5), running=False), True, "objects only: the probe is not running"),
        (view(lane(0.5), running=False, door=False), True, "objects only: no address"),
        (view(replace(lane(0.5), headers=None)), True, "the probe cannot send requests that fall into this lane"),
        (view(), False, "v1: 0% is written"),
        (None, False, "there is no rollout test:shop/web"),
    ],
)
def test_what_agrees_and_what_does_not_yet(seen: RolloutView | None, reached: bool, words: str) -> None:
    found = agreement(PLAN, seen, ())
    assert found.reached is reached
    assert words in found.words


def test_what_should_be_gone_is_waited_for() -> None:
    plan = replace(PLAN, gone=(CANARY,))
    left = agreement(plan, view(lane(0.5, Verdict.ON, 99)), (CANARY,))
    assert (left.reached, left.words) == (False, "still there: Ingress shop/canary")
    assert agreement(plan, None, ()).reached


def test_every_lane_that_was_promised_has_to_agree() -> None:
    plan = replace(PLAN, expected=(*PLAN.expected, Expected("foo=bar", "v2", 1.0)))
    default, header = lane(0.5, Verdict.ON, 99), lane(1.0, Verdict.NOT_YET, 5, name="foo=bar")
    found = agreement(plan, view(default, header), ())
    assert (found.reached, found.words) == (False, "as written, but 5 answers in lane foo=bar are too few to tell")
    assert not found.behind
    assert agreement(plan, view(default, replace(header, verdict=Verdict.ON)), ()).words.startswith("written, and 104")


def test_an_act_that_promises_no_share_is_checked_in_the_objects() -> None:
    assert agreement(replace(PLAN, expected=()), view(lane(0.3, Verdict.OFF, 99)), ()).reached


@pytest.mark.parametrize(
    ("asked", "ready", "reached", "words"),
    [
        (3, 1, False, "v2: 1 pods are ready, 3 are expected"),
        (3, 3, True, "v2 has 3 ready pods"),
        (1, 3, False, "v2: 3 pods are ready, 1 are expected"),
        (0, 0, True, "v2 has 0 ready pods"),
        (0, None, True, "v2 has 0 ready pods"),
        (2, None, False, "there is no version v2 to have 2 pods"),
    ],
)
def test_pods_that_were_asked_for_have_to_be_ready(asked: int, ready: int | None, reached: bool, words: str) -> None:
    plan = Plan(Act.SCALE, KEY, "scale v2", (), (), (), pods=(("v2", asked),))
    seen = view(lane(0.5))
    versions = () if ready is None else (Version("v2", Role.NEW, (), None, ready, asked),)
    found = agreement(plan, replace(seen, rollout=replace(seen.rollout, versions=versions)), ())
    assert found.reached is reached
    assert words in found.words


def stepped(phase: Phase, at: int | None = None, message: str = "", stable: str = "v1") -> Rollout:
    """A release of six steps under a controller; at rest without a step."""
    versions = (Version(stable, Role.STABLE, (), None, 1, 1), Version("other", Role.CANARY, (), None, 1, 1))
    step = None if at is None else Step(at, 6, None)
    return Rollout(KEY, "argo", phase, message, versions, (), (), "1", step=step)


def reaching(goal: Milestone, before: Rollout, after: Rollout) -> tuple[bool, bool, str]:
    plan = Plan(Act.APPROVE, KEY, "approve", (), (), (), reaches=goal)
    found = agreement(plan, RolloutView(after, IDLE), (), before)
    return found.reached, found.failed, found.words


PAUSED_AT_2 = stepped(Phase.WAITING, 2)
LEAVES_2 = Milestone("step 2 is left", left_step=2)


@pytest.mark.parametrize(
    ("after", "reached"),
    [
        (stepped(Phase.WAITING, 2), False),
        (stepped(Phase.PROGRESSING, 3), True),
        (stepped(Phase.WAITING, 6), True),
        (stepped(Phase.AT_REST), True),
    ],
    ids=["not taken up", "next step", "overtaken", "came to its end"],
)
def test_a_milestone_counts_once_it_is_reached_or_passed(after: Rollout, reached: bool) -> None:
    assert reaching(LEAVES_2, PAUSED_AT_2, after)[:2] == (reached, False)


@pytest.mark.parametrize(
    ("from_step", "to_step", "now", "reached"),
    [
        (2, 4, 2, False),
        (2, 4, 3, False),
        (2, 4, 4, True),
        (2, 4, 6, True),
        (2, 4, None, True),
        (4, 2, 4, False),
        (4, 2, 2, True),
        (4, 2, 3, True),
        (4, 2, 1, False),
        (3, 3, 3, True),
        (3, 3, 4, False),
    ],
)
def test_a_jump_is_told_from_where_it_began(from_step: int, to_step: int, now: int | None, reached: bool) -> None:
    before = stepped(Phase.WAITING, from_step)
    after = stepped(Phase.AT_REST, stable="other") if now is None else stepped(Phase.PROGRESSING, now)
    assert reaching(Milestone("the step", at_step=to_step), before, after)[0] is reached


def test_a_release_that_went_back_has_not_come_to_a_step() -> None:
    goal = Milestone("step 4", at_step=4)
    assert reaching(goal, PAUSED_AT_2, stepped(Phase.AT_REST))[:2] == (False, False)
    assert reaching(goal, PAUSED_AT_2, stepped(Phase.AT_REST, stable="other"))[0]


@pytest.mark.parametrize("phase", [Phase.ABORTED, Phase.DEGRADED])
def test_a_release_that_fails_instead_ends_the_wait_with_its_reason(phase: Phase) -> None:
    goal = Milestone("v2 is the stable version", phases=(Phase.AT_REST,), stable="v2")
    after = stepped(phase, 3, "analysis failed")
    reached, failed, words = reaching(goal, PAUSED_AT_2, after)
    assert (reached, failed) == (False, True)
    assert words == f"v2 is the stable version was expected, and instead it is {phase} at step 3: analysis failed"


def test_an_act_on_what_was_aborted_waits_for_it_to_recover() -> None:
    aborted = stepped(Phase.ABORTED, 1)
    goal = Milestone("the release starts again", not_phases=(Phase.ABORTED,))
    assert reaching(goal, aborted, aborted)[:2] == (False, False)
    assert reaching(goal, aborted, stepped(Phase.PROGRESSING, 1))[0]


def test_an_abort_is_not_failed_by_what_it_asks_for() -> None:
    goal = Milestone("it is aborted", phases=(Phase.ABORTED,))
    assert reaching(goal, PAUSED_AT_2, stepped(Phase.ABORTED, 2)) == (True, False, "seen in the objects: it is aborted")


def test_a_milestone_in_a_version_needs_that_version() -> None:
    goal = Milestone("v1 is the stable version again", phases=(Phase.AT_REST,), stable="v1")
    assert reaching(goal, PAUSED_AT_2, stepped(Phase.AT_REST, stable="v1"))[0]
    assert not reaching(goal, PAUSED_AT_2, stepped(Phase.AT_REST, stable="v2"))[0]


def two(stable: Role, ready_before: int) -> Rollout:
    """A rolling update by identities: `u1` has `ready_before` pods left, `u2` came for it."""
    versions = (
        Version("v1", Role.OLD, (), None, ready_before, 0, identity=("u1",)),
        Version("v2", stable, (), None, 1, 1, identity=("u2",)),
    )
    return Rollout(KEY, "pods", Phase.AT_REST, "", versions, (), (), "1")


@pytest.mark.parametrize(
    ("goal", "after", "reached"),
    [
        (Milestone("u2 stays", identity="u2"), two(Role.STABLE, 1), True),
        (Milestone("u2 stays", identity="u2"), two(Role.NEW, 1), False),
        (Milestone("u1 goes", replaced="u1"), two(Role.STABLE, 1), False),
        (Milestone("u1 goes", replaced="u1"), two(Role.STABLE, 0), True),
        (Milestone("u0 goes", replaced="u0"), two(Role.STABLE, 1), True),
    ],
)
def test_a_milestone_by_identity_needs_no_name(goal: Milestone, after: Rollout, reached: bool) -> None:
    assert reaching(goal, PAUSED_AT_2, after)[0] is reached
