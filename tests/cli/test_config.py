"""`config`: the settings in force as a table and as documents."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from cockpit.cli.main import command_line
from cockpit.launch.compose import Launcher
from tests.cli.fakes import FakeCockpit, FakeProgram, fleet


def test_a_row_says_what_set_it() -> None:
    result = CliRunner().invoke(command_line, ["config"], obj=FakeProgram(FakeCockpit(fleet())))
    assert [line.split() for line in result.stdout.splitlines()] == [
        ["SETTING", "VALUE", "FROM"],
        ["theme", "dark", "default"],
        ["read_only_contexts", '["*live*"]', "/etc/cockpit/config.yaml"],
    ]


def test_the_document_has_the_file_and_values_as_they_are() -> None:
    result = CliRunner().invoke(command_line, ["config", "-o", "json"], obj=FakeProgram(FakeCockpit(fleet())))
    document = json.loads(result.stdout)
    assert document["file"] == "config.yaml"
    assert document["settings"][1]["value"] == ["*live*"]


def test_a_flag_of_the_command_is_named_as_the_source(tmp_path: Path) -> None:
    launcher = Launcher({"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)})
    result = CliRunner().invoke(command_line, ["config", "--theme", "light", "-o", "json"], obj=launcher)
    rows = {row["key"]: row for row in json.loads(result.stdout)["settings"]}
    assert rows["theme"] == {"key": "theme", "value": "light", "source": "--theme"}


def test_settings_that_cannot_be_used_are_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "config.yaml").write_text("theme: [")
    launcher = Launcher({"HOME": str(tmp_path), "COCKPIT_CONFIG": str(tmp_path / "config.yaml")})
    result = CliRunner().invoke(command_line, ["config"], obj=launcher)
    assert result.exit_code == 1
    assert "config.yaml: is not valid YAML" in result.stderr
