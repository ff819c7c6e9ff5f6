"""How a printed kubectl command begins, so that it reaches the same cluster as the same user."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

# By context. Set once for a session, because every face and the journal print commands.
_flags: Mapping[str, Sequence[str]] = {}


@contextmanager
def reached_with(flags: Mapping[str, Sequence[str]]) -> Iterator[None]:
    """Meanwhile commands for these contexts carry these flags too, such as `--user` and a name: never a credential."""
    global _flags  # noqa: PLW0603  # one process, one session, one way to reach its clusters
    before, _flags = _flags, flags
    try:
        yield
    finally:
        _flags = before


def kubectl_words(context: str, namespace: str) -> list[str]:
    """The first words of a command about an object; `namespace` is "" for one that is in none."""
    return ["kubectl", "--context", context, *_flags.get(context, ()), *(["-n", namespace] if namespace else [])]
