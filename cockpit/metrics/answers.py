"""Answers of a Prometheus to an instant query, as samples. An answer is a stranger's: it is bounded and checked.

Source: Prometheus documentation, "HTTP API", instant queries and format overview.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct

from cockpit.model.ages import LAST_SECOND
from cockpit.model.probe_answer import BODY_LIMIT, Answer, Failure
from cockpit.model.text import safe_text
from cockpit.model.values import dataclass

# Series of one answer that are read; a rollout has some tens.
MOST_SAMPLES = 2000
# Counts, seconds and times are far below; the sum of all series stays a number that intervals can be made of.
LARGEST_VALUE = 1e12


class MetricsError(Exception):
    """Nothing can be said of the requests; the text says why, and what to do about it."""


class NoAnswerError(MetricsError):
    """Nothing answered, so that asking again for another rollout is in vain."""


class TooLongError(MetricsError):
    """The answer was cut because it is too long."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One series of an answer: its labels, its value, and the time for which it was computed (UTC seconds)."""

    labels: Mapping[str, str]
    value: float
    at: float


class _Series(Struct):
    value: tuple[float, str]
    metric: dict[str, str] = {}


class _Data(Struct):
    result: list[Any]
    resultType: str = ""  # noqa: N815  (Prometheus's name)


class _Body(Struct):
    status: str = ""
    data: _Data | None = None
    error: str = ""
    errorType: str = ""  # noqa: N815  (Prometheus's name)


def samples_of(answer: Answer) -> list[Sample]:
    """The samples of an answer; what is no measurement, such as NaN or 1e300, is left out. Raises MetricsError."""
    if answer.status is None or answer.failure is not None:
        raise NoAnswerError(_no_answer(answer))
    if answer.cut:
        raise TooLongError(f"it answers with more than {BODY_LIMIT} bytes")
    body = _body(answer)
    if body is None or body.status not in ("success", "error"):
        raise MetricsError(_no_prometheus(answer))
    if body.status == "error" or answer.status >= 300:
        raise MetricsError(f"it refuses the query: {safe_text(body.error or body.errorType or answer.status, 200)}")
    if body.data is None or body.data.resultType not in ("vector", "scalar"):
        raise MetricsError(f"it answers with {safe_text(body.data.resultType if body.data else 'nothing', 40)!r}")
    if body.data.resultType == "scalar":
        return _measured([{"value": body.data.result}])
    return _measured(body.data.result[:MOST_SAMPLES])


def _no_answer(answer: Answer) -> str:
    why = safe_text(answer.text, 200)
    match answer.failure:
        case Failure.REFUSED:
            return "it refuses the connection; check address and port of `prometheus.url`"
        case Failure.DNS:
            return f"its name does not resolve; check `prometheus.url` ({why})"
        case Failure.TLS:
            return f"TLS failed: {why}; `prometheus.insecure: true` skips the check of its certificate"
        case Failure.RESET:
            return "it closed the connection without an answer; check port and scheme (http or https)"
    return why or f"no answer ({answer.failure})"


def _body(answer: Answer) -> _Body | None:
    try:
        return msgspec.json.decode(answer.body, type=_Body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _no_prometheus(answer: Answer) -> str:
    match answer.status:
        case 401 | 403:
            return f"it answers {answer.status}: set `prometheus.headers` to credentials that may read"
        case status if status is not None and 300 <= status < 400:
            leads = safe_text(answer.header("location") or "elsewhere", 120)
            return f"it answers {status}, a redirect to {leads}: set `prometheus.url` to where that leads"
        case 404:
            return "it answers 404: no Prometheus is there; check the path of `prometheus.url`"
    return f"its answer {answer.status} is not that of a Prometheus"


def _measured(series: list[Any]) -> list[Sample]:
    found = []
    for one in series:
        try:
            made = msgspec.convert(one, _Series, strict=True)
            at, value = float(made.value[0]), float(made.value[1])
        except (msgspec.ValidationError, ValueError, OverflowError, RecursionError):
            continue
        if abs(value) <= LARGEST_VALUE and 0 <= at <= LAST_SECOND:
            found.append(Sample(made.metric, value, at))
    return found
