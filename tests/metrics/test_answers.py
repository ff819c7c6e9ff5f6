"""Answers of a Prometheus, good and hostile, over a real connection."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.metrics.answers import MOST_SAMPLES, MetricsError, NoAnswerError, Sample, TooLongError, samples_of
from cockpit.metrics.client import ask
from cockpit.model.probe_answer import BODY_LIMIT, Answer, Failure, ProbeRequest
from cockpit.model.probe_target import ProbeTarget
from cockpit.probe.sender import HttpxTransport
from cockpit.probe.target import parse_target
from cockpit.session.clock import SystemClock
from tests.probe.servers import Exchange, free_port, saying, serving


def vector(*series: tuple[dict[str, str], str], at: float = 1000.0) -> str:
    result = [{"metric": labels, "value": [at, value]} for labels, value in series]
    return json.dumps({"status": "success", "data": {"resultType": "vector", "result": result}})


async def asked(behaviour: Callable[[Exchange], Awaitable[None]], path: str = "/", query: str = "up") -> list[Sample]:
    transport = HttpxTransport(SystemClock())
    try:
        async with serving(behaviour) as server:
            return await ask(transport, parse_target(f"http://127.0.0.1:{server.port}{path}"), query)
    finally:
        await transport.close()


async def test_an_answer_is_read_and_the_query_arrives_as_it_is() -> None:
    seen = list[str]()

    async def behave(exchange: Exchange) -> None:
        seen.append(exchange.target)
        await exchange.answer(vector(({"a": "b"}, "1.5")))

    found = await asked(behave, "/prom/", 'sum(x{a=~"b|c&d"}) > 1 # %')
    assert found == [Sample({"a": "b"}, 1.5, 1000.0)]
    path, _, sent = seen[0].partition("?query=")
    assert path == "/prom/api/v1/query"
    assert sent.startswith("sum%28x%7Ba%3D~%22b%7Cc%26d%22%7D%29%20%3E%201%20%23%20%25&timeout=10s")


async def test_values_that_are_no_numbers_are_left_out() -> None:
    body = vector(*((({"n": str(n)}), v) for n, v in enumerate(["NaN", "+Inf", "-Inf", "1e999", "x", "", "2"])))
    assert [sample.value for sample in await asked(saying(body))] == [2.0]


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        ("<html>no</html>", "200 OK", "its answer 200 is not that of a Prometheus"),
        ("[]", "200 OK", "is not that of a Prometheus"),
        ("{}", "200 OK", "is not that of a Prometheus"),
        ("[" * 50_000, "200 OK", "is not that of a Prometheus"),
        ('{"status":"success"}', "200 OK", "it answers with 'nothing'"),
        ('{"status":"success","data":{"resultType":"matrix","result":[]}}', "200 OK", "it answers with 'matrix'"),
        ('{"status":"error","error":"parse error \\u001b[31mx"}', "400 Bad Request", "parse error x"),
        ('{"status":"error","errorType":"timeout","error":""}', "503 Service Unavailable", "query: timeout"),
        ("no", "401 Unauthorized", "set `prometheus.headers`"),
        ("no", "403 Forbidden", "set `prometheus.headers`"),
        ("no", "404 Not Found", "no Prometheus is there"),
        ("no", "502 Bad Gateway", "its answer 502 is not that of a Prometheus"),
        ("", "302 Found", "a redirect to elsewhere"),
    ],
)  # fmt: skip
async def test_what_is_no_answer_is_said_in_words(body: str, status: str, words: str) -> None:
    with pytest.raises(MetricsError) as raised:
        await asked(saying(body, status))
    assert words in str(raised.value)
    assert "\x1b" not in str(raised.value)


async def test_an_answer_that_is_too_long_is_cut_off() -> None:
    with pytest.raises(TooLongError, match=f"more than {BODY_LIMIT} bytes"):
        await asked(saying(vector(({"a": "b" * BODY_LIMIT}, "1"))))


async def test_an_answer_that_drips_ends_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    async def drip(exchange: Exchange) -> None:
        await exchange.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while True:
            await exchange.raw(b" ")
            await asyncio.sleep(0.05)

    monkeypatch.setattr("cockpit.metrics.client.TIMEOUT", 0.5)
    with pytest.raises(NoAnswerError, match=r"no complete answer within 0\.5 s"):
        await asked(drip)


async def test_nobody_there_is_said() -> None:
    transport = HttpxTransport(SystemClock())
    with pytest.raises(NoAnswerError, match="refuses the connection"):
        await ask(transport, parse_target(f"http://127.0.0.1:{free_port()}/"), "up")
    await transport.close()


async def test_a_query_that_no_proxy_lets_through_is_not_sent() -> None:
    with pytest.raises(MetricsError, match="too many Services"):
        await asked(saying(vector()), query="x" * 30_000)


async def test_headers_are_sent_and_never_shown() -> None:
    seen = list[str]()

    class Transport:
        async def send(self, request: ProbeRequest) -> Answer:
            seen.append(dict(request.probe_target.headers)["Authorization"])
            return Answer(None, failure=Failure.REFUSED, text="refused")

        async def close(self) -> None: ...

    place = ProbeTarget("p", 9090, "p", headers=(("Authorization", "Bearer sesame"),))
    with pytest.raises(MetricsError) as raised:
        await ask(Transport(), place, "up")
    assert seen == ["Bearer sesame"]
    assert "sesame" not in f"{raised.value}{raised.value.__cause__}{place!r}"


def test_an_answer_is_bounded_in_series() -> None:
    body = vector(*(({"n": str(n)}, "1") for n in range(MOST_SAMPLES + 500)))
    assert len(samples_of(Answer(200, body=body.encode()))) == MOST_SAMPLES


def test_a_scalar_is_one_sample() -> None:
    body = b'{"status":"success","data":{"resultType":"scalar","result":[5,"3"]}}'
    assert samples_of(Answer(200, body=body)) == [Sample({}, 3.0, 5.0)]


_JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=10), inner, max_size=5),
    max_leaves=20,
)


@given(st.one_of(st.binary(max_size=200), _JSON.map(lambda value: json.dumps(value).encode())))
def test_any_body_gives_samples_or_words(body: bytes) -> None:
    for status in (200, 400):
        said = ""
        try:
            samples_of(Answer(status, body=body))
        except MetricsError as error:
            said = str(error)
        assert not said or said.isprintable()


@given(_JSON, _JSON, st.sampled_from(["vector", "scalar", "matrix", ""]))
def test_any_series_gives_finite_samples_or_none(metric: Any, value: Any, kind: str) -> None:
    result = [{"metric": metric, "value": value}]
    body = json.dumps({"status": "success", "data": {"resultType": kind, "result": result}}).encode()
    try:
        found = samples_of(Answer(200, body=body))
    except MetricsError:
        return
    for sample in found:
        assert abs(sample.value) < float("inf")
        assert abs(sample.at) < float("inf")
