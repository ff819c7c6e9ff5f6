"""What the rollout screen says of real users' requests."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC

from hypothesis import given
from hypothesis import strategies as st

from cockpit.model.health import Level
from cockpit.model.real_traffic import RealTraffic, RealView
from cockpit.model.rollout import Share
from cockpit.session.facts.real_traffic import with_real
from cockpit.tui.app import CockpitApp
from cockpit.tui.glyphs import ASCII, UNICODE
from cockpit.tui.lines import plain, width_of
from cockpit.tui.real_words import real_cells, real_line, real_words
from cockpit.tui.widgets.shares import Shares
from tests.tui.driving import rest
from tests.tui.driving import shown as screen_text
from tests.tui.fake import CONTEXT, START, FakeCockpit, fleet, lane

SLOTS = {"v1": 0, "v2": 1}
V1 = RealTraffic("v1", 3000.0, 0.0, 120, 0.75, 24.0, 49.0, 26.0, START)
V2 = RealTraffic("v2", 1000.0, 30.0, 120, 0.25, None, None, 180.0, START, failing=Level.ALARM)
REAL = RealView("http://prometheus", "Istio", START, START + 5, False, (V1, V2))


def share(real: RealTraffic | None) -> Share:
    return Share("v2", 0.25, 0.25, real=real)


def test_a_share_in_words_and_in_cells() -> None:
    assert real_words(share(V2)) == "25%, 3% errors, mean 180 ms"
    assert real_words(share(V1)) == "75%, 0% errors, p99 49 ms"
    assert real_words(share(None)) == ""
    assert real_cells(share(V2)).style == "risk"
    assert real_cells(share(replace(V2, stale=True))).style == "quiet"
    assert real_words(share(RealTraffic("v2", 0.0, 0.0, 120))) == "no requests"


def test_one_line_tells_each_version() -> None:
    drawn = real_line(with_real([lane(0.25, 0.25)], REAL), REAL, SLOTS, 100, UNICODE)
    assert drawn
    (text,) = plain([drawn])
    assert text.strip() == "real users  v1 75%, 0% errors, p99 49 ms   v2 25%, 3% errors, mean 180 ms"
    assert real_line([lane(0.25, 0.25)], None, SLOTS, 100, UNICODE) is None


def test_what_is_stale_or_missing_is_said() -> None:
    stale = replace(REAL, stale=True)
    drawn = real_line([], stale, SLOTS, 100, ASCII)
    assert drawn
    assert "stale: no data since 00:00:00 UTC" in plain([drawn])[0]
    problem = real_line([], RealView("", problem="no Prometheus was found\x1b[31m"), SLOTS, 100, ASCII)
    assert problem
    assert plain([problem])[0].rstrip() == " real users  no Prometheus was found"
    untold = real_line([], replace(REAL, traffic=(replace(V2, version=""),)), SLOTS, 100, ASCII)
    assert untold
    assert "1.0k requests, version not told, 3% errors" in plain([untold])[0]


@given(st.text(max_size=80), st.integers(1, 200))
def test_the_line_fits(name: str, width: int) -> None:
    shown = with_real([lane(0.25, 0.25)], REAL)
    named = [replace(each, shares=tuple(replace(s, version=name) for s in each.shares)) for each in shown]
    drawn = real_line(named, REAL, {}, width, UNICODE)
    assert drawn
    assert width_of(drawn) <= width


async def test_the_rollout_screen_shows_it_and_keeps_every_pane() -> None:
    cockpit = FakeCockpit()
    app = CockpitApp(cockpit, zone=UTC, now=lambda: START + 300)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("enter")
        await rest(pilot)
        before = app.screen.query_one(Shares).size.height
        (shown, *_) = fleet().rollouts
        lanes = with_real(shown.rollout.lanes, REAL)
        cockpit.change(shown.rollout.key.name, START + 60, real=REAL, rollout=replace(shown.rollout, lanes=lanes))
        await rest(pilot)
        assert app.screen.query_one(Shares).size.height == before + 1
        text = screen_text(app)
        assert "real users  v1 75%" in text
        assert "3% errors" in text


async def test_the_palette_asks_for_prometheus_in_every_context() -> None:
    cockpit = FakeCockpit()
    app = CockpitApp(cockpit, zone=UTC, now=lambda: START + 300)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("colon", *"prometheus", "enter")
        await rest(pilot)
        assert cockpit.prometheus == [(CONTEXT,)]
