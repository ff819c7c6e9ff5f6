"""What this user may not read has not changed when they may."""

from __future__ import annotations

from cockpit.model.ages import utc_time
from cockpit.model.health import Health
from cockpit.model.rollout import Severity
from cockpit.model.view import FleetView, Sync
from cockpit.session.facts.adapters import ADAPTERS
from tests.session.apiserver import ApiServer
from tests.session.conftest import SHOP, Open, service
from tests.session.test_foreign_changes import quiet


async def test_a_right_that_comes_later_changes_nothing_in_the_release(server: ApiServer, stage: Open) -> None:
    server.forbidden = {"deployments"}
    on = await stage(server)
    kinds = {kind.kind: kind.state for kind in on.session.view().clusters[0].kinds}
    assert kinds["Deployment"] is Sync.FORBIDDEN
    server.forbidden = set()
    await on.until(lambda view: all(kind.state is not Sync.FORBIDDEN for kind in view.clusters[0].kinds))
    await on.until(lambda view: len(view.rollouts[0].rollout.versions) == 2)
    assert not await quiet(on)


def alarming(view: FleetView) -> bool:
    """Whether a Service that selects nothing is told as an alarm."""
    (found,) = (f for v in view.rollouts for f in v.rollout.findings if f.id == "no-ready-pods")
    return found.severity is Severity.CRITICAL


async def test_a_right_that_comes_or_goes_makes_an_alarm_certain_or_doubtful(server: ApiServer, stage: Open) -> None:
    server.put(SHOP, service("v9"))
    server.forbidden = {"replicasets"}
    on = await stage(server, adapters=ADAPTERS)
    assert not alarming(on.session.view())
    server.forbidden = set()
    await on.until(lambda view: all(kind.state is not Sync.FORBIDDEN for kind in view.clusters[0].kinds))
    assert alarming(on.session.view())
    server.forbidden = {"replicasets"}
    server.hang_up()
    await on.until(lambda view: any(kind.state is Sync.FORBIDDEN for kind in view.clusters[0].kinds))
    assert not alarming(on.session.view())


# The longest time until a right that is gone is told.
TOLD_WITHIN = 300.0


async def test_a_right_that_is_taken_away_while_a_watch_is_open_is_told_in_time(server: ApiServer, stage: Open) -> None:
    on = await stage(server)
    (view,) = on.session.view().rollouts
    assert not [found for found in view.rollout.findings if found.id == "right-lost"]
    server.forbidden = {"pods"}
    began = on.clock.monotonic()
    seen = await on.until(lambda view: any(kind.state is Sync.FORBIDDEN for kind in view.clusters[0].kinds))
    # The watch may end by itself before the review comes.
    assert on.clock.monotonic() - began < TOLD_WITHIN
    (cluster,), (view,) = seen.clusters, seen.rollouts
    (pods,) = (kind for kind in cluster.kinds if kind.kind == "Pod")
    since = utc_time(pods.since)
    assert cluster.message == f"no permission to read Pod; what is shown of it may be as old as {since}"
    assert "pods is forbidden" in pods.error
    assert [found.text for found in view.rollout.findings if found.id == "right-lost"] == [
        f"test does not allow you to read pods any more: what is shown of them is as of {since}"
    ]
    assert view.health.health is not Health.FINE
    assert pods.objects, "what was read stays"
    assert any(act.enabled for act in view.rollout.acts), "no act is blocked by it"
    server.forbidden = set()
    seen = await on.until(lambda view: all(kind.state is not Sync.FORBIDDEN for kind in view.clusters[0].kinds))
    assert not [found for found in seen.rollouts[0].rollout.findings if found.id == "right-lost"]
