"""How versions are named."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.workloads.images import image_repository, image_tag
from cockpit.workloads.naming import natural, version_names


@dataclass(frozen=True)
class Named:
    title: str
    labels: dict[str, str] = field(default_factory=dict)
    images: tuple[str, ...] = ()


VERSION, HASH = "app.kubernetes.io/version", "pod-template-hash"


@pytest.mark.parametrize(
    ("candidates", "names"),
    [
        ([Named("a", {"version": "v1"}), Named("b", {"version": "v2"})], ("v1", "v2")),
        ([Named("a", {"version": "v1", VERSION: "1.0"}), Named("b", {"version": "v2"})], ("v1", "v2")),
        ([Named("a", {"version": "x"}, ("r/i:1",)), Named("b", {"version": "x"}, ("r/i:2",))], ("1", "2")),
        ([Named("a", {}, ("r/i@sha256:0123456789abcdef",)), Named("b", {}, ("r/i:2",))], ("0123456789ab", "2")),
        ([Named("a", {HASH: "x1"}, ("i",)), Named("b", {HASH: "x2"}, ("i",))], ("x1", "x2")),
        ([Named("web-v1", {}, ("i:1",)), Named("web-v2", {}, ("i:1",))], ("web-v1", "web-v2")),
        ([Named("same"), Named("same")], ("same", "same-2")),
        ([Named("")], ("unnamed",)),
        ([Named("only", {"version": "v1"})], ("v1",)),
        ([], ()),
    ],
)
def test_the_first_key_that_tells_them_apart_names_them(candidates: list[Named], names: tuple[str, ...]) -> None:
    assert version_names(candidates) == names


some_text = st.text(max_size=60)


named = st.builds(Named, some_text, st.dictionaries(st.just("version"), some_text), st.tuples(some_text))


@given(st.lists(named, max_size=5))
def test_names_are_unique_printable_and_always_the_same(candidates: list[Named]) -> None:
    names = version_names(candidates)
    assert len(set(names)) == len(candidates)
    assert all(name and name.isprintable() for name in names)
    assert version_names(candidates) == names


@pytest.mark.parametrize(
    ("image", "repository", "tag"),
    [
        ("nginx", "nginx", None),
        ("host:5000/a/b:1.2", "host:5000/a/b", "1.2"),
        ("host:5000/a/b", "host:5000/a/b", None),
        ("a/b:1@sha256:abcdef", "a/b", "1"),
        ("a/b@sha256:0123456789abcdef", "a/b", "0123456789ab"),
        ("", "", None),
    ],
)
def test_images(image: str, repository: str, tag: str | None) -> None:
    assert (image_repository(image), image_tag(image)) == (repository, tag)


def test_v9_comes_before_v10() -> None:
    assert sorted(["v10", "v9", "a", "v9b"], key=natural) == ["a", "v9", "v9b", "v10"]


def told(*images: tuple[str, ...]) -> tuple[str, ...]:
    return version_names([Named(f"web-{number}", images=of) for number, of in enumerate(images)])


def test_the_image_that_differs_names_the_versions() -> None:
    assert told(("helper:1", "app:7.1"), ("helper:1", "app:7.2")) == ("7.1", "7.2")
    assert told(("app:7.1", "helper:1"), ("helper:1", "app:7.2")) == ("7.1", "7.2"), "whatever their order"


def test_a_sidecar_names_no_version() -> None:
    assert told(("app:7.1", "istio/proxyv2:1.21"), ("app:7.1", "istio/proxyv2:1.22")) == ("web-0", "web-1")


@pytest.mark.parametrize(
    "texts",
    [
        ("a" * 60 + "-blue", "a" * 60 + "-green"),
        ("a" * 41 + "blue" + "b" * 41, "a" * 41 + "green" + "b" * 41),
        ("a" * 30 + "x" + "b" * 100, "a" * 30 + "y" + "b" * 100, "short"),
    ],
)
def test_names_that_are_cut_are_still_told_apart(texts: tuple[str, ...]) -> None:
    for candidates in ([Named(text) for text in texts], [Named("same", {"version": text}) for text in texts]):
        names = version_names(candidates)
        assert len(set(names)) == len(texts)
        assert all(len(name) <= 40 for name in names)
        assert not any(name.endswith("-2") for name in names), "by the text, not by a number"
    assert "blue" in names[0] or "x" in names[0]
