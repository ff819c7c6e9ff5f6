"""What the cockpit reads of YAML by itself is what libyaml reads in it."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from cockpit.kube import yaml_text
from cockpit.kube.plain_yaml import NotPlainError, plain
from cockpit.kube.yaml_text import NotYamlError, parsed

KUBECTL = """apiVersion: v1
kind: Config
preferences: {}
clusters:
- cluster:
    certificate-authority-data: LS0tLS1CRUdJTg==
    server: https://api.prod.example.com:6443
    insecure-skip-tls-verify: false
  name: arn:aws:eks:eu-west-1:1234:cluster/prod

contexts:
- context:
    cluster: arn:aws:eks:eu-west-1:1234:cluster/prod
    namespace: "10"
    user: 'admin user'
  name: prod
current-context: prod
users:
- name: admin
  user:
    exec:
      # signs in
      command: aws
      args:
      - --region
      - eu-west-1
      - -o
      env: null
      interactiveMode: IfAvailable
      provideClusterInfo: true
- name: token
  user:
    token: 70e13dfcdf73d898108848f749d91ae2b7d23681
    extra:
"""
# Lines that are each one step away from what is read: most documents of them are no YAML, or mean something else.
PIECES = (
    *(
        "a:",
        "b: c",
        "b: c: d",
        "- a",
        "- b: c",
        "-",
        "- - a",
        "--- ",
        "...",
        "# x",
        "a: # x",
        "a: b # x",
        "",
        " ",
        "\t",
        "a:b",
    ),
    *(
        "a: 1",
        "a: 0x1f",
        "a: 1e3",
        "a: 12e03",
        "a: 2026-01-01",
        "a: 1_0b",
        "a: true",
        "a: Yes",
        "on: a",
        "y: n",
        "a: ~",
        "a: null",
    ),
    *(
        'a: "b c"',
        "a: 'b'",
        "a: ''",
        'a: "b\\n"',
        "a: b c",
        "a: {}",
        "a: []",
        "a: {b: c}",
        "a: *b",
        "a: &b c",
        "a: !b c",
        "a: |",
        "a: >",
    ),
    *(
        "a: -",
        "a: --b",
        "a: -1",
        "a: b:",
        "<<: a",
        "a: =",
        "a: 190:20:30",
        "a: 1d9",
        "a: 0b1a",
        "a: 08a",
        "? a",
        "a: é",
        "a: @b",
        "a: b,c",
    ),
)
LINES = st.lists(st.tuples(st.integers(0, 3), st.sampled_from(PIECES)), max_size=9)


def by_library(text: str) -> Any:
    return yaml.safe_load(text)


def test_what_kubectl_writes_is_read_as_libyaml_reads_it() -> None:
    assert plain(KUBECTL.encode()) == by_library(KUBECTL)


@given(LINES)
@example([(0, "a:"), (0, "- b: c"), (1, "a:"), (1, "- a")])
@example([(0, "- a:"), (1, "b: c"), (0, "a:")])
@example([(0, "a:"), (2, "b: c"), (1, "b: c")])
@example([(0, "a:"), (0, ""), (1, "b c")])
def test_whatever_is_read_is_what_libyaml_reads(lines: list[tuple[int, str]]) -> None:
    text = "\n".join("  " * deep + piece for deep, piece in lines)
    try:
        found = plain(text.encode())
    except NotPlainError:
        return
    assert found == by_library(text)


@given(st.text(alphabet="ab01exTZ:._-+/=,~#'\"{}[]yno ", max_size=12))
def test_a_word_is_text_only_where_libyaml_says_so(word: str) -> None:
    text = f"a: {word}"
    try:
        found = plain(text.encode())
    except NotPlainError:
        return
    assert found == by_library(text)


@given(
    st.recursive(
        st.one_of(st.text(max_size=8), st.booleans(), st.none(), st.integers(), st.floats(allow_nan=False)),
        lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(max_size=6), below, max_size=3),
        max_leaves=12,
    )
)
def test_any_document_is_read_or_left_to_libyaml(wanted: Any) -> None:
    assert parsed(yaml.safe_dump(wanted).encode()) == wanted


@pytest.mark.parametrize("text", ["é: a", "a: b\r\n", "\ufeffa: b", "a: b\n" * 300_000, "- " * 40 + "a"])
def test_what_is_not_certain_is_left_to_libyaml(text: str) -> None:
    with pytest.raises(NotPlainError):
        plain(text.encode())


@pytest.mark.parametrize("text", ["", "\n", "# nothing yet\n\n  # a: b\n"])
def test_an_empty_file_holds_nothing(text: str) -> None:
    assert plain(text.encode()) is None is by_library(text)


def test_no_depth_ends_it() -> None:
    text = "\n".join("  " * deep + "a:" for deep in range(3000))
    with pytest.raises(NotPlainError):
        plain(text.encode())
    with pytest.raises(NotYamlError, match="RecursionError"):
        yaml_text.document(("[" * 3000).encode())


def test_a_usual_kubeconfig_loads_no_library() -> None:
    reads = f"from cockpit.kube.yaml_text import document\ndocument({KUBECTL.encode()!r})"
    code = f"import sys\n{reads}\nprint('yaml' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert told.stdout.strip() == "False"
