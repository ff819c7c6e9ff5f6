"""The answers of several pods, counted once each and judged as one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from cockpit.model.rollout import Verdict
from cockpit.probe.from_pods import PodAnswers
from cockpit.probe.sample import SampleOrder, SampleResult
from cockpit.session.clock import ManualClock
from tests.probe.parts import probe_target, version

VERSIONS = (version("v1"), version("v2"))
LIMIT = 1024


def answers(first: int, *versions: str, worker: int = 1, code: int = 0, connections: int = 1) -> Iterator[bytes]:
    for number, name in enumerate(versions, first):
        status = "000" if code else "200"
        times = f"0.001\t0.000\t0.00{number % 9 + 1}\t0.0{number % 9 + 1}0"
        yield f"answer\t{worker}\t{number}\t{status}\t{code}\t{times}\t{connections}\t\tversion: {name}".encode()


def merged(workers: int = 1, **order: object) -> PodAnswers:
    made = SampleOrder(probe_target(80), versions=VERSIONS, written={"v1": 0.5, "v2": 0.5}, **order)  # type: ignore[arg-type]
    return PodAnswers(ManualClock(), made, workers, LIMIT)


def counts(result: SampleResult) -> dict[str, int]:
    return {seen.version: seen.answers for seen in result.versions}


def test_counts_of_pods_add_up() -> None:
    pods = merged(count=100)
    pods.take("a", answers(1, "v1", "v1", "v2"))
    pods.take("b", answers(1, "v2", "v1"))
    result = pods.result()
    assert (result.samples, result.errors, counts(result)) == (5, 0, {"v1": 3, "v2": 2})
    assert all(seen.p50_ms for seen in result.versions)


def test_a_log_that_is_read_again_counts_once() -> None:
    pods = merged(count=100)
    pods.take("a", answers(1, "v1", "v1", "v2"))
    pods.take("a", answers(1, "v1", "v1", "v2", "v2"))
    assert counts(pods.result()) == {"v1": 2, "v2": 2}
    assert "missing" not in pods.result().message


def test_answers_that_are_missing_in_a_log_are_said() -> None:
    pods = merged(count=100)
    pods.take("a", [*answers(1, "v1"), *answers(5, "v1"), *answers(2, "v2", worker=2)])
    assert "4 answers missing in the logs" in pods.result().message


def test_connections_that_were_open_already_are_said() -> None:
    pods = merged(count=100)
    pods.take("a", answers(1, "v1", "v1", connections=0))
    assert "2 answers came on a connection that was open already" in pods.result().message


def test_it_is_complete_with_the_number_that_was_asked_for_and_counts_no_more() -> None:
    pods = merged(count=3)
    complete = []
    for pod, versions in (("a", ("v1", "v1")), ("b", ("v2", "v2", "v2"))):
        pods.take(pod, answers(1, *versions))
        complete.append(pods.complete)
    assert complete == [False, True]
    assert pods.result().samples == 3


def test_it_is_complete_with_a_verdict() -> None:
    pods = merged()
    pods.take("a", answers(1, *["v1"] * 400))
    assert pods.complete
    assert pods.result().verdict is Verdict.OFF


def test_failures_are_counted_as_from_outside() -> None:
    pods = merged(count=10)
    pods.take("a", answers(1, "", "", code=7))
    result = pods.result()
    assert (result.samples, result.errors) == (2, 2)
    assert "refused the connection" in result.message


def test_a_slower_rate_than_asked_for_is_said() -> None:
    pods = merged(count=100, rate=10.0)
    for second in range(3):
        stamp = f"2026-01-02T03:04:0{second * 2}Z ".encode()
        pods.take("a", (stamp + line for line in answers(second + 1, "v1")))
    result = pods.result()
    assert result.seconds == 4.0
    assert "0.5 answers per second, 10 were asked for" in result.message


def test_pods_that_start_one_after_the_other_are_not_slow() -> None:
    pods = merged(count=100, rate=2.0)
    for start, pod in ((0, "a"), (5, "b")):
        for number in range(5):
            stamp = f"2026-01-02T03:04:0{start + number}Z ".encode()
            pods.take(pod, (stamp + line for line in answers(number + 1, "v1")))
    assert (pods.result().seconds, pods.result().message) == (9.0, "")


@pytest.mark.parametrize(
    ("code", "words"), [(127, "no curl"), (2, "must be 7.84 or newer"), (3, "curl ended with code 3")]
)
def test_why_a_pod_sent_nothing(code: int, words: str) -> None:
    pods = merged(workers=2)
    pods.take("a", [f"end\t1\t0\t{code}".encode()])
    assert not pods.has_ended("a")
    pods.take("a", [f"end\t2\t0\t{code}".encode(), b"sh: \x1b[31mcurl: not found"])
    assert pods.has_ended("a")
    assert words in pods.why_silent("a")
    assert pods.said("a") == "sh: curl: not found"
    assert pods.why_silent("b") == ""


def test_without_any_answer_the_result_is_empty() -> None:
    result = merged().result()
    assert (result.samples, result.seconds, result.verdict) == (0, 0.0, Verdict.UNKNOWN)
