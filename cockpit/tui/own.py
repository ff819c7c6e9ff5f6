"""A user's own commands, links and columns: what they are for the screen, and which keys they get. Pure."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import field
from typing import Any

from cockpit.model.values import dataclass
from cockpit.model.view import RolloutView
from cockpit.tui.keys import Keymap, key_name, screens_of

# Runs words until they end or this is cancelled: tells what they print, and returns how they ended, as safe text.
Run = Callable[[Sequence[str], Callable[[str], None]], Coroutine[Any, Any, str]]
_PLACES = frozenset({"fleet", "rollout"})


@dataclass(frozen=True, slots=True)
class OwnEntry:
    """A command (`words`) or a link (`url`), with placeholders."""

    name: str
    key: str = ""
    words: tuple[str, ...] = ()
    shell: bool = False
    dangerous: bool = False
    url: str = ""

    @property
    def help(self) -> str:
        """What it does, for the palette."""
        return f"open {self.url}" if self.url else f"run {' '.join(self.words)}"


def _none(shown: RolloutView) -> Sequence[str]:
    return ()


@dataclass(frozen=True, slots=True)
class OwnColumns:
    """Columns of the fleet by their headings; `cells` gives the values of a rollout, which may be hostile."""

    names: tuple[str, ...] = ()
    cells: Callable[[RolloutView], Sequence[str]] = _none


@dataclass(frozen=True, slots=True)
class Own:
    """What the settings give; `run` is None where nothing may be run, such as in a replay.

    `hyperlinks`: the terminal opens an address by a click.
    """

    entries: tuple[OwnEntry, ...] = ()
    run: Run | None = None
    columns: OwnColumns = field(default_factory=OwnColumns)
    hyperlinks: bool = False


NOTHING_OWN = Own()
NO_COLUMNS = OwnColumns()


def own_keys(entries: Sequence[OwnEntry], keymap: Keymap) -> tuple[Mapping[str, OwnEntry], list[str]]:
    """The entries by key, and which keys they do not get because they are taken: the cockpit's own come first."""
    taken = {
        name.strip(): key.id for key in keymap.keys if screens_of(key.where) & _PLACES for name in key.keys.split(",")
    }
    found: dict[str, OwnEntry] = {}
    problems = []
    for entry in entries:
        for key in filter(None, (part.strip() for part in entry.key.split(","))):
            if owner := taken.get(key):
                words = f"{key_name(key)} is the key of {owner}; {entry.name} is in the palette, as :{entry.name}"
                problems.append(f"settings: {words}")
            else:
                taken[key] = entry.name
                found[key] = entry
    return found, problems
