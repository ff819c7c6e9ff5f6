"""What can be typed after a colon: keys by name, acts, namespaces, contexts, themes and rollouts; pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from textual.fuzzy import Matcher

from cockpit.model.counts import counted
from cockpit.model.label_selector import label_selector
from cockpit.model.refs import RolloutKey
from cockpit.model.sampling import SampleScope
from cockpit.model.text import safe_text
from cockpit.model.values import dataclass
from cockpit.model.view import FleetView
from cockpit.tui.keys import Key, Keymap, screens_of
from cockpit.tui.own import OwnEntry
from cockpit.tui.sampling import SCOPES
from cockpit.tui.scope import Scope, contexts, namespaces

# What hands type from other tools, by key id.
OTHER_NAMES = {
    "quit": ("q", "q!", "qa", "exit"),
    "pods": ("pod", "po"),
    "logs": ("log",),
    "describe": ("desc",),
    "events": ("ev",),
    "help": ("help", "h", "?"),
    "back": ("bd",),
    "snapshot": ("snapshot", "w"),
    "rollback": ("undo rollout", "roll back"),
    "filter": ("grep",),
    "controls": ("confirm", "withdraw", "proposal"),
}
# Keys that are of no use by name.
_NAMELESS = frozenset({"palette", "panes", "leave", "interrupt"})

# What is followed by words for the journal, and by labels.
_NOTE, _LABELS = "note", "labels"
# Commands with a name behind them, and how their entries begin.
_NAMED = {"ns": "ns", "namespace": "ns", "ctx": "ctx", "context": "ctx", "theme": "theme"}


@dataclass(frozen=True, slots=True)
class Command:
    """One entry; exactly one of `key`, `rollout`, `sample`, `only`, `theme`, `prometheus`, `note` and `own` is set.

    `note` are words for the journal, a space where none were typed. Typing `alias`, `name` or one of `others` selects
    it directly.
    """

    name: str
    help: str
    key: Key | None = None
    rollout: RolloutKey | None = None
    alias: str = ""
    sample: SampleScope | None = None
    only: Scope | None = None
    theme: str = ""
    prometheus: bool = False
    note: str = ""
    own: OwnEntry | None = None
    others: tuple[str, ...] = ()


def commands(
    keymap: Keymap,
    view: FleetView,
    place: str,
    themes: Sequence[str] = (),
    scope: Scope | None = None,
    own: Sequence[OwnEntry] = (),
) -> list[Command]:
    """The commands of the screen below, one of `keys.ALL_SCREENS`, then places, themes and rollouts.

    `scope` is the present one, of which a command changes one half, `own` are the user's commands and links.
    """
    keys = [key for key in keymap.keys if place in screens_of(key.where) and key.id not in _NAMELESS]
    found = [_of_key(key) for key in keys]
    if not any(command.key and command.key.id == "quit" for command in found):
        found.append(_of_key(keymap["quit"]))
    found += [Command(safe_text(each.name, 40), safe_text(each.help), own=each, alias=each.key) for each in own]
    found += [*_places(view, scope or Scope()), _labels(scope or Scope())]
    found += [Command(f"theme {name}", "switch to this theme", theme=name) for name in themes]
    found += [Command(f"sample {scope}", f"sample {words}", sample=scope) for scope, words in SCOPES.items()]
    found.append(Command("prometheus", "read errors and times of real users from Prometheus", prometheus=True))
    found.append(_noting(" "))
    for each in view.rollouts:
        key = each.rollout.key
        names = (safe_text(key.name), f"{safe_text(key.namespace)}/{safe_text(key.name)}")
        found.append(Command(safe_text(key), f"open {safe_text(key.system, 40)}", rollout=key, others=names))
    return found


def _labels(scope: Scope) -> Command:
    """The command that shows rollouts whatever their labels; `ranked` makes of it the one with labels behind it."""
    only, others = replace(scope, labels=None), (_LABELS, "labels *")
    return Command(
        "labels all",
        "labels app=pay,team!=x shows what has them; alone: all",
        only=only,
        others=others,
    )


def _choosing(entries: Sequence[Command], words: str) -> list[Command]:
    """The command that shows only what has these labels; none while they cannot be read."""
    whatever = next((each for each in entries if each.name == "labels all"), None)
    try:
        labels = label_selector(words)
    except ValueError:
        return []
    if whatever is None or whatever.only is None:
        return []
    name = f"labels {safe_text(words)}"
    return [
        Command(name, "only rollouts whose root object has these labels", only=replace(whatever.only, labels=labels))
    ]


def _noting(words: str) -> Command:
    """The command that writes a note, with its words."""
    name = f"{_NOTE} {safe_text(words)}".strip()
    return Command(name, "note WORDS writes them into the journal, for other cockpits too", note=words)


def _of_key(key: Key) -> Command:
    ids = (key.id, *(act.value for act in key.acts), *OTHER_NAMES.get(key.id, ()))
    return Command(key.word, key.help, key=key, alias=key.shown, others=tuple(dict.fromkeys(ids)))


def _places(view: FleetView, scope: Scope) -> list[Command]:
    """A command for each namespace and each context, with the number of rollouts there, and one for all of them."""
    found = [Command("ns all", "every namespace", only=replace(scope, namespace=""), others=("ns *", "namespace all"))]
    keys = [shown.rollout.key for shown in view.rollouts]
    for name in namespaces(view):
        count = counted(sum(key.namespace == name for key in keys), "rollout")
        others = (f"namespace {safe_text(name, 63)}",)
        found.append(Command(f"ns {safe_text(name, 63)}", count, only=replace(scope, namespace=name), others=others))
    only = replace(scope, context="")
    found.append(Command("ctx all", "every context", only=only, others=("ctx *", "context all")))
    for name in contexts(view):
        count = counted(sum(key.context == name for key in keys), "rollout")
        others = (f"context {safe_text(name, 100)}",)
        found.append(Command(f"ctx {safe_text(name, 100)}", count, only=replace(scope, context=name), others=others))
    return found


def ranked(entries: Sequence[Command], query: str) -> list[Command]:
    """Matching entries, best first: exact key or name, then names that begin like it, then names that hold its
    letters; all of them for an empty query.
    """
    query = query.strip()
    if not query:
        return list(entries)
    matcher = Matcher(query)
    scored = []
    kind, space, words = query.partition(" ")
    if kind == _NOTE and words.strip():
        return [_noting(words.strip())]
    if kind == _LABELS and words.strip() not in ("", "all", "*"):
        return _choosing(entries, words.strip())
    for number, entry in enumerate(entries):
        # What begins like a command with a name behind it is nothing else.
        if space and kind in _NAMED and entry.name.partition(" ")[0] != _NAMED[kind]:
            continue
        score = _exact(entry, query) or matcher.match(entry.name)
        if score > 0:
            scored.append((-score, number, entry))
    return [entry for *_, entry in sorted(scored, key=lambda item: item[:2])]


def _exact(entry: Command, query: str) -> float:
    """A score above any match of single letters; 0 if neither a name nor its beginning was typed."""
    low = query.lower()
    names = [entry.name.lower(), *(other.lower() for other in entry.others)]
    if query == entry.alias or low in names:
        return 1e7 if low in names else 1e6
    return 1e4 if any(name.startswith(low) for name in names) else 0.0


def why_nothing(query: str, view: FleetView) -> str:
    """Why nothing matches, and what to do, for a namespace or context that is not read."""
    word, _, name = query.strip().partition(" ")
    name = safe_text(name.strip(), 63 if word != _LABELS else 300)
    if word in ("ns", "namespace") and name:
        return f"no rollouts are read in namespace {name}; start with -n {name}, or -A for all"
    if word in ("ctx", "context") and name:
        return f"context {name} is not read in this session; start with --context {name}"
    if word == _LABELS and name:
        try:
            label_selector(name)
        except ValueError as problem:
            return f"the selector {problem}"
    return "no match"
