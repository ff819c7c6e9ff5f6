"""One line that asks for a probe from inside the cluster. Pure."""

from __future__ import annotations

from dataclasses import replace

from cockpit.model.durations import duration_words, seconds_of
from cockpit.model.probe_job import LONGEST, MOST_PODS, MOST_RATE, InsideWish
from cockpit.model.text import safe_text
from cockpit.planning.probe_job import read_labels

# The first word of the line.
CLUSTER = "cluster"
_WORDS = "pods= rate= for= image= label="


def inside_wish(text: str) -> InsideWish | None:
    """What the line asks for; None if it does not begin with "cluster". ValueError says which word is wrong and why."""
    first, *words = text.split() or [""]
    if first != CLUSTER:
        return None
    wish, labels = InsideWish(), []
    for word in words:
        name, _, value = word.partition("=")
        match name:
            case "pods":
                wish = replace(wish, shape=replace(wish.shape, pods=_pods(value)))
            case "rate":
                wish = replace(wish, rate=_rate(value))
            case "for":
                wish = replace(wish, seconds=_seconds(value))
            case "image" if value:
                wish = replace(wish, shape=replace(wish.shape, image=value))
            case "label":
                labels.append(value)
            case _:
                raise ValueError(f"{safe_text(word, 100)} is none of {_WORDS}")
    try:
        return replace(wish, shape=replace(wish.shape, labels=read_labels(tuple(labels))))
    except ValueError as problem:
        raise ValueError(f"label={problem}") from None


def _pods(value: str) -> int:
    pods = int(value) if value.isascii() and value.isdigit() and len(value) < 4 else 0
    if not 1 <= pods <= MOST_PODS:
        raise ValueError(f"pods={safe_text(value, 100)}: needs a number from 1 to {MOST_PODS}")
    return pods


def _rate(value: str) -> float:
    try:
        rate = float(value)
    except ValueError:
        rate = 0.0
    if not 0.1 <= rate <= MOST_RATE:
        raise ValueError(f"rate={safe_text(value, 100)}: needs requests per second, from 0.1 to {MOST_RATE:g}")
    return rate


def _seconds(value: str) -> float:
    seconds = seconds_of(value)
    if seconds is None or not 1 <= seconds <= LONGEST:
        raise ValueError(
            f"for={safe_text(value, 100)}: needs a time such as 90s or 10m, from 1s to {duration_words(LONGEST)}"
        )
    return seconds
