"""`cockpit demo --with colleague` as a program."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from cockpit.cli.commands.demo import demo_command
from cockpit.cli.program import DemoOrder, Options
from cockpit.launch.colleague import LISTED, SCENARIO
from tests.places import Place, open_client

PATIENCE = 60


class Ordered:
    """A program that notes what is ordered."""

    def __init__(self) -> None:
        self.orders: list[DemoOrder] = []

    def demo(self, order: DemoOrder, options: Options) -> int:
        self.orders.append(order)
        return 0


@pytest.mark.parametrize(("words", "wanted"), [([], False), (["--with", "colleague"], True)])
def test_the_flag_asks_for_the_colleague(words: list[str], wanted: bool) -> None:
    program = Ordered()
    done = CliRunner().invoke(demo_command, words, obj=program)
    assert done.exit_code == 0, done.output
    assert [order.colleague for order in program.orders] == [wanted]


def cockpit(*words: str, state: Path) -> subprocess.Popen[str]:
    environ = {**os.environ, "COCKPIT_STATE": str(state), "HOME": str(state)}
    argv = [sys.executable, "-m", "cockpit", "demo", *words]
    return subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environ)


def test_the_list_names_the_scenario_and_the_flag(tmp_path: Path) -> None:
    said, _ = cockpit("--list", state=tmp_path).communicate(timeout=PATIENCE)
    assert f"\n{SCENARIO} " in said
    assert said.endswith(f"\n{LISTED}\n")


def test_a_served_cluster_has_the_colleague_until_it_ends(tmp_path: Path) -> None:
    out = tmp_path / "kubeconfig"
    running = cockpit("--serve", "--with", "colleague", "--kubeconfig-out", str(out), state=tmp_path)
    try:
        assert running.stdout
        ready = json.loads(running.stdout.readline())
        with open_client(out) as client:
            place = Place("embedded", out, ready["gateway"], "orders", client)
            users = "rollouts.cockpit/user"
            place.until(
                "leases.coordination.k8s.io/v1",
                lambda items: "demo-colleague" in {item["metadata"]["annotations"].get(users) for item in items},
            )
    finally:
        running.send_signal(signal.SIGTERM)
        _, said = running.communicate(timeout=PATIENCE)
    assert running.returncode == 0, said
    assert "warning" not in said
