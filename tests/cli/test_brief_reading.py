"""What one command reads shows every rollout exactly as a session that follows the cluster does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cockpit.cli.documents import view_document
from cockpit.cli.program import Options
from cockpit.cli.waiting import synced, unread
from cockpit.launch.compose import Launcher
from cockpit.session.reads import Reads
from tests.places import demo_process, move_clock, open_client

SCENARIOS = Path(__file__).parents[2] / "cockpit" / "demo" / "scenarios"
# One holds nothing, one is many times the same, one is of two clusters.
TOGETHER = sorted({path.stem for path in SCENARIOS.glob("*.yaml")} - {"empty", "big", "two-clusters"})
# Seconds into the stories, in which releases are under way.
INTO = 45
SECONDS = 60.0

Documents = dict[str, dict[str, Any]]


@pytest.fixture(scope="module", params=["together", "two-clusters"])
def held(request: pytest.FixtureRequest) -> Iterator[tuple[Path, tuple[str, ...]]]:
    """A kubeconfig and its contexts; all of the scenarios, at one moment at which time stands still."""
    scenarios = TOGETHER if request.param == "together" else [request.param]
    with demo_process(*scenarios, "--seed", "1") as ready, open_client(Path(ready["kubeconfig"])) as client:
        move_clock(client, hold=True)
        for _ in range(INTO):
            move_clock(client, advance=1)
        yield Path(ready["kubeconfig"]), tuple(ready["contexts"])


async def documents(
    state: Path, kubeconfig: Path, contexts: tuple[str, ...], reads: Reads, namespace: str | None = None
) -> Documents:
    """Every rollout as `show -o json` prints it, by its key."""
    launcher = Launcher({"COCKPIT_STATE": str(state), "HOME": str(state), "COCKPIT_ONE_GATEWAY": ",".join(contexts)})
    options = Options(str(kubeconfig), contexts, namespace, all_namespaces=namespace is None)
    async with launcher.session(options, reads=reads) as cockpit:
        view = await synced(cockpit, SECONDS)
        assert unread(view) == ()
        return {str(shown.rollout.key): view_document(shown) for shown in view.rollouts}


def without_acts(found: Documents) -> Documents:
    return {key: {name: part for name, part in document.items() if name != "acts"} for key, document in found.items()}


async def test_every_rollout_of_every_scenario_looks_the_same(
    held: tuple[Path, tuple[str, ...]], tmp_path: Path
) -> None:
    followed = await documents(tmp_path, *held, Reads.FOLLOWING)
    systems = {document["system"] for document in followed.values()}
    assert len(held[1]) == 2 or systems >= {"argo", "kruise", "flagger", "ingress", "istio", "gateway-api", "red-black"}
    assert followed
    assert await documents(tmp_path, *held, Reads.ONCE) == followed
    assert without_acts(await documents(tmp_path, *held, Reads.FACTS)) == without_acts(followed)


async def test_so_it_does_where_only_its_namespace_is_read(held: tuple[Path, tuple[str, ...]], tmp_path: Path) -> None:
    everywhere = await documents(tmp_path, *held, Reads.ONCE)
    namespaces = sorted({document["namespace"] for document in everywhere.values()})
    for namespace in namespaces:
        once = await documents(tmp_path, *held, Reads.ONCE, namespace)
        assert once == await documents(tmp_path, *held, Reads.FOLLOWING, namespace)
