"""A user's own commands and links in the settings."""

from __future__ import annotations

from pathlib import Path

import pytest

from cockpit.session.own_settings import MOST, OwnCommand, OwnLink
from cockpit.session.settings import SettingsError, load_settings, parse_settings

TEXT = b"""
commands:
  - {name: pods, key: f6, run: [kubectl, -n, "{namespace}", get, pods]}
  - {name: restart, run: ["kubectl rollout restart deploy/{name}"], shell: true, dangerous: true}
links:
  - {name: logs, key: f7, url: "https://logs.example/?q={namespace}%2F{name}"}
"""


def test_they_are_lists_of_maps() -> None:
    settings = parse_settings(TEXT, "f")
    assert settings.commands == (
        OwnCommand("pods", ("kubectl", "-n", "{namespace}", "get", "pods"), "f6"),
        OwnCommand("restart", ("kubectl rollout restart deploy/{name}",), shell=True, dangerous=True),
    )
    assert settings.links == (OwnLink("logs", "https://logs.example/?q={namespace}%2F{name}", "f7"),)


@pytest.mark.parametrize(
    ("text", "key", "problem"),
    [
        ("commands: [{name: a, run: []}]", "commands[0].run", "names no program"),
        ("commands: [{name: a, run: ['{name}']}]", "commands[0].run", "cannot be a placeholder"),
        ("commands: [{name: a, run: [x, '{nam}']}]", "commands[0].run", "{nam} is no placeholder"),
        ("commands: [{name: '', run: [x]}]", "commands[0].name", "is empty or too long"),
        ("commands: [{name: a, run: [x], dangerus: true}]", "commands[0]", "dangerus"),
        ("commands: [{name: a, run: [x]}, {name: a, run: [y]}]", "commands", "two commands or links are called a"),
        ("commands: [{name: a, run: 'x y'}]", "commands[0].run", "expected a list"),
        ("links: [{name: a, url: 'javascript:alert(1)'}]", "links[0].url", "must begin with http"),
        ("links: [{name: a, url: 'file:///etc/passwd'}]", "links[0].url", "must begin with http"),
        ("links: [{name: a, url: 'https://me:pw@host/'}]", "links[0].url", "without a user name"),
        ("links: [{name: a, url: 'https://{name}/'}]", "links[0].url", "host cannot be a placeholder"),
        ("links: [{name: a, url: 'https://'}]", "links[0].url", "must begin with"),
        ("links: [{name: a, url: 'https://h/{x}'}]", "links[0].url", "{x} is no placeholder"),
    ],
)
def test_a_wrong_one_is_named_with_its_place(text: str, key: str, problem: str) -> None:
    with pytest.raises(SettingsError) as caught:
        parse_settings(text.encode(), "f")
    assert caught.value.key == key
    assert problem in caught.value.problem


def test_there_are_not_too_many() -> None:
    many = ", ".join(f"{{name: c{number}, run: [x]}}" for number in range(MOST + 1))
    with pytest.raises(SettingsError, match=f"more than {MOST}"):
        parse_settings(f"commands: [{many}]".encode(), "f")


def test_a_variable_cannot_bring_a_command(tmp_path: Path) -> None:
    warned: list[str] = []
    settings = load_settings(tmp_path / "none", {"COCKPIT_COMMANDS": "rm"}, {}, warned.append)
    assert settings.commands == ()
    assert "unknown variable" in warned[0]


def test_hyperlinks_go_by_the_terminal_unless_somebody_decides() -> None:
    assert parse_settings(b"", "f").hyperlinks == "auto"
    assert parse_settings(b"hyperlinks: never", "f").hyperlinks == "never"
    with pytest.raises(SettingsError, match="hyperlinks"):
        parse_settings(b"hyperlinks: perhaps", "f")
