"""Logs that follow: merged, paused, searched, bounded, and hostile."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st
from textual.pilot import Pilot

from cockpit.model.health import AnswerHealth, Level
from cockpit.model.inspection import LogLine
from cockpit.model.rollout import PodState
from cockpit.tui.app import CockpitApp
from cockpit.tui.inspecting import telling_pod
from cockpit.tui.lines import Line, Span, plain
from cockpit.tui.log_lines import FoldedLines, LogBuffer, log_line, short_names
from cockpit.tui.screens.logs import LogScreen
from cockpit.tui.search import folded
from tests.tui.driving import press, rest, said, screen, shown
from tests.tui.fake import FakeCockpit, fleet
from tests.tui.terminal import until


def log_screen(app: CockpitApp) -> LogScreen:
    assert isinstance(app.screen, LogScreen)
    return app.screen


def last_line(app: CockpitApp) -> str:
    return plain(log_screen(app).main.lines)[-1]


async def arrive(cockpit: FakeCockpit, pilot: Pilot[None], pod: str, text: str) -> None:
    """The pod prints a line, and it is on the screen's buffer."""
    shown = log_screen(pilot.app)  # type: ignore[arg-type]
    await until(lambda: pod in cockpit.news)
    cockpit.news[pod].put_nowait(text)
    await until(lambda: any(line.text == text for line in shown.buffer.lines))
    await rest(pilot)


async def test_lines_appear_as_they_are_printed() -> None:
    cockpit = FakeCockpit()
    async with screen(cockpit) as (app, pilot):
        await press(pilot, "enter", "l")
        assert "line 499 of v2-0" in last_line(app)
        await arrive(cockpit, pilot, "v2-0", "GET / 500")
        assert "GET / 500" in last_line(app)
        assert "following" in shown(app)
        cockpit.news["v2-0"].put_nowait("")
        await until(lambda: "has ended" in last_line(app))


async def test_scrolling_pauses_and_the_end_follows_again() -> None:
    cockpit = FakeCockpit()
    async with screen(cockpit) as (app, pilot):
        await press(pilot, "enter", "l", "pageup")
        first = plain(log_screen(app).main.lines)[0]
        assert "paused" in shown(app)
        await arrive(cockpit, pilot, "v2-0", "news")
        assert plain(log_screen(app).main.lines)[0] == first
        await press(pilot, "end")
        assert "news" in last_line(app)
        assert "following" in shown(app)
        await press(pilot, "home", "f")
        assert "news" in last_line(app)


async def test_what_is_read_stays_when_old_lines_go() -> None:
    cockpit = FakeCockpit()
    async with screen(cockpit) as (app, pilot):
        await press(pilot, "enter", "l")
        log_screen(app).buffer.most = 500
        await press(pilot, "pageup")
        first = plain(log_screen(app).main.lines)[0]
        await arrive(cockpit, pilot, "v2-0", "news")
        assert len(log_screen(app).buffer.lines) == 500
        assert plain(log_screen(app).main.lines)[0] == first


async def test_a_log_of_a_failing_version_opens_first() -> None:
    cockpit = FakeCockpit()
    view = cockpit.current.rollouts[0]
    v1, v2 = view.rollout.versions
    failing = replace(v1, pods=(v1.pods[0], replace(v1.pods[1], state=PodState.FAILING)))
    broken = replace(view, rollout=replace(view.rollout, versions=(failing, v2)))
    cockpit.current = replace(cockpit.current, rollouts=(broken, *cockpit.current.rollouts[1:]))
    async with screen(cockpit) as (app, pilot):
        await press(pilot, "l")
        assert log_screen(app).pod_name == "v1-1"
        await press(pilot, "escape", "enter", "l")
        assert log_screen(app).pod_name == "v1-1"
        await press(pilot, "escape", "down", "l")
        assert log_screen(app).pod_name == "v2-0", "the person chose this pod"


def test_a_version_whose_answers_fail_comes_before_the_others() -> None:
    view = fleet().rollouts[0]
    failing = AnswerHealth("default", "v1", 100, 40, 0, failing=Level.ALARM)
    accused = replace(view, probe=replace(view.probe, health=(failing,)))
    found = telling_pod(accused)
    assert found
    assert found[0].name == "v1"
    released = telling_pod(view)
    assert released
    assert released[0].name == "v2"


async def test_all_pods_of_a_version_are_merged_with_their_short_names() -> None:
    cockpit = FakeCockpit()
    async with screen(cockpit) as (app, pilot):
        await press(pilot, "enter", "down", "up", "l")
        assert log_screen(app).pod_name == "v1-0"
        await press(pilot, "a")
        assert {order.pod.name for order in cockpit.logs_followed[-2:]} == {"v1-0", "v1-1"}
        text = shown(app)
        assert "2 of 2 pods" in text
        assert "0 line 99 of v1-0" in text
        assert "1 line 99 of v1-1" in text
        await arrive(cockpit, pilot, "v1-1", "late news")
        assert "1 late news" in last_line(app)
        await press(pilot, "a")
        assert "late news" not in shown(app)


async def test_a_pod_that_comes_later_is_followed_too() -> None:
    cockpit = FakeCockpit()
    async with screen(cockpit) as (app, pilot):
        await press(pilot, "enter", "down", "up", "l", "a")
        view = cockpit.current.rollouts[0]
        v1, v2 = view.rollout.versions
        more = replace(v1, pods=(*v1.pods, replace(v1.pods[0], name="v1-2", uid="new")))
        cockpit.change("http-server", rollout=replace(view.rollout, versions=(more, v2)))
        await rest(pilot)
        assert "line 99 of v1-2" in shown(app)
        assert "3 of 3 pods" in shown(app)
        cockpit.change("http-server", rollout=replace(view.rollout, versions=(replace(v1, pods=v1.pods[:1]), v2)))
        await rest(pilot)
        assert "1 of 1 pod " in shown(app), "pods that are gone are not counted"


async def test_a_time_beyond_all_calendars_is_no_end_of_the_screen() -> None:
    east = timezone(timedelta(hours=14))
    late = LogLine("a", "9999-12-31T23:59:59.000000000Z", "late")
    assert plain([log_line(late, None, times=True, zone=east)]) == ["--:--:-- late"]


async def test_container_previous_run_next_pod_and_times() -> None:
    cockpit = FakeCockpit()
    async with screen(cockpit) as (app, pilot):
        await press(pilot, "enter", "down", "up", "l", "c")
        assert cockpit.logs_followed[-1].container == "proxy"
        await press(pilot, "c", "p")
        assert cockpit.logs_followed[-1].container == "app"
        assert cockpit.logs_followed[-1].previous
        assert "end of the previous run" in shown(app)
        await press(pilot, "p", "tab")
        assert cockpit.logs_followed[-1].pod.name == "v1-1"
        await press(pilot, "t")
        assert "00:08:19 line 499 of v1-1" in shown(app)


async def test_a_search_in_a_log_stays_on_its_line_while_others_come() -> None:
    cockpit = FakeCockpit()
    cockpit.texts["log"] = "\n".join("error" if n == 40 else f"line {n}" for n in range(200))
    async with screen(cockpit) as (app, pilot):
        await press(pilot, "enter", "l", "slash", *"error", "enter")
        assert "1 of 1" in shown(app)
        assert " error" in [line.rstrip() for line in plain([*log_screen(app).main.lines])] or "error" in shown(app)
        log = log_screen(app)
        assert not log.main.following
        assert [s.text for line in log.main.lines for s in line if "reverse" in s.style] == ["error"]
        assert not any("reverse" in s.style for line in log.lines_for(80) for s in line), "only what is seen is marked"
        await arrive(cockpit, pilot, "v2-0", "another error")
        assert "1 of 2" in shown(app)
        await press(pilot, "n")
        assert "another error" in shown(app)


async def test_hostile_lines_stay_text() -> None:
    cockpit = FakeCockpit()
    cockpit.texts["log"] = "[/foo] \x1b[31mred\x1b]0;pwned\x07 \u202egnp"
    async with screen(cockpit) as (app, pilot):
        await press(pilot, "enter", "l")
        drawn = "".join(segment.text for strip in app.screen._compositor.render_strips() for segment in strip)
        assert "[/foo]" in drawn
        assert not {"\x1b", "\u202e", "\x07"} & set(drawn)


async def test_a_rollout_without_pods_says_so() -> None:
    cockpit = FakeCockpit()
    view = cockpit.current.rollouts[0]
    bare = replace(view, rollout=replace(view.rollout, versions=()))
    cockpit.current = replace(cockpit.current, rollouts=(bare,))
    async with screen(cockpit) as (app, pilot):
        await press(pilot, "l")
        assert "no pod to read logs from" in said(app)


def line(at: int | None, text: str = "x", pod: str = "a") -> LogLine:
    return LogLine(pod, f"2026-01-01T00:00:{at:02}.000000000Z" if at is not None else "", text)


def test_lines_of_several_pods_are_in_the_order_of_time() -> None:
    buffer = LogBuffer()
    buffer.add([line(1), line(5), line(None, "remark")])
    buffer.add([line(3, pod="b"), line(6, pod="b")])
    assert [(each.pod, each.at[17:19]) for each in buffer.lines] == [
        ("a", "01"), ("b", "03"), ("a", "05"), ("a", ""), ("b", "06"),
    ]  # fmt: skip


@given(st.lists(st.lists(st.integers(0, 59) | st.none(), max_size=20), max_size=10))
def test_a_buffer_is_bounded_and_in_order(batches: list[list[int | None]]) -> None:
    buffer = LogBuffer(most=15)
    gone = sum(buffer.add([line(at) for at in batch]) for batch in batches)
    count = sum(map(len, batches))
    assert len(buffer.lines) == min(count, 15)
    assert gone == buffer.dropped == max(count - 15, 0)
    times = [each.at for each in buffer.lines if each.at]
    assert times == sorted(times)


def test_pods_are_told_apart_by_what_differs() -> None:
    names = ["pay-v2-6f9c-abcde", "pay-v2-6f9c-fghij"]
    assert list(short_names(names).values()) == ["abcde", "fghij"]
    assert list(short_names(["web-0", "web-1"]).values()) == ["0", "1"]
    assert list(short_names(["pay-v2-6f9c-abcde"]).values()) == ["abcde"]
    assert short_names(["a", "ab"]) == {"a": "a", "ab": "ab"}


@given(st.lists(st.text("ab 中", max_size=30), max_size=12), st.integers(2, 12), st.integers(0, 12))
def test_folded_lines_are_those_that_folding_all_of_them_gives(texts: list[str], width: int, first: int) -> None:
    lines: list[Line] = [(Span(text),) for text in texts]
    whole = [piece for each in lines for piece in folded(each, width)]
    made: list[int] = []

    def make(index: int) -> list[Line]:
        made.append(index)
        return folded(lines[index], width)

    shown = FoldedLines([len(folded(each, width)) for each in lines], make)
    assert len(shown) == len(whole)
    assert shown[first : first + 3] == whole[first : first + 3]
    assert len(made) <= 3, "only what is in sight is made"
    assert list(shown) == whole


def test_only_lines_that_came_since_are_measured() -> None:
    buffer, measured = LogBuffer(most=4), list[int]()

    def measure(index: int) -> int:
        measured.append(index)
        return len(buffer.lines[index].text)

    buffer.add([line(1, "a"), line(2, "bb")])
    assert list(buffer.heights(80, measure)) == [1, 2]
    buffer.add([line(3, "ccc"), line(4, "d"), line(5, "ee")])
    assert list(buffer.heights(80, measure)) == [2, 3, 1, 2]
    assert measured == [0, 1, 1, 2, 3]
    buffer.add([line(2, "late")])
    assert list(buffer.heights(80, measure)) == [len(each.text) for each in buffer.lines], "another order"
    assert list(buffer.heights(40, measure)) == [len(each.text) for each in buffer.lines], "another width"


async def test_a_folded_log_follows_and_draws_what_is_in_sight() -> None:
    cockpit = FakeCockpit()
    async with screen(cockpit) as (app, pilot):
        await press(pilot, "enter", "l", "w")
        await arrive(cockpit, pilot, "v2-0", "long " * 40 + "end")
        assert last_line(app).endswith("end")
        assert "following" in shown(app)
