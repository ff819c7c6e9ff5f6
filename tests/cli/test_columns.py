"""Columns that a person chooses, in a command or in the settings."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cockpit.cli.main import command_line
from cockpit.cli.program import Options
from cockpit.launch.compose import Launcher
from cockpit.session.settings import SettingsError, parse_settings
from tests.cli.fakes import FakeCockpit, FakeProgram, fleet, rollout

WEB = replace(rollout("web"), labels=(("app.kubernetes.io/part-of", "shop"), ("team", "\x1b[31mwaiting")))


def run(*words: str, wide: dict[str, str] | None = None) -> Result:
    made = FakeProgram(FakeCockpit(fleet([WEB, rollout("pay")])))
    made.wide_columns = wide or {}
    return CliRunner().invoke(command_line, words, obj=made)


def test_only_the_columns_that_are_asked_for() -> None:
    part_of = ".labels.app\\.kubernetes\\.io/part-of"
    spec = f"NAME:.name,OF:{part_of},NEW:.versions[1].images[0],GETS:.lanes[0].shares[1].written"
    result = run("list", "-o", f"custom-columns={spec}")
    assert [line.split() for line in result.stdout.splitlines()] == [
        ["NAME", "OF", "NEW", "GETS"],
        ["web", "shop", "web:v2", "0.3"],
        ["pay", "<none>", "web:v2", "0.3"],
    ]


def test_a_wide_list_has_the_columns_of_the_settings_at_its_end() -> None:
    lines = run("list", "-o", "wide", wide={"TEAM": ".labels.team"}).stdout.splitlines()
    assert [line.split()[-1] for line in lines] == ["TEAM", "waiting", "<none>"]
    assert "TEAM" not in run("list", wide={"TEAM": ".labels.team"}).stdout


def test_a_label_is_safe_and_not_translated() -> None:
    result = run("--lang", "zh", "list", "-o", "custom-columns=TEAM:.labels.team")
    assert result.stdout.splitlines() == ["TEAM", "waiting", "<none>"]


@pytest.mark.parametrize("spec", ["", "NAME", "NAME:", ":.name", "A:.a[", ",".join(f"C{n}:.a" for n in range(31))])
def test_what_is_no_column_is_a_usage_error(spec: str) -> None:
    result = run("list", "-o", f"custom-columns={spec}")
    assert result.exit_code == 2
    assert result.stdout == ""


def test_another_format_is_refused_as_before() -> None:
    result = run("list", "-o", "xml")
    assert result.exit_code == 2
    assert "wide" in result.stderr


def test_the_settings_hold_paths(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("columns: {TEAM: .labels.team}")
    launcher = Launcher({"HOME": str(tmp_path), "COCKPIT_CONFIG": str(tmp_path / "config.yaml")})
    assert launcher.columns(Options()) == {"TEAM": ".labels.team"}
    with pytest.raises(SettingsError, match=r"columns\.TEAM: the path '.labels\[' cannot be read"):
        parse_settings(b"columns: {TEAM: 'labels['}", "f")
