"""Probes through the API server: what is asked, whose answer comes back, and how often."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from cockpit.kube.api import KubeApi
from cockpit.kube.connect_target import ConnectTarget
from cockpit.kube.credentials import FixedCredentials
from cockpit.kube.service_proxy import ServiceProxyTransport, services_proxy
from cockpit.kube.transport import Transport
from cockpit.model.probe_answer import BODY_LIMIT, Answer, Failure, ProbeRequest
from cockpit.model.probe_target import ProbeTarget, ProxiedService, proxied_target
from cockpit.session.clock import ManualClock
from tests.kube.conftest import Scripted

SERVICE = ProxiedService("test", "shop", "web", "80")
WEB = proxied_target(SERVICE, 80, "/a?b=c")
PATH = "/api/v1/namespaces/shop/services/web:80/proxy"


@pytest.fixture
def way(api: KubeApi, clock: ManualClock) -> ServiceProxyTransport:
    return ServiceProxyTransport(api.transport, clock)


async def sent(way: ServiceProxyTransport, target: ProbeTarget = WEB, **options: Any) -> Answer:
    return await way.send(ProbeRequest(target, **options))


async def test_the_answer_of_the_application_comes_back_as_it_is(way: ServiceProxyTransport, server: Scripted) -> None:
    server.then(server.says(b"from v1", 500, {"X-Pod": "web-1"}))
    answer = await sent(way, headers=(("X-Lane", "a"), ("Cookie", "b=c")))
    assert (answer.status, answer.body, answer.failure, answer.header("x-pod")) == (500, b"from v1", None, "web-1")
    asked = server.asked[0]
    assert (asked.method, asked.path, asked.query) == ("GET", f"{PATH}/a", {"b": "c"})
    assert asked.headers["X-Lane"] == "a"
    assert asked.headers["Accept-Encoding"] == "identity"
    assert asked.headers["Accept"] == "*/*"


async def test_a_redirect_is_not_followed_and_leads_where_the_application_said(
    way: ServiceProxyTransport, server: Scripted
) -> None:
    server.then(server.says(b"", 302, {"Location": f"{PATH}/login"}))
    answer = await sent(way)
    assert (answer.status, answer.header("location")) == (302, "/login")
    assert len(server.asked) == 1


async def test_a_long_body_is_cut(way: ServiceProxyTransport, server: Scripted) -> None:
    server.then(server.says(b"x" * (3 * BODY_LIMIT)))
    answer = await sent(way)
    assert (len(answer.body), answer.cut, answer.status) == (BODY_LIMIT, True, 200)


REACHED = "error trying to reach service: "


@pytest.mark.parametrize(
    ("status", "message", "failure", "said"),
    [
        (503, 'no endpoints available for service "web"', Failure.UNREACHABLE, "no ready endpoints"),
        (503, REACHED + "dial tcp 10.1.2.3:80: connect: connection refused", Failure.REFUSED, "10.1.2.3"),
        (503, REACHED + "net/http: TLS handshake timeout", Failure.TLS, "handshake"),
        (502, REACHED + "read tcp: connection reset by peer", Failure.RESET, "reset"),
        (503, REACHED + "unexpected EOF", Failure.RESET, "EOF"),
        (503, REACHED + "dial tcp 10.1.2.3:80: i/o timeout", Failure.NO_WAY, "firewall"),
        (503, REACHED + "No agent available", Failure.NO_WAY, "No agent"),
        (503, 'no service port 80 found for service "web"', Failure.NO_WAY, "no service port"),
        (403, 'services "web:80" is forbidden', Failure.NO_WAY, "services/proxy in namespace shop"),
        (404, 'services "web" not found', Failure.NO_WAY, "not found"),
        (429, "slow down", Failure.NO_WAY, "429"),
        (504, "Timeout: request did not complete", Failure.NO_WAY, "504"),
    ],
)
async def test_what_the_api_server_answers_itself_is_no_answer_of_the_application(
    way: ServiceProxyTransport, server: Scripted, status: int, message: str, failure: Failure, said: str
) -> None:
    server.then(server.fails(status, message=message))
    answer = await sent(way)
    assert (answer.status, answer.failure) == (None, failure)
    assert said in answer.text


async def test_a_timeout_counts_once_a_pod_has_answered_this_way(
    way: ServiceProxyTransport, server: Scripted, clock: ManualClock
) -> None:
    late = server.fails(503, message=REACHED + "dial tcp 10.1.2.3:80: i/o timeout")
    server.then(server.says(b"v1"), late)
    await sent(way)
    await clock.advance(1.0)
    assert (await sent(way)).failure is Failure.TIMEOUT


async def test_an_application_may_answer_503_with_json_of_its_own(way: ServiceProxyTransport, server: Scripted) -> None:
    server.then(server.says({"kind": "Problem", "code": 503}, 503))
    assert (await sent(way)).status == 503


async def test_a_late_application_is_told_from_a_late_api_server(
    way: ServiceProxyTransport, server: Scripted, clock: ManualClock
) -> None:
    server.then(server.says(b"v1"), server.hangs(), server.says(b"ok"))
    await sent(way)
    await clock.advance(1.0)
    assert (await sent(way, timeout=0.05)).failure is Failure.TIMEOUT
    assert server.asked[-1].path == "/livez"


async def test_an_api_server_that_is_gone_says_nothing_about_the_application(clock: ManualClock) -> None:
    nowhere = ConnectTarget(context="test", server="http://127.0.0.1:9", user="ann", namespace="shop")
    transport = Transport(nowhere, FixedCredentials())
    answer = await sent(ServiceProxyTransport(transport, clock))
    await transport.close()
    assert (answer.failure, "cannot be reached" in answer.text) == (Failure.NO_WAY, True)


@pytest.mark.parametrize("name", ["Authorization", "Impersonate-User", "X-Remote-Group", "Host", "Connection"])
async def test_headers_for_the_api_server_are_not_sent(way: ServiceProxyTransport, server: Scripted, name: str) -> None:
    answer = await sent(way, headers=((name, "admin"),))
    assert (answer.failure, name in answer.text, "admin" in answer.text) == (Failure.NO_WAY, True, False)
    assert not server.asked


@pytest.mark.parametrize("path", ["/../../secrets", "/a/%2e%2e/b", "/%252e%252e/b", "a"])
async def test_a_path_cannot_leave_the_service(way: ServiceProxyTransport, server: Scripted, path: str) -> None:
    answer = await sent(way, proxied_target(SERVICE, 80, path))
    assert answer.failure is Failure.NO_WAY
    assert not server.asked


async def test_a_service_is_asked_five_times_a_second_at_most(
    way: ServiceProxyTransport, server: Scripted, clock: ManualClock
) -> None:
    server.then(*[server.says(b"v1")] * 40)
    others = [proxied_target(ProxiedService("test", "shop", f"web{n}", "80"), 80) for n in range(7)]
    asking = [asyncio.ensure_future(sent(way)) for _ in range(3)]
    asking += [asyncio.ensure_future(sent(way, other)) for other in others]
    await server.requests(3)
    await clock.advance(0.5)
    assert sum(asked.path.startswith(f"{PATH}/") for asked in server.asked) <= 3
    assert len(server.asked) <= 12  # 20 a second together, and those that may come early
    for _ in range(5):
        await clock.advance(0.2)
    assert {answer.status for answer in await asyncio.gather(*asking)} == {200}


def test_the_name_that_a_right_is_asked_for_has_port_and_scheme() -> None:
    assert (services_proxy(SERVICE).name, services_proxy(SERVICE, tls=True).name) == ("web:80", "https:web:80")
