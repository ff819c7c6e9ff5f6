"""What this user may not read has not changed when they may."""

from __future__ import annotations

from cockpit.model.view import Sync
from tests.session.apiserver import ApiServer
from tests.session.conftest import Open
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
