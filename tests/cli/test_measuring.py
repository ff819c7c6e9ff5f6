import json
from dataclasses import replace

import pytest
from click.testing import CliRunner, Result

from cockpit.cli.main import command_line
from cockpit.model.door import Door
from cockpit.model.rollout import Finding, Phase, Rollout, Severity, Step, Verdict
from cockpit.model.view import FleetView
from cockpit.probe.sample import SampledVersion, SampleResult
from tests.cli.fakes import FakeCockpit, FakeProgram, fleet, rollout

WEB = rollout()
SEEN = (SampledVersion("v1", 70, 0.7, 0.6, 0.78, 0, 1.5, 9.25), SampledVersion("v2", 30, 0.3, 0.22, 0.4, 2, None, None))


def run(program: FakeProgram, *words: str) -> Result:
    return CliRunner().invoke(command_line, words, obj=program)


def program(verdict: Verdict = Verdict.ON, *views: FleetView) -> FakeProgram:
    made = FakeProgram(FakeCockpit(*(views or (fleet([WEB]),))))
    made.result = SampleResult("http://shop.example/", 100, 2, 0, 1.25, verdict, SEEN, 0.4, "consistent", "")
    return made


def test_a_rollout_is_sampled_through_its_own_door_and_judged_by_what_is_written() -> None:
    made = program()
    result = run(made, "probe", "web", "--rate", "50", "-c", "4")
    [order] = made.sampled
    assert order.door == WEB.door
    assert order.written == {"v1": 0.7, "v2": 0.3}
    assert order.versions == WEB.versions
    assert (order.rate, order.concurrency, order.count, order.duration) == (50.0, 4, None, None)
    assert result.exit_code == 0
    assert "v1       70       70%    60%..78%  0       1.5     9.2" in result.stdout
    assert "100 samples in 1.2 s, 2 errors, 0 unknown" in result.stdout
    assert "on: consistent" in result.stdout
    assert result.stderr == ""


def test_json_has_every_field_of_the_interface() -> None:
    told = json.loads(run(program(), "probe", "web", "-o", "json").stdout)
    assert set(told) >= {"target", "samples", "errors", "unknown", "seconds", "verdict", "versions"}
    fields = {"version", "answers", "share", "low", "high", "errors", "p50_ms", "p99_ms"}
    assert set(told["versions"][1]) >= fields
    assert told["versions"][1]["p50_ms"] is None


def test_a_url_needs_no_session_and_ends_by_itself() -> None:
    made = program()
    words = ["--header", "foo=bar", "--host", "a.example", "--version-from", "header:X-Version"]
    run(made, "probe", "https://shop.example:8443/x", *words)
    assert made.options == []
    [order] = made.sampled
    assert order.door == Door(
        *("shop.example", 8443, "a.example", "/x", True), (("foo", "bar"),), version_from="header:X-Version"
    )
    assert order.count == 100


@pytest.mark.parametrize(
    ("verdict", "words", "code"),
    [
        (Verdict.ON, [], 0),
        (Verdict.OFF, [], 6),
        (Verdict.OFF, ["--count", "5"], 6),
        (Verdict.NOT_YET, [], 4),
        (Verdict.NOT_YET, ["--count", "5"], 0),
        (Verdict.NOT_YET, ["--count", "5", "--expect", "v2=30"], 4),
        (Verdict.UNKNOWN, ["--duration", "1s"], 0),
    ],
)
def test_the_exit_code_is_the_verdict(verdict: Verdict, words: list[str], code: int) -> None:
    assert run(program(verdict), "probe", "web", *words).exit_code == code


def test_a_target_that_answers_nothing_is_an_error_that_says_why() -> None:
    made = program()
    made.result = SampleResult("http://x/", 9, 9, 0, 1, Verdict.UNKNOWN, (), message="x does not resolve")
    result = run(made, "probe", "http://x/")
    assert result.exit_code == 1
    assert "x does not resolve" in result.stdout
    assert "no request was answered" in result.stderr


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["ftp://x/"], 2, "not http or https"),
        (["http://x/", "--header", "a b=c"], 2, "no name of a header"),
        (["http://x/", "--resolve", "nonsense"], 2, "needs HOST:PORT:ADDRESS"),
        (["http://x/", "--version-from", "magic"], 2, "--version-from"),
        (["web", "--expect", "v2"], 2, "needs VERSION=PERCENT"),
        (["web", "--rate", "0"], 2, "not in the range"),
        (["web", "--lane", "nope"], 1, "has no lane 'nope'; it has default"),
        (["wep"], 1, "Did you mean shop/web?"),
    ],
)
def test_what_cannot_be_probed_is_told(words: list[str], code: int, said: str) -> None:
    made = program()
    result = run(made, "probe", *words)
    assert (result.exit_code, made.sampled) == (code, [])
    assert said in result.stderr


def test_a_rollout_without_an_address_says_why() -> None:
    made = program(Verdict.ON, fleet([replace(WEB, door=None, door_missing="its Service has no address outside")]))
    result = run(made, "probe", "web")
    assert result.exit_code == 1
    assert "its Service has no address outside; say where to send: cockpit probe shop/web --at URL" in result.stderr


def judged(verdict: Verdict, phase: Phase = Phase.CANARY) -> Rollout:
    return replace(WEB, phase=phase, lanes=(replace(WEB.lanes[0], verdict=verdict),))


@pytest.mark.parametrize(
    ("last", "code"),
    [
        (judged(Verdict.ON), 0),
        (judged(Verdict.OFF), 6),
        (judged(Verdict.ON, Phase.DEGRADED), 3),
        (judged(Verdict.ON, Phase.WAITING), 5),
        (replace(judged(Verdict.ON, Phase.PAUSED), step=Step(1, 4, 0.3, asks=True)), 5),
        (judged(Verdict.ON, Phase.PAUSED), 0),
        (judged(Verdict.OFF, Phase.ABORTED), 6),
    ],
)
def test_verify_samples_until_there_is_a_verdict(last: Rollout, code: int) -> None:
    made = program(Verdict.ON, fleet([judged(Verdict.UNKNOWN)]), fleet([judged(Verdict.NOT_YET)]), fleet([last]))
    result = run(made, "verify", "web", "-o", "json")
    assert made.cockpit.probed == [(WEB.key, True)]
    assert result.exit_code == code
    assert json.loads(result.stdout)["lanes"][0]["verdict"] == str(last.lanes[0].verdict)


def test_verify_that_is_not_decided_in_time_or_cannot_be() -> None:
    late = run(program(Verdict.ON, fleet([judged(Verdict.NOT_YET)])), "verify", "web", "--within", "10ms")
    assert late.exit_code == 4
    assert "not decided after 0 answers" in late.stderr
    closed = replace(judged(Verdict.UNKNOWN), door=None, door_missing="no address outside the cluster")
    shut = run(program(Verdict.ON, fleet([closed])), "verify", "web")
    assert shut.exit_code == 1
    assert "nowhere to send requests: no address outside the cluster" in shut.stderr
    gone = run(program(Verdict.ON, fleet([judged(Verdict.NOT_YET)]), fleet()), "verify", "web")
    assert gone.exit_code == 1
    assert "is gone" in gone.stderr


@pytest.mark.parametrize(
    ("id", "severity", "verdict", "code"),
    [
        ("errors", Severity.CRITICAL, Verdict.ON, 3),
        ("no-answers", Severity.CRITICAL, Verdict.ON, 3),
        ("errors", Severity.WARNING, Verdict.ON, 0),
        ("errors", Severity.CRITICAL, Verdict.OFF, 6),
        ("dangling-canary", Severity.CRITICAL, Verdict.ON, 0),
    ],
)
def test_verify_is_not_fine_while_a_version_fails(id: str, severity: Severity, verdict: Verdict, code: int) -> None:
    found = Finding(id, severity, "v2 fails 45% of its requests", "45 of 100 answers")
    made = program(Verdict.ON, fleet([replace(judged(verdict), findings=(found,))]))
    result = run(made, "verify", "web")
    assert result.exit_code == code
    assert ("critical: v2 fails 45% of its requests (45 of 100 answers)" in result.stderr) is (code == 3)
