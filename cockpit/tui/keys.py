"""The table of all keys: bindings, footer, help, palette and remapping come from it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from enum import StrEnum

from textual.binding import Binding, BindingType

from cockpit.model.plan import Act
from cockpit.model.values import dataclass
from cockpit.planning.act_arguments import ACT_SPECS


class Where(StrEnum):
    """On which screens a key works."""

    EVERYWHERE = "everywhere"
    FLEET = "fleet"
    ROLLOUT = "rollout"
    PRESENTING = "presenting"
    BOTH = "fleet and rollout"
    ACTING = "fleet, rollout and presenting"
    READING = "texts and lists"
    TEXT = "texts"
    OBJECT = "objects"  # YAML, events and descriptions, of one object after the other
    LOGS = "logs"
    PODS = "pods"
    REVISIONS = "revisions"
    JOURNAL = "journal"
    APP = "everywhere, dialogs included"
    REPLAY = "a recording"


# The screens of each place; keys of two places can clash only where they share a screen.
SCREENS: Mapping[Where, frozenset[str]] = {
    Where.FLEET: frozenset({"fleet"}),
    Where.ROLLOUT: frozenset({"rollout"}),
    Where.PRESENTING: frozenset({"presenting"}),
    Where.BOTH: frozenset({"fleet", "rollout"}),
    Where.ACTING: frozenset({"fleet", "rollout", "presenting"}),
    Where.READING: frozenset({"text", "object", "logs", "pods", "revisions", "journal"}),
    Where.TEXT: frozenset({"text", "object", "logs"}),
    Where.OBJECT: frozenset({"object"}),
    Where.LOGS: frozenset({"logs"}),
    Where.PODS: frozenset({"pods"}),
    Where.REVISIONS: frozenset({"revisions"}),
    Where.JOURNAL: frozenset({"journal"}),
    # What a screen itself binds comes first, so that these clash with nothing.
    Where.REPLAY: frozenset(),
}
ALL_SCREENS = frozenset().union(*SCREENS.values())


def screens_of(where: Where) -> frozenset[str]:
    """The screens on which a key of this place works."""
    return SCREENS.get(where, ALL_SCREENS)


@dataclass(frozen=True, slots=True)
class Key:
    """One key. `id` is used for remapping, `keys` are Textual's names separated by commas.

    `action` is an action of the screen, or of the app with the prefix `app.`; the first of `acts` that applies is
    planned; `word` is shown in the footer; `priority` opens a field at once, so that the next keystrokes go into it,
    or works in dialogs as well.
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
        """The Textual binding; our own footer shows it."""
        action = f"act({self.id!r})" if self.acts else self.action
        return Binding(self.keys, action, self.word, id=self.id, show=False, tooltip=self.help, priority=self.priority)

    @property
    def shown(self) -> str:
        """The first key as written on a keyboard."""
        return key_name(self.keys.split(",")[0].strip())


# Textual's key names and how keyboards label them.
NAMES = {
    "escape": "esc",
    "slash": "/",
    "colon": ":",
    "question_mark": "?",
    "pageup": "pgup",
    "pagedown": "pgdn",
    "upper_a": "A",
    "upper_o": "O",
    "upper_p": "P",
    "upper_t": "T",
    "upper_i": "I",
    "upper_r": "R",
    "upper_e": "E",
    "upper_d": "D",
    "upper_s": "S",
    "upper_l": "L",
    "upper_m": "M",
    "equals_sign": "=",
    "full_stop": ".",
    "comma": ",",
    "right_square_bracket": "]",
    "left_square_bracket": "[",
    "right_curly_bracket": "}",
    "left_curly_bracket": "{",
    "greater_than_sign": ">",
    "less_than_sign": "<",
    "right_parenthesis": ")",
    "left_parenthesis": "(",
    "plus": "+",
}
DIGITS = "0123456789"


def key_name(key: str) -> str:
    """A key as written on a keyboard."""
    return NAMES.get(key, key)


def _act(id: str, key: str, acts: tuple[Act, ...], word: str) -> Key:
    return Key(id, key, word, ", or ".join(ACT_SPECS[act].help for act in acts), Where.ACTING, acts=acts)


KEYS: tuple[Key, ...] = (
    _act("rollback", "r", (Act.ROLLBACK,), "roll back"),
    _act("undo", "u", (Act.UNDO,), "undo"),
    _act("abort", "x", (Act.ABORT,), "abort"),
    _act("pause", "p", (Act.PAUSE, Act.RESUME), "pause/resume"),
    _act("approve", "a", (Act.APPROVE,), "approve"),
    _act("weight", "w", (Act.SET_WEIGHT,), "weight"),
    _act("flip", "f", (Act.FLIP,), "flip"),
    _act("header", "h", (Act.HEADER,), "header rule"),
    _act("promote", "A", (Act.PROMOTE,), "promote fully"),
    _act("scale", "n", (Act.SCALE,), "scale"),
    _act("finish", "c", (Act.FINISH,), "clean up"),
    _act("retry", "t", (Act.RETRY,), "retry"),
    _act("jump", "s", (Act.JUMP,), "go to step"),
    _act("image", "I", (Act.SET_IMAGE,), "set image"),
    _act("restart", "R", (Act.RESTART,), "restart"),
    _act("enable", "E", (Act.ENABLE,), "enable"),
    _act("disable", "D", (Act.DISABLE,), "disable"),
    _act("steps", "S", (Act.STEPS,), "steps"),
    Key("open", "enter", "open", "open the rollout under the cursor", Where.FLEET, "open"),
    Key("filter", "slash", "filter", "words, !word, ~letters, re:PATTERN, or -l with labels", Where.FLEET, "filter"),
    Key("mark", "space", "mark", "mark or unmark the rollout: acts go to all marked ones", Where.FLEET, "mark"),
    Key("mark-range", "M", "mark to here", "mark all from the last mark to here", Where.FLEET, "mark_range"),
    Key("fold", "F", "fold", "fold or unfold what is at rest", Where.FLEET, "fold"),
    Key("sort", "z", "sort", "sort by the next column", Where.FLEET, "sort"),
    Key("group", "Z", "group", "group by state, namespace, context or system", Where.FLEET, "group"),
    Key("probe", "o", "probe", "start or stop sampling the traffic", Where.ACTING, "probe"),
    Key("probe-target", "O", "probe target", "set where the probe sends, and remember it", Where.BOTH, "probe_target"),
    Key("guard", "g", "guard", "go back, or propose it, when users are hurt", Where.BOTH, "guard"),
    Key(
        "controls",
        "K",
        "controls",
        "the controls: take, hand over, give back; what is proposed",
        Where.BOTH,
        "controls",
    ),
    Key("people", "H", "who is here", "who looks at what; go there, or follow them", Where.BOTH, "app.people"),
    Key("findings", "enter", "findings", "every finding in full", Where.ROLLOUT, "findings"),
    Key("zoom", "z", "zoom", "the last minute, ten minutes, or the whole release", Where.ROLLOUT, "zoom"),
    Key("lane", "L", "lane", "the way of another lane's requests", Where.ROLLOUT, "lane"),
    Key("measure", "m", "share/latency", "the way of the latency, or of the share", Where.ROLLOUT, "measure"),
    Key("logs", "l", "logs", "the log of the selected pod, or of one that fails", Where.BOTH, "logs"),
    Key("pods", "v", "pods", "every pod with its node, restarts and age", Where.BOTH, "pods"),
    Key("yaml", "y", "YAML", "the objects as YAML", Where.BOTH, "yaml"),
    Key("describe", "d", "describe", "what matters of the objects, in short", Where.BOTH, "describe"),
    Key("events", "e", "events", "Kubernetes events about the objects", Where.BOTH, "events"),
    Key("diff", "equals_sign", "diff", "what differs between the pod templates of two versions", Where.BOTH, "diff"),
    Key("revisions", "V", "revisions", "earlier revisions, to choose one to go back to", Where.BOTH, "revisions"),
    Key("journal", "i", "journal", "every act and its outcome", Where.BOTH, "app.journal"),
    Key("panes", "tab", "panes", "the next pane; shift+tab goes back", Where.BOTH, "app.focus_next"),
    Key("enlarge", "plus", "enlarge", "the pane alone on the screen; again: all panes", Where.BOTH, "enlarge"),
    Key("theme", "T", "theme", "switch to the next theme", Where.ACTING, "app.next_theme"),
    Key("quit", "q", "quit", "quit; nothing in the cluster changes", Where.BOTH, "app.leave"),
    Key("present", "P", "present", "the rollout in large print, for a room of people", Where.BOTH, "app.present"),
    Key("next-rollout", "space,right", "next rollout", "the next rollout in large print", Where.PRESENTING, "turn(1)"),
    Key("previous-rollout", "left", "previous rollout", "the rollout before it", Where.PRESENTING, "turn(-1)"),
    Key("slow", "m", "slow motion", "one answer after the other; again: as they come", Where.PRESENTING, "slow"),
    Key("stop-presenting", "q,P", "back", "go back one screen", Where.PRESENTING, "back"),
    Key("search", "slash", "search", "find a text", Where.READING, "search"),
    Key("next-match", "n", "next match", "go to the next match", Where.READING, "match(1)"),
    Key("previous-match", "N", "previous match", "go to the previous match", Where.READING, "match(-1)"),
    Key("leave", "q", "back", "go back one screen", Where.READING, "back"),
    Key("wrap", "w", "wrap", "wrap long lines, or cut them", Where.TEXT, "wrap"),
    Key("reread", "r", "refresh", "read it from the cluster again", Where.TEXT, "refresh"),
    Key("next-object", "tab,right", "next object", "the next object of the rollout", Where.OBJECT, "turn(1)"),
    Key("previous-object", "shift+tab,left", "previous object", "the object before it", Where.OBJECT, "turn(-1)"),
    Key("next-pod", "tab,right", "next pod", "the log of the next pod", Where.LOGS, "turn(1)"),
    Key("previous-pod", "shift+tab,left", "previous pod", "the log of the pod before it", Where.LOGS, "turn(-1)"),
    Key(
        "all-pods",
        "a",
        "all pods",
        "the logs of all pods of the version, merged; again: of one",
        Where.LOGS,
        "all_pods",
    ),
    Key("container", "c", "container", "the log of the pod's next container", Where.LOGS, "container"),
    Key(
        "previous-run",
        "p",
        "previous run",
        "the log of the container before its last restart",
        Where.LOGS,
        "previous_run",
    ),
    Key("times", "t", "times", "show or hide the time of each line", Where.LOGS, "times"),
    Key("follow", "f", "follow", "go to the newest line and follow", Where.LOGS, "follow"),
    Key("pod-log", "enter,l", "log", "the log of the pod", Where.PODS, "log"),
    Key("pod-yaml", "y", "YAML", "the pod as YAML", Where.PODS, "yaml"),
    Key("pod-describe", "d", "describe", "what matters of the pod, in short", Where.PODS, "describe"),
    Key("pod-events", "e", "events", "Kubernetes events about the pod", Where.PODS, "events"),
    Key("pod-sort", "s", "sort", "sort by the next column", Where.PODS, "sort"),
    Key("pod-reverse", "S", "reverse", "sort the other way round", Where.PODS, "reverse"),
    Key("go-back-to", "enter", "roll back to it", "plan a roll back to this revision", Where.REVISIONS, "choose"),
    Key("revision-diff", "equals_sign", "diff", "what differs from the newest revision", Where.REVISIONS, "diff"),
    Key("journal-back", "i", "back", "go back one screen", Where.JOURNAL, "back"),
    Key(
        "palette",
        "colon",
        "commands",
        "namespaces, contexts, rollouts and acts by name; :q quits",
        Where.EVERYWHERE,
        "app.palette",
        priority=True,
    ),
    Key("copy", "C", "copy", "copy a name, a kubectl command or the text", Where.EVERYWHERE, "copy"),
    Key("snapshot", "W", "save", "save what is seen as SVG, text and JSON", Where.EVERYWHERE, "app.snapshot"),
    Key("keep-record", "X", "record", "write the last hour as a flight record", Where.EVERYWHERE, "app.keep_record"),
    Key("refresh", "ctrl+r,f5", "refresh", "draw the screen again, or read it again", Where.EVERYWHERE, "refresh"),
    Key("play", "b", "pause", "pause the recording, or go on", Where.REPLAY, "app.play"),
    Key("next-view", "full_stop", "next view", "pause at what was shown next", Where.REPLAY, "app.step(1)"),
    Key("previous-view", "comma", "previous view", "pause at what was shown before it", Where.REPLAY, "app.step(-1)"),
    Key("faster", "right_square_bracket", "faster", "play at the next speed", Where.REPLAY, "app.faster(1)"),
    Key("slower", "left_square_bracket", "slower", "play at the speed before it", Where.REPLAY, "app.faster(-1)"),
    Key("on", "greater_than_sign", "forward", "ten seconds on", Where.REPLAY, "app.skip(10)"),
    Key("rewind", "less_than_sign", "rewind", "ten seconds back", Where.REPLAY, "app.skip(-10)"),
    Key("next-mark", "right_curly_bracket", "next mark", "the next act or finding", Where.REPLAY, "app.jump(1)"),
    Key("previous-mark", "left_curly_bracket", "last mark", "the act or finding before", Where.REPLAY, "app.jump(-1)"),
    Key("next-key", "right_parenthesis", "next key", "the next key or screen", Where.REPLAY, "app.jump_to_key(1)"),
    Key(
        "previous-key", "left_parenthesis", "last key", "the key or screen before", Where.REPLAY, "app.jump_to_key(-1)"
    ),
    *(Key(f"tenth-{n}", n, f"{n}0%", f"go to {n}0% of the recording", Where.REPLAY, f"app.tenth({n})") for n in DIGITS),
    Key("help", "question_mark,f1", "keys", "this list", Where.EVERYWHERE, "app.keys"),
    Key("back", "escape", "back", "go back one screen, or clear the filter, then the marks", Where.EVERYWHERE, "back"),
    Key(
        "suspend", "ctrl+z", "suspend", "back to the shell; fg comes back", Where.APP, "suspend_process", priority=True
    ),
    Key("interrupt", "ctrl+c", "how to quit", "say how to quit", Where.APP, "help_quit", priority=True),
)
BY_ID = {key.id: key for key in KEYS}
# What writes on the machine that the cockpit runs on, or sends from it to where a person says.
KEEPING = ("snapshot", "keep-record", "probe-target")


def bindings_on(place: str) -> list[BindingType]:
    """The bindings of the keys that work on this screen, one of `ALL_SCREENS`; an app binds its own."""
    apart = (Where.APP, Where.REPLAY)
    return [key.binding for key in KEYS if key.where not in apart and place in screens_of(key.where)]


@dataclass(frozen=True, slots=True)
class Keymap:
    """The table with the user's own keys, and the problems found in them."""

    keys: tuple[Key, ...]
    problems: tuple[str, ...]

    def __getitem__(self, id: str) -> Key:
        return next(key for key in self.keys if key.id == id)

    @property
    def changed(self) -> dict[str, str]:
        """Remapped keys by id, for `App.set_keymap`."""
        return {key.id: key.keys for key in self.keys if key.keys != BY_ID[key.id].keys}


def remapped(wishes: Mapping[str, str]) -> Keymap:
    """The table with `wishes` (keys by id). Unknown ids and keys already in use are reported and skipped."""
    problems = [_unknown(id) for id in wishes if id not in BY_ID]
    keys = {key.id: key for key in KEYS}
    for id, wish in wishes.items():
        if id in keys and wish.strip():
            keys[id] = replace(keys[id], keys=wish)
    for first, second, key in clashes(keys.values()):
        loser = second if second in wishes else first
        problems.append(f"keymap: {key} is bound to both {first} and {second}; {loser} keeps {BY_ID[loser].shown}")
        keys[loser] = BY_ID[loser]
    if still := clashes(keys.values()):
        problems.append(f"keymap: {still[0][2]} is still bound twice; using the default keys")
        keys = dict(BY_ID)
    return Keymap(tuple(keys.values()), tuple(problems))


def clashes(keys: Iterable[Key]) -> list[tuple[str, str, str]]:
    """Pairs of ids that share a key on one screen, with that key."""
    found = []
    seen: dict[str, list[Key]] = {}
    for key in keys:
        for name in key.keys.split(","):
            for other in seen.setdefault(name.strip(), []):
                if screens_of(key.where) & screens_of(other.where):
                    found.append((other.id, key.id, key_name(name.strip())))
            seen[name.strip()].append(key)
    return found


def _unknown(id: str) -> str:
    near = difflib.get_close_matches(id, BY_ID, n=1)
    hint = f"; did you mean {near[0]}?" if near else f"; ids are {', '.join(BY_ID)}"
    return f"keymap: no key id {id}{hint}"


def action_of(key: Key) -> str:
    """The action of the app that a key runs."""
    return f"act({key.id!r})" if key.acts else key.action
