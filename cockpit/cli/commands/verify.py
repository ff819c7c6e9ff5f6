"""`verify`: whether users get the declared and written split, without errors and delays, as an exit code."""

from __future__ import annotations

import asyncio
from dataclasses import asdict, replace

import click

from cockpit.cli.completing import completes
from cockpit.cli.documents import Document, view_document
from cockpit.cli.exit_codes import ExitCode
from cockpit.cli.live import LiveText
from cockpit.cli.names import find, where_it_is
from cockpit.cli.options import DURATION, PERCENTAGE, WholeNumber, given, output_option, shared_options
from cockpit.cli.output import emit, emit_document
from cockpit.cli.probe_targets import why_no_target
from cockpit.cli.program import Completes, Program
from cockpit.cli.running import CommandFailed, talk, with_session
from cockpit.cli.show import describe
from cockpit.cli.waiting import require_read, shown_in, synced, until
from cockpit.cli.words import stated, waits_for_a_person
from cockpit.model.counts import counted, plural
from cockpit.model.refs import RolloutKey
from cockpit.model.rollout import Phase, Rollout
from cockpit.model.text import safe_text
from cockpit.model.view import FleetView, RolloutView
from cockpit.session.facts.verification import Requirements, Standing, Verification, untried, verification
from cockpit.session.port import Cockpit
from cockpit.texts.current import translated

# Requests per second: enough for a verdict on a canary of 10% within a minute.
_RATE = 20.0
# Seconds to sample at least, and to wait for a verdict at most.
_FOR, _WITHIN = 60.0, 180.0
_CODES = {
    Standing.HURT: ExitCode.DEGRADED,
    Standing.SLOW: ExitCode.DEGRADED,
    Standing.OFF: ExitCode.SPLIT_OFF,
    Standing.UNDECIDED: ExitCode.TIMED_OUT,
}


@click.command("verify")
@click.argument("name", shell_complete=completes(Completes.ROLLOUT))
@click.option("--for", "least", type=DURATION, metavar="TIME", help="Sample at least this long (60s).")
@click.option(
    "--within", type=DURATION, metavar="TIME", help="Longest wait for a verdict (180s, or three times --for)."
)
@click.option(
    "--max-errors",
    type=PERCENTAGE,
    default=0.01,
    metavar="PERCENT",
    help="How many of a version's answers may fail (1%).",
)
@click.option(
    "--max-latency-ratio",
    type=click.FloatRange(1, 1000),
    default=1.5,
    metavar="N",
    help="How many times as long as the stable version another may take, by the median (1.5).",
)
@click.option("--min-answers", type=WholeNumber(1), default=200, metavar="N", help="Answers in all (200).")
@click.option("--rate", type=click.FloatRange(0.1, 1000), default=_RATE, metavar="N", help="Requests per second (20).")
@shared_options
@output_option("table", "json", "yaml")
@click.pass_obj
def verify_command(
    program: Program,
    /,
    name: str,
    least: float | None,
    within: float | None,
    max_errors: float,
    max_latency_ratio: float,
    min_answers: int,
    rate: float,
    output: str,
) -> None:
    """Sample a rollout until split, errors and times are decided.

    \b
    Exit code 0: users get what is declared and written, in every lane that
         can be tried, and nothing speaks against a version.
    3: users are hurt: a version fails or is too slow, requests are not
       answered, or the rollout is degraded or aborted.
    6: the observed split is off, or a declared share is not written.
    4: not decided in time; it says how many answers are missing. Where no
       answer names a version it ends after --for: more would not help.
    5: as 0, and the rollout waits for a person's approval.
    8: objects that decide it could not be read in time.
    1: it cannot be measured.

    The reason is one sentence on stderr, and in the JSON. 3 and 6 end it as soon as they are certain.
    """
    need = Requirements(max_errors, max_latency_ratio, min_answers)
    least, within = _times(least, within)
    options = replace(where_it_is(given(), name), probe_rate=rate, max_errors=max_errors)

    async def work(cockpit: Cockpit) -> ExitCode:
        view = await synced(cockpit, program.request_timeout(options))
        first = find(view, name)
        require_read(view, first)
        key = first.rollout.key
        cockpit.select([key])
        await cockpit.probe(key, True)
        begun = asyncio.get_running_loop().time()
        await _measured(cockpit, key, need, least, within, LiveText(shown=output == "table"))
        seconds = asyncio.get_running_loop().time() - begun
        view = cockpit.view()
        shown = shown_in(view, key)
        if shown is None:
            raise CommandFailed(f"{key} is gone; nothing was verified")
        found = _verified(view, shown, need)
        if found.standing not in (Standing.HURT, Standing.SLOW, Standing.OFF) and not _can_be_sampled(shown):
            raise CommandFailed(f"{key}: {why_no_target(shown.rollout)}")
        if found.standing is Standing.UNDECIDED:
            found = replace(found, reason=_undecided(shown, found))
        return _reported(shown, found, need, seconds, output)

    code = with_session(program, options, work)
    if code is not ExitCode.FINE:
        raise click.exceptions.Exit(int(code))


def _times(least: float | None, within: float | None) -> tuple[float, float]:
    """How long to sample at least, and how long to wait at most."""
    if least is not None and within is not None and least > within:
        raise click.UsageError("--for is longer than --within: nothing could be verified in time")
    if within is None:
        within = max(_WITHIN, 3 * least) if least else _WITHIN
    return min(least if least is not None else _FOR, within), within


async def _measured(
    cockpit: Cockpit, key: RolloutKey, need: Requirements, least: float, within: float, live: LiveText
) -> None:
    """Wait until sampling longer would not change the verdict, or time is up."""

    def final(view: FleetView, *, enough: bool) -> bool:
        shown = shown_in(view, key)
        if shown is None:
            return True
        found = _verified(view, shown, need)
        if not found.final and not _can_be_sampled(shown):
            return True
        live.show(safe_text(_so_far(shown, found), 500))
        # A share that a controller has not written yet may still be on its way.
        off = found.standing is Standing.OFF and shown.rollout.phase is not Phase.PROGRESSING
        settled = found.standing is Standing.FINE or found.blind or off
        return found.final or (enough and settled)

    if await until(cockpit, lambda view: final(view, enough=False), least) is None:
        await until(cockpit, lambda view: final(view, enough=True), within - least)
    live.clear()


def _so_far(shown: RolloutView, found: Verification) -> str:
    answers = translated(counted(shown.probe.total, "answer"))
    return f"{shown.rollout.key}: {answers}: {stated(str(found.standing), found.reason)}"


def _can_be_sampled(shown: RolloutView) -> bool:
    return shown.probe.probe_target is not None or shown.rollout.probe_target is not None


def _verified(view: FleetView, shown: RolloutView, need: Requirements) -> Verification:
    return verification(shown, need, shown.stale, view.at)


def _undecided(shown: RolloutView, found: Verification) -> str:
    message = f"; {shown.probe.message}" if shown.probe.message not in ("", found.reason) else ""
    more = f"; about {found.missing} more {plural(found.missing, 'is', 'are')} needed" if found.missing else ""
    reason = f": {found.reason}" if found.reason else ""
    return f"no verdict after {counted(shown.probe.total, 'answer')}{reason}{more}{message}"


def _reported(shown: RolloutView, found: Verification, need: Requirements, seconds: float, output: str) -> ExitCode:
    """Show the rollout and the reason; the exit code."""
    rollout = shown.rollout
    waits = found.standing is Standing.FINE and waits_for_a_person(rollout)
    code = ExitCode.WAITING if waits else _CODES.get(found.standing, ExitCode.FINE)
    if output == "table":
        emit(describe(shown, wide=False))
    else:
        emit_document(_document(shown, found, need, seconds, code), output)
    for lane, why in untried(rollout):
        talk(f"{rollout.key}: not measured: lane {lane}: {why}")
    approval = "; it waits for a person's approval" if waits else ""
    talk(f"{rollout.key}: {stated(str(found.standing), found.reason)}{translated(approval)}")
    return code


def _document(shown: RolloutView, found: Verification, need: Requirements, seconds: float, code: ExitCode) -> Document:
    rollout: Rollout = shown.rollout
    own = {
        "standing": str(found.standing),
        "exit_code": int(code),
        "reason": found.reason,
        "answers": shown.probe.total,
        "answers_missing": found.missing,
        "seconds": round(seconds, 3),
        "not_measured": [{"lane": lane, "why": why} for lane, why in untried(rollout)],
        "required": asdict(need),
    }
    return {**view_document(shown), "verification": own}
