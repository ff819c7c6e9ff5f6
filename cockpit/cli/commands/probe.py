"""`probe`: requests like a user's, each on a connection of its own, and which version answered them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from cockpit.cli.aiming import Aim, take_aim
from cockpit.cli.exit_codes import ExitCode
from cockpit.cli.live import LiveText
from cockpit.cli.names import find, where_it_is
from cockpit.cli.options import DURATION, given, output_option, shared_options
from cockpit.cli.output import emit, emit_document, table
from cockpit.cli.program import Options, Program
from cockpit.cli.running import Failed, run, talk, with_session
from cockpit.cli.waiting import synced
from cockpit.model.door import Door
from cockpit.model.rollout import Lane, Rollout, Verdict
from cockpit.model.shares import percent
from cockpit.model.text import safe_text
from cockpit.session.port import Cockpit

if TYPE_CHECKING:
    from cockpit.probe.expect import Expectation
    from cockpit.probe.sample import SampleOrder, SampleResult
    from cockpit.probe.target import Overrides

# Enough to see a share within 10 points; asked of a URL of which nothing is written or expected.
_URL_COUNT = 100


@click.command("probe")
@click.argument("target", metavar="NAME|URL")
@click.option(
    "--at",
    metavar="ADDRESS[:PORT]|URL",
    help="Where to send; an address keeps host, path and TLS. May hold proxy= host= version-from= header= insecure.",
)
@click.option("--remember", is_flag=True, help="Keep the target for this rollout, without secret headers.")
@click.option("--forget", is_flag=True, help="Forget the target that was kept: send as derived from the objects.")
@click.option("--host", default="", metavar="NAME", help="Name to ask for, instead of the target's own.")
@click.option("-H", "--header", "headers", multiple=True, metavar="KEY=VALUE", help="Header to send; repeatable.")
@click.option("--resolve", multiple=True, metavar="HOST:PORT:ADDRESS[:PORT]", help="Where to connect to, as for curl.")
@click.option("--proxy", default="", metavar="URL", help="HTTP proxy to send through.")
@click.option("-k", "--insecure", is_flag=True, help="Accept any TLS certificate.")
@click.option("--version-from", default="", metavar="HOW", help="auto, json:PATH, header:NAME, regex:RE or body.")
@click.option("--lane", default="default", metavar="NAME", help="Lane of the rollout to send requests into.")
@click.option("--rate", type=click.FloatRange(0.1, 1000), default=20.0, metavar="N", help="Requests a second (20).")
@click.option("-c", "--concurrency", type=click.IntRange(1, 256), default=8, metavar="N", help="At once (8).")
@click.option("--count", type=click.IntRange(1, 10_000_000), metavar="N", help="End after so many requests.")
@click.option("--duration", type=DURATION, metavar="TIME", help="End after so long.")
@click.option("--timeout", type=DURATION, default=5.0, metavar="TIME", help="Longest wait for one answer (5s).")
@click.option("--expect", multiple=True, metavar="VERSION=PERCENT", help="Share to expect; repeatable.")
@click.option("--within", type=float, default=5.0, metavar="POINTS", help="How far it may be off (5).")
@shared_options
@output_option("table", "json", "yaml")
@click.pass_obj
def probe_command(program: Program, /, target: str, output: str, **asked: Any) -> None:
    """Sample a rollout, or any URL, and judge the split.

    Requests go where the rollout's Service or Ingress says, or to the target that was kept for it with --remember.
    Of a rollout the written split is judged, unless --expect says what to judge by. Without --count and
    --duration sampling ends once the question is decided. Exit code 6 says that the split is off.
    """
    from cockpit.probe.expect import ExpectationError, parse_expectation
    from cockpit.probe.target import Overrides, ProbeTargetError

    if asked["remember"] and asked["forget"]:
        raise click.UsageError("--remember and --forget exclude each other")
    names = ("host", "headers", "resolve", "version_from", "proxy", "insecure")
    try:
        expected = parse_expectation(asked["expect"], asked["within"]) if asked["expect"] else None
        overrides = Overrides(**{name: asked[name] for name in names})
        if "://" in target:
            if asked["at"] is not None or asked["remember"] or asked["forget"]:
                raise click.UsageError("--at, --remember and --forget go with the name of a rollout, not with a URL")
            order = _of_url(target, overrides, expected, asked)
        else:
            aim = Aim(overrides, asked["at"], asked["remember"], asked["forget"])
            order = _of_rollout(program, given(), target, aim, expected, asked)
    except (ExpectationError, ProbeTargetError) as problem:
        raise click.UsageError(safe_text(str(problem), 500)) from None
    live = LiveText(shown=output == "table")
    result = run(program.sample(order, lambda part: live.show(_text(part))))
    live.clear()
    if output == "table":
        emit(_text(result))
    else:
        emit_document(result.document(), output)
    code = _code(result, order)
    if code is not ExitCode.FINE:
        raise click.exceptions.Exit(int(code))


def _of_url(url: str, overrides: Overrides, expected: Expectation | None, asked: dict[str, Any]) -> SampleOrder:
    from cockpit.probe.sample import SampleOrder
    from cockpit.probe.target import parse_door

    endless = expected is None and asked["duration"] is None and asked["count"] is None
    return SampleOrder(
        parse_door(url, overrides), expected=expected, **_pace(asked) | ({"count": _URL_COUNT} if endless else {})
    )


def _of_rollout(
    program: Program,
    options: Options,
    name: str,
    aim: Aim,
    expected: Expectation | None,
    asked: dict[str, Any],
) -> SampleOrder:
    from cockpit.probe.sample import SampleOrder

    async def look(cockpit: Cockpit) -> tuple[Rollout, Lane | None, Door]:
        shown = find(await synced(cockpit, program.request_timeout(options)), name)
        lane = _lane(shown.rollout, asked["lane"])
        return shown.rollout, lane, await take_aim(cockpit, shown, aim)

    rollout, lane, door = with_session(program, where_it_is(options, name), look)
    return SampleOrder(
        door,
        headers=(lane.headers or ()) if lane else (),
        versions=rollout.versions,
        written={share.version: share.written for share in lane.shares} if lane else None,
        expected=expected,
        **_pace(asked),
    )


def _pace(asked: dict[str, Any]) -> dict[str, Any]:
    return {name: asked[name] for name in ("rate", "concurrency", "count", "duration", "timeout")}


def _lane(rollout: Rollout, name: str) -> Lane | None:
    lane = next((lane for lane in rollout.lanes if lane.name == name), None)
    if lane is None and name != "default":
        lanes = ", ".join(lane.name for lane in rollout.lanes) or "none"
        raise Failed(f"{rollout.key} has no lane {name!r}; it has {lanes}")
    if lane and lane.headers is None:
        raise Failed(f"{rollout.key}: no request can be made up that falls into lane {name}; give it with --header")
    return lane


def _text(result: SampleResult) -> str:
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
    verdict = f"{result.verdict}: {result.text}" if result.text else str(result.verdict)
    counts = f"{result.samples} samples in {result.seconds:.1f} s, {result.errors} errors, {result.unknown} unknown"
    lines = [table(heads, rows)] if rows else []
    lines += [safe_text(f"{result.target}  {counts}", 500), safe_text(verdict, 500)]
    return "\n".join([*lines, safe_text(result.message, 500)] if result.message else lines)


def _milliseconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}"


def _code(result: SampleResult, order: SampleOrder) -> ExitCode:
    if result.verdict is Verdict.OFF:
        return ExitCode.SPLIT_OFF
    if result.samples and not result.versions and result.errors == result.samples:
        talk("no request was answered")
        return ExitCode.ERROR
    judged = order.expected is not None or (order.written and order.count is None and order.duration is None)
    return ExitCode.TIMED_OUT if judged and result.verdict is not Verdict.ON else ExitCode.FINE
