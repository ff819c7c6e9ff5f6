"""The question that leaving with an armed guard raises: it would end with the screen."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

from cockpit.model.durations import duration_words
from cockpit.model.shell_line import bounded_line, shell_line
from cockpit.model.text import safe_text
from cockpit.model.view import FleetView, RolloutView
from cockpit.tui.lines import Line, Span, wrap
from cockpit.tui.screens.ask import ChoiceForm


class Leave(Enum):
    """What to do with armed guards on the way out."""

    STAY = "stay"
    PRINT = "print"
    DISARM = "disarm"


def armed_rollouts(view: FleetView) -> list[RolloutView]:
    """The rollouts with a guard that would act by itself."""
    return [shown for shown in view.rollouts if shown.guard and shown.guard.armed]


def guard_command(shown: RolloutView, view: FleetView, now: float, program: Sequence[str]) -> str:
    """The command that goes on with the rollout's guard; `program` is how this one was started, without its command.

    `now` is UTC seconds: the command ends when the guard would have.
    """
    key, guard = shown.rollout.key, shown.guard
    assert guard
    alike = [
        other
        for other in view.rollouts
        if (other.rollout.key.context, other.rollout.key.namespace, other.rollout.key.name)
        == (key.context, key.namespace, key.name)
    ]
    name = f"{key}@{key.system}" if len(alike) > 1 else str(key)
    words = [*program, "guard", name]
    for condition in guard.order.conditions:
        words += ["--if", str(condition)]
    words.append("--arm")
    if guard.until is not None:
        words += ["--until", duration_words(max(round(guard.until - now), 1))]
    return bounded_line(shell_line(words), 2000)


class LeaveForm(ChoiceForm[Leave]):
    """Stay, quit with the commands that go on guarding, or disarm. The cursor starts on staying."""

    def __init__(self, guarded: Sequence[RolloutView]) -> None:
        several = len(guarded) > 1
        goes_on = "commands that go" if several else "command that goes"
        options = [
            ("stay", Leave.STAY),
            (f"quit, and print the {goes_on} on guarding", Leave.PRINT),
            ("disarm and quit", Leave.DISARM),
        ]
        title = f"quit? {len(guarded)} armed guards end" if several else "quit? An armed guard ends"
        super().__init__(title, options, enter="chooses")
        names = ", ".join(str(shown.rollout.key) for shown in guarded)
        self.notes = (safe_text(f"guarded: {names}", 500), "A guard acts only while the program that set it runs.")

    def lines_for(self, width: int) -> list[Line]:
        title, *rest = super().lines_for(width)
        return [title, *((Span(line, "quiet"),) for note in self.notes for line in wrap(note, width)), *rest]
