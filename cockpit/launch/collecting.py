"""When Python looks for garbage: seldom in a command that ends soon, as usual in what lasts."""

from __future__ import annotations

import gc

_USUAL = gc.get_threshold()
# Looking for it among what is being imported takes a tenth of a short command, and finds none.
_SELDOM = 100_000


def seldom() -> None:
    """While a program loads."""
    gc.set_threshold(_SELDOM)


def as_usual() -> None:
    """From when a session follows its clusters."""
    gc.set_threshold(*_USUAL)
