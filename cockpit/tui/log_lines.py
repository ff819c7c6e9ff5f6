"""The lines of one log or of several merged ones, bounded, in the order of time; pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from datetime import tzinfo
from itertools import accumulate
from typing import overload

from rich.cells import cell_len

from cockpit.model.ages import seconds_since_epoch
from cockpit.model.inspection import LogLine
from cockpit.texts.current import Verbatim
from cockpit.tui.lines import Line, Span, fit
from cockpit.tui.text import clock_time

# 5,000 lines of at most 2,000 characters: more than anybody scrolls through, and never more than 10 MB.
MOST_LINES = 5_000
# Styles that tell pods apart; their short names do as well.
_STYLES = ("version-1", "version-2", "version-3", "version-4", "accent", "ok")


class LogBuffer:
    """The newest lines. `dropped` counts those that had to go since the buffer was made."""

    def __init__(self, most: int = MOST_LINES) -> None:
        self.most = most
        self.lines: list[LogLine] = []
        self.dropped = 0
        self._keys: list[str] = []  # times to sort by: a line without a time stays behind the one before it
        self._heights: list[int] = []
        self._measured_for: object = None

    def add(self, news: Iterable[LogLine]) -> int:
        """Add lines in the order of their time; returns how many of the oldest went."""
        last = self._keys[-1] if self._keys else ""
        sorted_still = True
        before: dict[str, str] = {}
        for line in news:
            key = line.at or before.get(line.pod) or last
            before[line.pod] = key
            sorted_still = sorted_still and key >= last
            last = max(last, key)
            self.lines.append(line)
            self._keys.append(key)
        if not sorted_still:
            order = sorted(range(len(self.lines)), key=self._keys.__getitem__)
            self.lines = [self.lines[index] for index in order]
            self._keys = [self._keys[index] for index in order]
            self._heights = []
        over = max(len(self.lines) - self.most, 0)
        if over:
            del self.lines[:over], self._keys[:over], self._heights[:over]
            self.dropped += over
        return over

    def clear(self) -> None:
        """Forget everything."""
        self.lines, self._keys, self._heights, self.dropped = [], [], [], 0

    def heights(self, measured_for: object, measure: Callable[[int], int]) -> Sequence[int]:
        """How many lines on screen each line takes; only those are measured that came since, for the same look."""
        if measured_for != self._measured_for:
            self._measured_for, self._heights = measured_for, []
        self._heights += [measure(index) for index in range(len(self._heights), len(self.lines))]
        return self._heights


def short_names(pods: Sequence[str]) -> dict[str, str]:
    """Each pod's name without what all of them begin with, cut at a dash: the part that tells them apart."""
    names = list(dict.fromkeys(pods))
    if len(names) < 2:
        return {name: name.rpartition("-")[2] or name for name in names}
    common = _common_start(names)
    return {name: name[common:] or name for name in names}


def _common_start(names: Sequence[str]) -> int:
    first, last = min(names), max(names)
    size = next((at for at, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), min(len(first), len(last)))
    return first.rfind("-", 0, size) + 1


def labels(pods: Sequence[str]) -> dict[str, Span]:
    """The short name of each pod in its own colour, all of them equally wide."""
    short = short_names(pods)
    width = max((cell_len(name) for name in short.values()), default=0)
    return {
        pod: Span(fit(Verbatim(name), width) + " ", _STYLES[number % len(_STYLES)])
        for number, (pod, name) in enumerate(short.items())
    }


def log_line(line: LogLine, label: Span | None, *, times: bool, zone: tzinfo | None = None) -> Line:
    """A line: its time if asked for, the pod's label, then what was printed; a remark of the cockpit steps back."""
    spans: list[Span] = []
    if times:
        at = seconds_since_epoch(line.at)
        spans.append(Span(f"{clock_time(at, zone) if at is not None else '':<8} ", "quiet"))
    if label:
        spans.append(label)
    text = f"-- {line.text}" if line.remark else line.text
    return (*spans, Span(text if line.remark else Verbatim(text), "waiting" if line.remark else ""))


class LazyLines(Sequence[Line]):
    """Lines that are made only where they are looked at."""

    def __init__(self, count: int, make: Callable[[int], Line]) -> None:
        self._count = count
        self._make = make

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, at: int) -> Line: ...

    @overload
    def __getitem__(self, at: slice) -> list[Line]: ...

    def __getitem__(self, at: int | slice) -> Line | list[Line]:
        if isinstance(at, slice):
            return [self._make(index) for index in range(self._count)[at]]
        return self._make(range(self._count)[at])


class FoldedLines(Sequence[Line]):
    """Folded lines, made only where they are looked at. `starts` is where the pieces of each line begin."""

    def __init__(self, heights: Sequence[int], make: Callable[[int], Sequence[Line]]) -> None:
        self.starts = [0, *accumulate(heights)]
        self._count = self.starts.pop()
        self._make = make

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, at: int) -> Line: ...

    @overload
    def __getitem__(self, at: slice) -> list[Line]: ...

    def __getitem__(self, at: int | slice) -> Line | list[Line]:
        if not isinstance(at, slice):
            at = range(self._count)[at]
            return self[at : at + 1][0]
        wanted = range(self._count)[at]
        if not wanted:
            return []
        first, last = (bisect_right(self.starts, end) - 1 for end in (min(wanted), max(wanted)))
        pieces = [piece for index in range(first, last + 1) for piece in self._make(index)]
        return [pieces[number - self.starts[first]] for number in wanted]
