"""The recipes of docs/shipping: they parse, name only commands and options that exist, and the manual page is fresh."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
import yaml
from click.testing import CliRunner

from cockpit.cli.main import command_line
from cockpit.model.kinds import KINDS
from tests.man_page import PAGE, page

ROOT = Path(__file__).parents[1]
SHIPPING = ROOT / "cockpit" / "docs" / "shipping"
MANIFESTS = sorted(SHIPPING.rglob("*.yaml"))
PAGES = (*MANIFESTS, SHIPPING / "Containerfile", ROOT / "cockpit" / "docs" / "hands.md", ROOT / "README.md")
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]


def documents(path: Path) -> list[Any]:
    return list(yaml.safe_load_all(path.read_text(encoding="utf-8")))


def values(value: Any) -> Iterator[Any]:
    """Every value in a document, itself too."""
    yield value
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for item in inner:
        yield from values(item)


def commands_in(path: Path) -> list[list[str]]:
    """The words of every `cockpit` command that a file shows: in its scripts, and as the arguments of the image."""
    found = []
    for document in documents(path) if path.suffix == ".yaml" else ():
        for value in values(document):
            if isinstance(value, dict) and isinstance(value.get("image"), str) and "command" not in value:
                found.append(list(value["args"]))
    for line in re.findall(r"(?:^|[\s`]|(?:&&|:) )cockpit (?=[-a-z])([^\n`]*)", path.read_text(encoding="utf-8")):
        text = re.split(r" (?:#|>>?|&&|\|\|?|&) ?|  +#", line)[0]
        try:
            words = shlex.split(text)
        except ValueError:
            continue  # an apostrophe: prose, not a command
        if words and words[0] in command_line.commands:
            found.append(words)
    return found


@pytest.mark.parametrize("path", MANIFESTS, ids=lambda path: path.name)
def test_a_manifest_parses_and_has_no_tabs(path: Path) -> None:
    assert all(isinstance(document, dict) and document for document in documents(path))
    assert "\t" not in path.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_every_command_and_option_that_is_shown_exists(path: Path) -> None:
    for name, *rest in commands_in(path):
        command = command_line.commands[name]
        helped = CliRunner().invoke(command_line, [name, "--help"])
        assert helped.exit_code == 0, helped.output
        known = {option for param in command.params for option in (*param.opts, *param.secondary_opts)} | {"--help"}
        for word in rest[: rest.index("--") if "--" in rest else None]:
            if word.startswith("-") and word != "-":
                assert word.partition("=")[0] in known, f"{path.name}: cockpit {name} has no {word}"


def test_the_recipes_show_commands_at_all() -> None:
    shown = {path.name: [words[0] for words in commands_in(path)] for path in PAGES}
    assert shown["verify-job.yaml"] == ["verify"]
    assert shown["analysis-template.yaml"] == ["verify"]
    assert shown["github.yaml"] == ["set-weight", "verify", "set-weight", "verify", "rollback", "journal"]
    assert shown["gitlab.yaml"] == ["set-weight", "verify", "journal", "rollback"]
    assert {"list", "verify", "wait", "guard"} <= set(shown["README.md"])


@pytest.mark.parametrize("path", MANIFESTS, ids=lambda path: path.name)
def test_a_container_is_confined(path: Path) -> None:
    for document in documents(path):
        for pod in (v for v in values(document) if isinstance(v, dict) and "containers" in v):
            assert pod["securityContext"]["runAsNonRoot"] is True
            assert {"name": "tmp", "emptyDir": {}} in pod["volumes"]
            for container in pod["containers"]:
                context = container["securityContext"]
                assert context["readOnlyRootFilesystem"] is True
                assert context["allowPrivilegeEscalation"] is False
                assert context["capabilities"] == {"drop": ["ALL"]}
                assert container["image"] == f"rollout-cockpit:{VERSION}"


def test_the_image_runs_as_nobody_and_writes_below_tmp() -> None:
    final = (SHIPPING / "Containerfile").read_text().rpartition("\nFROM ")[2]
    steps = dict(line.split(" ", 1) for line in final.splitlines()[1:] if line and not line.startswith("#"))
    user, _, group = steps["USER"].partition(":")
    assert int(user) > 0
    assert int(group) > 0
    assert "COCKPIT_STATE=/tmp/" in steps["ENV"]
    assert list(steps)[-2:] == ["USER", "ENTRYPOINT"]


def test_the_account_may_read_every_kind_and_change_nothing() -> None:
    role = next(document for document in documents(SHIPPING / "rights.yaml") if document["kind"] == "ClusterRole")
    granted: dict[tuple[str, str], set[str]] = {}
    for rule in role["rules"]:
        for group in rule["apiGroups"]:
            for plural in rule["resources"]:
                granted.setdefault((group, plural), set()).update(rule["verbs"])
    for row in KINDS:
        assert granted[row.resource.group, row.resource.plural] >= {"get", "list", "watch"}
    assert set().union(*granted.values()) == {"get", "list", "watch"}
    assert not any(plural == "secrets" for _, plural in granted)


def test_the_manual_page_is_as_the_commands_are() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run `make readme`"
    for name in command_line.commands:
        assert f".SS cockpit {name}".replace("-", r"\-") in page()


def test_the_manual_page_is_without_mistakes() -> None:
    if shutil.which("groff") is None:
        pytest.skip("groff is not on this machine")
    words = ["groff", "-man", "-Tutf8", "-ww", str(PAGE)]
    made = subprocess.run(words, capture_output=True, text=True, check=True)
    assert made.stderr == ""
    assert "EXIT STATUS" in re.sub(".\x08", "", made.stdout)  # bold letters are printed twice


KREW = SHIPPING / "krew"


def test_krews_manifest_has_what_krew_asks_for_and_this_version() -> None:
    [manifest] = documents(KREW / "cockpit.yaml")
    assert (manifest["kind"], manifest["metadata"]["name"]) == ("Plugin", "cockpit")
    assert manifest["spec"]["version"] == f"v{VERSION}"
    assert len(manifest["spec"]["shortDescription"]) < 60
    [platform] = manifest["spec"]["platforms"]
    assert platform["bin"] in [entry["from"] for entry in platform["files"]]
    assert (KREW / platform["bin"]).stat().st_mode & 0o111
    assert f"version={VERSION}\n" in (KREW / platform["bin"]).read_text()


@pytest.mark.parametrize(
    ("there", "called"),
    [
        (["cockpit", "uv"], "cockpit list -A"),
        (["uv", "pipx"], f"uv tool run --from rollout-cockpit=={VERSION} cockpit list -A"),
        (["pipx"], f"pipx run --spec rollout-cockpit=={VERSION} cockpit list -A"),
    ],
)
def test_what_krew_installs_runs_the_cockpit_that_is_there(tmp_path: Path, there: list[str], called: str) -> None:
    for name in there:
        stub = tmp_path / name
        stub.write_text('#!/bin/sh\necho "${0##*/} $*"\n')
        stub.chmod(0o755)
    shell = shutil.which("sh") or ""
    words = [shell, str(KREW / "kubectl-cockpit"), "list", "-A"]
    told = subprocess.run(words, env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=True)
    assert told.stdout == f"{called}\n"


def test_without_any_it_says_what_to_install(tmp_path: Path) -> None:
    words = [shutil.which("sh") or "", str(KREW / "kubectl-cockpit")]
    told = subprocess.run(words, env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=False)
    assert told.returncode == 1
    assert "uv or pipx" in told.stderr


def test_the_page_names_every_recipe() -> None:
    named = (ROOT / "cockpit" / "docs" / "shipping.md").read_text(encoding="utf-8")
    for path in SHIPPING.rglob("*"):
        if path.is_file() and path.parent != KREW:
            assert f"`{path.relative_to(ROOT)}`" in named
    assert isinstance(command_line, click.Group)
