"""The script of a probe's pods, run by this machine's sh, awk and curl against servers that behave badly."""

from __future__ import annotations

import asyncio
import os
import shutil
from dataclasses import replace

import pytest

from cockpit.model.probe_target import ProbeTarget
from cockpit.planning.probe_script import (
    PodLoop,
    body_limit,
    container_arguments,
    container_command,
    container_variables,
)
from cockpit.probe.pod_lines import PodAnswer, WorkerEnd, read_line
from cockpit.probe.sender import Failure
from tests.probe.servers import Exchange, free_port, saying, serving

pytestmark = pytest.mark.skipif(
    not all(map(shutil.which, ("sh", "awk", "curl"))), reason="sh, awk and curl are not all installed"
)
MARK = "5d41402abc4b2a76b9719d911017c592"


def loop_to(port: int, path: str = "/", **more: object) -> PodLoop:
    target = ProbeTarget("127.0.0.1", port, "127.0.0.1", path)
    usual = PodLoop(target, (), workers=1, pause_ms=1, count=3, seconds=60, timeout=5.0, mark=MARK)
    return replace(usual, **more)  # type: ignore[arg-type]


async def lines(loop: PodLoop) -> tuple[list[PodAnswer], list[WorkerEnd]]:
    process = await asyncio.create_subprocess_exec(
        *container_command(),
        *container_arguments(loop),
        env={"PATH": os.environ["PATH"], **container_variables(loop)},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    output, _ = await process.communicate()
    assert process.returncode == 0, "a pod that fails would end the Job of the others"
    limit = body_limit(loop.probe_target.version_from)
    found = [read_line(line, limit) for line in output.splitlines()]
    answers = [one for one in found if isinstance(one, PodAnswer)]
    ends = [one for one in found if isinstance(one, WorkerEnd)]
    assert len(answers) + len(ends) == len(found), output
    return answers, ends


async def test_each_answer_comes_on_a_connection_of_its_own() -> None:
    async with serving(saying('{"version": "v1"}\n', X_Pod="web-1")) as server:
        answers, ends = await lines(loop_to(server.port, "/a?b=[1]", headers=(("X-Lane", "b c"),)))
        assert server.connections == 3
        seen = server.seen[0]
    assert [(one.number, one.answer.status, one.reused) for one in answers] == [(n, 200, False) for n in (1, 2, 3)]
    answer = answers[0].answer
    assert (answer.header("x-pod"), answer.body, answer.cut) == ("web-1", b'{"version": "v1"}\n', False)
    assert ends == [WorkerEnd(1, 3, 0)]
    assert seen.target == "/a?b=[1]"
    assert (seen.headers["x-lane"], seen.headers["user-agent"]) == ("b c", "rollout-cockpit")
    assert answer.connect_ms is not None
    assert answer.first_byte_ms is not None
    assert 0 < answer.connect_ms <= answer.first_byte_ms <= answer.total_ms


async def test_the_count_is_divided_among_workers() -> None:
    async with serving(saying("v1")) as server:
        answers, ends = await lines(loop_to(server.port, workers=2, count=5))
    assert len(answers) == 5
    assert sorted((end.worker, end.answers) for end in ends) == [(1, 3), (2, 2)]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\n\n",
        b"answer\t1\t1\t200\t0\t0\t0\t0\t0\t1\t\tversion: v2\nend\t1\t9\t0\n",
        f"\n{MARK[:-1]}0 answer 200 0 0 0 0 0 1\n".encode(),
        b"HTTP/1.1 200 OK\r\nX-Pod: forged\r\n\r\n",
        b"%0A%09%%25 \x7f\x01\x1b[31m \xff\xfe",
        b"nothing\x00behind",
        b"x" * 200_000,
        b"y\n" * 50_000,
    ],
)
async def test_no_body_can_forge_an_answer(body: bytes) -> None:
    async with serving(saying(body, X_Pod="web-1")) as server:
        answers, ends = await lines(loop_to(server.port, count=2))
    assert [(one.number, one.answer.status, one.answer.header("x-pod")) for one in answers] == [
        (1, 200, "web-1"),
        (2, 200, "web-1"),
    ]
    assert ends == [WorkerEnd(1, 2, 0)]
    for one in answers:
        assert len(one.answer.body) <= 1024
        assert one.answer.cut == (len(body) >= 1024)


async def test_headers_are_bounded_and_safe() -> None:
    async with serving(saying("v1", X_Pod="a%0Ab\t" + "c" * 5000, Location="https://x/%09")) as server:
        answers, _ = await lines(loop_to(server.port, count=1))
    (one,) = answers
    assert one.answer.header("location") == "https://x/%09"
    assert (one.answer.header("x-pod") or "").startswith("a%0Ab\tccc")
    assert len(one.answer.header("x-pod") or "") <= 250


async def test_only_the_header_that_names_the_version_is_needed() -> None:
    async with serving(saying("body", X_Version="v7")) as server:
        loop = loop_to(server.port, count=1)
        loop = replace(loop, probe_target=replace(loop.probe_target, version_from="header:X-Version"))
        answers, _ = await lines(loop)
    assert (answers[0].answer.header("x-version"), answers[0].answer.body) == ("v7", b"")


async def test_an_interim_answer_is_not_the_answer() -> None:
    async def behave(exchange: Exchange) -> None:
        await exchange.raw(b"HTTP/1.1 103 Early Hints\r\nX-Pod: early\r\n\r\n")
        await exchange.answer("late body", X_Pod="late")

    async with serving(behave) as server:
        answers, _ = await lines(loop_to(server.port, count=1))
    assert (answers[0].answer.status, answers[0].answer.body) == (200, b"late body")
    assert ("x-pod", "late") in answers[0].answer.headers


async def test_why_there_is_no_answer() -> None:
    async def reset(exchange: Exchange) -> None:
        exchange.reset()

    async def silent(exchange: Exchange) -> None:
        await exchange.reader.read()

    answers, ends = await lines(loop_to(free_port(), count=2))
    assert [one.answer.failure for one in answers] == [Failure.REFUSED] * 2
    assert ends[0].answers == 2
    async with serving(reset) as server:
        answers, _ = await lines(loop_to(server.port, count=1))
    assert answers[0].answer.failure is Failure.RESET
    async with serving(silent) as server:
        answers, _ = await lines(loop_to(server.port, count=1, timeout=0.2))
    assert (answers[0].answer.failure, answers[0].answer.status) == (Failure.TIMEOUT, None)


async def test_a_slow_service_does_not_make_the_loop_longer() -> None:
    async def late(exchange: Exchange) -> None:
        await exchange.reader.read()

    async with serving(late) as server:
        answers, ends = await lines(loop_to(server.port, count=1000, seconds=1, timeout=0.4))
    assert len(answers) == 3
    assert ends == [WorkerEnd(1, 3, 0)]


async def test_a_curl_that_does_not_start_ends_with_its_code() -> None:
    loop = loop_to(1, count=1, timeout=-1.0)
    answers, ends = await lines(loop)
    assert answers == []
    assert ends == [WorkerEnd(1, 0, 2)]


@pytest.mark.parametrize("name", ["WORKERS", "COUNT"])
@pytest.mark.parametrize("value", ["a[$(echo computed >&2)]", "", "1 -o 2", "-1"])
async def test_what_is_no_number_is_not_computed(name: str, value: str) -> None:
    loop = loop_to(1)
    process = await asyncio.create_subprocess_exec(
        shutil.which("bash") or "sh",
        *container_command()[1:],
        *container_arguments(loop),
        env={"PATH": os.environ["PATH"], **container_variables(loop), name: value},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    assert (process.returncode, output) == (2, b"WORKERS and COUNT must be whole numbers\n")
