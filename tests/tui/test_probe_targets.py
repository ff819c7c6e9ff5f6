"""Saying where a probe sends, key by key."""

from __future__ import annotations

from dataclasses import replace

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from cockpit.model.probe_target import ProbeTarget
from cockpit.model.view import Kept, RolloutView
from cockpit.tui.app import CockpitApp
from cockpit.tui.lines import plain
from cockpit.tui.probe_targets import TargetInput, address_of, asked_for, target_of
from cockpit.tui.screens.ask import LineForm
from cockpit.tui.screens.fleet import FleetScreen
from cockpit.tui.widgets.painted import Painted
from tests.tui.driving import press, screen
from tests.tui.fake import QUIET, FakeCockpit

ENTRANCE = ProbeTarget("", 443, "shop.example", "/version", tls=True)
AIMED = replace(ENTRANCE, address="10.0.0.9", port=8443)
WHY = "Ingress shop/web has no address in its status"


def closed(cockpit: FakeCockpit) -> RolloutView:
    """The first rollout, with all that requests ask for except an address."""
    view = cockpit.current.rollouts[0]
    shut = replace(view.rollout, probe_target=None, incomplete_target=ENTRANCE, probe_target_missing=WHY)
    cockpit.change(view.rollout.key.name, rollout=shut, probe=QUIET)
    return cockpit.current.rollouts[0]


async def fill(app: CockpitApp, pilot: Pilot[None], text: str) -> None:
    app.screen.query_one("#line", Input).value = text
    await press(pilot, "enter")


def shown(app: CockpitApp) -> str:
    return "\n".join(line for pane in app.screen.query(Painted) for line in plain(pane.lines))


def said(app: CockpitApp) -> str:
    return " | ".join(notification.message for notification in app._notifications)


async def test_an_address_is_remembered_and_the_probe_starts() -> None:
    cockpit = FakeCockpit()
    key = closed(cockpit).rollout.key
    async with screen(cockpit) as (app, pilot):
        await press(pilot, "O")
        assert f"{WHY}; requests ask for" in shown(app)
        assert "https://shop.example/version" in shown(app)
        assert "empty: derive the target from the objects" in shown(app)
        assert app.screen.query_one("#line", Input).value == ""
        await fill(app, pilot, "10.0.0.9:8443")
        assert isinstance(app.screen, FleetScreen)
        assert said(app) == ""
    assert cockpit.targets == [(key, AIMED)]
    assert cockpit.probes == [(key, True)]


async def test_the_probe_key_asks_where_to_send_when_nothing_says() -> None:
    cockpit = FakeCockpit()
    closed(cockpit)
    async with screen(cockpit) as (app, pilot):
        await press(pilot, "enter", "o")
        assert isinstance(app.screen, LineForm)
        await press(pilot, "escape")
    assert (cockpit.targets, cockpit.probes) == ([], [])


async def test_what_is_wrong_stays_in_the_form_until_it_is_right() -> None:
    cockpit = FakeCockpit()
    closed(cockpit)
    async with screen(cockpit) as (app, pilot):
        await press(pilot, "O")
        await fill(app, pilot, "10.0.0.9 header=Authorization=Bearer hush")
        assert isinstance(app.screen, LineForm)
        assert "word 2 after the address is none of proxy=" in shown(app)
        assert "in quotes" in shown(app).replace("\n", " ")
        await fill(app, pilot, "10.0.0.9")
    assert [probe_target for _, probe_target in cockpit.targets] == [replace(AIMED, port=443)]


async def test_empty_goes_back_to_what_is_derived() -> None:
    cockpit = FakeCockpit()
    view = cockpit.current.rollouts[0]
    cockpit.change(
        view.rollout.key.name, rollout=replace(view.rollout, probe_target=ProbeTarget("10.0.0.1", 80, "shop.example"))
    )
    async with screen(cockpit) as (app, pilot):
        await press(pilot, "O")
        assert "asks for http://web.shop.example/   (remembered)" in shown(app)
        assert app.screen.query_one("#line", Input).value == "10.0.0.9:80"
        await press(pilot, "backspace", "enter")
    assert cockpit.targets == [(view.rollout.key, None)]
    assert cockpit.probes == [(view.rollout.key, True)]


async def test_empty_where_nothing_is_derived_says_why_and_starts_nothing() -> None:
    cockpit = FakeCockpit()
    key = closed(cockpit).rollout.key
    async with screen(cockpit) as (app, pilot):
        await press(pilot, "O", "enter")
        assert WHY in said(app)
    assert (cockpit.targets, cockpit.probes) == ([(key, None)], [])


@pytest.mark.parametrize(
    ("kept", "words"),
    [
        (Kept("targets.json", ("Authorization",)), "not remembered, because secret: Authorization"),
        (Kept(problem="targets.json: cannot be written"), "not remembered: targets.json: cannot be written"),
    ],
)
async def test_what_is_not_remembered_is_told(kept: Kept, words: str) -> None:
    cockpit = FakeCockpit()
    cockpit.kept = kept
    key = closed(cockpit).rollout.key
    async with screen(cockpit) as (app, pilot):
        await press(pilot, "O")
        await fill(app, pilot, "10.0.0.9")
        assert words in said(app)
    assert cockpit.probes == [(key, True)]


def test_what_is_derived_anyway_is_not_remembered() -> None:
    view = closed(FakeCockpit())
    derived = ProbeTarget("fd00::1", 80, "shop.example")
    opened = replace(
        view,
        rollout=replace(view.rollout, probe_target=derived, incomplete_target=None),
        probe=replace(QUIET, probe_target=derived),
    )
    assert address_of(opened) == "[fd00::1]:80"
    assert asked_for(opened) == "asks for http://shop.example/"
    assert target_of(opened, address_of(opened)) == TargetInput(None)
    assert target_of(opened, "[fd00::2]") == TargetInput(replace(derived, address="fd00::2"))
