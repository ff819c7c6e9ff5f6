"""The fleet's screen: groups that fold, a cursor in sight, the pane of its rollout, what it says when empty."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.model.guard import GuardOrder, GuardState, GuardView
from cockpit.model.plan import Act, ActState
from cockpit.model.rollout import Lane, Share, Verdict
from cockpit.model.view import FleetView, RolloutView, Sync, Undoing
from cockpit.tui.brief import Facts, brief_lines
from cockpit.tui.fleet_layout import places
from cockpit.tui.glyphs import ASCII, UNICODE, Glyphs
from cockpit.tui.keys import remapped
from cockpit.tui.lines import plain, width_of
from cockpit.tui.widgets.brief_pane import BriefPane
from cockpit.tui.widgets.rollout_row import columns, release_words
from cockpit.tui.widgets.rollout_table import RolloutTable
from tests.tui.driving import press, rest, said, screen, shown
from tests.tui.fake import FINE, START, FakeCockpit, cluster, fleet, lane
from tests.tui.fleets import (
    NOW,
    PICTURED,
    chinese,
    hurt,
    many,
    moving,
    no_rows,
    placed,
    plain_at_rest,
    resting,
    unmeasured,
    usual,
    waiting,
)
from tests.tui.scenes import FLEETS


def brief(
    view: RolloutView, width: int = 76, height: int = 3, *, read_only: bool = False, **parts: object
) -> list[str]:
    facts = Facts(view, (), read_only, remapped({}), UNICODE, NOW)
    return plain(brief_lines(replace(facts, **parts), width, height))  # type: ignore[arg-type]


def table_lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith(("╭", "│", "├", "╰"))]


async def test_what_needs_somebody_comes_first_and_says_why_and_since_when() -> None:
    async with screen(FakeCockpit(usual())) as (app, _):
        lines = table_lines(shown(app))
        assert lines[0].startswith("╭ needs you · 2 ─")
        assert lines[2] == "│▸ ✗ payments/pay              v1 → v2       ██░░░░░░░  26% errors 21%       – │"
        assert lines[3] == "│  ◆ argo-canary/cart          v1 → v2       ██░░░░░░░  20% approve        14m │"
        assert lines[4].startswith("├ moving · 2 ─")
        assert lines[6] == "│  ‖ argo/rollouts-demo        v1 → v2       written 30%    step 4/6         – │"
        assert lines[7].startswith("├ at rest · 6 ─")
        assert "│  ▲ mail/mail " in lines[8], "what has a warning comes first"
        assert "│  ○ billing/api " in lines[11]
        assert "10 rollouts · measuring 4" in shown(app).splitlines()[0]


@pytest.mark.parametrize(("width", "room"), [(80, 78), (120, 78), (200, 116)])
async def test_headings_stand_over_their_columns(width: int, room: int) -> None:
    async with screen(FakeCockpit(usual()), (width, 36)) as (app, _):
        table = app.screen.query_one(RolloutTable)
        assert table.size.width == room + 2
        _, head, first, *_ = plain(table.lines)
        layout = columns(room)
        assert first.index("v1 → v2") == head.index("RELEASE") == 5 + layout.name + 1
        assert first.index("██") == head.index("USERS")
        assert first.index("errors 21%") == head.index("WHY")
        assert head.rstrip("│ ").endswith("SINCE")


def test_columns_depend_on_the_width_alone_and_the_name_is_cut_last() -> None:
    for width in range(1, 240):
        layout = columns(width)
        assert layout.name >= 1
        if layout.release:
            assert layout.users
        if layout.users:
            assert layout.why
    assert columns(78).name >= 24
    assert all(columns(width).name >= 10 for width in range(16, 240))


async def test_at_rest_folds_where_there_is_no_room_and_the_cursor_is_never_hidden() -> None:
    async with screen(FakeCockpit(many(60))) as (app, pilot):
        table = app.screen.query_one(RolloutTable)
        assert "at rest · 51 ─" in shown(app)
        assert "51 more · F unfolds" in shown(app)
        await press(pilot, "F")
        assert "more · F unfolds" not in shown(app)
        assert "─ F folds ─" in shown(app)
        await press(pilot, "end")
        assert table.current is not None
        assert table.current.rollout.key.name in shown(app)
        await press(pilot, "F")
        assert table.current.rollout.key.name in shown(app)
        assert "50 more · F unfolds" in shown(app)


async def test_a_rollout_that_comes_to_rest_under_the_cursor_stays_in_sight() -> None:
    cockpit = FakeCockpit(many(60))
    async with screen(cockpit) as (app, pilot):
        table = app.screen.query_one(RolloutTable)
        await press(pilot, *["down"] * 6)
        current = table.current
        assert current is not None
        still = plain_at_rest("x")
        rested = replace(still, rollout=replace(still.rollout, key=current.rollout.key))
        views = tuple(rested if each is current else each for each in cockpit.current.rollouts)
        cockpit.publish(replace(cockpit.current, rollouts=views, at=START + 900))
        await rest(pilot)
        assert table.selected == current.rollout.key
        assert any("▸" in line and current.rollout.key.name in line for line in table_lines(shown(app)))


async def test_the_cursor_settles_on_the_first_row_of_a_first_look_and_then_stays_on_its_rollout() -> None:
    now, every = [START], usual()
    cockpit = FakeCockpit(replace(every, rollouts=every.rollouts[:1], at=START))
    async with screen(cockpit, now=lambda: now[0]) as (app, pilot):
        table = app.screen.query_one(RolloutTable)
        assert table.selected is not None
        assert table.selected.name == "demo-service"
        now[0] += 2
        cockpit.publish(replace(every, at=now[0]))
        await rest(pilot)
        assert table.selected.name == "pay"
        now[0] += 10
        calm = replace(every.rollouts[3], health=FINE, rollout=replace(every.rollouts[3].rollout, findings=()))
        views = tuple(calm if each is every.rollouts[3] else each for each in every.rollouts)
        cockpit.publish(replace(every, rollouts=views, at=now[0]))
        await rest(pilot)
        assert table.selected.name == "pay"
        assert table.rows[0].rollout.key.name == "cart"


async def test_walking_past_the_last_folded_row_unfolds_and_an_explicit_fold_stops_the_cursor() -> None:
    async with screen(FakeCockpit(many(60))) as (app, pilot):
        table = app.screen.query_one(RolloutTable)
        await press(pilot, *["down"] * 12)
        assert "F folds" in shown(app)
        await press(pilot, "home", "F")
        assert "51 more · F unfolds" in shown(app)
        await press(pilot, "end")
        assert table.current is not None
        assert table.current.rollout.key.name.startswith("release")
        await press(pilot, "Z", "F")
        assert "nothing folds here" in said(app)


async def test_a_filter_unfolds_what_it_finds() -> None:
    async with screen(FakeCockpit(many(60))) as (app, pilot):
        await press(pilot, "slash", *"service-05", "enter")
        assert "service-059" in shown(app)
        assert "unfolds" not in shown(app)
        await press(pilot, "slash", *"zz")
        assert "no rollout matches" in shown(app)
        assert "esc clears the filter" in shown(app)


async def test_the_frame_counts_the_rows_and_shows_where_the_list_stands() -> None:
    async with screen(FakeCockpit(many(500, 25))) as (app, pilot):
        assert "1 of 500" in shown(app)
        thumb = [line.endswith("┃") for line in plain(app.screen.query_one(RolloutTable).lines)]
        assert any(thumb)
        await press(pilot, "end")
        assert "500 of 500" in shown(app)
        moved = [line.endswith("┃") for line in plain(app.screen.query_one(RolloutTable).lines)]
        assert moved.index(True) > thumb.index(True)


async def test_rows_are_sorted_by_the_next_column_and_grouped_by_the_next_thing() -> None:
    async with screen(FakeCockpit(usual())) as (app, pilot):
        table = app.screen.query_one(RolloutTable)
        assert "WHY▾" in shown(app)
        await press(pilot, "z")
        assert "ROLLOUT▾" in shown(app)
        assert [view.rollout.key.name for view in table.rows[:2]] == ["cart", "pay"]
        assert table.selected is not None
        assert table.selected.name == "pay", "the cursor stays on its rollout"
        await press(pilot, "Z")
        assert "╭ argo · 1 ─" in shown(app)
        await press(pilot, "Z", "Z")
        assert "├ flagger · 1 ─" in shown(app)
        await press(pilot, "Z")
        assert "╭ needs you · 2 ─" in shown(app)


async def test_the_pane_follows_the_cursor_below_and_beside() -> None:
    for size, beside in (((80, 24), False), ((120, 36), True)):
        async with screen(FakeCockpit(usual()), size) as (app, pilot):
            pane, table = app.screen.query_one(BriefPane), app.screen.query_one(RolloutTable)
            assert (pane.region.x > table.region.x) is beside
            assert plain(pane.lines)[0].startswith("╭ payments/pay ─")
            await press(pilot, "down")
            assert plain(pane.lines)[0].startswith("╭ argo-canary/cart ─")
            assert "a approves it" in " ".join(shown(app).split())


def test_the_brief_says_what_is_wrong_what_users_get_and_the_way_back() -> None:
    assert brief(hurt()) == [
        " ✗ v2 fails 21% of its requests, v1 none; v2 takes 254 ms, v1 24 ms",
        "   v2: written 25%, users get 26% ±4: the split is as written",
        "   back: r sends everyone to v1, u undoes it",
    ]
    assert brief(waiting())[0] == " ◆ step 2 of 6 waits for approval (pause); a approves it"
    assert brief(waiting())[2] == "   back: r sends everyone to v1, x aborts the release"
    assert brief(hurt(), read_only=True)[2].startswith("   back: no roll back: this session is read-only")
    # An act that its system offers is named with its key; nothing is promised that the acts do not say.
    aborts = replace(
        moving().rollout, acts=(ActState(Act.ABORT, True), ActState(Act.ROLLBACK, False, "it is under way"))
    )
    assert brief(replace(moving(), rollout=aborts))[2] == "   back: x aborts the release"
    listed = replace(
        hurt().rollout, acts=(*hurt().rollout.acts, ActState(Act.RESTART, False, "there is no controller"))
    )
    assert brief(replace(hurt(), rollout=listed))[2] == "   back: r sends everyone to v1, u undoes it"
    assert brief(plain_at_rest("web"))[2] == "   back: no roll back: no earlier revision"


def test_the_brief_promises_no_undo_of_an_act_that_cannot_be_undone() -> None:
    sent = replace(waiting(), undoing=Undoing("approve step 2"))
    assert brief(sent, 90)[2] == "   back: r sends everyone to v1, x aborts the release, u undoes 'approve step 2'"
    never = replace(sent, denied=((Act.UNDO, "this act cannot be undone; instead: abort"),))
    assert brief(never)[2] == "   back: r sends everyone to v1, x aborts the release"
    assert brief(replace(hurt(), undoing=Undoing("finish"), denied=((Act.UNDO, "it is gone"),)))[2].endswith("to v1")
    claimed = replace(hurt(), undoing=Undoing("v2 25%", by="ann"))
    assert "u undoes 'v2 25%', as an Event tells" in " ".join(" ".join(brief(claimed, height=4)).split())


def test_the_brief_keeps_the_way_back_in_little_room() -> None:
    for width in range(30, 80, 7):
        lines = brief(hurt(), width)
        assert len(lines) <= 3
        assert any("back:" in line for line in lines)
    assert "back:" in brief(hurt(), 76, 2)[1]
    assert len(brief(hurt(), 76, 1)) == 1


def test_the_brief_says_that_the_split_is_off_or_only_written() -> None:
    off = replace(hurt(), rollout=replace(hurt().rollout, lanes=(lane(0.25, 0.44, verdict=Verdict.OFF),)))
    assert "users get 44% ±3: the split is not as written" in brief(off)[1]
    assert brief(unmeasured())[1] == "   v2: written 30%, what users get is not measured"
    derived = plain_at_rest("web")
    assert brief(derived)[1] == "   v1: its pods stand for 100%, what users get is not measured"
    told = Lane("default", "", (Share("v1", 0.9, 0.8), Share("v2", 0.1, 0.2)))
    differs = replace(hurt(), rollout=replace(hurt().rollout, lanes=(told,)))
    assert "v2: written 20% of 10% declared" in brief(differs)[1]


def test_a_guard_that_asks_says_what_it_saw() -> None:
    guard = GuardView(GuardOrder(), "ann", START, None, state=GuardState.PROPOSING, words="v2 fails 27%", way=Act.ABORT)
    assert brief(replace(moving(), guard=guard))[0] == " ◆ guard proposes: v2 fails 27%"


@given(st.sampled_from(sorted(FLEETS)), st.integers(4, 120), st.integers(1, 40), st.sampled_from([UNICODE, ASCII]))
def test_any_brief_fits(name: str, width: int, height: int, glyphs: Glyphs) -> None:
    for view in FLEETS[name].rollouts[:12]:
        facts = Facts(view, FLEETS[name].journal, False, remapped({}), glyphs, NOW)
        assert 1 <= len(brief_lines(facts, width, height)) <= height


@pytest.mark.parametrize(
    ("view", "told"),
    [
        (no_rows(Sync.CONNECTING), "prod-eu: connecting to its API server"),
        (PICTURED["loading"], "reading Pods 4,200 of about 10,000, ReplicaSets"),
        (no_rows(Sync.LIVE), "no rollouts in namespace shop"),
        (no_rows(Sync.LIVE), "start with -A to see all namespaces"),
        (replace(no_rows(Sync.LIVE), clusters=(cluster(namespace=None),)), "no rollouts in any namespace"),
        (PICTURED["forbidden"], "no permission to read Pod, Deployment"),
        (PICTURED["forbidden"], "ask for get, list and watch on these kinds"),
        (PICTURED["forbidden"], "it is tried again every minute"),
        (no_rows(Sync.REFUSED, "token expired"), "log in again"),
        (no_rows(Sync.RETRYING, "connection refused", stale=True), "it is tried again"),
        (no_rows(Sync.ABSENT), "cockpit doctor"),
        (replace(no_rows(Sync.LIVE), clusters=()), "start with --context"),
    ],
)
async def test_an_empty_fleet_says_what_to_do(view: FleetView, told: str) -> None:
    async with screen(FakeCockpit(view)) as (app, _):
        assert told in " ".join(shown(app).replace("│", " ").split())
        assert not app.screen.query_one(BriefPane).display


async def test_stale_rows_stay_under_a_line_that_says_so() -> None:
    async with screen(FakeCockpit(PICTURED["stale"])) as (app, _):
        lines = shown(app).splitlines()
        assert "stale since 00:01:00" in lines[0]
        assert "not read since 00:01:00: connection refused" in lines[1]
        assert "payments/pay" in shown(app)


async def test_four_rows_of_one_name_are_told_apart() -> None:
    views = [placed(plain_at_rest("api"), space) for space in ("shop", "billing", "mail")]
    other = placed(resting("api"), "shop")
    view = replace(usual(), rollouts=(*views, other))
    async with screen(FakeCockpit(view)) as (app, _):
        rows = [line for line in table_lines(shown(app)) if "/api" in line]
        assert len({line[:32] for line in rows}) == len(rows) >= 4
        assert any("shop/api deployment" in line for line in rows)


async def test_wide_names_keep_the_columns() -> None:
    async with screen(FakeCockpit(chinese())) as (app, _):
        table = app.screen.query_one(RolloutTable)
        assert {width_of(line) for line in table.lines} == {80}


async def test_ages_are_drawn_when_they_change_and_nothing_else_is() -> None:
    now = [START + 300.0]
    async with screen(FakeCockpit(usual()), now=lambda: now[0]) as (app, _):
        before = shown(app)
        app.screen._show_ages()  # type: ignore[attr-defined]
        assert shown(app) == before
        now[0] += 60
        app.screen._show_ages()  # type: ignore[attr-defined]
        assert " 15m │" in shown(app)
        assert ">1m │" in shown(app), "what was so when it was first seen may be older"


@given(st.integers(1, 260), st.integers(0, 90), st.integers(0, 600), st.booleans())
def test_panes_have_their_room(width: int, height: int, wanted: int, more_columns: bool) -> None:
    at = places(width, height, wanted, more_columns)
    assert at.beside == (width >= (140 if more_columns else 110))
    assert 1 <= at.table_columns <= width
    if at.beside:
        assert width - at.table_columns >= 30
    else:
        assert at.brief_lines == 0 or height - at.brief_lines >= 8


def test_a_rollout_without_versions_has_a_release_column_too() -> None:
    empty = replace(resting().rollout, versions=(), lanes=())
    assert release_words(empty, 13, UNICODE) == "–" + " " * 12


async def test_an_empty_fleet_says_why() -> None:
    view = FleetView(START, (cluster(Sync.FORBIDDEN, message="Pod: you may not list"),), (), (), False, "ann")
    async with screen(FakeCockpit(view)) as (app, pilot):
        assert "you may not list" in shown(app)
        await press(pilot, "r", "enter", "y", "o")
        assert "no rollout is selected" in said(app)


async def test_over_all_namespaces_each_row_names_its_own() -> None:
    view = replace(fleet(), clusters=(cluster(namespace=None),))
    async with screen(FakeCockpit(view)) as (app, _):
        assert "all namespaces" in shown(app)
        assert "shop/reviews" in shown(app)
