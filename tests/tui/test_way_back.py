"""The way back on top of a rollout's screen: from what its act would do, not from a text."""

from __future__ import annotations

from dataclasses import replace

from cockpit.model.health import Health, RolloutHealth
from cockpit.model.plan import Act, ActState, Ask, Plan, Refused
from cockpit.model.rollout import Finding, Phase, Severity
from cockpit.model.view import RolloutView
from cockpit.tui.glyphs import UNICODE
from cockpit.tui.keys import remapped
from cockpit.tui.lines import plain
from cockpit.tui.way_back import back_line, sends_words
from cockpit.tui.widgets.health_panel import HealthPanel
from tests.tui.driving import press, rest, screen, shown
from tests.tui.fake import FINE, HURT, FakeCockpit, acts, fleet, lane
from tests.tui.plans import plan_of
from tests.tui.states import STATES, hurt, resting, state


def line(view: RolloutView, plan: Plan | Refused | None, **wishes: str) -> str:
    return "".join(plain([back_line(view, plan, remapped(wishes), UNICODE)]))


def plan_for(view: RolloutView, **parts: object) -> Plan:
    made = replace(plan_of(view.rollout.key, Ask(Act.ROLLBACK), False), title="all traffic back to v1")
    return replace(made, **parts)  # type: ignore[arg-type]


def test_it_says_the_key_what_it_does_what_undoes_it_and_what_is_sent() -> None:
    view = hurt()
    words = " back: r sends everyone to v1, u undoes it · one patch of Ingress pay-canary"
    assert line(view, plan_for(view)) == words
    assert line(view, plan_for(view), rollback="b", undo="U").startswith(" back: b sends everyone")
    told = line(view, plan_for(view, inverse=(), undo="retry starts the same version again"))
    assert "nothing undoes it" in told, "what can be done instead is no undo"
    assert line(view, None) == " back: r sends everyone to v1"


def test_what_is_sent_is_counted() -> None:
    one = plan_for(hurt())
    (request,) = one.requests
    other = replace(request, ref=replace(request.ref, name="other"))
    assert sends_words(replace(one, requests=(request, other))) == "2 patches of Ingress objects"
    assert sends_words(replace(one, requests=())) == "nothing to send"


def test_where_a_release_can_only_be_aborted_that_is_the_way() -> None:
    view = hurt()
    states = (ActState(Act.ROLLBACK, False, "nothing to go back to"), ActState(Act.ABORT, True))
    assert line(replace(view, rollout=replace(view.rollout, acts=states)), None) == " back: x aborts the release"


def test_where_it_leads_is_what_the_adapter_says() -> None:
    view = hurt()
    states = (ActState(Act.ROLLBACK, True, leads="releases v1 again, through all steps"),)
    told = line(replace(view, rollout=replace(view.rollout, acts=states)), None)
    assert told == " back: r releases v1 again, through all steps"


def test_where_everyone_is_there_already_it_does_not_say_that_it_sends_them() -> None:
    view = hurt()
    there = replace(view, rollout=replace(view.rollout, lanes=(lane(0.0, 0.0),)))
    assert line(there, None) == " back: r ends the release; everyone is on v1 already"
    acts_to = (ActState(Act.ROLLBACK, True, leads="sends everyone to v10"),)
    other = replace(there, rollout=replace(there.rollout, acts=acts_to))
    assert line(other, None) == " back: r sends everyone to v10", "whose name begins with that of v1"
    testers = lane(1.0, None, name="x-beta", match="x-beta: always")
    some = replace(view, rollout=replace(view.rollout, lanes=(lane(0.0, 0.0), testers)))
    assert line(some, None) == " back: r sends everyone to v1"


def test_where_the_cause_is_in_no_version_the_line_says_what_mends_it_and_the_key_stays() -> None:
    view = hurt()
    cause = Finding("no-such-port", Severity.CRITICAL, "Service shop/pay has no port 81")
    symptom = Finding("nobody-answers", Severity.CRITICAL, "every request fails")
    lost = replace(view, rollout=replace(view.rollout, findings=(symptom, cause)))
    words = " back: not by rolling back: name a port of the Service in the Ingress; r sends everyone to v1"
    assert line(lost, plan_for(view)) == words
    crash = Finding("failing-pods", Severity.CRITICAL, "pods of v2 fail")
    both = replace(view, rollout=replace(view.rollout, findings=(cause, crash)))
    assert "not by" not in line(both, plan_for(view)), "a version may be at fault as well"


def test_no_way_says_why_and_at_rest_nothing_is_said_unless_users_are_hurt() -> None:
    view = hurt()
    none = replace(view, rollout=replace(view.rollout, acts=acts(why="the canary has no main")))
    assert line(none, None) == " back: not now: the canary has no main"
    refused = Refused(Act.ROLLBACK, view.rollout.key, "v1 has no ready pods")
    assert line(view, refused) == " back: not now: v1 has no ready pods"
    assert line(resting(), None) == ""
    assert line(replace(resting(), health=HURT), None) == " back: r sends everyone to v1"


async def test_the_session_is_asked_what_it_would_do_again_only_when_the_rollout_changes() -> None:
    cockpit = FakeCockpit(state(hurt()))
    async with screen(cockpit) as (app, pilot):
        await press(pilot, "enter")
        assert "one patch of Ingress pay-canary" in shown(app)
        assert [ask.act for _, ask in cockpit.outlines] == [Act.ROLLBACK]
        for n in range(1, 4):
            cockpit.change("pay", at=cockpit.current.at + n)
            await rest(pilot)
        assert len(cockpit.outlines) == 1
        view = cockpit.current.rollouts[0]
        cockpit.change("pay", at=cockpit.current.at + 9, rollout=replace(view.rollout, epoch="2"))
        await rest(pilot)
        assert len(cockpit.outlines) == 2
        assert not cockpit.sent


async def test_what_is_fine_takes_one_line_and_what_hurts_a_panel() -> None:
    cockpit = FakeCockpit(replace(fleet(), rollouts=(replace(hurt(), health=FINE),), journal=()))
    calm = replace(hurt(), health=FINE, rollout=replace(hurt().rollout, findings=()))
    for view, height in ((calm, 1), (hurt(), 5)):
        cockpit = FakeCockpit(state(view))
        async with screen(cockpit) as (app, pilot):
            await press(pilot, "enter")
            assert app.screen.query_one(HealthPanel).size.height == height


async def test_a_finding_that_is_good_to_know_waits_behind_a_key() -> None:
    view = replace(hurt(), health=FINE)
    info = Finding("note", Severity.INFO, "the Service has no session affinity")
    view = replace(view, rollout=replace(view.rollout, findings=(info,)))
    async with screen(FakeCockpit(state(view))) as (app, pilot):
        await press(pilot, "enter")
        (only,) = plain(app.screen.query_one(HealthPanel).lines)
        assert only.startswith(" ✓ fine: users get what is written")
        assert only.endswith("enter: 1 more")
        await press(pilot, "enter")
        assert "session affinity" in shown(app)


async def test_a_cluster_that_is_not_read_comes_before_any_health() -> None:
    async with screen(FakeCockpit(STATES["stale"])) as (app, pilot):
        await press(pilot, "enter")
        first, second, *_ = plain(app.screen.query_one(HealthPanel).lines)
        assert "this may be out of date" in first
        assert "not read since 00:03:20" in second
        assert "✓ fine" not in first


def test_a_health_without_a_release_says_no_way() -> None:
    view = replace(resting(), health=RolloutHealth(Health.NOT_MEASURED, "measuring"))
    assert view.rollout.phase is Phase.AT_REST
    assert line(view, None) == ""
