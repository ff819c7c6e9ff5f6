"""Users with exactly the roles that `doctor --manifests` prints: what each may do, and what they are told otherwise."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cockpit.manifests.role_rights import RoleName
from cockpit.model.pairing import PilotMode, Wish
from cockpit.model.plan import Act, Ask
from cockpit.model.view import Outcome, Stage
from cockpit.planning.probe_script import SCRIPT
from tests.journeys.flight import Pilot, cockpit_on
from tests.journeys.pairs import pair_on
from tests.places import Place, demo_process, seed
from tests.roles import grant

ROLLOUT = "demo-service"
SERVICE = ("Service", ROLLOUT)
FLIP, BACK = Ask(Act.FLIP, version="v2"), Ask(Act.FLIP, version="v1")
PATIENCE = 240.0  # real seconds that a command may take on a slow machine


@pytest.fixture(scope="module")
def embedded() -> Iterator[dict[str, Any]]:
    """An embedded cluster that runs probes as processes, as `cockpit demo` does."""
    digest = hashlib.sha256(SCRIPT.encode()).hexdigest()
    with demo_process("empty", "--seed", "7", "--run-jobs", digest) as ready:
        yield ready


@pytest.fixture
def release(place: Place) -> Place:
    """A Service that selects v1, and v2 beside it."""
    for name in ("blue-green-v1", "blue-green-v2", "blue-green-service"):
        place.apply(*seed(name))
    place.ready("demo-dp-v1", "demo-dp-v2")
    return place


def only(place: Place, *roles: RoleName, namespace: bool = True) -> str:
    """A user of this test's own, with these roles in its namespace, or in the whole cluster."""
    name = f"{'-'.join(roles)}-of-{place.namespace}"
    grant(place.client, name, *roles, namespace=place.namespace if namespace else None)
    return name


def command(place: Place, user: str, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    reach = ("--kubeconfig", str(place.kubeconfig), "-n", place.namespace, "--as", user)
    return subprocess.run(
        [sys.executable, "-m", "cockpit", *words, *reach],
        env={**os.environ, "COCKPIT_STATE": str(folder), "XDG_CONFIG_HOME": str(folder)},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def selected(place: Place) -> str:
    return str((place.get(*SERVICE) or {})["spec"]["selector"]["version"])


async def test_to_a_viewer_every_act_is_dim_with_the_missing_right(release: Place, tmp_path: Path) -> None:
    namespace, viewer = release.namespace, only(release, RoleName.VIEWER)
    async with cockpit_on(release.kubeconfig, namespace, as_user=viewer) as cockpit:
        pilot = Pilot(cockpit, release)
        await pilot.until_seen(ROLLOUT, lambda shown: not any(state.enabled for state in shown.rollout.acts))
        shown = pilot.see(ROLLOUT)
        assert shown
        whys = {state.act: state.why for state in shown.rollout.acts}
        assert f"does not allow you to patch services in namespace {namespace}" in whys[Act.FLIP]
        assert f"does not allow you to patch deployments in namespace {namespace}" in whys[Act.SCALE]
        assert all(each.state == "live" for each in cockpit.view().clusters[0].kinds if each.state != "absent")
        assert "kind: Service" in await cockpit.yaml(shown.rollout.key.context, shown.rollout.objects[0])
        assert not isinstance(await cockpit.events(shown.rollout.key.context, shown.rollout.objects[0]), str)


def test_on_the_command_line_a_viewer_is_told_which_right_is_missing(release: Place, tmp_path: Path) -> None:
    viewer = only(release, RoleName.VIEWER)
    done = command(release, viewer, tmp_path, "flip", ROLLOUT, "v2", "--yes")
    assert done.returncode == 1
    assert f"does not allow you to patch services in namespace {release.namespace}" in done.stdout + done.stderr
    assert selected(release) == "v1"
    told = json.loads(command(release, viewer, tmp_path, "show", ROLLOUT, "-o", "json").stdout)
    assert [act["id"] for act in told["acts"] if act["enabled"]] == []


async def test_a_pilot_of_one_namespace_flips_and_goes_back(release: Place, tmp_path: Path) -> None:
    user = only(release, RoleName.PILOT)
    async with cockpit_on(release.kubeconfig, release.namespace, tmp_path / "journal", as_user=user) as cockpit:
        pilot = Pilot(cockpit, release)
        await pilot.until_seen(ROLLOUT, lambda shown: shown.rollout.acts)
        await pilot.do(ROLLOUT, FLIP)
        assert selected(release) == "v2"
        await pilot.do(ROLLOUT, Ask(Act.UNDO))
        assert selected(release) == "v1"
    told = release.client.get(release.path("Event")).json()["items"]
    assert [each["reason"] for each in told if each.get("source", {}).get("component") == "rollout-cockpit"]


async def test_a_pilot_is_not_offered_what_another_namespace_would_need(release: Place, tmp_path: Path) -> None:
    """The role is for the test's namespace; in another one its user may not even look."""
    user = only(release, RoleName.PILOT)
    async with cockpit_on(release.kubeconfig, "default", as_user=user) as cockpit:
        pilot = Pilot(cockpit, release)
        await pilot.until("that nothing may be read", lambda: cockpit.view().clusters[0].message)
        assert "no permission to read" in cockpit.view().clusters[0].message
        assert pilot.names() == set()


def test_a_prober_measures_from_inside_and_may_not_act(release: Place, tmp_path: Path) -> None:
    if release.real and not os.environ.get("COCKPIT_TEST_JOBS"):
        pytest.skip("pods of a Job may be lost there: set COCKPIT_TEST_JOBS=1 where they are not")
    user = only(release, RoleName.PROBER)
    words = ("--from", "cluster", "--yes", "--count", "40", "--rate", "40", "--pods", "2", "-o", "json")
    done = command(release, user, tmp_path, "probe", ROLLOUT, *words)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["samples"]
    refused = command(release, user, tmp_path, "flip", ROLLOUT, "v2", "--yes")
    assert refused.returncode == 1
    assert "does not allow you to patch services" in refused.stdout + refused.stderr
    viewer = command(release, only(release, RoleName.VIEWER), tmp_path, "probe", ROLLOUT, *words)
    assert viewer.returncode == 1
    assert "does not allow you to create jobs" in viewer.stderr


async def test_two_pilots_with_the_role_of_pairing_hand_the_controls_over(release: Place, tmp_path: Path) -> None:
    grant(release.client, "ann", RoleName.PILOT, RoleName.PAIRING)
    grant(release.client, "ben", RoleName.VIEWER, RoleName.PAIRING)
    async with pair_on(release, tmp_path, PilotMode.STRICT) as pair:
        ann, ben = await pair.joins(as_user="ann"), await pair.joins(as_user="ben")
        await ann.until(lambda me: me.others == ["ben"])
        await ben.until(lambda me: me.others == ["ann"])
        done = await ann.act(FLIP)
        assert isinstance(done, Outcome)
        assert done.stage is Stage.SENT, done.why
        await ben.until(lambda me: me.pilot and not me.pilot.acting)
        refused = await ben.act(BACK)
        assert isinstance(refused, str)
        assert (await ann.wish(Wish.RELEASE)).done
        await ben.until(lambda me: me.pilot is None)
        assert "does not allow you to patch services" in str(await ben.act(BACK))
    left = release.client.get(f"/apis/coordination.k8s.io/v1/namespaces/{release.namespace}/leases").json()["items"]
    assert left == []
