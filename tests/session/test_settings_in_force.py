"""Where each setting comes from, and that no credential is among the values."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.session.settings import load_settings
from cockpit.session.settings_in_force import settings_in_force, without_credentials

TEXT = """
theme: light
read_only_contexts: ["*live*"]
probe: {rate: 5, budget: 20}
pairing: advisory
keymap: {rollback: b}
"""


def in_force(path: Path, environ: dict[str, str], **flags: object) -> dict[str, tuple[Any, str]]:
    dotted = {name.replace("__", "."): value for name, value in flags.items()}
    settings = load_settings(path, environ, dotted)
    return {row.key: (row.value, row.source) for row in settings_in_force(settings, path, environ, dotted)}


def test_each_setting_says_what_set_it(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(TEXT)
    environ = {"COCKPIT_PROBE_BUDGET": "30", "COCKPIT_THEME": "mono", "HOME": "/", "COCKPIT_STATE": "/s"}
    found = in_force(path, environ, theme="dark", probe__sample="all", read_only=None)
    file = str(path)
    assert found["theme"] == ("dark", "--theme")
    assert found["probe.rate"] == (5.0, file)
    assert found["probe.budget"] == (30.0, "COCKPIT_PROBE_BUDGET")
    assert found["probe.sample"] == ("all", "--sample")
    assert found["probe.timeout"] == (5.0, "default")
    assert found["pairing.pilot"] == ("advisory", file)
    assert found["keymap"] == ({"rollback": "b"}, file)
    assert found["read_only_contexts"] == (["*live*"], file)
    assert found["read_only"] == (False, "default")


def test_without_a_file_everything_is_a_default(tmp_path: Path) -> None:
    assert {source for _, source in in_force(tmp_path / "none", {}).values()} == {"default"}


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("https://me:pw@host/a?token=t&b=c", "https://(hidden)@host/a?token=(hidden)&b=c"),
        (["curl", "--token", "abc", "-H"], ["curl", "--token", "(hidden)", "-H"]),
        (["--api-token=abc", "PASSWORD=x", "a=b"], ["--api-token=(hidden)", "PASSWORD=(hidden)", "a=b"]),
        ({"password": "x", "user": "me", "deep": {"api_key": "k"}}, None),
        ([{"words": ["x", "--password", "p"]}], [{"words": ["x", "--password", "(hidden)"]}]),
        (5, 5),
    ],
)
def test_what_may_be_a_credential_is_hidden(value: Any, shown: Any) -> None:
    if shown is None:
        shown = {"password": "(hidden)", "user": "me", "deep": {"api_key": "(hidden)"}}
    assert without_credentials(value) == shown


@given(st.sampled_from(["--token", "--password", "--client-secret"]), st.from_regex(r"\Axyzzy[a-z0-9]{3,20}\Z"))
def test_a_credential_is_hidden_in_either_form(flag: str, secret: str) -> None:
    assert secret not in str(without_credentials([["run", flag, secret], ["run", f"{flag}={secret}"]]))
