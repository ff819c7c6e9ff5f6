"""Texts that tell the user to do an act: marked with their acts, so that a face adds how to ask for them. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from cockpit.model.plan import Act, ActState

# How texts name an act where it differs from its name in the command line.
_SPOKEN: Mapping[Act, tuple[str, ...]] = {
    Act.ROLLBACK: ("roll back", "rollback"),
    Act.FINISH: ("finish", "clean up"),
    Act.SET_WEIGHT: ("set a weight", "set the weight", "set-weight"),
    Act.STEPS: ("plan steps", "steps"),
    Act.SET_IMAGE: ("set an image", "set the image"),
    Act.PAUSE: ("pause", "suspend"),
}

_ITS_OBJECT = r"(?: it\b)?"


class Advice(str):
    """A text with the acts that it tells the user to do. What is made of it by formatting is a plain text again."""

    __slots__ = ("acts",)
    acts: tuple[Act, ...]


def telling(text: str, *acts: Act) -> Advice:
    """The text, marked: it tells the user to do these acts, each of which it names."""
    marked = Advice(text)
    marked.acts = acts
    return marked


def acts_told(text: str) -> tuple[Act, ...]:
    """The acts that a text tells the user to do; none if it is not marked."""
    return text.acts if isinstance(text, Advice) else ()


def spoken_in(text: str, act: Act, translate: Callable[[str], str] = str) -> int | None:
    """Where the last words end by which a text names an act; None if it does not."""
    forms = _SPOKEN.get(act, (act.value,))
    for form in dict.fromkeys([*forms, *map(translate, forms)]):
        edge = r"\b" if form.isascii() else ""
        places = [found.end() for found in re.finditer(edge + re.escape(form) + edge + _ITS_OBJECT, text)]
        if places:
            return places[-1]
    return None


def with_ways(
    text: str,
    acts: Iterable[Act],
    states: Sequence[ActState],
    way: Callable[[ActState], str],
    translate: Callable[[str], str] = str,
) -> str:
    """The translated text, each act that it tells and that applies now followed by the way to ask for it.

    `states` are those of the rollout. A text that is given already translated stays as it is.
    """
    shown = str(translate(text))
    fit = {state.act: state for state in states if state.enabled}
    ends = {act: spoken_in(shown, act, translate) for act in acts if act in fit}
    # From the end, so that the places before it stay where they are.
    for end, act in sorted(((end, act) for act, end in ends.items() if end is not None), reverse=True):
        shown = f"{shown[:end]} ({way(fit[act])}){shown[end:]}"
    return shown
