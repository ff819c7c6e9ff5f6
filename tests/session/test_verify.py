"""When objects and probe agree with a plan, and what is missing where they do not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cockpit.model.plan import Act, Expected, Milestone, Plan
from cockpit.model.probe_target import ProbeTarget
from cockpit.model.refs import INGRESSES, Ref, RolloutKey
from cockpit.model.rollout import (
    Finding,
    Followed,
    Lane,
    Observed,
    Phase,
    Role,
    Rollout,
    Severity,
    Share,
    Step,
    Verdict,
    Version,
)
from cockpit.model.view import Cell, CellKind, Counting, RolloutView
from cockpit.session.acts.confirm import agreement
from cockpit.session.facts.assemble import IDLE

KEY = RolloutKey("test", "shop", "web", "ingress")
CANARY = Ref(INGRESSES, "shop", "canary")
PLAN = Plan(Act.SET_WEIGHT, KEY, "v2 50%", (), (), (Expected("default", "v1", 0.5), Expected("default", "v2", 0.5)))


def lane(written: float | None, verdict: Verdict = Verdict.UNKNOWN, samples: int = 0, name: str = "default") -> Lane:
    seen = Observed(0.5, 0.4, 0.6, samples) if samples else None
    v1 = None if written is None else 1 - written
    shares = (Share("v1", v1, v1, seen), Share("v2", written, written, seen))
    return Lane(name, "", shares, verdict=verdict, samples=samples)


def view(*lanes: Lane, running: bool = True, probe_target: bool = True, rate: float = 5.0) -> RolloutView:
    rollout = Rollout(KEY, "ingress", Phase.CANARY, "", (), lanes, (), "1", probe_target_missing="no address")
    target = ProbeTarget("a", 80, "a") if probe_target else None
    return RolloutView(rollout, replace(IDLE, running=running, probe_target=target, rate=rate))


@pytest.mark.parametrize(
    ("seen", "reached", "words"),
    [
        (view(lane(0.3, Verdict.ON, 99)), False, "v2: 30% is written, 50% is expected"),
        (view(lane(None)), False, "v2: the written share is not known, 50% is expected"),
        (view(lane(0.5, Verdict.ON, 99)), True, "written, and 99 answers agree"),
        (view(lane(0.5, Verdict.NOT_YET, 20)), False, "written, but no answer names a version yet"),
        (view(lane(0.5), rate=0.0), False, "written, but no answer came in yet"),
        (view(lane(0.5)), False, "in the objects, traffic still being counted: 0 answers seen, about 59 more needed"),
        (view(lane(0.5, Verdict.DOUBTFUL, 20)), False, "written, but answers speak against 50% for v1 (20-80%, n=20)"),
        (
            view(replace(lane(0.5, Verdict.NOT_YET, 20), followed=Followed.NOT_YET)),
            False,
            "written, but not yet followed: requests still get the previous split",
        ),
        (view(lane(0.5, Verdict.OFF, 80)), False, "80 answers disagree: v1 50%, v2 50%"),
        (view(lane(0.5), running=False), True, "objects only: the probe is not running"),
        (view(lane(0.5), running=False, probe_target=False), True, "objects only: no address"),
        (view(replace(lane(0.5), headers=None)), True, "the probe cannot send requests that match this lane"),
        (view(), False, "v1: 0% is written"),
        (None, False, "no rollout test:shop/web"),
    ],
)
def test_what_agrees_and_what_does_not_yet(seen: RolloutView | None, reached: bool, words: str) -> None:
    found = agreement(PLAN, seen, ())
    assert found.reached is reached
    assert words in found.words


def test_what_should_be_gone_is_waited_for() -> None:
    plan = replace(PLAN, gone=(CANARY,))
    left = agreement(plan, view(lane(0.5, Verdict.ON, 99)), (CANARY,))
    assert (left.reached, left.words) == (False, "not deleted yet: Ingress shop/canary")
    assert agreement(plan, None, ()).reached


def test_every_lane_that_was_promised_has_to_agree() -> None:
    plan = replace(PLAN, expected=(*PLAN.expected, Expected("foo=bar", "v2", 1.0)))
    default, header = lane(0.5, Verdict.ON, 99), lane(1.0, Verdict.NOT_YET, 5, name="foo=bar")
    found = agreement(plan, view(default, header), ())
    assert (found.reached, found.words) == (False, "written, but no answer in lane foo=bar names a version yet")
    assert not found.behind
    found = agreement(plan, view(default, replace(header, missing=54)), ())
    assert (found.reached, found.counting) == (False, Counting(104, 54))
    assert (
        agreement(plan, view(replace(default, verdict=Verdict.OFF), replace(header, missing=54)), ()).counting is None
    )
    assert agreement(plan, view(default, replace(header, verdict=Verdict.ON)), ()).words.startswith("written, and 104")


def test_an_act_that_promises_no_share_is_checked_in_the_objects() -> None:
    assert agreement(replace(PLAN, expected=()), view(lane(0.3, Verdict.OFF, 99)), ()).reached


@pytest.mark.parametrize(
    ("asked", "ready", "reached", "words"),
    [
        (3, 1, False, "v2: 1 pod is ready, 3 are expected"),
        (3, 3, True, "v2 has 3 ready pods"),
        (1, 3, False, "v2: 3 pods are ready, 1 is expected"),
        (0, 0, True, "v2 has 0 ready pods"),
        (0, None, True, "v2 has 0 ready pods"),
        (2, None, False, "no version v2: 2 ready pods are expected"),
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
    assert (
        words
        == f"it did not reach the expected state (v2 is the stable version): it is {phase} at step 3: analysis failed"
    )


def test_an_act_on_what_was_aborted_waits_for_it_to_recover() -> None:
    aborted = stepped(Phase.ABORTED, 1)
    goal = Milestone("the release starts again", not_phases=(Phase.ABORTED,))
    assert reaching(goal, aborted, aborted)[:2] == (False, False)
    assert reaching(goal, aborted, stepped(Phase.PROGRESSING, 1))[0]


def test_an_abort_is_not_failed_by_what_it_asks_for() -> None:
    goal = Milestone("it is aborted", phases=(Phase.ABORTED,))
    assert reaching(goal, PAUSED_AT_2, stepped(Phase.ABORTED, 2)) == (
        True,
        False,
        "confirmed by the objects: it is aborted",
    )


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


def answered(seen: RolloutView, *cells: tuple[CellKind, str], message: str = "", tls: bool = False) -> RolloutView:
    """The view with these newest answers of the default lane."""
    strip = tuple(Cell(kind, None, "default", note, number / 5) for number, (kind, note) in enumerate(cells))
    target = ProbeTarget("a", 443 if tls else 80, "sec.test", tls=tls)
    return replace(seen, probe=replace(seen.probe, strip=strip, message=message, probe_target=target))


@pytest.mark.parametrize(
    ("kind", "note", "message", "words"),
    [
        (CellKind.ERROR, "503", "", "written, but the last 20 requests failed: answered 503"),
        (
            CellKind.ERROR,
            "tls",
            "sec.test: TLS failed: certificate has expired",
            "failed: sec.test: TLS failed: certificate",
        ),
        (CellKind.UNKNOWN, "308 to https", "", "every answer is a redirect to https (308): probe the https port"),
        (CellKind.UNKNOWN, "302", "", "every answer is a redirect (302): probe the URL that it redirects to"),
    ],
)
def test_where_nobody_is_answered_afterwards_it_is_said_and_counts_as_failed(
    kind: CellKind, note: str, message: str, words: str
) -> None:
    seen = answered(view(lane(0.5, Verdict.UNKNOWN, 40)), *[(kind, note)] * 40, message=message)
    found = agreement(PLAN, seen, ())
    assert (found.reached, found.unanswered) == (False, True)
    assert words in found.words


def test_a_version_that_fails_is_not_merely_counted() -> None:
    failing = Finding("errors", Severity.CRITICAL, "v2 fails 40% of its requests")
    seen = view(replace(lane(0.5, Verdict.NOT_YET, 20), missing=30))
    seen = replace(seen, rollout=replace(seen.rollout, findings=(failing,)))
    assert agreement(replace(PLAN, raises=True), seen, ()).unanswered
    assert agreement(PLAN, seen, ()).counting == Counting(20, 30)


def test_one_good_answer_or_too_few_bad_ones_are_no_failure() -> None:
    bad, good = (CellKind.ERROR, "503"), (CellKind.ANSWER, "200")
    mostly = answered(view(lane(0.5, Verdict.NOT_YET, 40)), *[bad] * 35, good, *[bad] * 4)
    early = answered(view(lane(0.5, Verdict.NOT_YET, 3)), *[bad] * 40)
    missing = answered(view(lane(0.5, Verdict.NOT_YET, 40)), *[(CellKind.UNKNOWN, "404")] * 40)
    assert [agreement(PLAN, seen, ()).unanswered for seen in (mostly, early, missing)] == [False] * 3


def test_an_act_without_a_share_that_raises_exposure_has_to_be_answered_too() -> None:
    seen = answered(view(lane(None, samples=40)), *[(CellKind.ERROR, "503")] * 40)
    raising = Plan(Act.APPROVE, KEY, "approve", (), (), (), raises=True, reaches=Milestone("a step further"))
    assert agreement(raising, seen, ()).unanswered
    assert agreement(replace(raising, raises=False), seen, ()).reached


def test_answers_that_name_no_version_are_not_called_too_few() -> None:
    seen = answered(view(replace(lane(0.5, samples=40), unknown=30)), message="say where it stands")
    assert "30 of 40 answers name no version of this rollout: say where it stands" in agreement(PLAN, seen, ()).words


def test_nothing_is_reached_that_its_controller_has_not_picked_up() -> None:
    goal = Milestone("the new image being rolled out", not_phases=(Phase.AT_REST,))
    before, after = replace(view().rollout, phase=Phase.AT_REST), replace(view().rollout, phase=Phase.PROGRESSING)
    assert reaching(goal, before, after)[0]
    text = "Rollout shop/web: the controller has not picked up the last change yet"
    found, failed, words = reaching(
        goal, before, replace(after, findings=(Finding("not-observed", Severity.INFO, text),))
    )
    assert not found
    assert not failed
    assert text in words


def test_a_goal_that_is_not_reached_names_the_quota_that_stops_it() -> None:
    quota = Finding("replica-failure", Severity.WARNING, "exceeded quota: few; Deployment shop/web: FailedCreate")
    shown = view(lane(None))
    stopped = replace(shown.rollout, phase=Phase.DEGRADED, message="1 of 4 updated", findings=(quota,))
    goal = Milestone("all pods run v1", phases=(Phase.AT_REST,))
    plan, seen = replace(PLAN, expected=(), reaches=goal), replace(shown, rollout=stopped)
    for before, words in ((None, "it is degraded"), (stopped, "now: degraded")):
        assert f"{words}: {quota.text}; 1 of 4 updated" in agreement(plan, seen, (), before).words
