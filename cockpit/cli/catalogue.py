"""Every command: where it is, and its first sentence, so that only the one that runs is loaded.

Loading all of them takes longer than what most of them do.
"""

from __future__ import annotations

import importlib
from collections import UserDict
from collections.abc import Callable

import click

from cockpit.model.values import dataclass

_AT = "cockpit.cli.commands"


@dataclass(frozen=True, slots=True)
class Listed:
    """A command by the file that it is in and its name there, "" for an act. `words` are the first of its help."""

    file: str
    attribute: str
    words: str


# In order of use. Acts for every release come first, then acts of systems with steps.
CATALOGUE: dict[str, Listed] = {
    "demo": Listed("demo", "demo_command", "Start an embedded cluster and open the screen on it."),
    "serve": Listed(
        "serve", "serve_command", "Serve the screen to browsers on this machine, read-only, each in its own size."
    ),
    "list": Listed(
        "facts",
        "list_command",
        "List the rollouts in the context's namespace, in -n NAME, or in all namespaces with -A.",
    ),
    "show": Listed(
        "facts",
        "show_command",
        "Show one rollout: its health and why, versions, shares by lane, findings, and available acts.",
    ),
    "watch": Listed(
        "watching",
        "watch_command",
        "Print one line for each change until interrupted: a sentence, or JSON with -o json.",
    ),
    "probe": Listed("probe", "probe_command", "Sample a rollout, or any URL, and judge the split."),
    "verify": Listed("verify", "verify_command", "Sample a rollout until split, errors and times are decided."),
    "wait": Listed(
        "wait", "wait_command", "Wait until a rollout reaches a goal, and say in one sentence how it ended."
    ),
    "guard": Listed(
        "guard",
        "guard_command",
        "Guard the release that is under way, and print one line for each state until it ends.",
    ),
    "set-weight": Listed("acts", "", "Set the share of a version."),
    "flip": Listed("acts", "", "Point the Service at the other version."),
    "rollback": Listed("acts", "", "Send all traffic to the stable version."),
    "undo": Listed("acts", "", "Reverse the last act on this rollout."),
    "header": Listed("acts", "", "Send requests with a header to a version."),
    "scale": Listed("acts", "", "Set the number of pods of a version."),
    "promote": Listed("acts", "", "Send all traffic to the new version."),
    "finish": Listed("acts", "", "Remove what the release no longer needs."),
    "approve": Listed("acts", "", "Let the release take its next step."),
    "pause": Listed("acts", "", "Hold the release."),
    "resume": Listed("acts", "", "Let a paused release continue."),
    "abort": Listed("acts", "", "Stop the release, the way its controller does."),
    "retry": Listed("acts", "", "Try an aborted release again."),
    "jump": Listed("acts", "", "Continue at another step."),
    "steps": Listed("acts", "", "Plan the shares of a release step by step, or end the plan."),
    "set-image": Listed("acts", "", "Start a release with another image."),
    "restart": Listed("acts", "", "Replace every pod with one of the same version."),
    "enable": Listed("acts", "", "Let a version take traffic, or let a controller continue."),
    "disable": Listed("acts", "", "Take a version out of traffic, or stop a controller."),
    "confirm": Listed("confirm", "confirm_command", "Confirm the plan that somebody else proposed for NAME."),
    "journal": Listed(
        "journal",
        "journal_command",
        "List what this machine's journal holds, oldest first: of all rollouts, or of NAME.",
    ),
    "record": Listed(
        "record",
        "record_command",
        "Record every watch event, probe sample, act and finding into FILE, until Ctrl-C.",
    ),
    "replay": Listed("record", "replay_command", "Show the screens of a flight record again, as they were."),
    "note": Listed("note", "note_command", 'Write WORDS about NAME into the journal, such as "users report errors".'),
    "doctor": Listed(
        "doctor",
        "doctor_command",
        "Show what can be read in each context, where files are stored, and which versions are installed.",
    ),
    "keys": Listed("keys", "keys_command", "List the keys of the screen with their ids."),
    "config": Listed(
        "config",
        "config_command",
        "List the settings in force and what set each: a default, the file, a variable, or a flag of this command.",
    ),
    "completion": Listed("completion", "completion_command", "Print the completion script for a shell."),
}


class Commands(UserDict[str, click.Command]):
    """The commands by name, each loaded when it is first asked for and made ready by `ready`."""

    def __init__(self, ready: Callable[[click.Command], click.Command]) -> None:
        super().__init__()
        self._ready = ready
        self._loaded: dict[str, click.Command] = {}
        # Their names alone: a stub keeps the order.
        self.data = {name: click.Command(name, help=listed.words) for name, listed in CATALOGUE.items()}

    def __getitem__(self, name: str) -> click.Command:
        listed = CATALOGUE[name]
        if name not in self._loaded:
            module = importlib.import_module(f"{_AT}.{listed.file}")
            made = getattr(module, listed.attribute) if listed.attribute else module.act_command(name)
            self._loaded[name] = self._ready(made)
        return self._loaded[name]

    def outlines(self) -> dict[str, click.Command]:
        """The commands with the first sentence of their help and nothing else, in order; none is loaded."""
        return dict(self.data)
