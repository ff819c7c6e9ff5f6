"""`cockpit guard`: lines for each state, the exit code at the end."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from click.testing import CliRunner, Result

from cockpit.cli.commands.guard import exit_code
from cockpit.cli.exit_codes import ExitCode
from cockpit.cli.main import command_line
from cockpit.model.guard import GuardOrder, GuardState, GuardView, parse_conditions
from cockpit.model.plan import Act, ActState, Ask
from cockpit.model.probe_target import ProbeTarget
from cockpit.model.rollout import Phase
from cockpit.model.view import FleetView, Prepared
from tests.cli.fakes import FakeCockpit, FakeProgram, fleet, plan, rollout

WEB = rollout()
WEB = replace(WEB, acts=(*WEB.acts, ActState(Act.ABORT, True)))
GUARD = GuardView(GuardOrder(armed=True), "ann", 1_700_000_000.0, None, way=Act.ABORT, words="hurt for 30s")


def run(made: FakeProgram, *words: str) -> Result:
    return CliRunner().invoke(command_line, ["guard", "web", *words], obj=made)


def guarded(guard: GuardView | None) -> FleetView:
    view = fleet([WEB])
    return replace(view, rollouts=(replace(view.rollouts[0], guard=guard),))


def program(*guards: GuardView | None) -> FakeProgram:
    return FakeProgram(FakeCockpit(fleet([WEB]), fleet([WEB]), *map(guarded, guards)))


ENDED = replace(GUARD, state=GuardState.ENDED, words="the release ended: at rest on v2")
ACTED = replace(GUARD, state=GuardState.ACTED, words="abort, because hurt for 30s: v2 fails 27%. Verified: took effect")

BLIND = replace(GUARD, state=GuardState.BLIND, words="the probe is off")


@pytest.mark.parametrize(
    ("guards", "code", "said"),
    [
        ((GUARD, ENDED), 0, "the release ended: at rest on v2"),
        ((GUARD, replace(GUARD, state=GuardState.ACTING, words="hurt: v2 fails"), ACTED), 3, "because hurt for 30s"),
        ((GUARD, replace(ENDED, words="the release was aborted", aborted=True)), 3, "the release was aborted"),
        ((GUARD, replace(ENDED, words="its time is up", timed_out=True)), 4, "its time is up"),
        ((GUARD, replace(GUARD, state=GuardState.FAILED, words="denied"), ACTED), 3, "could not act: denied"),
        ((GUARD, None), 7, "the guard was taken away"),
    ],
)
def test_a_line_for_each_state_and_a_code_at_the_end(
    guards: tuple[GuardView | None, ...], code: int, said: str
) -> None:
    made = program(*guards)
    result = run(made, "--arm", "--yes")
    assert (result.exit_code, said in result.output) == (code, True), result.output
    assert made.cockpit.guards == [(WEB.key, GuardOrder(armed=True))]
    assert made.cockpit.asked == [(WEB.key, Ask(Act.ABORT))]
    assert "armed guard watching: hurt for 30s" in result.stdout
    assert made.closed == 1


def test_what_is_said_is_said_once() -> None:
    moved = replace(GUARD, words="hurt for 30s or so")
    result = run(program(GUARD, moved, GUARD, ENDED), "--arm", "--yes")
    assert [line.split(": ")[1] for line in result.stdout.splitlines()] == ["armed guard watching", "guard ended"]


def test_the_conditions_and_the_time_are_taken_from_the_words() -> None:
    made = program(replace(GUARD, order=GuardOrder()), replace(ENDED, order=GuardOrder()))
    assert run(made, "--if", "v2 errors > 1% worse than v1", "--if", "split off", "--until", "30m").exit_code == 0
    order = GuardOrder(parse_conditions(["v2 errors > 1% worse than v1", "split off"]), False, 1800.0)
    assert made.cockpit.guards == [(WEB.key, order)]
    assert made.cockpit.asked == [], "nothing is planned that is not sent"


def test_one_that_is_not_armed_ends_with_its_proposal() -> None:
    proposing = replace(GUARD, order=GuardOrder(), state=GuardState.PROPOSING, words="hurt for 30s: v2 fails 27%")
    result = run(program(proposing))
    assert result.exit_code == 3
    assert "guard proposes: hurt for 30s: v2 fails 27%" in result.stdout


def test_one_that_is_not_armed_ends_where_it_cannot_measure() -> None:
    assert run(program(replace(BLIND, order=GuardOrder()))).exit_code == 4


@pytest.mark.parametrize(
    ("guard", "blind", "code"),
    [
        (BLIND, False, None),
        (replace(GUARD, state=GuardState.PROPOSING), False, None),
        (ENDED, False, ExitCode.FINE),
        (ENDED, True, ExitCode.TIMED_OUT),
        (ACTED, True, ExitCode.DEGRADED),
        (replace(ENDED, aborted=True), True, ExitCode.DEGRADED),
    ],
)
def test_an_armed_guard_stays_while_it_is_blind(guard: GuardView, blind: bool, code: ExitCode | None) -> None:
    assert exit_code(guard, blind) is code


def test_it_says_which_requests_it_starts() -> None:
    view = fleet([WEB])
    target = ProbeTarget("10.0.0.1", 80, "shop.test", "/api")
    probe = replace(view.rollouts[0].probe, running=False, probe_target=target, asked_rate=10.0)
    view = replace(view, rollouts=(replace(view.rollouts[0], probe=probe),))
    result = run(FakeProgram(FakeCockpit(view, view, *map(guarded, (GUARD, ENDED)))), "--arm", "--yes")
    assert "samples it: GET http://shop.test/api, 10/s" in result.stderr


def test_lines_as_json() -> None:
    result = run(program(GUARD, ACTED), "--arm", "--yes", "-o", "json")
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert [line["state"] for line in lines] == ["watching", "acted"]
    assert lines[0]["armed"] is True
    assert (lines[0]["conditions"], lines[0]["way"], lines[0]["until"]) == (["hurt for 30s"], "abort", None)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--arm",), 2, "no terminal to confirm on: add --yes"),
        (("--if", "unwell"), 2, "'unwell' is no condition; write one of: hurt for 30s"),
        (("--until", "soon"), 2, "is not a valid duration"),
    ],
)
def test_what_is_refused_at_once(words: tuple[str, ...], code: int, said: str) -> None:
    result = run(program(GUARD), *words)
    assert (result.exit_code, said in result.output) == (code, True), result.output


def test_a_person_sees_the_way_back_and_is_asked() -> None:
    made = program(GUARD, ENDED)
    made.person.present, made.person.answers = True, [""]
    result = run(made, "--arm")
    assert (result.exit_code, made.cockpit.guards) == (1, [])
    assert "set weight of shop/web" in result.stderr
    assert made.person.questions == ["Arm the guard? [y/N] "]
    made = program(GUARD, ENDED)
    made.person.present, made.person.answers = True, ["y"]
    assert run(made, "--arm").exit_code == 0


def test_a_guard_that_could_not_act_is_not_armed() -> None:
    made = program(GUARD)
    made.cockpit.prepared = Prepared(plan(), (), blocked="no permission to patch Rollouts")
    result = run(made, "--arm", "--yes")
    assert (result.exit_code, made.cockpit.guards) == (1, [])
    assert "the guard could not act: no permission to patch Rollouts" in result.stderr
    made = program(GUARD)
    made.cockpit.why_no_guard = "no guard was set on web: this session is read-only"
    assert "read-only" in run(made, "--arm", "--yes").stderr


def test_nothing_is_guarded_where_no_release_begins() -> None:
    made = FakeProgram(FakeCockpit(fleet([replace(WEB, phase=Phase.AT_REST)])))
    result = run(made, "--within", "10ms")
    assert (result.exit_code, made.cockpit.guards) == (4, [])
    assert "no release is under way" in result.stderr
