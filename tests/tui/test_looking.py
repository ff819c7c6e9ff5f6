"""Pods, revisions, differences, descriptions, events, and what can be taken out of the cockpit."""

from __future__ import annotations

import base64
import json
import stat
from dataclasses import replace
from pathlib import Path

import pytest
from textual import events

from cockpit.model.inspection import EventGroup
from cockpit.model.plan import Act, Ask
from cockpit.model.probe_target import ProbeTarget
from cockpit.model.refs import PODS, Ref
from cockpit.model.rollout import PodCell, PodState, Rollout
from cockpit.tui.app import CockpitApp
from cockpit.tui.copying import MOST_BYTES, clipboard_sequence, kubectl, log_command
from cockpit.tui.glyphs import UNICODE
from cockpit.tui.inspecting import compared
from cockpit.tui.lines import plain, width_of
from cockpit.tui.pod_rows import COLUMNS, arranged, pod_columns, pod_heading, pod_line, rows_of
from cockpit.tui.screens.ask import ChoiceForm
from cockpit.tui.screens.logs import LogScreen
from cockpit.tui.screens.objects import ObjectText, event_table
from cockpit.tui.screens.plan import PlanDialog
from cockpit.tui.screens.pods import PodsScreen
from cockpit.tui.screens.text import Printed
from cockpit.tui.yaml_text import described_line, diff_line, yaml_line
from tests.tui.driving import press, rest, said, screen, shown
from tests.tui.fake import START, FakeCockpit, acts, fleet
from tests.tui.scenes import FLEETS
from tests.tui.terminal import on_terminal, until
from tests.tui.test_hostile import HOSTILE


def with_pods() -> FakeCockpit:
    """A rollout whose pods differ in everything that a list shows."""
    cockpit = FakeCockpit()
    view = cockpit.current.rollouts[0]
    v1, v2 = view.rollout.versions
    old = (
        PodCell("web-v1-aaa", "u1", PodState.READY, "", 0, "node-a", "2025-12-31T00:05:00Z", 2, 2),
        PodCell("web-v1-bbb", "u2", PodState.READY, "", 3, "node-b", "2025-12-30T00:05:00Z", 2, 2),
    )
    new = (
        PodCell("web-v2-ccc", "u3", PodState.FAILING, "CrashLoopBackOff", 7, "node-a", "2026-01-01T00:03:00Z", 1, 2),
    )
    versions = (replace(v1, pods=old), replace(v2, pods=new))
    changed = replace(view, rollout=replace(view.rollout, versions=versions))
    cockpit.current = replace(cockpit.current, rollouts=(changed, *cockpit.current.rollouts[1:]))
    return cockpit


def names(app: CockpitApp) -> list[str]:
    assert isinstance(app.screen, PodsScreen)
    return [row.pod.name for row in app.screen.rows]


async def test_pods_are_a_list_with_what_is_wrong_first() -> None:
    async with screen(with_pods(), size=(120, 36)) as (app, pilot):
        await press(pilot, "enter", "v")
        text = shown(app)
        for word in ("web-v2-ccc", "✗ failing 1/2", "7", "node-a", "CrashLoopBackOff", "2m", "3 pods"):
            assert word in text
        assert names(app)[0] == "web-v2-ccc"
        await press(pilot, "s")
        assert COLUMNS[app.screen.column].title == "RESTARTS"  # type: ignore[attr-defined]
        assert names(app) == ["web-v2-ccc", "web-v1-bbb", "web-v1-aaa"]
        await press(pilot, "S")
        assert names(app)[0] == "web-v1-aaa"


async def test_the_filter_narrows_the_pods_and_escape_ends_it() -> None:
    async with screen(with_pods()) as (app, pilot):
        await press(pilot, "v", "slash", *"node-a", "space", *"crash", "enter")
        assert names(app) == ["web-v2-ccc"]
        assert "1 of 3" in shown(app)
        await press(pilot, "slash", *"zzz")
        assert "no pod matches" in shown(app)
        await press(pilot, "escape")
        assert len(names(app)) == 3
        await press(pilot, "escape")
        assert not isinstance(app.screen, PodsScreen)


async def test_a_pod_leads_to_its_log_yaml_description_and_events() -> None:
    async with screen(with_pods()) as (app, pilot):
        await press(pilot, "v", "down", "enter")
        assert isinstance(app.screen, LogScreen)
        assert app.screen.pod_name == "web-v1-aaa"
        await press(pilot, "escape", "y")
        assert isinstance(app.screen, ObjectText)
        assert "kind: Pod" in shown(app)
        await press(pilot, "escape", "d")
        assert "Name:    web-v1-aaa" in shown(app)
        await press(pilot, "escape", "e")
        assert "synced Pod shop/web-v1-aaa" in shown(app)


async def test_the_cursor_stays_on_its_pod_when_others_change() -> None:
    cockpit = with_pods()
    async with screen(cockpit) as (app, pilot):
        await press(pilot, "v", "down")
        view = cockpit.current.rollouts[0]
        v1, v2 = view.rollout.versions
        gone = replace(view.rollout, versions=(v1, replace(v2, pods=())))
        cockpit.change("http-server", rollout=gone)
        await rest(pilot)
        assert isinstance(app.screen, PodsScreen)
        assert app.screen.chosen
        assert app.screen.chosen.pod.name == "web-v1-aaa"


@pytest.mark.parametrize("width", [30, 76, 118, 198])
def test_pod_lines_fit_and_keep_the_name(width: int) -> None:
    rows = rows_of(with_pods().current.rollouts[0].rollout)
    layout = pod_columns(rows, width)
    lines = [pod_line(row, layout, 0, UNICODE, START) for row in rows]
    if width >= 76:
        assert all(
            width_of(line) <= width + 1 for line in (*lines, pod_heading(layout, 2, reverse=False, glyphs=UNICODE))
        )
        assert "web-v1-aaa" in plain(lines)[0]


def test_pods_sort_by_every_column() -> None:
    rows = rows_of(with_pods().current.rollouts[0].rollout)
    for column in range(len(COLUMNS)):
        there = arranged(rows, column, reverse=False, words="")
        assert sorted(row.pod.name for row in there) == sorted(row.pod.name for row in rows)


async def test_events_are_merged_with_counts_and_ages() -> None:
    async with screen(size=(120, 36)) as (app, pilot):
        await press(pilot, "e")
        text = shown(app)
        for words in ("1m    5m     12     ! Unhealthy", "Readiness probe failed: 503", "connection refused"):
            assert words in text


def test_events_without_a_time_or_a_message_are_shown_all_the_same() -> None:
    groups = (EventGroup("", "", (), 1, "", ""),)
    assert len(event_table(groups, START)) == 2


async def test_events_that_cannot_be_read_say_why() -> None:
    cockpit = FakeCockpit()
    cockpit.texts["no events"] = "events of Ingress shop/web in prod-eu: you may not list events"
    async with screen(cockpit) as (app, pilot):
        await press(pilot, "e")
        assert "you may not list events" in shown(app)


async def test_search_in_yaml_counts_and_goes_round() -> None:
    cockpit = FakeCockpit()
    cockpit.texts["yaml"] = "\n".join(f"port: {n}" if n % 50 == 0 else f"line: {n}" for n in range(300))
    async with screen(cockpit) as (app, pilot):
        await press(pilot, "y", "slash", *"port", "enter")
        assert "1 of 6" in shown(app)
        await press(pilot, "n", "n")
        assert "3 of 6" in shown(app)
        assert "port: 100" in shown(app)
        await press(pilot, "N", "N", "N")
        assert "6 of 6" in shown(app)
        assert "port: 250" in shown(app)
        await press(pilot, "escape")
        assert "of 6" not in shown(app)
        assert isinstance(app.screen, ObjectText)


async def test_long_lines_are_folded_on_request() -> None:
    cockpit = FakeCockpit()
    cockpit.texts["yaml"] = "note: " + "word " * 60 + "end-of-line"
    async with screen(cockpit) as (app, pilot):
        await press(pilot, "y")
        assert "end-of-line" not in shown(app)
        await press(pilot, "w")
        assert "end-of-line" in "".join(line.strip() for line in shown(app).splitlines())


async def test_versions_are_compared_from_the_base_to_what_is_released() -> None:
    cockpit = FakeCockpit()
    async with screen(cockpit) as (app, pilot):
        await press(pilot, "equals_sign")
        assert cockpit.compared == [("v1", "v2")]
        assert "+image: web:v2" in shown(app)
        cockpit.texts["diff"] = ""
        await press(pilot, "r")
        assert "v1 and v2 have the same pod template" in shown(app)


def test_one_version_has_nothing_to_compare_with() -> None:
    rollout: Rollout = fleet().rollouts[0].rollout
    assert compared(rollout) == ("v1", "v2")
    assert compared(replace(rollout, versions=rollout.versions[:1])) is None


async def test_a_revision_is_chosen_for_a_roll_back() -> None:
    cockpit = FakeCockpit()
    async with screen(cockpit) as (app, pilot):
        await press(pilot, "V")
        for words in ("3 revisions", "web:v3", "web:v1", "now"):
            assert words in shown(app)
        await press(pilot, "enter")
        assert "new pods get already" in said(app)
        await press(pilot, "equals_sign")
        assert "choose an older revision" in said(app)
        await press(pilot, "end", "equals_sign")
        assert cockpit.compared == [("1", "v3")]
        await press(pilot, "escape", "enter")
        assert isinstance(app.screen, PlanDialog)
    assert [ask for _, ask in cockpit.asks] == [Ask(Act.ROLLBACK, version="1")]


async def test_a_revision_that_may_not_be_rolled_back_to_says_why() -> None:
    cockpit = FakeCockpit()
    view = cockpit.current.rollouts[0]
    refused = replace(view, denied=((Act.ROLLBACK, "you may not patch it"),))
    cockpit.current = replace(cockpit.current, rollouts=(refused,))
    async with screen(cockpit) as (app, pilot):
        await press(pilot, "V", "end", "enter")
        assert "you may not patch it" in said(app)
    assert not cockpit.asks


async def test_a_revision_can_be_chosen_where_a_roll_back_finds_none_by_itself() -> None:
    cockpit = FakeCockpit()
    view = cockpit.current.rollouts[0]
    without = replace(view, rollout=replace(view.rollout, acts=acts(why="no older version that is known to work")))
    cockpit.current = replace(cockpit.current, rollouts=(without,))
    async with screen(cockpit) as (app, pilot):
        await press(pilot, "V", "end", "enter")
        assert isinstance(app.screen, PlanDialog)
    assert [ask for _, ask in cockpit.asks] == [Ask(Act.ROLLBACK, version="1")]


async def test_no_revisions_say_so() -> None:
    cockpit = FakeCockpit()
    cockpit.kept_revisions = ()
    async with screen(cockpit) as (app, pilot):
        await press(pilot, "V")
        assert "no revisions are kept or can be read" in shown(app)


def test_lines_are_coloured_and_their_text_stays() -> None:
    for line in ("  name: web", "- image: a:b", "# note", "key:", '"a:b": c', "", "value: (hidden 2)", HOSTILE):
        for colour in (yaml_line, diff_line, described_line):
            assert "".join(span.text for span in colour(line)) == line
    assert yaml_line("  name: web")[1] == ("name", "accent")
    assert diff_line("+a")[0].style == "added"


# Copies


async def test_a_copy_goes_to_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TMUX", "STY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    app = CockpitApp(FakeCockpit(), now=lambda: START)
    async with on_terminal(app, (80, 24)) as driver:
        await until(lambda: len(app.screen.children) > 0 and bool(shown(app)))
        app.post_message(events.Key("C", "C"))
        await until(lambda: isinstance(app.screen, ChoiceForm) and bool(app.screen.children))
        app.post_message(events.Key("enter", "\r"))
        wanted = f"\x1b]52;c;{base64.b64encode(b'shop/http-server').decode()}\x07"
        await until(lambda: wanted in "".join(driver.written))
        await until(lambda: "asked to copy 16 characters" in said(app))


def test_tmux_gets_it_wrapped_and_plain_and_screen_wrapped() -> None:
    plain_one = clipboard_sequence("a", {"TERM": "xterm"})
    assert plain_one == "\x1b]52;c;YQ==\x07"
    assert clipboard_sequence("a", {"TERM": "tmux-256color", "TMUX": "x"}) == (
        "\x1bPtmux;\x1b\x1b]52;c;YQ==\x07\x1b\\" + plain_one
    )
    assert clipboard_sequence("a", {"TERM": "screen", "STY": "1"}) == f"\x1bP{plain_one}\x1b\\"


def test_what_a_terminal_cannot_take_is_not_sent() -> None:
    assert clipboard_sequence("a", {"TERM": "linux"}) == ""
    assert clipboard_sequence("a" * (MOST_BYTES + 1), {"TERM": "xterm"}) == ""


async def test_without_a_clipboard_the_text_is_printed_to_be_marked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "linux")
    async with screen() as (app, pilot):
        await press(pilot, "C", "3", "enter")
        assert isinstance(app.screen, Printed)
        assert "kubectl --context prod-eu -n shop get ingress http-server -o yaml" in shown(app)


def test_commands_are_quoted() -> None:
    ref = Ref(PODS, "shop", "a b")
    assert kubectl("c;d", ref, "get") == "kubectl --context 'c;d' -n shop get pod 'a b'"
    assert log_command("c", ref, "app", previous=True).endswith("logs 'a b' -c app --previous")


async def test_a_row_of_several_clusters_has_no_command_to_copy() -> None:
    async with screen(FakeCockpit(FLEETS["grouped"])) as (app, pilot):
        await press(pilot, "C")
        assert not isinstance(app.screen, ChoiceForm)
        assert "choose one of its parts" in said(app)
        await press(pilot, "enter", "down", "C")
        assert isinstance(app.screen, ChoiceForm)


# Snapshots


async def test_a_snapshot_is_written_for_its_owner_and_holds_no_credentials(tmp_path: Path) -> None:
    cockpit = FakeCockpit()
    view = cockpit.current.rollouts[0]
    target = ProbeTarget(
        "10.0.0.9", 80, "web", "/pay?token=s3cret&page=7", headers=(("authorization", "s3cret"),),
        proxy="http://u:s3cret@proxy",
    )  # fmt: skip
    secret = replace(view, probe=replace(view.probe, probe_target=target))
    cockpit.current = replace(cockpit.current, rollouts=(secret, *cockpit.current.rollouts[1:]))
    folder = tmp_path / "snapshots"
    async with screen(cockpit, snapshots=folder) as (app, pilot):
        await press(pilot, "enter", "W")
        await until(lambda: "saved" in said(app))
        await press(pilot, "W")
        await until(lambda: said(app).count("saved") == 2)
    files = sorted(folder.iterdir())
    assert len(files) == 6, "an earlier one is not overwritten"
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    first = folder / "cockpit-20260101-000500"
    facts = json.loads(first.with_suffix(".json").read_text())
    assert [each["rollout"]["key"]["name"] for each in facts["rollouts"]] == ["http-server"]
    assert "v2 answers 44% of requests" in first.with_suffix(".txt").read_text()
    assert first.with_suffix(".svg").read_text().startswith("<svg")
    assert facts["rollouts"][0]["probe"]["probe_target"]["path"] == "/pay?token=(hidden)&page=7"
    assert not any("s3cret" in file.read_text() for file in files)


async def test_a_snapshot_that_cannot_be_written_says_why(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    async with screen(snapshots=tmp_path / "file") as (app, pilot):
        await press(pilot, "W")
        await until(lambda: "not saved" in said(app))
