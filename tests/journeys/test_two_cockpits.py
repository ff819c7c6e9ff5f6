"""Two cockpits on one release: each shows the other's acts and notes by name, and what came by other tools."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path

import yaml

from cockpit.model.journal import Origin
from cockpit.model.plan import Act, Ask
from cockpit.model.view import Entry, Stage
from cockpit.session.acts.journal import Journal
from tests.journeys.flight import Pilot, cockpit_on
from tests.places import Place, seed

ROUTE = "route1"
CLASS = {
    "apiVersion": "networking.k8s.io/v1",
    "kind": "IngressClass",
    "metadata": {"name": "apig"},
    "spec": {"controller": "k8s.io/ingress-nginx"},
}
WEIGHT = "nginx.ingress.kubernetes.io/canary-weight"


def told(pilot: Pilot, origin: Origin, test: Callable[[Entry], bool] = lambda entry: True) -> list[Entry]:
    return [entry for entry in pilot.cockpit.view().journal if entry.origin is origin and test(entry)]


def viewer(place: Place) -> str:
    """The context whose user may read everything and write nothing."""
    names = [str(each["name"]) for each in yaml.safe_load(place.kubeconfig.read_text())["contexts"]]
    return next(name for name in names if name.endswith("viewer"))


async def test_acts_notes_and_other_tools_in_one_journal(place: Place, tmp_path: Path) -> None:
    place.apply(CLASS)
    place.apply(*seed("weight-http-server-v1"), *seed("weight-ingress1"), *seed("weight-http-server-v2"))
    place.apply(*seed("weight-ingress2"))
    place.ready("http-server-v1", "http-server-v2")
    async with AsyncExitStack() as stack:

        async def pilot(folder: str, *contexts: str) -> Pilot:
            opened = cockpit_on(
                place.kubeconfig, place.namespace, tmp_path / folder / "journal.jsonl", contexts=contexts
            )
            made = Pilot(await stack.enter_async_context(opened), place)
            made.cockpit.follow_others()
            await made.until_seen(ROUTE, lambda shown: len(shown.rollout.own_versions) == 2)
            return made

        ann, bob, watcher = await pilot("ann"), await pilot("bob"), await pilot("watcher", viewer(place))
        await ann.do(ROUTE, Ask(Act.SET_WEIGHT, weights=(("v2", 0.5),)))

        def verified(entry: Entry) -> bool:
            return entry.act == "set-weight" and entry.stage is Stage.VERIFIED

        for other in (bob, watcher):
            await other.until("ann's act", lambda other=other: told(other, Origin.EVENT, verified))  # type: ignore[misc]
            [entry] = told(other, Origin.EVENT, verified)
            assert "admin" in entry.who
            assert not told(other, Origin.CHANGE), "what an act wrote is not told twice"
        assert not told(ann, Origin.EVENT)

        plan = await bob.plan(ROUTE, Ask(Act.UNDO))
        assert plan.plan.title.startswith("undo ")
        assert "admin" in plan.plan.title
        undone = await bob.do(ROUTE, Ask(Act.UNDO))
        assert undone.stage is Stage.VERIFIED
        await ann.until("bob's undo", lambda: told(ann, Origin.EVENT, lambda entry: entry.act == "undo"))

        await bob.cockpit.note(bob.key(ROUTE), "users report errors")
        await ann.until("bob's note", lambda: told(ann, Origin.EVENT, lambda entry: entry.act == "note"))

        canary = next(doc["metadata"]["name"] for doc in seed("weight-ingress2") if doc["kind"] == "Ingress")
        place.merge("Ingress", canary, {"metadata": {"annotations": {WEIGHT: "70"}}})
        for each in (ann, bob, watcher):
            await each.until("another tool's change", lambda each=each: told(each, Origin.CHANGE))  # type: ignore[misc]
            [change] = told(each, Origin.CHANGE)
            assert "httpx" in change.who
            assert "70%" in change.title

    kept = list(Journal(tmp_path / "watcher" / "journal.jsonl").everything())
    assert {entry.act for entry in kept} >= {"set-weight", "undo", "note", "change"}
    events = place.client.get(place.path("Event"), params={"fieldSelector": "source=rollout-cockpit"}).json()["items"]
    assert {event["reason"] for event in events} == {"CockpitSetWeight", "CockpitUndo", "CockpitNote"}
    assert all(event["message"].count("verified") for event in events if event["reason"] != "CockpitNote")
