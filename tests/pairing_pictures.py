"""The pictures of two people on one release: the scripted colleague's scenario, drawn while its clock stands still."""

from __future__ import annotations

import tempfile
from pathlib import Path

from textual.pilot import Pilot

from cockpit.model.view import Stage
from tests.colleague.company import Company, company
from tests.screenshots import SMALL, Draw, Still, drawn

NAMES = ("pairing", "controls")


async def draw_pairing(folder: Path) -> None:
    """Who is here and who has the controls, then what can be done about an offer of them."""
    with tempfile.TemporaryDirectory() as state:
        async with company(Path(state)) as made:
            await made.passing("the act is done", lambda: acted(made))
            (folder / "pairing.svg").write_text(await picture(made, on_rollout))
            await made.passing("the offer", lambda: made.pilot and made.pilot.offered)
            (folder / "controls.svg").write_text(await picture(made, on_controls))


async def picture(made: Company, way: Draw) -> str:
    still = Still(made.cockpit, made.cockpit.view())
    return await drawn(still, "dark", SMALL, way, now=made.clock.now)


def acted(made: Company) -> bool:
    """Whether the colleague's act is known to have come about, and nothing is under way any more."""
    acts = [entry for entry in made.cockpit.view().journal if entry.act == "set-weight"]
    done = [entry.stage for entry in acts] == [Stage.VERIFIED]
    return done and made.pilot is not None and not made.pilot.acting and len(made.notes) == 1


async def on_rollout(pilot: Pilot[None]) -> None:
    await pilot.press("slash", *"orders", "enter", "enter")


async def on_controls(pilot: Pilot[None]) -> None:
    await on_rollout(pilot)
    await pilot.press("K")
