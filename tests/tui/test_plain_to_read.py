"""What must be told without colour, in little room, and in one way."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.model.health import Health, RolloutHealth
from cockpit.model.rollout import Finding, Phase, Role, Severity
from cockpit.model.text import safe_text
from cockpit.model.view import RolloutView
from cockpit.tui.app import CockpitApp
from cockpit.tui.glyphs import ASCII, UNICODE, Glyphs
from cockpit.tui.keys import remapped
from cockpit.tui.lines import Span, fit_end, fit_middle, plain, told_apart, width_of, wrap_line
from cockpit.tui.order import VersionOrder
from cockpit.tui.screens.help import help_lines
from cockpit.tui.screens.text import FindingsText
from cockpit.tui.text import local_times
from cockpit.tui.widgets.header_bar import probe_words
from cockpit.tui.widgets.health_panel import HealthPanel
from cockpit.tui.widgets.rollout_row import Surroundings, columns, release_words, row
from tests.tui.driving import press, rest, said, screen, shown
from tests.tui.fake import START, FakeCockpit, fleet, lane, rollout, version
from tests.tui.terminal import until

SIZES = [(80, 24), (120, 36)]


def line_of(name: str, text: str) -> str:
    return next(line for line in text.splitlines() if name in line)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(("glyphs", "mark"), [("unicode", "▸"), ("ascii", ">")])
async def test_the_button_that_enter_presses_is_marked(size: tuple[int, int], glyphs: str, mark: str) -> None:
    async with screen(size=size, glyphs=glyphs) as (app, pilot):
        await press(pilot, "r")
        labels = [str(app.screen.query_one(id).render()).strip() for id in ("#cancel", "#send")]
        assert labels == ["Cancel", f"{mark} Send"]
        await press(pilot, "left")
        labels = [str(app.screen.query_one(id).render()).strip() for id in ("#cancel", "#send")]
        assert labels == [f"{mark} Cancel", "Send"]


@pytest.mark.parametrize("size", SIZES)
async def test_tab_moves_a_mark_from_pane_to_pane(size: tuple[int, int]) -> None:
    async with screen(size=size) as (app, pilot):
        await press(pilot, "enter")
        assert "▸ v1" in shown(app)
        await press(pilot, "tab")
        assert "▸" not in line_of("stable", shown(app))
        assert "▸00:01:01" in shown(app)


async def test_versions_keep_their_order_when_their_roles_change() -> None:
    cockpit = FakeCockpit()
    async with screen(cockpit, size=(120, 36)) as (app, pilot):
        assert "v1 → v2" in line_of("http-server", shown(app))
        http = cockpit.current.rollouts[0].rollout
        turned = tuple(
            replace(each, role=Role.STABLE if each.role is Role.CANARY else Role.CANARY)
            for each in reversed(http.versions)
        )
        lanes = tuple(replace(each, shares=each.shares[::-1]) for each in http.lanes)
        cockpit.change("http-server", at=START + 900, rollout=replace(http, versions=turned, lanes=lanes))
        await rest(pilot)
        assert "v2 → v1" in line_of("http-server", shown(app)), "the release goes the other way"
        await press(pilot, "enter")
        first, second = (line_of(name, shown(app)) for name in ("v1 canary", "v2 stable"))
        assert "70%" in first
        assert "30%" in second
        assert shown(app).index(first) < shown(app).index(second)


def test_the_base_of_a_release_comes_first_and_what_did_not_change_stays_the_same_object() -> None:
    view = fleet()
    http = view.rollouts[0].rollout
    reverse = replace(view.rollouts[0], rollout=replace(http, versions=http.versions[::-1]))
    order = VersionOrder()
    first = order.apply(replace(view, rollouts=(reverse, *view.rollouts[1:])))
    assert [each.name for each in first.rollouts[0].rollout.versions] == ["v1", "v2"]
    assert first.rollouts[1] is view.rollouts[1]
    assert order.apply(replace(view, rollouts=(reverse,))).rollouts[0] is first.rollouts[0]


def test_a_release_is_told_with_the_ends_of_its_versions() -> None:
    def told(old: str, new: str, width: int) -> str:
        shares = tuple(
            replace(share, version=name) for share, name in zip(lane(0.3, 0.3).shares, (old, new), strict=True)
        )
        both = (version(old, Role.STABLE, 3, 3), version(new, Role.CANARY, 1, 2))
        web = rollout("web", "argo", Phase.CANARY, (replace(lane(0.3, 0.3), shares=shares),), versions=both)
        return release_words(web, width, UNICODE).rstrip()

    assert told("v1", "v2", 13) == "v1 → v2"
    assert told("1.10.1", "1.10.2", 13) == "…10.1 → …10.2"
    assert told("details-v1", "details-v2", 13) == "…v1 → …v2"
    assert told("v1", "podinfo-6.1.0", 13) == "v1 → …6.1.0"


@given(st.text(min_size=1, max_size=40), st.text(min_size=1, max_size=40), st.integers(9, 40))
def test_any_release_fits_its_column(old: str, new: str, width: int) -> None:
    both = (version(old, Role.STABLE, 0, 0), version(new, Role.CANARY, 0, 0))
    web = rollout("web", "x", Phase.CANARY, (), versions=both)
    assert width_of((Span(release_words(web, width, UNICODE)),)) == width


def test_names_that_no_column_holds_stay_apart() -> None:
    names = [f"checkout-backend-for-the-apps-{n}-of-the-european-shops" for n in range(3)]
    found = told_apart([*names, "web"], 25)
    assert len(set(found.values())) == len(found) == 3
    assert all(width_of((Span(cut),)) <= 25 for cut in found.values())
    assert told_apart(["a" * 40, "b" * 40], 25) == {}


def test_long_names_stay_apart_in_80_columns() -> None:
    shares = tuple(
        replace(share, version=name) for share, name in zip(lane(1, 1).shares, ("1.10.1", "1.10.2"), strict=True)
    )
    long = rollout("rollouts-demo", "argo", Phase.CANARY, (replace(lane(1, 1), shares=shares),))
    long = replace(long, key=replace(long.key, namespace="argo-rollouts-of-the-shop"),
                   versions=(version("1.10.1", Role.STABLE, 1, 1), version("1.10.2", Role.CANARY, 1, 1)))  # fmt: skip
    view = RolloutView(long, fleet().rollouts[0].probe)
    (text,) = plain([row(view, columns(78), UNICODE, Surroundings(namespaces=True), None, START)])
    assert "argo-…-shop/rollouts-demo" in text
    assert "…10.1 → …10.2" in text


@given(st.text(alphabet=st.characters(categories=["L", "N"])), st.integers(1, 30))
def test_what_is_cut_has_its_width(text: str, width: int) -> None:
    for cut in (fit_end(text, width), fit_middle(text, width)):
        assert width_of((Span(cut),)) == width


def test_images_keep_their_tags() -> None:
    assert fit_end("http-server-of-the-shop:v1", 12) == "…the-shop:v1"


async def test_long_findings_take_two_lines_and_enter_shows_them_in_full() -> None:
    cockpit = FakeCockpit()
    text = "the canary gets requests that no rule sends there, " * 6 + "until 2026-01-01T00:12:30Z"
    http = cockpit.current.rollouts[0].rollout
    changed = replace(http, findings=(Finding("x", Severity.WARNING, text),))
    cockpit.change("http-server", rollout=changed, health=RolloutHealth(Health.DOUBTFUL, text))
    async with screen(cockpit) as (app, pilot):
        await press(pilot, "down", "enter")
        pane = app.screen.query_one(HealthPanel)
        assert len(pane.lines) == 2 + 3 + 1, "frame, reason, way back"
        assert plain(pane.lines)[-1].endswith("enter: in full ─╯")
        assert all(width_of(line) <= 80 for line in pane.lines)
        await press(pilot, "enter")
        assert isinstance(app.screen, FindingsText)
        assert "until 00:12:30" in " ".join(shown(app).split())
        await press(pilot, "escape")
        assert "no rule sends there" in shown(app)


async def test_a_newer_refusal_takes_the_place_of_the_older_and_covers_no_version() -> None:
    app = CockpitApp(FakeCockpit(), zone=UTC, now=lambda: START + 300)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await press(pilot, "enter")
        for key in ("f", "x", "s"):
            await press(pilot, key)
        assert "jump does not exist" in said(app)
        assert "|" not in said(app)
        await until(lambda: bool(app.screen.query("Toast")) and app.screen.query("Toast").first().region.height > 0)
        (toast,) = app.screen.query("Toast")
        assert toast.region.y >= app.screen.query_one("ProbeStrip").region.bottom
        app.refuse("no such thing exists here, and the reason for it is long. " * 9)
        await rest(pilot)
        await until(lambda: app.screen.query("Toast").first().region.height > 1)
        (toast,) = app.screen.query("Toast")
        assert toast.region.y >= app.screen.query_one("ProbeStrip").region.bottom


async def test_an_outcome_is_not_taken_away_by_a_refusal() -> None:
    async with screen() as (app, pilot):
        app.notify("rolled back", severity="information")
        await press(pilot, "x")
        assert "rolled back" in said(app)


@pytest.mark.parametrize("glyphs", [UNICODE, ASCII])
def test_the_help_tells_every_verdict(glyphs: Glyphs) -> None:
    lines = "\n".join(plain(help_lines(remapped({}), lambda key: "", glyphs, 80)))
    told = lines[lines.index("health: ") :]
    words = ("hurt", "doubtful", "not measured", "fine", "as written", "OFF", "measuring", "stopped")
    assert all(f" {word} " in told for word in words)


@pytest.mark.parametrize("keys", [(), ("enter",)])
async def test_errors_without_a_finding_are_no_good_news(keys: tuple[str, ...]) -> None:
    view = fleet()
    calm = view.rollouts[1]
    health = RolloutHealth(Health.NOT_MEASURED, "9 more answers of v2 needed")
    seen = replace(calm, probe=replace(calm.probe, errors=4, total=170), health=health)
    async with screen(FakeCockpit(replace(view, rollouts=(seen,)))) as (app, pilot):
        await press(pilot, *keys)
        assert "4 errors among 170 answers so far" in shown(app)


def test_the_rate_of_several_probes_is_told_as_theirs_together() -> None:
    views = fleet().rollouts
    assert probe_words(views[:1]) == "probe 12/s"
    assert probe_words(views[:2]) == "probe 24/s in all"


def test_every_moment_is_told_in_the_time_of_the_screen() -> None:
    east = timezone(timedelta(hours=2))
    words = "stale since 00:00:11 UTC, until 2026-01-01T00:12:30Z, from 2025-12-30T10:00:00.5Z"
    assert local_times(words, START, UTC) == "stale since 00:00:11, until 00:12:30, from 2025-12-30 10:00:00"
    assert local_times(words, START, east) == "stale since 02:00:11, until 02:12:30, from 2025-12-30 12:00:00"
    assert local_times("until 2026-99-01T00:12:30Z, 99:00:00 UTC", START, UTC).startswith("until 2026-99-01T")


@given(st.lists(st.text(max_size=60), max_size=6), st.integers(20, 120))
def test_wrapped_lines_fit_and_lose_no_word(texts: list[str], width: int) -> None:
    line = tuple(Span(safe_text(text)) for text in texts)
    wrapped = wrap_line(line, width, 4)
    assert all(width_of(each) <= width for each in wrapped)
    kept = "".join(span.text for each in wrapped for span in each)
    assert "".join(kept.split()) == "".join("".join(span.text for span in line).split())
