"""Who the user is, as the API server says it, and what is said where it does not."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cockpit.kube.api import KubeApi
from tests.kube.conftest import Scripted
from tests.objects import Doc


def review(name: object) -> Doc:
    return {"kind": "SelfSubjectReview", "status": {"userInfo": {"username": name, "groups": ["ops"]}}}


async def test_the_server_says_who_the_user_is_and_is_asked_once(server: Scripted, api: KubeApi) -> None:
    server.then(server.says(review("oidc:ann@example.com"), 201))
    assert await api.who_am_i() == "oidc:ann@example.com"
    assert await api.who_am_i() == "oidc:ann@example.com"
    assert [(asked.method, asked.path) for asked in server.asked] == [
        ("POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews")
    ]
    assert server.asked[0].json == {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}


async def test_an_older_server_is_asked_in_its_version(server: Scripted, api: KubeApi) -> None:
    server.then(server.fails(404, "NotFound"), server.says(review("ann"), 201))
    assert await api.who_am_i() == "ann"
    assert server.asked[1].path == "/apis/authentication.k8s.io/v1beta1/selfsubjectreviews"


@pytest.mark.parametrize("status", [403, 404, 405])
async def test_where_the_server_does_not_say_the_kubeconfig_does(server: Scripted, api: KubeApi, status: int) -> None:
    server.then(server.fails(status, "NotFound"), server.fails(404, "NotFound"))
    assert await api.who_am_i() == api.user
    asked = len(server.asked)
    assert await api.who_am_i() == api.user
    assert len(server.asked) == asked, "what is known for good is not asked again"


async def test_a_failure_is_asked_again(server: Scripted, api: KubeApi) -> None:
    server.then(server.fails(500, "InternalError"), server.says(review("ann"), 201))
    assert await api.who_am_i() == api.user
    assert await api.who_am_i() == "ann"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.one_of(st.text(max_size=500), st.integers(), st.none(), st.lists(st.text())))
async def test_a_hostile_name_is_one_short_line(server: Scripted, api: KubeApi, name: object) -> None:
    api._identity._name = ""
    server.then(server.says(review(name), 201))
    found = await api.who_am_i()
    assert found
    assert len(found) <= 200
    assert found.isprintable()
