"""Every command in Chinese on the embedded cluster: no English word is left that is no name and nothing to type."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from cockpit.cli.main import command_line
from cockpit.demo.scenarios.scenario import names as scenario_names
from cockpit.model.plan import Act
from cockpit.texts.current import use
from cockpit.texts.languages import CHINESE, ENGLISH
from cockpit.tui.keys import BY_ID, KEYS, key_name
from tests.cli.test_end_to_end import SECONDS, start

# Scenarios that wait for somebody soon after they have started, so that they say the same in each run.
SCENARIOS = ("argo-blue-green", "kruise-batches", "red-black", "split-not-given", "stateful", "broken-canary")
# Words that stand in Chinese texts as they are: kinds, fields, protocols, programs, and what is typed.
NAMES = frozenset((Path(__file__).parent / "names_in_chinese.txt").read_text().split())
ON_KEYBOARDS = {part for key in KEYS for name in key.keys.split(",") for part in key_name(name.strip()).split("+")}
# What is typed: acts, keys, scenarios, formats, columns of lists.
TYPED_NAMES = frozenset(
    part
    for name in (
        *(scenario for scenario, _ in scenario_names()),
        *Act,
        *BY_ID,
        *(word for key in KEYS for word in re.split("[,+]", key.keys)),
        *command_line.commands,
    )
    for part in str(name).split("-")
)
WORD = re.compile(r"(?<![\w./:=@-])[A-Za-z][A-Za-z]+(?![\w/=@-]|\.\w|:[^\s])")
# Commands, addresses and paths stand for themselves, as do options and what replaces a value in a form.
TYPED = re.compile(
    r"(?:cockpit|kubectl|curl) [a-z-]+(?: [^\s;,。;,)]+)*"  # a command in a sentence
    r"|for 30s|(?<!\w)--?[a-z][\w-]*(?:[ =][A-Z]+)?"  # an option with its value
    r"|https?://\S+|\[[^\]\s]*\]|<[^>\s]*>|\b[A-Z][A-Z_]+\b|“[^”]*”|`[^`]*`|'[^']*'|\"[^\"]*\""
)


@pytest.fixture(autouse=True)
def chinese() -> Iterator[None]:
    use(CHINESE)
    yield
    use(ENGLISH)


class Commands:
    """Runs commands on the embedded cluster in this process, and knows the names that the cluster gives."""

    def __init__(self, kubeconfig: Path, state: Path) -> None:
        self._state = state
        self._given = ("--lang", "zh", "--kubeconfig", str(kubeconfig), "-A")
        self.again()

    def again(self) -> Commands:
        """Read the rollouts and their names."""
        listed = json.loads(self.run("list", "-o", "json")[1])
        self.rollouts: dict[str, dict[str, Any]] = {
            f"{each['namespace']}/{each['name']}": each for each in listed["rollouts"]
        }
        self.names = frozenset(re.findall(r"[A-Za-z]+", json.dumps([_names(each) for each in listed["rollouts"]])))
        return self

    def run(self, *words: str) -> tuple[int, str]:
        """The exit code, and what was said on stdout and stderr."""
        process = start([*self._given, *words], self._state)
        out, said = process.communicate(timeout=SECONDS)
        return process.returncode, out + said


def _names(rollout: dict[str, Any]) -> list[Any]:
    versions = [[each["name"], each["images"], each["workload"]] for each in rollout["versions"]]
    # What a controller says stays in its own words.
    foreign = [rollout["said"], [check["message"] for check in rollout["checks"]]]
    names = [rollout[key] for key in ("name", "namespace", "context", "system", "router")]
    return [*names, versions, foreign]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Commands]:
    folder = tmp_path_factory.mktemp("demo")
    kubeconfig = folder / "kubeconfig"
    process = start(["demo", *SCENARIOS, "--serve", "--kubeconfig-out", str(kubeconfig)], folder)
    assert process.stdout
    process.stdout.readline()
    made = Commands(kubeconfig, folder)
    # Until its release begins the rollout is not there or at rest, and nothing is waited for.
    waited = ("wait", "argo-blue-green/shop", "--for", "waiting", "--timeout", "60s")
    assert any(made.run(*waited)[0] == 0 for _ in range(100))
    yield made.again()
    process.terminate()
    process.communicate(timeout=60)


def english_in(text: str, names: frozenset[str] = frozenset()) -> list[str]:
    """Lines with an English word that is no name."""
    known = NAMES | TYPED_NAMES | names
    return [f"{words}: {line}" for line in text.splitlines() if (words := [w for w in _words(line) if w not in known])]


def _words(line: str) -> list[str]:
    return WORD.findall(TYPED.sub(" ", line))


def arguments(act: str, rollout: dict[str, Any]) -> list[str]:
    """Words behind the name of a rollout that the act accepts."""
    first, last = rollout["versions"][0]["name"], rollout["versions"][-1]["name"]
    given = {
        "set-weight": [f"{last}=50"],
        "scale": [f"{first}=3"],
        "header": [last, "x-tester=yes"],
        "set-image": ["registry.example/web:v9"],
        "jump": ["1"],
        "steps": ["v2", "20", "50", "100"],
    }
    return given.get(act, [])


def test_an_english_word_is_found() -> None:
    assert english_in("健康: fine, v2 得到 26%") == ["['fine']: 健康: fine, v2 得到 26%"]
    assert not english_in("对 Ingress shop/web 的补丁: kubectl patch ingress web --type=json")


@pytest.mark.parametrize("words", ["list -o wide", "doctor", "keys", "demo --list"])
def test_a_list_is_in_chinese(demo: Commands, words: str) -> None:
    code, said = demo.run(*words.split())
    assert code == 0
    assert not english_in(said, demo.names)


def test_each_rollout_is_told_in_chinese(demo: Commands) -> None:
    assert len(demo.rollouts) >= len(SCENARIOS)
    for name in ("argo-blue-green/shop", "checkout/checkout", "kruise-batches/orders", "stateful/orders"):
        assert not english_in(demo.run("show", name, "-o", "wide")[1], demo.names)


def test_plans_are_told_in_chinese(demo: Commands) -> None:
    """The first of each act; those that say little are left to the screens."""
    offers = {
        act["id"]: (name, rollout)
        for name, rollout in reversed(demo.rollouts.items())
        for act in rollout["acts"]
        if act["enabled"]
    }
    for act in ("promote", "rollback", "abort", "set-image", "flip", "set-weight", "header", "pause"):
        name, rollout = offers[act]
        code, said = demo.run(act, name, *arguments(act, rollout), "--dry-run")
        assert code == 1 or "kubectl --context demo" in said
        assert not english_in(said, demo.names), act


def test_what_was_done_is_told_in_chinese(demo: Commands) -> None:
    for words in (
        "rollback payments/pay --yes --no-probe --no-wait",
        "verify payments/pay --within 2s",
        "probe payments/pay --count 5",
        "journal -o markdown",
    ):
        assert not english_in(demo.run(*words.split())[1], demo.names)


WRONG = (
    *("rollback", "bogus", "lst", "list --bogus", "list --nam x", "list -o x", "list x", "jump a/b x", "jump a/b 0"),
    *("--namespace", "list --read-only=3", "probe", "wait a/b", "verify a/b --within x", "replay /none", "record"),
    *("completion x", "--probe-budget x", "--probe-budget 0 list", "--sample x list", "set-weight a/b"),
)


@pytest.mark.parametrize("words", WRONG)
def test_wrong_usage_is_told_in_chinese(words: str) -> None:
    use(CHINESE)
    done = CliRunner().invoke(command_line, words.split(), prog_name="cockpit")
    assert done.exit_code == 2
    assert "错误:" in done.output
    assert not english_in(done.output)


@pytest.mark.parametrize("words", ["list --context nope", "show a/b", "rollback a/b --yes"])
def test_so_is_what_is_not_there(demo: Commands, words: str) -> None:
    code, said = demo.run(*words.split())
    assert code == 1
    assert "错误:" in said
    assert not english_in(said, demo.names)


@pytest.mark.parametrize("command", [None, *command_line.commands.values()], ids=lambda each: each and each.name)
def test_help_is_in_chinese(command: click.Command | None) -> None:
    words = [command.name or ""] if command else []
    done = CliRunner().invoke(command_line, [*words, "--help"], prog_name="cockpit")
    assert done.exit_code == 0
    # Lines are folded in the middle of what is to be typed.
    assert not english_in(" ".join(done.output.split()))
