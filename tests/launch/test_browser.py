"""Which screen a page of `cockpit serve` opens."""

from __future__ import annotations

from cockpit.cli.main import command_line
from cockpit.cli.program import Options, ServeOrder
from cockpit.launch.browser import screen_command


def flags(order: ServeOrder, options: Options) -> list[str]:
    command = screen_command(order, options)
    assert command[1:3] == ["-m", "cockpit"]
    return command[3:]


def test_a_viewer_only_looks_at_the_cluster_and_at_this_machine() -> None:
    assert flags(ServeOrder(0, 1, with_acts=False), Options()) == ["--read-only", "--view-only"]
    assert flags(ServeOrder(0, 1, with_acts=False), Options(read_only=True)) == ["--read-only", "--view-only"]


def test_who_may_act_is_trusted_with_the_rest() -> None:
    assert flags(ServeOrder(0, 1, with_acts=True), Options()) == []


def test_the_screen_takes_these_flags() -> None:
    given = flags(ServeOrder(0, 1, with_acts=False), Options(namespace="shop"))
    context = command_line.make_context("cockpit", given)
    assert context.meta["cockpit.options"] == {"namespace": "shop", "read_only": True, "view_only": True}
