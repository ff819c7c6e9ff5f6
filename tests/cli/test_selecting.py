"""Which clusters and rollouts a command is about, in the flags that kubectl has."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from click.testing import CliRunner, Result

from cockpit.cli.main import command_line
from cockpit.cli.options import flags_of
from cockpit.cli.program import Options
from cockpit.model.rollout import Phase
from cockpit.session.facts.groups import groups_of
from tests.cli.fakes import FakeCockpit, FakeProgram, fleet, rollout
from tests.cli.test_facts import interrupted

WEB = replace(rollout("web"), labels=(("team", "shop"), ("tier", "front")), annotations=(("owner", "ann"),))
PAY = replace(rollout("pay"), labels=(("team", "pay"),))
BARE = rollout("bare")


def run(made: FakeProgram, *words: str) -> Result:
    return CliRunner().invoke(command_line, words, obj=made)


def program(*views: object) -> FakeProgram:
    return FakeProgram(FakeCockpit(*views))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("selector", "names"),
    [
        ("team=shop", ["shop/web"]),
        ("team in (shop,pay)", ["shop/web", "shop/pay"]),
        ("!team", ["shop/bare"]),
        ("team!=pay,tier", ["shop/web"]),
        ("team=none", []),
    ],
)
def test_list_shows_what_the_labels_choose(selector: str, names: list[str]) -> None:
    made = program(fleet([WEB, PAY, BARE]))
    assert run(made, "list", "-l", selector, "-o", "name").stdout.split() == names
    document = json.loads(run(made, "list", f"--selector={selector}", "-o", "json").stdout)
    assert [f"shop/{found['name']}" for found in document["rollouts"]] == names


def test_nothing_chosen_is_told_with_the_selector() -> None:
    result = run(program(fleet([WEB])), "list", "-l", "team=none")
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == "no rollouts in demo, namespace shop (-A for all) match team=none\n"


def test_labels_and_annotations_are_in_the_documents() -> None:
    [found] = json.loads(run(program(fleet([WEB])), "list", "-o", "json").stdout)["rollouts"]
    assert found["labels"] == {"team": "shop", "tier": "front"}
    assert found["annotations"] == {"owner": "ann"}


def test_a_group_of_clusters_is_left_out_with_its_parts() -> None:
    both = [replace(each, key=replace(each.key, context=context)) for each in (WEB, PAY) for context in ("eu", "us")]
    view = fleet(both)
    view = replace(view, groups=groups_of(view.rollouts))
    document = json.loads(run(program(view), "list", "-l", "team=pay", "-o", "json").stdout)
    assert [group["name"] for group in document["groups"]] == ["pay"]


def test_watch_tells_only_of_what_the_labels_choose() -> None:
    paused = [replace(each, phase=Phase.PAUSED) for each in (WEB, PAY)]
    made = interrupted(program(fleet([WEB, PAY]), fleet(paused)))
    said = run(made, "watch", "-l", "team=pay").stdout
    assert "shop/pay: canary -> paused" in said
    assert "shop/web" not in said


def test_watch_takes_a_name_or_labels() -> None:
    result = run(program(fleet([WEB])), "watch", "web", "-l", "team=shop")
    assert result.exit_code == 2
    assert "leave it out or leave out NAME" in result.stderr


def test_an_unreadable_selector_is_a_usage_error() -> None:
    result = run(program(fleet([WEB])), "list", "-l", "team in shop")
    assert result.exit_code == 2
    assert "'team in shop'" in result.stderr


def test_cluster_user_and_token_are_taken_before_and_after_the_command() -> None:
    made = program(fleet([WEB]))
    run(made, "--cluster", "eu", "list", "--user", "on-call", "--token", "s3cret")
    [given] = made.options
    assert (given.cluster, given.user, given.token) == ("eu", "on-call", "s3cret")


def test_a_token_is_kept_out_of_the_arguments_of_served_screens() -> None:
    result = run(program(fleet([WEB])), "serve", "--token", "s3cret")
    assert result.exit_code == 2
    assert "--token does not go with serve" in result.stderr
    assert "s3cret" not in result.output


@pytest.mark.parametrize("words", [["-l", "team=pay"], ["demo", "-l", "team=pay"], ["serve", "-l", "team=pay"]])
def test_labels_choose_what_a_screen_shows(words: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    made, asked = program(fleet([WEB])), list[Options]()

    def opened(_: FakeProgram, *order: Any) -> int:
        asked.append(order[-1])
        return 0

    for name in ("screen", "demo", "serve"):
        monkeypatch.setattr(FakeProgram, name, opened, raising=False)
    assert run(made, *words).exit_code == 0
    assert [str(each.selector) for each in asked] == ["team=pay"]
    assert "--selector=team=pay" in flags_of(asked[0])


def test_labels_before_another_command_are_told_and_not_left_out() -> None:
    result = run(program(fleet([WEB])), "-l", "team=pay", "list")
    assert result.exit_code == 2
    assert "-l goes behind the command: cockpit list -l LABELS" in result.stderr


def test_labels_choose_what_is_told_without_a_screen() -> None:
    paused = [replace(each, phase=Phase.PAUSED) for each in (WEB, PAY)]
    said = run(interrupted(program(fleet([WEB, PAY]), fleet(paused))), "--plain", "-l", "team=pay").stdout
    assert "shop/pay: canary -> paused" in said
    assert "shop/web" not in said
