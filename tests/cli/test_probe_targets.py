"""Where the probe of a rollout sends, from the command line."""

from __future__ import annotations

from dataclasses import replace

import pytest
from click.testing import CliRunner, Result

from cockpit.cli.main import command_line
from cockpit.model.probe_target import ProbeTarget
from cockpit.model.rollout import Verdict
from cockpit.model.view import Kept
from cockpit.probe.sample import SampledVersion, SampleResult
from tests.cli.fakes import QUIET, FakeCockpit, FakeProgram, fleet, rollout

DERIVED = ProbeTarget("127.0.0.1", 80, "shop.example")
ENTRANCE = ProbeTarget("", 443, "shop.example", "/version", tls=True)
WHY = "Ingress shop/web has no address in its status"
CLOSED = replace(rollout(), probe_target=None, incomplete_target=ENTRANCE, probe_target_missing=WHY)
KEY = CLOSED.key
TYPE = "cockpit probe shop/web --at ADDRESS[:PORT]"


SEEN = SampledVersion("v1", 5, 1.0, 0.5, 1.0, 0, 1.0, 2.0)
NAMING = SampleResult("http://shop.example/", 5, 0, 0, 1.0, Verdict.UNKNOWN, (SEEN,))


def program(*, closed: bool = True, remembered: ProbeTarget | None = None, message: str = "") -> FakeProgram:
    view = fleet([CLOSED if closed else rollout()])
    shown = replace(view.rollouts[0], probe=replace(QUIET, probe_target=remembered, message=message))
    return FakeProgram(FakeCockpit(replace(view, rollouts=(shown,))))


def run(made: FakeProgram, *words: str) -> Result:
    return CliRunner().invoke(command_line, words, obj=made)


@pytest.mark.parametrize(
    ("words", "probe_target"),
    [
        (["--at", "10.0.0.9:8443"], replace(ENTRANCE, address="10.0.0.9", port=8443)),
        (["--at", "10.0.0.9 insecure", "-H", "a=b"],
         replace(ENTRANCE, address="10.0.0.9", insecure=True, headers=(("a", "b"),))),
        (["--at", "http://a:81/b"], ProbeTarget("a", 81, "a", "/b")),
        (["--resolve", "shop.example:443:10.0.0.9", "-k"], replace(ENTRANCE, address="10.0.0.9", insecure=True)),
        (["--proxy", "p:3128"], replace(ENTRANCE, address="shop.example", proxy="http://p:3128")),
    ],
)  # fmt: skip
def test_an_address_completes_what_requests_ask_for(words: list[str], probe_target: ProbeTarget) -> None:
    made = program()
    result = run(made, "probe", "web", *words, "--count", "7")
    assert (result.exit_code, result.stderr) == (0, "")
    [order] = made.sampled
    assert (order.probe_target, order.count) == (probe_target, 7)
    assert order.written == {"v1": 0.7, "v2": 0.3}
    assert made.cockpit.targets == []


def test_an_address_keeps_the_rest_of_the_remembered_target() -> None:
    remembered = ProbeTarget("10.0.0.8", 80, "shop.example", version_from="header:X-Pod")
    made = program(closed=False, remembered=remembered)
    run(made, "probe", "web", "--at", "10.0.0.9")
    assert made.sampled[0].probe_target == replace(remembered, address="10.0.0.9")


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["web"], 1, f"{WHY}; set one: {TYPE}"),
        (["web", "--at", "a b"], 2, "word 1 after the address is none of proxy="),
        (["web", "--at", ""], 2, "the target is empty"),
        (["web", "--host", "a"], 2, "the address to connect to is not known"),
        (["web", "--remember", "--forget"], 2, "cannot be used together"),
        (["http://a/", "--at", "10.0.0.9"], 2, "need the name of a rollout"),
        (["http://a/", "--remember"], 2, "need the name of a rollout"),
        (["http://a/", "--forget"], 2, "need the name of a rollout"),
    ],
)
def test_what_cannot_be_aimed_at_is_told_and_nothing_is_kept(words: list[str], code: int, said: str) -> None:
    made = program()
    result = run(made, "probe", *words)
    assert (result.exit_code, made.sampled, made.cockpit.targets) == (code, [], [])
    assert said in result.stderr


def test_a_target_is_remembered_and_its_secrets_are_named() -> None:
    made = program()
    made.result = NAMING
    made.cockpit.kept = Kept("state/targets.json", ("Authorization",))
    result = run(
        made, "probe", "web", "--at", '10.0.0.9 header="Authorization=Bearer hush"', "--remember", "--count", "5"
    )
    probe_target = replace(ENTRANCE, address="10.0.0.9", headers=(("Authorization", "Bearer hush"),))
    assert made.cockpit.targets == [(KEY, probe_target)]
    assert made.sampled[0].probe_target == probe_target
    assert "https://shop.example/version at 10.0.0.9 is remembered in state/targets.json" in result.stderr
    assert "not remembered, because secret: Authorization" in result.stderr
    assert "hush" not in result.output
    assert result.exit_code == 0


def test_a_target_that_cannot_be_kept_is_an_error() -> None:
    made = program()
    made.cockpit.kept = Kept(problem="state/targets.json: cannot be written: No space left on device")
    made.result = NAMING
    result = run(made, "probe", "web", "--at", "10.0.0.9", "--remember")
    assert result.exit_code == 1
    assert "cannot be written: No space left on device" in result.stderr


def test_forgetting_goes_back_to_the_derived_target() -> None:
    made = program(closed=False, remembered=ProbeTarget("10.0.0.8", 80, "other.example"))
    result = run(made, "probe", "web", "--forget", "--count", "5")
    assert made.cockpit.targets == [(KEY, None)]
    assert made.sampled[0].probe_target == DERIVED
    assert "remembered target removed" in result.stderr
    closed = program(remembered=ProbeTarget("10.0.0.8", 80, "other.example"))
    result = run(closed, "probe", "web", "--forget", "--count", "5")
    assert (result.exit_code, closed.cockpit.targets, closed.sampled) == (1, [(KEY, None)], [])
    assert TYPE in result.stderr


def test_a_secret_that_was_not_kept_is_asked_for_unless_it_is_given() -> None:
    said = "enter again, secret and so not remembered: Authorization"
    remembered = ProbeTarget("10.0.0.8", 80, "other.example")
    assert said in run(program(remembered=remembered, message=said), "probe", "web").stderr
    given = run(program(remembered=remembered, message=said), "probe", "web", "-H", "Authorization=Bearer hush")
    assert given.stderr == ""


@pytest.mark.parametrize(
    ("made", "target"),
    [
        (program(closed=False), "http://shop.example/ at 127.0.0.1\n"),
        (program(closed=False, remembered=DERIVED), "http://shop.example/ at 127.0.0.1\n"),
        (program(remembered=ProbeTarget("10.0.0.8", 80, "10.0.0.8")), "http://10.0.0.8/ (remembered; use --forget"),
        (program(), f"none: {WHY}; set one: {TYPE}\n"),
    ],
)
def test_show_tells_the_target_or_what_to_type(made: FakeProgram, target: str) -> None:
    assert f"Probe target: {target}" in run(made, "show", "web").stdout


@pytest.mark.parametrize("closed", [True, False])
def test_forgetting_alone_is_done_and_fine_though_nothing_is_sampled(closed: bool) -> None:
    made = program(closed=closed, remembered=ProbeTarget("10.0.0.8", 80, "other.example"))
    result = run(made, "probe", "web", "--forget")
    assert (result.exit_code, made.cockpit.targets, made.sampled) == (0, [(KEY, None)], [])


def test_a_target_whose_answers_name_no_version_is_not_remembered_and_says_what_to_do() -> None:
    made = program()
    made.result = replace(NAMING, versions=(), unknown=5)
    result = run(made, "probe", "web", "--at", "10.0.0.9", "--remember", "--count", "5")
    assert (result.exit_code, made.cockpit.targets) == (1, [])
    assert "is not remembered: no answer there names a version" in result.stderr
    assert "--host NAME or --version-from SPEC" in result.stderr


@pytest.mark.parametrize(
    ("words", "host"),
    [
        (["--at", "http://127.0.0.1:8080/"], "shop.example"),
        (["--at", "http://[::1]:8080/x"], "shop.example"),
        (["--at", "http://127.0.0.1:8080/ host=other"], "other"),
        (["--at", "http://127.0.0.1:8080/", "--host", "other"], "other"),
        (["--at", "http://elsewhere.example/"], "elsewhere.example"),
    ],
)
def test_a_url_of_an_address_keeps_the_host_of_the_route(words: list[str], host: str) -> None:
    made = program(closed=False)
    assert run(made, "probe", "web", *words, "--count", "5").exit_code == 0
    assert made.sampled[0].probe_target.host == host
