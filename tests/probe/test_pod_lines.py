"""Lines of the pods of a probe: read where they are of the format, bounded, and never raising."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.probe.pod_lines import LINE_LIMIT, PodAnswer, WorkerEnd, read_line
from cockpit.probe.sender import Failure

LIMIT = 1024


def line(status: str = "200", code: int = 0, headers: bytes = b"", body: bytes = b"", connections: int = 1) -> bytes:
    start = f"answer\t1\t7\t{status}\t{code}\t0.001\t0.000\t0.020\t0.021\t{connections}\t".encode()
    return start + headers + b"\t" + body


def read(text: bytes) -> PodAnswer:
    found = read_line(text, LIMIT)
    assert isinstance(found, PodAnswer)
    return found


def test_an_answer() -> None:
    found = read(line(headers=b"x-pod:web-1%0Alocation:/%2525%0A", body=b'{"a":%09"100%25"}%0Ab'))
    answer = found.answer
    assert (found.worker, found.number, found.reused, found.at) == (1, 7, False, None)
    assert (answer.status, answer.failure, answer.cut) == (200, None, False)
    assert (answer.connect_ms, answer.first_byte_ms, answer.total_ms) == (1.0, 20.0, 21.0)
    assert answer.header("X-Pod") == "web-1"
    assert answer.header("Location") == "/%25"
    assert answer.body == b'{"a":\t"100%"}\nb'


def test_when_the_kubelet_tells_the_time() -> None:
    found = read(b"2026-01-02T03:04:05.123456789Z " + line())
    assert found.at == pytest.approx(1_767_323_045.123456)
    assert read_line(b"2026-99-99T99:99:99Z " + line(), LIMIT) is not None


@pytest.mark.parametrize(
    ("code", "failure"),
    [(6, Failure.DNS), (7, Failure.REFUSED), (28, Failure.TIMEOUT), (52, Failure.RESET), (60, Failure.TLS),
     (1, Failure.PROTOCOL), (999, Failure.PROTOCOL)],
)  # fmt: skip
def test_why_there_was_no_answer(code: int, failure: Failure) -> None:
    answer = read(line("000", code, connections=0)).answer
    assert (answer.status, answer.failure) == (None, failure)
    assert not read(line("000", code, connections=0)).reused


def test_an_answer_that_breaks_off_has_a_status_and_a_failure() -> None:
    answer = read(line("200", 18)).answer
    assert (answer.status, answer.failure) == (200, Failure.RESET)


def test_a_body_that_is_too_long_is_cut_and_no_failure() -> None:
    assert read(line(body=b"x" * LIMIT)).answer.cut
    long = read(line("200", 63)).answer
    assert (long.cut, long.failure) == (True, None)


def test_a_connection_that_was_open_already_is_noticed() -> None:
    assert read(line(connections=0)).reused


def test_the_end_of_a_worker() -> None:
    assert read_line(b"end\t3\t120\t7\n", LIMIT) == WorkerEnd(3, 120, 7)


@pytest.mark.parametrize(
    "text",
    [b"", b"\xff\xfe", b"end", b"end\t1\t2", b"end\t1\t-2\t3", b"answer\t1", line(status="2x0"), line() + b"\t",
     line().replace(b"0.021", b"nan"), b"x" * (LINE_LIMIT + 1), b"sh: curl: not found",
     b"end\t" + b"9" * 13 + b"\t1\t1"],
)  # fmt: skip
def test_what_is_not_of_the_format_is_no_answer(text: bytes) -> None:
    assert read_line(text, LIMIT) is None


@given(st.binary(max_size=300))
def test_no_line_raises(text: bytes) -> None:
    read_line(text, LIMIT)
    read_line(b"answer\t" + text, LIMIT)
    read_line(line(headers=text, body=text), LIMIT)


@given(st.binary(max_size=300))
def test_any_body_comes_back_from_its_escapes(body: bytes) -> None:
    escaped = body.replace(b"%", b"%25").replace(b"\t", b"%09").replace(b"\n", b"%0A")
    if b"\r" in escaped[-1:]:
        return
    assert read(line(body=escaped)).answer.body == body


def test_only_the_escapes_of_the_script_are_decoded() -> None:
    assert read(line(body=quote("é%").encode())).answer.body == b"%C3%A9%"
    assert read(line(body=b"cut %2")).answer.body == b"cut %2"
