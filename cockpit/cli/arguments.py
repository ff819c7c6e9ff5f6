"""Arguments of acts as they are typed: VERSION=PERCENT, VERSION=COUNT, KEY=VALUE."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import click

from cockpit.cli.names import version_named
from cockpit.model.rollout import Rollout

# 33.3 + 33.3 + 33.4 in binary floating point.
_ROUNDING = 1e-6


def pair(text: str, form: str) -> tuple[str, str]:
    """What stands before and after the last equals sign, neither empty."""
    key, equals, value = text.rpartition("=") if form.startswith("VERSION") else text.partition("=")
    if not equals or not key or not value:
        raise click.BadParameter(f"{text[:100]!r} is not of the form {form}")
    return key, value


def weights(rollout: Rollout, texts: Sequence[str]) -> tuple[tuple[str, float], ...]:
    """Fractions of 1 for all versions of the rollout, summing to 1.

    One version that is missing gets the rest; several that are missing get nothing, if the given sum is 100.
    """
    given = {name: percent(value, name) for name, value in _by_version(rollout, texts, "VERSION=PERCENT")}
    total = math.fsum(given.values())
    missing = [version.name for version in rollout.versions if version.name not in given]
    if total > 100 + _ROUNDING:
        raise click.BadParameter(f"the shares sum to {total:g}%, which is more than 100%")
    rest = max(100 - total, 0.0)
    if rest > _ROUNDING and len(missing) != 1:
        short = f"; say which of {', '.join(missing)} gets the rest" if missing else ""
        raise click.BadParameter(f"the shares sum to {total:g}%, not to 100%{short}")
    given |= dict.fromkeys(missing, rest if rest > _ROUNDING else 0.0)
    return tuple((name, value / 100) for name, value in given.items())


def counts(rollout: Rollout, texts: Sequence[str]) -> tuple[tuple[str, int], ...]:
    """Numbers of pods by version."""
    found = []
    for name, value in _by_version(rollout, texts, "VERSION=COUNT"):
        if not (value.isascii() and value.isdigit()) or int(value[:9]) > 100_000 or len(value) > 9:
            raise click.BadParameter(f"{value[:40]!r} for {name} is no number of pods")
        found.append((name, int(value)))
    return tuple(found)


def percent(text: str, what: str) -> float:
    """A share from 0 to 100, with or without the sign."""
    try:
        value = float(text.removesuffix("%"))
    except ValueError:
        value = math.nan
    if not 0 <= value <= 100:
        raise click.BadParameter(f"{text[:40]!r} for {what} is no share from 0 to 100 percent")
    return value


def container_image(text: str) -> tuple[str, str]:
    """`[CONTAINER=]IMAGE`; the container is "" where none was named."""
    container, equals, image = text.rpartition("=")
    if not image or text != text.strip() or " " in text or (equals and not container):
        raise click.BadParameter(f"{text[:100]!r} is not of the form [CONTAINER=]IMAGE")
    return container, image


def rising_shares(texts: Sequence[str]) -> tuple[float, ...]:
    """Fractions of 1, each more than the one before."""
    shares = tuple(percent(text, "a step") / 100 for text in texts)
    if any(later <= earlier for earlier, later in pairwise((0.0, *shares))):
        raise click.BadParameter(f"{' '.join(texts)[:100]}: each step must be more than the one before, and than 0")
    return shares


def _by_version(rollout: Rollout, texts: Sequence[str], form: str) -> list[tuple[str, str]]:
    known = [version.name for version in rollout.versions]
    named = []
    for text in texts:
        name, value = pair(text, form)
        named.append((version_named(known, name, str(rollout.key)), value))
    twice = {name for name, _ in named if sum(other == name for other, _ in named) > 1}
    if twice:
        raise click.BadParameter(f"{', '.join(sorted(twice))} is given twice")
    return named
