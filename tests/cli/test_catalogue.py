"""The table of commands says what the commands themselves say."""

from __future__ import annotations

import pytest

from cockpit.cli.catalogue import CATALOGUE, Commands
from cockpit.cli.main import command_line
from cockpit.model.plan import Act
from cockpit.planning.act_arguments import ACT_SPECS


@pytest.mark.parametrize("name", CATALOGUE)
def test_a_command_is_where_the_table_says_and_begins_with_these_words(name: str) -> None:
    command = command_line.commands[name]
    assert command.name == name
    first = (command.help or "").split("\n\n")[0]
    assert " ".join(first.split()) == CATALOGUE[name].words


def test_every_act_has_a_command() -> None:
    assert {str(act) for act in ACT_SPECS} | {str(Act.UNDO)} == {n for n, at in CATALOGUE.items() if not at.attribute}


def test_a_command_is_loaded_once_and_only_when_asked_for() -> None:
    loaded = []
    commands = Commands(lambda command: loaded.append(command.name) or command)  # type: ignore[func-returns-value]
    assert list(commands.outlines()) == list(commands) == list(CATALOGUE)
    assert loaded == []
    assert commands["keys"] is commands.get("keys")
    assert loaded == ["keys"]
    assert commands.get("nothing") is None
