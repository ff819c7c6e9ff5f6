"""`doctor --manifests` prints roles and asks no cluster."""

from __future__ import annotations

import json

import pytest
import yaml
from click.testing import CliRunner, Result

from cockpit.cli.main import command_line
from cockpit.manifests.role_rights import RoleName
from tests.cli.fakes import FakeCockpit, FakeProgram, fleet


def run(program: FakeProgram, *words: str) -> Result:
    return CliRunner().invoke(command_line, words, obj=program)


def test_doctor_prints_a_role_for_kubectl_and_opens_no_session() -> None:
    made = FakeProgram(FakeCockpit(fleet()))
    result = run(made, "doctor", "--manifests", "pilot", "--for-user", "ann", "--for-group", "ops", "-n", "shop")
    documents = list(yaml.safe_load_all(result.stdout))
    assert result.exit_code == 0
    assert [each["kind"] for each in documents] == ["Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding"]
    assert [subject["name"] for subject in documents[1]["subjects"]] == ["ann", "ops"]
    told = " ".join(result.stderr.split())
    assert told == (
        "applied, binding rollout-cockpit-pilot gives the role to ann, ops alone: "
        "whoever had it before and is not named loses it"
    )
    assert made.closed == 0, "no session was opened that had to be closed"


def test_doctor_says_that_a_role_is_for_nobody_yet() -> None:
    made = FakeProgram(FakeCockpit(fleet()))
    result = run(made, "doctor", "--manifests", "viewer", "-o", "json")
    told = json.loads(result.stdout)
    assert (told["kind"], [each["kind"] for each in told["items"]]) == ("List", ["ClusterRole", "ClusterRoleBinding"])
    assert "REPLACE-ME" in result.stderr
    assert "REPLACE-ME" in result.stdout


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--for-user", "ann"), "name the role with --manifests"),
        (("--manifests", "pilot", "-n", "shop", "-A"), "give one of them"),
        (("--manifests", "boss"), "'boss' is not one of 'viewer', 'pilot', 'prober', 'pairing'"),
    ],
)
def test_doctor_refuses_what_says_nothing_of_a_role(words: tuple[str, ...], why: str) -> None:
    result = run(FakeProgram(FakeCockpit(fleet())), "doctor", *words)
    assert result.exit_code == 2
    assert why in " ".join(result.stderr.split())


def test_every_role_can_be_printed() -> None:
    for role in RoleName:
        assert run(FakeProgram(FakeCockpit(fleet())), "doctor", "--manifests", str(role)).exit_code == 0
