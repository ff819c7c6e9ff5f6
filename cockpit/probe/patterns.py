"""Regular expressions that a user gives, kept from hanging on what an answer holds."""

from __future__ import annotations

import re

PATTERN_LIMIT = 500
# Characters that a pattern is tried on: its time can grow with a power of them.
TEXT_LIMIT = 4096
_REPEATS_LIMIT = 3


class PatternError(ValueError):
    """A pattern that cannot be used; the text says why."""


def compile_pattern(pattern: str) -> re.Pattern[str]:
    """The compiled pattern; raises PatternError where it is broken or could take for ever.

    A repeat of a group that holds a repeat or alternatives takes exponential time on the wrong text,
    and several unbounded repeats a power of its length.
    """
    if len(pattern) > PATTERN_LIMIT:
        raise PatternError(f"is longer than {PATTERN_LIMIT} characters")
    try:
        compiled = re.compile(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        raise PatternError(f"is no regular expression: {error}") from None
    _refuse_slow(pattern)
    return compiled


def _refuse_slow(pattern: str) -> None:
    bare = _without_escapes_and_sets(pattern)
    if len(re.findall(r"[*+]|\{\d*,\}", bare)) > _REPEATS_LIMIT:
        raise PatternError(f"has more than {_REPEATS_LIMIT} unbounded repeats, which can take too long")
    open_groups: list[bool] = []  # of each open group, whether it holds a repeat or alternatives
    holds = False
    for at, character in enumerate(bare):
        if character == "(":
            open_groups.append(holds)
            holds = False
        elif character == ")" and open_groups:
            if holds and re.match(r"[*+{]", bare[at + 1 :]):
                raise PatternError("repeats a group that holds a repeat or alternatives, which can take for ever")
            holds = open_groups.pop() or holds
        elif character in "*+|{":
            holds = True


def _without_escapes_and_sets(pattern: str) -> str:
    """The pattern with each escape and each [set] as one letter, so that only operators are left to see."""
    return re.sub(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]", "x", pattern, flags=re.DOTALL)
