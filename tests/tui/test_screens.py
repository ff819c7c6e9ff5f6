"""What a person sees and does, key by key, against a cockpit that notes what it is asked."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from textual import events
from textual.widgets import Button, Input

from cockpit.model.plan import Act, Ask, Refused
from cockpit.model.refs import RolloutKey
from cockpit.model.view import Counting, Outcome, Prepared, Stage, Sync
from cockpit.tui.screens.ask import ChoiceForm, LineForm
from cockpit.tui.screens.fleet import FleetScreen
from cockpit.tui.screens.journal import JournalScreen
from cockpit.tui.screens.logs import LogScreen
from cockpit.tui.screens.palette import PaletteScreen
from cockpit.tui.screens.plan import PlanDialog
from cockpit.tui.screens.rollout import RolloutScreen
from cockpit.tui.widgets.painted import Painted
from cockpit.tui.widgets.rollout_table import RolloutTable
from cockpit.tui.widgets.scroll_text import ScrollText
from tests.tui.driving import press, rest, said, screen, shown
from tests.tui.fake import START, FakeCockpit, acts, cluster, fleet
from tests.tui.plans import plan_of


async def test_roll_back_is_two_keys_and_one_sends_nothing() -> None:
    cockpit = FakeCockpit()
    async with screen(cockpit) as (app, pilot):
        await press(pilot, "r")
        assert isinstance(app.screen, PlanDialog)
        assert app.focused is app.screen.query_one("#send")
        assert not cockpit.sent
        assert "v2 in default  30% → 0%" in shown(app)
        assert "one patch of Ingress http-server-canary" in shown(app)
        assert "kubectl --context" not in shown(app)
        await press(pilot, "p")
        assert "kubectl --context prod-eu -n shop patch" in shown(app)
        await press(pilot, "enter")
        assert "verified" in shown(app)
    assert [(key.name, ask.act) for key, ask in cockpit.asks] == [("http-server", Act.ROLLBACK)]
    assert len(cockpit.sent) == 1


async def test_an_enter_that_comes_before_the_plan_sends_nothing() -> None:
    cockpit = FakeCockpit()
    planning = asyncio.Event()
    prepare = cockpit.prepare

    async def slowly(key: RolloutKey, ask: Ask) -> Prepared | Refused:
        await planning.wait()
        return await prepare(key, ask)

    cockpit.prepare = slowly  # type: ignore[method-assign]
    async with screen(cockpit) as (app, pilot):
        await press(pilot, "r", "enter")
        planning.set()
        await rest(pilot)
        assert not cockpit.sent
        assert not isinstance(app.screen, RolloutScreen)


async def test_what_raises_exposure_rests_on_cancel() -> None:
    cockpit = FakeCockpit()
    async with screen(cockpit) as (app, pilot):
        await press(pilot, "w", "plus", "plus", "enter")
        assert isinstance(app.screen, PlanDialog)
        assert app.focused is app.screen.query_one("#cancel")
        assert "sends more users to the new version" in shown(app)
        await press(pilot, "enter")
        assert not cockpit.sent
    assert cockpit.asks[0][1] == Ask(Act.SET_WEIGHT, weights=(("v1", 0.6), ("v2", 0.4)))


async def test_sending_goes_on_when_its_dialog_is_left_and_its_end_is_told() -> None:
    cockpit = FakeCockpit()
    cockpit.hold = asyncio.Event()
    async with screen(cockpit) as (app, pilot):
        await press(pilot, "r", "enter")
        assert "sent" in shown(app)
        await press(pilot, "escape")
        assert isinstance(app.screen, FleetScreen)
        cockpit.hold.set()
        await rest(pilot)
        assert "http-server: roll back: verified: objects and 120 answers agree" in said(app)


async def test_send_sends_once_however_often_it_is_pressed() -> None:
    cockpit = FakeCockpit()
    cockpit.hold = asyncio.Event()
    async with screen(cockpit) as (app, pilot):
        await press(pilot, "r")
        send = app.screen.query_one("#send", Button)
        for _ in range(3):
            send.press()
        await rest(pilot)
        cockpit.hold.set()
        await rest(pilot)
    assert len(cockpit.sent) == 1


async def test_an_unverified_end_says_why() -> None:
    cockpit = FakeCockpit()
    plan = plan_of(cockpit.current.rollouts[0].rollout.key, Ask(Act.ROLLBACK), False)
    cockpit.stages = (Outcome(Stage.SENT, "", plan), Outcome(Stage.UNVERIFIED, "v2 still answers 12%", plan))
    async with screen(cockpit) as (app, pilot):
        await press(pilot, "r", "enter")
        assert "unverified" in shown(app)
        assert "v2 still answers 12%" in shown(app)


async def test_the_count_of_answers_takes_one_line() -> None:
    cockpit = FakeCockpit()
    plan = plan_of(cockpit.current.rollouts[0].rollout.key, Ask(Act.ROLLBACK), False)
    counts = [Counting(20, 80), Counting(40, 60)]
    cockpit.stages = (
        Outcome(Stage.SENT, "accepted", plan),
        *(Outcome(Stage.SENT, f"counted: {count}", plan, counting=count) for count in counts),
        Outcome(Stage.VERIFIED, f"verified in the objects; {counts[1]}", plan, counting=counts[1]),
    )
    async with screen(cockpit) as (app, pilot):
        await press(pilot, "r", "enter")
        assert "40 answers seen, about 60 more needed to be sure" in shown(app)
        assert "20 answers seen" not in shown(app)
        assert "verified in the objects" in shown(app)


async def test_a_send_that_breaks_is_not_taken_for_done() -> None:
    cockpit = FakeCockpit()

    async def broken(*args: object, **more: object) -> Outcome:
        raise ConnectionError("the session ended")

    cockpit.send = broken  # type: ignore[method-assign]
    async with screen(cockpit) as (app, pilot):
        await press(pilot, "r", "enter")
        assert "unknown" in shown(app)
        assert "the session ended" in shown(app)


async def test_a_blocked_plan_says_why_and_has_no_send() -> None:
    cockpit = FakeCockpit()
    cockpit.answer = lambda key, ask: Prepared(plan_of(key, ask, False), (), blocked="you may not patch ingresses")
    async with screen(cockpit) as (app, pilot):
        await press(pilot, "r")
        assert "you may not patch ingresses" in shown(app)
        assert app.screen.query_one("#send").disabled
        await press(pilot, "enter")
        assert isinstance(app.screen, FleetScreen)
    assert not cockpit.sent


async def test_a_refused_plan_says_why() -> None:
    cockpit = FakeCockpit()
    cockpit.answer = lambda key, ask: Refused(ask.act, key, "Service web in prod-eu selects nothing")
    async with screen(cockpit) as (app, pilot):
        await press(pilot, "r")
        assert "Service web in prod-eu selects nothing" in shown(app)
        assert app.screen.query_one("#send").disabled


async def test_production_asks_for_the_name_before_what_is_final() -> None:
    cockpit = FakeCockpit()
    cockpit.answer = lambda key, ask: Prepared(plan_of(key, ask, True, final=True), (), production=True)
    async with screen(cockpit) as (app, pilot):
        await press(pilot, "A")
        assert isinstance(app.screen, ChoiceForm)
        await press(pilot, "2", "enter")
        assert "PRODUCTION" in shown(app)
        name = app.screen.query_one("#name", Input)
        assert app.focused is name
        await press(pilot, "h", "t", "t", "p", "enter")
        assert app.screen.query_one("#send", Button).disabled
        name.value = "http-server"
        await rest(pilot)
        name.focus()
        await press(pilot, "enter", "enter")
    assert cockpit.asks[0][1] == Ask(Act.PROMOTE, by="selector")
    assert len(cockpit.sent) == 1


@pytest.mark.parametrize(
    ("key", "why"),
    [("f", "no Service to point"), ("x", "abort does not exist for ingress"), ("s", "jump does not exist")],
)
async def test_a_key_that_does_not_apply_says_why(key: str, why: str) -> None:
    cockpit = FakeCockpit()
    async with screen(cockpit) as (app, pilot):
        await press(pilot, key)
        assert why in said(app)
    assert not cockpit.asks


async def test_read_only_refuses_every_act() -> None:
    cockpit = FakeCockpit(replace(fleet(), read_only=True))
    async with screen(cockpit) as (app, pilot):
        assert "READ-ONLY" in shown(app)
        await press(pilot, "r")
        assert "read-only" in said(app)
    assert not cockpit.asks


async def test_while_requests_are_sent_the_screen_opens_what_the_session_leaves_open() -> None:
    cockpit = FakeCockpit()
    async with screen(cockpit) as (app, pilot):
        sending = replace(cockpit.current.rollouts[0].rollout, acts=acts(Act.ROLLBACK, why="under way: v2 30% -> 40%"))
        cockpit.change("http-server", rollout=sending, acting="v2 30% -> 40%")
        await rest(pilot)
        await press(pilot, "w")
        assert "http-server: under way: v2 30% -> 40%" in said(app)
        await press(pilot, "r")
        assert isinstance(app.screen, PlanDialog)
    assert [ask.act for _, ask in cockpit.asks] == [Act.ROLLBACK]


async def test_the_cursor_stays_on_its_rollout_when_rows_come_and_go() -> None:
    cockpit = FakeCockpit()
    async with screen(cockpit) as (app, pilot):
        await press(pilot, "down")
        table = app.screen.query_one(RolloutTable)
        assert table.selected is not None
        assert table.selected.name == "reviews"
        view = cockpit.current
        cockpit.publish(replace(view, at=START + 900, rollouts=tuple(reversed(view.rollouts))))
        await rest(pilot)
        assert table.selected.name == "reviews"
        await press(pilot, "enter")
        assert isinstance(app.screen, RolloutScreen)
        assert app.screen.key.name == "reviews"


async def test_a_view_from_another_thread_is_shown() -> None:
    cockpit = FakeCockpit()
    async with screen(cockpit) as (app, pilot):
        down = cluster(Sync.RETRYING, stale_since=START + 11)
        cockpit.publish(replace(cockpit.current, clusters=(down,)))
        await rest(pilot)
        assert "stale since 00:00:11" in shown(app)
    assert cockpit.listeners == []


async def test_the_filter_narrows_the_list_and_escape_ends_it() -> None:
    async with screen() as (app, pilot):
        await press(pilot, "slash", *"argo", "enter")
        table = app.screen.query_one(RolloutTable)
        assert [row.rollout.key.name for row in table.rows] == ["rollouts-demo"]
        assert "the filter hides 3, esc shows all · 1 of 1" in shown(app)
        await press(pilot, "slash", *"zzz")
        assert "no rollout matches 'argozzz'" in shown(app)
        await press(pilot, "escape")
        assert len(table.rows) == 4
        assert "the filter hides" not in shown(app)


async def test_letters_typed_into_the_filter_are_no_acts() -> None:
    cockpit = FakeCockpit()
    async with screen(cockpit) as (app, pilot):
        await press(pilot, "slash", "r", "A", "q", "colon")
        assert app.screen.query_one("#filter", Input).value == "rAq:"
    assert not cockpit.asks


async def test_the_palette_quits_and_opens_rollouts_by_name() -> None:
    async with screen() as (app, pilot):
        await press(pilot, "colon", *"reviews", "enter")
        assert isinstance(app.screen, RolloutScreen)
        assert app.screen.key.name == "reviews"
        await press(pilot, "colon", *"help")
        await press(pilot, "escape")
        await pilot.press("colon", "q", "enter")
        await rest(pilot)
        assert not app.is_running or app._exit


async def test_a_fast_hand_quits_with_the_palette_and_asks_for_nothing() -> None:
    cockpit = FakeCockpit()
    async with screen(cockpit) as (app, pilot):
        for key, character in (("colon", ":"), ("q", "q"), ("enter", "\r")):
            app.post_message(events.Key(key, character))
        await rest(pilot)
        await rest(pilot)
        assert app._exit
    assert not cockpit.asks


async def test_keys_after_quit_do_nothing() -> None:
    cockpit = FakeCockpit()
    async with screen(cockpit) as (app, pilot):
        for key in ("q", "enter", "r"):
            app.post_message(events.Key(key, key))
        await rest(pilot)
        assert app._exit
    assert not cockpit.asks


async def test_an_empty_palette_chooses_nothing() -> None:
    cockpit = FakeCockpit()
    async with screen(cockpit) as (app, pilot):
        await press(pilot, "colon", "enter")
        assert isinstance(app.screen, PaletteScreen)
    assert not cockpit.asks


async def test_the_palette_acts_like_the_key() -> None:
    cockpit = FakeCockpit()
    async with screen(cockpit) as (app, pilot):
        await press(pilot, "down", "colon", *"roll back", "enter")
        assert isinstance(app.screen, PlanDialog)
    assert [(key.name, ask.act) for key, ask in cockpit.asks] == [("reviews", Act.ROLLBACK)]


async def test_the_probe_is_started_and_stopped() -> None:
    cockpit = FakeCockpit()
    async with screen(cockpit) as (app, pilot):
        await press(pilot, "o")
        assert [(key.name, running) for key, running in cockpit.probes] == [("http-server", False)]
        view = cockpit.current.rollouts[2]
        cockpit.change("rollouts-demo", rollout=replace(view.rollout, probe_target_missing="no Ingress leads here"))
        await rest(pilot)
        await press(pilot, "down", "down", "o")
        assert isinstance(app.screen, LineForm)
        assert "no Ingress leads here" in shown(app)


async def test_objects_events_logs_and_journal_are_a_key_away() -> None:
    cockpit = FakeCockpit()
    async with screen(cockpit) as (app, pilot):
        await press(pilot, "enter", "y")
        assert "kind: Ingress" in shown(app)
        await press(pilot, "tab")
        assert "kind: Service" in shown(app)
        await press(pilot, "escape", "e")
        assert "synced Ingress shop/http-server" in shown(app)
        await press(pilot, "escape", "down", "l")
        assert isinstance(app.screen, LogScreen)
        assert "line 499 of v2-0" in shown(app)
        await press(pilot, "escape", "i")
        assert isinstance(pilot.app.screen, JournalScreen)
        assert "v2 10% -> 30%" in shown(app)
        await press(pilot, "down")
        assert "v2 0% -> 10%" in "".join(
            s.text for li in app.screen.query_one("#details", ScrollText).lines for s in li
        )


async def test_help_lists_remapped_keys_and_why_some_do_not_apply() -> None:
    async with screen(keymap={"rollback": "b"}, size=(120, 60)) as (app, pilot):
        await press(pilot, "question_mark")
        text = shown(app)
        assert "b          roll back" in text
        assert "no Service to point" in text
        await press(pilot, "question_mark", "b")
        assert isinstance(app.screen, PlanDialog)


async def test_a_bad_keymap_is_told_when_the_app_starts() -> None:
    async with screen(keymap={"rolback": "b"}) as (app, _):
        assert "did you mean rollback" in said(app)


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (40, 10), (200, 60)])
async def test_every_size_shows_phase_shares_and_the_way_back(size: tuple[int, int]) -> None:
    async with screen(size=size) as (app, pilot):
        await press(pilot, "enter")
        text = shown(app)
        for word in ("canary", "USERS", "44%", "WRITTEN", "30%", "roll back"):
            assert word in text
        for pane in app.screen.query(Painted):
            assert pane.region.bottom <= size[1] or not pane.display
