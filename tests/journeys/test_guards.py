"""An armed guard on a real release: a broken canary is aborted and nobody had to look; a healthy one is left alone."""

from __future__ import annotations

import json
from pathlib import Path

from cockpit.model.guard import GuardOrder, GuardState, GuardView, parse_conditions
from cockpit.model.journal import HEALTH
from cockpit.model.plan import Act, Ask
from cockpit.model.rollout import Phase
from cockpit.model.view import RolloutView
from cockpit.session.journal.foreign import CHANGE
from tests.journeys.argo import (
    IMAGE,
    NAME,
    NEW,
    NGINX,
    OLD,
    ROLLOUTS,
    Steps,
    at_rest,
    at_step,
    in_phase,
    ingress,
    probe_at,
    release,
    services,
    standing,
    start,
    written,
)
from tests.journeys.flight import Pilot, flying
from tests.places import Place

HALF: Steps = [{"setWeight": 50}, {"pause": {}}]


def broken(place: Place) -> None:
    """A new version that fails three requests in ten."""
    (container,) = release([])["spec"]["template"]["spec"]["containers"]
    template = {
        "metadata": {"annotations": {"demo.cockpit/error-rate": "0.3"}},
        "spec": {"containers": [{**container, "image": f"{IMAGE}:{NEW}"}]},
    }
    place.merge(ROLLOUTS, NAME, {"spec": {"template": template}})


def answers(shown: RolloutView) -> bool:
    """Whether versions answered the newest requests: a real gateway takes a while to serve a new Ingress."""
    newest = shown.probe.strip[-50:]
    return len(newest) == 50 and all(cell.version for cell in newest)


async def armed(pilot: Pilot, *conditions: str) -> None:
    await probe_at(pilot)
    await pilot.until_seen(NAME, answers, "versions answer")
    order = GuardOrder(parse_conditions(conditions), armed=True, seconds=600.0)
    assert await pilot.cockpit.guard(pilot.key(NAME), order) == ""


async def in_state(pilot: Pilot, state: GuardState) -> GuardView:
    shown = await pilot.until_seen(NAME, lambda s: s.guard and s.guard.state is state, f"guard: {state}")
    assert shown.guard
    return shown.guard


def journal(folder: Path) -> list[tuple[str, str]]:
    """What sessions with this folder did; of others they keep what Events tell, in the order in which it came."""
    lines = [json.loads(line) for line in (folder / "journal.jsonl").read_text().splitlines()]
    lines = [line for line in lines if line["act"] not in (HEALTH, CHANGE) and line["origin"] == "here"]
    return [(line["stage"], line["title"]) for line in lines]


async def test_a_broken_canary_is_aborted_by_its_guard(place: Place, tmp_path: Path) -> None:
    async with flying(place, tmp_path) as pilot:
        await standing(place, pilot, *services(), ingress(), release(HALF, NGINX))
        broken(place)
        await at_step(pilot, 2)
        await armed(pilot, "hurt for 2s", "errors > 5% worse")
        found = await in_state(pilot, GuardState.ACTED)
        assert "abort, because " in found.words
        assert f"{NEW} fails " in found.words
        assert "Verified" in found.words
        shown = await in_phase(pilot, Phase.ABORTED)
        assert written(shown) == {OLD: 1.0}
        stable = place.get(ROLLOUTS, NAME)
        assert stable
        assert stable["status"]["abort"] is True
        titles = journal(tmp_path)
        assert titles[0][1].startswith("guard armed until ")
        assert ("noted", "guard acts: abort") in titles
        assert [stage for stage, _ in titles].count("sending") == 1
        await pilot.until("the journal's last line", lambda: journal(tmp_path)[-1] == ("noted", "guard acted: abort"))


async def test_a_healthy_release_is_left_alone_until_it_ends(place: Place, tmp_path: Path) -> None:
    for folder in ("guarding", "hand"):
        (tmp_path / folder).mkdir()
    async with flying(place, tmp_path / "guarding") as pilot, flying(place, tmp_path / "hand") as hand:
        await standing(place, hand, *services(), ingress(), release(HALF, NGINX))
        await start(place, hand)
        await at_step(pilot, 2)
        await armed(pilot, "hurt for 2s", "errors worse", "split off", "nobody answers")
        shown = await pilot.until_seen(NAME, lambda s: s.probe.total >= 400)
        assert shown.guard
        assert shown.guard.state is GuardState.WATCHING, shown.guard.words
        # Another session approves: it knows nothing of this guard.
        await hand.do(NAME, Ask(Act.APPROVE))
        await at_rest(pilot, NEW)
        found = await in_state(pilot, GuardState.ENDED)
        assert found.words == f"the release ended: at rest on {NEW}"
        assert [title.split(" until")[0] for _, title in journal(tmp_path / "guarding")] == [
            "guard armed",
            "armed guard ended",
        ]
