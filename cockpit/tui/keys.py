"""Every key in one table: bindings, footer, help, palette and remapping are made from it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from textual.binding import Binding

from cockpit.model.plan import Act


class Where(StrEnum):
    """On which screens a key works."""

    EVERYWHERE = "everywhere"
    FLEET = "fleet"
    ROLLOUT = "rollout"
    BOTH = "fleet and rollout"


@dataclass(frozen=True, slots=True)
class Key:
    """One key. `id` is what a user remaps, `keys` Textual's names separated by commas.

    `action` is an action of the screen, or of the app with `app.` in front; `acts` are what it asks for, the first
    that applies; `word` goes into the footer; `priority` opens a field at once, so that what is typed right after it
    goes there.
    """

    id: str
    keys: str
    word: str
    help: str
    where: Where
    action: str = ""
    acts: tuple[Act, ...] = ()
    priority: bool = False

    @property
    def binding(self) -> Binding:
        """The same for Textual; the footer of our own shows it."""
        action = f"act({self.id!r})" if self.acts else self.action
        return Binding(self.keys, action, self.word, id=self.id, show=False, tooltip=self.help, priority=self.priority)

    @property
    def shown(self) -> str:
        """The first key as a person reads it."""
        return key_name(self.keys.split(",")[0].strip())


# Textual's names of keys, as they are written on keyboards.
NAMES = {
    "escape": "esc",
    "slash": "/",
    "colon": ":",
    "question_mark": "?",
    "pageup": "pgup",
    "pagedown": "pgdn",
    "upper_a": "A",
    "upper_o": "O",
    "upper_t": "T",
    "upper_i": "I",
    "upper_r": "R",
    "upper_e": "E",
    "upper_d": "D",
    "upper_s": "S",
}


def key_name(key: str) -> str:
    """A key as a person reads it."""
    return NAMES.get(key, key)


def _act(id: str, key: str, acts: tuple[Act, ...], word: str, help: str) -> Key:
    return Key(id, key, word, help, Where.BOTH, acts=acts)


KEYS: tuple[Key, ...] = (
    _act("rollback", "r", (Act.ROLLBACK,), "roll back", "all traffic to the stable version"),
    _act("undo", "u", (Act.UNDO,), "undo", "the inverse of the last act on this rollout"),
    _act("abort", "x", (Act.ABORT,), "abort", "stop the release, as its controller does it"),
    _act("pause", "p", (Act.PAUSE, Act.RESUME), "pause/resume", "hold the release, or let it go on"),
    _act("approve", "a", (Act.APPROVE,), "approve", "let it take the next step"),
    _act("weight", "w", (Act.SET_WEIGHT,), "weight", "set the share of a version"),
    _act("flip", "f", (Act.FLIP,), "flip", "point the Service at the other version"),
    _act("header", "h", (Act.HEADER,), "header rule", "send requests with a header to a version"),
    _act("promote", "A", (Act.PROMOTE,), "promote fully", "all traffic to the new version, for good"),
    _act("scale", "n", (Act.SCALE,), "pods", "set the number of pods of a version"),
    _act("finish", "c", (Act.FINISH,), "clean up", "remove what the release no longer needs"),
    _act("retry", "t", (Act.RETRY,), "retry", "start an aborted release again"),
    _act("jump", "s", (Act.JUMP,), "go to step", "continue at another step"),
    _act("image", "I", (Act.SET_IMAGE,), "set image", "release another image, by the system's own means"),
    _act("restart", "R", (Act.RESTART,), "restart", "replace every pod by one of the same version"),
    _act("enable", "E", (Act.ENABLE,), "enable", "let a version take traffic, or a controller go on"),
    _act("disable", "D", (Act.DISABLE,), "disable", "take a version out of the traffic, or stop a controller"),
    _act("steps", "S", (Act.STEPS,), "steps", "plan the shares of a release step by step, or end the plan"),
    Key("open", "enter", "open", "open the rollout under the cursor", Where.FLEET, "open"),
    Key("filter", "slash", "filter", "show only rollouts with this text", Where.FLEET, "filter"),
    Key("probe", "o", "probe", "start or stop sending requests and counting versions", Where.BOTH, "probe"),
    Key("probe-target", "O", "probe target", "say where the probe sends, and remember it", Where.BOTH, "probe_target"),
    Key("yaml", "y", "YAML", "the objects as the cluster has them", Where.BOTH, "yaml"),
    Key("events", "e", "events", "what the cluster said about the objects", Where.BOTH, "events"),
    Key("findings", "enter", "findings", "every finding in full", Where.ROLLOUT, "findings"),
    Key("logs", "l", "logs", "the log of the selected pod", Where.ROLLOUT, "logs"),
    Key("journal", "i", "journal", "what was asked and what was sent", Where.BOTH, "app.journal"),
    Key("panes", "tab", "panes", "the next pane; shift+tab goes back", Where.EVERYWHERE, "app.focus_next"),
    Key(
        "palette",
        "colon",
        "commands",
        "every key and every rollout by name; :q quits",
        Where.BOTH,
        "app.palette",
        priority=True,
    ),
    Key("theme", "T", "theme", "the next colours", Where.BOTH, "app.next_theme"),
    Key("help", "question_mark", "keys", "this list", Where.BOTH, "app.keys"),
    Key("back", "escape", "back", "one screen back, or end the filter", Where.EVERYWHERE, "back"),
    Key("quit", "q", "quit", "leave; nothing on the cluster changes by it", Where.BOTH, "app.leave"),
)
BY_ID = {key.id: key for key in KEYS}
# Order of the footers: the way back is among the first, so that it is still there when there is little room.
FLEET_FOOTER = ("open", "rollback", "weight", "flip", "approve", "probe", "filter", "help", "palette", "quit")
ROLLOUT_FOOTER = (
    *("back", "rollback", "approve", "abort", "undo", "weight", "flip", "help", "pause", "retry", "promote", "header"),
    *("finish", "probe", "jump", "enable", "disable", "steps", "image", "yaml", "events", "logs", "findings", "scale"),
    *("restart", "journal"),
)


@dataclass(frozen=True)
class Keymap:
    """The table with a user's own keys in it, and what was wrong with them."""

    keys: tuple[Key, ...]
    problems: tuple[str, ...]

    def __getitem__(self, id: str) -> Key:
        return next(key for key in self.keys if key.id == id)

    @property
    def changed(self) -> dict[str, str]:
        """Keys by id for those that differ from the table, as `App.set_keymap` takes them."""
        return {key.id: key.keys for key in self.keys if key.keys != BY_ID[key.id].keys}


def remapped(wishes: Mapping[str, str]) -> Keymap:
    """The table with `wishes` (keys by id). An unknown id and a key that is taken are told and left out."""
    problems = [_unknown(id) for id in wishes if id not in BY_ID]
    keys = {key.id: key for key in KEYS}
    for id, wish in wishes.items():
        if id in keys and wish.strip():
            keys[id] = replace(keys[id], keys=wish)
    for first, second, key in clashes(keys.values()):
        loser = second if second in wishes else first
        problems.append(f"keymap: {key} is given to both {first} and {second}; {loser} keeps {BY_ID[loser].shown}")
        keys[loser] = BY_ID[loser]
    if still := clashes(keys.values()):
        problems.append(f"keymap: {still[0][2]} still has two meanings; all keys are as delivered")
        keys = dict(BY_ID)
    return Keymap(tuple(keys.values()), tuple(problems))


def clashes(keys: Iterable[Key]) -> list[tuple[str, str, str]]:
    """Pairs of ids that one key has on the same screen, with that key."""
    found = []
    seen: dict[str, list[Key]] = {}
    for key in keys:
        for name in key.keys.split(","):
            for other in seen.setdefault(name.strip(), []):
                if {key.where, other.where} != {Where.FLEET, Where.ROLLOUT}:
                    found.append((other.id, key.id, key_name(name.strip())))
            seen[name.strip()].append(key)
    return found


def _unknown(id: str) -> str:
    near = difflib.get_close_matches(id, BY_ID, n=1)
    hint = f"; did you mean {near[0]}?" if near else f"; ids are {', '.join(BY_ID)}"
    return f"keymap: there is no key called {id}{hint}"
