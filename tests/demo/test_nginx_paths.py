"""Paths that are patterns, paths that are rewritten, and redirects to TLS, as ingress-nginx has them."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.demo.gateway.decisions import Decision, Forward, Redirect
from cockpit.demo.gateway.dialects import compile_routes
from cockpit.demo.gateway.match import Request
from tests.demo.conftest import ingress, upstream_of

HOST = "www.example.com"
PREFIX = "nginx.ingress.kubernetes.io"
Doc = dict[str, Any]


def annotated(doc: Doc, tls: bool = False, **annotations: str) -> Doc:
    """An Ingress with nginx annotations; `_` stands for `-`."""
    keys = {f"{PREFIX}/{key.replace('_', '-')}": value for key, value in annotations.items()}
    meta = {**doc["metadata"], "annotations": {**doc["metadata"]["annotations"], **keys}}
    spec = {**doc["spec"], "tls": [{"hosts": [HOST], "secretName": "cert"}]} if tls else doc["spec"]
    return {**doc, "metadata": meta, "spec": spec}


def at(path: str, *docs: Doc, **request: Any) -> Decision:
    return compile_routes(docs, []).decide(Request(HOST, path, **request), random.Random(1), lambda _: True)


def asked(path: str, *docs: Doc) -> tuple[str, str] | int:
    """The Service that gets a request, and the path that its pod is asked for."""
    found = at(path, *docs)
    if isinstance(found, int):
        return found
    upstream = upstream_of(found)
    assert upstream
    return upstream.service, (found.path if isinstance(found, Forward) else "") or path


ORDERS = annotated(
    ingress("orders", "orders", path="/orders(/|$)(.*)", path_type="ImplementationSpecific"),
    use_regex="true",
    rewrite_target="/$2",
)


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ("/orders", ("orders", "/")),
        ("/orders/", ("orders", "/")),
        ("/orders/1/2", ("orders", "/1/2")),
        ("/ORDERS/1", ("orders", "/1")),
        ("/ordersx", 404),
        ("/", 404),
    ],
)
def test_a_pattern_chooses_and_its_groups_make_the_new_path(path: str, sent: Any) -> None:
    assert asked(path, ORDERS) == sent


def test_a_canary_beside_a_pattern_gets_the_new_path_too() -> None:
    path = ORDERS["spec"]["rules"][0]["http"]["paths"][0]["path"]
    canary = ingress("canary", "new", path=path, path_type="ImplementationSpecific", created="2099", weight="100")
    assert asked("/orders/1", ORDERS, canary) == ("new", "/1")


def test_one_pattern_makes_patterns_of_all_paths_of_its_host() -> None:
    plain = [
        ingress("one", "one", path="/foo/bar", created="1"),
        ingress("exact", "exact", path="/exact", path_type="Exact", created="2"),
    ]
    assert asked("/foo/barn", *plain) == 404
    assert asked("/FOO/bar", *plain) == 404
    rewriting = annotated(ingress("two", "two", path="/foo/bar/(.+)", created="3"), rewrite_target="/$1")
    assert asked("/foo/barn", *plain, rewriting) == ("one", "/foo/barn")
    assert asked("/FOO/bar", *plain, rewriting) == ("one", "/FOO/bar")
    assert asked("/foo/bar/x", *plain, rewriting) == ("two", "/x")
    assert asked("/exactly", *plain, rewriting) == ("exact", "/exactly")


def test_the_longest_path_is_tried_first() -> None:
    short = annotated(ingress("short", "short", path="/a.*", created="1"), use_regex="true")
    long = ingress("long", "long", path="/abc", created="2")
    assert asked("/abcd", short, long) == ("long", "/abcd")
    assert asked("/abd", short, long) == ("short", "/abd")


def test_without_groups_every_request_of_a_path_gets_the_target() -> None:
    plain = annotated(ingress("api", "api", path="/api"), rewrite_target="/")
    assert asked("/api/x/y", plain) == ("api", "/")
    assert asked("/api", annotated(ingress("api", "api", path="/api"), rewrite_target="bad target")) == ("api", "/api")


def test_a_broken_pattern_is_met_by_nothing() -> None:
    broken = annotated(ingress("broken", "broken", path="/("), use_regex="true")
    assert asked("/(", broken) == 404


@given(st.text(max_size=20), st.text("/$123.ab-", max_size=12), st.text(max_size=20))
def test_any_pattern_and_target_give_a_decision(pattern: str, target: str, path: str) -> None:
    odd = annotated(ingress("odd", "odd", path=f"/{pattern}"), use_regex="true", rewrite_target=target)
    assert asked(f"/{path}", odd) is not None


@pytest.mark.parametrize(
    ("annotations", "tls", "location"),
    [
        ({}, True, f"https://{HOST}/a?b=1"),
        ({"ssl_redirect": "false"}, True, None),
        ({"ssl_redirect": "nonsense"}, True, f"https://{HOST}/a?b=1"),
        ({}, False, None),
        ({"force_ssl_redirect": "true"}, False, f"https://{HOST}/a?b=1"),
        ({"force_ssl_redirect": "true", "ssl_redirect": "false"}, True, f"https://{HOST}/a?b=1"),
        ({"use_port_in_redirects": "true"}, True, f"https://{HOST}:8443/a?b=1"),
    ],
)
def test_a_plain_request_is_sent_to_tls(annotations: dict[str, str], tls: bool, location: str | None) -> None:
    main = annotated(ingress("main", "web"), tls, **annotations)
    plain = at("/a", main, query="b=1", target="/a?b=1", tls_port=8443)
    assert plain == Redirect(308, location) if location else upstream_of(plain)
    assert upstream_of(at("/a", main, scheme="https", target="/a"))


def test_a_redirect_loses_the_slash_at_its_end_unless_it_is_kept() -> None:
    main = annotated(ingress("main", "web"), True)
    assert at("/a/", main, target="/a/") == Redirect(308, f"https://{HOST}/a")
    kept = annotated(main, preserve_trailing_slash="true")
    assert at("/a/", kept, target="/a/") == Redirect(308, f"https://{HOST}/a/")


def test_tls_of_a_canary_counts_for_nothing() -> None:
    canary = annotated(ingress("canary", "new", created="2099", weight="0"), True)
    assert upstream_of(at("/", ingress("main", "web"), canary, target="/"))
