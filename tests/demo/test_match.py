"""Hosts and paths of Ingress rules."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.demo.gateway.match import Hosts, Paths, Request, host_of, normal_path


@pytest.fixture
def paths() -> Paths[str]:
    table: Paths[str] = Paths()
    for path, path_type in [("/", "Prefix"), ("/foo", "Prefix"), ("/foo/bar/", "Prefix"), ("/foo", "Exact")]:
        table.add(path, path_type, f"{path_type} {path}")
    return table


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("/", "Prefix /"),
        ("/foo", "Exact /foo"),
        ("/foo/", "Prefix /foo"),
        ("/foobar", "Prefix /"),
        ("/foo/x", "Prefix /foo"),
        ("/foo/bar", "Prefix /foo/bar/"),
        ("/foo/bar/baz", "Prefix /foo/bar/"),
        ("/FOO", "Prefix /"),
    ],
)
def test_the_whole_path_wins_then_the_longest_prefix_by_element(paths: Paths[str], path: str, found: str) -> None:
    assert paths.find(path) == found


def test_without_a_root_other_paths_meet_nothing() -> None:
    table: Paths[str] = Paths()
    table.add("/version", "Exact", "v")
    assert table.find("/version") == "v"
    assert table.find("/version/") is None
    assert table.find("/") is None


def test_a_wildcard_stands_for_one_label_and_names_come_first() -> None:
    hosts = Hosts({"": "any", "a.example.com": "a", "*.example.com": "wild"})
    assert hosts.find("a.example.com") == "a"
    assert hosts.find("b.example.com") == "wild"
    assert hosts.find("c.b.example.com") == "any"
    assert hosts.find("example.com") == "any"
    assert Hosts({"a": "a"}).find("b") is None


@pytest.mark.parametrize(
    ("text", "host"),
    [("WWW.Example.com:8080", "www.example.com"), ("a.b.", "a.b"), ("[::1]:80", "[::1]"), ("", "")],
)
def test_a_host_has_no_port_and_no_capitals(text: str, host: str) -> None:
    assert host_of(text) == host


@pytest.mark.parametrize(
    ("target", "path"),
    [
        ("/a?b=/c", "/a"),
        ("/a//b/./c/../d", "/a/b/d"),
        ("/a/b/..", "/a/"),
        ("/%66oo/", "/foo/"),
        ("/..", None),
        ("a", None),
        ("*", None),
        ("/%zz", None),
        ("/%ff", None),
        ("/%00", None),
    ],
)
def test_paths_are_made_plain_before_they_are_matched(target: str, path: str | None) -> None:
    assert normal_path(target) == path


@given(st.text(max_size=60))
def test_any_target_gives_a_plain_path_or_none(target: str) -> None:
    path = normal_path("/" + target)
    if path is not None:
        assert path.startswith("/")
        assert "//" not in path
        assert not {"..", "."} & set(path.split("/"))


def test_the_first_of_two_cookies_of_a_name_counts() -> None:
    assert Request("h", "/", {"cookie": "a=1; b = 2;a=3; c"}).cookies == {"a": "1", "b ": " 2"}
