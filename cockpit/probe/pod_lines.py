"""The lines that pods of a probe write (`planning.probe_script`): hostile text, read within bounds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from cockpit.model.lazy_re import lazy_re
from cockpit.model.values import dataclass
from cockpit.probe.sender import HEADER_VALUE_LIMIT, Answer, Failure

LINE_LIMIT = 8192
_NUMBER, _SECONDS = r"([0-9]{1,12})", r"([0-9]{1,6}(?:\.[0-9]{1,9})?)"
# One pattern for the whole line: thousands of them come in a second.
_ANSWER = lazy_re(
    rf"answer\t{_NUMBER}\t{_NUMBER}\t{_NUMBER}\t{_NUMBER}"
    rf"\t{_SECONDS}\t{_SECONDS}\t{_SECONDS}\t{_SECONDS}\t{_NUMBER}\t([^\t]*)\t([^\t]*)".encode()
)
_END = lazy_re(rf"end\t{_NUMBER}\t{_NUMBER}\t{_NUMBER}".encode())
_STAMP = lazy_re(rb"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)) ")
_ESCAPE = lazy_re(rb"%(25|09|0A)")
_ESCAPED = {b"25": b"%", b"09": b"\t", b"0A": b"\n"}
# Exit codes of curl (curl.1, EXIT CODES).
_CUT = 63  # the body is longer than allowed; the answer is there
_FAILURES = {
    Failure.DNS: (5, 6),
    Failure.REFUSED: (7,),
    Failure.TIMEOUT: (28,),
    Failure.RESET: (18, 52, 55, 56),
    Failure.TLS: (35, 51, 53, 54, 58, 59, 60, 64, 66, 77, 80, 82, 83, 90, 91, 98),
    Failure.UNREACHABLE: (45, 97),
}
_FAILURE_OF = {code: failure for failure, codes in _FAILURES.items() for code in codes}


@dataclass(frozen=True, slots=True)
class PodAnswer:
    """One answer: its worker and number within the pod, and whether it came on a connection that was open already.

    `at` is when it was written, in UTC seconds; None if the kubelet does not tell.
    """

    worker: int
    number: int
    answer: Answer
    reused: bool
    at: float | None = None


@dataclass(frozen=True, slots=True)
class WorkerEnd:
    """A worker has ended after so many answers, with curl's exit code."""

    worker: int
    answers: int
    code: int


def read_line(line: bytes, body_limit: int) -> PodAnswer | WorkerEnd | None:
    """What a line says; None for a line that is not of this format. A body of `body_limit` bytes was cut."""
    if len(line) > LINE_LIMIT:
        return None
    line, at = _without_time(line)
    line = line.rstrip(b"\r\n")
    found = _ANSWER.fullmatch(line)
    if found is None:
        end = _END.fullmatch(line)
        return WorkerEnd(*map(int, end.groups())) if end else None
    worker, number, status, code, *seconds, connections, headers, body = found.groups()
    answer = _answer(int(status), int(code), seconds, _headers(headers), _plain(body), len(body) >= body_limit)
    reused = answer.status is not None and not int(connections)
    return PodAnswer(int(worker), int(number), answer, reused, at)


def _without_time(line: bytes) -> tuple[bytes, float | None]:
    found = _STAMP.match(line)
    if not found:
        return line, None
    try:
        at = datetime.fromisoformat(found[1].decode("ascii")).timestamp()
    except (ValueError, OverflowError):
        at = None
    return line[found.end() :], at


def _answer(
    status: int, code: int, seconds: Sequence[bytes], headers: tuple[tuple[str, str], ...], body: bytes, cut: bool
) -> Answer:
    """`seconds` are those until connected, until TLS was set up, until the first byte and in all."""
    connected, secured, first, total = (float(field) * 1000 for field in seconds)
    failure = None if code in (0, _CUT) else _FAILURE_OF.get(code, Failure.PROTOCOL)
    answered = 100 <= status <= 999
    if not answered and failure is None:
        failure = Failure.PROTOCOL
    text = f"curl's exit code {code}" if failure else ""
    if failure is Failure.TIMEOUT:
        text = "no answer in time"
    return Answer(
        status=status if answered else None,
        headers=headers,
        body=body,
        cut=cut or code == _CUT,
        failure=failure,
        text=text,
        connect_ms=connected if answered else None,
        # curl writes 0 for the handshake of a request without TLS.
        tls_ms=(secured or None) if answered else None,
        first_byte_ms=first if answered else None,
        total_ms=total,
    )


def _plain(field: bytes) -> bytes:
    """The bytes of a percent-encoded field; an escape that was cut off stays as it is."""
    if b"%" not in field:
        return field
    return _ESCAPE.sub(lambda found: _ESCAPED[found[1]], field)


def _headers(field: bytes) -> tuple[tuple[str, str], ...]:
    found = []
    # Lines are told apart before a value is decoded, which may contain an encoded newline itself.
    for part in field.split(b"%0A"):
        name, colon, value = part.partition(b":")
        if colon:
            text = _plain(value).decode("utf-8", "replace")[:HEADER_VALUE_LIMIT]
            found.append((name.decode("ascii", "replace").lower(), text))
    return tuple(found)
