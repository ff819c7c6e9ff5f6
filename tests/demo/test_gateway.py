"""The gateway and the LoadBalancer addresses over real loopback sockets."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import socket
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.demo.gateway import Gateway
from cockpit.demo.gateway.http1 import BadHeadError, Reply, encode_reply, parse_head
from cockpit.demo.pods.answers import profile_of
from cockpit.demo.schemas.kinds import EVENTS, INGRESSCLASSES, INGRESSES, SERVICES
from tests.demo.conftest import Bench, ingress, service

TURNS = 200


@contextlib.asynccontextmanager
async def running(bench: Bench) -> AsyncIterator[Gateway]:
    gateway = Gateway(bench.storage, bench.clock, random.Random(3))
    await gateway.start()
    try:
        yield gateway
    finally:
        await gateway.stop()


async def turns() -> None:
    """Let everything that is ready run."""
    for _ in range(TURNS):
        await asyncio.sleep(0)


async def talk(address: tuple[str, int], sent: bytes) -> bytes:
    """Send bytes on a connection of its own and read until it is closed."""
    reader, writer = await asyncio.open_connection(*address)
    writer.write(sent)
    try:
        return await asyncio.wait_for(reader.read(), 10)
    finally:
        writer.close()


async def ask(gateway: Gateway, path: str = "/", host: str = "www.example.com", **headers: str) -> tuple[int, bytes]:
    lines = [f"{name}: {value}\r\n" for name, value in headers.items()]
    request = f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{''.join(lines)}\r\n"
    answer = await talk(("127.0.0.1", gateway.port), request.encode())
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split(b" ")[1]), body


def external_ip(bench: Bench, name: str) -> str | None:
    balancer = bench.storage.get(SERVICES, "default", name).get("status", {}).get("loadBalancer") or {}
    return balancer["ingress"][0]["ip"] if balancer else None


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def two_versions(bench: Bench) -> Bench:
    """v1 behind an Ingress, v2 beside it, both with pods that answer JSON."""
    for version in ("v1", "v2"):
        bench.deploy(f"web-{version}", f"web:{version}", 2, labels={"version": version})
        bench.storage.create(SERVICES, service(f"web-{version}", {"app": f"web-{version}"}))
    bench.storage.create(INGRESSES, ingress("main", "web-v1"))
    bench.settle(3)
    return bench


async def test_an_answer_names_the_pod_that_gave_it(two_versions: Bench) -> None:
    async with running(two_versions) as gateway:
        status, body = await ask(gateway, "/a/b?c=d")
    answer = json.loads(body)
    assert status == 200
    assert answer["pod"] in {pod["metadata"]["name"] for pod in two_versions.pods("v1")}
    assert answer["labels"]["version"] == "v1"
    assert (answer["namespace"], answer["image"], answer["env"], answer["path"]) == ("default", "web:v1", {}, "/a/b")


async def test_a_request_with_a_large_body_is_answered(two_versions: Bench) -> None:
    body = b"x" * 200_000
    head = f"POST / HTTP/1.1\r\nHost: www.example.com\r\nConnection: close\r\nContent-Length: {len(body)}\r\n\r\n"
    async with running(two_versions) as gateway:
        answer = await talk(("127.0.0.1", gateway.port), head.encode() + body)
    assert answer.startswith(b"HTTP/1.1 200 ")


async def test_a_canary_comes_goes_and_never_loses_a_request(two_versions: Bench) -> None:
    async def share(gateway: Gateway, count: int = 300) -> Counter[str]:
        answers = [await ask(gateway) for _ in range(count)]
        return Counter(json.loads(body)["labels"]["version"] for status, body in answers if status == 200)

    async with running(two_versions) as gateway:
        made = two_versions.storage.create(INGRESSES, ingress("canary", "web-v2", weight="30"))
        counted = await share(gateway)
        assert counted.total() == 300
        assert 50 < counted["v2"] < 130
        made = two_versions.storage.get(INGRESSES, "default", "canary")
        made["metadata"]["annotations"]["nginx.ingress.kubernetes.io/canary-weight"] = "100"
        two_versions.storage.update(INGRESSES, made)
        assert await share(gateway, 20) == {"v2": 20}
        two_versions.storage.delete(INGRESSES, "default", "canary")
        assert await share(gateway, 20) == {"v1": 20}


async def test_requests_take_the_ready_pods_in_turn_and_503_when_there_is_none(two_versions: Bench) -> None:
    async with running(two_versions) as gateway:
        pods = Counter([json.loads((await ask(gateway))[1])["pod"] for _ in range(10)])
        assert set(pods.values()) == {5}
        two_versions.change("web-v1", replicas=0)
        two_versions.settle(3)
        assert (await ask(gateway))[0] == 503
        assert (await ask(gateway, host="nowhere.example.com"))[0] == 404


async def test_a_port_on_which_no_container_listens_is_a_bad_gateway(two_versions: Bench) -> None:
    stored = two_versions.storage.get(SERVICES, "default", "web-v1")
    stored["spec"]["ports"][0]["targetPort"] = 9999
    two_versions.storage.update(SERVICES, stored)
    two_versions.settle()
    async with running(two_versions) as gateway:
        assert (await ask(gateway))[0] == 502


async def test_the_address_is_written_into_the_ingresses_it_obeys(two_versions: Bench) -> None:
    two_versions.storage.create(INGRESSES, ingress("other", "web-v1", class_name="else"))
    async with running(two_versions) as gateway:
        await turns()
        shown = two_versions.storage.get(INGRESSES, "default", "main")["status"]["loadBalancer"]["ingress"]
        ports = [{"port": port, "protocol": "TCP"} for port in (gateway.port, gateway.tls_port)]
        assert shown == [{"ip": "127.0.0.1", "ports": ports}]
        other = two_versions.storage.get(INGRESSES, "default", "other")
        assert not (other.get("status") or {}).get("loadBalancer")
        classes = {obj["metadata"]["name"] for obj in two_versions.storage.list(INGRESSCLASSES)}
        assert classes == {"nginx", "apig", "higress", "mse", "alb"}


async def test_annotations_shape_an_answer(bench: Bench) -> None:
    notes = {"demo.cockpit/body": "[bold]\x1b[31m", "demo.cockpit/error-rate": "0.5", "demo.cockpit/status": "201"}
    bench.deploy("web", "web:v1", 1, annotations=notes)
    bench.storage.create(SERVICES, service("web", {"app": "web"}))
    bench.storage.create(INGRESSES, ingress("main", "web"))
    bench.settle(3)
    async with running(bench) as gateway:
        answers = [await ask(gateway) for _ in range(100)]
    assert {body for _, body in answers} == {b"[bold]\x1b[31m"}
    counted = Counter(status for status, _ in answers)
    assert set(counted) == {201, 500}
    assert 25 < counted[500] < 75


async def test_latency_passes_on_the_clusters_clock(bench: Bench) -> None:
    bench.deploy("web", "web:v1", 1, annotations={"demo.cockpit/latency": "5"})
    bench.storage.create(SERVICES, service("web", {"app": "web"}))
    bench.storage.create(INGRESSES, ingress("main", "web"))
    bench.settle(3)
    async with running(bench) as gateway:
        asked = asyncio.ensure_future(ask(gateway))
        await turns()
        assert not asked.done()
        bench.clock.advance(5)
        assert (await asked)[0] == 200


async def test_a_load_balancer_answers_on_its_own_address_and_refuses_without_endpoints(bench: Bench) -> None:
    port = free_port()
    bench.deploy("web", "bebullish/demo:v1", 2)
    bench.storage.create(SERVICES, service("web", {"app": "web"}, port=port, type="LoadBalancer"))
    bench.settle(3)
    names = {f"{pod['metadata']['name']}\n" for pod in bench.pods()}
    async with running(bench):
        await turns()
        address = external_ip(bench, "web")
        assert address is not None
        assert address.startswith("127.")
        assert address != "127.0.0.1"
        request = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        answers = [await talk((address, port), request) for _ in range(20)]
        assert {answer.partition(b"\r\n\r\n")[2].decode() for answer in answers} == names
        bench.change("web", replicas=0)
        bench.settle(3)
        await turns()
        with pytest.raises(ConnectionRefusedError):
            await talk((address, port), request)
        bench.change("web", replicas=1)
        bench.settle(3)
        await turns()
        assert (await talk((address, port), request)).startswith(b"HTTP/1.1 200 ")


async def test_an_external_name_leads_to_another_service_or_to_nobody(two_versions: Bench) -> None:
    storage = two_versions.storage
    for name, target in (("alias", "web-v2.default.svc.cluster.local"), ("outside", "db.example.com")):
        spec = {"type": "ExternalName", "externalName": target}
        storage.create(SERVICES, {"metadata": {"name": name, "namespace": "default"}, "spec": spec})
        storage.create(INGRESSES, ingress(name, name, host=f"{name}.test"))
    storage.create(INGRESSES, ingress("wrong", "alias", host="wrong.test", port=81))
    async with running(two_versions) as gateway:
        status, body = await ask(gateway, host="alias.test")
        assert (status, b"web:v2" in body) == (200, True)
        two_versions.change("web-v2", replicas=0)
        two_versions.settle(3)
        assert (await ask(gateway, host="alias.test"))[0] == 502
        assert (await ask(gateway, host="outside.test"))[0] == 502
        assert (await ask(gateway, host="wrong.test"))[0] == 502


async def test_an_ingress_without_class_is_served_by_nobody_without_a_default_class(two_versions: Bench) -> None:
    storage = two_versions.storage
    without = ingress("without", "web-v1", host="none.test")
    del without["spec"]["ingressClassName"]
    storage.create(INGRESSES, without)
    async with running(two_versions) as gateway:
        await turns()
        assert (await ask(gateway, host="none.test"))[0] == 404
        assert not (storage.get(INGRESSES, "default", "without").get("status") or {}).get("loadBalancer")


async def test_a_connection_stays_with_its_pod_through_a_flip(bench: Bench) -> None:
    port = free_port()
    for version in ("v1", "v2"):
        bench.deploy(f"web-{version}", f"web:{version}", 1)
    bench.storage.create(SERVICES, service("web", {"app": "web-v1"}, port=port, type="LoadBalancer"))
    bench.settle(3)
    async with running(bench):
        await turns()
        address = external_ip(bench, "web")
        reader, writer = await asyncio.open_connection(address, port)

        async def again() -> dict[str, Any]:
            writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
            answer: dict[str, Any] = json.loads(await reader.readexactly(length))
            return answer

        assert (await again())["image"] == "web:v1"
        stored = bench.storage.get(SERVICES, "default", "web")
        stored["spec"]["selector"] = {"app": "web-v2"}
        bench.storage.update(SERVICES, stored)
        bench.settle()
        await turns()
        assert (await again())["image"] == "web:v1"
        fresh = await talk((str(address), port), b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert b"web:v2" in fresh
        bench.change("web-v1", replicas=0)
        bench.settle(3)
        with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
            await again()
        writer.close()


async def test_a_port_that_is_refused_is_told_and_no_other_is_taken(bench: Bench) -> None:
    with socket.socket() as taken:
        taken.bind(("0.0.0.0", 0))
        taken.listen()
        port = taken.getsockname()[1]
        bench.storage.create(SERVICES, service("web", {"app": "web"}, port=port, type="LoadBalancer"))
        async with running(bench):
            await turns()
            assert external_ip(bench, "web") is None
            (event,) = [e for e in bench.storage.list(EVENTS) if e["reason"] == "SyncLoadBalancerFailed"]
            assert f":{port}: Address already in use" in event["message"]
            assert event["type"] == "Warning"
            taken.close()
            bench.clock.advance(31)
            await turns()
            assert external_ip(bench, "web") is not None


async def test_a_service_that_is_no_load_balancer_any_more_gives_its_address_back(bench: Bench) -> None:
    bench.storage.create(SERVICES, service("web", {"app": "web"}, port=free_port(), type="LoadBalancer"))
    async with running(bench):
        await turns()
        assert external_ip(bench, "web") is not None
        stored = bench.storage.get(SERVICES, "default", "web")
        stored["spec"]["type"] = "ClusterIP"
        bench.storage.update(SERVICES, stored)
        await turns()
        assert external_ip(bench, "web") is None


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/9.9\r\nHost: a\r\n\r\n", 505),
        (b"GET / SPDY\r\nHost: a\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nBad Name: x\r\n\r\n", 400),
        (b"GET /%zz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999\r\n\r\n", 413),
        (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 501),
        (b"GET / HTTP/1.1\r\nHost: a\r\n" + b"A: b\r\n" * 200 + b"\r\n", 431),
        (b"GET / HTTP/1.1\r\nHost: " + b"a" * 20_000, 431),
    ],
    ids=lambda value: str(value)[:40],
)
async def test_nonsense_is_refused_and_the_gateway_lives_on(two_versions: Bench, sent: bytes, status: int) -> None:
    async with running(two_versions) as gateway:
        answer = await talk(("127.0.0.1", gateway.port), sent)
        assert answer.startswith(f"HTTP/1.1 {status} ".encode())
        assert (await ask(gateway))[0] == 200


async def test_several_requests_on_one_connection_are_answered_in_order(two_versions: Bench) -> None:
    one = b"GET /%d HTTP/1.1\r\nHost: www.example.com\r\n\r\n"
    post = b"POST /2 HTTP/1.1\r\nHost: www.example.com\r\nContent-Length: 3\r\n\r\nabc"
    last = b"GET http://www.example.com/3 HTTP/1.1\r\nHost: ignored\r\nConnection: close\r\n\r\n"
    async with running(two_versions) as gateway:
        answer = await talk(("127.0.0.1", gateway.port), one % 1 + post + last)
        head = await talk(("127.0.0.1", gateway.port), b"HEAD / HTTP/1.0\r\nHost: www.example.com\r\n\r\n")
    assert [answer.index(f'"path":"/{n}"'.encode()) for n in (1, 2, 3)] == sorted(
        answer.index(f'"path":"/{n}"'.encode()) for n in (1, 2, 3)
    )
    assert head.endswith(b"\r\n\r\n")
    assert b"Content-Length: " in head


@given(st.binary(max_size=300))
def test_any_bytes_are_a_head_or_a_clear_refusal(block: bytes) -> None:
    refused = None
    try:
        parse_head(block)
    except BadHeadError as error:
        refused = error.status
    assert refused in (None, 400, 413, 431, 501, 505)


@given(st.text(max_size=100), st.binary(max_size=100), st.integers(200, 599))
def test_no_header_value_ends_its_line(value: str, body: bytes, status: int) -> None:
    sent = encode_reply(Reply(status, body, headers={"X-Pod": value}), with_body=True, keep_alive=True)
    head, _, rest = sent.partition(b"\r\n\r\n")
    assert rest == (b"" if status in (204, 304) else body)
    assert head.count(b"\r\n") == (3 if status in (204, 304) else 4)


@given(st.dictionaries(st.sampled_from(["status", "error-rate", "latency", "body"]), st.text(max_size=20)))
def test_any_annotation_gives_a_usable_answer(values: dict[str, str]) -> None:
    meta = {"name": "p", "namespace": "n", "annotations": {f"demo.cockpit/{key}": text for key, text in values.items()}}
    pod = {"metadata": meta, "spec": {"containers": [{"image": "a:b"}]}}
    answer = profile_of(pod).answer("/", random.Random(1))
    assert 200 <= answer.status <= 599
    assert 0 <= answer.latency <= 60


@pytest.mark.parametrize(
    ("image", "body"),
    [
        ("cr-apig-cn-beijing.cr.volces.com/apig-demo/http-server:v1", b'{"code": 200, "message": "version: v1"}'),
        ("http-server:v3", b'{"code": 200, "message": "version: v3"}'),
        ("docker.io/bebullish/demo", b"p\n"),
        ("bebullish/demo:v2", b"p\n"),
    ],
)
def test_images_of_the_walk_throughs_answer_as_shown(image: str, body: bytes) -> None:
    pod = {"metadata": {"name": "p", "namespace": "n"}, "spec": {"containers": [{"image": image}]}}
    answer = profile_of(pod).answer("/version", random.Random(1))
    assert (answer.status, answer.body, answer.pod) == (200, body, "")
