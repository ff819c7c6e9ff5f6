"""What a pilot means in each context, from file and environment."""

from __future__ import annotations

from pathlib import Path

import pytest

from cockpit.model.pairing import PilotMode
from cockpit.model.second import Second
from cockpit.session.settings import SettingsError, load_settings, parse_settings


def mode(text: str, context: str = "prod-eu") -> PilotMode:
    return parse_settings(text.encode(), "config.yaml").pairing.mode(context)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", PilotMode.OFF),
        ("pairing: off", PilotMode.OFF),
        ("pairing: strict", PilotMode.STRICT),
        ("pairing: {pilot: advisory}", PilotMode.ADVISORY),
        ("pairing: {pilot: off}", PilotMode.OFF),
        ("pairing: {pilot: advisory, contexts: {'*prod*': strict}}", PilotMode.STRICT),
        ("pairing: {pilot: strict, contexts: {'*prod*': off}}", PilotMode.OFF),
        ("pairing: {contexts: {'dev-*': strict}}", PilotMode.OFF),
    ],
)
def test_the_mode_of_a_context(text: str, found: PilotMode) -> None:
    assert mode(text) is found


@pytest.mark.parametrize("text", ["pairing: sometimes", "pairing: {pilot: 3}", "pairing: [strict]", "paring: strict"])
def test_a_mistake_is_an_error(text: str) -> None:
    with pytest.raises(SettingsError):
        parse_settings(text.encode(), "config.yaml")


def test_variables_and_flags(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text("pairing: {pilot: strict, contexts: {dev: advisory}}")
    environ = {"COCKPIT_PAIRING_PILOT": "off", "COCKPIT_PAIRING_NAMESPACE": "cockpit"}
    by_variable = load_settings(file, environ, {}).pairing
    assert (by_variable.pilot, by_variable.mode("dev"), by_variable.namespace) == (
        PilotMode.OFF,
        PilotMode.ADVISORY,
        "cockpit",
    )
    assert load_settings(file, environ, {"pairing.pilot": "strict"}).pairing.pilot is PilotMode.STRICT


@pytest.mark.parametrize(
    ("text", "context", "needs"),
    [
        ("", "prod-eu", set()),
        ("pairing: strict", "prod-eu", set()),
        ("pairing: {second: all}", "any", set(Second)),
        ("pairing: {second: off}", "any", set()),
        ("pairing: {second: [promote, delete]}", "any", {Second.PROMOTE, Second.DELETE}),
        ("pairing: {second: 'raise, delete'}", "any", {Second.RAISE, Second.DELETE}),
        ("pairing: {second_contexts: {'*prod*': [promote]}}", "prod-eu", {Second.PROMOTE}),
        ("pairing: {second_contexts: {'*prod*': [promote]}}", "staging", set()),
        ("pairing: {second: all, second_contexts: {'dev*': off}}", "dev", set()),
        ("pairing: {second: all, second_contexts: {'dev*': off}}", "prod", set(Second)),
    ],
)
def test_which_plans_need_a_second_person(text: str, context: str, needs: set[Second]) -> None:
    assert parse_settings(text.encode(), "config.yaml").pairing.needs(context) == needs


@pytest.mark.parametrize(
    "text",
    [
        "pairing: {second: everything}",
        "pairing: {second: [promote, off]}",
        "pairing: {second: ''}",
        "pairing: {second_contexts: {'*prod*': sometimes}}",
        "pairing: {second_minutes: 0}",
        "pairing: {second_minutes: 5000}",
        "pairing: {second: [[promote]]}",
    ],
)
def test_a_misspelt_second_person_is_an_error(text: str) -> None:
    with pytest.raises(SettingsError, match="pairing"):
        parse_settings(text.encode(), "config.yaml")


def test_the_environment_can_ask_for_a_second_person() -> None:
    settings = load_settings(Path("/nowhere"), {"COCKPIT_PAIRING_SECOND": "promote,delete"}, {})
    assert settings.pairing.needs("any") == {Second.PROMOTE, Second.DELETE}
