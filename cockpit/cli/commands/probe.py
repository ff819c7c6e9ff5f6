"""`probe`: sends requests like a user's, each on a new connection, and counts which version answered."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

import click

from cockpit.cli.exit_codes import ExitCode
from cockpit.cli.live import LiveText
from cockpit.cli.names import find, where_it_is
from cockpit.cli.options import DURATION, WholeNumber, given, output_option, shared_options
from cockpit.cli.output import emit, emit_document
from cockpit.cli.probe_job import check_job_options, job_options, probe_from_cluster
from cockpit.cli.probe_targets import TargetChoice, choose_target, forget_target, remember_target, why_not_remembered
from cockpit.cli.program import Options, Program
from cockpit.cli.running import CommandFailed, run, talk, with_session
from cockpit.cli.sampling import lane_of, pace, sample_code, sample_text
from cockpit.cli.waiting import synced
from cockpit.model.lanes import DEFAULT_LANE
from cockpit.model.lazy_re import lazy_re
from cockpit.model.probe_job import MOST_RATE
from cockpit.model.probe_target import PROXIED_RATE, ProbeTarget
from cockpit.model.rollout import OTHERS, Lane, Rollout
from cockpit.model.text import safe_text
from cockpit.session.port import Cockpit
from cockpit.session.probing.judged import why_not_judged

if TYPE_CHECKING:
    from cockpit.probe.expect import Expectation
    from cockpit.probe.sample import SampleOrder, SampleResult
    from cockpit.probe.target import Overrides

# Enough for a share within 10 points; used for a URL without a written or expected split.
_URL_COUNT = 100
# Seconds to wait for a verdict at most.
_PATIENCE = 60.0
_POINTS = lazy_re(r"\d+(\.\d+)?")


@click.command("probe")
@click.argument("target", metavar="NAME|URL")
@click.option(
    "--at",
    metavar="ADDRESS[:PORT]|URL",
    help="Where to send; an address keeps host, path and TLS. svc/NAME:PORT/PATH: a Service, through the API server."
    " Can contain proxy= host= version-from= header= cacert= cert= key= insecure http2 cookies.",
)
@click.option("--remember", is_flag=True, help="Remember the target for this rollout, without secret headers.")
@click.option("--forget", is_flag=True, help="Forget the remembered target and derive it from the objects.")
@click.option("--host", default="", metavar="NAME", help="Host name to send instead of the target's.")
@click.option("-H", "--header", "headers", multiple=True, metavar="KEY=VALUE", help="Header to send; repeatable.")
@click.option("--resolve", multiple=True, metavar="HOST:PORT:ADDRESS[:PORT]", help="Where to connect, as in curl.")
@click.option("--proxy", default="", metavar="URL", help="HTTP proxy to use.")
@click.option("-k", "--insecure", is_flag=True, help="Accept any TLS certificate.")
@click.option(
    "--cacert", "ca_file", default="", metavar="FILE", help="CA certificates to trust instead of the system's."
)
@click.option(
    "--cert", "cert_file", default="", metavar="FILE", help="Client certificate (PEM), with or without its key."
)
@click.option("--key", "key_file", default="", metavar="FILE", help="Key of the client certificate (PEM).")
@click.option("--http2", is_flag=True, help="Offer HTTP/2; without TLS, expect it.")
@click.option("--cookies", is_flag=True, help="Send every other request as a client that keeps its cookies.")
@click.option("--version-from", default="", metavar="HOW", help="auto, json:PATH, header:NAME, regex:RE or body.")
@click.option("--lane", default=DEFAULT_LANE, metavar="NAME", help="Lane of the rollout to send requests into.")
@click.option(
    "--rate", type=click.FloatRange(0.1, MOST_RATE), default=20.0, metavar="N", help="Requests per second (20)."
)
@click.option("-c", "--concurrency", type=WholeNumber(1, 256), metavar="N", help="Concurrent requests (8).")
@click.option("--count", type=WholeNumber(1, 10_000_000), metavar="N", help="Stop after this many requests.")
@click.option("--duration", "--for", "duration", type=DURATION, metavar="TIME", help="Stop after this time.")
@click.option("--timeout", type=DURATION, default=5.0, metavar="TIME", help="Timeout per request (5s).")
@click.option("--expect", multiple=True, metavar="VERSION=PERCENT", help="Expected share; repeatable.")
@click.option(
    "--tolerance",
    type=float,
    metavar="POINTS",
    help="With --expect: percentage points by which each share may differ. Without it, judged as a written split.",
)
@click.option("--within", metavar="TIME", help="Longest wait for a verdict (60s).")
@job_options
@shared_options
@output_option("table", "json", "yaml")
@click.pass_obj
def probe_command(program: Program, /, target: str, output: str, **asked: Any) -> None:
    """Sample a rollout, or any URL, and judge the split.

    Requests go to the address of the rollout's Service or Ingress, or to the target stored with --remember. Where the
    Service has no address, they go through the API server to it, at most 5 a second, if you may get services/proxy.
    A rollout is judged by its written split, unless --expect gives another one; a URL by --expect, in the same way.
    Without --count and --duration, sampling stops as soon as there is a verdict. Exit code 6 means that the split is
    off, 4 that there was no verdict in time.

    With --from cluster the requests come from the pods of a Job: it is planned and confirmed like every change, its
    pods send to the Service by name, and it is deleted at the end. Use it where only a mesh routes, where nothing is
    exposed, or where one machine is not enough.
    """
    from cockpit.probe.expect import ExpectationError, parse_expectation
    from cockpit.probe.target import Overrides, ProbeTargetError
    from cockpit.probe.tls_files import TlsFileError, check_files

    if asked["remember"] and asked["forget"]:
        raise click.UsageError("--remember and --forget cannot be used together")
    check_job_options(target, asked)
    asked["patience"], asked["tolerance"] = _longest(asked)
    names = tuple(field.name for field in fields(Overrides))
    try:
        expected = parse_expectation(asked["expect"], asked["tolerance"]) if asked["expect"] else None
        overrides = Overrides(**{name: asked[name] for name in names})
        if "://" in target:
            if asked["at"] is not None or asked["remember"] or asked["forget"]:
                raise click.UsageError("--at, --remember and --forget need the name of a rollout, not a URL")
            options, order = given(), _of_url(target, overrides, expected, asked)
        else:
            choice = TargetChoice(overrides, asked["at"], asked["remember"], asked["forget"])
            if asked["source"] == "cluster":
                probe_from_cluster(program, target, choice, expected, output, asked)
                return
            options = where_it_is(given(), target)
            if asked["forget"] and not any(asked[name] for name in ("at", "count", "duration", "expect")):
                _forget(program, options, target)
                return
            order = _of_rollout(program, options, target, choice, expected, asked)
        check_files(order.probe_target)
    except (ExpectationError, ProbeTargetError, TlsFileError) as problem:
        raise click.UsageError(safe_text(str(problem), 500)) from None
    live = LiveText(shown=output == "table")
    result = run(program.sample(order, options, lambda part: live.show(sample_text(part))))
    live.clear()
    if output == "table":
        emit(sample_text(result))
    else:
        emit_document(result.document(), output)
    if asked["remember"]:
        _remember(program, options, target, order, result)
    code = sample_code(result, order)
    if code is not ExitCode.FINE:
        raise click.exceptions.Exit(int(code))


def _forget(program: Program, options: Options, name: str) -> None:
    """Forget the remembered target, and nothing else: no request is sent."""

    async def forget(cockpit: Cockpit) -> None:
        await forget_target(cockpit, find(await synced(cockpit, program.request_timeout(options)), name).rollout.key)

    with_session(program, options, forget)


def _remember(program: Program, options: Options, name: str, order: SampleOrder, result: SampleResult) -> None:
    """Remember the target that was tried, if some answer names a version."""

    async def keep(cockpit: Cockpit) -> None:
        key = find(await synced(cockpit, program.request_timeout(options)), name).rollout.key
        if not any(seen.answers and seen.version not in ("", OTHERS) for seen in result.versions):
            raise CommandFailed(why_not_remembered(key, order.probe_target))
        await remember_target(cockpit, key, order.probe_target)

    with_session(program, options, keep)


def _of_url(url: str, overrides: Overrides, expected: Expectation | None, asked: dict[str, Any]) -> SampleOrder:
    from cockpit.probe.sample import SampleOrder
    from cockpit.probe.target import parse_target

    endless = expected is None and asked["duration"] is None and asked["count"] is None
    return SampleOrder(
        parse_target(url, overrides), expected=expected, **pace(asked) | ({"count": _URL_COUNT} if endless else {})
    )


def _of_rollout(
    program: Program,
    options: Options,
    name: str,
    choice: TargetChoice,
    expected: Expectation | None,
    asked: dict[str, Any],
) -> SampleOrder:
    async def look(cockpit: Cockpit) -> tuple[Rollout, Lane | None, ProbeTarget]:
        shown = find(await synced(cockpit, program.request_timeout(options)), name)
        lane = lane_of(shown.rollout, asked["lane"])
        return shown.rollout, lane, await choose_target(cockpit, shown, choice)

    from cockpit.probe.sample import order_of

    rollout, lane, probe_target = with_session(program, options, look)
    own = pace(asked)
    if why := why_not_judged(rollout, probe_target):
        talk(f"{rollout.key}: {why}")
        lane = None
    if probe_target.service:
        own["rate"] = min(own["rate"], PROXIED_RATE)
    return order_of(rollout, lane, probe_target, expected, own)


def _longest(asked: dict[str, Any]) -> tuple[float, float | None]:
    """The longest wait for a verdict in seconds, and the tolerance in percentage points.

    --within used to be the tolerance: a plain number beside --expect is still understood as that.
    """
    within, tolerance = asked["within"], asked["tolerance"]
    if within is None:
        return _PATIENCE, tolerance
    if asked["expect"] and tolerance is None and _POINTS.fullmatch(within):
        talk(f"note: --within {within} is read as --tolerance {within}; --within is now a time, such as 60s")
        return _PATIENCE, float(within)
    return DURATION.convert(within, None, click.get_current_context()), tolerance
