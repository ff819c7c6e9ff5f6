"""Names in a user's own commands and links, however hostile the names are."""

from __future__ import annotations

import shlex
from dataclasses import replace
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.model.placeholders import (
    NAMES,
    PlaceholderError,
    filled_script,
    filled_url,
    filled_words,
    problem_of,
    values_of,
)
from cockpit.model.refs import RolloutKey
from tests.cli.fakes import rollout

WEB = {**dict.fromkeys(NAMES, ""), "namespace": "shop", "name": "web", "context": "eu", "label:team": "pay"}
HOSTILE = st.text(min_size=1, max_size=40) | st.sampled_from(
    ["--all", "-n", "$(touch x)", "`x`", "a;b", "a b", "a'b", 'a"b', "a\nb", "../..", "{name}", "&&", "*", "~", "\\"]
)


def test_a_rollout_gives_its_names_and_the_version_that_is_released() -> None:
    found = values_of(replace(rollout(), labels=(("team", "pay"),)))
    assert found == {
        "namespace": "shop",
        "name": "web",
        "context": "demo",
        "system": "manual",
        "router": "ingress",
        "version": "v2",
        "stable": "v1",
        "image": "web:v2",
        "label:team": "pay",
    }


def test_a_rollout_without_versions_gives_empty_ones() -> None:
    found = values_of(replace(rollout(), versions=()))
    assert (found["version"], found["stable"], found["image"]) == ("", "", "")


def test_words_keep_their_borders() -> None:
    words = ("kubectl", "-n", "{namespace}", "get", "deploy/{name}", "-o=jsonpath={{.spec}}", "{label:team}")
    assert filled_words(words, WEB) == ("kubectl", "-n", "shop", "get", "deploy/web", "-o=jsonpath={.spec}", "pay")


@pytest.mark.parametrize("word", ["{version}", "x-{label:none}"])
def test_what_a_rollout_has_not_is_told(word: str) -> None:
    with pytest.raises(PlaceholderError, match="this rollout has no"):
        filled_words(("run", word), WEB)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{nam}", "{nam} is no placeholder"),
        ("{", "{ is no"),
        ("a}", "} is no"),
        ("{}", "{} is no"),
        ("{label:}", "is no"),
    ],
)
def test_a_misspelt_placeholder_is_named(text: str, problem: str) -> None:
    assert problem in problem_of(text)
    assert problem_of("{namespace}{{}}{label:app.kubernetes.io/name}") == ""


@given(HOSTILE)
def test_no_name_becomes_an_option_or_another_word(name: str) -> None:
    try:
        words = filled_words(("run", "{name}", "--of={name}", "a/{name}"), {**WEB, "name": name})
    except PlaceholderError:
        return
    assert words == ("run", name, f"--of={name}", f"a/{name}")
    assert not name.startswith("-")


@given(HOSTILE, st.sampled_from(["{name}", "'{name}'", '"{name}"', "x={name}", "$(echo {name})"]))
def test_a_shell_never_gets_a_name_that_it_acts_on(name: str, place: str) -> None:
    try:
        script = filled_script(("echo", place), {**WEB, "name": name})
    except PlaceholderError:
        return
    assert script == "echo " + place.replace("{name}", name)
    assert shlex.split(name) == [name]
    assert not set(name) & set("$`\\\"';&|<>()*?[]{}~#! \t\n-") - set("-")
    assert not name.startswith("-")


@given(HOSTILE)
def test_a_link_keeps_its_scheme_host_and_path(name: str) -> None:
    try:
        url = filled_url("https://logs.example/d/{name}/x?ns={namespace}&v={name}#a", {**WEB, "name": name})
    except PlaceholderError:
        return
    parts = urlsplit(url)
    assert (parts.scheme, parts.netloc, parts.fragment) == ("https", "logs.example", "a")
    assert parts.path.split("/")[1:] == ["d", parts.path.split("/")[2], "x"]
    assert unquote(parts.path.split("/")[2]) == name
    assert url.isascii()


def test_a_name_of_dots_stays_one_part_of_a_path() -> None:
    key = RolloutKey("eu", "shop", "..", "manual")
    with pytest.raises(PlaceholderError):
        filled_url("https://x.example/{name}/edit", values_of(replace(rollout(), key=key)))
