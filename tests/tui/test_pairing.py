"""Other people on the screen: who is here, who has the controls, what is asked, and going where they go."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cockpit.model.pairing import (
    ContextPairing,
    ControlsOrder,
    PairingView,
    Person,
    Pilot,
    PilotMode,
    Presence,
    Question,
    Wish,
)
from cockpit.model.refs import RolloutKey
from cockpit.model.view import FleetView
from cockpit.tui.people import news, people_words
from cockpit.tui.screens.ask import ChoiceForm, LineForm
from cockpit.tui.screens.pairing import controls_options
from cockpit.tui.screens.rollout import RolloutScreen
from tests.tui.driving import press, said, screen, shown
from tests.tui.fake import CONTEXT, START, FakeCockpit, fleet

KEY = fleet().rollouts[0].rollout.key
OTHER_KEY = fleet().rollouts[1].rollout.key
NAME = f"{KEY.namespace}/{KEY.name}"
ME, BEN = Person("ann", "desk", "me"), Person("ben", "laptop", "his")


def pilot(person: Person = BEN, mine: bool = False, **more: object) -> Pilot:
    return replace(Pilot(KEY, person, START, mine), **more)  # type: ignore[arg-type]


def pairing(*pilots: Pilot, ben_at: RolloutKey | None = KEY) -> PairingView:
    here = [Presence(ME, CONTEXT, KEY, START, True)]
    here += [Presence(BEN, CONTEXT, ben_at, START)] if ben_at else []
    return PairingView((ContextPairing(CONTEXT, PilotMode.STRICT),), tuple(here), pilots)


def view(of: PairingView) -> FleetView:
    return replace(fleet(), pairing=of)


@pytest.mark.parametrize(
    ("of", "words"),
    [
        (PairingView(), ""),
        (pairing(ben_at=None), ""),
        (pairing(), "you, ben"),
        (pairing(pilot()), "you (watching), ben (pilot)"),
        (pairing(pilot(silent=True)), "you (watching), ben (pilot, silent)"),
        (pairing(pilot(ME, True)), "you (pilot), ben (watching)"),
        (pairing(pilot(ME, True), ben_at=None), "you (pilot)"),
        (pairing(pilot(), ben_at=None), "you (watching), ben (pilot)"),
    ],
)
def test_the_first_line_says_who_is_here_and_who_flies(of: PairingView, words: str) -> None:
    assert people_words(of, KEY) == words


def test_many_people_are_counted() -> None:
    crowd = tuple(Presence(Person(f"p{n}", "", f"s{n}"), CONTEXT, KEY, START) for n in range(7))
    assert people_words(PairingView(here=crowd), KEY) == "you, p0, p1, p2 and 4 more"


def test_the_choices_follow_who_has_the_controls() -> None:
    def wishes(of: PairingView) -> list[Wish]:
        return [order.wish for _, order in controls_options(of, KEY)]

    assert wishes(pairing()) == [Wish.TAKE]
    assert wishes(pairing(pilot())) == [Wish.TAKE]
    assert wishes(pairing(pilot(offered="me"))) == [Wish.ACCEPT, Wish.DECLINE]
    assert wishes(pairing(pilot(ME, True))) == [Wish.OFFER, Wish.RELEASE]
    asked = pairing(pilot(ME, True, asked=Question(BEN, "users are hurt")))
    assert wishes(asked) == [Wish.OFFER, Wish.DECLINE, Wish.RELEASE]
    assert controls_options(asked, KEY)[0][0] == "hand them to ben on laptop, who asks: users are hurt"


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        (pairing(), pairing(pilot()), [(f"ben on laptop has the controls of {NAME}", False)]),
        (
            pairing(pilot(ME, True)),
            pairing(pilot(reason="pager")),
            [(f"ben on laptop has the controls of {NAME} (pager)", True)],
        ),
        (
            pairing(pilot()),
            pairing(pilot(offered="me")),
            [(f"ben on laptop offers you the controls of {NAME}; K accepts", True)],
        ),
        (pairing(pilot()), pairing(pilot(offered="somebody else")), []),
        (
            pairing(pilot(ME, True)),
            pairing(pilot(ME, True, asked=Question(BEN, "pager"))),
            [(f"ben on laptop asks for the controls of {NAME}: pager; K answers", True)],
        ),
        (pairing(pilot()), pairing(), [(f"the controls of {NAME} are free", False)]),
        (pairing(pilot(ME, True)), pairing(), []),
        (pairing(pilot()), pairing(pilot()), []),
    ],
)
def test_news_are_told_once(before: PairingView, after: PairingView, words: list[tuple[str, bool]]) -> None:
    assert list(news(before, after, "K")) == words


async def test_the_key_takes_what_is_free() -> None:
    cockpit = FakeCockpit(view(pairing(ben_at=None)))
    async with screen(cockpit) as (app, run):
        await press(run, "K")
        assert isinstance(app.screen, ChoiceForm)
        await press(run, "enter")
    assert cockpit.orders == [(KEY, ControlsOrder(Wish.TAKE))]


async def test_who_asks_says_why() -> None:
    cockpit = FakeCockpit(view(pairing(pilot())))
    async with screen(cockpit) as (app, run):
        await press(run, "K", "enter")
        assert isinstance(app.screen, LineForm)
        await press(run, "enter")
        assert cockpit.orders == [], "not without a reason"
        await press(run, *"pager", "enter")
    assert [(order.wish, order.reason) for _, order in cockpit.orders] == [(Wish.TAKE, "pager")]


async def test_the_keys_are_shown_where_pairing_is_on() -> None:
    for of, there in ((pairing(), True), (PairingView(), False)):
        async with screen(FakeCockpit(view(of)), size=(120, 36)) as (app, _):
            assert ("who is here" in shown(app)) is there


async def test_off_is_said_and_nothing_is_asked() -> None:
    cockpit = FakeCockpit()
    async with screen(cockpit) as (app, run):
        await press(run, "K")
        assert "pairing is off" in said(app)
        await press(run, "H")
    assert cockpit.orders == []


async def test_going_where_somebody_is() -> None:
    async with screen(FakeCockpit(view(pairing(ben_at=OTHER_KEY)))) as (app, run):
        await press(run, "H")
        assert f"ben on laptop looks at {OTHER_KEY.namespace}/{OTHER_KEY.name}" in shown(app)
        await press(run, "enter")
        assert isinstance(app.screen, RolloutScreen)
        assert app.screen.key == OTHER_KEY


async def test_following_keeps_both_on_one_rollout() -> None:
    cockpit = FakeCockpit(view(pairing(ben_at=KEY)))
    async with screen(cockpit) as (app, run):
        await press(run, "H", "2", "enter")
        cockpit.publish(view(pairing(ben_at=OTHER_KEY)))
        await run.pause()
        assert isinstance(app.screen, RolloutScreen)
        assert app.screen.key == OTHER_KEY
        cockpit.publish(view(pairing(ben_at=None)))
        await run.pause()
        assert "has left" in said(app)


async def test_a_missing_right_is_said_once() -> None:
    lacking = replace(pairing(), contexts=(ContextPairing(CONTEXT, PilotMode.ADVISORY, unseen="no right to leases"),))
    cockpit = FakeCockpit(view(lacking))
    async with screen(cockpit) as (app, run):
        for _ in range(3):
            cockpit.publish(view(lacking))
            await run.pause()
        assert said(app).split(" | ").count("no right to leases") == 1


async def test_hostile_names_are_only_text() -> None:
    bad = Person("[red]x[/]\x1b[31m", "", "his")
    of = replace(pairing(), here=(Presence(ME, CONTEXT, KEY, START, True), Presence(bad, CONTEXT, KEY, START)))
    async with screen(FakeCockpit(view(of)), size=(120, 36)) as (app, _):
        assert "you, [red]x[/]" in shown(app)
