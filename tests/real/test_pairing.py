"""Two users on a real API server, the second with exactly the rights that the page on pairing names."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from cockpit.model.pairing import PilotMode, Wish
from cockpit.model.plan import Act, Ask
from cockpit.model.view import Outcome, Stage
from tests.journeys.pairs import pair_on
from tests.places import Place, namespace_in, real_cluster, seed

pytestmark = pytest.mark.real

WATCHER = "cockpit-watcher"
PAGE = Path(__file__).parents[2] / "cockpit" / "docs" / "pairing.md"
RBAC = "/apis/rbac.authorization.k8s.io/v1/namespaces/{ns}"


def role_of_the_page() -> dict[str, Any]:
    """The Role that the page tells people to create."""
    blocks = PAGE.read_text().split("```yaml")[1:]
    docs = (yaml.safe_load(block.partition("```")[0]) for block in blocks)
    return next(doc for doc in docs if doc.get("kind") == "Role")


@pytest.fixture
def place() -> Iterator[Place]:
    real = real_cluster()
    if real is None:
        pytest.skip("no real cluster is named")
    with namespace_in("real", real[0], real[1], "cockpit-pairing") as made:
        for name in ("blue-green-v1", "blue-green-v2", "blue-green-service"):
            made.apply(*seed(name))
        made.ready("demo-dp-v1", "demo-dp-v2")
        root = RBAC.format(ns=made.namespace)
        made.client.post(f"{root}/roles", json=role_of_the_page()).raise_for_status()
        for kind, role in (("Role", "cockpit-pairing"), ("ClusterRole", "view")):
            body = {
                "metadata": {"name": f"watcher-{role}"},
                "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": role},
                "subjects": [{"kind": "User", "name": WATCHER, "apiGroup": "rbac.authorization.k8s.io"}],
            }
            made.client.post(f"{root}/rolebindings", json=body).raise_for_status()
        yield made


async def test_a_watcher_is_seen_asks_and_is_handed_the_controls(place: Place, tmp_path: Path) -> None:
    async with pair_on(place, tmp_path, PilotMode.STRICT) as pair:
        first, watcher = await pair.joins(), await pair.joins(as_user=WATCHER)
        await first.until(lambda me: me.others == [WATCHER])
        await watcher.until(lambda me: me.others)
        assert (await first.wish(Wish.TAKE)).done
        await watcher.until(lambda me: me.pilot)
        to = first.cockpit.view().pairing.others[0].person.session
        assert (await first.wish(Wish.OFFER, to=to)).done
        await watcher.until(lambda me: me.pilot and me.pilot.offered == to)
        assert (await watcher.wish(Wish.ACCEPT)).done
        await first.until(lambda me: me.pilot and not me.pilot.mine)
        refused = await first.act(Ask(Act.FLIP, version="v2"))
        assert isinstance(refused, str)
        assert f"{WATCHER} on laptop has the controls" in refused
        assert (await watcher.wish(Wish.RELEASE)).done
        await first.until(lambda me: me.pilot is None)
        done = await first.act(Ask(Act.FLIP, version="v2"))
        assert isinstance(done, Outcome)
        assert done.stage is Stage.SENT, done.why
    left = place.client.get(f"/apis/coordination.k8s.io/v1/namespaces/{place.namespace}/leases").json()["items"]
    assert left == []
