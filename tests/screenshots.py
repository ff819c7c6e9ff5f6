"""`python -m tests.screenshots [FOLDER]` draws the pictures of the README from the embedded cluster.

The stories are moved along by the cluster's own clock, so that it takes seconds, and end where somebody takes over;
everything that is shown was read and measured, as in any session. While the pictures are drawn the clock stands still.
"""

from __future__ import annotations

import asyncio
import re
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from typing import cast
from xml.etree import ElementTree

import httpx
from textual.pilot import Pilot

from cockpit.model.health import Health
from cockpit.model.plan import Act, Ask
from cockpit.model.refs import RolloutKey
from cockpit.model.rollout import Severity, Verdict
from cockpit.model.view import FleetView, Prepared, RolloutView, Stage
from cockpit.session.port import Cockpit
from cockpit.session.session import Session
from cockpit.tui.app import CockpitApp
from cockpit.tui.screens.plan import PlanDialog
from tests.journeys.flight import cockpit_on
from tests.moving_picture import moving
from tests.places import demo_process, move_clock, open_client

FOLDER = Path(__file__).parents[1] / "screenshots"
ANSWERS = 250
# Seconds for a machine that does much else: more answers are wanted until a failing version is certain.
PATIENCE = 240
LARGE, SMALL = (120, 36), (80, 24)

Draw = Callable[[Pilot[None]], Awaitable[None]]


@dataclass(frozen=True)
class Scene:
    """Scenarios, how long they are played, and the rollouts that are sampled until each lane has its verdict.

    Each rollout is named by the path of the object by which somebody then takes over its story.
    """

    scenarios: tuple[str, ...]
    seconds: int
    rollouts: tuple[str, ...]
    findings: frozenset[tuple[str, str, Severity]] = frozenset()  # warnings and worse: rollout, id, severity

    @property
    def names(self) -> frozenset[str]:
        return frozenset(path.rpartition("/")[2] for path in self.rollouts)


INGRESSES = "/apis/networking.k8s.io/v1/namespaces/{}/ingresses/{}"
# Long after the canary Ingress came to 30%, the broken canary to 25% and the Service back to v1, and long before the
# next step of any of them, so that it does not matter how late the clock was stopped.
STORIES = Scene(
    ("blue-green", "canary-ingress", "broken-canary"),
    82,
    (
        "/api/v1/namespaces/shop/services/demo-service",
        INGRESSES.format("web", "route1"),
        INGRESSES.format("payments", "pay"),
    ),
    findings=frozenset({("pay", "errors", Severity.CRITICAL), ("pay", "slower", Severity.WARNING)}),
)
# The Rollout behind nginx waits for approval of its first pause.
APPROVALS = Scene(("argo-canary",), 60, ("/apis/argoproj.io/v1alpha1/namespaces/argo-canary/rollouts/cart",))
# The broken canary alone: its pods fail from the moment on at which the picture wants it.
RELEASE = Scene(
    ("broken-canary",),
    82,
    (INGRESSES.format("payments", "pay"),),
    findings=frozenset({("pay", "errors", Severity.CRITICAL), ("pay", "slower", Severity.WARNING)}),
)


def play_the_stories(client: httpx.Client, scene: Scene) -> None:
    """Move the cluster's time in small steps, so that its controllers keep up, and end each story where it stands.

    Then the clock runs on, because the pods answer by it.
    """
    move_clock(client, hold=True)
    for _ in range(scene.seconds * 2):
        move_clock(client, advance=0.5)
        client.get("/api/v1/pods", params={"limit": "1"}).raise_for_status()
    for path in scene.rollouts:
        client.patch(
            path,
            content='{"metadata": {"annotations": {"example.com/note": "taken over"}}}',
            headers={"Content-Type": "application/merge-patch+json"},
        ).raise_for_status()
    move_clock(client, release=True)


async def sampled(cockpit: Session, scene: Scene) -> FleetView:
    """Probe the rollouts until each lane has its verdict, and until what is found is what the scene wants."""
    news = asyncio.Event()
    cockpit.subscribe(lambda _: news.set())
    probed = set()
    async with asyncio.timeout(PATIENCE):
        while True:
            fleet = cockpit.view()
            shown = [view for view in fleet.rollouts if view.rollout.key.name in scene.names]
            for view in shown:
                if view.rollout.key not in probed and view.rollout.probe_target:
                    probed.add(view.rollout.key)
                    await cockpit.probe(view.rollout.key, True)
            lanes = [lane for view in shown for lane in view.rollout.lanes]
            judged = all(lane.samples >= ANSWERS and lane.verdict is Verdict.ON for lane in lanes)
            found = {(view.rollout.key.name, f.id, f.severity) for view in shown for f in view.rollout.findings}
            grave = {each for each in found if each[2] is not Severity.INFO}
            decided = all(view.health.health in (Health.HURT, Health.FINE) for view in shown)
            if len(shown) == len(scene.names) and judged and decided and grave == scene.findings:
                return fleet
            news.clear()
            await news.wait()


@asynccontextmanager
async def demo_cockpit(scene: Scene) -> AsyncIterator[Still]:
    """A session on the stories as they stand, sampled."""
    with demo_process(*scene.scenarios, "--seed", "5") as ready, open_client(Path(ready["kubeconfig"])) as client:
        await asyncio.to_thread(play_the_stories, client, scene)
        async with cockpit_on(Path(ready["kubeconfig"]), None) as cockpit:
            fleet = await sampled(cockpit, scene)
            await asyncio.to_thread(move_clock, client, hold=True)
            still = Still(cockpit, fleet)
            for view in fleet.rollouts:
                await cockpit.probe(view.rollout.key, False)
            yield still


class Still:
    """A session seen at one moment: what is shown stands still, plans are made by the session."""

    def __init__(self, session: Session, fleet: FleetView) -> None:
        self._view = fleet
        self.prepare, self.outline, self.outdated, self.events = (
            session.prepare,
            session.outline,
            session.outdated,
            session.events,
        )

    def view(self) -> FleetView:
        return self._view

    def subscribe(self, listener: Callable[[FleetView], None]) -> Callable[[], None]:
        return lambda: None

    def select(self, keys: Collection[RolloutKey]) -> None:
        """Nothing is sampled any more."""

    def follow_others(self) -> None:
        """Nobody else acts in a picture."""


async def read(pilot: Pilot[None]) -> None:
    """Wait until what the screen reads besides the view is there: events, and what the way back would send."""
    async with asyncio.timeout(PATIENCE):
        await pilot.app.workers.wait_for_complete()
    await pilot.pause()


async def on_fleet(pilot: Pilot[None]) -> None:
    await pilot.pause()


async def on_rollout(pilot: Pilot[None]) -> None:
    await pilot.press("slash", *"route1", "enter", "enter")


async def on_broken(pilot: Pilot[None]) -> None:
    await pilot.press("slash", *"pay", "enter", "enter")


async def the_plan(pilot: Pilot[None]) -> None:
    """Wait until the server has answered the dry run, and its answer is drawn."""
    async with asyncio.timeout(PATIENCE):
        while not (isinstance(pilot.app.screen, PlanDialog) and isinstance(pilot.app.screen.prepared, Prepared)):
            await pilot.pause(0.05)


async def on_plan(pilot: Pilot[None]) -> None:
    await on_rollout(pilot)
    await pilot.press("w", "plus", "plus", "enter")
    await the_plan(pilot)


async def on_roll_back(pilot: Pilot[None]) -> None:
    await on_broken(pilot)
    await pilot.press("r")
    await the_plan(pilot)


async def on_approval(pilot: Pilot[None]) -> None:
    await pilot.press("slash", *"cart", "enter", "enter")


async def on_help(pilot: Pilot[None]) -> None:
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
    await draw_release(folder)


async def draw_scene(scene: Scene, folder: Path) -> None:
    async with demo_cockpit(scene) as cockpit:
        for name, _, theme, size, way in (picture for picture in PICTURES if picture[1] is scene):
            (folder / f"{name}.svg").write_text(await drawn(cockpit, theme, size, way))


async def drawn(
    cockpit: Still, theme: str, size: tuple[int, int], way: Draw, now: Callable[[], float] = time.time
) -> str:
    """The screen as SVG after somebody has gone this way."""
    app = CockpitApp(cast(Cockpit, cockpit), theme=theme, keymap={}, themes_dir=None, zone=UTC, now=now)
    async with app.run_test(size=size) as pilot:
        await way(pilot)
        await read(pilot)
        return app.export_screenshot(title="cockpit")


async def draw_release(folder: Path) -> None:
    """A canary that is fine, then fails, and is rolled back: its moments in one picture that moves."""
    with demo_process(*RELEASE.scenarios, "--seed", "5") as ready, open_client(Path(ready["kubeconfig"])) as client:
        await asyncio.to_thread(play_the_stories, client, RELEASE)
        await asyncio.to_thread(answer_with, client, "0", "0.02")
        async with cockpit_on(Path(ready["kubeconfig"]), None) as cockpit:
            fine = await moment(cockpit, lambda view: view.health.health is Health.FINE and sure(view))
            frames = [(await drawn(Still(cockpit, fine), "dark", SMALL, on_broken), 4.0)]
            await asyncio.to_thread(answer_with, client, "0.2", "0.25")
            hurt = await moment(cockpit, lambda view: grave_of(view) == RELEASE.findings and sure(view))
            frames.append((await drawn(Still(cockpit, hurt), "dark", SMALL, on_broken), 4.0))
            frames.append((await drawn(Still(cockpit, hurt), "dark", SMALL, on_roll_back), 4.0))
            await roll_back(cockpit)
            back = await moment(cockpit, lambda view: view.health.health is Health.FINE and sure(view))
            frames.append((await drawn(Still(cockpit, back), "dark", SMALL, on_broken), 5.0))
    (folder / "release.svg").write_text(moving(frames))


def answer_with(client: httpx.Client, error_rate: str, latency: str) -> None:
    """From now on the pods of v2 fail so many requests, and take so many seconds for one."""
    pods = "/api/v1/namespaces/payments/pods"
    found = client.get(pods, params={"labelSelector": "version=v2"}).raise_for_status().json()["items"]
    notes = {"demo.cockpit/error-rate": error_rate, "demo.cockpit/latency": latency}
    for pod in found:
        client.patch(
            f"{pods}/{pod['metadata']['name']}",
            json={"metadata": {"annotations": notes}},
            headers={"Content-Type": "application/merge-patch+json"},
        ).raise_for_status()


async def moment(cockpit: Session, there: Callable[[RolloutView], bool]) -> FleetView:
    """The view in which the sampled canary is so."""
    news = asyncio.Event()
    leave = cockpit.subscribe(lambda _: news.set())
    async with asyncio.timeout(PATIENCE):
        while True:
            fleet = cockpit.view()
            for view in (each for each in fleet.rollouts if each.rollout.key.name in RELEASE.names):
                if not view.probe.running and view.rollout.probe_target:
                    await cockpit.probe(view.rollout.key, True)
                if there(view):
                    leave()
                    return fleet
            news.clear()
            await news.wait()


def sure(view: RolloutView) -> bool:
    """Whether each lane has its verdict, from many answers."""
    lanes = view.rollout.lanes
    return bool(lanes) and all(lane.samples >= ANSWERS and lane.verdict is Verdict.ON for lane in lanes)


def grave_of(view: RolloutView) -> set[tuple[str, str, Severity]]:
    """Warnings and worse."""
    found = ((view.rollout.key.name, each.id, each.severity) for each in view.rollout.findings)
    return {each for each in found if each[2] is not Severity.INFO}


async def roll_back(cockpit: Session) -> None:
    """All users back to v1, seen in the traffic."""
    key = next(view.rollout.key for view in cockpit.view().rollouts if view.rollout.key.name in RELEASE.names)
    prepared = await cockpit.prepare(key, Ask(Act.ROLLBACK))
    assert isinstance(prepared, Prepared), prepared
    outcome = await cockpit.send(prepared, wait=PATIENCE)
    assert outcome.stage is Stage.VERIFIED, outcome


def words(svg: str) -> Counter[str]:
    """The words of a picture: what stays when it is drawn again from other answers at another time."""
    found = re.findall(r"[A-Za-z][A-Za-z-]{2,}", "\n".join(rows(svg)))
    return Counter(word for word in found if word != "now")  # an age, as "2s" is


def rows(svg: str) -> list[str]:
    """The rows of the screen; a picture cuts them, even within a word, where the style changes or is drawn anew."""
    texts: dict[float, list[tuple[float, float, str]]] = {}
    for node in ElementTree.fromstring(svg).iter():
        if node.tag.endswith("text"):
            left, width = float(node.get("x", 0)), float(node.get("textLength", 0))
            texts.setdefault(float(node.get("y", 0)), []).append((left, left + width, "".join(node.itertext())))
    return [_joined(sorted(row)) for _, row in sorted(texts.items())]


def _joined(row: list[tuple[float, float, str]]) -> str:
    line, end = "", 0.0
    for left, right, text in row:
        line += text if left - end < 1 else f" {text}"
        end = right
    return line


if __name__ == "__main__":
    from tests.pairing_pictures import draw_pairing  # it draws with what is above

    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    asyncio.run(draw(folder))
    asyncio.run(draw_pairing(folder))
