"""One act on several rollouts: sent one after another, and told of; for the screen and the command line."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from cockpit.model.text import safe_text
from cockpit.model.view import Outcome, Prepared, Stage
from cockpit.session.port import Cockpit

# A session keeps 32 prepared plans until they are sent, and nobody reads a longer list.
MOST = 20
# How long the objects and the traffic of each are waited for.
SECONDS = 30.0


async def send_in_turn(
    cockpit: Cockpit, plans: Sequence[Prepared], report: Callable[[int, Outcome], None], wait: float = SECONDS
) -> list[Outcome | None]:
    """Send one after the other and stop at the first that fails; None for those that were not sent.

    What lowers exposure follows as soon as the server accepted the one before; what raises it waits until the one
    before took effect. `wait` is for each, as the port's; `report` is called in this loop's thread.
    """
    loop, tasks = asyncio.get_running_loop(), list[asyncio.Task[Outcome]]()
    for number, prepared in enumerate(plans):
        accepted = asyncio.Event()

        def tell(outcome: Outcome, number: int = number, goes_on: asyncio.Event = accepted) -> None:
            def here() -> None:
                report(number, outcome)
                if outcome.stage is Stage.SENT:
                    goes_on.set()

            loop.call_soon_threadsafe(here)

        task = asyncio.create_task(_sent(cockpit, prepared, wait, tell))
        tasks.append(task)
        await (asyncio.wait([task]) if prepared.plan.raises else _first(task, accepted))
        if any(each.done() and failed(each.result()) for each in tasks):
            break
    outcomes: list[Outcome | None] = list(await asyncio.gather(*tasks))
    return outcomes + [None] * (len(plans) - len(tasks))


async def _sent(cockpit: Cockpit, prepared: Prepared, wait: float, tell: Callable[[Outcome], None]) -> Outcome:
    try:
        outcome = await cockpit.send(prepared, wait=wait, report=tell)
    except Exception as error:
        outcome = Outcome(Stage.UNKNOWN, f"{type(error).__name__}: {error}", prepared.plan)
    tell(outcome)
    return outcome


async def _first(task: asyncio.Task[Outcome], accepted: asyncio.Event) -> None:
    """Wait until the act has ended, or was accepted."""
    waiting = asyncio.create_task(accepted.wait())
    await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()


def failed(outcome: Outcome) -> bool:
    """Whether nothing more is sent after this outcome."""
    return outcome.stage in (Stage.REFUSED, Stage.UNKNOWN, Stage.UNVERIFIED) and not outcome.superseded


def reached_cluster(outcome: Outcome | None) -> bool:
    """Whether an act changed the cluster, or may have."""
    return outcome is not None and (outcome.stage is not Stage.REFUSED or outcome.partial)


def course_words(done: Sequence[str], stopped: Sequence[str], left: Sequence[str]) -> str:
    """Which were done, where it stopped, and which were not sent, by name."""
    words = f"done: {_listed(done)}" if done else "none was done"
    if stopped:
        words += f"; stopped at {_listed(stopped)}"
    if left:
        words += f"; not sent: {_listed(left)}"
    return words


def _listed(names: Sequence[str]) -> str:
    return ", ".join(safe_text(name, 200) for name in names)
