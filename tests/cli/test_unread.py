"""What could not be read is waited for, or an error, never an empty answer."""

from __future__ import annotations

import json
from dataclasses import replace

import click.testing
import pytest
from click.testing import CliRunner, Result

from cockpit.cli.main import command_line
from cockpit.model.view import KindSync, Sync
from tests.cli.fakes import FakeCockpit, FakeProgram, cluster, fleet, rollout


def run(program: FakeProgram, *words: str) -> Result:
    return CliRunner().invoke(command_line, words, obj=program)


def program(*views: object) -> FakeProgram:
    return FakeProgram(FakeCockpit(*views))  # type: ignore[arg-type]


def unlisted(state: Sync, kind: str = "Pod") -> tuple[KindSync, ...]:
    """One kind that was read, and one that was not."""
    return KindSync("Service", Sync.LIVE, 0, objects=1), KindSync(kind, state, 0, "the connection was lost")


@pytest.mark.parametrize("state", [Sync.SYNCING, Sync.RETRYING, Sync.CONNECTING])
@pytest.mark.parametrize("words", [["list", "-o", "json"], ["list"], ["show", "web"], ["verify", "web"]])
def test_absent_is_not_unread(state: Sync, words: list[str]) -> None:
    view = fleet(clusters=[cluster(state=state, kinds=unlisted(state))])
    result = run(program(view), *words, "--request-timeout", "1ms")
    assert (result.exit_code, result.stdout) == (8, "")
    assert f"Pod in demo ({state}): the connection was lost" in result.stderr
    assert "is not known" in result.stderr


def test_a_request_that_fails_at_first_is_waited_for() -> None:
    failing = fleet(clusters=[cluster(state=Sync.RETRYING, message="429", kinds=unlisted(Sync.RETRYING))])
    result = run(program(failing, fleet([rollout()])), "list", "-o", "name")
    assert (result.exit_code, result.stdout) == (0, "shop/web\n")
    assert "note: demo (https://127.0.0.1:6443): retrying: 429; trying for up to 1 s" in result.stderr


def test_a_rollout_that_lacks_what_was_not_read_is_shown_and_not_acted_on() -> None:
    view = fleet([rollout()], [cluster(state=Sync.RETRYING, kinds=unlisted(Sync.RETRYING))])
    view = replace(view, rollouts=(replace(view.rollouts[0], stale="demo is not up to date"),))
    result = run(program(view), "show", "web", "-o", "name", "--request-timeout", "1ms")
    assert (result.exit_code, result.stdout) == (8, "shop/web\n")
    assert "not everything about it could be read: Pod in demo" in result.stderr
    made = program(view)
    assert run(made, "rollback", "web", "--yes", "--request-timeout", "1ms").exit_code == 8
    assert (made.cockpit.asked, made.cockpit.sent) == ([], [])


def test_what_was_read_is_listed_with_what_was_not() -> None:
    view = fleet([rollout()], [cluster(state=Sync.RETRYING, kinds=unlisted(Sync.RETRYING))])
    result = run(program(view), "list", "-o", "json", "--request-timeout", "1ms")
    assert result.exit_code == 8
    document = json.loads(result.stdout)
    assert len(document["rollouts"]) == 1
    missing = {"context": "demo", "kind": "Pod", "state": "retrying", "why": "the connection was lost"}
    assert document["unread"] == [missing]


def test_nothing_found_where_a_kind_is_forbidden_is_no_empty_answer() -> None:
    view = fleet(clusters=[cluster(kinds=unlisted(Sync.FORBIDDEN))])
    result = run(program(view), "list", "-o", "json")
    assert (result.exit_code, result.stdout) == (8, "")
    assert run(program(view), "show", "web").exit_code == 8


def test_no_facts_in_time_is_an_error_of_its_own() -> None:
    result = run(program(fleet(clusters=[cluster(state=Sync.CONNECTING)])), "list", "--request-timeout", "1ms")
    assert result.exit_code == 8
    assert "no data within 0.001 s" in result.stderr


@pytest.mark.parametrize("plain", [[], ["--plain"]])
def test_how_far_a_long_list_is_is_told_on_a_terminal_and_wiped(
    monkeypatch: pytest.MonkeyPatch, plain: list[str]
) -> None:
    monkeypatch.setattr(click.testing._NamedTextIOWrapper, "isatty", lambda stream: stream.name == "<stderr>")
    pods = KindSync("Pod", Sync.SYNCING, 0, read=12_000, expected=50_000)
    early = fleet([rollout()], [cluster(state=Sync.SYNCING, kinds=(pods,))])
    result = run(program(early, fleet([rollout()])), "list", "-o", "name", *plain)
    assert (result.exit_code, result.stdout) == (0, "shop/web\n")
    told, wiped = "reading Pods 12,000 of about 50,000\n", "\x1b[1F\x1b[J"
    assert result.stderr == ("" if plain else told + wiped)


def test_how_far_a_long_list_is_is_not_told_to_a_file() -> None:
    pods = KindSync("Pod", Sync.SYNCING, 0, read=12_000, expected=50_000)
    early = fleet([rollout()], [cluster(state=Sync.SYNCING, kinds=(pods,))])
    result = run(program(early, fleet([rollout()])), "list", "-o", "name")
    assert (result.exit_code, result.stderr) == (0, "")


def test_what_was_said_while_it_was_waited_for_is_not_said_again() -> None:
    failing = fleet(clusters=[cluster(state=Sync.RETRYING, message="429", kinds=unlisted(Sync.RETRYING))])
    result = run(program(failing), "list")
    assert result.exit_code == 8
    assert result.stderr.count("retrying: 429") == 1
