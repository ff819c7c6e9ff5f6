import json
from collections.abc import Sequence
from dataclasses import replace

import pytest
from click.testing import CliRunner, Result

from cockpit.cli.main import command_line
from cockpit.model.health import AnswerHealth
from cockpit.model.probe_target import ProbeTarget
from cockpit.model.rollout import Finding, Phase, Rollout, Severity, Share, Step, Verdict
from cockpit.model.view import Cell, CellKind, FleetView, KindSync, Sync
from cockpit.probe.sample import SampledVersion, SampleResult
from tests.cli.fakes import FakeCockpit, FakeProgram, cluster, fleet, rollout

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
    assert order.probe_target == WEB.probe_target
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
    assert order.probe_target == ProbeTarget(
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
    assert "all requests failed" in result.stderr


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["ftp://x/"], 2, "not http or https"),
        (["http://x/", "--header", "a b=c"], 2, "not a valid header name"),
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
    made = program(
        Verdict.ON, fleet([replace(WEB, probe_target=None, probe_target_missing="its Service has no address outside")])
    )
    result = run(made, "probe", "web")
    assert result.exit_code == 1
    assert "its Service has no address outside; set one: cockpit probe shop/web --at URL" in result.stderr


def judged(verdict: Verdict, phase: Phase = Phase.CANARY) -> Rollout:
    return replace(WEB, phase=phase, lanes=(replace(WEB.lanes[0], verdict=verdict),), findings=())


def measured(*rollouts: Rollout) -> FleetView:
    """A view in which all pods are ready and enough answers of each version are known, none of them an error."""
    view = fleet(
        [replace(each, versions=tuple(replace(v, ready=v.desired) for v in each.versions)) for each in rollouts]
    )
    health = tuple(AnswerHealth("default", name, 500.0, 0.0, view.at) for name in ("", "v1", "v2"))
    probe = replace(view.rollouts[0].probe, running=True, probe_target=WEB.probe_target, total=812, health=health)
    return replace(view, rollouts=tuple(replace(shown, probe=probe) for shown in view.rollouts))


def verify(views: Sequence[FleetView], *words: str) -> Result:
    """In little time, because the script of views ends with the last one."""
    return run(program(Verdict.ON, *views), "verify", "web", "--for", "1ms", "--within", "1s", *words)


@pytest.mark.parametrize(
    ("last", "code"),
    [
        (judged(Verdict.ON), 0),
        (judged(Verdict.OFF), 6),
        (judged(Verdict.DOUBTFUL), 4),
        (judged(Verdict.ON, Phase.DEGRADED), 3),
        (judged(Verdict.ON, Phase.WAITING), 5),
        (replace(judged(Verdict.ON, Phase.PAUSED), step=Step(1, 4, 0.3, asks=True)), 5),
        (judged(Verdict.ON, Phase.PAUSED), 0),
        (judged(Verdict.OFF, Phase.ABORTED), 6),
    ],
)
def test_verify_samples_until_there_is_a_verdict(last: Rollout, code: int) -> None:
    made = program(Verdict.ON, *map(measured, (judged(Verdict.UNKNOWN), judged(Verdict.NOT_YET), last)))
    # A doubtful one is waited for to the end; the others end it, however long they take to come.
    within = "1s" if code == 4 else "60s"
    result = run(made, "verify", "web", "-o", "json", "--for", "1ms", "--within", within)
    assert made.cockpit.probed == [(WEB.key, True)]
    assert result.exit_code == code, result.stderr
    told = json.loads(result.stdout)
    assert told["lanes"][0]["verdict"] == str(last.lanes[0].verdict)
    assert told["verification"]["exit_code"] == code
    assert told["verification"]["reason"] in result.stderr


def test_verify_asks_for_a_rate_and_for_its_own_limit_of_errors() -> None:
    made = program(Verdict.ON, measured(judged(Verdict.ON)))
    run(made, "verify", "web", "--for", "1ms", "--within", "9ms", "--max-errors", "2.5%", "--rate", "40")
    run(made, "verify", "web", "--for", "1ms", "--within", "9ms")
    assert [(one.probe_rate, one.max_errors) for one in made.options] == [(40.0, 0.025), (20.0, 0.01)]


@pytest.mark.parametrize(
    "words",
    [
        ["--for", "2m", "--within", "1m"],
        ["--max-errors", "0"],
        ["--max-errors", "many"],
        ["--max-errors", "100%"],
        ["--max-latency-ratio", "0.5"],
        ["--min-answers", "0"],
    ],
)
def test_what_verify_cannot_require_is_refused(words: list[str]) -> None:
    made = program()
    assert run(made, "verify", "web", *words).exit_code == 2
    assert made.options == []


def test_verify_that_is_not_decided_in_time_or_cannot_be() -> None:
    lane = replace(WEB.lanes[0], verdict=Verdict.NOT_YET, missing=80)
    late = verify([measured(replace(WEB, lanes=(lane,), findings=()))])
    assert late.exit_code == 4
    assert "no verdict after 812 answers" in late.stderr
    assert "about 80 more are needed" in late.stderr
    closed = replace(judged(Verdict.UNKNOWN), probe_target=None, probe_target_missing="no address outside the cluster")
    shut = verify([fleet([closed])])
    assert shut.exit_code == 1
    assert ": no address outside the cluster" in shut.stderr
    gone = verify([fleet([judged(Verdict.NOT_YET)]), fleet()])
    assert gone.exit_code == 1
    assert "is gone" in gone.stderr


def test_verify_does_not_wait_for_answers_that_would_say_nothing() -> None:
    nameless = Finding("no-version", Severity.WARNING, "no answer names a version")
    last = replace(judged(Verdict.UNKNOWN), findings=(nameless,))
    result = run(program(Verdict.ON, measured(last)), "verify", "web", "--for", "1ms", "--within", "1h")
    assert result.exit_code == 4
    assert "no answer names a version" in result.stderr


def test_verify_is_not_fine_while_too_few_answers_of_a_version_are_in() -> None:
    view = measured(judged(Verdict.ON))
    probe = view.rollouts[0].probe
    few = replace(probe, health=tuple(replace(one, answers=40.0) for one in probe.health))
    result = verify([replace(view, rollouts=(replace(view.rollouts[0], probe=few),))])
    assert result.exit_code == 4
    assert "87 more answers of v2 needed to say whether more than 1% fail (none of 40 failed)" in result.stderr


def test_verify_says_nothing_fine_about_a_cluster_that_it_cannot_read() -> None:
    view = measured(judged(Verdict.ON))
    result = verify([replace(view, clusters=(cluster(state=Sync.RETRYING, message="connection refused"),))])
    assert result.exit_code != 0


@pytest.mark.parametrize(("stale", "code"), [("", 0), ("demo is not up to date (retrying), so this may be stale", 4)])
def test_verify_goes_by_the_kinds_that_its_rollout_is_read_from(stale: str, code: int) -> None:
    view = measured(judged(Verdict.ON))
    lost = KindSync("Gateway", Sync.RETRYING, 0, "the connection was lost", objects=3)
    demo = cluster(state=Sync.RETRYING, message="the connection was lost", kinds=(lost,))
    result = verify([replace(view, clusters=(demo,), rollouts=(replace(view.rollouts[0], stale=stale),))])
    assert result.exit_code == code, result.stderr
    assert stale in result.stderr


def test_verify_names_the_lanes_that_cannot_be_tried() -> None:
    pattern = replace(WEB.lanes[0], name="x-user~^a", headers=None, verdict=Verdict.UNKNOWN)
    rollout = judged(Verdict.ON)
    result = verify([measured(replace(rollout, lanes=(*rollout.lanes, pattern)))], "-o", "json")
    assert result.exit_code == 0, result.stderr
    assert "not measured: lane x-user~^a: no request that matches it can be derived" in result.stderr
    assert [lane["lane"] for lane in json.loads(result.stdout)["verification"]["not_measured"]] == ["x-user~^a"]


@pytest.mark.parametrize(
    ("id", "severity", "verdict", "code"),
    [
        ("errors", Severity.CRITICAL, Verdict.ON, 3),
        ("no-answers", Severity.CRITICAL, Verdict.ON, 3),
        ("errors", Severity.WARNING, Verdict.ON, 4),
        ("errors", Severity.CRITICAL, Verdict.OFF, 3),
        ("dangling-canary", Severity.CRITICAL, Verdict.ON, 3),
        ("owned-by-git", Severity.WARNING, Verdict.ON, 0),
    ],
)
def test_verify_is_not_fine_while_a_version_fails(id: str, severity: Severity, verdict: Verdict, code: int) -> None:
    found = Finding(id, severity, "v2 fails 45% of its requests", "45 of 100 answers")
    result = verify([measured(replace(judged(verdict), findings=(found,)))])
    assert result.exit_code == code
    assert ("hurt: v2 fails 45% of its requests" in result.stderr) is (code == 3)


def declaring(declared: float, written: float, phase: Phase = Phase.AT_REST, *, derived: bool = False) -> Rollout:
    """So much declared and written for v2, and the split between the versions as written."""
    shares = (Share("v1", 1 - declared, 1 - written), Share("v2", declared, written))
    lane = replace(WEB.lanes[0], shares=shares, verdict=Verdict.ON, derived=derived)
    return replace(WEB, phase=phase, lanes=(lane,), findings=())


@pytest.mark.parametrize(
    ("last", "code"),
    [
        (declaring(0.4, 0.0, Phase.DEGRADED), 6),
        (declaring(0.4, 0.4), 0),
        (declaring(0.25, 0.2, derived=True), 0),
    ],
    ids=["declared and not given", "given", "as near as whole pods can"],
)
def test_verify_counts_what_is_declared_too(last: Rollout, code: int) -> None:
    result = verify([measured(last)])
    assert result.exit_code == code
    assert ("is declared" in result.stderr) is (code == 6)


def test_verify_knows_without_a_request_that_a_declared_share_is_not_written() -> None:
    result = verify([fleet([replace(declaring(0.4, 0.0, Phase.DEGRADED), probe_target=None)])])
    assert result.exit_code == 6
    assert "v2: 40% is declared, 0% is written" in result.stderr


def test_verify_waits_for_what_a_controller_is_about_to_give() -> None:
    moving, there = declaring(0.4, 0.0, Phase.PROGRESSING), declaring(0.4, 0.4, Phase.PROGRESSING)
    assert verify(list(map(measured, (moving, moving, there)))).exit_code == 0
    assert verify([measured(moving)]).exit_code == 6


def test_verify_says_that_pods_of_others_get_requests() -> None:
    shares = (Share("v1", None, 2 / 3), Share("others", 0.0, 1 / 3, others=True))
    lane = replace(WEB.lanes[0], shares=shares, verdict=Verdict.ON, derived=True)
    result = verify([measured(replace(WEB, lanes=(lane,), findings=()))])
    assert result.exit_code == 6
    assert "others: 0% is declared, 33% is written" in result.stderr


@pytest.mark.parametrize(
    ("kind", "note", "words"),
    [
        (CellKind.ERROR, "503", "the last 20 requests failed: answered 503"),
        (CellKind.UNKNOWN, "308 to https", "every answer is a redirect to https (308): probe the https port"),
    ],
)
def test_verify_ends_once_no_request_is_answered(kind: CellKind, note: str, words: str) -> None:
    lane = replace(WEB.lanes[0], verdict=Verdict.UNKNOWN, samples=40)
    view = fleet([replace(WEB, lanes=(lane,), findings=())])
    strip = tuple(Cell(kind, None, "default", note, number / 5) for number in range(40))
    probe = replace(view.rollouts[0].probe, running=True, total=40, strip=strip)
    shown = replace(view, rollouts=(replace(view.rollouts[0], probe=probe),))
    result = verify([shown])
    assert result.exit_code == 3
    assert words in result.stderr


def test_a_tolerance_in_points_is_asked_for_by_its_own_name() -> None:
    made = program()
    run(made, "probe", "web", "--expect", "v2=30")
    run(made, "probe", "web", "--expect", "v2=30", "--tolerance", "3", "--within", "90s")
    told = [(order.expected and order.expected.tolerance, order.patience) for order in made.sampled]
    assert told == [(None, 60.0), (0.03, 90.0)]


def test_a_tolerance_by_its_former_name_is_understood_with_a_hint() -> None:
    made = program()
    result = run(made, "probe", "web", "--expect", "v2=30", "--within", "10")
    [order] = made.sampled
    assert order.expected
    assert (order.expected.tolerance, order.patience) == (0.1, 60.0)
    assert "--within 10 is read as --tolerance 10; --within is now a time, such as 60s" in result.stderr
    assert run(made, "probe", "web", "--within", "soon").exit_code == 2
    run(made, "probe", "web", "--within", "10")
    assert made.sampled[-1].patience == 10.0
