"""Texts that a pattern takes, derived from the pattern."""

from __future__ import annotations

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from cockpit.workloads.patterns import example_of, takes
from cockpit.workloads.probe_targets import example_path


@pytest.mark.parametrize(
    ("pattern", "example"),
    [
        ("/orders(/|$)(.*)", "/orders/"),
        ("/api/v[0-9]+/users", "/api/v0/users"),
        ("^/shop/?(.*)$", "/shop"),
        ("/(foo|bar)/.+", "/foo/a"),
        (r"/file\.(?:png|jpg)", "/file.png"),
        (r"/\d{4}-\d{2}", "/0000-00"),
        ("/(?P<name>[^/]+)/x", "/a/x"),
        ("/a(b(c|d)?)*", "/a"),
    ],
)
def test_an_example_is_made_of_what_is_common_in_paths(pattern: str, example: str) -> None:
    assert example_of(pattern) == example
    assert example_path(pattern) == example


@pytest.mark.parametrize(
    "pattern", ["/(?!admin).*", r"/(a)\1", "/[", "/(a", "/a{9999}", "/" + "(" * 50, "/" * 600, "*"]
)
def test_what_is_not_known_gives_no_example(pattern: str) -> None:
    assert example_of(pattern) is None


def test_a_path_that_no_request_can_ask_for_is_none() -> None:
    assert example_path("/a b\x1b[2J", pattern=False) == ""
    assert example_path("/a:b@c", pattern=False) == "/a:b@c"
    assert example_path(r"\s+") == ""


@given(st.text(alphabet=r"/ab.*+?()[]{}|\^$0,-:<>P!=", max_size=30))
def test_whatever_a_pattern_holds_an_example_is_taken_by_it(pattern: str) -> None:
    found = example_of(pattern)
    if found is not None:
        assert takes(pattern, found)
        assert regex.fullmatch(pattern, found)


@pytest.mark.parametrize(
    "pattern", ["/((((a{100}){100}){100}){100}){100}", "/(x|(x|(x|(x|a{150}){150}){150}){150}){150}"]
)
def test_a_pattern_that_unrolls_is_not_compiled(pattern: str) -> None:
    """Compilers write counted repetitions out: these would take all the memory there is."""
    assert not takes(pattern, "/aaa")
    assert example_of(pattern) is None
