"""Names that a shell completes, and the list of keys."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from click.shell_completion import ShellComplete
from click.testing import CliRunner

from cockpit.cli.main import command_line
from cockpit.cli.program import Completes, Options
from cockpit.launch.compose import Launcher
from tests.cli.fakes import FakeCockpit, FakeProgram, fleet


def completed(made: FakeProgram, *words: str) -> list[str]:
    """What a shell offers for the last word."""
    *before, typed = words
    shell = ShellComplete(command_line, {"obj": made}, "cockpit", "_COCKPIT_COMPLETE")
    return [item.value for item in shell.get_completions(list(before), typed)]


@pytest.fixture
def made() -> FakeProgram:
    return FakeProgram(FakeCockpit(fleet()))


@pytest.mark.parametrize(
    ("words", "names"),
    [
        (("--context", "prod"), ["prod-eu", "prod-us"]),
        (("list", "--context", "prod-u"), ["prod-us"]),
        (("show", "-n", ""), ["shop", "books"]),
        (("show", "sh"), ["shop/web", "shop/pay"]),
        (("rollback", "web"), ["shop/web", "books/web"]),
        (("set-weight", "shop/p"), ["shop/pay"]),
        (("verify", "books"), ["books/web"]),
        (("guard", ""), ["shop/web", "shop/pay", "books/web"]),
        (("watch", "books"), ["books/web"]),
        (("demo", "b"), ["broken-canary"]),
        (("demo", "many", "b"), ["broken-canary"]),
        (("list", "--cluster", "eu"), ["eu-1"]),
        (("list", "--user", ""), ["ann", "joe"]),
        (("comp",), ["completion"]),
    ],
)
def test_names_are_completed(made: FakeProgram, words: tuple[str, ...], names: list[str]) -> None:
    assert completed(made, *words) == names


def test_flags_before_the_word_count(made: FakeProgram) -> None:
    completed(made, "show", "--context", "prod-eu", "-n", "shop", "w")
    assert made.options[-1].contexts == ("prod-eu",)
    assert made.options[-1].namespace == "shop"


def test_without_a_program_nothing_is_completed() -> None:
    shell = ShellComplete(command_line, {}, "cockpit", "_COCKPIT_COMPLETE")
    assert shell.get_completions(["show"], "") == []


def launcher(folder: Path, settings: str = "") -> Launcher:
    config, path = folder / "kubeconfig", folder / "config.yaml"
    contexts = [{"name": name, "context": {"cluster": "c", "user": "u"}} for name in ("b", "a")]
    cluster = {"name": "c", "cluster": {"server": "https://127.0.0.1:1"}}
    document = {"clusters": [cluster], "users": [{"name": "u", "user": {}}], "contexts": contexts}
    config.write_text(yaml.safe_dump({**document, "current-context": "a"}))
    path.write_text(settings)
    return Launcher({"KUBECONFIG": str(config), "HOME": str(folder), "COCKPIT_CONFIG": str(path)})


def test_contexts_come_from_the_kubeconfig_and_scenarios_from_the_embedded_cluster(tmp_path: Path) -> None:
    program = launcher(tmp_path)
    assert program.complete(Completes.CONTEXT, Options()) == ["a", "b"]
    assert program.complete(Completes.CLUSTER, Options()) == ["c"]
    assert program.complete(Completes.USER, Options()) == ["u"]
    assert "broken-canary" in program.complete(Completes.SCENARIO, Options())


@pytest.mark.parametrize("what", [Completes.NAMESPACE, Completes.ROLLOUT])
def test_a_cluster_that_does_not_answer_completes_nothing(tmp_path: Path, what: Completes) -> None:
    assert list(launcher(tmp_path).complete(what, Options(contexts=("a",)))) == []
    assert list(launcher(tmp_path).complete(what, Options(contexts=("none",)))) == []


def test_a_broken_setting_says_nothing_while_a_word_is_completed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert list(launcher(tmp_path, "them: dark").complete(Completes.ROLLOUT, Options())) == []
    assert capsys.readouterr().err == ""


def test_keys_are_listed_with_their_ids(made: FakeProgram) -> None:
    made.key_problems.append("keymap: no key id rolback; did you mean rollback?")
    result = CliRunner().invoke(command_line, ["keys"], obj=made)
    assert result.stdout.split()[:5] == ["ID", "KEYS", "WHERE", "NAME", "WHAT"]
    assert "rollback" in result.stdout
    assert "did you mean rollback" in result.stderr
    told = json.loads(CliRunner().invoke(command_line, ["keys", "-o", "json"], obj=made).stdout)
    assert told["keys"][0]["id"] == "rollback"


def test_the_listed_keys_are_those_of_the_screen_with_the_persons_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    program = launcher(tmp_path, "keymap: {rollback: b, rolback: c}\nthem: dark\n")
    rows, problems = program.keys(Options())
    assert next(row.keys for row in rows if row.id == "rollback") == "b"
    assert next(row.keys for row in rows if row.id == "help") == "? f1"
    assert "did you mean rollback" in problems[0]
    assert "warning: " in capsys.readouterr().err
