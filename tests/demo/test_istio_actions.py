"""Redirects, rewrites, headers and mirrors of VirtualServices."""

from __future__ import annotations

import random
from typing import Any

import pytest

from cockpit.demo.gateway.decisions import Decision, Forward, Redirect
from cockpit.demo.gateway.istio import compile_table
from cockpit.demo.gateway.istio_match import Client
from cockpit.demo.gateway.match import Request
from tests.demo.conftest import upstream_of
from tests.demo.test_istio import HOST, PORTS, has_endpoints, leg, rule, service


def decided(action: dict[str, Any], path: str = "/old/x", **request: Any) -> Decision:
    table = compile_table([service(action)], [rule("v1", "v2")], [], lambda ns, name: PORTS.get((ns, name)))
    asked = Request(HOST, path, {"host": HOST}, **request)
    return table.decide_inside(asked, Client(port=9080), random.Random(1), has_endpoints)


@pytest.mark.parametrize(
    ("wish", "location"),
    [
        ({"uri": "/new"}, f"http://{HOST}:9080/new?a=b"),
        ({"authority": "new.test"}, "http://new.test/old/x?a=b"),
        ({"scheme": "https"}, f"https://{HOST}/old/x?a=b"),
        ({"authority": "new.test", "port": 8080}, "http://new.test:8080/old/x?a=b"),
    ],
)
def test_a_redirect_says_where_to(wish: dict[str, Any], location: str) -> None:
    assert decided({"redirect": wish}, query="a=b", port=9080) == Redirect(301, location)
    assert decided({"redirect": {**wish, "redirectCode": 307}}, query="a=b", port=9080) == Redirect(307, location)


@pytest.mark.parametrize(
    ("match", "uri", "sent"),
    [
        ({"uri": {"prefix": "/old"}}, "/new", "/new/x"),
        ({"uri": {"prefix": "/old/"}}, "/", "/x"),
        ({"uri": {"exact": "/old/x"}}, "/new", "/new"),
        ({}, "/new", "/new"),
    ],
)
def test_a_rewrite_replaces_what_was_matched(match: dict[str, Any], uri: str, sent: str) -> None:
    found = decided({"match": [match], "rewrite": {"uri": uri}, "route": [leg("v1")]})
    assert isinstance(found, Forward)
    assert found.path == sent


def test_a_mirror_gets_the_request_as_well() -> None:
    action = {"route": [leg("v1")], "mirror": leg("v2")["destination"]}
    found = decided(action)
    assert isinstance(found, Forward)
    assert [dict(one.labels)["version"] for one in (found.upstream, *found.mirrors)] == ["v1", "v2"]
    assert upstream_of(decided({**action, "mirrorPercentage": {"value": 0}})) == found.upstream


def test_headers_of_the_answer_are_changed() -> None:
    headers = {"response": {"set": {"x-by": "mesh"}, "remove": ["X-Pod"]}}
    found = decided({"route": [{**leg("v1"), "headers": headers}]})
    assert isinstance(found, Forward)
    assert found.headers.applied({"X-Pod": "p"}) == {"x-by": "mesh"}
