"""What `probe` samples and what it prints, wherever the requests come from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cockpit.cli.exit_codes import ExitCode
from cockpit.cli.output import table
from cockpit.cli.running import CommandFailed, talk
from cockpit.cli.words import phases_words, stated
from cockpit.model.counts import counted
from cockpit.model.lanes import DEFAULT_LANE
from cockpit.model.rollout import Lane, Rollout, Verdict
from cockpit.model.shares import percent
from cockpit.model.text import safe_text
from cockpit.texts.current import translated

if TYPE_CHECKING:
    from cockpit.probe.sample import SampleOrder, SampleResult

_CONCURRENCY = 8


def pace(asked: dict[str, Any]) -> dict[str, Any]:
    """The fields of an order that say how fast and how long."""
    named = {name: asked[name] for name in ("rate", "count", "duration", "timeout", "patience")}
    return {**named, "concurrency": asked["concurrency"] or _CONCURRENCY}


def lane_of(rollout: Rollout, name: str) -> Lane | None:
    """The lane with a name; raises CommandFailed if there is none, or none of its requests can be derived."""
    lane = next((lane for lane in rollout.lanes if lane.name == name), None)
    if lane is None and name != DEFAULT_LANE:
        lanes = ", ".join(lane.name for lane in rollout.lanes) or "none"
        raise CommandFailed(f"{rollout.key} has no lane {name!r}; it has {lanes}")
    if lane and lane.headers is None:
        raise CommandFailed(f"{rollout.key}: cannot derive a request for lane {name}; set one with --header")
    return lane


def sample_text(result: SampleResult) -> str:
    """The result as a table with its verdict."""
    from cockpit.probe.verdict import NOT_COMPARED

    rows = [
        (
            version.version,
            str(version.answers),
            percent(version.share),
            f"{percent(version.low)}..{percent(version.high)}",
            str(version.errors),
            _milliseconds(version.p50_ms),
            _milliseconds(version.p99_ms),
        )
        for version in result.versions
    ]
    heads = ("VERSION", "ANSWERS", "SHARE", "95%", "ERRORS", "P50 MS", "P99 MS")
    counts = (
        f"{counted(result.samples, 'sample')} in {result.seconds:.1f} s, {counted(result.errors, 'error')},"
        f" {result.unknown} unknown"
    )
    lines = [table(heads, rows)] if rows else []
    if result.redirects:
        counts += f", {counted(result.redirects, 'redirect')} (not followed)"
    lines.append(safe_text(f"{result.target}  {translated(counts)}", 500))
    if result.phases:
        lines.append(f"p50/p99 ms: {phases_words(result.phases)}")
    lines.append(safe_text(stated(str(result.verdict), result.text), 500))
    if result.session:
        why = f" ({NOT_COMPARED})" if result.session.samples else ""
        lines.append(safe_text(translated(f"with cookies: {result.session.text}{why}"), 500))
    notes = (result.message, result.too_slow)
    return "\n".join([*lines, *(safe_text(translated(note), 500) for note in notes if note)])


def _milliseconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}"


def sample_code(result: SampleResult, order: SampleOrder) -> ExitCode:
    """The exit code of a sampling run."""
    if result.verdict is Verdict.OFF:
        return ExitCode.SPLIT_OFF
    if not result.samples and result.message:
        talk("no request got as far as the service")
        return ExitCode.ERROR
    if result.samples and not result.versions and result.errors == result.samples:
        talk("all requests failed")
        return ExitCode.ERROR
    judged = order.expected is not None or (order.written and order.count is None and order.duration is None)
    return ExitCode.TIMED_OUT if judged and result.verdict is not Verdict.ON else ExitCode.FINE
