"""What is known of the clusters before a session stands."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from cockpit.cli.program import Options, StartError
from cockpit.launch.compose import Launcher
from cockpit.launch.places import sample_choices
from cockpit.model.sampling import SampleScope
from cockpit.session.probing.choices import SampleChoices

PLUGIN = {"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": "login"}}


def launcher(folder: Path, users: dict[str, dict[str, Any]]) -> Launcher:
    """A program whose kubeconfig has a context for each user, `eu` first; `eu` and `us` are behind one gateway."""
    config = {
        "current-context": "eu",
        "clusters": [{"name": name, "cluster": {"server": f"https://{name}:6443"}} for name in users],
        "users": [{"name": name, "user": user} for name, user in users.items()],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name}} for name in users],
    }
    path = folder / "kubeconfig"
    path.write_text(yaml.safe_dump(config))
    return Launcher({"KUBECONFIG": str(path), "HOME": str(folder), "COCKPIT_ONE_GATEWAY": "eu,us"})


def shown_before(program: Launcher) -> list[str] | None:
    """The contexts on the screen before there is a session; None where it waits for one."""
    options = Options()
    view = program._connecting(options, program.settings(options))
    return None if view is None else [cluster.context for cluster in view.clusters]


def test_the_screen_waits_for_a_plugin_of_a_cluster_that_shares_the_gateway(tmp_path: Path) -> None:
    assert shown_before(launcher(tmp_path, {"eu": {"token": "t"}, "us": {"token": "t"}})) == ["eu"]
    assert shown_before(launcher(tmp_path, {"eu": {"token": "t"}, "us": PLUGIN})) is None
    assert shown_before(launcher(tmp_path, {"eu": {"token": "t"}, "us": {"token": "t"}, "db": PLUGIN})) == ["eu"]


def test_a_context_that_only_the_settings_name_is_told_with_them(tmp_path: Path) -> None:
    with pytest.raises(StartError, match=r"us.*one_gateway"):
        shown_before(launcher(tmp_path, {"eu": {"token": "t"}}))


SERVERS = {"eu": "https://eu:6443"}


def sampled(folder: Path, flag: str | None, setting: str | None, *, asks: bool) -> SampleScope:
    """What is sampled in `eu`, where somebody decided earlier to sample all."""
    environ = {"COCKPIT_STATE": str(folder), **({"COCKPIT_PROBE_SAMPLE": setting} if setting else {})}
    program, options = Launcher(environ), Options(sample=flag)
    SampleChoices(folder / "sampling.json", SERVERS).remember(("eu",), SampleScope.ALL)
    return sample_choices(environ, options, program.settings(options), SERVERS, asks=asks).scope("eu")


def test_the_screen_samples_by_flag_then_setting_then_what_was_decided(tmp_path: Path) -> None:
    assert sampled(tmp_path, None, None, asks=True) is SampleScope.ALL
    assert sampled(tmp_path, None, "moving", asks=True) is SampleScope.MOVING
    assert sampled(tmp_path, "none", "moving", asks=True) is SampleScope.NONE
    assert sampled(tmp_path, None, "ask", asks=True) is SampleScope.ALL


def test_a_command_samples_what_it_is_told_and_nothing_else(tmp_path: Path) -> None:
    assert sampled(tmp_path, None, "all", asks=False) is SampleScope.NONE
    assert sampled(tmp_path, "moving", None, asks=False) is SampleScope.MOVING


def test_a_command_may_send_at_the_rate_that_it_sets(tmp_path: Path) -> None:
    program = Launcher({"COCKPIT_STATE": str(tmp_path)})
    assert program.settings(Options(probe_rate=100.0)).probe.budget == 100.0
    assert program.settings(Options(probe_rate=20.0)).probe.budget == 50.0
    assert program.settings(Options(probe_rate=100.0, probe_budget=30.0)).probe.budget == 30.0
