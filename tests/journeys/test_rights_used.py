"""What a cockpit asks of a cluster in one sitting, by the cluster's own log: the role allows it all."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from cockpit.cli.program import Completes, Options
from cockpit.launch.completing import Wanted, _namespaces
from cockpit.manifests.role_rights import RoleName, rights_of
from cockpit.model.plan import Refused
from cockpit.model.refs import PODS, Ref
from cockpit.model.rights import Right, right
from cockpit.model.view import RolloutView
from cockpit.planning.sample_asks import sample_asks
from cockpit.session.session import Session
from tests.journeys.flight import PATIENCE, cockpit_on
from tests.places import demo_process, open_client
from tests.roles import grant, requests_of

# One rollout of each system and router, at a moment at which acts apply.
SCENARIOS = ("argo-canary", "blue-green", "bookinfo", "broken-canary", "flagger", "gateway-api", "kruise-canary")
SETS = ("kruise-batches", "red-black", "stateful")
SHOWN = {"argo", "kruise", "flagger", "statefulset", "ingress", "istio", "service", "gateway-api", "red-black"}
USER = "walker"
# Kinds that the embedded cluster does not serve.
NOT_SERVED = ("traefik.io", "traefik.containo.us", "apisix.apache.org", "split.smi-spec.io")


@pytest.fixture
def cluster() -> Iterator[dict[str, Any]]:
    with demo_process(*SCENARIOS, *SETS, "--seed", "7") as ready:
        yield ready


async def look(cockpit: Session, shown: RolloutView) -> None:
    """Everything that can be read of a rollout: its objects, events and one log."""
    context = shown.rollout.key.context
    for ref in shown.rollout.objects:
        told = await cockpit.yaml(context, ref)
        assert "kind:" in told or "not found" in told, told  # the release goes on, and a controller may have removed it
        assert not isinstance(await cockpit.events(context, ref), str)
    pod = next((pod.name for version in shown.rollout.versions for pod in version.pods), "")
    if pod:
        await cockpit.logs(context, Ref(PODS, shown.rollout.key.namespace, pod))


async def plan(cockpit: Session, shown: RolloutView) -> None:
    """The plan of each act that applies, tried on the server."""
    for state in (state for state in shown.rollout.acts if state.enabled):
        for ask in sample_asks(state, shown.rollout):
            prepared = await cockpit.prepare(shown.rollout.key, ask)
            if isinstance(prepared, Refused):
                continue
            assert "does not allow" not in prepared.blocked, (shown.rollout.key, ask)
            break


async def walk(cockpit: Session) -> None:
    """Look at every rollout, and plan what can be done with it."""
    cockpit.follow_others()
    await cockpit.read_others([cluster.context for cluster in cockpit.view().clusters])
    for shown in cockpit.view().rollouts:
        await look(cockpit, shown)
        await plan(cockpit, shown)


def asked(client: httpx.Client) -> dict[Right, bool]:
    """What was asked of the cluster, and whether it was allowed."""
    found = requests_of(client, USER)
    return {Right(each["group"], each["resource"], each["verb"]): each["allowed"] for each in found}


async def test_a_pilot_is_refused_nothing_and_asks_for_everything_that_is_read(cluster: dict[str, Any]) -> None:
    kubeconfig = Path(cluster["kubeconfig"])
    with open_client(kubeconfig) as client:
        grant(client, USER, RoleName.PILOT)
        async with cockpit_on(kubeconfig, None, as_user=USER) as cockpit:
            await _seen(cockpit)
            await walk(cockpit)
        options = Options(kubeconfig=str(kubeconfig), as_user=USER)
        await _namespaces(Wanted(Completes.NAMESPACE, options), options, {})
        found = asked(client)
    reviews = {each for each in found if each.group in ("authorization.k8s.io", "authentication.k8s.io")}
    assert {each.verb for each in reviews} == {"create"}, "asked by everybody, which `system:basic-user` allows"
    assert [each for each, allowed in found.items() if not allowed] == []
    assert found.keys() - reviews <= rights_of(RoleName.PILOT)
    reading = {
        each
        for each in rights_of(RoleName.VIEWER)
        # Who may list a kind has read its objects: `get` of those that nothing is opened of gives nothing more.
        if each.verb != "get" and each.group not in NOT_SERVED
    }
    assert reading <= found.keys()
    assert {right("get", PODS), right("get", PODS, "log")} <= found.keys()


async def _seen(cockpit: Session) -> None:
    """Wait until every scenario shows a rollout with an act, and the rights are known."""
    news = asyncio.Event()
    cockpit.subscribe(lambda _: news.set())
    async with asyncio.timeout(PATIENCE):
        while True:
            news.clear()
            view = cockpit.view()
            able = [shown.rollout for shown in view.rollouts if any(state.enabled for state in shown.rollout.acts)]
            found = {name for rollout in able for name in (rollout.key.system, rollout.router)}
            if found >= SHOWN and not view.clusters[0].asking:
                return
            await news.wait()
