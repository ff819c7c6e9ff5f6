"""Which kinds a cluster serves: one answer for all who ask, and no certainty from a doubtful one."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from cockpit.kube.api import KubeApi
from cockpit.kube.discovery import Discovery
from cockpit.kube.errors import ServerFailure
from cockpit.model.refs import ARGO_ROLLOUTS, HTTPROUTES, PODS
from cockpit.session.clock import ManualClock
from tests.kube.conftest import Scripted


def groups(*versions: str) -> dict[str, Any]:
    return {"groups": [{"name": name.split("/")[0], "versions": [{"groupVersion": name}]} for name in versions]}


ROUTES = {"resources": [{"name": "httproutes"}]}


async def test_a_group_that_is_not_listed_is_lacking_and_one_list_says_so_of_all(
    server: Scripted, api: KubeApi, clock: ManualClock
) -> None:
    server.then(server.says(groups("apps/v1", "gateway.networking.k8s.io/v1")))
    discovery = Discovery(api, clock)
    asked = await asyncio.gather(*(discovery.lacks(kind) for kind in (ARGO_ROLLOUTS, HTTPROUTES, PODS)))
    assert asked == [True, False, False]
    assert [each.path for each in server.asked] == ["/apis"]


async def test_a_group_that_is_added_is_found(server: Scripted, api: KubeApi, clock: ManualClock) -> None:
    server.then(server.says(groups("apps/v1")), server.says(groups("apps/v1", "argoproj.io/v1alpha1")))
    discovery = Discovery(api, clock)
    assert await discovery.lacks(ARGO_ROLLOUTS)
    assert await discovery.lacks(ARGO_ROLLOUTS)
    assert len(server.asked) == 1, "an answer holds for a while"
    await clock.advance(60)
    assert not await discovery.lacks(ARGO_ROLLOUTS)


@pytest.mark.parametrize("answer", [{"groups": []}, groups("else/v1"), [], {"groups": [{"versions": [{}]}]}])
async def test_a_list_that_no_api_server_gives_is_not_believed(
    server: Scripted, api: KubeApi, clock: ManualClock, answer: object
) -> None:
    server.then(server.says(answer))
    assert not await Discovery(api, clock).lacks(ARGO_ROLLOUTS)


async def test_what_may_not_be_asked_is_not_lacking(server: Scripted, api: KubeApi, clock: ManualClock) -> None:
    server.then(server.fails(403, "Forbidden"), server.says(groups("apps/v1")))
    discovery = Discovery(api, clock)
    assert not await discovery.lacks(ARGO_ROLLOUTS)
    assert await discovery.lacks(ARGO_ROLLOUTS), "a failure is not kept as an answer"


async def test_versions_of_a_group_are_asked_for_only_if_it_is_there(
    server: Scripted, api: KubeApi, clock: ManualClock
) -> None:
    server.then(server.says(groups("apps/v1", "gateway.networking.k8s.io/v1")), server.says(ROUTES))
    assert await Discovery(api, clock).served((ARGO_ROLLOUTS, HTTPROUTES)) == {HTTPROUTES}
    assert [each.path for each in server.asked] == ["/apis", "/apis/gateway.networking.k8s.io/v1"]


async def test_a_failure_of_discovery_is_told(server: Scripted, api: KubeApi, clock: ManualClock) -> None:
    server.then(server.says(groups("apps/v1", "gateway.networking.k8s.io/v1")), server.fails(503, "ServiceUnavailable"))
    with pytest.raises(ServerFailure):
        await Discovery(api, clock).served((HTTPROUTES,))
