"""TLS, HTTP/2 and cookies of `cockpit probe`, from the command line to the server."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from cockpit.cli.main import command_line
from cockpit.model.probe_answer import Phase, PhaseTimes
from cockpit.model.probe_target import ProbeTarget
from cockpit.probe.sticky import sticky_lane
from tests.cli.fakes import FakeCockpit, FakeProgram, fleet, rollout
from tests.probe.certificates import Authority, server_context
from tests.probe.servers import Exchange, serving
from tests.probe.servers_h2 import Stream, serving_h2

HOST = "shop.example"


def run(*words: str, result: dict[str, Any] | None = None) -> tuple[FakeProgram, Result]:
    made = FakeProgram(FakeCockpit(fleet([rollout()])))
    made.result = replace(made.result, **(result or {}))
    return made, CliRunner().invoke(command_line, words, obj=made)


def test_options_become_the_target(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    ca, client = str(authority.file), str(authority.issue("client"))
    made, result = run(
        *("probe", f"https://{HOST}/", "--cacert", ca, "--cert", client, "--http2", "--cookies", "--count", "3")
    )
    assert (result.exit_code, result.stderr) == (0, "")
    [order] = made.sampled
    assert order.probe_target == ProbeTarget(
        HOST, 443, HOST, tls=True, ca_file=ca, cert_file=client, http2=True, cookies=True
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["https://a/", "--cacert", "/nowhere/ca.pem"], "/nowhere/ca.pem cannot be read: No such file or directory"),
        (["https://a/", "--key", "/nowhere/me.key"], "--key needs --cert"),
        (["http://a/", "--cacert", "/nowhere/ca.pem"], "give an https URL"),
        (["web", "--from", "cluster", "--yes", "--http2", "--cookies"], "--http2, --cookies: for requests from this"),
        (["https://a/", "--version-from", "header:Set-Cookie"], "the values of Set-Cookie are secret"),
    ],
)
def test_what_cannot_be_used_is_told_before_anything_is_sent(words: list[str], said: str) -> None:
    made, result = run("probe", *words)
    assert (result.exit_code, made.sampled) == (2, [])
    assert said in " ".join(result.stderr.split())


def test_phases_and_a_probe_that_is_too_slow_are_printed() -> None:
    slow = "the probe itself is too slow: 41 of 200 beats late, CPU 98%; figures of latency are not the service's"
    phases = (PhaseTimes(Phase.TLS, 4.04, 9.96), PhaseTimes(Phase.FIRST_BYTE, 12.0, 30.0))
    _, result = run("probe", "web", "--count", "3", result={"phases": phases, "too_slow": slow, "redirects": 1})
    assert "p50/p99 ms: tls 4.0/10.0, first byte 12.0/30.0" in result.stdout
    assert slow in result.stdout
    assert "1 redirect (not followed)" in result.stdout
    _, result = run(
        *("probe", "web", "--count", "3", "-o", "json"), result={"phases": phases, "too_slow": slow, "redirects": 1}
    )
    told = json.loads(result.stdout)
    assert told["phases"]["first byte"] == {"p50_ms": 12.0, "p99_ms": 30.0}
    assert (told["too_slow"], told["redirects"], told["session"]) == (slow, 1, None)


async def as_process(state: Path, *words: str) -> tuple[int, str, str]:
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("COCKPIT", "KUBE"))}
    environ |= {"COCKPIT_STATE": str(state), "HOME": str(state), "XDG_CONFIG_HOME": str(state)}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cockpit", *words),
        env=environ,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, said = await asyncio.wait_for(process.communicate(), 60)
    return process.returncode or 0, out.decode(), said.decode()


async def test_a_sticky_service_behind_an_own_ca(tmp_path: Path) -> None:
    authority = Authority(tmp_path)

    async def behave(exchange: Exchange) -> None:
        pinned = exchange.headers.get("cookie", "pin=v1").partition("=")[2]
        await exchange.answer(f"version: {pinned}", Set_Cookie=f"pin={pinned}")

    context = server_context(authority.issue(HOST), clients=authority.file)
    async with serving(behave, context) as server:
        code, out, said = await as_process(
            tmp_path,
            *("probe", f"https://{HOST}/", "--resolve", f"{HOST}:443:127.0.0.1:{server.port}", "-o", "json"),
            *("--cacert", str(authority.file), "--cert", str(authority.issue("client")), "--cookies"),
            *("--count", "20", "--rate", "200"),
        )
    assert (code, said) == (0, "")
    told = json.loads(out)
    assert told["samples"] + told["session"]["samples"] == 20
    assert told["session"]["samples"] > 0
    assert (told["errors"], told["session"]["changes"]) == (0, 0)
    assert {"connect", "tls", "first byte", "total"} == told["phases"].keys()
    assert set(server.names) == {HOST}


async def test_http2(tmp_path: Path) -> None:
    authority = Authority(tmp_path)

    async def behave(stream: Stream) -> None:
        await stream.answer(b"version: v1")

    async with serving_h2(behave, server_context(authority.issue(HOST), "h2")) as server:
        code, out, _ = await as_process(
            tmp_path,
            *("probe", f"https://{HOST}/", "--resolve", f"{HOST}:443:127.0.0.1:{server.port}", "--http2"),
            *("--cacert", str(authority.file), "--count", "5", "--rate", "200"),
        )
    assert code == 0
    assert "v1       5        100%" in out
    assert len(server.seen) == server.connections == 5


async def test_an_expired_certificate_is_named(tmp_path: Path) -> None:
    from datetime import timedelta

    authority = Authority(tmp_path)
    context = server_context(authority.issue(HOST, age=timedelta(days=9)))
    async with serving(lambda exchange: exchange.answer("v1"), context) as server:
        code, out, said = await as_process(
            tmp_path,
            *("probe", f"https://{HOST}/", "--resolve", f"{HOST}:443:127.0.0.1:{server.port}"),
            *("--cacert", str(authority.file), "--count", "3", "--rate", "200"),
        )
    assert code == 1
    assert "TLS failed: its certificate has expired; --insecure skips the check" in out
    assert "all requests failed" in said


def test_show_has_the_times_and_says_that_they_are_the_probes_own() -> None:
    slow = "the probe itself is too slow: 41 of 200 beats late; figures of latency are not the service's"
    view = fleet([rollout()])
    probe = replace(view.rollouts[0].probe, phases=(PhaseTimes(Phase.CONNECT, 1.0, 2.0),), too_slow=slow, message=slow)
    made = FakeProgram(FakeCockpit(replace(view, rollouts=(replace(view.rollouts[0], probe=probe),))))
    shown = CliRunner().invoke(command_line, ["show", "web"], obj=made).stdout
    assert "Times:        p50/p99 ms: connect 1.0/2.0" in shown
    assert f"Probe:        {slow}" in shown
    told = json.loads(CliRunner().invoke(command_line, ["show", "web", "-o", "json"], obj=made).stdout)
    assert told["probe"] == {"phases": {"connect": {"p50_ms": 1.0, "p99_ms": 2.0}}, "too_slow": slow}
    assert told["lanes"][0]["sticky"] is False


def test_show_says_how_requests_are_sent_and_judges_no_session() -> None:
    view = fleet([rollout()])
    shown = view.rollouts[0]
    target = ProbeTarget("10.0.0.9", 443, HOST, tls=True, cert_file="/me.pem", http2=True, insecure=True, cookies=True)
    lanes = (*shown.rollout.lanes, sticky_lane(shown.rollout.lanes[0]))
    shown = replace(shown, rollout=replace(shown.rollout, lanes=lanes), probe=replace(shown.probe, probe_target=target))
    made = FakeProgram(FakeCockpit(replace(view, rollouts=(shown,))))
    text = CliRunner().invoke(command_line, ["show", "web"], obj=made).stdout
    assert (
        f"https://{HOST}/ at 10.0.0.9, over HTTP/2, with a client certificate, accepting any certificate, keeping"
        " cookies on every other request (remembered" in text
    )
    assert "default with cookies (one client that keeps its cookies)" in text
    assert "not judged" in text
    told = json.loads(CliRunner().invoke(command_line, ["show", "web", "-o", "json"], obj=made).stdout)
    asked = {name: told["probe_target"][name] for name in ("http2", "insecure", "client_certificate", "cookies")}
    assert set(asked.values()) == {True}
    assert [lane["sticky"] for lane in told["lanes"]] == [False, True]
