"""Filters of HTTPRoutes: what clients are redirected to, what pods are asked for, what answers look like."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.demo.controllers.attachment import CLASS, CONTROLLER_NAME
from cockpit.demo.gateway.decisions import Decision, Forward, Redirect
from cockpit.demo.gateway.filters import modified
from cockpit.demo.gateway.httproutes import compile_table
from cockpit.demo.gateway.match import Request
from tests.demo.conftest import upstream_of
from tests.demo.test_httproutes import gate, route, rule

Doc = dict[str, Any]
CLASSES = [{"metadata": {"name": CLASS}, "spec": {"controllerName": CONTROLLER_NAME}}]


def redirect(**wish: Any) -> Doc:
    return {"type": "RequestRedirect", "requestRedirect": wish}


def rewrite(**wish: Any) -> Doc:
    return {"type": "URLRewrite", "urlRewrite": wish}


def prefix(new: str) -> Doc:
    return {"type": "ReplacePrefixMatch", "replacePrefixMatch": new}


def full(new: str) -> Doc:
    return {"type": "ReplaceFullPath", "replaceFullPath": new}


def decided(filters: list[Doc], path: str, *, at: str = "/old", gateway: Doc | None = None, **request: Any) -> Decision:
    """What a rule for /old with filters decides about a request."""
    ruled = {**rule("a", path=at), "filters": filters}
    table = compile_table([route(ruled)], [gateway or gate()], CLASSES, [], lambda *_: [80])
    return table.decide(Request("shop.test", path, **request), random.Random(1), lambda _: True)


@pytest.mark.parametrize(
    ("wish", "request_", "status", "location"),
    [
        ({"path": prefix("/new"), "statusCode": 301}, {"query": "b=1"}, 301, "http://shop.test/new/x?b=1"),
        ({"path": full("/all")}, {}, 302, "http://shop.test/all"),
        ({"scheme": "https"}, {"port": 8080}, 302, "https://shop.test/old/x"),
        ({"scheme": "https", "port": 8443}, {}, 302, "https://shop.test:8443/old/x"),
        ({"scheme": "https", "port": 443}, {}, 302, "https://shop.test/old/x"),
        ({"hostname": "new.test"}, {"port": 8080}, 302, "http://new.test:8080/old/x"),
        ({"hostname": "new.test"}, {"port": 80}, 302, "http://new.test/old/x"),
        ({"statusCode": 307}, {}, 307, "http://shop.test/old/x"),
    ],
)
def test_a_redirect_names_scheme_host_port_and_path(wish: Doc, request_: Doc, status: int, location: str) -> None:
    assert decided([redirect(**wish)], "/old/x", **request_) == Redirect(status, location)


@pytest.mark.parametrize(
    ("path", "match", "new", "sent"),
    [
        ("/foo/bar", "/foo", "/xyz", "/xyz/bar"),
        ("/foo/bar", "/foo", "/xyz/", "/xyz/bar"),
        ("/foo/bar", "/foo/", "/xyz", "/xyz/bar"),
        ("/foo/bar", "/foo/", "/xyz/", "/xyz/bar"),
        ("/foo", "/foo", "/xyz", "/xyz"),
        ("/foo/", "/foo", "/xyz", "/xyz/"),
        ("/foo/bar", "/foo", "", "/bar"),
        ("/foo/", "/foo", "", "/"),
        ("/foo", "/foo", "", "/"),
        ("/foo/", "/foo", "/", "/"),
        ("/foo", "/foo", "/", "/"),
    ],
)
def test_a_prefix_is_replaced_as_the_api_says(path: str, match: str, new: str, sent: str) -> None:
    assert modified(path, match, prefix(new)) == sent


@given(st.text(max_size=20), st.text(max_size=20), st.text(max_size=20))
def test_any_replacement_gives_a_path(path: str, match: str, new: str) -> None:
    assert modified(f"/{path}", match, prefix(new)).startswith("/")
    assert modified(f"/{path}", match, full(new)).startswith("/")


def test_a_rewrite_changes_what_the_pod_is_asked_for() -> None:
    found = decided([rewrite(path=prefix("/"))], "/old/x")
    assert isinstance(found, Forward)
    assert (found.upstream.service, found.path) == ("a", "/x")
    assert decided([rewrite(hostname="inner.test")], "/old/x") == found.upstream


def test_headers_of_the_answer_are_set_added_and_removed() -> None:
    wish = {"set": [{"name": "X-Pod", "value": "none"}], "add": [{"name": "via", "value": "b"}], "remove": ["Server"]}
    found = decided([{"type": "ResponseHeaderModifier", "responseHeaderModifier": wish}], "/old")
    assert isinstance(found, Forward)
    assert found.headers.applied({"x-pod": "p", "Via": "a", "server": "s"}) == {"X-Pod": "none", "Via": "a, b"}


def test_a_mirror_gets_its_share_and_never_answers() -> None:
    def mirror(**share: Any) -> Doc:
        return {"type": "RequestMirror", "requestMirror": {"backendRef": {"name": "copy", "port": 80}, **share}}

    found = decided([mirror()], "/old")
    assert isinstance(found, Forward)
    assert [one.service for one in (found.upstream, *found.mirrors)] == ["a", "copy"]
    assert upstream_of(decided([mirror(percent=0)], "/old")) == decided([mirror(percent=0)], "/old")


def test_a_filter_that_nobody_knows_fails_every_request() -> None:
    assert decided([{"type": "ExtensionRef", "extensionRef": {"name": "x"}}], "/old") == 500


def test_a_listener_serves_the_routes_that_hang_on_it() -> None:
    secure = gate(name="gate", protocol="HTTPS")
    assert decided([], "/old", gateway=secure) == 404
    assert upstream_of(decided([], "/old", gateway=secure, scheme="https")) is not None
    assert decided([], "/old", scheme="https") == 404
