"""Words of a user's own commands and links with a rollout's names in them, such as `{namespace}/{name}`. Pure.

Names come from a cluster or a kubeconfig and may be hostile: a word never becomes an option by them, a shell never
gets a name that it would act on, and a link keeps its scheme and its host.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from urllib.parse import quote

from cockpit.model.lazy_re import lazy_re
from cockpit.model.rollout import Role, Rollout
from cockpit.model.shell_line import shell_word

NAMES = ("namespace", "name", "context", "system", "router", "version", "stable", "image")
_PLACE = lazy_re(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
_NEW = (Role.CANARY, Role.NEW, Role.PREVIEW)
_OLD = (Role.STABLE, Role.ACTIVE)
# What every shell takes as it stands, also within the quotes of the person's own text.
_PLAIN = lazy_re(r"[A-Za-z0-9_][A-Za-z0-9._:/@+=-]*")
_LONGEST = 500


class PlaceholderError(ValueError):
    """A word that cannot be filled; the text says why."""


def values_of(rollout: Rollout) -> dict[str, str]:
    """The names that a rollout gives; "" for what it has not.

    `version` is the one being released, else the one that it is on; `image` is the first image of that.
    """
    new = next((v for v in rollout.own_versions if v.role in _NEW), None)
    old = next((v for v in rollout.own_versions if v.role in _OLD), None)
    shown = new or old or next(iter(rollout.own_versions), None)
    key = rollout.key
    return {
        "namespace": key.namespace,
        "name": key.name,
        "context": key.context,
        "system": key.system,
        "router": rollout.router,
        "version": shown.name if shown else "",
        "stable": old.name if old else "",
        "image": shown.images[0] if shown and shown.images else "",
    } | {f"label:{name}": value for name, value in rollout.labels}


def problem_of(text: str) -> str:
    """What is wrong with the placeholders of a text; "" if nothing is."""
    for match in _PLACE.finditer(text):
        word = match[1]
        if match[0] in ("{{", "}}") or word in NAMES or (word and word.startswith("label:") and len(word) > 6):
            continue
        known = ", ".join(f"{{{name}}}" for name in NAMES)
        return f"{match[0][:60]} is no placeholder; there are {known} and {{label:KEY}}, and {{{{ is a brace"
    return ""


def filled_words(words: Sequence[str], values: Mapping[str, str]) -> tuple[str, ...]:
    """The words of a command, each with its names in place. Raises PlaceholderError."""
    return tuple(_word(word, values) for word in words)


def _word(word: str, values: Mapping[str, str]) -> str:
    done = _filled(word, values, str)
    if done.startswith("-") and not word.startswith("-"):
        raise PlaceholderError(f"{done[:60]!r} begins with a dash, so that it would be taken for an option")
    return done


def filled_script(words: Sequence[str], values: Mapping[str, str]) -> str:
    """The words as one line for `sh -c`, with names that no shell acts on. Raises PlaceholderError for others."""

    def plain(value: str) -> str:
        if not _PLAIN.fullmatch(value):
            raise PlaceholderError(f"{value[:60]!r} holds characters that a shell would act on; leave out `shell`")
        return shell_word(value)

    return " ".join(_filled(word, values, plain) for word in words)


def filled_url(template: str, values: Mapping[str, str]) -> str:
    """The address with its names percent-encoded. Raises PlaceholderError."""

    def encoded(value: str) -> str:
        if not value.strip("."):
            raise PlaceholderError(f"{value[:60]!r} would leave the path of the link")
        return quote(value, safe="")

    return _filled(template, values, encoded)


def _filled(text: str, values: Mapping[str, str], write: Callable[[str], str]) -> str:
    def put(match: re.Match[str]) -> str:
        if match[0] in ("{{", "}}"):
            return match[0][0]
        value = values.get(match[1] or "", "")
        if not value:
            raise PlaceholderError(f"this rollout has no {match[1] or match[0]}")
        if not value.isprintable() or len(value) > _LONGEST:
            raise PlaceholderError(f"its {match[1]} cannot be put into a command or a link")
        return write(value)

    return _PLACE.sub(put, text)
