"""Paths into documents: what kubectl's custom columns would show."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.model.document_path import LONGEST, NOTHING, document_path, text_at

DOCUMENT = {
    "name": "web",
    "step": None,
    "labels": {"team": "pay", "app.kubernetes.io/name": "web", "a b": "c"},
    "versions": [{"name": "v1", "images": ["a:1", "b:1"], "ready": 2}, {"name": "v2", "images": [], "ready": 0}],
    "health": {"state": "hurt", "measured": True},
}


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (".name", "web"),
        ("name", "web"),
        ("{.name}", "web"),
        ("$.health.state", "hurt"),
        (".health.measured", "true"),
        (".labels.app\\.kubernetes\\.io/name", "web"),
        (".labels['app.kubernetes.io/name']", "web"),
        ('.labels["a b"]', "c"),
        (".versions[1].name", "v2"),
        (".versions[*].name", "v1,v2"),
        (".versions[*].images", "a:1,b:1"),
        (".versions[0].images[1]", "b:1"),
        (".versions[0].ready", "2"),
        (".health", '{"state":"hurt","measured":true}'),
        (".step", NOTHING),
        (".none.of.it", NOTHING),
        (".versions[9].name", NOTHING),
        (".name.first", NOTHING),
        (".labels[0]", NOTHING),
    ],
)
def test_what_stands_there(path: str, text: str) -> None:
    assert text_at(DOCUMENT, document_path(path)) == text


@pytest.mark.parametrize("path", ["", ".", "a..b", "a[", "a[x]", "a[?(@.b)]", "a b", ".a" * 21, "." + "a" * LONGEST])
def test_what_is_no_path_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match="path"):
        document_path(path)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(min_size=1, max_size=5), inner, max_size=3),
    max_leaves=10,
)


@given(JSON, st.text(max_size=30))
def test_any_path_into_any_document_gives_text_or_is_refused(document: Any, path: str) -> None:
    try:
        steps = document_path(path)
    except ValueError:
        return
    assert text_at(document, steps)


@given(st.text(alphabet=st.characters(exclude_characters="'"), min_size=1, max_size=20))
def test_every_name_can_be_reached(name: str) -> None:
    assert text_at({"labels": {name: "here"}}, document_path(f".labels['{name}']")) == "here"
