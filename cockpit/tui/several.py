"""One act on several rollouts: what is asked of each, how they are sent, and how far each came; without a terminal."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from cockpit.model.counts import counted
from cockpit.model.plan import Act, Ask, Refused
from cockpit.model.refs import RolloutKey
from cockpit.model.rollout import Owner
from cockpit.model.text import safe_text
from cockpit.model.view import FleetView, Outcome, Prepared, Stage
from cockpit.session.port import Cockpit
from cockpit.tui.acting import state_of, undo_state
from cockpit.tui.keys import Key

# A session keeps 32 prepared plans until they are sent, and nobody reads a longer list.
MOST = 20


@dataclass(frozen=True, slots=True)
class Item:
    """One rollout of several. `why` is set if nothing is asked of it: why the act does not apply.

    `ask` is None until its arguments are known, `answer` until it is planned. `outdated` says why its plan would be
    refused by now, `outcome` is its latest stage.
    """

    rollout: RolloutKey
    act: Act
    why: str = ""
    owners: tuple[Owner, ...] = ()
    ask: Ask | None = None
    answer: Prepared | Refused | None = None
    outdated: str = ""
    outcome: Outcome | None = None

    @property
    def left_out(self) -> str:
        """Why nothing can be sent to it; "" if something can, or if that is not known yet."""
        if self.why or self.answer is None:
            return self.why
        return self.answer.why if isinstance(self.answer, Refused) else self.answer.blocked

    @property
    def prepared(self) -> Prepared | None:
        """The plan, if it can be sent."""
        return self.answer if isinstance(self.answer, Prepared) and not self.answer.blocked else None


def items_for(key: Key, marked: Sequence[RolloutKey], view: FleetView) -> list[Item]:
    """The act of a key on each marked rollout, in the order in which they were marked; an undo goes backwards."""
    shown = {each.rollout.key: each for each in view.rollouts}
    items = []
    for rollout in reversed(marked) if Act.UNDO in key.acts else marked:
        found = shown.get(rollout)
        if found is None and Act.UNDO not in key.acts:
            items.append(Item(rollout, key.acts[0], "this rollout is gone"))
            continue
        # An act may have removed the rollout; undo brings it back.
        state = state_of(key, found, view.read_only) if found else undo_state(view.read_only)
        why = "" if state.enabled else _without_name(state.why, rollout)
        items.append(Item(rollout, state.act, why, found.rollout.owners if found else ()))
    return items


def _without_name(why: str, rollout: RolloutKey) -> str:
    """Why an act does not apply; the name stands above it."""
    return why.removeprefix(f"{safe_text(rollout.name)}: ")


async def send_in_turn(
    cockpit: Cockpit, plans: Sequence[Prepared], report: Callable[[int, Outcome], None]
) -> list[Outcome | None]:
    """Send one after the other and stop at the first that fails; None for those that were not sent.

    What lowers exposure follows as soon as the server accepted the one before; what raises it waits until the one
    before took effect. `report` is called in this loop's thread.
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

        task = asyncio.create_task(_sent(cockpit, prepared, tell))
        tasks.append(task)
        await (asyncio.wait([task]) if prepared.plan.raises else _first(task, accepted))
        if any(each.done() and failed(each.result()) for each in tasks):
            break
    outcomes: list[Outcome | None] = list(await asyncio.gather(*tasks))
    return outcomes + [None] * (len(plans) - len(tasks))


async def _sent(cockpit: Cockpit, prepared: Prepared, tell: Callable[[Outcome], None]) -> Outcome:
    try:
        outcome = await cockpit.send(prepared, report=tell)
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


def ended_words(items: Iterable[Item], undo_key: str) -> str:
    """Which were done, where it stopped, which were not sent, and how to undo what was done."""
    sendable = [item for item in items if item.prepared is not None]
    done = [item for item in sendable if item.outcome and not failed(item.outcome)]
    bad = [item for item in sendable if item.outcome and failed(item.outcome)]
    left = [item for item in sendable if item.outcome is None]
    words = f"done: {_names(done)}" if done else "none was done"
    if bad:
        words += f"; stopped at {_names(bad)}"
    if left:
        words += f"; not sent: {_names(left)}"
    undo = [item for item in sendable if reached_cluster(item.outcome) and _can_be_undone(item)]
    if undo:
        what = "it" if len(undo) == 1 else f"these {counted(len(undo), 'act')}"
        words += f". {undo_key} in the fleet undoes {what}: what was sent stays marked"
    return words


def _can_be_undone(item: Item) -> bool:
    return item.act is not Act.UNDO and item.prepared is not None and bool(item.prepared.plan.undo)


def _names(items: Sequence[Item]) -> str:
    return ", ".join(safe_text(item.rollout.name, 63) for item in items)
