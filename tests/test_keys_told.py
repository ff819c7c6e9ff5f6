"""The README, the pages for the next person and the manual page tell the keys, commands and flags that there are."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cockpit.cli.main import command_line
from cockpit.tui.commands import commands
from cockpit.tui.keys import KEYS, Where, remapped
from tests.man_page import PAGE, PLACES
from tests.tui.fake import fleet

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
PAGES = (README, *sorted((ROOT / "cockpit" / "docs").glob("*.md")))
WORDS = {(key.shown, key.word) for key in KEYS}
# Of other programs, of one that is meant as an example, or of a shell.
FOREIGN = re.compile(r"\b(kubectl (?!cockpit)|pip |ssh |curl |docker |make |python |systemctl |git |helm |pytest )")


def section(text: str, title: str) -> str:
    """What stands below a title, up to the next one."""
    return text.partition(f"## {title}\n")[2].partition("\n## ")[0]


def list_of_keys() -> list[tuple[str, str]]:
    """The keys that the README lists, each with its words."""
    first = section(README.read_text(encoding="utf-8"), "Keys").strip().partition(". No single key")[0]
    return [
        (each[1], each[2].split(",")[0])
        for each in re.finditer(r"`([^`]+)` ([^·`]+?)(?= ·|$)", " ".join(first.split()))
    ]


def options() -> set[str]:
    """Every option of every command."""
    every = (command_line, *command_line.commands.values())
    return {"--help"} | {
        opt for command in every for param in command.params for opt in (*param.opts, *param.secondary_opts)
    }


def test_the_readme_lists_keys_by_their_words() -> None:
    listed = list_of_keys()
    assert len(listed) > 30
    assert [each for each in listed if each not in WORDS] == []


def test_the_readme_lists_every_key_of_an_act_and_of_the_fleet() -> None:
    shown = {key for key, _ in list_of_keys()}
    text = section(README.read_text(encoding="utf-8"), "Keys")
    places = (Where.FLEET, Where.ROLLOUT, Where.BOTH, Where.ACTING)
    missing = [
        key.id for key in KEYS if key.where in places and key.shown not in shown and f"`{key.shown}`" not in text
    ]
    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_is_typed_after_a_colon_is_a_command(page: Path) -> None:
    known = set()
    for place in ("fleet", "rollout", "logs"):
        for each in commands(remapped({}), fleet(), place):
            known |= {word.split()[0] for word in (each.name, *each.others) if word.split()}
    typed = re.findall(r"`:([a-z]+)[ `]", page.read_text(encoding="utf-8"))
    assert [word for word in typed if word not in known] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_is_typed_in_a_shell_is_a_command_with_its_flags(page: Path) -> None:
    known = options()
    wrong = []
    for line in re.findall(
        r"^    (?:kubectl )?cockpit .*$|`(?:kubectl )?cockpit [^`]+`", page.read_text("utf-8"), re.M
    ):
        words = FOREIGN.split(line.strip().strip("`").partition(" #")[0].partition(" |")[0])[0].split()
        at = words.index("cockpit") + 1
        if at < len(words) and re.fullmatch(r"[a-z][a-z-]*", words[at]) and words[at] not in command_line.commands:
            wrong.append(line)
        wrong += [line for word in words if word.startswith("--") and word.partition("=")[0] not in known]
    assert wrong == []


def test_the_manual_page_has_every_key() -> None:
    page = PAGE.read_text(encoding="utf-8").replace("\\-", "-").replace("\\", "")
    assert [key.id for key in KEYS if key.where in PLACES and f"{key.shown}: {key.word}" not in page] == []


def test_a_flag_that_is_misspelt_would_be_found() -> None:
    assert "--kubeconfig" in options()
    assert "--kubeconifg" not in options()
