"""Commands respect who has the controls: `--take-over` asks first, and nothing is planned until they are had."""

from __future__ import annotations

from dataclasses import replace

import pytest
from click.testing import CliRunner, Result

from cockpit.cli.main import command_line
from cockpit.model.pairing import ContextPairing, ControlsAnswer, PairingView, Person, Pilot, PilotMode, Wish
from tests.cli.fakes import FakeCockpit, FakeProgram, fleet, rollout

WEB = rollout()
BEN = Pilot(WEB.key, Person("ben", "laptop", "his"), None, mine=False)


def program(mode: PilotMode = PilotMode.STRICT, *pilots: Pilot) -> FakeProgram:
    pairing = PairingView((ContextPairing(WEB.key.context, mode),), pilots=pilots)
    return FakeProgram(FakeCockpit(replace(fleet([WEB]), pairing=pairing)))


def run(on: FakeProgram, *words: str) -> Result:
    return CliRunner().invoke(command_line, ["rollback", "web", *words], obj=on)


def test_the_controls_are_asked_for_before_anything_is_planned() -> None:
    on = program(PilotMode.STRICT, BEN)
    done = run(on, "--yes", "--take-over", "5xx since 21:02")
    assert done.exit_code == 0
    assert [(order.wish, order.reason) for _, order in on.cockpit.orders] == [(Wish.TAKE, "5xx since 21:02")]
    assert on.cockpit.orders[0][1].wait >= 240, "longer than a cockpit that was sending has to be silent"
    assert "ben on laptop has the controls; asking for them" in done.stderr
    assert len(on.cockpit.sent) == 1


def test_without_the_controls_nothing_is_planned() -> None:
    on = program(PilotMode.STRICT, BEN)
    on.cockpit.controls_answer = ControlsAnswer(False, "ben on laptop keeps the controls of shop/web")
    refused = run(on, "--yes", "--take-over", "why not")
    assert refused.exit_code == 1
    assert "keeps the controls" in refused.stderr
    assert on.cockpit.asked == []


@pytest.mark.parametrize("words", [["--yes"], ["--dry-run", "--take-over", "only looking"]])
def test_who_does_not_send_or_does_not_ask_takes_nothing(words: list[str]) -> None:
    on = program(PilotMode.ADVISORY)
    assert run(on, *words).exit_code == 0
    assert on.cockpit.orders == []


def test_where_pairing_is_off_the_act_goes_on() -> None:
    on = program(PilotMode.OFF)
    done = run(on, "--yes", "--take-over", "why not")
    assert done.exit_code == 0
    assert "pairing is off" in done.stderr
    assert on.cockpit.orders == []
    assert len(on.cockpit.sent) == 1


def test_the_mode_is_a_flag() -> None:
    on = program()
    assert run(on, "--dry-run", "--pilot", "strict").exit_code == 0
    assert on.options[-1].pilot == "strict"
    assert run(on, "--pilot", "perhaps").exit_code == 2
