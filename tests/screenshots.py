"""`python -m tests.screenshots [FOLDER]` draws the pictures of the README from the embedded cluster.

The stories are moved along by the cluster's own clock, so that it takes seconds; everything that is
shown was read and measured, as in any session.
"""

from __future__ import annotations

import asyncio
import re
import sys
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from typing import cast
from xml.etree import ElementTree

from textual.pilot import Pilot

from cockpit.model.rollout import Verdict
from cockpit.model.view import FleetView
from cockpit.session.port import Cockpit
from cockpit.session.session import Session
from cockpit.tui.app import CockpitApp
from cockpit.tui.screens.plan import PlanDialog
from tests.journeys.flight import cockpit_on
from tests.places import demo_process, open_client

FOLDER = Path(__file__).parents[1] / "screenshots"
ANSWERS = 250
LARGE, SMALL = (120, 36), (80, 24)

Draw = Callable[[Pilot[object]], Awaitable[None]]


@dataclass(frozen=True)
class Scene:
    """Scenarios, how long they have been told, and the rollouts that are sampled until each lane has its verdict."""

    scenarios: tuple[str, ...]
    seconds: int
    rollouts: frozenset[str]


# The canary Ingress has come to 30% by then, the broken canary to 25%.
STORIES = Scene(("blue-green", "canary-ingress", "broken-canary"), 75, frozenset({"demo-service", "route1", "pay"}))
# The Rollout behind nginx waits for approval of its first pause.
APPROVALS = Scene(("argo-canary",), 60, frozenset({"cart"}))


def tell_the_stories(kubeconfig: Path, seconds: int) -> None:
    """Move the cluster's time in small steps, so that its controllers keep up, then let it run on."""
    with open_client(kubeconfig) as client:
        client.post("/demo/clock", json={"hold": True}).raise_for_status()
        for _ in range(seconds * 2):
            client.post("/demo/clock", json={"advance": 0.5}).raise_for_status()
            client.get("/api/v1/pods", params={"limit": "1"}).raise_for_status()
        client.post("/demo/clock", json={"release": True}).raise_for_status()


async def sampled(cockpit: Session, names: frozenset[str]) -> None:
    """Probe these rollouts until each lane has its verdict."""
    news = asyncio.Event()
    cockpit.subscribe(lambda _: news.set())
    probed = set()
    async with asyncio.timeout(90):
        while True:
            shown = [view for view in cockpit.view().rollouts if view.rollout.key.name in names]
            for view in shown:
                if view.rollout.key not in probed and view.rollout.door:
                    probed.add(view.rollout.key)
                    await cockpit.probe(view.rollout.key, True)
            lanes = [lane for view in shown for lane in view.rollout.lanes]
            if len(shown) == len(names) and all(
                lane.samples >= ANSWERS and lane.verdict is Verdict.ON for lane in lanes
            ):
                return
            news.clear()
            await news.wait()


@asynccontextmanager
async def demo_cockpit(scene: Scene) -> AsyncIterator[Still]:
    """A session on the stories as they stand, sampled."""
    with demo_process(*scene.scenarios, "--seed", "5") as ready:
        kubeconfig = Path(ready["kubeconfig"])
        await asyncio.to_thread(tell_the_stories, kubeconfig, scene.seconds)
        async with cockpit_on(kubeconfig, None) as cockpit:
            await sampled(cockpit, scene.rollouts)
            still = Still(cockpit)
            for view in cockpit.view().rollouts:
                await cockpit.probe(view.rollout.key, False)
            yield still


class Still:
    """A session seen at one moment: what is shown stands still, plans are made by the session."""

    def __init__(self, session: Session) -> None:
        self._view = session.view()
        self.prepare = session.prepare

    def view(self) -> FleetView:
        return self._view

    def subscribe(self, listener: Callable[[FleetView], None]) -> Callable[[], None]:
        return lambda: None


async def on_fleet(pilot: Pilot[object]) -> None:
    await pilot.pause()


async def on_rollout(pilot: Pilot[object]) -> None:
    await pilot.press("slash", *"route1", "enter", "enter")


async def on_broken(pilot: Pilot[object]) -> None:
    await pilot.press("slash", *"pay", "enter", "enter")


async def the_plan(pilot: Pilot[object]) -> None:
    """Wait until the server has answered the dry run."""
    async with asyncio.timeout(20):
        while not isinstance(pilot.app.screen, PlanDialog):
            await pilot.pause(0.05)


async def on_plan(pilot: Pilot[object]) -> None:
    await on_rollout(pilot)
    await pilot.press("w", "plus", "plus", "enter")
    await the_plan(pilot)


async def on_roll_back(pilot: Pilot[object]) -> None:
    await on_broken(pilot)
    await pilot.press("r")
    await the_plan(pilot)


async def on_approval(pilot: Pilot[object]) -> None:
    await pilot.press("slash", *"cart", "enter", "enter")


async def on_help(pilot: Pilot[object]) -> None:
    await pilot.press("question_mark")


PICTURES: tuple[tuple[str, Scene, str, tuple[int, int], Draw], ...] = (
    ("fleet", STORIES, "dark", LARGE, on_fleet),
    ("fleet-80x24", STORIES, "dark", SMALL, on_fleet),
    ("rollout", STORIES, "dark", LARGE, on_rollout),
    ("rollout-80x24", STORIES, "dark", SMALL, on_rollout),
    ("rollout-light", STORIES, "light", LARGE, on_rollout),
    ("broken-canary", STORIES, "dark", LARGE, on_broken),
    ("plan", STORIES, "dark", LARGE, on_plan),
    ("roll-back", STORIES, "dark", SMALL, on_roll_back),
    ("help", STORIES, "dark", LARGE, on_help),
    ("approval", APPROVALS, "dark", LARGE, on_approval),
)


async def draw(folder: Path) -> None:
    """Write every picture into the folder, which is there."""
    for scene in (STORIES, APPROVALS):
        await draw_scene(scene, folder)


async def draw_scene(scene: Scene, folder: Path) -> None:
    async with demo_cockpit(scene) as cockpit:
        for name, _, theme, size, way in (picture for picture in PICTURES if picture[1] is scene):
            app = CockpitApp(
                cast(Cockpit, cockpit), theme=theme, keymap={}, themes_dir=None, glyphs="unicode", zone=UTC
            )
            async with app.run_test(size=size) as pilot:
                await way(pilot)
                await pilot.pause()
                (folder / f"{name}.svg").write_text(app.export_screenshot(title="cockpit"))


def words(svg: str) -> Counter[str]:
    """The words of a picture: what stays when it is drawn again from other answers at another time."""
    texts = "\n".join(
        "".join(node.itertext()) for node in ElementTree.fromstring(svg).iter() if node.tag.endswith("text")
    )
    found = re.findall(r"[A-Za-z][A-Za-z-]{2,}", texts)
    # How grave a share of errors is depends on the answers that came.
    return Counter(word for word in found if word not in ("critical", "warning"))


if __name__ == "__main__":
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    asyncio.run(draw(folder))
