"""Reading one cluster: bounded, named in errors, and rights asked once a minute."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from cockpit.kube.api import KubeApi
from cockpit.kube.discovery import Discovery
from cockpit.kube.errors import BadAnswer, Forbidden, NotFound
from cockpit.model.refs import DEPLOYMENTS, INGRESSES, PODS, SERVICES, Ref
from cockpit.session.clock import ManualClock
from tests.kube.conftest import MakeApi, Scripted
from tests.objects import Doc

WEB = Ref(SERVICES, "shop", "web")
POD = Ref(PODS, "shop", "web-1")


async def test_get_gives_the_object(server: Scripted, api: KubeApi) -> None:
    server.then(server.says({"kind": "Service"}), server.fails(404, "NotFound", "services web not found"))
    assert await api.get(WEB) == {"kind": "Service"}
    with pytest.raises(NotFound, match="Service shop/web in test"):
        await api.get(WEB)


@pytest.mark.parametrize("body", [b"<html>", b"[]", b"\xff"])
async def test_answer_that_is_no_object_is_named(server: Scripted, api: KubeApi, body: bytes) -> None:
    server.then(server.says(body))
    with pytest.raises(BadAnswer, match="Service shop/web in test"):
        await api.get(WEB)


async def test_answer_without_end_is_cut(server: Scripted, api: KubeApi, make_api: MakeApi) -> None:
    server.then(server.says(b'{"a":"' + b"x" * (17 << 20) + b'"}'))
    with pytest.raises(BadAnswer, match="longer than"):
        await api.get(WEB)


async def test_lines_one_by_one(server: Scripted, api: KubeApi) -> None:
    server.then(server.streams(b"one", b"", b"two", end="close"))
    assert [line async for line in api.stream("/x", {"watch": "1"})] == [b"one", b"two"]


async def test_stream_checks_the_status(server: Scripted, api: KubeApi) -> None:
    server.then(server.fails(403, "Forbidden"))
    with pytest.raises(Forbidden):
        await anext(api.stream("/x"))


async def test_leaving_a_stream_closes_it(server: Scripted, api: KubeApi) -> None:
    server.then(server.streams(b"one"))
    stream = api.stream("/x")
    assert await anext(stream) == b"one"
    await stream.aclose()
    await server.signal.until(lambda: server.gone == 1)


async def test_events_of_one_object(server: Scripted, api: KubeApi) -> None:
    server.then(server.says({"items": [{"reason": "Pulled"}, "odd"]}))
    assert await api.events(POD) == [{"reason": "Pulled"}]
    query = server.asked[0].query
    assert query["fieldSelector"] == "involvedObject.kind=Pod,involvedObject.name=web-1"
    assert server.asked[0].path == "/api/v1/namespaces/shop/events"


async def test_logs_of_the_default_container(server: Scripted, api: KubeApi) -> None:
    pod = {
        "metadata": {"annotations": {"kubectl.kubernetes.io/default-container": "app"}},
        "spec": {"containers": [{"name": "proxy"}, {"name": "app"}]},
    }
    server.then(server.says(pod), server.says(b"line\xff\n"), server.says({"spec": pod["spec"]}), server.says(b""))
    assert await api.logs(POD, 50) == "line\ufffd\n"
    assert server.asked[1].query == {"tailLines": "50", "limitBytes": str(1 << 20), "container": "app"}
    await api.logs(POD)
    assert server.asked[3].query["container"] == "proxy"


def review(allowed: bool, reason: str = "") -> Doc:
    return {"kind": "SelfSubjectAccessReview", "status": {"allowed": allowed, "reason": reason}}


async def test_rights_are_asked_once_a_minute(server: Scripted, api: KubeApi, clock: ManualClock) -> None:
    server.then(server.says(review(False, "no role")), server.says(review(True)))
    why = await api.allowed("patch", WEB)
    assert "patch services in namespace shop" in why
    assert "no role" in why
    assert await api.allowed("patch", WEB) == why
    await clock.advance(61)
    assert await api.allowed("patch", WEB) == ""
    attributes = server.asked[0].json["spec"]["resourceAttributes"]
    assert attributes == {"verb": "patch", "version": "v1", "resource": "services", "name": "web", "namespace": "shop"}
    assert len(server.asked) == 2


async def test_subresources_are_rights_of_their_own(server: Scripted, api: KubeApi) -> None:
    server.then(server.says(review(True)), server.says(review(False)))
    ref = Ref(DEPLOYMENTS, "shop", "v1")
    assert await api.allowed("patch", ref) == ""
    assert "deployments/scale" in await api.allowed("patch", ref, "scale")
    assert server.asked[1].json["spec"]["resourceAttributes"]["group"] == "apps"


@pytest.mark.parametrize("status", [403, 404])
async def test_where_rights_cannot_be_asked_the_server_has_the_last_word(
    server: Scripted, api: KubeApi, status: int
) -> None:
    server.then(server.fails(status))
    assert await api.allowed("patch", WEB) == ""


async def test_served_kinds(server: Scripted, api: KubeApi, clock: ManualClock) -> None:
    server.then(
        server.says({"resources": [{"name": "pods"}, {"name": "pods/log"}]}),
        server.fails(404, "NotFound"),
    )
    assert await Discovery(api, clock).served((PODS, SERVICES, INGRESSES)) == {PODS}


def test_importing_the_room_loads_no_http_library() -> None:
    code = "import sys, cockpit.kube.connect, cockpit.kube.informers, cockpit.kube.sender; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ)
    assert not {"aiohttp", "h11", "kubernetes_asyncio"} & set(loaded.stdout.split())
