"""What a command says once, and how it ends where a name is not there."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from cockpit.cli.acting import SendOptions, _Progress
from cockpit.cli.main import command_line
from cockpit.cli.program import DemoOrder, NoSuchNameError, Options
from cockpit.launch.completing import why_no_theme
from cockpit.model.reading import kind_names, one_of_each
from cockpit.model.view import KindSync, Outcome, Stage, Sync
from tests.cli.fakes import FakeCockpit, FakeProgram, fleet


class WithoutScenario(FakeProgram):
    def demo(self, order: DemoOrder, options: Options) -> int:
        raise NoSuchNameError("no scenario 'NOSUCH'; choose one of argo-canary, blue-green")


def test_a_scenario_that_is_not_there_is_a_mistake_in_the_command() -> None:
    result = CliRunner().invoke(command_line, ["demo", "NOSUCH"], obj=WithoutScenario(FakeCockpit(fleet([]))))
    assert result.exit_code == 2
    assert "no scenario 'NOSUCH'; choose one of argo-canary, blue-green" in result.stderr


@pytest.mark.parametrize(("wait", "said"), [(0.0, 0), (30.0, 1)])
def test_sent_is_said_once(capsys: pytest.CaptureFixture[str], wait: float, said: int) -> None:
    """Without a wait it is the outcome, which is told on stdout."""
    _Progress(SendOptions(False, True, None, wait, False, "table")).tell(Outcome(Stage.SENT, "accepted", None))
    assert capsys.readouterr().err.count("sent") == said


def test_an_unknown_theme_is_told_with_those_that_are_there(tmp_path: Path) -> None:
    environ = {"XDG_CONFIG_HOME": str(tmp_path), "HOME": str(tmp_path)}
    assert "no usable theme nosuch" in why_no_theme("nosuch", environ)
    assert "dark" in why_no_theme("nosuch", environ)
    assert why_no_theme("dark", environ) == ""


def test_a_kind_with_several_versions_is_listed_once() -> None:
    live = KindSync("Gateway", Sync.LIVE, 0.0, group="gateway.networking.k8s.io")
    other = KindSync("Gateway", Sync.ABSENT, 0.0, group="gateway.networking.k8s.io")
    mesh = [KindSync("TrafficSplit", Sync.ABSENT, 0.0, group="split.smi-spec.io") for _ in range(3)]
    shown = one_of_each([live, other, *mesh])
    assert shown == (live, mesh[-1])
    assert kind_names(shown) == ["Gateway", "TrafficSplit"]
