"""One act on several rollouts: what is asked of each, and how far each came; without a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from cockpit.model.counts import counted
from cockpit.model.plan import Act, Ask, Refused
from cockpit.model.refs import RolloutKey
from cockpit.model.rollout import Owner
from cockpit.model.text import safe_text
from cockpit.model.values import dataclass
from cockpit.model.view import FleetView, Outcome, Prepared
from cockpit.session.acts.several import course_words, failed, reached_cluster
from cockpit.tui.acting import state_of, undo_state
from cockpit.tui.keys import Key


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


def ended_words(items: Iterable[Item], undo_key: str) -> str:
    """Which were done, where it stopped, which were not sent, and how to undo what was done."""
    sendable = [item for item in items if item.prepared is not None]
    done = [item for item in sendable if item.outcome and not failed(item.outcome)]
    bad = [item for item in sendable if item.outcome and failed(item.outcome)]
    left = [item for item in sendable if item.outcome is None]
    words = course_words(*([item.rollout.name for item in each] for each in (done, bad, left)))
    undo = [item for item in sendable if reached_cluster(item.outcome) and _can_be_undone(item)]
    if undo:
        what = "it" if len(undo) == 1 else f"these {counted(len(undo), 'act')}"
        words += f". {undo_key} in the fleet undoes {what}: what was sent stays marked"
    return words


def _can_be_undone(item: Item) -> bool:
    return item.act is not Act.UNDO and item.prepared is not None and item.prepared.plan.undoable
