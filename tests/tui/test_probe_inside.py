"""A probe from inside the cluster, key by key."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from textual.widgets import Input

from cockpit.model.plan import Act, Refused
from cockpit.model.probe_job import InsideWish, JobShape
from cockpit.model.view import Outcome, Prepared, Stage
from cockpit.tui.screens.ask import LineForm
from cockpit.tui.screens.inside import InsideDialog
from tests.tui.driving import ask_inside, press, rest, said, screen, shown
from tests.tui.fake import FakeCockpit, probing


async def test_the_form_offers_it_and_its_plan_is_shown_before_anything_is_created() -> None:
    cockpit = FakeCockpit()
    key = cockpit.current.rollouts[0].rollout.key
    async with screen(cockpit) as (app, pilot):
        await press(pilot, "O")
        assert "cluster pods=5 rate=20 for=5m label=KEY=VALUE" in shown(app)
        app.screen.query_one("#line", Input).value = "cluster pods=4 rate=2000"
        await press(pilot, "enter")
        assert isinstance(app.screen, InsideDialog)
        await press(pilot, "p")
        assert "5 pods of curl:8" in " ".join(shown(app).split())
        assert "create and delete jobs" in shown(app)
        await press(pilot, "escape")
    assert cockpit.wishes == [(key, InsideWish(JobShape(pods=4), 2000.0))]
    assert (cockpit.sent, cockpit.targets, cockpit.probes) == ([], [], [])


async def test_send_starts_it_and_its_state_is_one_line() -> None:
    cockpit = FakeCockpit()
    cockpit.hold = asyncio.Event()
    async with screen(cockpit) as (app, pilot):
        await ask_inside(pilot, "cluster")
        plan = app.screen.prepared.plan  # type: ignore[attr-defined]
        cockpit.stages = tuple(
            Outcome(stage, why, plan)
            for stage, why in (
                (Stage.SENDING, "probe web from 5 pods"),
                (Stage.SENT, "0 of 5 pods started"),
                (Stage.SENT, "5 of 5 pods started"),
                (Stage.VERIFIED, "812 answers from 5 of 5 pods; the Job was deleted"),
            )
        )
        await press(pilot, "enter")
        assert "5 of 5 pods started" in shown(app)
        assert "0 of 5" not in shown(app)
        await press(pilot, "escape")
        cockpit.hold.set()
        await rest(pilot)
        assert "812 answers from 5 of 5 pods; the Job was deleted" in said(app)
    assert [type(prepared) for prepared in cockpit.sent] == [Prepared]


async def test_why_it_cannot_be_planned_is_said() -> None:
    cockpit = FakeCockpit()
    key = cockpit.current.rollouts[0].rollout.key
    cockpit.inside = Refused(Act.PROBE, key, "no Service of this rollout is known")
    async with screen(cockpit) as (app, pilot):
        await ask_inside(pilot, "cluster")
        assert "no Service of this rollout is known" in shown(app)
        await press(pilot, "enter")
    assert cockpit.sent == []


async def test_what_is_wrong_with_the_line_stays_in_the_form() -> None:
    cockpit = FakeCockpit()
    async with screen(cockpit) as (app, pilot):
        await ask_inside(pilot, "cluster pods=500")
        assert isinstance(app.screen, LineForm)
        assert "pods=500: needs a number from 1 to 50" in shown(app)
    assert cockpit.wishes == []


async def test_the_answers_are_marked_and_the_probe_key_stops_them() -> None:
    cockpit = FakeCockpit()
    view = cockpit.current.rollouts[0]
    cockpit.change(view.rollout.key.name, probe=probing(source="from the cluster, 4 pods"))
    async with screen(cockpit) as (app, pilot):
        await press(pilot, "enter")
        assert "from the cluster, 4 pods" in shown(app)
        await press(pilot, "o")
    assert cockpit.probes == [(view.rollout.key, False)]


async def test_where_only_pods_could_send_the_probe_key_asks_again() -> None:
    cockpit = FakeCockpit()
    view = cockpit.current.rollouts[0]
    over = probing(source="from the cluster, 4 pods", running=False, message="stopped; the Job was deleted")
    cockpit.change(view.rollout.key.name, rollout=replace(view.rollout, probe_target=None), probe=over)
    async with screen(cockpit) as (app, pilot):
        await press(pilot, "enter")
        assert "stopped; the Job was deleted" in shown(app)
        await press(pilot, "o")
        assert isinstance(app.screen, LineForm)
    assert cockpit.probes == []


async def test_without_its_right_the_form_says_which_is_missing_and_plans_nothing() -> None:
    cockpit = FakeCockpit()
    async with screen(cockpit) as (app, pilot):
        cockpit.change("http-server", denied=((Act.PROBE, "prod-eu does not allow you to create jobs.batch"),))
        await rest(pilot)
        await press(pilot, "O")
        assert "cluster: prod-eu does not allow you to create jobs.batch" in shown(app)
        assert "pods of a Job send" not in shown(app)
        await press(pilot, "escape")
        await ask_inside(pilot, "cluster pods=2 rate=5 for=10s")
        assert shown(app).count("prod-eu does not allow you to create jobs.batch") == 2
    assert cockpit.wishes == []
