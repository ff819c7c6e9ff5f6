"""When Python looks for garbage: seldom while a program loads and reads its clusters, as usual after that.

Looking for it among what is being imported takes a tenth of a short command, and among what is being read a seventh of
the time until 10,000 pods are there; it finds none in either.
"""

from __future__ import annotations

import gc

_USUAL = gc.get_threshold()
_SELDOM = 500_000


def seldom() -> None:
    """While a program loads, and until its clusters are read."""
    gc.set_threshold(_SELDOM)


def no_more() -> None:
    """At the end: the process gives back all that it holds, so that Python need not search it for circles first."""
    gc.freeze()


def as_usual() -> None:
    """From when a session has read its clusters: all that is held by then is exempt.

    With 50,000 pods one search among it would hold every thread for 0.5 s. Objects of a cluster hold no circles, so
    they are freed without that search when they are replaced.
    """
    gc.freeze()
    gc.set_threshold(*_USUAL)
