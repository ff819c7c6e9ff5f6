"""Text of a cluster that means to be markup or to move a cursor, wherever it is shown."""

from __future__ import annotations

import json
from dataclasses import replace

from textual.widgets import Button, Input

from cockpit.model.plan import Act, Refused
from cockpit.model.refs import RolloutKey
from cockpit.model.rollout import Finding, Phase, Severity
from cockpit.model.view import Prepared
from cockpit.tui.app import CockpitApp
from cockpit.tui.messages import ActionRequested
from cockpit.tui.screens.ask import WeightForm
from cockpit.tui.snapshot import as_json
from tests.tui.driving import press, rest, said, screen
from tests.tui.fake import START, FakeCockpit, acts, cluster, fleet, rollout
from tests.tui.plans import plan_of

HOSTILE = "[/foo] [red]x\x1b[31m\x1b]0;pwned\x07 \u202egnp.exe\u2069 $(rm) {x}"


async def test_text_of_the_cluster_is_neither_markup_nor_escapes() -> None:
    cockpit = FakeCockpit()
    key = RolloutKey(f"ctx{HOSTILE}", "shop", f"web{HOSTILE}", "ingress")
    finding = Finding("x", Severity.CRITICAL, HOSTILE, HOSTILE)
    hostile = replace(
        rollout("web", "ingress", Phase.CANARY, fleet().rollouts[0].rollout.lanes),
        key=key, message=HOSTILE, findings=(finding,),
    )  # fmt: skip
    first = replace(fleet().rollouts[0], rollout=hostile)
    cockpit.current = replace(fleet(), clusters=(cluster(message=HOSTILE, context=key.context),), rollouts=(first,))
    cockpit.texts["yaml"] = HOSTILE
    cockpit.answer = lambda key, ask: Refused(ask.act, key, HOSTILE)
    async with screen(cockpit) as (app, pilot):
        for keys in (("enter",), ("y",), ("escape", "r"), ("escape", "f"), ("question_mark",), ("escape", "colon")):
            await press(pilot, *keys)
            drawn = "".join(segment.text for strip in app.screen._compositor.render_strips() for segment in strip)
            assert "\x1b" not in drawn
            assert "\u202e" not in drawn
        await press(pilot, "escape", "w")
        assert isinstance(app.screen, WeightForm)


def visible(app: CockpitApp) -> str:
    """Every character that goes to the terminal, notices and fields included."""
    return "".join(segment.text for strip in app.screen._compositor.render_strips() for segment in strip)


async def test_notices_and_fields_show_a_hostile_name_as_text() -> None:
    cockpit = FakeCockpit()
    usual = fleet().rollouts[0].rollout
    key = replace(usual.key, name="web\x1b[31m[red]\u202e")
    hostile = replace(usual, key=key, acts=acts(Act.ROLLBACK, why=HOSTILE), versions=())
    cockpit.current = replace(fleet(), rollouts=(replace(fleet().rollouts[0], rollout=hostile),))
    cockpit.answer = lambda key, ask: Prepared(plan_of(key, ask, False, final=True), (), production=True)
    async with screen(cockpit) as (app, pilot):
        heard = ""
        for pressed in (("w",), ("s",), ("enter", "l")):
            await press(pilot, *pressed)
            heard += said(app)
        await press(pilot, "r")
        name = app.screen.query_one("#name", Input)
        assert name.placeholder == "type web[red] to send"
        name.value = "web[red]"
        await rest(pilot)
        assert not app.screen.query_one("#send", Button).disabled
        await press(pilot, "escape")
        cockpit.publish(replace(cockpit.current, at=START + 400, rollouts=()))
        await rest(pilot)
        app.post_message(ActionRequested(key, Act.ROLLBACK))
        await rest(pilot)
        for words in ("web[red]: [/foo] [red]x", "jump does not exist", "no pod to read", "this rollout is gone"):
            assert words in heard + said(app)
        assert heard.count("web[red]") == 3
        assert said(app).count("web[red]") == 2
        for text in (heard, said(app), visible(app)):
            assert not {"\x1b", "\u202e"} & set(text)


def test_saved_facts_are_what_they_are_and_move_no_terminal() -> None:
    facts = {"labels": {"k": "\x9b5m\x7f\u202e\u0000 語 \U000e0041"}}
    saved = as_json(facts)
    assert json.loads(saved) == facts
    assert "語" in saved.decode()
    assert saved.decode().replace("\n", "").isprintable()
