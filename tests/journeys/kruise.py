"""What the journeys of Kruise Rollouts have in common: the seed's objects, and what is read of a release."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from cockpit.model.plan import Act, Ask
from cockpit.model.rollout import Phase
from cockpit.model.view import RolloutView
from tests.journeys import flight
from tests.journeys.flight import Pilot
from tests.places import Place, seed

ROLLOUTS = "rollouts.rollouts.kruise.io/v1beta1"
V1ALPHA1 = "rollouts.rollouts.kruise.io/v1alpha1"
DEMO = "rollouts-demo"
IMAGE = "openkruise-registry.cn-shanghai.cr.aliyuncs.com/openkruise/demo"
OLD, NEW = "1.10.2", "1.10.3"
# Seconds that a change of routing is given: the controller takes 0 for its own 3.
GRACE = 1
# How often a real controller is woken, in seconds.
_WOKEN_EVERY = 0.5


def rollout(name: str, **steps: Any) -> dict[str, Any]:
    """The seed's Rollout of that name, as it writes it but for short waits."""
    (doc,) = copy.deepcopy(seed(f"kruise-rollout-{name}"))
    canary = doc["spec"]["strategy"]["canary"]
    for routing in canary.get("trafficRoutings", ()):
        routing["gracePeriodSeconds"] = GRACE
    return doc


@asynccontextmanager
async def flying(place: Place, folder: Path) -> AsyncIterator[Pilot]:
    """A pilot in a cockpit. A real controller is kept awake meanwhile.

    After each thing it did it looks again 3 seconds later, however short the grace, unless its Rollout changes.
    """
    landed = asyncio.Event()
    async with flight.flying(place, folder) as pilot:
        waking = asyncio.create_task(_wake(place, landed)) if place.real else None
        try:
            yield pilot
        finally:
            landed.set()
            if waking:
                await waking


async def _wake(place: Place, landed: asyncio.Event) -> None:
    """Change an annotation of each Rollout again and again, which says nothing to the controller but: look."""
    number = 0
    while not landed.is_set():
        number += 1
        await asyncio.to_thread(_touch, place, str(number))
        with suppress(TimeoutError):
            await asyncio.wait_for(landed.wait(), _WOKEN_EVERY)


def _touch(place: Place, word: str) -> None:
    for item in place.client.get(place.path(ROLLOUTS)).json().get("items", ()):
        place.client.patch(
            place.path(ROLLOUTS, item["metadata"]["name"]),
            json={"metadata": {"annotations": {"test/woken": word}}},
            headers={"Content-Type": "application/merge-patch+json"},
        )


def behave(place: Place, **entries: str) -> None:
    """How the embedded controller is to behave in the test's namespace."""
    body = {"metadata": {"name": "demo-kruise-rollouts"}, "data": entries}
    answer = place.client.post(f"/api/v1/namespaces/{place.namespace}/configmaps", json=body)
    assert answer.status_code == 201, answer.text


def fit_for_admission(doc: dict[str, Any], pods: int = 4) -> dict[str, Any]:
    """Kruise 0.6 refuses "100%" of the pods at a partition step with traffic; counts it takes.

    All of them are counts then: a count after a percentage is never reached.
    """
    for step in doc["spec"]["strategy"]["canary"]["steps"]:
        if isinstance(step["replicas"], str):
            step["replicas"] = pods * int(step["replicas"].removesuffix("%")) // 100
    return doc


async def standing(place: Place, pilot: Pilot, *docs: dict[str, Any], pods: int = 4) -> RolloutView:
    """The application and its Rollout, at rest with the old version."""
    (application,) = copy.deepcopy(seed("kruise-echoserver"))
    application["spec"]["replicas"] = pods
    place.apply(application, *docs)
    place.ready("echoserver")
    return await pilot.until_seen(
        DEMO,
        lambda s: s.rollout.phase is Phase.AT_REST and s.rollout.message == f"{OLD} is released" and watched(place),
        "the Rollout at rest",
    )


def watched(place: Place) -> bool:
    """Whether a new template starts a release by now: the controller has labelled the workload."""
    found = place.get("Deployment", "echoserver") or {"metadata": {}}
    return "rollouts.kruise.io/workload-type" in (found["metadata"].get("labels") or {})


async def start(pilot: Pilot, name: str = DEMO, image: str = f"{IMAGE}:{NEW}") -> None:
    await pilot.do(name, Ask(Act.SET_IMAGE, image=("", image)))


async def at_step(pilot: Pilot, index: int, *, name: str = DEMO, asks: bool = True) -> RolloutView:
    """Wait until a step is done and waits: for a person, or with a timer."""

    def there(shown: RolloutView) -> bool:
        step = shown.rollout.step
        return step is not None and step.index == index and (step.asks if asks else step.until is not None)

    return await pilot.until_seen(name, there, f"step {index} done")


async def at_rest(pilot: Pilot, message: str, name: str = DEMO) -> RolloutView:
    return await pilot.until_seen(
        name, lambda s: s.rollout.phase is Phase.AT_REST and s.rollout.message == message, message
    )


def written(shown: RolloutView, lane: str = "default") -> dict[str, float | None]:
    found = next(one for one in shown.rollout.lanes if one.name == lane)
    return {share.version: share.written for share in found.shares}


def declared(shown: RolloutView, lane: str = "default") -> dict[str, float | None]:
    found = next(one for one in shown.rollout.lanes if one.name == lane)
    return {share.version: share.declared for share in found.shares}


def ready(shown: RolloutView) -> dict[str, int]:
    return {version.name: version.ready for version in shown.rollout.versions}


def finding_ids(shown: RolloutView) -> set[str]:
    return {finding.id for finding in shown.rollout.findings}


def lane_is_by_pods(shown: RolloutView) -> bool:
    """No router takes part: the stable Service picks both versions."""
    return shown.rollout.lanes[0].derived
