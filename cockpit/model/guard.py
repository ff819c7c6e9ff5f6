"""Guards: conditions on a rollout's health that propose the way back, or take it if a person armed them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import StrEnum

from cockpit.model.durations import duration_words, seconds_of
from cockpit.model.lazy_re import lazy_re
from cockpit.model.plan import Act
from cockpit.model.rollout import Phase, Rollout
from cockpit.model.text import safe_text
from cockpit.model.values import dataclass

MOST_CONDITIONS = 8
_LONGEST_TEXT = 200
_LONGEST_SECONDS = 86_400.0


class Measure(StrEnum):
    """What a condition looks at."""

    HURT = "hurt"
    WORSE = "errors worse"
    SLOWER = "slower"
    RATIO_P50 = "p50 ratio"
    RATIO_P99 = "p99 ratio"
    SPLIT_OFF = "split off"
    NOBODY_ANSWERS = "nobody answers"


# Measures that compare a version with the stable one.
COMPARED = frozenset({Measure.WORSE, Measure.SLOWER, Measure.RATIO_P50, Measure.RATIO_P99})


@dataclass(frozen=True, slots=True)
class GuardCondition:
    """One condition, true once it has held for `seconds` on end.

    `above` is a fraction of the answers for WORSE, a ratio for RATIO_P50 and RATIO_P99. `version` is the version that
    is compared with the stable one, "" for any; `baseline` the stable one's name if it was given.
    """

    measure: Measure
    seconds: float = 0.0
    above: float | None = None
    version: str = ""
    baseline: str = ""

    def __str__(self) -> str:
        words = [self.version] if self.version else []
        match self.measure:
            case Measure.WORSE if self.above is not None:
                words.append(f"errors > {self.above * 100:.9g}% worse")
            case Measure.RATIO_P50 | Measure.RATIO_P99:
                words.append(f"{self.measure} > {self.above:.9g}")
            case _:
                words.append(str(self.measure))
        if self.baseline:
            words.append(f"than {self.baseline}")
        if self.seconds:
            words.append(f"for {duration_words(self.seconds)}")
        return " ".join(words)


USUAL = (GuardCondition(Measure.HURT, 30.0),)
# What can be written, for help and errors.
FORMS = (
    "hurt for 30s",
    "[VERSION] errors worse",
    "[VERSION] errors > 1% worse [than STABLE]",
    "[VERSION] slower",
    "[VERSION] p50 ratio > 1.5",
    "[VERSION] p99 ratio > 2",
    "split off",
    "nobody answers",
)

_NUMBER = r"[0-9]{1,4}(?:\.[0-9]{1,4})?"
_VERSION = r"(?:(?P<version>[^\s,]{1,100})\s+)?"
_THAN = r"(?:\s+than\s+(?P<baseline>[^\s,]{1,100}))?"
_GRAMMAR: tuple[tuple[Measure, re.Pattern[str]], ...] = tuple(
    (measure, lazy_re(text))
    for measure, text in (
        (Measure.HURT, r"hurt"),
        (Measure.SPLIT_OFF, r"split\s+off"),
        (Measure.NOBODY_ANSWERS, r"nobody\s+answers"),
        (Measure.WORSE, rf"{_VERSION}errors(?:\s*>\s*(?P<percent>{_NUMBER})\s*%)?\s+worse{_THAN}"),
        (Measure.SLOWER, rf"{_VERSION}slower{_THAN}"),
        (Measure.RATIO_P50, rf"{_VERSION}p50\s+ratio\s*>\s*(?P<ratio>{_NUMBER}){_THAN}"),
        (Measure.RATIO_P99, rf"{_VERSION}p99\s+ratio\s*>\s*(?P<ratio>{_NUMBER}){_THAN}"),
    )
)
_FOR = lazy_re(r"\s+for\s+([0-9][0-9a-z. ]{0,39})")


def parse_condition(text: str) -> GuardCondition:
    """The condition that a person typed; raises ValueError with what can be written instead."""
    words = text.strip()
    if len(words) > _LONGEST_TEXT:
        raise ValueError(f"a condition has at most {_LONGEST_TEXT} characters")
    subject, seconds = _lasting(words)
    for measure, pattern in _GRAMMAR:
        if found := pattern.fullmatch(subject):
            given = found.groupdict()
            above = _above(given.get("percent"), given.get("ratio"), words)
            return GuardCondition(measure, seconds, above, given.get("version") or "", given.get("baseline") or "")
    raise ValueError(f"{_quoted(words)} is no condition; write one of: {'; '.join(FORMS)}; each may end in 'for 30s'")


def parse_conditions(texts: Sequence[str]) -> tuple[GuardCondition, ...]:
    """Several conditions, of which one is enough; each text may hold several with commas. None given: the usual one."""
    split = [part for text in texts for part in text[: _LONGEST_TEXT * MOST_CONDITIONS + 1].split(",") if part.strip()]
    if len(split) > MOST_CONDITIONS:
        raise ValueError(f"a guard has at most {MOST_CONDITIONS} conditions")
    return tuple(dict.fromkeys(map(parse_condition, split))) or USUAL


def condition_words(conditions: Sequence[GuardCondition]) -> str:
    """The conditions in one sentence part: "hurt for 30s or split off"."""
    return safe_text(" or ".join(map(str, conditions)), 500)


def _lasting(words: str) -> tuple[str, float]:
    """What a condition is about, and how long that must last."""
    head, found = words, None
    for found in _FOR.finditer(words):
        head = words[: found.start()]
    if found is None or found.end() != len(words):
        return words, 0.0
    seconds = seconds_of(found.group(1).strip())
    if seconds is None or not 0 < seconds <= _LONGEST_SECONDS:
        raise ValueError(f"{_quoted(words)}: 'for' takes a duration such as 30s or 2m, at most a day")
    return head, seconds


def _above(percent: str | None, ratio: str | None, words: str) -> float | None:
    if percent is not None:
        if not 0 < float(percent) < 100:
            raise ValueError(f"{_quoted(words)}: errors are compared by more than 0% and less than 100%")
        return round(float(percent) / 100, 9)
    if ratio is not None:
        if not 1 < float(ratio) <= 1000:
            raise ValueError(f"{_quoted(words)}: a ratio is more than 1 and at most 1000; 2 is twice as long")
        return float(ratio)
    return None


def _quoted(words: str) -> str:
    return repr(safe_text(words, 60))


@dataclass(frozen=True, slots=True)
class GuardOrder:
    """What a person asks of a guard: one of the conditions is enough.

    `armed`: it takes the way back by itself, otherwise it proposes it. It ends after `seconds`, or with the release.
    """

    conditions: tuple[GuardCondition, ...] = USUAL
    armed: bool = False
    seconds: float | None = None


class GuardState(StrEnum):
    """What a guard does now; the last two are final."""

    WATCHING = "watching"
    HOLDING = "condition holds"  # not for long enough yet
    BLIND = "cannot measure"
    STALE = "does not act on stale data"
    PROPOSING = "proposes"
    ACTING = "acting"
    FAILED = "could not act"  # tries again
    ACTED = "acted"
    ENDED = "ended"


def way_words(way: Act | None) -> str:
    """An act that goes back as a verb; "" for none."""
    return "roll back" if way is Act.ROLLBACK else way.value if way else ""


FINAL = frozenset({GuardState.ACTED, GuardState.ENDED})


@dataclass(frozen=True, slots=True)
class GuardView:
    """A guard as user interfaces show it. Times are UTC seconds since 1970.

    `since` is when it was set, `until` when it ends at the latest, `who` who set it. `words` is one sentence: the
    evidence, or why it is in this state. `way` is the act that it proposes or takes, None if none applies; `rings`
    counts how often it called for a person, `note` says what happened to it, such as who disarmed it.
    `aborted`: it ended because the release was aborted; `timed_out`: because its time was up.
    `id` tells it from other guards.
    """

    order: GuardOrder
    who: str
    since: float
    until: float | None
    state: GuardState = GuardState.WATCHING
    words: str = ""
    way: Act | None = None
    rings: int = 0
    note: str = ""
    aborted: bool = False
    timed_out: bool = False
    id: str = ""

    @property
    def armed(self) -> bool:
        """Whether it would act by itself."""
        return self.order.armed and self.state not in FINAL

    @property
    def way_words(self) -> str:
        """The way back as a verb: "abort", "roll back"."""
        return way_words(self.way)

    @property
    def conditions(self) -> str:
        """Its conditions in words."""
        return condition_words(self.order.conditions)


def why_no_release(rollout: Rollout) -> str:
    """Why there is nothing to guard; "" while a release is under way."""
    if rollout.phase is Phase.AT_REST:
        return "it is at rest: no release is under way"
    return "the release was aborted" if rollout.phase is Phase.ABORTED else ""
