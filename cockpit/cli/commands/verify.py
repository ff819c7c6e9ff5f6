"""`verify`: whether the observed split is what is written, as an exit code for pipelines."""

from __future__ import annotations

import click

from cockpit.cli.aiming import why_no_door
from cockpit.cli.documents import rollout_document
from cockpit.cli.exit_codes import ExitCode
from cockpit.cli.names import find, where_it_is
from cockpit.cli.options import DURATION, given, output_option, shared_options
from cockpit.cli.output import emit, emit_document
from cockpit.cli.program import Program
from cockpit.cli.running import Failed, talk, with_session
from cockpit.cli.show import describe
from cockpit.cli.waiting import synced, until
from cockpit.cli.words import finding_text, waits_for_a_person
from cockpit.model.refs import RolloutKey
from cockpit.model.rollout import Finding, Phase, Rollout, Severity, Verdict
from cockpit.model.view import FleetView, RolloutView
from cockpit.session.port import Cockpit

_DECIDED = frozenset({Verdict.ON, Verdict.OFF})
# Findings of a session about answers that fail.
_FAILURES = frozenset({"errors", "no-answers"})


@click.command("verify")
@click.argument("name")
@click.option("--within", type=DURATION, default=60.0, metavar="TIME", help="Longest wait for a verdict (60s).")
@shared_options
@output_option("table", "json", "yaml")
@click.pass_obj
def verify_command(program: Program, name: str, within: float, output: str) -> None:
    """Sample a rollout until each lane has a verdict.

    Exit code 0: what is observed is what is written. 6: it is not. 4: not decided in time. 3: it is, but the
    rollout is degraded or aborted, or a version fails so many requests that it is critical. 5: it is, and
    the rollout goes on only once a person approves.
    """
    options = where_it_is(given(), name)

    async def work(cockpit: Cockpit) -> ExitCode:
        view = await synced(cockpit, program.request_timeout(options))
        key = find(view, name).rollout.key
        await cockpit.probe(key, True)
        await until(cockpit, lambda later: _settled(later, key), within)
        shown = _shown(cockpit.view(), key)
        if shown is None:
            raise Failed(f"{key} is gone; nothing was verified")
        if output == "table":
            emit(describe(shown, wide=False))
        else:
            emit_document(rollout_document(shown.rollout), output)
        return _code(shown)

    code = with_session(program, options, work)
    if code is not ExitCode.FINE:
        raise click.exceptions.Exit(int(code))


def _shown(view: FleetView, key: RolloutKey) -> RolloutView | None:
    return next((shown for shown in view.rollouts if shown.rollout.key == key), None)


def _settled(view: FleetView, key: RolloutKey) -> bool:
    shown = _shown(view, key)
    return shown is None or not _nothing_missing(shown) or _all_decided(shown.rollout)


def _nothing_missing(shown: RolloutView) -> bool:
    return shown.probe.door is not None or shown.rollout.door is not None


def _judged(rollout: Rollout) -> list[Verdict]:
    """Verdicts of the lanes into which requests can be sent and for which shares are written."""
    return [
        lane.verdict
        for lane in rollout.lanes
        if lane.headers is not None and any(share.written is not None for share in lane.shares)
    ]


def _all_decided(rollout: Rollout) -> bool:
    verdicts = _judged(rollout)
    return bool(verdicts) and all(verdict in _DECIDED for verdict in verdicts)


def _code(shown: RolloutView) -> ExitCode:
    rollout, verdicts = shown.rollout, _judged(shown.rollout)
    if Verdict.OFF in verdicts:
        return ExitCode.SPLIT_OFF
    if not _nothing_missing(shown):
        raise Failed(f"{rollout.key}: nowhere to send requests: {why_no_door(rollout)}")
    if not _all_decided(rollout):
        message = f": {shown.probe.message}" if shown.probe.message else ""
        raise Failed(f"{rollout.key}: not decided after {shown.probe.total} answers{message}", ExitCode.TIMED_OUT)
    failing = [finding for finding in rollout.findings if _hurts(finding)]
    for finding in failing:
        talk(f"{rollout.key}: {finding_text(finding)}" + (f" ({finding.evidence})" if finding.evidence else ""))
    degraded = failing or rollout.phase in (Phase.DEGRADED, Phase.ABORTED)
    if degraded:
        return ExitCode.DEGRADED
    return ExitCode.WAITING if waits_for_a_person(rollout) else ExitCode.FINE


def _hurts(finding: Finding) -> bool:
    """Whether answers fail so often that no split makes up for it."""
    return finding.severity is Severity.CRITICAL and finding.id in _FAILURES
